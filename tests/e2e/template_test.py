"""Can an authority try its own words with the tool alone?"""

import os
import pathlib
import shutil
import subprocess
import uuid

from conftest import Server, document_pb2, issuance_pb2, letter

ROOT = pathlib.Path(__file__).resolve().parents[2]
SALVO = pathlib.Path(os.environ.get("SV_BUILD", ROOT / "build/asan")) / "bin/salvo"


def salvo(*args):
    return subprocess.run([SALVO, "template", *map(str, args)], capture_output=True, text=True, timeout=120)


def test_good_templates_are_listed_with_their_digests():
    done = salvo("check", ROOT / "templates")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1] == "languages: es en fr ht pt"
    assert [line.split("  ")[1] for line in lines[:-1]] == [
        "safe_conduct/asylum_safe_conduct@1", "safe_conduct/emergency_travel_document@1",
        "safe_conduct/protection_stay@1", "safe_conduct/transit_exit@1",
        "flight_manifest/standard@1", "disbursement_receipt/standard@1"]
    assert len({line.split("  ")[0] for line in lines[:-1]}) == 6


def test_an_own_purpose_is_tried_and_shown_as_a_draft(tmp_path):
    own = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", own)
    (own / "safe_conduct/harvest_pass").mkdir()
    conf = own / "safe_conduct/harvest_pass/layout.conf"
    conf.write_text("extends = letter\npurpose = TRANSIT_EXIT\nversion = 2\ntitle.ht = Pase rekòt\n")
    pdf = tmp_path / "preview.pdf"
    done = salvo("preview", own, "safe_conduct/harvest_pass", "--lang", "ht", "--lang2", "pt", "-o", pdf)
    assert done.returncode == 0, done.stderr
    text = subprocess.run(["pdftotext", pdf, "-"], check=True, capture_output=True, text=True).stdout
    assert "Pase rekòt" in text and "BOUYON" in text and "RASCUNHO" in text
    assert subprocess.run(["qpdf", "--check", pdf], capture_output=True).returncode == 0
    done = salvo("preview", own, "safe_conduct/harvest_pass", "--paper", "letter", "-o", pdf)
    assert done.returncode == 0, done.stderr
    told = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    assert "612 x 792 pts (letter)" in told
    conf.write_text(conf.read_text() + "colour = red\n")
    done = salvo("check", own)
    assert done.returncode == 1 and "harvest_pass/layout.conf:5: unknown key" in done.stderr


def test_a_name_or_language_that_is_not_there_is_said(tmp_path):
    for args, words in ((["safe_conduct/none"], "no template safe_conduct/none"),
                        (["safe_conduct/transit_exit", "--lang", "de"], "no language de"),
                        (["safe_conduct/transit_exit", "--lang", "es", "--lang2", "es"], "two languages"),
                        (["safe_conduct/transit_exit", "--paper", "foolscap"], "a4 or letter")):
        done = salvo("preview", ROOT / "templates", *args, "-o", tmp_path / "x.pdf")
        assert done.returncode != 0 and words in done.stderr
        assert not (tmp_path / "x.pdf").exists()


def test_a_server_takes_new_words_while_it_runs_and_refuses_faulty_ones(authority, tmp_path):
    own = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", own)
    server = Server(tmp_path, authority, templates=f'"{own}"').start()

    def printed():
        (tmp_path / "l.pdf").write_bytes(server.client("case").issue(letter()).pdf)
        return subprocess.run(["pdftotext", tmp_path / "l.pdf", "-"], check=True, capture_output=True, text=True).stdout

    try:
        before = printed()
        conf = own / "safe_conduct/letter/layout.conf"
        text = conf.read_text()
        assert "Laissez-passer" not in before
        conf.write_text(text.replace("title.en = Safe-conduct", "title.en = Laissez-passer").replace("version = 1", "version = 2"))
        assert server.reload("templates")["reason"] == "OK"
        assert "Laissez-passer" in printed()
        conf.write_text(text.replace("title.en", "titel.en"))
        fault = server.reload("templates")
        assert fault["reason"] == "TEMPLATE" and "layout.conf:" in fault["detail"], fault
        assert "Laissez-passer" in printed()
    finally:
        server.stop()


def reissued(server, number):
    return server.client("case").issuance.ReissueDocument(issuance_pb2.ReissueDocumentRequest(
        request_id=str(uuid.uuid4()), number=number, version=1,
        reason=document_pb2.Document.STATE_REASON_DAMAGED), timeout=60)


def test_a_document_keeps_the_digest_of_its_words_and_tells_it_to_its_authority(authority, tmp_path):
    own = tmp_path / "templates"
    shutil.copytree(ROOT / "templates", own)
    digests = lambda: dict(reversed(line.split("  ")) for line in salvo("check", own).stdout.splitlines()[:-1])
    before = digests()
    server = Server(tmp_path, authority, templates=f'"{own}"').start()
    try:
        issued = server.client("case").issue(letter())
        first = issued.document
        assert first.template_sha256.hex() == before[first.template]
        assert first.template.encode() not in issued.pdf and first.template_sha256.hex().encode() not in issued.pdf
        stranger = server.client("gate").verify(issued.pdf).document
        assert not stranger.template and not stranger.template_sha256
        conf = own / "safe_conduct/letter/layout.conf"
        conf.write_text(conf.read_text().replace("version = 1", "version = 2").replace("carta oficial", "hoja oficial"))
        assert server.reload("templates")["reason"] == "OK"
        second = server.client("case").issue(letter()).document
        assert second.template == first.template.replace("@1", "@2") and second.template_sha256.hex() == digests()[second.template]
        copy = reissued(server, first.number).document  # what was said of the first copy is said of this one
        assert (copy.copy, copy.template, copy.template_sha256) == (2, first.template, first.template_sha256)
        assert copy.record_sha256 == first.record_sha256
    finally:
        server.stop()
