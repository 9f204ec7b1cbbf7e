"""Is whatever a server hands out PDF/A-3a and PDF/UA-1 (tests/archive): letters of every purpose, copies, versions, drafts, previews
of each template in every language? Levels are asked by leveled.judges_accept."""

import datetime
import os
import pathlib
import subprocess
import sys
import uuid

import pytest
from conftest import ROOT, Server, document_pb2, example, issuance_pb2, letter, record_facts, registry_pb2, today

sys.path.insert(0, str(ROOT / "tests"))
from archive import judge  # noqa: E402

@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """Manifests and receipts need two officers more; letters none."""
    s = Server(tmp_path_factory.mktemp("salvod"), authority)
    policy = s.dir / "policy.conf"
    policy.write_text(policy.read_text().replace("FLIGHT_MANIFEST = 0", "FLIGHT_MANIFEST = 2"))
    yield s.start()
    s.stop()


SALVO = pathlib.Path(os.environ.get("SV_BUILD", ROOT / "build/asan")) / "bin/salvo"
Purpose = document_pb2.SafeConduct.Purpose
TEMPLATES = ("safe_conduct/asylum_safe_conduct", "safe_conduct/emergency_travel_document", "safe_conduct/protection_stay",
             "safe_conduct/transit_exit", "flight_manifest/standard", "disbursement_receipt/standard")


def of_purpose(purpose):
    """A letter with a portrait; an emergency document is for one short journey."""
    request = letter()
    what = request.safe_conduct
    what.purpose = purpose
    what.holder.portrait_jpeg = (ROOT / "tests/docs_gen/portrait.jpg").read_bytes()
    if purpose == document_pb2.SafeConduct.PURPOSE_EMERGENCY_TRAVEL_DOCUMENT:
        day = today()
        what.route[:] = ["PAC", "BOG"]
        what.valid_from, what.valid_until = str(day), str(day + datetime.timedelta(days=30))
    return request


@pytest.mark.parametrize("purpose", [p for p in Purpose.values() if p])
def test_a_letter_of_each_purpose_keeps_every_rule_and_so_does_its_copy(server, purpose):
    case = server.client("case")
    issued = case.issue(of_purpose(purpose))
    assert judge(issued.pdf) == []
    copy = case.issuance.ReissueDocument(issuance_pb2.ReissueDocumentRequest(
        request_id=str(uuid.uuid4()), number=issued.document.number, version=1,
        reason=document_pb2.Document.STATE_REASON_DAMAGED), timeout=60)
    assert copy.document.copy == 2 and judge(copy.pdf) == []


def test_manifests_and_receipts_keep_every_rule_and_so_do_their_drafts(server):
    server.client("finance").funding.CreateObligation(example("obligation"), timeout=60)
    manifest = example("flight-manifest")
    record_facts(server, manifest)
    for role, request in (("flight", manifest), ("finance", example("disbursement-receipt"))):
        waiting = server.client(role).issuance.IssueDocument(request, timeout=60).document
        draft = server.client("approver").download(waiting.number, version=waiting.version,
                                                   view=registry_pb2.DownloadDocumentRequest.VIEW_DRAFT)
        assert judge(draft) == []
        for other in server.client(role).others():
            response = other.approve(waiting)
        assert judge(response.pdf) == []


@pytest.mark.parametrize("template", TEMPLATES)
def test_previews_keep_every_rule_in_each_language_and_on_each_paper(tmp_path, template):
    for first, second, paper in (("es", "fr", "a4"), ("ht", "pt", "letter")):
        pdf = tmp_path / "preview.pdf"
        done = subprocess.run([SALVO, "template", "preview", ROOT / "templates", template, "--lang", first, "--lang2", second, "--paper",
                               paper, "-o", pdf], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert judge(pdf.read_bytes()) == [], (template, first, second, paper)


def test_a_signature_that_leaves_something_out_or_names_nobody_is_told(server):
    pdf = server.client("case").issue(letter()).pdf
    at = pdf.index(b"/ByteRange")
    shorter = pdf[:at] + pdf[at:at + 200].replace(b"[0 ", b"[1 ", 1) + pdf[at + 200:]
    assert [f.rule for f in judge(shorter)] == ["byte_range"]
    gap = pdf.index(b"/Contents <", at) + 11
    nobody = pdf[:gap] + b"3000" + pdf[gap + 4:]
    assert [f.rule for f in judge(nobody)] == ["signed_data"]
