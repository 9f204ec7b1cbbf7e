"""Non-refoulement over the wire: what keeps a person off a flight, and what a hold does to manifests in force."""

import copy
import threading
import uuid

import grpc
import pytest
from conftest import (document_pb2, example, fact, operations_pb2, record_facts, refused, registry_pb2, renew,
                      verification_pb2)

D, P = document_pb2.Document, operations_pb2


def one_passenger(server, role="flight", recorded=True, **person):
    """A manifest with one passenger whom nobody else is, and the crew."""
    request = example("flight-manifest")
    manifest = request.flight_manifest
    passenger = manifest.occupants[0]
    del manifest.occupants[1:]
    renew(passenger.person, passenger.travel_document)
    passenger.person.surname = "ZÚÑIGA " + "".join(chr(65 + int(c, 16)) for c in uuid.uuid4().hex[:10])
    for key, value in person.items():
        setattr(passenger.person, key, value)
    if recorded:
        record_facts(server, request, role)
    return request


def hold_on(passenger, **fields):
    return P.PlaceHoldRequest(request_id=str(uuid.uuid4()), person=passenger.person, cause=P.Hold.CAUSE_PENDING_CLAIM,
                              travel_document=passenger.travel_document, **fields)


def state(server, number):
    return server.client("flight").registry.GetDocument(registry_pb2.GetDocumentRequest(number=number)).document.state


def lift(server, passenger, name, officers=("protection", "protection2")):
    decision = fact("DECISION", passenger, reference=f"D-{uuid.uuid4().hex}")
    made = server.client("protection").protection.RecordFact(decision).fact
    answers = []
    for officer in officers:
        answers.append(server.client(officer).protection.LiftHold(P.LiftHoldRequest(
            request_id=str(uuid.uuid4()), name=name, decision_fact=made)))
    return answers


def test_a_hold_suspends_the_manifest_and_two_officers_end_it(server):
    request = one_passenger(server)
    passenger = request.flight_manifest.occupants[0]
    issued = server.client("flight").issue(request)
    number = issued.document.number
    desk = server.client("protection").protection
    place = hold_on(passenger)
    placed = desk.PlaceHold(place)
    assert placed.suspended_manifests == 1 and placed.hold.confirmed and not placed.hold.HasField("person")
    assert desk.PlaceHold(place) == placed
    assert state(server, number) == D.STATE_SUSPENDED
    report = server.client("gate").verify(issued.pdf)
    assert report.verdict == verification_pb2.VerificationReport.VERDICT_HOLD
    shown = desk.GetHold(P.GetHoldRequest(name=placed.hold.name)).hold
    assert shown.person.surname == passenger.person.surname
    assert shown.travel_document.number == passenger.travel_document.number
    refused(lambda: lift(server, passenger, placed.hold.name, ("protection", "protection")), "PERMISSION_DENIED",
            "ROLE_MISSING")
    assert state(server, number) == D.STATE_SUSPENDED
    second = lift(server, passenger, placed.hold.name, ("protection2",))
    assert not second[0].pending_second_officer and second[0].hold.HasField("lift_time")
    assert state(server, number) == D.STATE_ISSUED
    assert server.client("flight").issue(one_passenger(server)).document.number


def test_held_claiming_protected_and_unknown_persons_get_the_same_bytes(server):
    held, claim, letter, unknown = (one_passenger(server, recorded=i != 3) for i in range(4))
    server.client("protection").protection.PlaceHold(hold_on(held.flight_manifest.occupants[0]))
    claimed = server.client("flight").protection.RecordFact(
        fact("SCREENING_CLAIM", claim.flight_manifest.occupants[0], language="es"))
    assert claimed.hold.name.startswith("holds/")
    stay = example("safe-conduct")
    stay.safe_conduct.holder.CopyFrom(letter.flight_manifest.occupants[0].person)
    stay.safe_conduct.identity_document.CopyFrom(letter.flight_manifest.occupants[0].travel_document)
    server.client("case").issue(stay)
    said = set()
    for request in (held, claim, letter, unknown):
        with pytest.raises(grpc.RpcError) as caught:
            server.client("flight").issue(request)
        trailers = {k: v for k, v in caught.value.trailing_metadata() if k == "grpc-status-details-bin"}
        said.add((caught.value.code(), caught.value.details(), trailers["grpc-status-details-bin"]))
    assert len(said) == 1 and next(iter(said))[1] == "HOLD: call the duty protection officer"


def test_a_rule_that_rests_on_no_registry_is_told_only_when_nobody_is_held(server):
    request = one_passenger(server, recorded=False)
    passenger = request.flight_manifest.occupants[0]
    record = server.client("flight").protection.RecordFact
    record(fact("SCREENING_NO_CLAIM", passenger, language="es"))
    record(fact("ADMISSION_GUARANTEE", passenger, reference="A-1"))
    found = refused(lambda: server.client("flight").issue(request), "FAILED_PRECONDITION", "RULE_UNMET")
    assert "NR-04" in str(found)
    record(fact("DECISION", passenger, reference=f"D-{passenger.travel_document.number}"))
    assert server.client("flight").issue(request).document.state == D.STATE_ISSUED
    # the same decision for a second person is no individual decision for either
    other = one_passenger(server, recorded=False)
    record(fact("DECISION", other.flight_manifest.occupants[0], reference=f"D-{passenger.travel_document.number}"))
    record(fact("SCREENING_NO_CLAIM", other.flight_manifest.occupants[0], language="es"))
    record(fact("ADMISSION_GUARANTEE", other.flight_manifest.occupants[0], reference="A-2"))
    found = refused(lambda: server.client("flight").issue(other), "FAILED_PRECONDITION", "RULE_UNMET")
    assert "NR-04" in str(found)


def test_a_fact_of_another_person_or_authority_serves_nobody(server):
    request = one_passenger(server)
    stranger = one_passenger(server, recorded=False).flight_manifest.occupants[0]
    made = server.client("flight").protection.RecordFact(fact("DECISION", stranger, reference="D-x")).fact
    request.flight_manifest.occupants[0].facts.append(made)
    refused(lambda: server.client("flight").issue(request), "FAILED_PRECONDITION", "RULE_UNMET")
    elsewhere = one_passenger(server, role="treasury")
    refused(lambda: server.client("flight").issue(elsewhere), "FAILED_PRECONDITION", "HOLD")


def test_a_likeness_is_a_hold_until_the_desk_tells_the_two_apart(server):
    held = one_passenger(server, recorded=False, surname="QUISPE VALDEZ", given_names="YUSUF HASSAN")
    server.client("protection").protection.PlaceHold(hold_on(held.flight_manifest.occupants[0]))
    like = one_passenger(server, recorded=False, surname="KISPE BALDES", given_names="YUSSUF HASAN")
    passenger = like.flight_manifest.occupants[0]
    passenger.person.birth_date = held.flight_manifest.occupants[0].person.birth_date
    record_facts(server, like)
    refused(lambda: server.client("flight").issue(like), "FAILED_PRECONDITION", "HOLD")
    desk = server.client("protection").protection
    near = [h for h in desk.ListHolds(P.ListHoldsRequest(page_size=100)).holds if h.cause == P.Hold.CAUSE_NEAR_MATCH
            and h.person.surname == "KISPE BALDES"]
    assert len(near) == 1 and near[0].near_match_of.startswith("holds/") and not near[0].confirmed
    lift(server, passenger, near[0].name)
    like.request_id = str(uuid.uuid4())
    assert server.client("flight").issue(like).document.state == D.STATE_ISSUED


def test_a_letter_or_a_likeness_that_comes_later_suspends_too(server):
    request = one_passenger(server)
    passenger = request.flight_manifest.occupants[0]
    number = server.client("flight").issue(request).document.number
    like = example("safe-conduct")
    like.safe_conduct.holder.CopyFrom(passenger.person)
    like.safe_conduct.holder.surname = passenger.person.surname.replace("Z", "S", 1)
    server.client("case").issue(like)
    assert state(server, number) == D.STATE_SUSPENDED
    desk = server.client("protection").protection
    near = [h for h in desk.ListHolds(P.ListHoldsRequest(page_size=100)).holds if h.manifest_number == number]
    assert [h.occupant_id for h in near] == [passenger.occupant_id]
    lift(server, passenger, near[0].name)
    assert state(server, number) == D.STATE_ISSUED


def test_a_person_has_one_letter_of_a_kind(server):
    first = example("safe-conduct")
    server.client("case").issue(first)
    second = copy.deepcopy(first)
    second.request_id = str(uuid.uuid4())
    refused(lambda: server.client("case").issue(second), "FAILED_PRECONDITION", "HOLD")
    second.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT
    assert server.client("case").issue(second).document.number


def test_alarms_come_to_the_desk_of_the_authority_as_they_are_raised(server):
    request = one_passenger(server)
    number = server.client("flight").issue(request).document.number
    stream = server.client("protection").protection.WatchAlarms(P.WatchAlarmsRequest(), timeout=60)
    threading.Timer(0.5, lambda: server.client("protection2").protection.PlaceHold(
        hold_on(request.flight_manifest.occupants[0]))).start()
    alarm = next(a for a in stream if a.manifest_number == number)
    stream.cancel()
    assert alarm.occupant_id == request.flight_manifest.occupants[0].occupant_id and alarm.event > 0
    refused(lambda: list(server.client("flight").protection.WatchAlarms(P.WatchAlarmsRequest())), "PERMISSION_DENIED",
            "ROLE_MISSING")


def test_holds_of_one_caller_end_at_a_number_and_a_claim_never_does(server):
    passenger = one_passenger(server, recorded=False).flight_manifest.occupants[0]
    placed = 0
    with pytest.raises(grpc.RpcError):
        while placed < 25:
            assert not server.client("flight").protection.PlaceHold(hold_on(passenger)).hold.confirmed
            placed += 1
    assert 10 < placed <= 20
    refused(lambda: server.client("flight").protection.PlaceHold(hold_on(passenger)), "RESOURCE_EXHAUSTED",
            "LIMIT_EXCEEDED")
    claimed = server.client("flight").protection.RecordFact(fact("SCREENING_CLAIM", passenger, language="es"))
    assert claimed.hold.name


def test_roles_requests_and_other_authorities(server):
    passenger = one_passenger(server, recorded=False).flight_manifest.occupants[0]
    place = hold_on(passenger)
    hold = server.client("protection").protection.PlaceHold(place).hold
    place.cause = P.Hold.CAUSE_APPEAL
    refused(lambda: server.client("protection").protection.PlaceHold(place), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")
    get = P.GetHoldRequest(name=hold.name)
    refused(lambda: server.client("flight").protection.GetHold(get), "PERMISSION_DENIED", "ROLE_MISSING")
    refused(lambda: server.client("gate").protection.PlaceHold(hold_on(passenger)), "PERMISSION_DENIED", "ROLE_MISSING")
    refused(lambda: server.client("protection").protection.GetHold(P.GetHoldRequest(name="holds/none")), "NOT_FOUND",
            "NOT_FOUND")
    empty = P.RecordFactRequest(request_id="x", kind=P.RecordFactRequest.KIND_DECISION)
    found = refused(lambda: server.client("flight").protection.RecordFact(empty), "INVALID_ARGUMENT", "FIELD_INVALID")
    paths = {v.field for v in found["BadRequest"].field_violations}
    assert paths >= {"request_id", "person.surname", "person.birth_date", "fact_time", "reference"}
