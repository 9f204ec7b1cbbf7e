"""The lives of keys: told, retired by the next ones, and what follows when one may have been in other hands."""

import sqlite3
import time

import pytest
from conftest import Authority, Server, document_pb2, letter, operations_pb2, refused, verification_pb2
from rotation_test import configure, next_keys
from years_test import at

Report = verification_pb2.VerificationReport


@pytest.fixture
def own(tmp_path):
    directory = tmp_path / "registry"
    directory.mkdir()
    server = Server(directory, Authority(tmp_path / "authority")).start()
    yield server
    server.stop()


def keys(server):
    return server.client("admin").keys.ListKeys(operations_pb2.ListKeysRequest(), timeout=30).keys


def report(server, key, since, role="admin"):
    request = operations_pb2.ReportKeyCompromiseRequest(certificate_sha256=key.certificate_sha256)
    request.since.FromSeconds(int(since))
    return server.client(role).keys.ReportKeyCompromise(request, timeout=30).key


def rotate(server, reference):
    next_keys(server, reference)
    configure(server, reference)
    assert server.reload("keys")["reason"] == "OK"


def judged(server, answer):
    """Verdict and first reason of the file, and of its bar code."""
    gate = server.client("gate")
    seal = verification_pb2.VerifySealRequest(seal=answer.document.visible_seals[0].seal)
    both = gate.verify(answer.pdf), gate.verification.VerifySeal(seal, timeout=30).report
    return [(Report.Verdict.Name(r.verdict), *map(Report.Reason.Name, r.reasons)) for r in both]


GOOD = [("VERDICT_VALID",)] * 2
BAD = [("VERDICT_INVALID", "REASON_REVOKED_CERTIFICATE")] * 2


def test_a_key_signs_from_its_first_day_until_the_next_one_takes_its_place(own):
    assert sorted(k.purpose for k in keys(own)) == ["DOCUMENT", "LOG", "TRUST", "VISIBLE"]
    assert not any(k.HasField("until_time") or k.HasField("compromise_time") for k in keys(own))
    before = own.client("case").issue(letter())
    rotate(own, "B3")
    ended = [k for k in keys(own) if k.HasField("until_time")]
    assert sorted(k.purpose for k in ended) == ["DOCUMENT", "VISIBLE"] and len(keys(own)) == 6
    assert judged(own, before) == GOOD == judged(own, own.client("case").issue(letter()))
    done = own.salvo("admin", "key", "list", text=True)
    assert done.returncode == 0 and done.stdout.count(" signs") == 4, done.stdout
    own.stop()
    assert own.audit().returncode == 0
    with sqlite3.connect(own.dir / "registry.db") as db:
        assert db.execute("UPDATE key_lives SET until_us = 0 WHERE until_us <> 0").rowcount == 2
    assert "key_lives" in own.audit().stdout


def test_a_copy_that_the_next_key_signed_is_judged_at_its_own_time(own):
    first = own.client("case").issue(letter())
    time.sleep(1.1)  # the next certificate is not valid yet when the first copy is made
    rotate(own, "B3")
    copy = own.salvo("case", "reissue", first.document.number, "--reason", "DAMAGED", "-o", str(own.dir / "copy.pdf"))
    assert copy.returncode == 0, copy.stderr
    assert own.client("gate").verify((own.dir / "copy.pdf").read_bytes()).verdict == Report.VERDICT_VALID


def test_what_was_registered_before_a_compromise_stays_valid_and_what_came_after_is_not(own):
    early = own.client("case").issue(letter())
    time.sleep(1.1)
    since = time.time()
    late = own.client("case").issue(letter())
    rotate(own, "B3")
    assert judged(own, early) == judged(own, late) == GOOD
    for key in keys(own):
        if key.purpose in ("DOCUMENT", "VISIBLE") and key.HasField("until_time"):
            assert report(own, key, since).compromise_time.seconds == int(since)
            assert report(own, key, since + 1).compromise_time.seconds == int(since), "only an earlier moment changes anything"
    assert judged(own, early) == GOOD and judged(own, late) == BAD
    assert judged(own, own.client("case").issue(letter())) == GOOD
    own.stop()
    assert own.audit().returncode == 0
    own.start()
    assert judged(own, early) == GOOD and judged(own, late) == BAD, "it is known after a start too"


@pytest.mark.parametrize("purpose", ("DOCUMENT", "VISIBLE"))
def test_a_compromised_key_signs_nothing_and_the_next_one_finishes_what_waits(own, purpose):
    key = next(k for k in keys(own) if k.purpose == purpose)
    report(own, key, time.time() - 3600)
    request = letter()
    for _ in range(2):
        refused(lambda: own.client("case").issuance.IssueDocument(request, timeout=30), "FAILED_PRECONDITION", "KEY_COMPROMISED")
    rotate(own, "B3")
    answer = own.client("case").issue(request)
    assert answer.document.state == document_pb2.Document.STATE_ISSUED and judged(own, answer) == GOOD


def test_a_report_whose_caller_gave_up_is_not_lost(own):
    key = next(k for k in keys(own) if k.purpose == "VISIBLE")
    request = operations_pb2.ReportKeyCompromiseRequest(certificate_sha256=key.certificate_sha256)
    request.since.FromSeconds(int(time.time()) - 3600)
    with pytest.raises(Exception):
        own.client("admin").keys.ReportKeyCompromise(request, timeout=0.001)
    for _ in range(2):  # said again, it is in force whatever became of the first
        own.client("admin").keys.ReportKeyCompromise(request, timeout=30)
    refused(lambda: own.client("case").issuance.IssueDocument(letter(), timeout=30), "FAILED_PRECONDITION", "KEY_COMPROMISED")


def row(server):
    with sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True) as db:
        return db.execute("SELECT number, state, lease_until_us FROM documents").fetchone()


def test_a_sweep_keeps_the_number_of_what_waits_for_the_next_keys(own, monkeypatch):
    key = next(k for k in keys(own) if k.purpose == "DOCUMENT")
    report(own, key, time.time() - 3600)
    request = letter()
    refused(lambda: own.client("case").issuance.IssueDocument(request, timeout=30), "FAILED_PRECONDITION", "KEY_COMPROMISED")
    number, state, lease = row(own)
    own.stop()
    with monkeypatch.context() as tomorrow:  # its lease has ended by then, and a server sweeps when it starts
        for name, value in at(1).items():
            tomorrow.setenv(name, value)
        own.start()
    until = time.monotonic() + 30
    while row(own)[2] == lease:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert row(own)[:2] == (number, state)
    own.stop()
    own.start()
    rotate(own, "B3")
    assert own.client("case").issue(request).document.number == number


def test_only_an_officer_reports_a_key_of_ours_and_only_of_the_past(own):
    key = keys(own)[0]
    refused(lambda: report(own, key, time.time() + 3600), "INVALID_ARGUMENT", "FIELD_INVALID")
    refused(lambda: report(own, operations_pb2.Key(certificate_sha256="0" * 64), 1), "NOT_FOUND", "NOT_FOUND")
    refused(lambda: report(own, operations_pb2.Key(certificate_sha256="xyz"), 1), "INVALID_ARGUMENT", "FIELD_INVALID")
    refused(lambda: report(own, key, 1, role="case"), "PERMISSION_DENIED", "ROLE_MISSING")
    assert not any(k.HasField("compromise_time") for k in keys(own))
