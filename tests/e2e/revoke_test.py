"""A document's end, its prints, and who watches: over real clients."""

import threading
import uuid

import grpc
import pytest
from conftest import document_pb2, example, issuance_pb2, record_facts, refused, registry_pb2, verification_pb2

Document = document_pb2.Document
Verdict = verification_pb2.VerificationReport


def revocation(document, reason, **changes):
    fields = dict(request_id=str(uuid.uuid4()), number=document.number, version=document.version, reason=reason)
    return issuance_pb2.RevokeDocumentRequest(**(fields | changes))


def letter(server, purpose=None):
    request = example("safe-conduct")
    if purpose is not None:
        request.safe_conduct.purpose = purpose
    return server.client("case").issue(request)


def test_a_revoked_letter_verifies_as_revoked(server):
    issued = letter(server, document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT)
    answer = server.client("case").issuance.RevokeDocument(
        revocation(issued.document, Document.STATE_REASON_LOST), timeout=60)
    assert answer.document.state == Document.STATE_REVOKED
    assert answer.document.state_reason == Document.STATE_REASON_LOST
    assert not answer.pending_second_officer
    report = server.client("gate").verify(issued.pdf)
    assert report.verdict == Verdict.VERDICT_INVALID
    assert Verdict.REASON_REVOKED in report.reasons
    assert not report.HasField("document")


def test_a_protection_letter_is_revoked_by_two_officers_with_one_reason(server):
    issued = letter(server, document_pb2.SafeConduct.PURPOSE_PROTECTION_STAY)
    case, desk = server.client("case").issuance, server.client("protection").issuance
    first = case.RevokeDocument(revocation(issued.document, Document.STATE_REASON_DECISION), timeout=60)
    assert first.pending_second_officer and first.document.state == Document.STATE_ISSUED
    refused(lambda: case.RevokeDocument(revocation(issued.document, Document.STATE_REASON_DECISION), timeout=60),
            "PERMISSION_DENIED", "ROLE_MISSING")
    other = desk.RevokeDocument(revocation(issued.document, Document.STATE_REASON_LOST), timeout=60)
    assert other.pending_second_officer and other.document.state == Document.STATE_ISSUED
    last = case.RevokeDocument(revocation(issued.document, Document.STATE_REASON_LOST), timeout=60)
    assert not last.pending_second_officer and last.document.state == Document.STATE_REVOKED


def test_the_same_request_revokes_once_and_answers_the_same(server):
    issued = letter(server, document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT)
    request = revocation(issued.document, Document.STATE_REASON_STOLEN)
    case = server.client("case").issuance
    assert case.RevokeDocument(request, timeout=60) == case.RevokeDocument(request, timeout=60)
    request.reason = Document.STATE_REASON_LOST
    refused(lambda: case.RevokeDocument(request, timeout=60), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")
    refused(lambda: case.RevokeDocument(revocation(issued.document, Document.STATE_REASON_LOST), timeout=60),
            "FAILED_PRECONDITION", "NOT_ISSUED")


def test_systems_and_strangers_revoke_nothing(server):
    issued = letter(server, document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT)
    request = revocation(issued.document, Document.STATE_REASON_LOST)
    refused(lambda: server.client("casedesk").issuance.RevokeDocument(request, timeout=60), "PERMISSION_DENIED",
            "ROLE_MISSING")
    refused(lambda: server.client("gate").issuance.RevokeDocument(request, timeout=60), "PERMISSION_DENIED",
            "ROLE_MISSING")
    found = refused(lambda: server.client("case").issuance.RevokeDocument(
        revocation(issued.document, Document.STATE_REASON_DEPARTURE), timeout=60), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == ["reason"]


def test_a_receipt_is_never_revoked(server, documents):
    receipt = documents["disbursement-receipt"][1].document
    refused(lambda: server.client("finance").issuance.RevokeDocument(
        revocation(receipt, Document.STATE_REASON_DECISION), timeout=60), "PERMISSION_DENIED", "ROLE_MISSING")


def test_a_revoked_letter_protects_no_more_and_its_manifest_is_in_force_again(server):
    flight = example("flight-manifest")
    record_facts(server, flight)
    manifest = server.client("flight").issue(flight).document
    occupant = flight.flight_manifest.occupants[3]
    request = example("safe-conduct")
    request.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_PROTECTION_STAY
    request.safe_conduct.holder.CopyFrom(occupant.person)
    request.safe_conduct.identity_document.CopyFrom(occupant.travel_document)
    request.safe_conduct.ClearField("not_valid_for")
    request.safe_conduct.ClearField("route")
    issued = server.client("case").issue(request)
    state = lambda: server.client("flight").registry.GetDocument(  # noqa: E731
        registry_pb2.GetDocumentRequest(number=manifest.number), timeout=60).document.state
    assert state() == Document.STATE_SUSPENDED
    for role in ("case", "protection"):
        server.client(role).issuance.RevokeDocument(
            revocation(issued.document, Document.STATE_REASON_HOLDER_REQUEST), timeout=60)
    assert state() == Document.STATE_ISSUED


def test_a_sheet_of_numbered_paper_is_used_once(server):
    document = letter(server, document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT).document
    desk = server.client("print").registry

    def printed(stock, spoiled=False):
        return desk.RecordPrint(registry_pb2.RecordPrintRequest(
            request_id=str(uuid.uuid4()), number=document.number, version=1, stock_number=stock, spoiled=spoiled),
            timeout=60).times_printed

    sheet = uuid.uuid4().hex[:12].upper()
    assert printed(f"{sheet}-1", spoiled=True) == 0
    assert printed(f"{sheet}-2") == 1
    assert printed("") == 2
    refused(lambda: printed(f"{sheet}-1"), "ALREADY_EXISTS", "ALREADY_EXISTS")


def test_changes_are_told_in_order_without_holes_and_only_to_their_authority(server):
    first = letter(server, document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT).document
    call = server.client("case").registry.WatchDocuments(registry_pb2.WatchDocumentsRequest(), timeout=60)
    events, seen = [], threading.Event()

    def watch():
        try:
            for event in call:
                events.append(event)
                if event.document.state == Document.STATE_REVOKED and event.document.number == first.number:
                    seen.set()
        except grpc.RpcError:
            pass

    thread = threading.Thread(target=watch)
    thread.start()
    server.client("case").issuance.RevokeDocument(revocation(first, Document.STATE_REASON_LOST), timeout=60)
    assert seen.wait(30)
    call.cancel()
    thread.join()
    numbers = [e.event for e in events]
    assert numbers == sorted(set(numbers))
    assert {e.document.authority for e in events if e.HasField("document")} == {"migration"}
    again = server.client("case").registry.WatchDocuments(
        registry_pb2.WatchDocumentsRequest(after_event=numbers[-2]), timeout=60)
    assert next(again).event == numbers[-1]
    again.cancel()


def test_a_position_that_does_not_exist_is_out_of_range(server):
    call = server.client("case").registry.WatchDocuments(
        registry_pb2.WatchDocumentsRequest(after_event=1 << 40), timeout=60)
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert caught.value.code() == grpc.StatusCode.OUT_OF_RANGE
