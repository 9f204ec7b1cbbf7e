"""Is a document laid out for the paper that it was asked for, and for no other one?"""

import json
import re
import subprocess
import uuid

import pytest
from boarding_test import current, flight, mark, send
from conftest import document_pb2, example, issuance_pb2, refused, verification_pb2

V = verification_pb2.VerificationReport
A4, LETTER = document_pb2.PAPER_A4, document_pb2.PAPER_LETTER
SIZES = {A4: ("595.276", "841.89"), LETTER: ("612", "792")}
ROLES = {"safe-conduct": "case", "flight-manifest": "flight", "disbursement-receipt": "finance"}


def sizes(pdf, tmp_path):
    """Width and height of every page, in points."""
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf)
    told = subprocess.run(["pdfinfo", "-f", "1", "-l", "99", path], check=True, capture_output=True, text=True).stdout
    found = re.findall(r"Page +\d+ size: +(\S+) x (\S+) pts", told)
    assert len(found) == int(re.search(r"Pages: +(\d+)", told)[1])
    return set(found)


def record(pdf, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf)
    subprocess.run(["pdfdetach", "-savefile", "record.json", "-o", tmp_path / "record.json", path], check=True)
    return json.loads((tmp_path / "record.json").read_text())


@pytest.mark.parametrize("kind", ROLES)
def test_every_kind_is_printed_on_the_paper_asked_for(server, documents, kind, tmp_path):
    _, plain = documents[kind]
    assert sizes(plain.pdf, tmp_path) == {SIZES[A4]}
    assert "paper" not in record(plain.pdf, tmp_path)["content"]
    request = example(kind, paper=LETTER)
    if kind == "flight-manifest":
        request.supersedes, request.supersedes_version = plain.document.number, plain.document.version
        request.flight_manifest.version_reason = document_pb2.Document.STATE_REASON_CORRECTION
    issued = server.client(ROLES[kind]).issue(request)
    assert (plain.document.paper, issued.document.paper) == (A4, LETTER)
    assert sizes(issued.pdf, tmp_path) == {SIZES[LETTER]}
    assert record(issued.pdf, tmp_path)["content"]["paper"] == LETTER
    assert server.client("gate").verify(issued.pdf).verdict == V.VERDICT_VALID


def test_a_preview_is_on_the_same_paper(server, tmp_path):
    for paper in (A4, LETTER):
        request = example("safe-conduct", paper=paper, validate_only=True)
        assert sizes(server.client("case").issue(request).pdf, tmp_path) == {SIZES[paper]}


def test_paper_that_nobody_knows_is_refused_by_its_name(server):
    for paper in (3, 99, -1):
        request = example("safe-conduct", paper=paper)
        found = refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
        assert [v.field for v in found["BadRequest"].field_violations] == ["paper"]


def test_the_same_request_on_other_paper_is_another_request(server):
    request = example("safe-conduct")
    server.client("case").issue(request)
    request.paper = LETTER
    refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")


def test_a_second_copy_keeps_the_paper(server, tmp_path):
    first = server.client("case").issue(example("safe-conduct", paper=LETTER)).document
    copy = server.client("case").issuance.ReissueDocument(issuance_pb2.ReissueDocumentRequest(
        request_id=str(uuid.uuid4()), number=first.number, version=1,
        reason=document_pb2.Document.STATE_REASON_DAMAGED), timeout=60)
    assert (copy.document.copy, copy.document.paper) == (2, LETTER)
    assert sizes(copy.pdf, tmp_path) == {SIZES[LETTER]}


def test_a_version_that_the_gate_makes_keeps_the_paper(server, tmp_path):
    people, issued = flight(server, paper=LETTER)
    send(server, mark(issued.document.number, people[0], "OFFLOADED"))
    now = current(server, issued.document.number)
    assert (now.version, now.paper) == (2, LETTER)
    assert sizes(server.client("flight").download(issued.document.number), tmp_path) == {SIZES[LETTER]}
