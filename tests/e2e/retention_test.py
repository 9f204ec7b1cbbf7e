"""Retention: what ended long enough ago loses its personal data by itself, and nothing else does. The server runs under a clock that is
a hundred days ahead; certificates are good for a year."""

import datetime
import glob
import sqlite3
import subprocess
import time
import uuid

import pytest
from conftest import Server, document_pb2, example, operations_pb2, refused, registry_pb2, today

D, P = document_pb2.Document, operations_pb2
AHEAD, KEPT = 100, 30  # days


def letter(server, ends_in):
    """A letter whose last day is so many days from now."""
    request = example("safe-conduct")
    day = today()
    request.safe_conduct.valid_from = str(day - datetime.timedelta(days=1))
    request.safe_conduct.valid_until = str(day + datetime.timedelta(days=ends_in))
    return request, server.client("case").issue(request).document.number


def start_ahead(server, monkeypatch):
    with monkeypatch.context() as m:
        m.setenv("LD_PRELOAD", glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")[0])
        m.setenv("FAKETIME", f"+{AHEAD}d")
        m.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        m.setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0")  # the clock's library comes first
        return server.start()


def state_of(server, number):
    return server.client("case").registry.GetDocument(registry_pb2.GetDocumentRequest(number=number)).document.state


@pytest.fixture(scope="module")
def swept(tmp_path_factory, authority):
    """Letters in the order of their numbers, the one that has to go last: when it went, the others were judged."""
    s = Server(tmp_path_factory.mktemp("retention"), authority).start()
    held, held_number = letter(s, 3)
    s.client("protection").protection.PlaceHold(P.PlaceHoldRequest(
        request_id=str(uuid.uuid4()), person=held.safe_conduct.holder, travel_document=held.safe_conduct.identity_document,
        cause=P.Hold.CAUSE_COURT_ORDER))
    numbers = {"held": held_number, "in force": letter(s, 900)[1], "ended lately": letter(s, AHEAD - KEPT + 5)[1],
               "ended": letter(s, 3)[1]}
    s.stop()
    with open(s.dir / "policy.conf", "a") as policy:
        policy.write(f"\nretention = {{ SAFE_CONDUCT = {KEPT}; event_days = 60; }};\n")
    with pytest.MonkeyPatch.context() as monkeypatch:
        start_ahead(s, monkeypatch)
    for _ in range(300):
        if state_of(s, numbers["ended"]) == D.STATE_ERASED:
            break
        time.sleep(0.1)
    yield s, numbers
    s.stop()


def test_what_ended_long_enough_ago_is_erased_and_nothing_else(swept):
    server, numbers = swept
    assert {name: state_of(server, n) for name, n in numbers.items()} == {
        "held": D.STATE_EXPIRED, "in force": D.STATE_ISSUED, "ended lately": D.STATE_EXPIRED, "ended": D.STATE_ERASED}
    assert server.client("case").download(numbers["held"]).startswith(b"%PDF")
    refused(lambda: server.client("case").download(numbers["ended"]), "FAILED_PRECONDITION", "ERASED")


def test_the_audit_says_that_the_sweeper_erased_it_and_why(swept):
    server, numbers = swept
    db = sqlite3.connect(f"file:{server.dir / 'registry.db'}?mode=ro", uri=True)
    rows = db.execute("SELECT actor, number, reason FROM audit WHERE act = 'erase'").fetchall()
    db.close()
    assert rows == [("sweeper", numbers["ended"], "RETENTION")]
    checked = subprocess.run([str(server.build / "bin/salvo"), "audit", "--registry", str(server.dir / "registry.db"), "--key-file",
                              str(server.dir / "registry.key"), "--master-key-file", str(server.dir / "master.key")],
                             capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0 and " 0 faults" in checked.stdout, checked.stdout


def test_a_watcher_who_asks_for_events_that_were_forgotten_is_told_so(swept):
    server, _ = swept

    def watch():
        return next(server.client("case").registry.WatchDocuments(registry_pb2.WatchDocumentsRequest(after_event=1), timeout=30))
    refused(watch, "OUT_OF_RANGE", "OUT_OF_RANGE")


@pytest.mark.parametrize("rule, told", [("DISBURSEMENT_RECEIPT = 1095", "DISBURSEMENT_RECEIPT"), ("SAFE_CONDUCT = 0", "SAFE_CONDUCT"),
                                        ("event_days = 0", "event_days"), ("LETTER = 30", "LETTER")])
def test_a_rule_that_is_too_short_or_of_nothing_is_a_failed_start_that_names_it(tmp_path, authority, rule, told):
    s = Server(tmp_path, authority)
    with open(s.dir / "policy.conf", "a") as policy:
        policy.write(f"\nretention = {{ {rule}; }};\n")
    with pytest.raises(RuntimeError) as failed:
        s.start()
    assert f"retention.{told}" in str(failed.value) and "policy.conf" in str(failed.value), failed.value
