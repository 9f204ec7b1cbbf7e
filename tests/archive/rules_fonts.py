"""ISO 19005-3, 6.2.11 and ISO 14289-1, 7.21: fonts, and what text they say."""

import functools
import pathlib
import re
import unicodedata

import pikepdf

from .glyphs import Cff, TrueType, to_unicode, widths_of
from .rulebook import rule

TYPES = {"/Type1", "/MMType1", "/TrueType", "/Type3", "/Type0", "/CIDFontType0", "/CIDFontType2"}


class Font:
    """A Type0 font with one descendant, whose codes are two bytes and are CIDs (Identity-H)."""

    def __init__(self, font):
        self.font = font
        self.name = str(font.get("/BaseFont", "?"))
        self.codes, self.drawn, self.bare = set(), set(), set()  # all; without unseen ones (Tr 3); those that no ActualText stands for
        self.descendant = font.DescendantFonts[0] if "/DescendantFonts" in font else font
        self.descriptor = self.descendant.get("/FontDescriptor", pikepdf.Dictionary())
        self.program, self.fault = None, None
        self.unicode = to_unicode(font.ToUnicode.read_bytes()) if isinstance(font.get("/ToUnicode"), pikepdf.Stream) else {}
        self.widths = widths_of(self.descendant)
        self.default = float(self.descendant.get("/DW", 1000))
        try:
            if "/FontFile2" in self.descriptor:
                self.program = TrueType(self.descriptor.FontFile2.read_bytes())
            elif "/FontFile3" in self.descriptor:
                self.program = Cff(self.descriptor.FontFile3.read_bytes())
        except (ValueError, KeyError, IndexError) as broken:
            self.fault = f"{type(broken).__name__} {broken}"
        table = self.descendant.get("/CIDToGIDMap")
        self.map = table.read_bytes() if isinstance(table, pikepdf.Stream) else None

    def glyph(self, cid):
        """What the program calls it: a glyph's number in TrueType, the CID itself in CFF."""
        if isinstance(self.program, Cff) or self.map is None:
            return cid
        return int.from_bytes(self.map[2 * cid:2 * cid + 2], "big")


def fonts(file):
    """The fonts whose glyphs are seen."""
    if not hasattr(file, "_fonts"):
        file._fonts = {}
        for content in file.contents:
            for font, text, mode, actual in content.shown:
                if font is None:
                    continue
                one = file._fonts.get(font.objgen) or file._fonts.setdefault(font.objgen, Font(font))
                codes = {int.from_bytes(text[i:i + 2], "big") for i in range(0, len(text), 2)}
                if len(text) % 2 and "/DescendantFonts" in font:
                    one.fault = one.fault or "a text of half a code"
                one.codes |= codes
                one.drawn |= codes if mode != 3 else set()
                one.bare |= codes if not actual else set()
    return file._fonts.values()


@rule("PDF 9.4.3")
def text_has_a_font(file):
    for content in file.contents:
        if any(font is None for font, *_ in content.shown):
            yield f"{content.name}: text without a font"


@rule("A 6.2.11.2")
def font_dictionaries(file):
    for f in fonts(file):
        for one in {f.font.objgen: f.font, f.descendant.objgen: f.descendant}.values():
            if one.get("/Type") != "/Font" or str(one.get("/Subtype")) not in TYPES:
                yield f"{f.name}: /Type or /Subtype"
            if "/BaseFont" not in one and one.get("/Subtype") != "/Type3":
                yield "a font without a name"
        kind = f.descriptor.get("/FontFile3", {}).get("/Subtype") if "/FontFile3" in f.descriptor else None
        if kind is not None and str(kind) not in ("/Type1C", "/CIDFontType0C", "/OpenType"):
            yield f"{f.name}: a program of {kind}"


@rule("A 6.2.11.2")
def simple_fonts(file):
    for f in fonts(file):
        if f.font.get("/Subtype") != "/Type0":
            n = int(f.font.get("/LastChar", -1)) - int(f.font.get("/FirstChar", 0)) + 1
            if "/FirstChar" not in f.font or "/LastChar" not in f.font or len(f.font.get("/Widths", [])) != n:
                yield f"{f.name}: /FirstChar, /LastChar and /Widths"
            if f.font.get("/Subtype") == "/TrueType" and not int(f.descriptor.get("/Flags", 0)) & 4 and \
                    str(f.font.get("/Encoding", "")) not in ("/WinAnsiEncoding", "/MacRomanEncoding"):
                yield f"{f.name}: its encoding"


def composite(file):
    return [f for f in fonts(file) if f.font.get("/Subtype") == "/Type0"]


@rule("A 6.2.11.3.1, A 6.2.11.3.3, UA 7.21.3")
def character_maps(file):
    for f in composite(file):
        encoding = f.font.get("/Encoding")
        if not isinstance(encoding, pikepdf.Name) or str(encoding) not in ("/Identity-H", "/Identity-V"):
            yield f"{f.name}: an encoding that is not Identity"
        info = f.descendant.get("/CIDSystemInfo", {})
        if str(info.get("/Registry", "")) != "Adobe" or str(info.get("/Ordering", "")) != "Identity" or "/Supplement" not in info:
            yield f"{f.name}: /CIDSystemInfo"


@rule("A 6.2.11.3.2, UA 7.21.3.2")
def cid_to_gid(file):
    for f in composite(file):
        table = f.descendant.get("/CIDToGIDMap")
        if f.descendant.get("/Subtype") == "/CIDFontType2":
            if not isinstance(table, pikepdf.Stream) and table != "/Identity":
                yield f"{f.name}: no /CIDToGIDMap"
            elif f.map is not None and (len(f.map) % 2 or any(2 * c + 2 > len(f.map) for c in f.codes)):
                yield f"{f.name}: /CIDToGIDMap is too short"


@rule("A 6.2.11.4.1, UA 7.21.4.1")
def embedded_programs(file):
    for f in fonts(file):
        if f.font.get("/Subtype") == "/Type3":
            continue
        if f.fault:
            yield f"{f.name}: {f.fault}"
        elif f.program is None:
            yield f"{f.name} is not embedded"
        else:
            kind = f.descendant.get("/Subtype")
            if (kind == "/CIDFontType2") != isinstance(f.program, TrueType):
                yield f"{f.name}: {kind} with a program of another sort"
            missing = sorted(c for c in f.drawn if not f.program.has(f.glyph(c)))
            if missing:
                yield f"{f.name}: no glyphs {missing[:5]}"


@rule("PDF 9.9")
def program_lengths(file):
    for f in fonts(file):
        stream = f.descriptor.get("/FontFile2")
        if stream is not None and int(stream.get("/Length1", -1)) != len(stream.read_bytes()):
            yield f"{f.name}: /Length1"


@rule("PDF 9.8")
def font_descriptors(file):
    for f in fonts(file):
        for key in ("/FontName", "/Flags", "/FontBBox", "/ItalicAngle", "/Ascent", "/Descent", "/CapHeight", "/StemV"):
            if key not in f.descriptor:
                yield f"{f.name}: no {key}"
        if f.descriptor.get("/FontName") != f.descendant.get("/BaseFont"):
            yield f"{f.name}: /FontName differs"


@rule("PDF 9.6.4")
def subset_tags(file):
    seen = {}
    for f in fonts(file):
        if not re.match(r"/[A-Z]{6}\+", f.name):
            yield f"{f.name} is a subset without a tag"
        if seen.setdefault(f.name, f.descendant.objgen) != f.descendant.objgen:
            yield f"{f.name} names two subsets"


@rule("A 6.2.11.4.2, UA 7.21.4.2")
def cid_sets(file):
    for f in fonts(file):
        if "/CIDSet" in f.descriptor:
            bits = f.descriptor.CIDSet.read_bytes()
            count = f.program.glyphs if f.program else 0
            if any(not (bits[i // 8] >> (7 - i % 8)) & 1 if i // 8 < len(bits) else True for i in range(count)):
                yield f"{f.name}: /CIDSet does not list every glyph"


@rule("A 6.2.11.5, UA 7.21.5")
def widths(file):
    for f in composite(file):
        if f.program is None:
            continue
        for cid in sorted(f.drawn):
            if f.program.has(f.glyph(cid)):
                said, drawn = f.widths.get(cid, f.default), f.program.width(f.glyph(cid))
                if abs(said - drawn) > 1:
                    yield f"{f.name}: glyph {cid} is {drawn:.1f} wide and /W says {said:.1f}"


@rule("A 6.2.11.7.2, UA 7.21.7")
def characters_told(file):
    for f in fonts(file):
        missing = sorted(c for c in f.codes if not f.unicode.get(c))
        if missing:
            yield f"{f.name}: no ToUnicode of {missing[:5]}"


@rule("A 6.2.11.7.2, UA 7.21.7")
def characters_legal(file):
    for f in fonts(file):
        for c in sorted(f.codes):
            if set(f.unicode.get(c, "")) & {"\0", "\ufeff", "\ufffe"} or any(0xD800 <= ord(x) < 0xE000 for x in f.unicode.get(c, "")):
                yield f"{f.name}: code {c} means {f.unicode[c]!r}"


@rule("A 6.2.11.7.3")
def private_use(file):
    for f in fonts(file):
        for c in sorted(f.bare):
            if any(unicodedata.category(x) == "Co" for x in f.unicode.get(c, "")):
                yield f"{f.name}: code {c} is of the private use area"


FACES = pathlib.Path("/usr/share/fonts/truetype/noto")


@functools.lru_cache(None)
def shapes_of(name):
    """Outline -> characters that an installed face draws so; {} without that face."""
    path = FACES / f"{name}.ttf"
    if not path.exists():
        return {}
    face, out = TrueType(path.read_bytes()), {}
    for char, glyph in face.cmap().items():
        if 0xFB50 <= char <= 0xFDFF or 0xFE70 <= char <= 0xFEFC:
            continue  # Arabic as it joins: what such an outline is, shaping knows
        out.setdefault(face.shape(glyph), set()).add(chr(char))
    return out


@rule("A 6.2.11.7.2")
def characters_right(file):
    """What a code means is what is drawn: an outline that the installed face has for a character is of that character, or of one
    that looks the same. Outlines that only shaping leads to are nobody's."""
    for f in composite(file):
        if not isinstance(f.program, TrueType):
            continue
        known = shapes_of(f.name.split("+")[-1])
        for c in sorted(f.bare & f.drawn):
            shape = f.program.shape(f.glyph(c)) if f.program.has(f.glyph(c)) else None
            text = unicodedata.normalize("NFKC", f.unicode.get(c, ""))
            alike = {unicodedata.normalize("NFKC", k) for k in known.get(shape, ())} if shape is not None else set()
            if text and alike and not any(k in text for k in alike):  # a cluster's first glyph says all of it
                yield f"{f.name}: code {c} means {text!r} and is drawn as {sorted(known[shape])}"


@rule("A 6.2.11.8, UA 7.21.8")
def no_notdef(file):
    for f in fonts(file):
        if any(f.glyph(c) == 0 for c in f.codes):
            yield f"{f.name}: .notdef is shown"


def said(file, font, text):
    known = file._fonts[font.objgen].unicode if font is not None else {}
    return "".join(known.get(int.from_bytes(text[i:i + 2], "big"), "") for i in range(0, len(text), 2))


def runs_on(before, after):
    """Whether a word that ends so would run into one that begins so; a hyphen is its own break, a sign belongs to its number, ideographs have none."""
    return not (before.isspace() or after.isspace() or before in "-/\u00ad\u2212" or min(before, after) >= "\u2e80")


@rule("PDF 14.8.2.5")
def words_parted(file):
    """Text of one element that goes on in another place has a space between: what is read aloud would run together."""
    fonts(file)
    for content in file.contents:
        last = {}
        for owner, font, text, moved in content.read:
            if owner is None:
                continue
            words = said(file, font, text)
            if words and moved and last.get(owner) and runs_on(last[owner][-1], words[0]):
                yield f"{content.name}, MCID {owner}: {last[owner][-12:]!r} and {words[:12]!r}"
            last[owner] = words or last.get(owner)
