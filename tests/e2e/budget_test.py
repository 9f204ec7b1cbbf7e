"""What one caller may ask: a bound on calls, and a tighter one on answers that tell who is protected."""

import json
import re
import sqlite3
import threading

import grpc
import pytest
from conftest import Server, operations_pb2, refused, registry_pb2
from google.protobuf import json_format
from protection_test import one_passenger
from batch_test import letter, reason_of, stream


@pytest.fixture
def bounded(authority, tmp_path):
    servers = []

    def start(**bounds):
        s = Server(tmp_path, authority)
        policy = s.dir / "policy.conf"
        text = policy.read_text()
        for name, value in bounds.items():
            text = re.sub(rf"{name} = \d+", f"{name} = {value}", text)
        policy.write_text(text)
        servers.append(s.start())
        return s
    yield start
    for s in servers:
        s.stop()


def test_a_caller_over_its_budget_is_told_when_to_come_again(bounded):
    server = bounded(acts_per_minute=5)
    case = server.client("case")
    made = [case.issue(letter()) for _ in range(5)]
    found = refused(lambda: case.issue(letter()), "RESOURCE_EXHAUSTED", "BUDGET")
    delay = found["RetryInfo"].retry_delay
    assert 0 < delay.seconds + delay.nanos / 1e9 <= 12
    answers = list(stream(server, [letter(), letter()]))
    assert [reason_of(a.error) for a in answers] == ["BUDGET"] * 2
    assert all(any(d.type_url.endswith("RetryInfo") for d in a.error.details) for a in answers)
    # another class, and another caller
    request = registry_pb2.GetDocumentRequest(number=made[0].document.number)
    assert case.registry.GetDocument(request).document.number == request.number
    assert server.client("protection").issue(letter()).document.number


def test_reads_and_checks_have_budgets_of_their_own(bounded):
    server = bounded(reads_per_minute=3, checks_per_minute=2)
    case = server.client("case")
    issued = case.issue(letter())
    for _ in range(3):
        case.registry.ListDocuments(registry_pb2.ListDocumentsRequest())
    refused(lambda: case.registry.ListDocuments(registry_pb2.ListDocumentsRequest()), "RESOURCE_EXHAUSTED", "BUDGET")
    for _ in range(2):
        case.verify(issued.pdf)
    refused(lambda: case.verify(issued.pdf), "RESOURCE_EXHAUSTED", "BUDGET")
    assert case.issue(letter()).document.number


def test_a_batch_waits_for_its_budget_and_ends_whole(bounded, tmp_path):
    server = bounded(acts_per_minute=60)
    path = tmp_path / "letters.jsonl"
    path.write_text("".join(json.dumps(json_format.MessageToDict(letter())) + "\n" for _ in range(62)))
    answer = server.salvo("case", "batch", str(path))
    assert answer.returncode == 0 and b"62 of 62 issued" in answer.stdout, answer


def test_who_is_refused_too_often_has_nobody_looked_up_and_the_desk_is_alarmed(bounded):
    server = bounded(refusals_per_hour=3)
    alarms = server.client("protection").protection.WatchAlarms(operations_pb2.WatchAlarmsRequest(), timeout=60)
    heard = []

    def listen():
        try:
            heard.extend([next(alarms)])
        except grpc.RpcError as e:
            heard.append(e)
    flight = server.client("flight")
    good = one_passenger(server)
    issued = flight.issue(good)
    harmless = one_passenger(server)
    for _ in range(3):
        refused(lambda: flight.issue(one_passenger(server, recorded=False)), "FAILED_PRECONDITION", "HOLD")
    for request in (one_passenger(server, recorded=False), harmless):
        found = refused(lambda: flight.issue(request), "RESOURCE_EXHAUSTED", "BUDGET")
        assert found["RetryInfo"].retry_delay.seconds >= 60
    listener = threading.Thread(target=listen)
    listener.start()
    listener.join(30)
    assert len(heard) == 1 and heard[0].manifest_number == "" and heard[0].event
    alarms.cancel()
    db = sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True)
    told = db.execute("SELECT actor FROM audit WHERE act = 'refuse' AND reason = 'BUDGET'").fetchall()
    assert len(told) == 1 and told[0][0].endswith("/flight")
    # what was made before is answered as it was; a preview looks nobody up; others are not concerned
    assert flight.issue(good).document.number == issued.document.number
    harmless.validate_only = True
    assert flight.issue(harmless).pdf.startswith(b"%PDF")
    assert server.client("case").issue(letter()).document.number


@pytest.mark.parametrize("line", ["refusals_per_hour = 0;", "acts_per_minute = -1;", "acts_per_second = 5;"])
def test_a_budget_that_is_none_is_a_fault_of_the_policy_with_its_line(authority, tmp_path, line):
    s = Server(tmp_path, authority)
    policy = s.dir / "policy.conf"
    policy.write_text(re.sub(r"refusals_per_hour = \d+;", line, policy.read_text()))
    with pytest.raises(RuntimeError, match="policy.conf"):
        s.start()
