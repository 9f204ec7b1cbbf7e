"""Is each door what it should be: pages, hosts, open methods, browsers, several loops?   wire_doors_test.py ECHO-SERVER"""
import os
import resource
import socket
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from echo_client import Server, echo
from raw_http2 import (CONTINUATION, DATA, HEADERS, PING, RST, SETTINGS, WINDOW, Connection, literal, message,
                       request_headers)

BINARY = sys.argv.pop(1)
UNARY = "/test.v1.EchoService/Unary"
SLEPT = "/test.v1.EchoService/Slept"
HELLO = message(echo.EchoRequest(text="hello").SerializeToString())


def get(port, path, method="GET", **more):
    with Connection(port) as c:
        c.request(1, path, None, m_method=method, content_type=None, te=None, **more)
        first, _, stream = c.answer(1)
        return first, stream.data.decode()


class Doors(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY, "--public", "verify.example", "--require-peer")
        cls.port = cls.server.port
        cls.public, cls.admin = cls.server.doors

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop()[0] == 0

    def test_pages_of_health_are_at_every_door(self):
        for port, host in ((self.port, "x"), (self.public, "verify.example"), (self.admin, "x")):
            for path, body in (("/healthz", "alive\n"), ("/readyz", "ready\n")):
                first, text = get(port, path, m_authority=host)
                self.assertEqual((first[":status"], text, first["content-length"]), ("200", body, str(len(body))))
                first, text = get(port, path, "HEAD", m_authority=host)
                self.assertEqual((first[":status"], text), ("200", ""))
                self.assertEqual(get(port, path, "POST", m_authority=host)[0][":status"], "415")

    def test_metrics_are_the_operators(self):
        self.assertEqual(get(self.port, "/metrics")[0][":status"], "404")
        self.assertEqual(get(self.public, "/metrics", m_authority="verify.example")[0][":status"], "404")
        with Connection(self.public) as c:
            c.request(1, SLEPT, HELLO, m_authority="verify.example:443")
            self.assertEqual(c.answer(1)[1]["grpc-status"], "0")
        first, text = get(self.admin, "/metrics")
        self.assertEqual((first[":status"], first["content-type"].split(";")[0]), ("200", "text/plain"))
        self.assertRegex(text, r'grpc_server_handled_total\{grpc_service="test.v1.EchoService",grpc_method="Slept",'
                               r'grpc_code="OK"\} [1-9]')
        for name in ("grpc_server_started_total", "grpc_server_handling_seconds_bucket", "salvo_queue_depth",
                     "process_open_fds", "process_resident_memory_bytes"):
            self.assertIn("\n" + name, text)

    def test_a_request_for_another_host_is_421(self):
        with Connection(self.public) as c:
            for i, (host, status) in enumerate((("verify.example", "200"), ("VERIFY.example:8444", "200"),
                                                ("officials.example", "421"), ("verify.example.org", "421"))):
                c.request(2 * i + 1, SLEPT, HELLO, m_authority=host)
                self.assertEqual(c.answer(2 * i + 1)[0][":status"], status)
        self.assertEqual(get(self.public, "/healthz", m_authority="other")[0][":status"], "421")

    def test_the_public_door_serves_open_methods_alone(self):
        with Connection(self.public) as c:
            c.request(1, UNARY, HELLO, m_authority="verify.example")
            self.assertEqual(c.answer(1)[1]["grpc-status"], "16")
            c.request(3, SLEPT, HELLO, m_authority="verify.example")
            self.assertEqual(c.answer(3)[1]["grpc-status"], "0")
            c.request(5, "/grpc.health.v1.Health/Check", message(), m_authority="verify.example")
            self.assertEqual(c.answer(5)[1]["grpc-status"], "0")
        with Connection(self.port) as c:  # open or not, officials show who they are
            c.request(1, SLEPT, HELLO)
            self.assertEqual(c.answer(1)[1]["grpc-status"], "16")

    def test_other_origins_may_not_call_and_our_own_may(self):
        preflight = {"access_control_request_method": "POST"}
        first, _ = get(self.public, SLEPT, "OPTIONS", m_authority="verify.example", origin="https://evil.example", **preflight)
        self.assertEqual(first[":status"], "403")
        self.assertNotIn("access-control-allow-origin", first)
        first, _ = get(self.public, SLEPT, "OPTIONS", m_authority="verify.example", origin="https://verify.example", **preflight)
        self.assertEqual((first[":status"], first["access-control-allow-origin"]), ("204", "https://verify.example"))
        with Connection(self.public) as c:
            for i, (origin, status) in enumerate((("https://evil.example", "403"), ("https://verify.example", "200"))):
                c.request(2 * i + 1, SLEPT, HELLO, m_authority="verify.example", origin=origin,
                          content_type="application/grpc-web+proto")
                self.assertEqual(c.answer(2 * i + 1)[0][":status"], status)


class Attacks(unittest.TestCase):
    """While one connection attacks, another's calls go on, and what it took is given back."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY, "--quiet", "--fast", "--loops", "1")

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop()[0] == 0

    def setUp(self):
        self.other = Connection(self.server.port)
        self.stream = 1

    def tearDown(self):
        self.still_served()
        self.other.close()

    def still_served(self):
        self.other.request(self.stream, UNARY, HELLO)
        self.assertEqual(self.other.answer(self.stream)[1].get("grpc-status"), "0")
        self.stream += 2

    def calmed(self, attack, limit=20000):
        """The attacker is told of its fault, most often ENHANCE_YOUR_CALM, or cut."""
        with Connection(self.server.port) as c:
            c.wait(lambda: c.settings)
            for i in range(limit):
                attack(c, i)
                if i % 50 == 0:
                    c.step(0)
                if i == 500:
                    self.still_served()
                if c.closed or c.goaway:
                    break
            c.wait(lambda: c.goaway or c.closed)
            self.assertTrue(c.closed or c.goaway[1] != 0, c.goaway)

    def test_rapid_reset(self):
        def attack(c, i):
            c.request(2 * i + 1, UNARY, None, end=False)
            c.send(RST, 0, 2 * i + 1, struct.pack(">I", 8))
        self.calmed(attack)

    def test_resets_that_we_are_made_to_send(self):
        def attack(c, i):  # a request that is malformed: no :path
            c.send(HEADERS, 5, 2 * i + 1, literal(":method", "POST") + literal(":scheme", "http"))
        self.calmed(attack)

    def test_continuations(self):
        def attack(c, i):
            c.send(CONTINUATION if i else HEADERS, 0, 1, literal("x-a", "b") if i else request_headers(UNARY))
        self.calmed(attack)

    def test_settings(self):
        self.calmed(lambda c, i: c.send(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)))

    def test_pings(self):
        self.calmed(lambda c, i: c.send(PING, 0, 0, bytes(8)))

    def test_empty_data(self):
        def attack(c, i):
            if i == 0:
                c.request(1, UNARY, None, end=False)
            c.send(DATA, 0, 1)
        self.calmed(attack)

    def test_a_header_list_that_grows_by_its_table(self):
        """HPACK: one entry of 4000 bytes, named again and again by one byte each."""
        with Connection(self.server.port) as c:
            c.wait(lambda: c.settings)
            block = request_headers(UNARY) + b"\x40" + literal("x-bomb", "v" * 3900)[1:] + b"\xbe" * 8000
            c.send(HEADERS, 5, 1, block)
            c.wait(lambda: 1 in c.streams and (c.streams[1].ended or c.streams[1].reset is not None) or c.goaway or c.closed)
            status = dict(c.streams[1].headers[0]).get(":status") if 1 in c.streams and c.streams[1].headers else None
            self.assertTrue(status == "431" or c.closed or c.goaway or c.streams[1].reset is not None)

    def test_a_window_of_zero(self):
        with Connection(self.server.port, settings=[(4, 0)]) as c:
            for i in range(50):
                c.request(2 * i + 1, "/test.v1.EchoService/ServerStream",
                          message(echo.EchoRequest(count=100, size=10000).SerializeToString()))
            self.still_served()
            c.wait(lambda: sum(s.reset is not None for s in c.streams.values()) >= 4 or c.closed, 8)
            self.assertTrue(any(s.reset is not None for s in c.streams.values()) or c.closed)

    def test_dribbled_headers(self):
        with Connection(self.server.port) as c:
            c.wait(lambda: c.settings)
            block = request_headers(UNARY)
            c.send(HEADERS, 0, 1, block[:5])
            until = time.monotonic() + 6
            for i in range(5, len(block)):
                if c.closed or time.monotonic() > until:
                    break
                c.send(CONTINUATION, 0, 1, block[i:i + 1])
                c.step(0.3)
            self.assertTrue(c.closed)

    def test_two_thousand_idle_connections_give_their_memory_back(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        many = [Connection(self.server.port) for _ in range(min(2000, hard - 200))]
        self.still_served()
        for c in many:
            c.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(50):
            fds = len(os.listdir("/proc/%d/fd" % self.server.process.pid))
            if fds < 50:
                break
            time.sleep(0.1)
        self.assertLess(fds, 50)


class Descriptors(unittest.TestCase):
    def test_out_of_descriptors_it_neither_spins_nor_stays_deaf(self):
        server = Server("/bin/sh", "-c", "ulimit -n 40; exec %s --quiet" % BINARY)
        kept = [socket.create_connection(("127.0.0.1", server.port), 5) for _ in range(60)]
        time.sleep(0.3)

        def cpu():
            with open("/proc/%d/stat" % server.process.pid) as f:
                return sum(map(int, f.read().rsplit(")", 1)[1].split()[11:13]))
        start = cpu()
        time.sleep(1)
        self.assertLess(cpu() - start, 30)  # ticks of a hundredth: it does not run all the time
        for s in kept:
            s.close()
        with Connection(server.port) as c:
            c.request(1, UNARY, HELLO)
            self.assertEqual(c.answer(1, 10)[1].get("grpc-status"), "0")
        self.assertEqual(server.stop()[0], 0)


class Loops(unittest.TestCase):
    def test_four_loops_share_the_port_and_stop_together(self):
        server = Server(BINARY, "--quiet", "--loops", "4")
        faults = []

        def client():
            try:
                for _ in range(10):
                    with Connection(server.port) as c:
                        for i in range(10):
                            c.request(2 * i + 1, UNARY, HELLO)
                        for i in range(10):
                            assert c.answer(2 * i + 1)[1].get("grpc-status") == "0"
            except Exception as e:  # noqa: BLE001
                faults.append(e)
        threads = [threading.Thread(target=client) for _ in range(8)]
        for t in threads:
            t.start()
        watching = Connection(server.port)
        watching.request(1, "/grpc.health.v1.Health/Watch", message())
        watching.wait(lambda: 1 in watching.streams and watching.streams[1].data)
        for t in threads:
            t.join()
        self.assertEqual(faults, [])
        code, _ = server.stop()
        watching.wait(lambda: watching.closed)
        self.assertEqual(code, 0)
        self.assertEqual(watching.streams[1].data, message(b"\x08\x01") + message(b"\x08\x02"))
        watching.close()


if __name__ == "__main__":
    unittest.main()
