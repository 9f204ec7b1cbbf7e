"""Are names right, whatever script they are in? Thousands of them (SV_LONG: 10,000; otherwise a manifest's worth of each script) are
drawn as lines of manifests, read again by poppler and by the codes of the file, and put into the machine readable zone, where each follows
the tables of Doc 9303-3 or is refused with the character named."""

import os
import pathlib
import random
import re
import subprocess
import sys
import unicodedata

import pikepdf
import pytest
from transliteration import Refused, field_fault, words

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from archive import judge  # noqa: E402

BUILD = pathlib.Path(os.environ.get("SV_BUILD", ROOT / "build/asan"))
LONG = bool(os.environ.get("SV_LONG"))
PEOPLE = 180  # a manifest's
TOP, HEIGHT = 45.4, 7.8  # mm: where lines begin on a page, and what each takes


def letters(*ranges, upper=True):
    found = [chr(c) for a, b in ranges for c in range(a, b + 1) if unicodedata.category(chr(c)) in ("Lu", "Ll", "Lo")]
    return [c for c in found if unicodedata.normalize("NFC", c) == c and (not upper or unicodedata.category(c) != "Ll")]


ASCII = [chr(c) for c in range(65, 91)]
SCRIPTS = {  # script: (letters, share of the 10,000)
    "Latin": (ASCII + letters((0xC0, 0x17F), (0x218, 0x21B), (0x18F, 0x18F), (0x1CD, 0x1DC), (0x1E00, 0x1E9E)), 3000),
    "Latin, small": ([c.lower() for c in ASCII] + letters((0xDF, 0x17F), (0x1E01, 0x1E99), upper=False), 600),
    "Vietnamese": (list("ABCDĐEGHIKLMNOPQRSTUVXY") + letters((0x1EA0, 0x1EF9)) + list("ĂÂÊÔƠƯÀÁÃÈÉÌÍÒÓÕÙÚÝĨŨ"), 1200),
    "Cyrillic": (letters((0x400, 0x42F), (0x490, 0x493), (0x4BA, 0x4BA)), 1500),
    "Greek": (letters((0x386, 0x3AB)), 1200),
    "Arabic": (letters((0x621, 0x63A), (0x641, 0x64A), upper=False), 1500),
    "Persian, Urdu, Pashto": (list("اآبپتټٹثجچځڅحخدډڈذرړڑزژږسشښصضطظعغفقکگګلمنڼںوهھیېۍےةۀہ"), 400),
    "Hebrew": (letters((0x5D0, 0x5EA), upper=False), 300),
    "Han": (list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"), 300),
}
RIGHT_TO_LEFT = {"Arabic", "Persian, Urdu, Pashto", "Hebrew"}


def one_name(rng, script, room):
    """A name of one to three words that has room on a line, in NFC; marks of vowels and doubling on some Arabic letters."""
    alphabet = SCRIPTS[script][0]
    longest = 3 if script == "Han" else 9
    joints = [" "] if script in RIGHT_TO_LEFT | {"Han"} else [" ", " ", " ", "-", "’"]
    name = ""
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        word = "".join(rng.choice(alphabet) for _ in range(rng.randint(2, longest)))
        if script == "Arabic" and rng.random() < 0.3:
            at = rng.randint(1, len(word))
            word = word[:at] + rng.choice("\u064e\u064f\u0650\u0651") + word[at:]
        if len(name) + len(word) > room:
            break
        name += (rng.choice(joints) if name else "") + word
    return unicodedata.normalize("NFC", name or word[:room])


def people_of(script, count):
    rng = random.Random(f"names of {script}")
    return [(one_name(rng, script, 15), one_name(rng, script, 12)) for _ in range(count)]


class Drawn:
    def __init__(self, script, folder):
        share = SCRIPTS[script][1] // 2 if LONG else PEOPLE // 3
        self.people = people_of(script, share)
        folder.mkdir()
        told = subprocess.run([str(BUILD / "bin/name_pages"), "templates", str(folder)], cwd=ROOT, check=True, capture_output=True, timeout=1200,
                              input="".join(f"{a}\t{b}\n" for a, b in self.people).encode()).stdout.decode()
        self.told = [line.split("\t") for line in told.splitlines()]
        self.files = sorted(folder.glob("*.pdf"))


@pytest.fixture(scope="module", params=SCRIPTS)
def drawn(request, tmp_path_factory):
    return request.param, Drawn(request.param, tmp_path_factory.mktemp("names") / "pages")


def rows_of(path):
    """How many lines of the roll-call each page has."""
    with pikepdf.open(path) as pdf:
        order = [page.obj.objgen for page in pdf.pages]
        table = max((k for k in pdf.Root.StructTreeRoot.K[0].K if k.S == "/Table"), key=lambda k: len(k.K))
        pages = [row.K[0].Pg.objgen for row in list(table.K)[1:]]
        return [(number, pages.count(page)) for number, page in enumerate(order, 1) if page in pages]


def column(path, left_mm, right_mm):
    """The words of a column of a manifest's lines, page by page, as poppler reads them."""
    out = ""
    points = lambda mm: str(round(mm * 72 / 25.4))
    for page, rows in rows_of(path):
        out += subprocess.run(["pdftotext", "-r", "72", "-x", points(left_mm), "-y", points(TOP), "-W", points(right_mm - left_mm), "-H",
                               points(rows * HEIGHT), "-f", str(page), "-l", str(page), str(path), "-"], check=True, capture_output=True).stdout.decode()
    return re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069\f]", "", out).split()


def test_text_that_is_read_from_the_pages_is_what_was_asked_for(drawn):
    script, d = drawn
    for at, path in enumerate(d.files):
        lines = list(zip(d.people, d.told))[at * PEOPLE:(at + 1) * PEOPLE]
        for index, (left, right) in enumerate(((24, 72), (72.5, 114))):
            asked = [p[index] if told[2] == "drawn" else ("X", "")[index] for p, told in lines]
            read = column(path, left, right)
            if read != " ".join(asked).split():
                i = next((i for i, (a, b) in enumerate(zip(" ".join(asked).split() + [""], read + [""])) if a != b), -1)
                raise AssertionError((script, path.name, i, " ".join(asked).split()[i:i + 3], read[i:i + 3]))


def test_no_glyph_is_missing_and_every_code_says_its_character(drawn):
    script, d = drawn
    for path in d.files:
        assert judge(path.read_bytes(), ("byte_range", "signed_data")) == [], (script, path)


def test_the_zone_follows_the_tables_or_names_the_character(drawn):
    script, d = drawn
    assert len(d.told) == len(d.people)
    for (surname, given), (verdict, what, _) in zip(d.people, d.told):
        try:
            words(surname), words(given)
        except Refused as refused:
            assert (verdict, what) == ("refused", f"U+{ord(str(refused)):04X}"), (surname, given, verdict, what)
        else:
            assert verdict == "zone", (surname, given, what)
            assert field_fault(what, surname, given) is None, (surname, given, field_fault(what, surname, given))


def test_whoever_has_a_letter_of_the_common_scripts_is_drawn(drawn):
    script, d = drawn
    left_out = [p for p, told in zip(d.people, d.told) if told[2] != "drawn"]
    zones = sum(told[0] == "zone" for told in d.told)
    print(f"\n{script}: {2 * len(d.people)} names, {len(left_out)} lines without a glyph or room, {zones} zones, {len(d.told) - zones} refused")
    assert not left_out, left_out[:3]
    assert zones == 0 if script in ("Hebrew", "Han") else zones > 0
