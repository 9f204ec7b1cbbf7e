"""Judging pictures of a page without a network: scans and photographs, turned, blurred, in two colours; and pictures that are none."""

import io
import json
import struct
import subprocess
import uuid
import zlib

import pytest
from conftest import document_pb2, issuance_pb2, letter
from PIL import Image, ImageFilter


@pytest.fixture(scope="module")
def papers(server, tmp_path_factory):
    """A letter on paper, and what a device took along."""
    d = tmp_path_factory.mktemp("papers")
    issued = server.client("case").issue(letter())
    fetch(server, d)
    return server, d, issued


def fetch(server, d):
    a = server.authority.path
    (d / "bundle").unlink(missing_ok=True)
    for command in (("trust", "-o", str(d / "trust.list")), ("bundle", "-o", str(d / "bundle"), "--log-key", str(a / "log.vkey"))):
        done = server.salvo("gate", *command, "--trust-key", str(a / "trust.vkey"))
        assert done.returncode == 0, done.stderr


def page(d, pdf, resolution=200):
    (d / "l.pdf").write_bytes(pdf)
    subprocess.run(["pdftoppm", "-r", str(resolution), "-png", "-singlefile", str(d / "l.pdf"), str(d / "l")], check=True)
    return Image.open(d / "l.png").convert("L")


def judge(server, d, data, *more):
    path = d / f"paper-{uuid.uuid4()}"
    path.write_bytes(data)
    done = server.salvo("gate", "--json", "verify", "--offline", str(path), "--trust-key", str(server.authority.path / "trust.vkey"),
                        "--trust-list", str(d / "trust.list"), "--bundle", str(d / "bundle"), *more)
    return (json.loads(done.stdout)["report"] if done.stdout else None), done.stderr.decode()


def encoded(image, kind="PNG", **how):
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


PICTURES = {
    "as printed": lambda i: encoded(i),
    "a photograph": lambda i: encoded(i.convert("RGB"), "JPEG", quality=70),
    "turned by 7 degrees": lambda i: encoded(i.rotate(7, fillcolor=255, expand=True, resample=Image.Resampling.BICUBIC)),
    "upside down": lambda i: encoded(i.rotate(180)),
    "blurred": lambda i: encoded(i.filter(ImageFilter.GaussianBlur(1))),
    "dark": lambda i: encoded(i.point(lambda v: 40 + v // 3)),
    "with transparency": lambda i: encoded(i.convert("RGBA")),
}


@pytest.mark.parametrize("how", PICTURES)
def test_the_seal_of_a_letter_is_found_in_a_picture_of_it(papers, how):
    server, d, issued = papers
    report, error = judge(server, d, PICTURES[how](page(d, issued.pdf)))
    assert report and report["verdict"] == "VERDICT_VALID", (report, error)


def test_it_is_found_in_a_scan_of_two_colours(papers):
    server, d, issued = papers
    report, error = judge(server, d, encoded(page(d, issued.pdf, 300).point(lambda v: 255 * (v > 140)).convert("1")))
    assert report and report["verdict"] == "VERDICT_VALID", (report, error)


def test_a_picture_of_a_revoked_letter_is_red(papers):
    server, d, _ = papers
    request = letter()
    request.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT
    issued = server.client("case").issue(request)
    server.client("case").issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
        request_id=str(uuid.uuid4()), number=issued.document.number, version=1,
        reason=document_pb2.Document.STATE_REASON_LOST), timeout=60)
    fetch(server, d)
    report, error = judge(server, d, encoded(page(d, issued.pdf)))
    assert report["verdict"] == "VERDICT_INVALID" and "REASON_REVOKED" in report["reasons"], (report, error)


def bomb(width, height):
    """A PNG whose rows are all there, and white."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    packed = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    body = b"".join(packed.compress(row * 64) for _ in range(height // 64)) + packed.flush()
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)) +
            chunk(b"IDAT", body) + chunk(b"IEND", b""))


@pytest.mark.parametrize("what", ["a white page", "a bomb", "a torn picture", "a picture's beginning alone", "noise"])
def test_a_picture_that_shows_nothing_is_refused_in_words(papers, what):
    server, d, issued = papers
    whole = encoded(page(d, issued.pdf))
    data = {"a white page": encoded(Image.new("L", (300, 420), 255)),
            "a bomb": bomb(65528, 65472),
            "a torn picture": whole[:len(whole) // 9],
            "a picture's beginning alone": b"\xff\xd8\xff",
            "noise": encoded(Image.effect_noise((80, 80), 90))}[what]
    report, error = judge(server, d, data)
    assert report is None and "picture" in error, (report, error)


def test_two_different_seals_in_one_picture_are_too_many(papers):
    server, d, issued = papers
    other = server.client("case").issue(letter())
    one, two = page(d, issued.pdf), page(d, other.pdf)
    both = Image.new("L", (one.width * 2, one.height), 255)
    both.paste(one, (0, 0))
    both.paste(two, (one.width, 0))
    report, error = judge(server, d, encoded(both))
    assert report is None and "2 different seals" in error, (report, error)
