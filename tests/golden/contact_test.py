#!/usr/bin/python3
"""Do the pages look as they did? A document of every kind and purpose, a draft and a second copy in every pair of languages on every paper.

  contact_test.py DRAW_CONTACT            draws all of them; the pages of PICKS are compared with the pictures in contact/
                                          (UPDATE_GOLDEN=1 writes them, and contact.html)
  contact_test.py DRAW_CONTACT --out DIR  pictures of every page of every one into DIR, with a contact.html to leaf through

With SV_LONG every page of every document is looked at: it is neither blank nor written on at the edge of the sheet."""

import html
import os
import pathlib
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

from PIL import Image, ImageChops

HERE = pathlib.Path(__file__).resolve().parent
PICTURES = HERE / "contact"
ROOT = HERE.parent.parent
DPI = 40
PAPERS = ("A4", "Letter")
PICKS = {  # a pair a kind: every language first at least once
    "transit_exit": ("en", "es"), "emergency_travel_document": ("fr", "en"), "asylum_safe_conduct": ("ht", "fr"),
    "protection_stay": ("pt", "ht"), "flight_manifest": ("es", "pt"), "disbursement_receipt": ("es", "en"),
    "draft": ("fr", "pt"), "second_copy": ("en", "fr")}
TILE = 8            # pixels: about five millimetres
TILE_TOLERANCE = 7  # of 255, between the means of two tiles: antialiasing moves a tile by less, a lost word by more
SHADES = 16         # of a reference: a few kilobytes a page

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Contact sheet</title>
<style>body{{font:15px/1.4 sans-serif;margin:2em;background:#eef1f3}}h2{{margin:1.5em 0 .3em}}
figure{{display:inline-block;margin:0 14px 14px 0;vertical-align:top}}img{{background:#fff;border:1px solid #b1b9be;display:block}}
figcaption{{font-size:13px;padding-top:3px}}</style>
<h1>Contact sheet</h1><p>{intro}</p>
{body}</html>
"""


def drawn(program, folder):
    """Draws everything; (file, kind, first language, second, paper) of each."""
    done = subprocess.run([program, ROOT / "templates", folder], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    rows = [tuple(line.split()) for line in done.stdout.splitlines()]
    languages = {row[2] for row in rows}
    assert len(languages) == 5 and {row[1] for row in rows} == set(PICKS) and {row[4] for row in rows} == set(PAPERS)
    assert len(rows) == len(set(rows)) == len(PICKS) * 5 * 4 * len(PAPERS)
    return rows


def pictures(folder, file, out):
    """A grey picture a page, in order."""
    stem = out / file.removesuffix(".pdf")
    subprocess.run(["pdftoppm", "-r", str(DPI), "-gray", "-png", folder / file, stem], check=True, timeout=120)
    return sorted(out.glob(f"{stem.name}-*.png"))


def picked(row):
    return PICKS[row[1]] == row[2:4]


def difference(a, b):
    """The most that two tiles of the pictures differ, and where."""
    if a.size != b.size:
        return 255, f"{a.size} is not {b.size}"
    size = (a.width // TILE, a.height // TILE)
    tiles = ImageChops.difference(a.resize(size, Image.BOX), b.resize(size, Image.BOX))
    most = tiles.getextrema()[1]
    at = next((i for i, v in enumerate(tiles.getdata()) if v == most), 0)
    return most, f"{at % size[0] * TILE * 25.4 / DPI:.0f} mm from the left, {at // size[0] * TILE * 25.4 / DPI:.0f} mm from the top"


def shaded(path):
    """A page in as few shades as a reference has."""
    step = 255 / (SHADES - 1)
    return Image.open(path).convert("L").point(lambda v: round(round(v / step) * step))


def keep(path, picture):
    kept = Image.new("P", picture.size)
    kept.putdata([v // 17 for v in picture.getdata()])
    kept.putpalette([17 * i for i in range(SHADES) for _ in range(3)])
    kept.save(path, optimize=True, bits=4)


def compare(made):
    """Against the references: a line a fault."""
    faults = [] if made else ["nothing was drawn"]
    known = {p.name for p in PICTURES.glob("*.png")}
    for path in made:
        if path.name not in known:
            faults.append(f"{path.name}: no reference")
            continue
        most, where = difference(shaded(path), Image.open(PICTURES / path.name).convert("L"))
        if most > TILE_TOLERANCE:
            faults.append(f"{path.name}: other than its reference by {most} of 255, {where}")
    return faults + [f"{name}: no page any more" for name in sorted(known - {p.name for p in made})]


def sheet(rows, pages, prefix, intro):
    """contact.html: a section a kind and paper, the pages of a document side by side."""
    body = []
    for kind in PICKS:
        for paper in PAPERS:
            mine = [r for r in rows if r[1] == kind and r[4] == paper]
            if mine:
                body.append(f"<h2>{html.escape(kind.replace('_', ' '))}, {paper}</h2>")
            for row in mine:
                for number, name in enumerate(pages[row[0]], 1):
                    caption = f"{row[2]} and {row[3]}, page {number} of {len(pages[row[0]])}"
                    body.append(f'<figure><img src="{prefix}{name}" alt="{kind} in {caption}, {paper}">'
                                f"<figcaption>{caption}</figcaption></figure>")
    return PAGE.format(intro=intro, body="\n".join(body))


def rasterised(folder, rows, out):
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = list(pool.map(lambda row: pictures(folder, row[0], out), rows))
    return {row[0]: [p.name for p in paths] for row, paths in zip(rows, made)}


def written_inside(path):
    """Ink within the margins, and none on the last three millimetres of the sheet."""
    picture = Image.open(path).convert("L")
    edge = round(3 / 25.4 * DPI)
    inner = picture.crop((edge, edge, picture.width - edge, picture.height - edge))
    rim = picture.copy()
    rim.paste(255, (edge, edge, picture.width - edge, picture.height - edge))
    return inner.getextrema()[0] < 128 and rim.getextrema()[0] == 255


def test(program, out):
    folder = pathlib.Path(out)
    rows = drawn(program, folder)
    chosen = rows if os.environ.get("SV_LONG") else [r for r in rows if picked(r)]
    pages = rasterised(folder, chosen, folder)
    faults = [f"{name}: blank, or written on at the edge" for names in pages.values() for name in names
              if not written_inside(folder / name)]
    few = [r for r in rows if picked(r)]
    made = [folder / name for r in few for name in pages[r[0]]]
    page = sheet(few, pages, "contact/", "A document of each kind and purpose on each paper; "
                 "all languages: <code>contact_test.py DRAW_CONTACT --out DIR</code>.")
    if os.environ.get("UPDATE_GOLDEN"):
        for path in PICTURES.glob("*.png"):
            path.unlink()
        for path in made:
            keep(PICTURES / path.name, shaded(path))
        (HERE / "contact.html").write_text(page)
    faults += compare(made)
    if (HERE / "contact.html").read_text() != page:
        faults.append("contact.html: not the list of these pictures")
    print(f"{len(rows)} documents drawn, {sum(map(len, pages.values()))} pages seen, {len(made)} compared")
    return faults


def main(program, *more):
    if more[:1] == ("--out",):
        out = pathlib.Path(more[1])
        out.mkdir(parents=True, exist_ok=True)
        rows = drawn(program, out)
        pages = rasterised(out, rows, out)
        (out / "contact.html").write_text(sheet(rows, pages, "", f"{len(rows)} documents, {sum(map(len, pages.values()))} pages."))
        return []
    with tempfile.TemporaryDirectory(prefix="contact-") as folder:
        return test(program, folder)


if __name__ == "__main__":
    found = main(*sys.argv[1:])
    print("\n".join(found))
    sys.exit(1 if found else 0)
