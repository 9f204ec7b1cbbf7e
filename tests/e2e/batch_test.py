"""Many documents at once: a stream for programs, a file for people; what a break in the middle leaves behind."""

import csv
import json
import sqlite3
import subprocess
import time
import uuid

import grpc
import pytest
from conftest import Server, error_details_pb2, example, issuance_pb2
from google.protobuf import json_format


@pytest.fixture(scope="module")
def server(authority, tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("batch"), authority).start()
    # the same port again after a kill
    conf = s.dir / "salvod.conf"
    conf.write_text(conf.read_text().replace("port = 0;", f"port = {s.port};"))
    yield s
    s.stop()


def letter(**fields):
    """Of somebody whose name is nobody else's: by chance two would be one person, who has no second letter."""
    request = example("safe-conduct")
    request.safe_conduct.holder.surname = "ZUNIGA " + "".join(chr(65 + int(c, 16)) for c in uuid.uuid4().hex[:12])
    for key, value in fields.items():
        setattr(request.safe_conduct, key, value)
    return request


def stream(server, requests, role="case"):
    return server.client(role).issuance.BatchIssueDocuments(
        (issuance_pb2.BatchIssueDocumentsRequest(request=r) for r in requests), timeout=120)


def reason_of(status):
    for any_ in status.details:
        if any_.type_url.endswith("google.rpc.ErrorInfo"):
            return error_details_pb2.ErrorInfo.FromString(any_.value).reason
    return None


def live(server):
    """request_id and number of every issued row."""
    db = sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True)
    return dict(db.execute("SELECT request_id, number FROM documents WHERE state = 3").fetchall())


# --- the stream ---

def test_each_request_has_one_answer_and_one_failure_fails_one_item(server):
    requests = [letter() for _ in range(8)]
    requests[3].safe_conduct.holder.sex = "Q"
    requests[5].request_id = "no uuid"
    answers = list(stream(server, requests))
    by_id = {a.request_id: a for a in answers}
    assert len(answers) == 8 and set(by_id) == {r.request_id for r in requests}
    for i, r in enumerate(requests):
        a = by_id[r.request_id]
        if i in (3, 5):
            assert (a.WhichOneof("result"), a.error.code, reason_of(a.error)) == ("error", 3, "FIELD_INVALID")
            bad = error_details_pb2.BadRequest.FromString(
                next(d.value for d in a.error.details if d.type_url.endswith("BadRequest")))
            assert [v.field for v in bad.field_violations] == [
                "safe_conduct.holder.sex" if i == 3 else "request_id"]
        else:
            assert a.response.pdf.startswith(b"%PDF") and a.response.document.number.startswith("S")
    assert len({a.response.document.number for a in answers if a.WhichOneof("result") == "response"}) == 6


def test_an_item_is_what_a_call_of_its_own_would_be(server):
    request = letter()
    one = server.client().issue(request)
    again, = stream(server, [request])
    assert again.response == one
    other = letter()
    other.request_id = request.request_id
    reused, = stream(server, [other])
    assert reason_of(reused.error) == "REQUEST_ID_REUSED"


def test_every_item_passes_the_policy(server):
    answers = list(stream(server, [letter(), example("flight-manifest")], "print"))
    assert [reason_of(a.error) for a in answers] == ["ROLE_MISSING"] * 2
    with pytest.raises(grpc.RpcError) as caught:
        list(stream(server, [letter()], None))
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_an_empty_batch_and_an_item_without_a_request_are_answered(server):
    assert list(stream(server, [])) == []
    call = server.client().issuance.BatchIssueDocuments(iter([issuance_pb2.BatchIssueDocumentsRequest()]), timeout=60)
    answer, = call
    assert reason_of(answer.error) == "FIELD_INVALID"


def test_a_client_that_leaves_stops_the_work(server):
    before = len(live(server))
    call = stream(server, (letter() for _ in range(400)))
    next(call)
    call.cancel()
    for _ in range(100):
        count = len(live(server))
        time.sleep(0.3)
        if len(live(server)) == count:
            break
    assert 1 <= count - before < 200, count - before


def test_a_client_that_does_not_read_is_waited_for(server):
    before, asked = len(live(server)), []

    def requests():
        for _ in range(200):
            asked.append(letter())
            yield asked[-1]
    call = stream(server, requests())
    count = -1
    for _ in range(100):
        time.sleep(0.5)
        if count == (count := len(live(server)) - before) > 0:
            break
    assert 0 < count < 150, count
    answers = list(call)
    assert {a.request_id for a in answers} == {r.request_id for r in asked} and len(answers) == 200
    assert all(a.WhichOneof("result") == "response" for a in answers)


# --- the file ---

def jsonl(path, requests):
    path.write_text("".join(json.dumps(json_format.MessageToDict(r)) + "\n" for r in requests))
    return path


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def results(path):
    return {r["request_id"]: r["number"] for r in rows(path.with_name(path.name + ".results.jsonl"))}


def test_a_file_is_issued_its_faults_told_and_a_rerun_gives_the_same_numbers(server, tmp_path):
    requests = [letter() for _ in range(5)]
    requests[2].safe_conduct.holder.birth_date = "2999-01-01"
    path = jsonl(tmp_path / "letters.jsonl", requests)
    path.write_text(path.read_text() + '{"safeConduct": {"holder": {"eyes": "green"}}}\n')
    answer = server.salvo("case", "batch", str(path), "--out", str(tmp_path / "pdf"))
    assert answer.returncode == 1, answer
    assert b"4 of 6 issued" in answer.stdout and b"a second" in answer.stderr
    made = results(path)
    assert set(made) == {r.request_id for i, r in enumerate(requests) if i != 2}
    assert sorted(p.name for p in (tmp_path / "pdf").iterdir()) == sorted(f"{n}.pdf" for n in made.values())
    faults = {f["line"]: f for f in rows(tmp_path / "letters.jsonl.errors.jsonl")}
    assert set(faults) == {3, 6} and faults[3]["reason"] == "FIELD_INVALID" and faults[6]["reason"] == "JSON_FORMAT"
    assert faults[3]["violations"][0]["field"] == "safe_conduct.holder.birth_date"
    first = (tmp_path / "pdf" / f"{made[requests[0].request_id]}.pdf")
    pdf = first.read_bytes()
    first.unlink()
    answer = server.salvo("case", "batch", str(path), "--out", str(tmp_path / "pdf"))
    assert answer.returncode == 1 and results(path) == made and first.read_bytes() == pdf
    (tmp_path / "letters.jsonl.results.jsonl").unlink()
    answer = server.salvo("case", "batch", str(path))
    assert results(path) == made


def test_ids_that_a_file_lacks_follow_from_the_file(server, tmp_path):
    requests = [letter() for _ in range(3)]
    for r in requests:
        r.request_id = ""
    path = jsonl(tmp_path / "letters.jsonl", requests)
    assert server.salvo("case", "batch", str(path)).returncode == 0
    made = results(path)
    assert all(uuid.UUID(i).version == 8 and uuid.UUID(i).variant == uuid.RFC_4122 for i in made)
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(path.read_bytes())
    assert server.salvo("case", "batch", str(copy)).returncode == 0 and results(copy) == made
    # another content under the same results would be issued twice
    path.write_text(path.read_text() + "\n" + json.dumps(json_format.MessageToDict(letter())) + "\n")
    answer = server.salvo("case", "batch", str(path))
    assert answer.returncode == 2 and b"other lines" in answer.stderr and results(path) == made


def test_two_lines_of_one_request_id_are_a_fault_of_the_file(server, tmp_path):
    one = letter()
    answer = server.salvo("case", "batch", str(jsonl(tmp_path / "x.jsonl", [one, letter(), one])))
    assert answer.returncode == 2 and b"lines 1 and 3" in answer.stderr


def columns_of(message, prefix=""):
    for field, value in message.ListFields():
        path = prefix + field.name
        if field.message_type:
            yield from columns_of(value, path + ".")
        elif field.label == field.LABEL_REPEATED:
            yield path, "; ".join(value)
        elif field.enum_type:
            yield path, field.enum_type.values_by_number[value].name
        elif field.type == field.TYPE_BOOL:
            yield path, str(value).lower()
        elif field.type != field.TYPE_BYTES:
            yield path, str(value)


def test_a_table_of_letters_is_issued_like_the_requests_it_stands_for(server, tmp_path):
    requests = [letter() for _ in range(3)]
    requests[1].safe_conduct.holder.surname = "PÉREZ MUÑOZ"
    requests[1].safe_conduct.issuing_place = "Puerto Esperanza, Utopía"
    requests[2].paper = 2  # Letter
    for r in requests:
        r.safe_conduct.holder.portrait_jpeg = b""
    table = [dict(columns_of(r)) for r in requests]
    path = tmp_path / "letters.csv"
    with open(path, "w", newline="", encoding="utf-8-sig") as f:
        writer = csv.DictWriter(f, sorted(set().union(*table)), restval="")
        writer.writeheader()
        writer.writerows(table)
    answer = server.salvo("case", "batch", str(path))
    assert answer.returncode == 0, (answer, (tmp_path / "letters.csv.errors.jsonl").read_text())
    made = results(path)
    for r in requests:  # the same content under the same id: else it would be REQUEST_ID_REUSED
        assert server.client().issue(r).document.number == made[r.request_id]
    path.write_text("request_id,safe_conduct.holder.eyes\n")
    answer = server.salvo("case", "batch", str(path))
    assert answer.returncode == 2 and b'column 2 "safe_conduct.holder.eyes"' in answer.stderr


# --- breaks ---

def start(server, path, *arguments):
    a = server.authority.path
    return subprocess.Popen([str(server.build / "bin/salvo"), "--server", f"localhost:{server.port}", "--ca",
                             str(a / "root.pem"), "--cert", str(a / "clients/case.pem"), "--key", str(a / "clients/case.key"),
                             "batch", str(path), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def wait_for_results(path, least):
    file = path.with_name(path.name + ".results.jsonl")
    for _ in range(3000):
        if file.exists() and file.read_bytes().count(b"\n") >= least:
            return
        time.sleep(0.01)
    raise AssertionError("no results")


def test_a_client_killed_in_the_middle_goes_on_where_it_was(server, tmp_path):
    path = jsonl(tmp_path / "letters.jsonl", [letter() for _ in range(60)])
    client = start(server, path, "--out", str(tmp_path / "pdf"))
    wait_for_results(path, 5)
    client.kill()
    client.communicate()
    early = results(path) if path.with_name("letters.jsonl.results.jsonl").read_bytes().endswith(b"\n") else {}
    assert len(early) < 60
    with open(path.with_name("letters.jsonl.results.jsonl"), "ab") as f:
        f.write(b'{"request_id":"')  # a line that was cut
    answer = server.salvo("case", "batch", str(path), "--out", str(tmp_path / "pdf"))
    assert answer.returncode == 0, answer
    made, registry = results(path), live(server)
    assert len(made) == len(set(made.values())) == 60 and early.items() <= made.items()
    assert all(registry[i] == n for i, n in made.items())
    assert {p.stem for p in (tmp_path / "pdf").glob("*.pdf")} >= set(made.values())


def test_a_server_killed_in_the_middle_is_waited_for(server, tmp_path):
    path = jsonl(tmp_path / "letters.jsonl", [letter() for _ in range(60)])
    client = start(server, path)
    wait_for_results(path, 5)
    server.kill()
    early = results(path)
    server.start()
    out, err = client.communicate(timeout=100)
    assert client.returncode == 0, (out, err)
    made, registry = results(path), live(server)
    assert b"trying again" in err and len(early) < 60
    assert len(made) == len(set(made.values())) == 60 and early.items() <= made.items()
    assert all(registry[i] == n for i, n in made.items())
