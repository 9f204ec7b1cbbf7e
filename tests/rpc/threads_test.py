"""Do four loops and their workers race?   threads_test.py ECHO-SERVER     (built with ThreadSanitizer: the preset tsan)

Calls of every kind, cancelled and expired ones, connections that come and go, a reload of certificates, metrics, and at last
a graceful stop under load. A race ends the server with another status than 0, and its report is shown."""
import os
import random
import signal
import subprocess
import sys
import threading
import time
import unittest

import grpc

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from echo_client import Certificates, Server, Stub, echo, health_pb2
from raw_http2 import RST, Connection

BINARY = sys.argv.pop(1)
SECONDS = 4
# A call that this client begins again by itself, because its connection was told to go, can lose messages of its stream: the
# server then sees 19 of 20, and a proper end.
ONCE = [("grpc.enable_retries", 0)]
HERE = os.path.dirname(os.path.abspath(__file__))
os.environ["TSAN_OPTIONS"] = "halt_on_error=1 exitcode=66 second_deadlock_stack=1 suppressions=%s/tsan.suppressions" % HERE


def expect(what, got, wanted):
    assert got == wanted, "%s: %r, not %r" % (what, got, wanted)


def calls(stub, rnd):
    kind = rnd.randrange(8)
    if kind == 0:
        expect("unary", stub.unary(echo.EchoRequest(text="x"), timeout=10).text, "x")
    elif kind == 1:
        expect("server stream", len(list(stub.server_stream(echo.EchoRequest(count=20, size=5000), timeout=10))), 20)
    elif kind == 2:
        expect("client stream", stub.client_stream((echo.EchoRequest(data=bytes(3000)) for _ in range(20)), timeout=10).count, 20)
    elif kind == 3:
        expect("bidi", len(list(stub.bidi((echo.EchoRequest(data=bytes(3000)) for _ in range(20)), timeout=10))), 20)
    elif kind == 4:
        stub.sleep.future(echo.EchoRequest(millis=50), timeout=10).cancel()
    elif kind == 5:
        stub.unary(echo.EchoRequest(text="6d3d3f80-0000-4000-8000-00000000002a"), timeout=rnd.uniform(0.0005, 0.003))
        stub.sleep(echo.EchoRequest(millis=50), timeout=0.005)
    elif kind == 6:
        watching = stub.watch(echo.EchoRequest(), timeout=10)
        next(watching)
        watching.cancel()
    else:
        watching = stub.health_watch(health_pb2.HealthCheckRequest(), timeout=10)
        next(watching)
        watching.cancel()


class Threads(unittest.TestCase):
    def load(self, open_channel, port_of_pages, server):
        """Until the time is over, then a stop in the middle of it."""
        stopping, faults = threading.Event(), []
        fine = {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED, grpc.StatusCode.RESOURCE_EXHAUSTED}

        def client(seed):
            rnd = random.Random(seed)
            while not stopping.is_set():
                with open_channel() as channel:
                    stub = Stub(channel)
                    for _ in range(30):
                        try:
                            calls(stub, rnd)
                        except grpc.RpcError as e:
                            if e.code() not in fine:
                                faults.append(e)
                        except AssertionError as e:
                            faults.append(e)
                        if stopping.is_set():
                            break

        def raw():
            while not stopping.is_set():
                try:
                    c, web = Connection(port_of_pages), Connection(server.port)
                except ConnectionError:
                    return
                with web:
                    for i in range(20):
                        web.request(2 * i + 1, "/test.v1.EchoService/Unary", b'{"text": "x"}', te=None,
                                    content_type="application/json")
                    web.wait(lambda: sum(s.ended for s in web.streams.values()) == 20, 3)
                    if not web.closed and any(s.data != b'{"text":"x"}' for n, s in web.streams.items() if n):
                        faults.append("JSON: %r" % {n: s.data for n, s in web.streams.items()})
                with c:
                    for i in range(20):
                        c.request(2 * i + 1, ("/metrics", "/healthz")[i % 2], None, m_method="GET", content_type=None, te=None)
                        if i % 5 == 4:
                            c.send(RST, 0, 2 * i + 1, b"\0\0\0\x08")
                    c.wait(lambda: 37 in c.streams and c.streams[37].ended, 3)
        threads = [threading.Thread(target=client, args=(i,)) for i in range(6)]
        threads += [threading.Thread(target=raw)] if port_of_pages else []
        for t in threads:
            t.start()
        for _ in range(SECONDS):
            time.sleep(1)
            server.process.send_signal(signal.SIGHUP)
        code, _ = server.stop()
        stopping.set()
        for t in threads:
            t.join()
        self.assertEqual((code, faults[:3]), (0, []))

    def test_in_clear_text(self):
        server = Server(BINARY, "--quiet", "--loops", "4", "--workers", "4", "--public", "localhost")
        self.load(lambda: grpc.insecure_channel(server.address, [("grpc.use_local_subchannel_pool", 1), *ONCE]), server.doors[1], server)

    def test_over_tls_with_reloads(self):
        certs = Certificates()
        server = Server(BINARY, "--quiet", "--loops", "4", "--workers", "4", "--tls", certs.path("server.pem"),
                        certs.path("server.key"), "--client-ca", certs.path("ca.pem"), "--require-peer")
        self.load(lambda: certs.channel(server.address, "officer", ONCE), None, server)
        certs.folder.cleanup()


if __name__ == "__main__":
    if not os.access(BINARY, os.X_OK):
        sys.exit("%s is not built (cmake --preset tsan)" % BINARY)
    if b"__tsan_init" not in subprocess.run(["nm", "-D", BINARY], capture_output=True).stdout:
        sys.exit("%s is not built with ThreadSanitizer" % BINARY)
    unittest.main()
