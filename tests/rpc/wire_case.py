"""What the tests of raw frames share: paths, messages, a server for a class and a connection for a test. The first argument of
such a test is the echo server."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from echo_client import Server, echo
from raw_http2 import Connection, message

BINARY = sys.argv.pop(1)
SERVICE = "/test.v1.EchoService/"
UNARY, SERVER_STREAM, CLIENT_STREAM, BIDI = (SERVICE + n for n in ("Unary", "ServerStream", "ClientStream", "Bidi"))
FAIL, SLEEP, WATCH, SLEPT = (SERVICE + n for n in ("Fail", "Sleep", "Watch", "Slept"))


def ask(**fields):
    return message(echo.EchoRequest(**fields).SerializeToString())


HELLO = ask(text="hello")


def rss_kib(server):
    with open("/proc/%d/status" % server.process.pid) as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))


def eventually(holds, limit=5):
    until = time.monotonic() + limit
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.05)
    return held


class Own(unittest.TestCase):
    """A server a test."""

    def serve(self, *arguments, quiet=True):
        server = Server(BINARY, *(["--quiet"] if quiet else []), *arguments)
        self.addCleanup(lambda: server.process.poll() is None and server.stop())
        return server


class Wire(unittest.TestCase):
    """One server a class, ARGUMENTS say which; one connection a test."""
    ARGUMENTS = ("--quiet",)

    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY, *cls.ARGUMENTS)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop()[0] == 0

    def setUp(self):
        self.c = Connection(self.server.port)
        self.next = 1

    def tearDown(self):
        self.c.close()

    def again(self, **more):
        """Another connection in the place of the first."""
        self.c.close()
        self.c, self.next = Connection(self.server.port, **more), 1

    def stream(self):
        self.next += 2
        return self.next - 2

    def ask(self, path=UNARY, body=HELLO, end=True, limit=5, **headers):
        """(first headers, last headers, the stream)."""
        stream = self.stream()
        self.c.request(stream, path, body, end, **headers)
        return self.c.answer(stream, limit)

    def status(self, *args, **headers):
        return self.ask(*args, **headers)[1].get("grpc-status")

    def http(self, *args, **headers):
        return self.ask(*args, **headers)[0].get(":status")

    def slept(self):
        """How many sleepers were cancelled, and how many expired."""
        answer = echo.EchoResponse.FromString(self.ask(SLEPT)[2].data[5:])
        return answer.count, answer.size
