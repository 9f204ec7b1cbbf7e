"""`salvo watch` and `salvo hold watch`: lines as things happen, across a server that went away and came back."""

import json
import queue
import re
import socket
import subprocess
import threading
import time
import uuid

import pytest
from conftest import Server, example, operations_pb2, record_facts, renew


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def fixed(tmp_path_factory, authority):
    """A server that keeps its port when it is started again."""
    s = Server(tmp_path_factory.mktemp("watch"), authority, port=free_port()).start()
    yield s
    s.stop()


class Lines:
    """A command that does not end, and what it has printed."""

    def __init__(self, server, role, *arguments):
        a = server.authority.path
        self.process = subprocess.Popen([str(server.build / "bin/salvo"), "--server", f"localhost:{server.port}", "--ca",
                                         str(a / "root.pem"), "--cert", str(a / f"clients/{role}.pem"), "--key",
                                         str(a / f"clients/{role}.key"), *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.queue, self.seen = queue.Queue(), []
        self.thread = threading.Thread(target=lambda: [self.queue.put(line) for line in self.process.stdout])
        self.thread.start()

    def until(self, *words, seconds=60):
        """The next line that has all of them."""
        end = time.monotonic() + seconds
        while True:
            line = self.queue.get(timeout=max(0.01, end - time.monotonic()))
            self.seen.append(line)
            if all(word in line for word in words):
                return line

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.thread.join()
        self.process.stdout.close()
        self.process.stderr.close()


def events_of(lines):
    return [int(re.match(r"(\d+)  ", line).group(1)) for line in lines.seen]


def again(server):
    server.stop()
    return server.start()


def test_documents_are_told_once_each_whatever_becomes_of_the_server(fixed):
    watch = Lines(fixed, "case", "watch", "--kind", "SAFE_CONDUCT")
    try:
        first = fixed.client("case").issue(example("safe-conduct")).document.number
        watch.until(first, "ISSUED")
        again(fixed)
        second = fixed.client("case").issue(example("safe-conduct")).document.number
        watch.until(second, "ISSUED")
        assert events_of(watch) == sorted(set(events_of(watch)))
        last = events_of(watch)[-1]
    finally:
        watch.stop()
    later = Lines(fixed, "case", "--json", "watch", "--after", str(last))
    try:
        third = fixed.client("case").issue(example("safe-conduct")).document.number
        later.until(f'"number":"{third}"')
        assert all(int(json.loads(line)["event"]) > last for line in later.seen) and not [line for line in later.seen if first in line]
    finally:
        later.stop()


def test_an_alarm_comes_to_the_desk_after_the_server_came_back_too(fixed):
    watch = Lines(fixed, "protection", "hold", "watch")
    try:
        for restart in (False, True):
            if restart:
                again(fixed)
            request = example("flight-manifest")
            del request.flight_manifest.occupants[1:]
            passenger = request.flight_manifest.occupants[0]
            renew(passenger.person, passenger.travel_document)
            passenger.person.surname = "ZUNIGA " + "".join(chr(65 + int(c, 16)) for c in uuid.uuid4().hex[:12])
            record_facts(fixed, request)
            number = fixed.client("flight").issue(request).document.number
            fixed.client("protection2").protection.PlaceHold(operations_pb2.PlaceHoldRequest(
                request_id=str(uuid.uuid4()), person=passenger.person, travel_document=passenger.travel_document,
                cause=operations_pb2.Hold.CAUSE_COURT_ORDER))
            assert passenger.occupant_id in watch.until(number)
        assert events_of(watch) == sorted(set(events_of(watch)))
    finally:
        watch.stop()


def test_a_watch_that_may_not_be_ends_and_says_why(fixed):
    for role, arguments, told in (("print", ("watch",), b"ROLE_MISSING"), ("case", ("hold", "watch"), b"ROLE_MISSING"),
                                  ("case", ("watch", "--after", "999999999"), b"watch without --after")):
        done = fixed.salvo(role, *arguments)
        assert done.returncode == 1 and told in done.stderr, done
    for arguments in (("watch", "--after", "x"), ("watch", "--kind", "PASSPORT"), ("hold", "watch", "more")):
        assert fixed.salvo("case", *arguments).returncode == 2
