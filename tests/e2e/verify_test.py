"""Every way of bending a document has its own reason, and none is green."""

import random
import subprocess

import pytest
from conftest import ROOT, Server, example, letter, passport_mrz, verification_pb2

V = verification_pb2.VerificationReport


def test_a_flipped_byte_anywhere_is_never_valid(server, documents):
    pdf = documents["safe-conduct"][1].pdf
    gate = server.client("gate")
    rng = random.Random(11)
    for at in sorted(rng.sample(range(len(pdf)), 60)) + [0, len(pdf) - 1]:
        bent = bytearray(pdf)
        bent[at] ^= 1 << rng.randrange(8)
        report = gate.verify(bytes(bent))
        assert report.verdict not in (V.VERDICT_VALID, V.VERDICT_CHECK, V.VERDICT_UNSPECIFIED), (at, report)
        assert report.reasons, at
        assert not report.document.number


def test_a_flipped_byte_in_what_letters_share_is_never_valid_however_many_were_judged_before(server):
    case, gate = server.client("case"), server.client("gate")
    made = [case.issue(letter()).pdf for _ in range(4)]
    for pdf in made:
        assert gate.verify(pdf).verdict == V.VERDICT_VALID
    shared = next(i for i, (a, b) in enumerate(zip(made[0], made[1])) if a != b)
    assert shared > 24000
    for at in [*range(0, shared, 1021), shared - 1]:
        bent = bytearray(made[3])
        bent[at] ^= 0x10
        assert gate.verify(bytes(bent)).verdict not in (V.VERDICT_VALID, V.VERDICT_CHECK), at
    assert gate.verify(made[3]).verdict == V.VERDICT_VALID


def test_a_changed_content_byte_says_bytes_altered(server, documents):
    pdf = bytearray(documents["disbursement-receipt"][1].pdf)
    at = pdf.find(b"stream") + 40
    pdf[at] ^= 1
    report = server.client("gate").verify(bytes(pdf))
    assert report.verdict == V.VERDICT_INVALID and V.REASON_BYTES_ALTERED in report.reasons


def test_an_appended_revision_says_changed_after_signing(server, documents, tmp_path):
    import pikepdf
    pdf = documents["safe-conduct"][1].pdf
    start = pdf.rfind(b"startxref")
    xref = int(pdf[start + 9:].split()[0])
    body = b"\n9999 0 obj\n<< /Type /Annot >>\nendobj\n"
    at = len(pdf)
    table = (b"xref\n9999 1\n%010d 00000 n \ntrailer\n<< /Size 10000 /Prev %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
             % (at + 1, xref, at + len(body)))
    report = server.client("gate").verify(pdf + body + table)
    assert report.verdict == V.VERDICT_INVALID
    assert V.REASON_CHANGED_AFTER_SIGNING in report.reasons or V.REASON_SIGNATURE_COVERS_PART in report.reasons


def test_a_file_that_is_no_pdf_is_unreadable(server):
    for junk in (b"", b"hello", b"%PDF-1.7\n", bytes(random.Random(3).randrange(256) for _ in range(5000))):
        report = server.client("gate").verify(junk)
        assert report.verdict == V.VERDICT_UNREADABLE and V.REASON_WRONG_FORMAT in report.reasons, junk[:10]


def test_our_signature_without_a_row_is_not_registered(authority, server, documents, tmp_path):
    other = Server(tmp_path, authority).start()
    try:
        report = other.client("gate").verify(documents["safe-conduct"][1].pdf)
        assert report.verdict == V.VERDICT_INVALID and V.REASON_NOT_REGISTERED in report.reasons
    finally:
        other.stop()


def test_a_strangers_good_signature_is_not_ours(server, documents, tmp_path_factory):
    from conftest import Authority
    stranger = Authority(tmp_path_factory.mktemp("stranger") / "a")
    other = Server(tmp_path_factory.mktemp("other"), stranger).start()
    try:
        pdf = other.client("case").issue(example("safe-conduct")).pdf
        report = server.client("gate").verify(pdf)
        assert report.verdict == V.VERDICT_NOT_OURS, report
    finally:
        other.stop()


def test_a_bearer_is_compared_with_the_commitment(server, documents):
    request, response = documents["safe-conduct"]
    passport = request.safe_conduct.identity_document.number
    birth = request.safe_conduct.holder.birth_date[2:].replace("-", "")
    seal = response.document.visible_seals[0].seal
    ask = lambda text: server.client("gate").verification.VerifySeal(
        verification_pb2.VerifySealRequest(seal=seal, holder_mrz=text, language="en")).report
    assert ask(passport_mrz(passport, birth)).verdict == V.VERDICT_VALID
    other = ask(passport_mrz("QX0000000" if passport != "QX0000000" else "QX0000001", birth))
    assert other.verdict == V.VERDICT_CHECK and V.REASON_HOLDER_MISMATCH in other.reasons


@pytest.mark.parametrize("kind", ["safe-conduct", "flight-manifest", "disbursement-receipt"])
def test_strangers_accept_the_file(server, documents, authority, tmp_path, kind):
    path = tmp_path / f"{kind}.pdf"
    path.write_bytes(documents[kind][1].pdf)
    run = lambda *a: subprocess.run(a, capture_output=True, text=True)
    qpdf = run("qpdf", "--check", str(path))
    assert qpdf.returncode == 0 and "WARNING" not in qpdf.stdout + qpdf.stderr, qpdf.stdout + qpdf.stderr
    sig = run("pdfsig", "-nocert", str(path)).stdout
    assert "Signature is Valid" in sig and "Total document signed" in sig, sig
    mutool = run("mutool", "sign", "-v", str(path))
    assert mutool.returncode == 0 and "broken" not in (mutool.stdout + mutool.stderr).lower(), mutool.stdout + mutool.stderr
    fonts = run("pdffonts", str(path)).stdout.splitlines()[2:]
    assert fonts
    for line in fonts:
        assert line[7:8] == "+" or "+" in line.split()[0][:8], line
        emb, sub, uni = line.split()[-5:-2]
        assert (emb, sub, uni) == ("yes", "yes", "yes"), line
    # the CMS alone, judged by openssl with the authority's root as the only anchor
    pdf = path.read_bytes()
    import re
    a, b, c, d = map(int, re.search(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", pdf).groups())
    assert a == 0 and c + d == len(pdf)
    der = bytes.fromhex(pdf[b + 1:c - 1].decode())
    (tmp_path / "s.der").write_bytes(der)
    (tmp_path / "content").write_bytes(pdf[:b] + pdf[c:])
    cms = run("openssl", "cms", "-verify", "-cades", "-purpose", "any", "-binary", "-inform", "DER", "-in",
              str(tmp_path / "s.der"), "-content", str(tmp_path / "content"), "-CAfile",
              str(authority.path / "root.pem"), "-out", "/dev/null")
    assert cms.returncode == 0, cms.stderr


def test_names_come_back_from_the_page_exactly_as_sent(server, documents, tmp_path):
    path = tmp_path / "m.pdf"
    path.write_bytes(documents["flight-manifest"][1].pdf)
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    for occupant in documents["flight-manifest"][0].flight_manifest.occupants:
        for name in (occupant.person.surname, occupant.person.given_names):
            for word in name.split():
                assert word in text, word
    names = ["Ḫadīja", "Ñandú-Øst", "Șerban", "Þóra", "Nguyễn Thị Ánh", "Владимир", "Ελένη"]
    for i, name in enumerate(names):
        request = example("safe-conduct")
        request.safe_conduct.holder.surname = name
        request.safe_conduct.holder.given_names = names[i - 1]
        path.write_bytes(server.client("case").issue(request).pdf)
        text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
        assert name in text and names[i - 1] in text, (name, text)
