"""One flight from the money to the audit: the twelve steps that a real one takes, each by the client of the person who
takes it, in their order. The parts that another test holds in full are only touched here."""

import copy
import json
import re
import subprocess
import time
import uuid

import pytest
from bundle_test import Device, seal_of
from conftest import (Server, document_pb2, example, fact, facts_of, issuance_pb2, operations_pb2, refused, registry_pb2,
                      verification_pb2)

D, P = document_pb2.Document, operations_pb2
Role = document_pb2.FlightManifest.Occupant
Report = verification_pb2.VerificationReport
Download = registry_pb2.DownloadDocumentRequest
MILLION = 100_000_000  # minor units of a million dollars


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    s = Server(tmp_path_factory.mktemp("salvod"), authority)
    policy = s.dir / "policy.conf"
    policy.write_text(policy.read_text().replace("FLIGHT_MANIFEST = 0", "FLIGHT_MANIFEST = 2"))
    s.start()
    yield s
    s.stop()


def letters(n):
    return "".join(chr(65 + n // 26**k % 26) for k in range(6))


def passenger(name, born="1988-04-09"):
    n = uuid.uuid4().int
    o = Role(occupant_id=name, role=Role.ROLE_RETURNEE)
    o.person.surname, o.person.given_names = f"{letters(n)} ORTÚZAR", letters(n // 26**6)
    o.person.birth_date, o.person.sex, o.person.nationality = born, "FMX"[n % 3], "COL"
    d = o.travel_document
    d.type, d.number, d.issuing_state, d.expiry_date = "P", f"TH{n % 10**6:06}", "COL", "2031-06-30"
    return o


def manifest_of(occupants, **changes):
    request = example("flight-manifest", **changes)
    del request.flight_manifest.legs[1:]
    del request.flight_manifest.occupants[:]
    request.flight_manifest.occupants.extend(occupants)
    return request


def unmet(found):
    return {v.subject.rsplit("/")[-1]: v.description for v in found["PreconditionFailure"].violations}


def text_of(pdf, path):
    path.write_bytes(pdf)
    return " ".join(subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True).stdout.decode().split())


def mark(server, number, version, occupant, word):
    request = P.MarkOccupantRequest(request_id=str(uuid.uuid4()), manifest_number=number, manifest_version=version,
                                    occupant_id=occupant, mark=f"MARK_{word}", device_id="tablet-3")
    request.mark_time.FromNanoseconds(time.time_ns())
    return server.client("gate").boarding.MarkOccupant(request, timeout=60).manifest


def lists(edi):
    """What each message of an interchange is, and whom it lists."""
    return [(re.search(r"BGM\+(\d+)", m)[1], (re.search(r"BGM\+\d+\+(\w+)", m) or ["", ""])[1],
             set(re.findall(r"RFF\+ABO:([^']+)'", m))) for m in edi.split("UNH+")[1:]]


def charter(manifest, heads, minor, obligation="obligations/O-1"):
    request = example("disbursement-receipt")
    r = request.disbursement_receipt
    r.obligation, r.amount_minor = obligation, minor
    del r.lines[1:]
    line = r.lines[0]
    line.type, line.manifest_number, line.passenger_count = document_pb2.DisbursementReceipt.LINE_TYPE_CHARTER, manifest, heads
    line.quantity_thousandths, line.unit_price_minor, line.amount_minor = heads * 1000, minor // heads, minor
    return request


def obligation(server):
    return server.client("finance").funding.GetObligation(P.GetObligationRequest(name="obligations/O-1"), timeout=60).obligation


def verify(server, pdf):
    return server.client("gate").verify(pdf)


def test_the_twelve_steps_of_a_flight(server, tmp_path):
    flight, case, finance = (server.client(r) for r in ("flight", "case", "finance"))
    protection, gate = server.client("protection"), server.client("gate")

    # 1. the money: an obligation of six million
    request = example("obligation")
    request.obligation.name, request.obligation.obligated_minor = "obligations/O-1", 6 * MILLION
    assert finance.funding.CreateObligation(request, timeout=60).obligation.balance_minor == 6 * MILLION

    # 2. thirty-one people; one has a pending claim, one is sixteen: refused, and the claim is nobody's to know
    people = [passenger(f"A{i:02}") for i in range(1, 27)] + [passenger(f"B{i:02}") for i in range(1, 6)]
    by_id = {o.occupant_id: o for o in people}
    minor, claimant = by_id["A22"], by_id["A17"]
    minor.person.birth_date = f"{time.gmtime().tm_year - 16}-01-15"
    draft = manifest_of(people)
    for one in facts_of(draft):
        flight.protection.RecordFact(one, timeout=60)
    held = protection.protection.PlaceHold(P.PlaceHoldRequest(
        request_id=str(uuid.uuid4()), person=claimant.person, travel_document=claimant.travel_document,
        cause=P.Hold.CAUSE_PENDING_CLAIM), timeout=60).hold
    found = refused(lambda: flight.issuance.IssueDocument(draft, timeout=60), "FAILED_PRECONDITION", "HOLD")
    assert set(unmet(found)) == {"A17"} and "claim" not in str(found).lower()
    rest = [o for o in people if o.occupant_id != "A17"]
    found = refused(lambda: flight.issuance.IssueDocument(manifest_of(rest), timeout=60), "FAILED_PRECONDITION", "RULE_UNMET")
    assert set(unmet(found)) == {"A22"} and "NR-05" in unmet(found)["A22"]

    # 3. the claimant gets a letter that protects; the minor a best interest and an adult; two officers agree: thirty persons
    wanted = example("safe-conduct")
    wanted.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_PROTECTION_STAY
    holder, paper = wanted.safe_conduct.holder, wanted.safe_conduct.identity_document
    portrait = holder.portrait_jpeg
    holder.CopyFrom(claimant.person)
    holder.portrait_jpeg = portrait
    paper.CopyFrom(claimant.travel_document)
    letter = case.issue(wanted)
    assert (letter.document.state, letter.document.version, letter.document.copy) == (D.STATE_ISSUED, 1, 1)
    minor.guardian_occupant_id = "A21"
    for kind in ("BEST_INTEREST", "GUARDIAN", "RECEIVING_ADULT", "FAMILY_GROUP"):
        flight.protection.RecordFact(fact(kind, minor, reference=f"{kind}-{uuid.uuid4().hex}"), timeout=60)
    wanted = manifest_of(rest)
    waiting = flight.issuance.IssueDocument(wanted, timeout=60).document
    assert waiting.state == D.STATE_PENDING_APPROVAL
    assert server.client("approver").approve(waiting).document.state == D.STATE_PENDING_APPROVAL
    first = server.client("approver2").approve(waiting)
    number = first.document.number
    assert (first.document.version, first.document.state) == (1, D.STATE_ISSUED)
    record = json.loads(flight.download(number, view=Download.VIEW_RECORD))
    assert len(record["content"]["occupants"]) == 30 and len(record["approvals"]) == 2
    edi = flight.download(number, view=Download.VIEW_PAXLST).decode()
    assert lists(edi) == [("745", "", {o["occupant_id"] for o in record["content"]["occupants"]})]
    assert f"RFF+TN:{number}:::1'" in edi
    refused(lambda: server.client("print").download(number, view=Download.VIEW_PAXLST), "PERMISSION_DENIED", "ROLE_MISSING")

    # 4. at ten to six the tablet at the gate gets its bundle: it knows the paper without a network
    tablet = Device(server, tmp_path).fetch()
    assert verify(server, first.pdf).verdict == Report.VERDICT_VALID
    assert tablet.judge(seal_of(first.document)) == (0, "VALID", [])

    # 5. a name is corrected: a second version, and the paper of the first is told from it
    corrected = [copy.deepcopy(o) for o in rest]
    corrected[0].person.given_names += " MARÍA"
    for one in facts_of(manifest_of(corrected[:1])):
        flight.protection.RecordFact(one, timeout=60)
    again = manifest_of(corrected, supersedes=number, supersedes_version=1)
    again.flight_manifest.version_reason = D.STATE_REASON_CORRECTION
    second = flight.issue(again)
    assert second.document.version == 2
    old = verify(server, first.pdf)
    assert old.verdict == Report.VERDICT_INVALID and Report.REASON_SUPERSEDED in old.reasons
    assert verify(server, second.pdf).verdict == Report.VERDICT_VALID
    tablet.fetch()
    assert tablet.judge(seal_of(first.document)) == (1, "INVALID", ["SUPERSEDED"])
    assert tablet.judge(seal_of(second.document)) == (0, "VALID", [])

    # 6. B04 voices fear at the stairs: off the aircraft within seconds, and under a hold; the paper gives no reason
    began = time.monotonic()
    third = mark(server, number, 2, "B04", "OFFLOADED")
    assert (third.version, third.state) == (3, D.STATE_ISSUED) and time.monotonic() - began < 10
    protection.protection.PlaceHold(P.PlaceHoldRequest(
        request_id=str(uuid.uuid4()), person=by_id["B04"].person, travel_document=by_id["B04"].travel_document,
        cause=P.Hold.CAUSE_PENDING_CLAIM), timeout=60)
    pdf = flight.download(number, version=3)
    page = text_of(pdf, tmp_path / "v3.pdf")
    assert by_id["B04"].person.surname not in page and by_id["B05"].person.surname in page
    assert gate.boarding.CheckOccupant(P.CheckOccupantRequest(manifest_number=number, occupant_id="B04"), timeout=60).listed is False
    assert json.loads(flight.download(number, version=3, view=Download.VIEW_RECORD))["lines"]["removed"] == ["B04"]

    edi = flight.download(number, version=3, view=Download.VIEW_PAXLST).decode()
    assert [(f, c) for f, c, _ in lists(edi)] == [("745", "CP"), ("745", "XR")] and lists(edi)[1][2] == {"B04"}
    assert not set(by_id["B04"].person.surname.split()[:1]) & set(re.findall(r"[A-Z]+", edi))

    # 7. the flight goes to another airport: the rules run again for it, and let it
    left = [o for o in corrected if o.occupant_id != "B04"]
    diverted = manifest_of(left, supersedes=number, supersedes_version=3)
    diverted.flight_manifest.version_reason = D.STATE_REASON_DIVERSION
    diverted.flight_manifest.legs[0].to = "MDE"
    fourth = flight.issue(diverted)
    assert (fourth.document.version, fourth.document.state) == (4, D.STATE_ISSUED)

    # 8. twenty-nine board; closed with the head count, and with no other
    for o in left:
        mark(server, number, 4, o.occupant_id, "BOARDED")
    close = lambda heads: gate.boarding.CloseManifest(P.CloseManifestRequest(
        request_id=str(uuid.uuid4()), manifest_number=number, manifest_version=4, expected_boarded=heads), timeout=60)
    refused(lambda: close(30), "FAILED_PRECONDITION", "HEAD_COUNT")
    closed = close(29)
    assert closed.manifest.state == D.STATE_CLOSED
    edi = flight.download(number, view=Download.VIEW_PAXLST).decode()
    assert lists(edi) == [("266", "CLOB", {o.occupant_id for o in left})] and "CNT+42:29'" in edi

    # 9. the charter: twenty-nine seats and not thirty, in words of both languages
    refused(lambda: finance.issuance.IssueDocument(charter(number, 30, 6_360_000), timeout=60),
            "INVALID_ARGUMENT", "FIELD_INVALID")
    paid = finance.issue(charter(number, 29, 6_148_000))
    page = text_of(paid.pdf, tmp_path / "r.pdf")
    assert "61,480.00" in page and "sixty-one thousand four hundred eighty" in page
    assert "sesenta y un mil cuatrocientos ochenta dólares" in page
    assert obligation(server).balance_minor == 6 * MILLION - 6_148_000

    # 10. more than there is: refused with the balance; the obligation is raised by seven million
    too_much = example("disbursement-receipt")
    r = too_much.disbursement_receipt
    r.obligation, r.amount_minor = "obligations/O-1", 6 * MILLION
    del r.lines[1:]
    r.lines[0].quantity_thousandths, r.lines[0].unit_price_minor, r.lines[0].amount_minor = 1000, 6 * MILLION, 6 * MILLION
    found = refused(lambda: finance.issuance.IssueDocument(too_much, timeout=60), "FAILED_PRECONDITION", "BALANCE_EXCEEDED")
    assert "593852000" in str(found) or "5,938,520.00" in str(found) or "5938520.00" in str(found), found
    raised = finance.funding.AmendObligation(P.AmendObligationRequest(
        request_id=str(uuid.uuid4()), name="obligations/O-1", amendment=0, change_minor=7 * MILLION), timeout=60).obligation
    assert (raised.amendment, raised.balance_minor) == (1, 13 * MILLION - 6_148_000)

    # 11. the letter is damaged: copy 2; who holds copy 1 is stopped
    second_copy = case.issuance.ReissueDocument(issuance_pb2.ReissueDocumentRequest(
        request_id=str(uuid.uuid4()), number=letter.document.number, version=1, reason=D.STATE_REASON_DAMAGED), timeout=60)
    assert verify(server, second_copy.pdf).verdict == Report.VERDICT_VALID
    assert Report.REASON_COPY_REPLACED in verify(server, letter.pdf).reasons
    assert tablet.judge(seal_of(letter.document), hours=31) == (4, "CHECK", ["STATUS_STALE"])  # far away, an old bundle
    tablet.fetch()
    assert tablet.judge(seal_of(letter.document)) == (1, "INVALID", ["SUPERSEDED"])
    assert tablet.judge(seal_of(second_copy.document)) == (0, "VALID", [])

    # 12. the auditor recomputes everything: rows, numbers, balances, log and journal
    server.stop()
    d = server.dir
    done = subprocess.run([str(server.build / "bin/salvo"), "audit", "--registry", str(d / "registry.db"), "--key-file",
                           str(d / "registry.key"), "--master-key-file", str(d / "master.key"), "--log-key",
                           str(server.authority.path / "log.vkey"), "--journal", str(d / "signer.journal")],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert held.name and "0 faults" in done.stdout
    server.start()
