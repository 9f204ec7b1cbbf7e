"""Two connections at once: while one act is between its reservation and its end, another one changes what it rests on. The
signer is stopped to hold the first act there; whichever came first, nobody who is protected is on paper in force."""

import contextlib
import os
import pathlib
import signal
import threading
import time
import uuid

import grpc
from boarding_test import closing, current, flight, hold, mark, send
from conftest import document_pb2, example, issuance_pb2, operations_pb2, registry_pb2, renew

D, P = document_pb2.Document, operations_pb2
LETTER = document_pb2.SafeConduct


def signer_of(server):
    for _ in range(300):
        tasks = pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/children")
        children = " ".join(t.read_text() for t in tasks).split()
        if children:
            return int(children[0])
        time.sleep(0.02)
    raise RuntimeError("no signer")


class Act(threading.Thread):
    """A call on a connection of its own; its answer or its failure."""

    def __init__(self, call):
        super().__init__()
        self.call, self.answer, self.error = call, None, None
        self.start()

    def run(self):
        try:
            self.answer = self.call()
        except grpc.RpcError as error:
            self.error = error

    def end(self):
        self.join(60)
        assert not self.is_alive()
        return self.answer


@contextlib.contextmanager
def between(server, call, reached):
    """Runs the block while `call` is between its two transactions: the signer stands still, and `reached` tells that the
    first one is over."""
    pid = signer_of(server)
    os.kill(pid, signal.SIGSTOP)
    act = Act(call)
    try:
        for _ in range(400):
            if reached() or not act.is_alive():
                break
            time.sleep(0.02)
        assert act.is_alive(), (act.answer, act.error)
        yield act
    finally:
        os.kill(pid, signal.SIGCONT)
        act.join(60)


def reserved(server, role, kind, more=0):
    """Whether there are more reservations of a kind than before."""
    query = registry_pb2.ListDocumentsRequest(kind=kind, state=D.STATE_RESERVED)
    return lambda: len(server.client(role).registry.ListDocuments(query, timeout=30).documents) > more


def manifest_request(server):
    occupants, _ = flight(server)  # somebody whose facts are on record, on a flight that nobody takes
    request = example("flight-manifest")
    del request.flight_manifest.occupants[:]
    request.flight_manifest.occupants.extend(occupants)
    return occupants, request


def held(error):
    return error is not None and error.code() == grpc.StatusCode.FAILED_PRECONDITION and error.details().startswith("HOLD")


def protecting(occupant):
    request = example("safe-conduct")
    request.safe_conduct.purpose = LETTER.PURPOSE_PROTECTION_STAY
    portrait = request.safe_conduct.holder.portrait_jpeg
    request.safe_conduct.holder.CopyFrom(occupant.person)
    request.safe_conduct.holder.portrait_jpeg = portrait
    request.safe_conduct.identity_document.CopyFrom(occupant.travel_document)
    return request


def issue(server, role, request):
    return lambda: server.client(role).issuance.IssueDocument(request, timeout=60)


MANIFEST, SAFE_CONDUCT = document_pb2.DOCUMENT_KIND_FLIGHT_MANIFEST, document_pb2.DOCUMENT_KIND_SAFE_CONDUCT


def test_a_hold_between_reserving_and_finalising_keeps_the_manifest_from_being(server):
    occupants, request = manifest_request(server)
    with between(server, issue(server, "flight", request), reserved(server, "flight", MANIFEST)) as act:
        hold(server, occupants[1])
    assert act.end() is None and held(act.error), act.answer


def test_a_letter_that_protects_between_the_two_keeps_it_from_being(server):
    occupants, request = manifest_request(server)
    with between(server, issue(server, "flight", request), reserved(server, "flight", MANIFEST)) as act:
        letter = Act(issue(server, "case", protecting(occupants[1])))
        reserved_letter = reserved(server, "case", SAFE_CONDUCT)
        for _ in range(200):
            if reserved_letter():
                break
            time.sleep(0.02)
    made = letter.end()
    assert made and made.document.state == D.STATE_ISSUED, letter.error
    first = act.end()
    # whichever was finalised first: the manifest never was, or it is suspended
    if first:
        assert current(server, first.document.number).state == D.STATE_SUSPENDED
    else:
        assert held(act.error), act.error


def test_a_hold_after_finalising_suspends_and_before_reserving_refuses(server):
    occupants, request = manifest_request(server)
    issued = issue(server, "flight", request)()
    hold(server, occupants[0])
    assert current(server, issued.document.number).state == D.STATE_SUSPENDED
    again = example("flight-manifest")
    again.flight_manifest.CopyFrom(request.flight_manifest)
    act = Act(issue(server, "flight", again))
    assert act.end() is None and held(act.error)


def test_a_hold_between_asking_to_close_and_closing_leaves_the_manifest_open_and_suspended(server):
    occupants, issued = flight(server)
    number = issued.document.number
    for o in occupants:
        send(server, mark(number, o, "BOARDED"))
    call = lambda: server.client("gate").boarding.CloseManifest(closing(number, 1, len(occupants)), timeout=60)
    with between(server, call, reserved(server, "flight", MANIFEST)) as act:
        hold(server, occupants[2])
    assert act.end() is None and held(act.error), act.answer
    assert current(server, number).state == D.STATE_SUSPENDED


def test_a_hold_on_somebody_else_while_one_is_offloaded_suspends_the_version_that_follows(server):
    occupants, issued = flight(server)
    number = issued.document.number
    call = lambda: send(server, mark(number, occupants[0], "OFFLOADED"))
    with between(server, call, reserved(server, "flight", MANIFEST)) as act:
        hold(server, occupants[1])
    act.end()
    now = current(server, number)
    assert now.state == D.STATE_SUSPENDED and (now.version == 2 or act.error), (now, act.error)


def test_a_hold_on_the_one_who_is_being_offloaded_leaves_the_next_version_in_force(server):
    occupants, issued = flight(server)
    number = issued.document.number
    call = lambda: send(server, mark(number, occupants[0], "OFFLOADED"))
    with between(server, call, reserved(server, "flight", MANIFEST)) as act:
        hold(server, occupants[0])
    answer = act.end()
    assert answer and answer.manifest.version == 2, act.error
    assert current(server, number).state == D.STATE_ISSUED


def test_two_letters_of_a_kind_for_one_person_at_once_become_one(server):
    request = example("safe-conduct")
    renew(request.safe_conduct.holder, request.safe_conduct.identity_document)
    twin = issuance_pb2.IssueDocumentRequest()
    twin.CopyFrom(request)
    twin.request_id = str(uuid.uuid4())
    with between(server, issue(server, "case", request), reserved(server, "case", SAFE_CONDUCT)) as first:
        second = Act(issue(server, "case", twin))
        query = registry_pb2.ListDocumentsRequest(kind=SAFE_CONDUCT, state=D.STATE_RESERVED)
        for _ in range(200):
            if len(server.client("case").registry.ListDocuments(query, timeout=30).documents) == 2 or not second.is_alive():
                break
            time.sleep(0.02)
    answers = [first.end(), second.end()]
    assert sum(a is not None for a in answers) == 1, (first.error, second.error)
    assert held(first.error or second.error)


def test_two_versions_of_a_manifest_at_once_become_one(server):
    occupants, issued = flight(server)
    requests = []
    for seat in ("28A", "28B"):
        request = example("flight-manifest", supersedes=issued.document.number, supersedes_version=1)
        del request.flight_manifest.occupants[:]
        request.flight_manifest.occupants.extend(occupants)
        request.flight_manifest.version_reason = D.STATE_REASON_CORRECTION
        request.flight_manifest.occupants[0].seat = seat
        requests.append(request)
    with between(server, issue(server, "flight", requests[0]), reserved(server, "flight", MANIFEST)) as first:
        second = Act(issue(server, "flight", requests[1]))
        assert second.end() is None and second.error.code() == grpc.StatusCode.ABORTED
    assert first.end().document.version == 2
