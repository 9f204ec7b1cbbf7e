"""The crash matrix: at each step of an issue the server dies, the signer dies, the disk is full or fails. Whatever it was,
the same request gets one number and the same bytes, no number is unaccounted for, and every signature is matched."""

import pathlib
import shutil
import signal
import subprocess
import time

import grpc
import pytest
from conftest import LONG, Server, document_pb2, letter

RUNS = 200 if LONG else 5
KILL, EIO, FULL = "signal=SIGKILL", "error=EIO", "error=ENOSPC"

# step: (process, system call, which one of it); the calls of an issue are those that strace shows, in their order
STEPS = {
    "the reservation is written": ("server", "pwrite64", 3),
    "the reservation is synced": ("server", "fdatasync", 1),
    "the seal goes to the signer": ("server", "sendto", 1),
    "the signer writes the seal down": ("signer", "write", 1),
    "the signer syncs it": ("signer", "fdatasync", 1),
    "the signer gives the seal": ("signer", "sendto", 1),
    "the page is drawn, before it is signed": ("server", "sendto", 2),
    "the signer writes the page down": ("signer", "write", 2),
    "the signer syncs that": ("signer", "fdatasync", 2),
    "the signer gives the signature": ("signer", "sendto", 2),
    "the document is written": ("server", "pwrite64", 47),
    "the document is synced": ("server", "fdatasync", 2),
    "it is synced, nothing is answered": ("server", "write", 1),
    "the answer is half sent": ("server", "write", 4),
}


def cells():
    for step, (process, call, nth) in STEPS.items():
        yield step, process, call, nth, KILL
        if call in ("pwrite64", "fdatasync") or (process, call) == ("signer", "write"):
            yield step, process, call, nth, EIO
        if call in ("pwrite64",) or (process, call) == ("signer", "write"):
            yield step, process, call, nth, FULL


class Fault:
    """strace, that does one thing to the nth call of a process."""

    def __init__(self, pid, call, nth, what, log):
        self.log = log
        log.unlink(missing_ok=True)
        self.process = subprocess.Popen(["strace", "-f", "-qq", "-p", str(pid), "-e", f"trace={call}", "-e",
                                         f"inject={call}:{what}:when={nth}", "-o", str(log)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        tasks = pathlib.Path(f"/proc/{pid}/task")
        for _ in range(3000):
            traced = [(t / "status").read_text().split("TracerPid:")[1].split()[0] for t in tasks.iterdir()]
            if all(int(t) == self.process.pid for t in traced):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.01)
        self.process.kill()
        self.process.wait(30)
        raise RuntimeError("strace did not attach")

    def end(self):
        """Whether it came to pass."""
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGINT)
            self.process.wait(3)
        except subprocess.TimeoutExpired:  # it waits for a process that is dead already
            self.process.kill()
            self.process.wait(30)
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "(INJECTED)" in text or "killed by SIGKILL" in text


def child_of(pid):
    for _ in range(300):
        children = " ".join(t.read_text() for t in pathlib.Path(f"/proc/{pid}/task").glob("*/children")).split()
        if children:
            return int(children[-1])
        time.sleep(0.02)
    raise RuntimeError("no signer")


def restarted(server):
    if server.process.poll() is not None:
        server.process.wait()
        server.start()


def attached(server, process, call, nth, what):
    """To a process that is not dying of the fault before."""
    for _ in range(20):
        pid = server.process.pid if process == "server" else child_of(server.process.pid)
        try:
            return Fault(pid, call, nth, what, server.dir / "strace")
        except (RuntimeError, FileNotFoundError):
            time.sleep(0.05)
    raise RuntimeError("strace does not attach")


def run(server, process, call, nth, what):
    """One issue with one fault. (came to pass, answered at once, the answer to the retry)"""
    request, first = letter(), None
    client = server.client("case")
    grpc.channel_ready_future(client.channel).result(30)
    fault = attached(server, process, call, nth, what)
    try:
        first = client.issuance.IssueDocument(request, timeout=30)
    except grpc.RpcError as error:
        assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL, grpc.StatusCode.CANCELLED), error
    came = fault.end()
    if what == KILL and process == "server" and came:
        server.process.wait(30)
    restarted(server)
    client = server.client("case")
    again = client.issuance.IssueDocument(request, timeout=60)
    assert again.document.state == document_pb2.Document.STATE_ISSUED
    assert client.download(again.document.number) == again.pdf
    if first:
        assert (first.document.number, first.pdf) == (again.document.number, again.pdf)
    return came, first is not None, again.document.number


@pytest.mark.skipif(not shutil.which("strace"), reason="strace does the faults")
def test_one_number_a_request_whatever_fails_at_whichever_step(authority, tmp_path):
    server = Server(tmp_path, authority).start()
    server.client("case").issue(letter())
    table, numbers = [], set()
    print(f"\n{'step':42} {'fault':16} {'came':>5} {'answered at once':>17}")
    for step, process, call, nth, what in cells():
        row = [0, 0]
        for _ in range(RUNS):
            came, answered, number = run(server, process, call, nth, what)
            row[0] += came
            row[1] += answered
            assert number not in numbers
            numbers.add(number)
        table.append(row)
        print(f"{step:42} {process + ' ' + what.split('=')[1]:16} {row[0]:5} {row[1]:17}", flush=True)
    server.stop()
    done = server.audit()
    assert done.returncode == 0, done.stdout[-3000:]
    faults = sum(row[0] for row in table)
    print(f"{len(numbers)} requests, as many numbers; " + " ".join(done.stdout.split("\n")[-3:]).strip())
    assert faults >= 0.8 * RUNS * len(table), "the faults have to come to pass"
