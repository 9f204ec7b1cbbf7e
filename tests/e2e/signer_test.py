"""The process that holds the keys: what it signs and refuses, its journal, and its deaths."""

import base64
import concurrent.futures
import hashlib
import os
import pathlib
import re
import signal
import socket
import sqlite3
import struct
import subprocess
import threading
import time
import uuid

import grpc
import pytest
from conftest import BUILD, Server, document_pb2, example, issuance_pb2, letter, operations_pb2, operations_pb2_grpc
from cryptography.hazmat.primitives import serialization

DOCUMENT, VISIBLE, CHECKPOINT = 1, 2, 3
SIGNED, REFUSED, BUSY, ELSEWHERE = 0, 1, 2, 3


class Signer:
    """A salvo-signer of one's own, spoken to in its own frames."""

    def __init__(self, directory, authority, build, **changes):
        self.dir, self.next = pathlib.Path(directory), 0
        conf = (pathlib.Path(__file__).parents[2] / "examples/signer.conf").read_text()
        conf = conf.replace("authority/", f"{authority.path}/")
        for old, new in changes.items():
            conf = conf.replace(old, new)
        (self.dir / "signer.conf").write_text(conf)
        self.build = build

    def start(self):
        ours, theirs = socket.socketpair()
        self.process = subprocess.Popen([str(self.build / "bin/salvo-signer"), "--config", str(self.dir / "signer.conf"),
                                         "--socket", str(theirs.fileno())], pass_fds=[theirs.fileno()],
                                        stdout=subprocess.PIPE)
        theirs.close()
        self.socket = ours
        ours.settimeout(30)
        self.hello = self.frame()
        return self

    def take(self, n):
        out = b""
        while len(out) < n:
            more = self.socket.recv(n - len(out))
            if not more:
                raise EOFError
            out += more
        return out

    def frame(self):
        kind, n = struct.unpack(">cI", self.take(5))
        return kind, self.take(n)

    def framed(self, purpose, number, version, copy, record, tbs, evidence=b"", since=0):
        self.next += 1
        run = lambda b: struct.pack(">I", len(b)) + b
        body = (struct.pack(">QB", self.next, purpose) + run(number.encode()) + struct.pack(">II", version, copy) + record +
                run(tbs) + run(evidence) + struct.pack(">Q", since))
        return b"S" + struct.pack(">I", len(body)) + body

    def ask(self, *request, **more):
        self.socket.sendall(self.framed(*request, **more))
        kind, body = self.frame()
        request, outcome, n = struct.unpack(">QBI", body[:13])
        assert (kind, request, n) == (b"A", self.next, len(body) - 13)
        return outcome, body[13:]

    def stop(self):
        self.socket.close()
        self.process.communicate(timeout=30)
        return self.process.returncode

    def journal(self):
        return (self.dir / "signer.journal").read_text().splitlines()


@pytest.fixture
def signer(tmp_path, authority):
    s = Signer(tmp_path, authority, BUILD).start()
    yield s
    s.stop()


def checkpoint(size, root):
    return f"log.utopia.example\n{size}\n{base64.b64encode(root).decode()}\n".encode()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


LEAVES = [hashlib.sha256(b"\0" + bytes([i])).digest() for i in range(4)]
RECORD = bytes(32)


def test_a_checkpoint_is_signed_while_the_log_grows_and_never_otherwise(signer, authority):
    one, two = LEAVES[0], node(LEAVES[0], LEAVES[1])
    three = node(two, LEAVES[2])
    ask = lambda size, root, proof=b"", since=0: signer.ask(CHECKPOINT, "", 0, 0, RECORD, checkpoint(size, root), proof, since)
    assert ask(1, one)[0] == SIGNED
    assert ask(2, two, LEAVES[1], 1)[0] == SIGNED
    outcome, signature = ask(2, two, b"", 2)
    assert outcome == SIGNED
    key = serialization.load_pem_private_key(authority.read("log.key"), None).public_key()
    key.verify(signature, checkpoint(2, two))
    assert ask(3, three, LEAVES[2], 1) == (ELSEWHERE, (2).to_bytes(8, "big")), "it says from where to show the growth"
    for size, root, proof in ((1, one, b""), (2, one, b""), (3, three, b""), (3, three, LEAVES[3]),
                              (0, hashlib.sha256().digest(), b"")):
        assert ask(size, root, proof, 2)[0] == REFUSED
    assert ask(3, three, LEAVES[2], 2)[0] == SIGNED


def test_what_was_signed_is_known_after_a_restart(signer):
    two = node(LEAVES[0], LEAVES[1])
    assert signer.ask(CHECKPOINT, "", 0, 0, RECORD, checkpoint(2, two))[0] == SIGNED
    signer.process.kill()
    signer.process.communicate()
    signer.start()
    assert signer.ask(CHECKPOINT, "", 0, 0, RECORD, checkpoint(1, LEAVES[0]), b"", 2)[0] == REFUSED
    assert signer.ask(CHECKPOINT, "", 0, 0, RECORD, checkpoint(2, two), b"", 2)[0] == SIGNED


@pytest.mark.parametrize("tbs", [hashlib.sha256(b"x").digest(), b"", b"\x31\x00", b"\x31\x80" + b"\0" * 90,
                                 bytes.fromhex("06092A864886F70D010904310422" + "04" + "20") + bytes(32),
                                 b"log.utopia.example\n1\n" + b"A" * 44 + b"\n"])
def test_nothing_is_signed_that_is_no_document_and_no_seal(signer, tbs):
    for purpose in (DOCUMENT, VISIBLE):
        outcome, why = signer.ask(purpose, "S26000018", 1, 1, RECORD, tbs)
        assert outcome == REFUSED and why
    assert len(signer.journal()) == 1, "a refusal is no line of the journal"


def test_frames_that_are_none_end_the_signer(signer):
    signer.socket.sendall(b"X" + struct.pack(">I", 4) + b"abcd")
    with pytest.raises((EOFError, ConnectionResetError)):
        signer.frame()
    signer.process.communicate(timeout=30)
    assert signer.process.returncode == 1


def test_the_rate_is_kept(tmp_path, authority):
    s = Signer(tmp_path, authority, BUILD, **{"signatures_a_minute = 600000": "signatures_a_minute = 3"}).start()
    answers = [s.ask(CHECKPOINT, "", 0, 0, RECORD, checkpoint(1, LEAVES[0]), b"", i and 1)[0] for i in range(5)]
    assert answers == [SIGNED] * 3 + [BUSY] * 2
    assert s.stop() == 0


def test_a_torn_last_line_is_cut_off_and_a_changed_line_is_a_fault(signer, tmp_path):
    for i in range(3):
        signer.ask(CHECKPOINT, "", 0, 0, RECORD, checkpoint(1, LEAVES[0]), b"", i and 1)
    signer.stop()
    path = tmp_path / "signer.journal"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    signer.start()
    assert len(signer.journal()) == 3 and path.read_bytes() == b"".join(whole.splitlines(True)[:3])
    signer.stop()
    path.write_bytes(whole.replace(b" checkpoint ", b" visible    ", 1))
    with pytest.raises(EOFError):
        signer.start()


def test_a_journal_has_one_signer(signer, tmp_path, authority):
    other = Signer(tmp_path, authority, BUILD)
    with pytest.raises(EOFError):
        other.start()


@pytest.fixture
def server(tmp_path, authority):
    s = Server(tmp_path, authority).start()
    yield s
    s.stop()


def signer_pid(server):
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    children = " ".join((t / "children").read_text() for t in tasks.iterdir()).split()
    return int(children[0]) if children else None


def test_a_signer_that_is_killed_under_load_fails_no_call(server):
    stop, failed, numbers = threading.Event(), [], []

    def issue():
        client = server.client("case")
        while not stop.is_set():
            request = example("safe-conduct")
            name = uuid.uuid4().int  # many letters: birth dates alone would meet
            request.safe_conduct.holder.surname = "".join(chr(65 + name // 26**k % 26) for k in range(10))
            try:
                numbers.append(client.issuance.IssueDocument(request, timeout=60).document.number)
            except grpc.RpcError as error:
                failed.append(error)

    threads = [threading.Thread(target=issue) for _ in range(3)]
    for t in threads:
        t.start()
    killed = set()
    while len(killed) < 5 and not failed:
        time.sleep(0.3)
        pid = signer_pid(server)
        if pid and pid not in killed:
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
    stop.set()
    for t in threads:
        t.join()
    assert not failed, failed[0]
    assert len(killed) == 5 and len(numbers) == len(set(numbers))


def stopped(pid):
    os.kill(pid, signal.SIGSTOP)


def test_a_checkpoint_whose_answer_was_lost_is_followed_by_the_next_one(server):
    audit_desk = server.client("audit")
    log = operations_pb2_grpc.LogServiceStub(audit_desk.channel)
    server.client("case").issue(example("safe-conduct"))
    before = log.GetCheckpoint(operations_pb2.GetCheckpointRequest(), timeout=30).checkpoint
    server.client("case").issue(example("safe-conduct"))
    pid = signer_pid(server)
    stopped(pid)
    with pytest.raises(grpc.RpcError):
        log.GetCheckpoint(operations_pb2.GetCheckpointRequest(), timeout=1)
    os.kill(pid, signal.SIGCONT)  # it signs now what nobody waits for
    time.sleep(0.3)
    for _ in range(2):
        server.client("case").issue(example("safe-conduct"))
        after = log.GetCheckpoint(operations_pb2.GetCheckpointRequest(), timeout=30).checkpoint
        assert int(after.split("\n")[1]) > int(before.split("\n")[1])
        before = after


def test_a_signer_that_hangs_stops_no_hold_and_is_started_anew(server):
    client = server.client("case")
    client.issue(example("safe-conduct"))
    pid = signer_pid(server)
    stopped(pid)
    waiting = [client.issuance.IssueDocument.future(example("safe-conduct"), timeout=60)]
    checkpoint_asked = operations_pb2_grpc.LogServiceStub(server.client("audit").channel).GetCheckpoint.future(
        operations_pb2.GetCheckpointRequest(), timeout=60)
    time.sleep(0.3)
    occupant = example("flight-manifest").flight_manifest.occupants[5]
    began = time.monotonic()
    server.client("protection").protection.PlaceHold(operations_pb2.PlaceHoldRequest(
        request_id=str(uuid.uuid4()), person=occupant.person, travel_document=occupant.travel_document,
        cause=operations_pb2.Hold.CAUSE_COURT_ORDER), timeout=30)
    assert time.monotonic() - began < 3, "the registry's writer waits for no signer"
    assert waiting[0].exception() is not None  # after ten seconds: try again
    checkpoint_asked.exception()
    for _ in range(100):
        if signer_pid(server) not in (pid, None):
            break
        time.sleep(0.1)
    assert signer_pid(server) != pid
    client.issue(example("safe-conduct"))


def test_the_server_has_no_signing_key_in_its_memory(server, authority):
    server.client("case").issue(example("safe-conduct"))
    secrets = []
    for name in ("document.key", "seal.key", "log.key"):
        key = serialization.load_pem_private_key(authority.read(name), None)
        if name == "log.key":
            secrets.append(key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw,
                                             serialization.NoEncryption()))
        else:
            number = key.private_numbers().private_value.to_bytes(32, "big")
            secrets += [number, number[::-1]]
    control = server.dir.name.encode()
    assert control in memory_of(server.process.pid), "the search finds what is there"
    found = memory_of(server.process.pid)
    assert not [s for s in secrets if s in found]


def test_the_audit_matches_every_signature_and_names_one_that_nobody_asked_for(server, authority, tmp_path):
    client = server.client("case")
    letter = client.issue(example("safe-conduct"))
    client.issuance.ReissueDocument(issuance_pb2.ReissueDocumentRequest(
        request_id=str(uuid.uuid4()), number=letter.document.number, version=1,
        reason=document_pb2.Document.STATE_REASON_DAMAGED), timeout=60)
    finance = server.client("finance")
    finance.funding.CreateObligation(example("obligation"), timeout=60)
    finance.funding.AmendObligation(operations_pb2.AmendObligationRequest(
        request_id=str(uuid.uuid4()), name=example("obligation").obligation.name, change_minor=500), timeout=60)
    client.issue(example("safe-conduct"))
    server.stop()
    done = server.audit()
    assert done.returncode == 0, done.stdout
    assert "8 signatures: 8 matched, 0 orphans" in done.stdout, done.stdout
    journal = server.dir / "signer.journal"
    kept = journal.read_text()
    number = letter.document.number
    journal.write_text("".join(kept.splitlines(True)[:-1]))
    assert "does not have" in server.audit().stdout
    journal.write_text(kept.replace(f" document {number} ", f" document {number[:-1]}A ", 1))
    assert "not the line that was written" in server.audit().stdout
    journal.write_text(kept)
    stolen = Signer(server.dir, authority, server.build).start()
    fake = hashlib.sha256(b"nobody").digest()
    seal = letter.document.visible_seals[0].seal
    assert stolen.ask(VISIBLE, number, 1, 1, letter.document.record_sha256, seal[:-66])[0] == SIGNED
    assert stolen.ask(VISIBLE, number, 1, 2, letter.document.record_sha256, seal[:-66])[0] == REFUSED
    assert stolen.ask(VISIBLE, number, 1, 1, fake, seal[:-66])[0] == REFUSED
    stolen.stop()
    assert server.audit().returncode == 0, "a second signature for the same document is the document's"
    stolen.start()
    assert stolen.ask(CHECKPOINT, "", 0, 0, fake, checkpoint(2, node(LEAVES[0], LEAVES[1])))[0] == ELSEWHERE
    stolen.stop()
    last = journal.read_text().splitlines()[-1].split()
    line = f"{int(last[0]) + 1} {last[1]} checkpoint - 2 0 {fake.hex()} {last[7]} {last[8]} "
    chain = hashlib.sha256(bytes.fromhex(last[9]) + line.encode()).hexdigest()
    journal.write_text(journal.read_text() + line + chain + "\n")
    done = server.audit()
    assert done.returncode == 1 and f"FAULT journal {int(last[0]) + 1}: is a checkpoint of another tree" in done.stdout, done.stdout


def small_files(server):
    config = server.dir / "signer.conf"
    config.write_text(re.sub(r"journal_bytes = \d+", "journal_bytes = 4096", config.read_text()))


def journal_files(server):
    return sorted(server.dir.glob("signer.journal.0*")) + [server.dir / "signer.journal"]


def test_a_full_journal_goes_on_in_another_file_and_no_call_notices(server):
    server.stop()
    small_files(server)
    server.start()
    client = server.client("case")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.issue(letter()), range(40)))
    assert len({a.document.number for a in answers}) == 40
    server.stop()
    files = journal_files(server)
    assert len(files) >= 6 and all(4096 <= f.stat().st_size < 65536 for f in files[:-1]), [f.stat().st_size for f in files]
    done = server.audit()
    assert done.returncode == 0 and re.search(r"(\d+) signatures: \1 matched, 0 orphans", done.stdout), done.stdout
    kept = [f.read_text() for f in files]
    files[1].unlink()
    files[2].rename(files[1])
    assert "FAULT journal 0: is a file that does not go on where the one before ended" in server.audit().stdout
    for file, text in zip(files, kept):
        file.write_text(text)
    head, rest = kept[3].split("\n", 1)
    files[3].write_text(head.replace(head.split()[1], str(int(head.split()[1]) + 1), 1) + "\n" + rest)
    assert "FAULT journal 0:" in server.audit().stdout
    files[3].write_text(kept[3])
    assert server.audit().returncode == 0


def test_a_journal_whose_signer_died_between_two_names_goes_on_and_a_missing_file_stops_it(server, authority):
    small_files(server)
    server.stop()
    server.start()
    for _ in range(12):
        server.client("case").issue(example("safe-conduct"))
    server.stop()
    live = server.dir / "signer.journal"
    assert len(journal_files(server)) > 1
    live.rename(server.dir / "signer.journal.next")
    server.start()
    server.client("case").issue(example("safe-conduct"))
    server.stop()
    assert server.audit().returncode == 0, "it goes on under its own name"
    live.unlink()
    lost = Signer(server.dir, authority, server.build)
    with pytest.raises((EOFError, ConnectionResetError)):
        lost.start()
    assert lost.stop() == 1 and not live.exists(), "what is lost is not begun anew"


def test_each_key_is_told_to_the_log_once(server):
    def told():
        with sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True) as db:
            return [r[0] for r in db.execute("SELECT reason FROM audit WHERE act = 'key' ORDER BY reason")]
    assert told() == ["DOCUMENT", "LOG", "TRUST", "VISIBLE"]
    server.stop()
    server.start()
    assert told() == ["DOCUMENT", "LOG", "TRUST", "VISIBLE"]


def memory_of(pid):
    out = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as mem:
        for line in maps:
            span, rights = line.split()[:2]
            first, end = (int(x, 16) for x in span.split("-"))
            if "r" not in rights or end - first > 1 << 28:  # a sanitizer's shadow is no memory of the program
                continue
            try:
                mem.seek(first)
                out.append(mem.read(end - first))
            except (OSError, ValueError, OverflowError):
                continue
    return b"".join(out)


def test_every_signature_is_in_the_journal_before_its_document_is_out(server):
    answer = server.client("case").issue(example("safe-conduct"))
    lines = [line.split() for line in (server.dir / "signer.journal").read_text().splitlines()[1:]]
    mine = [line[2] for line in lines if line[3] == answer.document.number and line[6] == answer.document.record_sha256.hex()]
    assert mine == ["visible", "document"]
