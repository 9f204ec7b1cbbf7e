"""Can one connection hurt the others?   wire_attack_test.py ECHO-SERVER     (the design of the wire, lines 15 and 16)

While one connection attacks, another's calls go on; the attacker is told of its fault, most often by ENHANCE_YOUR_CALM, or cut;
and what the attack took is given back. The server's time limits are a second."""
import os
import resource
import signal
import socket
import struct
import sys
import time
import unittest
import zlib

# freed memory is not kept by the sanitizer: it would look like ours
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4:allocator_release_to_os_interval_ms=100"
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_case import (BINARY, CLIENT_STREAM, HELLO, SERVER_STREAM, SLEEP, UNARY, Own, Wire, ask, eventually, message,
                       rss_kib)
from echo_client import Certificates, Server
from raw_http2 import (CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PRIORITY, RST, SETTINGS, WINDOW, Connection,
                       literal, request_headers)

CALM = 11
MANY = (CALM, 1)  # whoever is quicker than our resets has too many streams open: PROTOCOL_ERROR
KEPT_KIB = 24 * 1024  # what the allocators may hold on to after an attack


def u32(n):
    return struct.pack(">I", n)


def until_closed(port, *parts, step=0.0):
    """Sends the parts, and says after how many seconds the server closed."""
    with socket.create_connection(("127.0.0.1", port), 8) as s:
        start = time.monotonic()
        try:
            for p in parts:
                s.sendall(p)
                time.sleep(step)
            while s.recv(4096):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
        return time.monotonic() - start


class Attack(Wire):
    ARGUMENTS = ("--quiet", "--fast")

    def setUp(self):
        super().setUp()  # self.c is the honest one
        self.still_served()
        self.before = rss_kib(self.server)

    def tearDown(self):
        self.still_served()
        super().tearDown()
        self.assertTrue(eventually(lambda: rss_kib(self.server) - self.before < KEPT_KIB, 10),
                        (self.before, rss_kib(self.server)))

    def still_served(self):
        start = time.monotonic()
        if self.c.closed:  # of age: a test may take longer than its time limits
            self.again()
        self.assertEqual(self.status(), "0")
        self.assertLess(time.monotonic() - start, 3)

    def flood(self, attack, limit=20000, codes=(CALM,), word=None):
        """Until the server has had enough; the GOAWAY is of one of these codes, or lost with the connection."""
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
            self.assertTrue(c.goaway or c.closed)
            if c.goaway:
                self.assertIn(c.goaway[1], codes)
                if word:
                    self.assertEqual(c.goaway[2], word)

    def closed_within(self, c, limit):
        start = time.monotonic()
        c.wait(lambda: c.closed, limit)
        self.assertTrue(c.closed)
        self.assertGreater(time.monotonic() - start, 0.5)


class Budget(Attack):
    """15: one bucket of tokens a connection."""

    def test_rapid_reset(self):
        headers = request_headers(UNARY)

        def attack(c, i):
            c.send(HEADERS, END_HEADERS, 2 * i + 1, headers)
            c.send(RST, 0, 2 * i + 1, u32(8))
        self.flood(attack, word=b"too_many_resets")

    def test_rapid_reset_of_calls_that_work(self):
        def attack(c, i):
            c.request(2 * i + 1, SLEEP, ask(millis=100))
            c.send(RST, 0, 2 * i + 1, u32(8))
        self.flood(attack)

    def test_handlers_of_reset_streams_count(self):
        """Below the budget: what was reset waits for a worker all the same, and no more of one connection than may wait."""
        with Connection(self.server.port) as c:
            for stream in (1, 3):  # as many as may wait at a time
                c.request(stream, SLEEP, ask(millis=1500))
            for stream in range(5, 405, 2):
                c.request(stream, SLEEP, ask(millis=100))
                c.send(RST, 0, stream, u32(8))
            c.request(405, UNARY, HELLO)
            self.assertEqual(c.answer(405)[1].get("grpc-status"), "8")
            self.still_served()
            self.assertEqual(c.answer(3)[1].get("grpc-status"), "0")
            c.request(407, UNARY, HELLO)
            self.assertEqual(c.answer(407)[1].get("grpc-status"), "0")

    def test_resets_that_we_are_made_to_send_by_windows(self):
        headers = request_headers(UNARY)

        def attack(c, i):
            c.send(HEADERS, END_HEADERS, 2 * i + 1, headers)
            c.send(WINDOW, 0, 2 * i + 1, u32(2 ** 31 - 1))
        self.flood(attack, codes=MANY)

    def test_resets_that_we_are_made_to_send_by_malformed_requests(self):
        headers = literal(":method", "POST") + literal(":scheme", "http")
        self.flood(lambda c, i: c.send(HEADERS, 5, 2 * i + 1, headers), codes=MANY)

    def test_resets_that_we_are_made_to_send_by_empty_window_updates(self):
        def attack(c, i):
            c.request(2 * i + 1, UNARY, None, end=False)
            c.send(WINDOW, 0, 2 * i + 1, u32(0))
        self.flood(attack, codes=MANY)

    def test_resets_that_we_are_made_to_send_by_wrong_lengths(self):
        def attack(c, i):
            c.send(HEADERS, 4, 2 * i + 1, request_headers(UNARY, extra=[("content-length", "1")]))
            c.send(DATA, END_STREAM, 2 * i + 1, b"two")
        self.flood(attack, codes=MANY)

    def test_continuations(self):
        def attack(c, i):
            c.send(CONTINUATION if i else HEADERS, 0, 1, literal("x-a", "b") if i else request_headers(UNARY))
        self.flood(attack)

    def test_continuations_of_nothing(self):
        self.flood(lambda c, i: c.send(CONTINUATION if i else HEADERS, 0, 1, b"" if i else request_headers(UNARY)))

    def test_settings(self):
        self.flood(lambda c, i: c.send(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)), word=b"too_many_settings")

    def test_settings_of_nothing(self):
        self.flood(lambda c, i: c.send(SETTINGS))

    def test_pings(self):
        self.flood(lambda c, i: c.send(PING, 0, 0, bytes(8)), word=b"too_many_pings")

    def test_priorities(self):
        self.flood(lambda c, i: c.send(PRIORITY, 0, 2 * (i % 1000) + 1, u32(0) + b"\x10"))

    def test_frames_of_unknown_types(self):
        self.flood(lambda c, i: c.send(0x40 + i % 100, 0, 0, b"x"))

    def test_empty_data(self):
        def attack(c, i):
            if i == 0:
                c.request(1, CLIENT_STREAM, None, end=False)
            c.send(DATA, 0, 1)
        self.flood(attack, word=b"too_much_empty_data")

    def test_data_of_nothing_but_padding(self):
        def attack(c, i):
            if i == 0:
                c.request(1, CLIENT_STREAM, None, end=False)
            c.send(DATA, 8, 1, b"\x05" + bytes(5))
        self.flood(attack, word=b"too_much_empty_data")

    def test_last_words_arrive_though_the_fault_came_with_the_first_bytes(self):
        settings = bytes(3) + bytes([SETTINGS, 0]) + bytes(4)
        os.kill(self.server.process.pid, signal.SIGSTOP)  # so that all of it is there when the server accepts
        try:
            c = Connection(self.server.port, greet=False)
            c.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings * 300)
        finally:
            os.kill(self.server.process.pid, signal.SIGCONT)
        with c:
            c.wait(lambda: c.goaway or c.closed)
            self.assertEqual(c.goaway and c.goaway[1], CALM)

    def test_an_honest_client_that_cancels_much_is_let_be(self):
        """Two hundred calls a second, each cancelled: what the default bucket of the library punishes."""
        with Connection(self.server.port) as c:
            for i in range(300):
                c.request(2 * i + 1, SLEEP, ask(millis=1))
                c.send(RST, 0, 2 * i + 1, u32(8))
                time.sleep(0.005)
                c.step(0)
            c.request(601, UNARY, HELLO)
            self.assertEqual(c.answer(601)[1].get("grpc-status"), "0")


class Memory(Attack):
    """15 and 12: what is held for a client is bounded."""

    def test_streams_of_empty_messages(self):
        """Five bytes each on the wire, to a handler that does not read."""
        with Connection(self.server.port) as c:
            c.greeted()
            c.request(1, CLIENT_STREAM, ask(millis=900), end=False)
            window, sent, until = {0: 65535, 1: c.settings[4] - 100}, 0, time.monotonic() + 1
            part = message() * 3000
            while time.monotonic() < until and not c.closed:
                for at in window:
                    window[at] += c.windows.pop(at, 0)
                if min(window.values()) > len(part):
                    c.send(DATA, 0, 1, part)
                    window = {at: left - len(part) for at, left in window.items()}
                    sent += 3000
                else:
                    c.step(0.01)
            self.assertGreater(sent, 3000)
            self.assertLess(sent, 150000)  # a mark and a window, not as much as there is time
            self.still_served()
            self.assertLess(rss_kib(self.server) - self.before, KEPT_KIB)

    def test_gzip_bombs(self):
        pack = zlib.compressobj(1, zlib.DEFLATED, 31)
        bomb = message(b"".join(pack.compress(bytes(1 << 20)) for _ in range(100)) + pack.flush(), 1)
        with Connection(self.server.port) as c:
            for stream in range(1, 13, 2):
                c.request(stream, UNARY, None, end=False, grpc_encoding="gzip")
                c.send_data(stream, bomb)
            for stream in range(1, 13, 2):
                self.assertEqual(c.answer(stream)[1].get("grpc-status"), "8")

    def test_a_header_list_that_grows_by_its_table(self):
        """HPACK: one entry of 3,900 bytes, named again and again by one byte each."""
        with Connection(self.server.port) as c:
            c.wait(lambda: c.settings)
            c.send(HEADERS, 5, 1, request_headers(UNARY) + b"\x40" + literal("x-bomb", "v" * 3900)[1:] + b"\xbe" * 8000)
            c.wait(lambda: 1 in c.streams and (c.streams[1].ended or c.streams[1].reset is not None) or c.goaway or c.closed)
            status = dict(c.streams[1].headers[0]).get(":status") if 1 in c.streams and c.streams[1].headers else None
            self.assertTrue(status == "431" or c.closed or c.goaway or c.streams[1].reset is not None)

    def test_tables_of_headers_that_change_all_the_time(self):
        with Connection(self.server.port) as c:
            c.wait(lambda: c.settings)
            for i in range(100):
                c.send(HEADERS, 5, 2 * i + 1, b"\x20\x3f\xe1\x1f" + request_headers(UNARY) + b"\x40" +
                       literal("x-%d" % i, "v" * 4000)[1:])
                c.step(0)
            self.assertEqual(c.answer(199)[1].get("grpc-status"), "12")

    def test_windows_of_zero(self):
        with Connection(self.server.port, settings=[(4, 0)]) as c:
            for i in range(50):
                c.request(2 * i + 1, SERVER_STREAM, ask(count=100, size=10000))
            self.still_served()
            self.assertTrue(c.wait(lambda: sum(s.reset is not None for s in c.streams.values()) >= 4 or c.closed, 8))

    def test_two_thousand_idle_connections(self):
        """The second crowd finds what the first has left. (How much a connection takes: bench/rpc, without sanitizers.)"""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        for crowd in range(2):
            many = [Connection(self.server.port) for _ in range(min(2000, hard - 200))]
            self.still_served()
            for c in many:
                c.close()
            self.assertTrue(eventually(lambda: len(os.listdir("/proc/%d/fd" % self.server.process.pid)) < 50))
            self.before = rss_kib(self.server) if crowd == 0 else self.before
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Patience(Attack):
    """16: each thing has its time."""

    def test_a_silent_connection_is_closed(self):
        self.assertTrue(0.5 < until_closed(self.server.port) < 4)

    def test_half_a_preface_is_closed(self):
        self.assertTrue(0.5 < until_closed(self.server.port, b"PRI * HTTP/2.0\r\n\r\nSM") < 4)

    def test_a_preface_without_settings_is_closed(self):
        self.assertTrue(0.5 < until_closed(self.server.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") < 4)

    def test_a_header_block_without_end_is_closed(self):
        with Connection(self.server.port) as c:
            c.wait(lambda: c.settings)  # its acknowledgement must not fall into the block
            c.send(HEADERS, 0, 1, request_headers(UNARY))
            self.closed_within(c, 4)

    def test_headers_in_drops_are_closed(self):
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

    def test_half_a_frame_of_headers_is_closed(self):
        """The kernel's buffer has the rest of a frame that never comes: no block has begun, the connection is but idle."""
        with Connection(self.server.port) as c:
            c.wait(lambda: c.settings)
            block = request_headers(UNARY)
            c.socket.sendall(u32(len(block))[1:] + bytes([HEADERS, 5]) + u32(1) + block[:20])
            self.closed_within(c, 4)

    def test_a_body_that_does_not_go_on_is_answered(self):
        with Connection(self.server.port) as c:
            c.request(1, UNARY, HELLO[:7], end=False)
            self.assertEqual(c.answer(1)[1].get("grpc-status"), "4")

    def test_a_body_in_drops_is_answered(self):
        with Connection(self.server.port) as c:
            c.request(1, UNARY, b"\0" + u32(100000), end=False)
            until = time.monotonic() + 6
            while time.monotonic() < until and not (1 in c.streams and c.streams[1].headers):
                c.send(DATA, 0, 1, b"xxxx")
                c.step(0.05)
            self.assertEqual(dict(c.streams[1].headers[-1]).get("grpc-status"), "4")

    def test_bodies_in_drops_of_many_streams_are_answered(self):
        with Connection(self.server.port) as c:
            for i in range(90):
                c.request(2 * i + 1, UNARY, b"\0" + u32(100000), end=False)
            until = time.monotonic() + 6
            while time.monotonic() < until and sum(bool(s.headers) for s in c.streams.values()) < 90 and not c.closed:
                for i in range(90):
                    c.send(DATA, 0, 2 * i + 1, b"x")
                c.step(0.3)
            self.assertEqual(sum(bool(s.headers) for s in c.streams.values()), 90)

    def test_a_slow_body_that_is_fast_enough_is_let_be(self):
        body = ask(data=bytes(4000))
        with Connection(self.server.port) as c:
            c.request(1, UNARY, None, end=False)
            for at in range(0, len(body), 300):  # 13 portions in three seconds and more, three times the time limit
                c.send(DATA, END_STREAM if at + 300 >= len(body) else 0, 1, body[at:at + 300])
                c.step(0.25)
            self.assertEqual(c.answer(1)[1].get("grpc-status"), "0")

    def test_a_client_stream_that_dries_up_is_answered(self):
        with Connection(self.server.port) as c:
            c.request(1, CLIENT_STREAM, HELLO, end=False)
            self.assertEqual(c.answer(1)[1].get("grpc-status"), "4")

    def test_a_message_of_a_stream_in_drops_is_answered(self):
        with Connection(self.server.port) as c:
            c.request(1, CLIENT_STREAM, HELLO + b"\0" + u32(100000), end=False)
            until = time.monotonic() + 6
            while time.monotonic() < until and not (1 in c.streams and c.streams[1].headers):
                c.send(DATA, 0, 1, b"x")
                c.step(0.05)
            self.assertEqual(dict(c.streams[1].headers[-1]).get("grpc-status"), "4")

    def test_a_body_for_a_page_is_not_waited_for(self):
        with Connection(self.server.port) as c:
            c.request(1, "/healthz", b"x", end=False, content_type=None)
            self.assertEqual(c.answer(1)[0].get(":status"), "415")

    def test_what_is_no_http2_is_closed(self):
        for hello in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\0" * 100):
            self.assertLess(until_closed(self.server.port, hello), 4)


class Tls(Attack):
    """16, over TLS: the handshake has its time too."""

    @classmethod
    def setUpClass(cls):
        cls.certs = Certificates()
        cls.server = Server(BINARY, "--quiet", "--fast", "--public", "localhost", "--tls", cls.certs.path("server.pem"),
                            cls.certs.path("server.key"))
        cls.port = cls.server.port
        cls.server.port = cls.server.doors[1]  # the honest one comes by the clear door

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.certs.folder.cleanup()

    def still_served(self):
        if self.c.closed:
            self.again()
        self.assertEqual(self.status("/test.v1.EchoService/Slept"), "0")

    def hello(self):
        """A ClientHello, as OpenSSL writes it."""
        import ssl
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            context.wrap_bio(into, out, server_hostname="localhost").do_handshake()
        except ssl.SSLWantReadError:
            return out.read()

    def sent(self, *parts, step=0.0):
        return until_closed(self.port, *parts, step=step)

    def test_a_silent_socket_is_closed(self):
        self.assertTrue(0.5 < self.sent() < 4)

    def test_half_a_client_hello_is_closed(self):
        hello = self.hello()
        self.assertTrue(0.5 < self.sent(hello[:len(hello) // 2]) < 4)

    def test_a_client_hello_in_drops_is_closed(self):
        self.assertLess(self.sent(*(bytes([b]) for b in self.hello()[:60]), step=0.1), 8)

    def test_a_handshake_that_stops_after_its_client_hello_is_closed(self):
        self.assertTrue(0.5 < self.sent(self.hello()) < 4)

    def test_a_hundred_silent_sockets_are_closed(self):
        many = [socket.create_connection(("127.0.0.1", self.port), 8) for _ in range(100)]
        self.still_served()
        for s in many:
            s.settimeout(5)
            self.assertEqual(s.recv(1), b"")
            s.close()

    def test_what_is_no_tls_is_closed(self):
        self.assertLess(self.sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9)), 4)


class Crowds(Own):
    def test_out_of_descriptors_it_neither_spins_nor_stays_deaf(self):
        server = Server("/bin/sh", "-c", "ulimit -n 40; exec %s --quiet" % BINARY)
        self.addCleanup(lambda: server.process.poll() is None and server.stop())
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

    def test_more_connections_than_may_be_are_closed_at_once_and_those_that_are_there_stay(self):
        server = self.serve("--connections", "10")
        there = [Connection(server.port) for _ in range(10)]
        for c in there:
            self.assertTrue(c.greeted())
        for _ in range(20):
            with Connection(server.port) as c:
                self.assertTrue(c.wait(lambda: c.closed))
        for c in there:
            c.request(1, UNARY, HELLO)
            self.assertEqual(c.answer(1)[1].get("grpc-status"), "0")
        there.pop().close()

        def room():
            with Connection(server.port) as c:
                return c.greeted()
        self.assertTrue(eventually(room))
        for c in there:
            c.close()


if __name__ == "__main__":
    unittest.main()
