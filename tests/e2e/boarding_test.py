"""The gate: checking, marking on line and late, what an offload makes of the paper, and the end of a manifest."""

import copy
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import threading
import time
import uuid

import grpc
import pytest
from conftest import (LONG, Server, document_pb2, example, facts_of, operations_pb2, refused, registry_pb2, renew,
                      verification_pb2)
from google.protobuf import json_format

D, P = document_pb2.Document, operations_pb2
Mark = P.MarkOccupantRequest
Report = verification_pb2.VerificationReport


def flight(server, passengers=3, screened_until=None, **changes):
    """A manifest in force with passengers whom nobody else is: its lines, and what was issued."""
    request = example("flight-manifest", **changes)
    manifest = request.flight_manifest
    while len(manifest.occupants) < passengers:
        manifest.occupants.add().CopyFrom(manifest.occupants[0])
    del manifest.occupants[passengers:]
    manifest.seats = max(manifest.seats, passengers)
    for i, o in enumerate(manifest.occupants if passengers > 20 else []):
        o.occupant_id, o.seat = f"X{i}", f"{1 + i // 6}{'ABCDEF'[i % 6]}"
    for o in manifest.occupants:
        renew(o.person, o.travel_document)
        o.role = document_pb2.FlightManifest.Occupant.ROLE_RETURNEE
        o.person.surname = "ZÚÑIGA " + "".join(chr(65 + int(c, 16)) for c in uuid.uuid4().hex[:10])
    for one in facts_of(request):
        if screened_until and one.kind == P.RecordFactRequest.KIND_SCREENING_NO_CLAIM:
            one.fact_time.FromMicroseconds(int((screened_until - 30 * 86400) * 10**6))  # as long as policy says
        server.client("flight").protection.RecordFact(one, timeout=60)
    issued = server.client("flight").issue(request)
    assert issued.document.state == D.STATE_ISSUED
    return manifest.occupants, issued


def mark(number, occupant, word, at=None, version=1, device="gate-1", **changes):
    request = Mark(request_id=str(uuid.uuid4()), manifest_number=number, manifest_version=version,
                   occupant_id=occupant.occupant_id, mark=f"MARK_{word}", device_id=device)
    request.mark_time.FromNanoseconds(int((time.time() if at is None else at) * 10**9))
    for key, value in changes.items():
        setattr(request, key, value)
    return request


def check(server, number, **bearer):
    return server.client("gate").boarding.CheckOccupant(P.CheckOccupantRequest(manifest_number=number, **bearer),
                                                        timeout=60)


def send(server, request):
    return server.client("gate").boarding.MarkOccupant(request, timeout=60)


def closing(number, version, heads):
    return P.CloseManifestRequest(request_id=str(uuid.uuid4()), manifest_number=number, manifest_version=version,
                                  expected_boarded=heads)


def close(server, request):
    return server.client("gate").boarding.CloseManifest(request, timeout=60)


def current(server, number):
    return server.client("flight").registry.GetDocument(registry_pb2.GetDocumentRequest(number=number)).document


def hold(server, occupant):
    return server.client("protection").protection.PlaceHold(P.PlaceHoldRequest(
        request_id=str(uuid.uuid4()), person=occupant.person, cause=P.Hold.CAUSE_PENDING_CLAIM,
        travel_document=occupant.travel_document), timeout=60)


def rows(server, statement, *values):
    db = sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True)
    try:
        return db.execute(statement, values).fetchall()
    finally:
        db.close()


def alarms(server, number):
    """Occupants of a manifest about whom the desk was alarmed, without waiting for those that don't come."""
    return [o for (o,) in rows(server, "SELECT occupant_id FROM events WHERE topic = 2 AND number = ?", number)]


def digit(text):
    values = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    return str(sum(values.get(c, 0) * (7, 3, 1)[i % 3] for i, c in enumerate(text)) % 10)


def zone(occupant, width):
    """The bearer's passport (TD3, MRV-A: 44), card (TD1: 30) or TD2 (36) as a scanner reads it."""
    d, birth = occupant.travel_document, occupant.person.birth_date.replace("-", "")[2:]
    number, state = d.number.ljust(9, "<"), d.issuing_state.ljust(3, "<")
    dated = birth + digit(birth) + "F" + "310630" + digit("310630")
    if width == 30:
        upper = f"I<{state}{number}{digit(number)}".ljust(30, "<")
        lower = (dated + state).ljust(29, "<")
        return f"{upper}\n{lower}{digit(upper[5:30] + lower[:7] + lower[8:15] + lower[18:29])}\n{'ZUNIGA<<ANA'.ljust(30, '<')}"
    code, optional = ("P<", width - 30) if width in (44, 36) else ("V<", 16)
    upper = f"{code}{state}ZUNIGA<<ANA".ljust(44 if width == 45 else width, "<")
    lower = number + digit(number) + state + dated
    if width == 45:
        return f"{upper}\n{lower.ljust(44, '<')}"
    if width == 44:
        lower += "<" * 14 + "0"
    else:
        lower += "<" * 7
    return f"{upper}\n{lower}{digit(lower[:10] + lower[13:20] + lower[21:])}"


def page_text(pdf, path):
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, check=True).stdout.decode()


def test_the_bearer_is_found_by_any_zone_and_by_the_line(server):
    occupants, issued = flight(server)
    number, first = issued.document.number, occupants[0]
    for width in (30, 36, 44, 45):
        found = check(server, number, mrz=zone(first, width))
        assert found.listed and found.occupant_id == first.occupant_id and "version 1" in found.headline, width
    assert check(server, number, occupant_id=first.occupant_id).listed
    stranger = copy.deepcopy(first)
    renew(stranger.person, stranger.travel_document)
    assert not check(server, number, mrz=zone(stranger, 44)).listed
    misread = zone(first, 44).replace(digit("310630") + "<", str((int(digit("310630")) + 1) % 10) + "<")
    found = refused(lambda: check(server, number, mrz=misread), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == ["mrz"]
    refused(lambda: check(server, number), "INVALID_ARGUMENT", "FIELD_INVALID")
    refused(lambda: check(server, "M26ZZZZZZ", occupant_id="P0001"), "NOT_FOUND", "NOT_FOUND")
    elsewhere = mark(number, first, "OFFLOADED")
    refused(lambda: server.client("treasury").boarding.MarkOccupant(elsewhere), "PERMISSION_DENIED", "ROLE_MISSING")
    refused(lambda: server.client("case").boarding.CheckOccupant(
        P.CheckOccupantRequest(manifest_number=number, occupant_id="P0001")), "PERMISSION_DENIED", "ROLE_MISSING")


def test_a_held_person_is_answered_as_one_who_is_nobody(server):
    occupants, issued = flight(server)
    number = issued.document.number
    unlisted = check(server, number, occupant_id="nobody")
    hold(server, occupants[0])
    began = time.monotonic()
    held = check(server, number, occupant_id=occupants[0].occupant_id)
    assert time.monotonic() - began > 0.05  # on the grid of 100 ms
    by_zone = check(server, number, mrz=zone(occupants[0], 44))
    assert held.SerializeToString() == unlisted.SerializeToString() == by_zone.SerializeToString() and not held.listed
    assert occupants[0].occupant_id in alarms(server, number)
    said = set()
    for o in occupants[:2]:  # the manifest is suspended: for everybody alike
        with pytest.raises(grpc.RpcError) as caught:
            send(server, mark(number, o, "BOARDED"))
        said.add((caught.value.code(), caught.value.details()))
    assert said == {(grpc.StatusCode.FAILED_PRECONDITION, "HOLD: call the duty protection officer")}


def test_an_offload_is_a_version_that_does_not_name_the_person(server, tmp_path):
    occupants, issued = flight(server)
    number, gone = issued.document.number, occupants[1]
    first = page_text(issued.pdf, tmp_path / "1.pdf")
    name = gone.person.surname.split()[1]
    assert name in first
    request = mark(number, gone, "OFFLOADED")
    made = send(server, request).manifest
    assert (made.version, made.state, made.supersedes) == (2, D.STATE_ISSUED, number)
    again = send(server, request)
    assert again.manifest == made and again.known
    second = page_text(server.client("flight").download(number), tmp_path / "2.pdf")
    assert name not in second
    lines = lambda text: {name: line for line, name in re.findall(r"(?m)^\s*(\d+)\s+ZÚÑIGA (\w+)", text)}
    assert lines(first).pop(name) and lines(second) == {k: v for k, v in lines(first).items() if k != name}
    assert len(lines(second)) == len(occupants) - 1, "a line keeps its number"
    record = server.client("flight").download(number, view=registry_pb2.DownloadDocumentRequest.VIEW_RECORD)
    assert name.encode() not in record and gone.occupant_id.encode() in record
    assert occupants[0].person.surname.split()[1] in second and second.count("OFFLOADED") == first.count("OFFLOADED") + 1
    old = server.client("flight").registry.GetDocument(registry_pb2.GetDocumentRequest(number=number, version=1)).document
    assert (old.state, old.state_reason) == (D.STATE_SUPERSEDED, D.STATE_REASON_OFFLOAD)
    report = server.client("gate").verify(issued.pdf)
    assert report.verdict == Report.VERDICT_INVALID and "SUPERSEDED" in str(report).upper(), report
    assert server.client("gate").verify(server.client("flight").download(number)).verdict == Report.VERDICT_VALID
    assert check(server, number, mrz=zone(occupants[0], 44)).listed
    assert not check(server, number, mrz=zone(gone, 44)).listed
    seal = server.client("flight").registry.GetDocument(registry_pb2.GetDocumentRequest(number=number)).document.visible_seals[1]
    judge = server.client("gate").verification.VerifySeal
    ask = lambda o: judge(verification_pb2.VerifySealRequest(seal=seal.seal, holder_mrz=zone(o, 44))).report.verdict
    assert ask(occupants[0]) == Report.VERDICT_VALID and ask(gone) != Report.VERDICT_VALID


def test_marks_are_refused_by_field(server):
    occupants, issued = flight(server, 1)
    number, now = issued.document.number, time.time()
    for request, field in ((mark(number, occupants[0], "BOARDED", now + 3600), "mark_time"),
                           (mark(number, occupants[0], "BOARDED", now - 3600), "mark_time"),
                           (mark(number, occupants[0], "BOARDED", device=""), "device_id"),
                           (mark(number, occupants[0], "UNSPECIFIED"), "mark"),
                           (mark(number, occupants[0], "BOARDED", version=0), "manifest_version"),
                           (mark(number, occupants[0], "BOARDED", occupant_id="nobody"), "occupant_id"),
                           (mark(number, occupants[0], "BOARDED", request_id="1"), "request_id")):
        found = refused(lambda: send(server, request), "INVALID_ARGUMENT", "FIELD_INVALID")
        assert [v.field for v in found["BadRequest"].field_violations] == [field]
    refused(lambda: send(server, mark(number, occupants[0], "BOARDED", version=7)), "ABORTED", "VERSION_CHANGED")
    request = mark(number, occupants[0], "BOARDED")
    assert send(server, request) == P.MarkOccupantResponse()
    assert send(server, request) == P.MarkOccupantResponse(known=True)
    request.device_id = "gate-2"
    refused(lambda: send(server, request), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")


def test_the_latest_word_holds_in_whatever_order_it_comes(server):
    """Of all orders of the same marks the outcome is one."""
    outcomes = set()
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)):
        occupants, issued = flight(server, 1)
        number, now = issued.document.number, time.time()
        marks = [mark(number, occupants[0], "CHECKED", now - 3), mark(number, occupants[0], "BOARDED", now - 2),
                 mark(number, occupants[0], "OFFLOADED", now - 1)]
        for i in order:
            send(server, marks[i])
            send(server, marks[i])
        outcomes.add((current(server, number).version, len(alarms(server, number))))
    assert outcomes == {(2, 0)}


def test_who_boards_after_his_offload_is_a_conflict_that_the_desk_hears_of(server):
    occupants, issued = flight(server, 2)
    number, now = issued.document.number, time.time()
    assert send(server, mark(number, occupants[0], "OFFLOADED", now - 20)).manifest.version == 2
    late = mark(number, occupants[0], "BOARDED", now - 10, device="gate-2")
    for _ in range(2):
        refused(lambda: send(server, late), "ABORTED", "VERSION_CHANGED")
    # the other way round: he is aboard, and stays on
    send(server, mark(number, occupants[1], "BOARDED", now - 10, 2))
    assert not send(server, mark(number, occupants[1], "OFFLOADED", now - 20, 2, "gate-2")).HasField("manifest")
    assert sorted(alarms(server, number)) == sorted(o.occupant_id for o in occupants)
    assert current(server, number).version == 2
    # somebody aboard whom the manifest does not name: nothing is closed
    refused(lambda: close(server, closing(number, 2, 1)), "FAILED_PRECONDITION", "HEAD_COUNT")
    assert send(server, mark(number, occupants[0], "OFFLOADED", now - 5)).manifest.version == 2
    assert close(server, closing(number, 2, 1)).manifest.state == D.STATE_CLOSED


def test_offloads_at_once_are_all_in_force_when_they_are_answered(server, tmp_path):
    occupants, issued = flight(server, 6)
    number, seen = issued.document.number, {}

    def offload(o):
        made = send(server, mark(number, o, "NO_SHOW")).manifest
        seen[o.occupant_id] = made.version
        assert not check(server, number, occupant_id=o.occupant_id).listed

    threads = [threading.Thread(target=offload, args=(o,)) for o in occupants[:4]]
    [t.start() for t in threads]
    [t.join(60) for t in threads]
    assert sorted(seen.values()) == [2, 3, 4, 5] and current(server, number).version == 5
    text = page_text(server.client("flight").download(number), tmp_path / "m.pdf")
    assert [o.person.surname.split()[1] in text for o in occupants] == [False] * 4 + [True] * 2
    # the others may go too: the version that names nobody is in force, and closes with no heads
    for o in occupants[4:]:
        send(server, mark(number, o, "REFUSED", version=5))
    assert current(server, number).state == D.STATE_ISSUED
    assert close(server, closing(number, 7, 0)).manifest.state == D.STATE_CLOSED


@pytest.mark.skipif(not LONG, reason="255 versions")
def test_where_the_versions_are_used_up_a_mark_is_kept_and_the_closing_says_it(server):
    occupants, issued = flight(server, 130)
    number = issued.document.number
    for asked in range(2, 128):  # a caller's corrections
        correction = example("flight-manifest", supersedes=number, supersedes_version=asked - 1)
        del correction.flight_manifest.occupants[:]
        correction.flight_manifest.occupants.extend(occupants)
        correction.flight_manifest.seats = 130
        assert server.client("flight").issue(correction).document.version == asked
    for i, o in enumerate(occupants[:127]):
        assert send(server, mark(number, o, "OFFLOADED", version=127)).manifest.version == 128 + i
    late = mark(number, occupants[127], "OFFLOADED", version=127)
    for _ in range(2):
        refused(lambda: send(server, late), "RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED")
    assert current(server, number).version == 254
    assert not check(server, number, occupant_id=occupants[127].occupant_id).listed
    for o in occupants[128:]:
        assert check(server, number, occupant_id=o.occupant_id).listed
        send(server, mark(number, o, "BOARDED", version=127))
    closed = close(server, closing(number, 254, 2)).manifest
    assert (closed.version, closed.state) == (255, D.STATE_CLOSED)


def test_a_hold_while_boarding_ends_with_the_offload_of_that_person(server):
    occupants, issued = flight(server)
    number = issued.document.number
    send(server, mark(number, occupants[0], "BOARDED"))
    assert hold(server, occupants[1]).suspended_manifests == 1
    hold(server, occupants[2])
    refused(lambda: close(server, closing(number, 1, 1)), "FAILED_PRECONDITION", "HOLD")
    assert send(server, mark(number, occupants[1], "OFFLOADED")).manifest.state == D.STATE_SUSPENDED
    assert send(server, mark(number, occupants[2], "OFFLOADED", version=2)).manifest.state == D.STATE_ISSUED
    assert check(server, number, occupant_id=occupants[0].occupant_id).listed
    closed = close(server, closing(number, 3, 1))
    assert closed.manifest.state == D.STATE_CLOSED


def test_a_manifest_closes_with_the_right_count_once_and_for_all(server, tmp_path):
    occupants, issued = flight(server)
    number = issued.document.number
    send(server, mark(number, occupants[0], "BOARDED"))
    found = refused(lambda: close(server, closing(number, 1, 1)), "FAILED_PRECONDITION", "HEAD_COUNT")
    assert {o.occupant_id in str(found) for o in occupants[1:]} == {True}
    send(server, mark(number, occupants[1], "BOARDED"))
    send(server, mark(number, occupants[2], "NO_SHOW"))
    refused(lambda: close(server, closing(number, 2, 3)), "FAILED_PRECONDITION", "HEAD_COUNT")
    refused(lambda: close(server, closing(number, 1, 2)), "ABORTED", "VERSION_CHANGED")
    request = closing(number, 2, 2)
    closed = close(server, request)
    assert (closed.manifest.version, closed.manifest.state) == (3, D.STATE_CLOSED)
    assert close(server, request) == closed
    request.expected_boarded = 3
    refused(lambda: close(server, request), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")
    text = page_text(closed.pdf, tmp_path / "m.pdf")
    assert [o.person.surname.split()[1] in text for o in occupants] == [True, True, False]
    assert server.client("gate").verify(closed.pdf).verdict == Report.VERDICT_VALID
    refused(lambda: send(server, mark(number, occupants[0], "OFFLOADED", version=3)), "FAILED_PRECONDITION", "NOT_ISSUED")
    refused(lambda: close(server, closing(number, 3, 2)), "FAILED_PRECONDITION", "NOT_ISSUED")
    again = example("flight-manifest", supersedes=number, supersedes_version=3)
    refused(lambda: server.client("flight").issue(again), "ABORTED", "VERSION_CHANGED")
    assert not check(server, number, occupant_id=occupants[0].occupant_id).listed


def test_what_a_line_rests_on_has_to_hold_at_the_check_and_at_the_end(server):
    for seconds in (4, 20, 80):  # a busy machine needs longer to get everybody aboard
        try:
            until = time.time() + seconds
            occupants, issued = flight(server, 2, screened_until=until)
            number = issued.document.number
            for o in occupants:
                send(server, mark(number, o, "BOARDED"))
            break
        except grpc.RpcError:
            assert time.time() > until and seconds < 80
    wait_for(lambda: time.time() > until, 90)
    assert not check(server, number, occupant_id=occupants[0].occupant_id).listed
    refused(lambda: send(server, mark(number, occupants[0], "BOARDED")), "FAILED_PRECONDITION", "HOLD")
    refused(lambda: close(server, closing(number, 1, 2)), "FAILED_PRECONDITION", "HOLD")
    assert rows(server, "SELECT count(*) FROM documents WHERE number = ?", number) == [(1,)], "no version was begun"
    assert {o.occupant_id for o in occupants} <= set(alarms(server, number))


def test_a_queue_made_off_line_is_replayed_from_the_command_line(server, tmp_path):
    occupants, issued = flight(server)
    number, now = issued.document.number, time.time()
    marks = [mark(number, occupants[0], "BOARDED", now - 30), mark(number, occupants[1], "BOARDED", now - 29),
             mark(number, occupants[2], "NO_SHOW", now - 28), mark(number, occupants[2], "BOARDED", now - 1, device="gate-2")]
    random.Random(4).shuffle(marks)
    queue = tmp_path / "queue.jsonl"
    queue.write_text("".join(json_format.MessageToJson(m, indent=None) + "\n" for m in marks))
    first = server.salvo("gate", "board", "replay", str(queue))
    again = server.salvo("gate", "board", "replay", str(queue))
    assert (first.returncode, again.returncode) == (4, 4), first.stderr + again.stderr
    assert b"3 new, 0 known, 1 conflict, 0 refused" in first.stdout, first.stdout
    assert b"0 new, 3 known, 1 conflict, 0 refused" in again.stdout, again.stdout
    listed = server.salvo("gate", "board", "check", number, "--occupant", occupants[0].occupant_id)
    assert (listed.returncode, b"BOARD" in listed.stdout) == (0, True), listed.stderr
    (tmp_path / "zone").write_text(zone(occupants[0], 44))
    by_zone = server.salvo("gate", "board", "check", number, "--mrz", str(tmp_path / "zone"))
    assert by_zone.stdout == listed.stdout
    nobody = server.salvo("gate", "board", "check", number, "--occupant", "nobody")
    assert nobody.returncode == 1 and nobody.stdout.startswith(b"STOP")
    # the desk's decision is a mark like every other
    version = str(current(server, number).version)
    off = server.salvo("gate", "board", "mark", number, occupants[2].occupant_id, "OFFLOADED", "--version", version,
                       "--device", "desk")
    assert off.returncode == 0, off.stderr
    version = str(current(server, number).version)
    wrong = server.salvo("gate", "board", "close", number, "--version", version, "--boarded", "3")
    assert wrong.returncode == 1 and b"HEAD_COUNT" in wrong.stderr
    done = server.salvo("gate", "board", "close", number, "--version", version, "--boarded", "2", "-o",
                        str(tmp_path / "closed.pdf"))
    assert done.returncode == 0 and (tmp_path / "closed.pdf").read_bytes().startswith(b"%PDF"), done.stderr


def quietly(call):
    """The server may die before its answer or after it."""
    try:
        call()
    except grpc.RpcError:
        pass


def children(pid):
    return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def audited(server):
    done = subprocess.run([str(server.build / "bin/salvo"), "audit", "--registry", str(server.dir / "registry.db"),
                           "--key-file", str(server.dir / "registry.key"), "--master-key-file",
                           str(server.dir / "master.key"), "--log-key", str(server.authority.path / "log.vkey"), "--journal",
                           str(server.dir / "signer.journal")], capture_output=True, text=True, timeout=120)
    return done.returncode, [line for line in done.stdout.splitlines() if line.startswith("FAULT")]


@pytest.fixture
def own(authority, tmp_path):
    """A server that a test may kill; manifests need a second officer."""
    s = Server(tmp_path, authority)
    policy = s.dir / "policy.conf"
    policy.write_text(policy.read_text().replace("FLIGHT_MANIFEST = 0", "FLIGHT_MANIFEST = 1"))
    yield s.start()
    s.stop()


def test_kill_9_between_mark_and_version_loses_neither(own):
    occupants, issued = flight(own)
    number, gone = issued.document.number, occupants[1]
    request = mark(number, gone, "OFFLOADED")
    signer = children(own.process.pid)
    [os.kill(pid, signal.SIGSTOP) for pid in signer]  # the version has its number, and can't be signed
    sender = threading.Thread(target=quietly, args=(lambda: send(own, request),))
    sender.start()
    wait_for(lambda: rows(own, "SELECT count(*) FROM documents WHERE state = 1") == [(1,)])
    assert rows(own, "SELECT count(*) FROM marks") == [(1,)]
    assert not check(own, number, occupant_id=gone.occupant_id).listed, "off by the mark, before the paper says so"
    assert check(own, number, occupant_id=occupants[0].occupant_id).listed
    own.kill()
    [os.kill(pid, signal.SIGKILL) for pid in signer]
    sender.join(60)
    own.start()
    assert not check(own, number, occupant_id=gone.occupant_id).listed
    # somebody else's mark finishes what bars its way
    assert send(own, mark(number, occupants[2], "NO_SHOW")).manifest.version == 3
    made = send(own, request)
    assert made.known and (made.manifest.version, made.manifest.state) == (2, D.STATE_SUPERSEDED)
    assert current(own, number).state == D.STATE_ISSUED
    own.stop()
    assert rows(own, "SELECT count(*) FROM documents WHERE state = 1") == [(0,)]
    assert audited(own) == (0, [])


def test_a_hold_that_comes_while_the_manifest_is_being_closed_stops_it(own):
    occupants, issued = flight(own, 2)
    number, answers = issued.document.number, []
    for o in occupants:
        send(own, mark(number, o, "BOARDED"))
    request = closing(number, 1, 2)
    signer = children(own.process.pid)
    [os.kill(pid, signal.SIGSTOP) for pid in signer]
    closer = threading.Thread(target=lambda: answers.append(refused(lambda: close(own, request), "FAILED_PRECONDITION", "HOLD")))
    closer.start()
    wait_for(lambda: rows(own, "SELECT count(*) FROM documents WHERE state = 1 AND closing = 1") == [(1,)])
    assert hold(own, occupants[0]).suspended_manifests == 1
    [os.kill(pid, signal.SIGCONT) for pid in signer]
    closer.join(60)
    assert len(answers) == 1 and "BadRequest" not in answers[0], "the gate is not told who"
    assert (current(own, number).version, current(own, number).state) == (1, D.STATE_SUSPENDED)
    refused(lambda: close(own, request), "FAILED_PRECONDITION", "HOLD")
    assert send(own, mark(number, occupants[0], "OFFLOADED")).manifest.version == 3
    done = close(own, closing(number, 3, 1)).manifest
    assert (done.version, done.state) == (4, D.STATE_CLOSED)
    own.stop()
    assert audited(own) == (0, [])


def test_kill_9_at_random_moments_loses_no_mark(own, tmp_path):
    rng = random.Random(11)
    occupants, issued = flight(own, 5)
    number = issued.document.number
    for o in occupants[:3]:
        request = mark(number, o, "OFFLOADED")
        sender = threading.Thread(target=quietly, args=(lambda: send(own, request),))
        sender.start()
        time.sleep(rng.uniform(0.005, 0.12))
        own.kill()
        sender.join(60)
        own.start()
        assert send(own, request).manifest.version >= 2
        assert not check(own, number, occupant_id=o.occupant_id).listed
    text = page_text(own.client("flight").download(number), tmp_path / "m.pdf")
    assert [o.person.surname.split()[1] in text for o in occupants] == [False] * 3 + [True] * 2
    own.stop()
    assert rows(own, "SELECT count(*) FROM marks") == [(3,)]
    assert audited(own) == (0, [])


def test_a_draft_gives_way_to_an_offload(own):
    occupants, issued = flight(own)
    number = issued.document.number
    correction = example("flight-manifest", supersedes=number, supersedes_version=1)
    del correction.flight_manifest.occupants[:]
    correction.flight_manifest.occupants.extend(occupants)
    correction.flight_manifest.version_reason = D.STATE_REASON_CORRECTION
    draft = own.client("flight").issuance.IssueDocument(correction).document
    assert (draft.version, draft.state) == (2, D.STATE_PENDING_APPROVAL)
    made = send(own, mark(number, occupants[0], "OFFLOADED")).manifest
    assert (made.version, made.state) == (3, D.STATE_ISSUED)
    refused(lambda: own.client("approver").approve(draft), "FAILED_PRECONDITION", "NOT_ISSUED")
    for o in occupants[1:]:
        send(own, mark(number, o, "BOARDED", version=3))
    assert close(own, closing(number, 3, 2)).manifest.version == 4
    own.stop()
    assert audited(own) == (0, [])
