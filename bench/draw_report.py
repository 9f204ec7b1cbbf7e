"""The table of bench/draw: documents of ours beside the same pages drawn with reportlab and pdfkit: every line of text at its place,
the bar codes as pictures, and the attached record where the library can. They draw less than ours do: one face, no ornament, no
signature, tags with pdfkit alone."""

import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as XML

import pikepdf
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ["SV_BUILD"])
ROUNDS = int(os.environ.get("ROUNDS", "200"))
FACE = "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"
TARGETS = {"letter": 75, "letter-seals": 100, "receipt": 120, "manifest-180": 400}  # microseconds
PEERS = ("letter", "receipt", "manifest-180")
FLAT_KB = 4096  # what memory may grow by between the first thousand documents and the last


def ours(folder, authority):
    out = subprocess.run([str(BUILD / "bench/bench_draw"), str(authority), "templates", str(ROUNDS), str(folder)], cwd=ROOT, check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    return {kind: (float(us), int(size)) for kind, us, size in (line.split() for line in out.splitlines())}


def lines_of(path):
    """Text lines of each page: (width, height, [{x, y, size, text}]), in points from the top."""
    out = subprocess.run(["pdftotext", "-bbox-layout", str(path), "-"], check=True, capture_output=True).stdout.decode()
    space = "{http://www.w3.org/1999/xhtml}"
    for page in XML.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", out)).iter(space + "page"):
        lines = []
        for line in page.iter(space + "line"):
            box = {k: float(v) for k, v in line.attrib.items()}
            text = " ".join(w.text for w in line.iter(space + "word"))
            lines.append({"x": box["xMin"], "y": box["yMin"], "size": round((box["yMax"] - box["yMin"]) / 1.36, 2), "text": text})
        yield float(page.get("width")), float(page.get("height")), lines


def described(path, folder):
    """What a peer is to draw, as its JSON says it."""
    pages = [{"width": w, "height": h, "lines": lines, "images": []} for w, h, lines in lines_of(path)]
    attachments = []
    with pikepdf.open(path) as pdf:
        at = {page.obj.objgen: n for n, page in enumerate(pdf.pages)}
        for one in pdf.Root.StructTreeRoot.K[0].K:
            if one.S == "/Figure" and str(one.Alt).startswith("Código de barras"):
                held = one.A if isinstance(one.A, pikepdf.Array) else [one.A]
                left, bottom, right, top = (float(v) for v in next(a.BBox for a in held if "/BBox" in a))
                n = at[one.Pg.objgen]
                file = folder / f"{path.stem}-{n}-{len(pages[n]['images'])}.png"
                cut_out(path, n, pages[n]["height"], (left, bottom, right, top), file)
                pages[n]["images"].append({"file": str(file), "x": left, "y": pages[n]["height"] - top, "w": right - left, "h": top - bottom})
        for spec in pdf.Root.AF:
            file = folder / f"{path.stem}-{spec.UF}"
            file.write_bytes(spec.EF.F.read_bytes())
            attachments.append({"name": str(spec.UF), "file": str(file)})
        return {"title": str(pdf.docinfo["/Title"]), "pages": pages, "attachments": attachments}


def cut_out(path, n, height, box, file):
    picture = subprocess.run(["pdftoppm", "-r", "300", "-f", str(n + 1), "-l", str(n + 1), "-singlefile", str(path)], check=True,
                             stdout=subprocess.PIPE).stdout
    px = lambda points: round(points * 300 / 72)
    left, bottom, right, top = box
    Image.open(io.BytesIO(picture)).crop((px(left), px(height - top), px(right), px(height - bottom))).convert("1").save(file)


def with_reportlab(spec):
    out = io.BytesIO()
    c = canvas.Canvas(out, pageCompression=1, lang="es")
    c.setTitle(spec["title"])
    for page in spec["pages"]:
        c.setPageSize((page["width"], page["height"]))
        for line in page["lines"]:
            c.setFont("face", line["size"])
            c.drawString(line["x"], page["height"] - line["y"] - line["size"] * 1.07, line["text"])
        for image in page["images"]:
            c.drawImage(image["reader"], image["x"], page["height"] - image["y"] - image["h"], image["w"], image["h"])
        c.showPage()
    c.save()
    return out.getvalue()


def reportlab_us(spec, rounds, file):
    for page in spec["pages"]:
        for image in page["images"]:
            image["reader"] = ImageReader(image["file"])
    least = 1e18
    for i in range(rounds + 2):
        before = time.process_time()
        data = with_reportlab(spec)
        if i >= 2:  # the first two warm up
            least = min(least, (time.process_time() - before) * 1e6)
    file.write_bytes(data)
    return least, len(data)


def pdfkit_us(description, rounds, file):
    out = subprocess.run(["node", str(ROOT / "bench/draw_pdfkit.mjs"), str(description), FACE, str(rounds), str(file)], check=True,
                         stdout=subprocess.PIPE, text=True).stdout
    us, size = out.split()
    return float(us), int(size)


def words_of(path):
    return sorted(subprocess.run(["pdftotext", str(path), "-"], check=True, capture_output=True).stdout.decode().split())


def beside(folder, kind):
    """The peers' figures for a document of ours; that they drew its text is seen in their files."""
    mine = folder / f"{kind}.pdf"
    spec = described(mine, folder)
    description = folder / f"{kind}.json"
    description.write_text(json.dumps(spec))
    rounds = 3 if kind == "manifest-180" else 10
    figures = {"reportlab": reportlab_us(spec, rounds, folder / f"{kind}-reportlab.pdf"),
               "pdfkit": pdfkit_us(description, rounds, folder / f"{kind}-pdfkit.pdf")}
    for name in figures:
        drawn = len(words_of(folder / f"{kind}-{name}.pdf"))
        if drawn < 0.95 * len(words_of(mine)):
            raise SystemExit(f"{name} drew {drawn} words of {kind}")
    return figures


def table(folder, authority):
    pdfmetrics.registerFont(TTFont("face", FACE))
    rows, missed = ours(folder, authority), []
    print(f"{'':14} {'us':>10} {'bytes':>9}   target")
    for kind, (us, size) in rows.items():
        missed += [kind] if us > TARGETS[kind] else []
        print(f"{kind:14} {us:10.1f} {size:9}   {TARGETS[kind]}{' MISSED' if us > TARGETS[kind] else ''}")
        for peer, (theirs, bytes_) in beside(folder, kind).items() if kind in PEERS else ():
            print(f"  {peer:12} {theirs:10.0f} {bytes_:9}   {theirs / us:.0f} times ours")
    return missed


def memory():
    out = subprocess.run([str(BUILD / "bench/bench_draw_memory"), "templates", "100000"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    seen = {int(n): int(kb) for n, kb in (line.split() for line in out.splitlines())}
    print("\ndocuments      resident kB")
    for n, kb in seen.items():
        print(f"{n:9} {kb:16}")
    grown = seen[100000] - seen[1000]
    print(f"grown by {grown} kB between the first thousand and the last; at most {FLAT_KB}")
    return grown > FLAT_KB


def main():
    with tempfile.TemporaryDirectory(prefix="sv-bench-") as work:
        authority, folder = pathlib.Path(work) / "a", pathlib.Path(work) / "pages"
        subprocess.run([str(ROOT / "certs/make-authority"), str(authority)], check=True, stdout=subprocess.DEVNULL)
        folder.mkdir()
        missed = table(folder, authority)
    long = "--long" in sys.argv[1:] and memory()
    sys.exit(bool(missed or long))


main()
