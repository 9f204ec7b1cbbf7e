"""The second officer: drafts read, approved, rejected, forgotten; copies of a letter whose paper was surrendered."""

import json
import re
import subprocess
import uuid

import pytest
from conftest import (Server, document_pb2, example, fact, issuance_pb2, operations_pb2, record_facts, refused, registry_pb2,
                      verification_pb2)

Document = document_pb2.Document
Verdict = verification_pb2.VerificationReport
Download = registry_pb2.DownloadDocumentRequest


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """Everything but letters needs other officers; a manifest one, so that versions can be seen."""
    s = Server(tmp_path_factory.mktemp("salvod"), authority)
    policy = s.dir / "policy.conf"
    policy.write_text(policy.read_text().replace("FLIGHT_MANIFEST = 0", "FLIGHT_MANIFEST = 1"))
    s.start()
    record_facts(s, example("flight-manifest"))
    s.client("finance").funding.CreateObligation(example("obligation"), timeout=60)
    yield s
    s.stop()


def draft(server, name="disbursement-receipt", role="finance", **changes):
    request = example(name, **changes)
    return request, server.client(role).issuance.IssueDocument(request, timeout=60).document


def balance(server):
    return server.client("finance").funding.GetObligation(
        operations_pb2.GetObligationRequest(name=example("obligation").obligation.name), timeout=60).obligation.balance_minor


def rejection(document, reason=Document.STATE_REASON_CORRECTION, **changes):
    fields = dict(request_id=str(uuid.uuid4()), number=document.number, version=document.version, reason=reason)
    return issuance_pb2.RejectDocumentRequest(**(fields | changes))


def text_of(pdf, path):
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode()


def test_a_receipt_is_a_draft_until_two_other_officers_agree(server, tmp_path):
    request, waiting = draft(server)
    assert waiting.state == Document.STATE_PENDING_APPROVAL
    assert len(waiting.content_sha256) == 32 and not waiting.pdf_sha256 and not waiting.visible_seals
    first = server.client("approver").approve(waiting)
    assert first.document.state == Document.STATE_PENDING_APPROVAL and not first.pdf
    assert [a.officer.rsplit("/")[-1] for a in first.document.approvals] == ["approver"]
    last = server.client("approver2").approve(waiting)
    assert last.document.state == Document.STATE_ISSUED
    assert last.document.content_sha256 == waiting.content_sha256
    page = text_of(last.pdf, tmp_path / "r.pdf")
    assert "Ilse Marroquín Vaďura" in page and "Nerea Ottóbrø Saavedra" in page
    record = server.client("finance").download(last.document.number, view=Download.VIEW_RECORD).decode()
    assert re.findall(r'officer/(approver2?)"', record) == ["approver", "approver2"]
    assert server.client("gate").verify(last.pdf).verdict == Verdict.VERDICT_VALID
    again = server.client("finance").issuance.IssueDocument(request, timeout=60)
    assert again.pdf == last.pdf


def test_the_approvers_queue_lists_what_waits_and_the_draft_has_neither_number_nor_signature(server, tmp_path):
    _, waiting = draft(server)
    approver = server.client("approver")
    queue = approver.registry.ListDocuments(
        registry_pb2.ListDocumentsRequest(state=Document.STATE_PENDING_APPROVAL), timeout=60).documents
    assert waiting.number in [d.number for d in queue]
    pdf = approver.download(waiting.number, version=waiting.version, view=Download.VIEW_DRAFT)
    page = text_of(pdf, tmp_path / "draft.pdf")
    assert "BORRADOR" in page and waiting.number not in page
    assert b"/ByteRange" not in pdf
    refused(lambda: approver.download(waiting.number, version=1), "FAILED_PRECONDITION", "NOT_ISSUED")
    approver.issuance.RejectDocument(rejection(waiting), timeout=60)
    refused(lambda: approver.download(waiting.number, version=1, view=Download.VIEW_DRAFT),
            "FAILED_PRECONDITION", "NOT_ISSUED")


def test_an_approval_counts_for_the_content_that_was_read_alone(server):
    _, waiting = draft(server)
    approver = server.client("approver")
    for digest in (b"", b"\0" * 32, waiting.content_sha256[:31], waiting.content_sha256 + b"\0"):
        found = refused(lambda d=digest: approver.approve(waiting, content_sha256=d), "INVALID_ARGUMENT", "FIELD_INVALID")
        assert [v.field for v in found["BadRequest"].field_violations] == ["content_sha256"]
    refused(lambda: approver.approve(waiting, version=2), "NOT_FOUND", "NOT_FOUND")


def test_who_asked_or_is_paid_or_has_agreed_already_does_not_approve(server):
    request = example("disbursement-receipt")
    request.disbursement_receipt.payee_name = "Ilse Marroquín Vaďura"
    waiting = server.client("finance").issuance.IssueDocument(request, timeout=60).document
    refused(lambda: server.client("approver").approve(waiting), "PERMISSION_DENIED", "ROLE_MISSING")
    refused(lambda: server.client("finance").approve(waiting), "PERMISSION_DENIED", "ROLE_MISSING")
    refused(lambda: server.client("casedesk").approve(waiting), "PERMISSION_DENIED", "ROLE_MISSING")
    request = example("disbursement-receipt")
    request.disbursement_receipt.payee_name = "renata Vîlcu Ortúzar"
    found = refused(lambda: server.client("finance").issuance.IssueDocument(request, timeout=60),
                    "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == ["disbursement_receipt.payee_name"]
    _, other = draft(server)
    server.client("approver").approve(other)
    refused(lambda: server.client("approver").approve(other), "ALREADY_EXISTS", "ALREADY_EXISTS")
    now = server.client("approver").registry.GetDocument(
        registry_pb2.GetDocumentRequest(number=other.number, version=1), timeout=60).document
    assert now.state == Document.STATE_PENDING_APPROVAL and len(now.approvals) == 1


def test_an_approval_sent_twice_counts_once_and_answers_alike(server):
    _, waiting = draft(server)
    ids = [str(uuid.uuid4()), str(uuid.uuid4())]
    for _ in range(2):
        first = server.client("approver").approve(waiting, request_id=ids[0])
        assert first.document.state == Document.STATE_PENDING_APPROVAL
    answers = [server.client("approver2").approve(waiting, request_id=ids[1]) for _ in range(2)]
    assert answers[0].pdf and answers[0].pdf == answers[1].pdf


def test_a_rejected_receipt_gives_its_funds_back_and_its_number_is_never_a_document(server):
    before = balance(server)
    request, waiting = draft(server)
    assert balance(server) == before - request.disbursement_receipt.amount_minor
    bad = rejection(waiting, Document.STATE_REASON_LOST)
    refused(lambda: server.client("approver").issuance.RejectDocument(bad, timeout=60), "INVALID_ARGUMENT", "FIELD_INVALID")
    no = rejection(waiting)
    for _ in range(2):
        answer = server.client("approver").issuance.RejectDocument(no, timeout=60).document
        assert (answer.state, answer.state_reason) == (Document.STATE_REJECTED, Document.STATE_REASON_CORRECTION)
    assert balance(server) == before
    refused(lambda: server.client("approver2").approve(waiting), "FAILED_PRECONDITION", "NOT_ISSUED")
    repeated = server.client("finance").issuance.IssueDocument(request, timeout=60)
    assert repeated.document.number == waiting.number and not repeated.pdf
    assert repeated.document.state == Document.STATE_REJECTED


def test_a_person_held_while_the_draft_waits_is_on_no_manifest(server):
    _, waiting = draft(server, "flight-manifest", "flight")
    assert waiting.state == Document.STATE_PENDING_APPROVAL
    occupant = example("flight-manifest").flight_manifest.occupants[3]
    hold = operations_pb2.PlaceHoldRequest(request_id=str(uuid.uuid4()), person=occupant.person,
                                           travel_document=occupant.travel_document,
                                           cause=operations_pb2.Hold.CAUSE_PENDING_CLAIM)
    name = server.client("protection").protection.PlaceHold(hold, timeout=60).hold.name
    refused(lambda: server.client("approver").approve(waiting), "FAILED_PRECONDITION", "HOLD")
    now = server.client("flight").registry.GetDocument(
        registry_pb2.GetDocumentRequest(number=waiting.number, version=1), timeout=60).document
    assert now.state == Document.STATE_VOID
    decision = fact("DECISION", occupant, reference="lifted")
    made = server.client("protection").protection.RecordFact(decision, timeout=60).fact
    for role in ("protection", "protection2"):
        lift = operations_pb2.LiftHoldRequest(request_id=str(uuid.uuid4()), name=name, decision_fact=made)
        answer = server.client(role).protection.LiftHold(lift, timeout=60)
    assert not answer.pending_second_officer
    second = server.client("flight").issue(example("flight-manifest"))
    assert second.document.state == Document.STATE_ISSUED


def test_a_version_that_waits_leaves_the_one_before_in_force(server):
    flight = server.client("flight")
    first = flight.issue(example("flight-manifest")).document
    changed = example("flight-manifest", supersedes=first.number, supersedes_version=1)
    changed.flight_manifest.version_reason = Document.STATE_REASON_CORRECTION
    changed.flight_manifest.occupants[0].seat = "29F"
    waiting = flight.issuance.IssueDocument(changed, timeout=60).document
    assert (waiting.number, waiting.version, waiting.state) == (first.number, 2, Document.STATE_PENDING_APPROVAL)
    get = registry_pb2.GetDocumentRequest(number=first.number)
    assert flight.registry.GetDocument(get, timeout=60).document.version == 1
    assert server.client("approver").approve(waiting).document.state == Document.STATE_ISSUED
    assert flight.registry.GetDocument(get, timeout=60).document.version == 2


def test_the_record_of_a_version_names_who_came_and_left_and_changed(server, tmp_path):
    flight = server.client("flight")
    request = example("flight-manifest")
    first = flight.issue(request).document
    second = example("flight-manifest", supersedes=first.number, supersedes_version=1)
    lines = second.flight_manifest.occupants
    second.flight_manifest.version_reason = Document.STATE_REASON_CORRECTION
    crew = [o for o in lines if o.role == document_pb2.FlightManifest.Occupant.ROLE_CREW]
    gone, moved = crew[0].occupant_id, lines[0].occupant_id
    lines[0].seat = "29F"
    lines.remove(crew[0])
    lines.add().CopyFrom(crew[0])
    lines[-1].occupant_id = "X99"
    lines[-1].travel_document.number = "QN0000099"
    lines[-1].person.birth_date = "1980-02-03"
    issued = flight.issue(second)
    record = json.loads(flight.download(first.number, version=2, view=Download.VIEW_RECORD))
    assert record["lines"] == {"added": ["X99"], "changed": [moved], "removed": [gone]}
    assert record["previous_sha256"] == first.record_sha256.hex()
    page = text_of(issued.pdf, tmp_path / "m.pdf")
    assert re.search(r"\b2\b.*corrección", page, re.IGNORECASE), page[:3000]
    assert server.client("gate").verify(issued.pdf).verdict == Verdict.VERDICT_VALID


def test_a_letter_that_protects_gives_way_to_a_weaker_one_by_two_officers_alone(server):
    case = server.client("case")
    strong = example("safe-conduct")
    strong.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_PROTECTION_STAY
    first = case.issue(strong).document
    weaker = example("safe-conduct", supersedes=first.number)
    weaker.safe_conduct.holder.CopyFrom(strong.safe_conduct.holder)
    weaker.safe_conduct.identity_document.CopyFrom(strong.safe_conduct.identity_document)
    weaker.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT
    waiting = case.issuance.IssueDocument(weaker, timeout=60).document
    assert waiting.state == Document.STATE_PENDING_APPROVAL
    get = registry_pb2.GetDocumentRequest(number=first.number)
    assert case.registry.GetDocument(get, timeout=60).document.state == Document.STATE_ISSUED
    assert server.client("approver").approve(waiting).document.state == Document.STATE_ISSUED
    assert case.registry.GetDocument(get, timeout=60).document.state == Document.STATE_SUPERSEDED


def reissue(document, reason=Document.STATE_REASON_DAMAGED, **changes):
    fields = dict(request_id=str(uuid.uuid4()), number=document.number, version=document.version, reason=reason)
    return issuance_pb2.ReissueDocumentRequest(**(fields | changes))


def test_a_copy_has_the_record_of_the_letter_and_takes_the_place_of_the_copies_before(server):
    case = server.client("case")
    first = case.issue(example("safe-conduct"))
    request = reissue(first.document)
    second = case.issuance.ReissueDocument(request, timeout=60)
    assert second.document.copy == 2 and second.document.record_sha256 == first.document.record_sha256
    assert second.document.status_index != first.document.status_index
    assert [(c.copy, c.reason) for c in second.document.copies] == [(1, 0), (2, Document.STATE_REASON_DAMAGED)]
    gate = server.client("gate")
    assert gate.verify(second.pdf).verdict == Verdict.VERDICT_VALID
    old = gate.verify(first.pdf)
    assert old.verdict == Verdict.VERDICT_INVALID, old
    seals = [gate.verification.VerifySeal(verification_pb2.VerifySealRequest(seal=d.document.visible_seals[0].seal), timeout=60)
             for d in (first, second)]
    assert [s.report.verdict for s in seals] == [Verdict.VERDICT_INVALID, Verdict.VERDICT_VALID]
    assert case.issuance.ReissueDocument(request, timeout=60).pdf == second.pdf
    assert case.download(first.document.number, copy=1) == first.pdf
    assert case.download(first.document.number) == second.pdf


def test_a_copy_is_for_surrendered_paper_of_letters_in_force(server):
    case = server.client("case")
    letter = case.issue(example("safe-conduct")).document
    for bad, field in ((reissue(letter, Document.STATE_REASON_LOST), "reason"), (reissue(letter, version=0), "version")):
        found = refused(lambda b=bad: case.issuance.ReissueDocument(b, timeout=60), "INVALID_ARGUMENT", "FIELD_INVALID")
        assert [v.field for v in found["BadRequest"].field_violations] == [field]
    refused(lambda: case.issuance.ReissueDocument(reissue(letter, version=2), timeout=60), "ABORTED", "VERSION_CHANGED")
    case.issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
        request_id=str(uuid.uuid4()), number=letter.number, version=1, reason=Document.STATE_REASON_LOST), timeout=60)
    protects = case.registry.GetDocument(registry_pb2.GetDocumentRequest(number=letter.number), timeout=60).document
    if protects.state == Document.STATE_ISSUED:  # a letter that protects needs the second officer
        server.client("protection").issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
            request_id=str(uuid.uuid4()), number=letter.number, version=1, reason=Document.STATE_REASON_LOST), timeout=60)
    refused(lambda: case.issuance.ReissueDocument(reissue(letter), timeout=60), "FAILED_PRECONDITION", "NOT_ISSUED")


def test_the_command_line_approves_rejects_and_reissues(server, tmp_path):
    _, waiting = draft(server)
    for role in ("approver", "approver2"):
        done = server.salvo(role, "approve", waiting.number, "--digest", waiting.content_sha256.hex(), "-o", str(tmp_path / "r.pdf"))
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "r.pdf").read_bytes().startswith(b"%PDF")
    _, other = draft(server)
    assert server.salvo("approver", "reject", other.number, "--reason", "DECISION").returncode == 0
    letter = server.client("case").issue(example("safe-conduct")).document
    done = server.salvo("case", "reissue", letter.number, "--reason", "MISPRINT", "-o", str(tmp_path / "c.pdf"))
    assert done.returncode == 0 and b"c2" in done.stdout, done


def test_a_registry_with_drafts_and_copies_is_found_whole(server):
    server.client("approver")
    done = server.salvo("audit", "--json", "audit", "--registry", str(server.dir / "registry.db"), "--key-file",
                        str(server.dir / "registry.key"), "--master-key-file", str(server.dir / "master.key"))
    assert done.returncode == 0, done.stdout + done.stderr
