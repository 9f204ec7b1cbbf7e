"""Is every bar code of every kind read by a stranger (zxing) from paper as posts have it: cut out with a margin, turned, out of focus, from
a scan of two colours; and does the specimen seal of Doc 9303-8 come through a symbol and verify?"""

import io
import subprocess

import pikepdf
import pytest
from conftest import BUILD, ROOT, document_pb2, letter
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from foreign_seal_test import judge  # noqa: F401
from PIL import Image, ImageFilter
from strangers_test import CLIENTS, run

MARGIN_MM = 2.0
KINDS = ("safe-conduct", "safe-conduct on Letter", "flight-manifest", "disbursement-receipt")
TREATMENTS = {  # name: (resolution, what happens to the cut-out)
    "cropped at 200 dpi": (200, lambda i: i),
    "turned by 7 degrees": (200, lambda i: i.rotate(7, fillcolor=255, expand=True, resample=Image.Resampling.BICUBIC)),
    "blurred by a pixel": (200, lambda i: i.filter(ImageFilter.GaussianBlur(1))),
    "two colours at 300 dpi": (300, lambda i: i.point(lambda v: 255 * (v > 140)).convert("1").convert("L")),
}


def symbols_of(path):
    """(page, its height in points, box in points) of every bar code, by the alternative texts of the file."""
    with pikepdf.open(path) as pdf:
        pages = {page.obj.objgen: (n, float(page.obj.MediaBox[3])) for n, page in enumerate(pdf.pages, 1)}
        for one in pdf.Root.StructTreeRoot.K[0].K:
            if one.S == "/Figure" and str(one.Alt).startswith("Código de barras"):
                held = one.A if isinstance(one.A, pikepdf.Array) else [one.A]
                box = next(a.BBox for a in held if "/BBox" in a)
                yield *pages[one.Pg.objgen], [float(v) for v in box]


@pytest.fixture(scope="module")
def issued(server, documents):
    request = letter()
    request.paper = document_pb2.PAPER_LETTER
    return {**{kind: response for kind, (_, response) in documents.items()}, "safe-conduct on Letter": server.client("case").issue(request)}


@pytest.mark.parametrize("kind", KINDS)
def test_every_bar_code_is_read_as_the_registered_seal(issued, tmp_path, kind):
    response = issued[kind]
    pdf = tmp_path / "d.pdf"
    pdf.write_bytes(response.pdf)
    seals = {seal.page: seal.seal.hex() for seal in response.document.visible_seals}
    places = list(symbols_of(pdf))
    assert {page for page, *_ in places} == set(seals)
    assert len(places) == len(seals) + kind.startswith("safe-conduct")  # a letter's twice
    wanted, pictures = [], []
    for resolution in (200, 300):
        subprocess.run(["pdftoppm", "-r", str(resolution), "-png", str(pdf), str(tmp_path / f"at{resolution}")], check=True)
    for page, height, (left, bottom, right, top) in places:
        for name, (resolution, treat) in TREATMENTS.items():
            (file,) = [f for f in tmp_path.glob(f"at{resolution}-*.png") if int(f.stem.split("-")[1]) == page]
            px = lambda points: round(points * resolution / 72)
            m = MARGIN_MM * 72 / 25.4
            cut = Image.open(file).convert("L").crop((px(left - m), px(height - top - m), px(right + m), px(height - bottom + m)))
            pictures.append(tmp_path / f"{len(pictures)}.png")
            treat(cut).save(pictures[-1])
            wanted.append((page, name, seals[page]))
    done = run("node", CLIENTS / "symbols.mjs", *pictures)
    assert done.returncode == 0, done.stderr
    read = done.stdout.split()
    assert [(p, n) for (p, n, seal), got in zip(wanted, read) if seal != got] == [] and len(read) == len(wanted)


def test_the_specimen_seal_of_doc_9303_8_comes_through_a_symbol_and_verifies(judge, tmp_path):  # noqa: F811
    seal = bytes.fromhex((ROOT / "tests/vectors/vds/icao_9303_8_appB_etd.hex").read_text())
    picture = tmp_path / "specimen.png"
    drawn = subprocess.run([str(BUILD / "bin/draw_symbol"), seal.hex()], capture_output=True, check=True).stdout
    Image.open(io.BytesIO(drawn)).save(picture)
    assert run("node", CLIENTS / "symbols.mjs", picture).stdout.strip() == seal.hex()
    der = x509.load_pem_x509_certificate((ROOT / "tests/vectors/vds/utts5b.pem").read_bytes()).public_bytes(serialization.Encoding.DER)
    verdict, reasons, signature = judge(picture.read_bytes(), der)
    assert verdict == "NOT_OURS" and signature["intact"] and signature["trusted"], (verdict, reasons, signature)
