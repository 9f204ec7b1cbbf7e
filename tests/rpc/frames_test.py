"""Is the wire itself right, and can bad frames hurt?   frames_test.py ECHO-SERVER"""
import os
import signal
import socket
import ssl
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from echo_client import Certificates, Server, echo
from raw_http2 import (CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST, SETTINGS, WINDOW,
                       Connection, literal, message, request_headers)

BINARY = sys.argv.pop(1)
UNARY = "/test.v1.EchoService/Unary"
SERVER_STREAM = "/test.v1.EchoService/ServerStream"
CLIENT_STREAM = "/test.v1.EchoService/ClientStream"
WATCH = "/test.v1.EchoService/Watch"
SLEEP = "/test.v1.EchoService/Sleep"
HELLO = message(echo.EchoRequest(text="hello").SerializeToString())


class Frames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY)

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop()[0] == 0

    def setUp(self):
        self.c = Connection(self.server.port)

    def tearDown(self):
        self.c.close()

    def ask(self, path=UNARY, body=HELLO, end=True, **override):
        self.c.request(1, path, body, end, **override)
        return self.c.answer(1)

    def status(self, *args, **kw):
        return self.ask(*args, **kw)[1].get("grpc-status")

    def test_an_answer_is_headers_data_trailers(self):
        first, last, stream = self.ask()
        self.assertEqual("".join(stream.events), "HDH.")
        self.assertEqual((first[":status"], first["content-type"]), ("200", "application/grpc"))
        self.assertEqual(last, {"grpc-status": "0"})
        self.assertNotIn("content-length", first)
        self.assertEqual(stream.data, message(echo.EchoResponse(text="hello").SerializeToString()))

    def test_an_error_is_one_headers_frame(self):
        first, _, stream = self.ask("/test.v1.EchoService/Fail", message(echo.EchoRequest(reason="HOLD")
                                                                       .SerializeToString()))
        self.assertEqual("".join(stream.events), "H.")
        self.assertEqual((first[":status"], first["grpc-status"], first["content-type"]),
                         ("200", "9", "application/grpc"))
        self.assertEqual(first["grpc-message"], "HOLD: call the duty protection officer")
        self.assertFalse(first["grpc-status-details-bin"].endswith("="))

    def test_the_content_type_is_echoed(self):
        self.assertEqual(self.ask(content_type="application/grpc+proto")[0]["content-type"], "application/grpc+proto")

    def test_settings_say_the_limits(self):
        self.c.wait(lambda: 3 in self.c.settings)
        self.assertEqual((self.c.settings[3], self.c.settings[6]), (100, 16384))

    def test_what_is_no_grpc_is_plain_http(self):
        self.assertEqual(self.ask(m_method="GET", body=None)[0][":status"], "405")
        self.c.request(3, UNARY, HELLO, content_type="application/xml")
        self.assertEqual(self.c.answer(3)[0][":status"], "415")
        self.c.request(5, UNARY, HELLO, content_type=None)
        self.assertEqual(self.c.answer(5)[0][":status"], "415")
        self.c.request(7, "/no/such", HELLO, m_method="PUT", content_type="text/html")
        self.assertEqual(self.c.answer(7)[0][":status"], "405")  # the method is looked at first

    def test_an_unknown_path_is_12(self):
        for stream, path in enumerate(("/", "/test.v1.EchoService/unary", "/test.v1.EchoService/Unary/", "/x")):
            self.c.request(2 * stream + 1, path, HELLO)
            self.assertEqual(self.c.answer(2 * stream + 1)[1]["grpc-status"], "12")

    def test_a_missing_te_is_tolerated(self):
        self.assertEqual(self.status(te=None), "0")

    def test_timeouts(self):
        for i, (text, status) in enumerate((("1S", "0"), ("99999999H", "0"), ("0n", "4"), ("1", "13"), ("123456789S", "13"),
                                            ("-1S", "13"), ("1s", "13"), ("1.5S", "13"), ("", "13"))):
            with self.subTest(text):
                self.c.request(2 * i + 1, UNARY, HELLO, grpc_timeout=text)
                self.assertEqual(self.c.answer(2 * i + 1)[1]["grpc-status"], status)

    def test_an_early_answer_is_followed_by_a_reset_without_error(self):
        _, last, stream = self.ask("/no/such", HELLO, end=False)
        self.assertEqual(last["grpc-status"], "12")
        self.assertEqual(("".join(stream.events), stream.reset), ("H.R", 0))

    def test_no_message_and_two_messages_are_12(self):
        self.assertEqual(self.status(body=b""), "12")
        self.c.request(3, UNARY, HELLO + HELLO)
        self.assertEqual(self.c.answer(3)[1]["grpc-status"], "12")

    def test_headers_alone_are_12(self):
        self.assertEqual(self.status(body=None), "12")

    def test_cut_frames_unknown_flags_and_no_protobuf_are_13(self):
        bodies = [HELLO[:-1], HELLO[:3], b"\x02" + HELLO[1:], b"\xff" + HELLO[1:], message(b"\xff\xff\xff"),
                  message(b"\x0a\x05ab"), message(b"\x0a\x01\xff"), message(b"\x0b\x0c")]
        for i, body in enumerate(bodies):
            with self.subTest(body):
                self.c.request(2 * i + 1, UNARY, body)
                self.assertEqual(self.c.answer(2 * i + 1)[1]["grpc-status"], "13")

    def test_a_size_over_the_limit_is_refused_from_its_prefix(self):
        _, last, stream = self.ask(body=b"\x00" + struct.pack(">I", 4 * 1024 * 1024 + 1), end=False)
        self.assertEqual((last["grpc-status"], stream.reset), ("8", 0))

    def test_compression(self):
        import gzip
        packed = message(gzip.compress(echo.EchoRequest(text="hello").SerializeToString()), 1)
        self.c.request(1, UNARY, packed, grpc_encoding="gzip")
        self.assertEqual(self.c.answer(1)[1]["grpc-status"], "0")
        self.c.request(3, UNARY, packed)
        self.assertEqual(self.c.answer(3)[1]["grpc-status"], "13")  # flag without an encoding
        self.c.request(5, UNARY, HELLO, grpc_encoding="snappy")
        first, last, _ = self.c.answer(5)
        self.assertEqual((last["grpc-status"], first["grpc-accept-encoding"]), ("12", "identity,gzip"))
        self.c.request(7, UNARY, message(b"no gzip", 1), grpc_encoding="gzip")
        self.assertEqual(self.c.answer(7)[1]["grpc-status"], "13")
        self.c.request(9, UNARY, HELLO, grpc_encoding="gzip", grpc_accept_encoding="gzip")
        self.assertEqual(self.c.answer(9)[1]["grpc-status"], "0")  # not every message has to be compressed

    def test_messages_in_any_portions(self):
        body = message(echo.EchoRequest(text="x" * 300).SerializeToString())
        self.c.request(1, UNARY, None, end=False)
        for i in range(len(body)):
            self.c.send(DATA, END_STREAM if i + 1 == len(body) else 0, 1, body[i:i + 1])
        self.assertEqual(self.c.answer(1)[1]["grpc-status"], "0")

    def test_a_client_that_does_not_read_is_not_waited_for_with_memory(self):
        """A server stream against a window of zero: nothing but headers comes, and what comes later is all of it."""
        self.c.close()
        self.c = Connection(self.server.port, settings=[(4, 0)])
        self.c.request(1, SERVER_STREAM, message(echo.EchoRequest(count=20, size=1000).SerializeToString()))
        time.sleep(0.3)
        self.c.step(0.1)
        self.assertEqual(self.c.streams[1].data, b"")
        self.c.send(WINDOW, 0, 1, struct.pack(">I", 1000000))
        self.assertEqual(self.c.answer(1)[1]["grpc-status"], "0")
        self.assertGreater(len(self.c.streams[1].data), 20000)

    def test_the_window_stays_closed_while_the_handler_does_not_read(self):
        self.c.request(1, CLIENT_STREAM, message(echo.EchoRequest(millis=600).SerializeToString()), end=False)
        body = message(echo.EchoRequest(data=bytes(16000)).SerializeToString())
        window, sent = self.c.settings.get(4, 262144) - 600, 0
        until = time.monotonic() + 0.4
        while time.monotonic() < until:
            window += self.c.windows.pop(1, 0)
            if window >= len(body):
                self.c.send(DATA, 0, 1, body)
                window -= len(body)
                sent += len(body)
            self.c.step(0.005)
        self.assertLess(sent, 3 * 262144)  # the mark, a window, and what was on the way
        more = 0
        until = time.monotonic() + 3
        while more < 10 * 262144 and time.monotonic() < until:
            window += self.c.windows.pop(1, 0)
            if window >= len(body):
                self.c.send(DATA, 0, 1, body)
                window -= len(body)
                more += len(body)
            else:
                self.c.step(0.01)
        self.assertGreaterEqual(more, 10 * 262144)  # it went on when the handler read
        self.c.send(DATA, END_STREAM, 1)
        self.assertEqual(self.c.answer(1)[1]["grpc-status"], "0")

    def test_metadata_over_16_kib_is_431_and_the_connection_lives(self):
        self.c.request(1, UNARY, HELLO, x_big="y" * 16100)  # one frame, but 32 bytes a header are counted too
        self.assertEqual(self.c.answer(1)[0].get(":status"), "431")
        self.c.request(3, UNARY, HELLO)
        self.assertEqual(self.c.answer(3)[1]["grpc-status"], "0")

    def test_more_streams_than_allowed_are_refused(self):
        sleep = message(echo.EchoRequest(millis=300).SerializeToString())
        self.c.wait(lambda: 3 in self.c.settings)
        for i in range(101):
            self.c.request(2 * i + 1, SLEEP, sleep)
        self.c.wait(lambda: self.c.closed or self.c.goaway or 201 in self.c.streams)
        self.assertTrue(self.c.closed or self.c.goaway or self.c.streams[201].reset == 7)

    def test_streams_that_wait_leave_the_workers_free(self):
        server = Server(BINARY, "--workers", "1", "--watchers", "2")
        with Connection(server.port) as c:
            for stream in (1, 3):
                c.request(stream, WATCH, HELLO)
                c.wait(lambda: stream in c.streams and c.streams[stream].data)
            c.request(5, UNARY, HELLO)
            self.assertEqual(c.answer(5)[1]["grpc-status"], "0")
            c.request(7, WATCH, HELLO)
            self.assertEqual(c.answer(7)[1]["grpc-status"], "8")  # at once, not queued
            c.send(RST, 0, 1, struct.pack(">I", 8))
            for stream in range(9, 200, 2):
                c.request(stream, WATCH, HELLO)
                c.wait(lambda: stream in c.streams and c.streams[stream].events)
                if c.streams[stream].data:
                    break
            self.assertTrue(c.streams[stream].data)
        self.assertEqual(server.stop()[0], 0)

    def test_handlers_of_reset_streams_count(self):
        """Rapid reset: no more handlers of one connection are ever queued than the limit."""
        sleep = message(echo.EchoRequest(millis=100).SerializeToString())
        for i in range(300):
            self.c.request(2 * i + 1, SLEEP, sleep)
            self.c.send(RST, 0, 2 * i + 1, struct.pack(">I", 8))
        self.c.request(601, UNARY, HELLO)
        self.assertIn(self.c.answer(601)[1].get("grpc-status"), ("0", "8"))

    def flood(self, send, limit=20000):
        for i in range(limit):
            send(i)
            if i % 50 == 0:
                self.c.step(0)
            if self.c.closed or self.c.goaway:
                break
        self.c.wait(lambda: self.c.goaway or self.c.closed)
        return self.c.goaway

    def test_rapid_reset_ends_with_enhance_your_calm(self):
        headers = request_headers(UNARY)

        def send(i):
            self.c.send(HEADERS, END_HEADERS, 2 * i + 1, headers)
            self.c.send(RST, 0, 2 * i + 1, struct.pack(">I", 8))
        self.assertEqual(self.flood(send)[1], 11)

    def test_a_ping_flood_ends_with_too_many_pings(self):
        goaway = self.flood(lambda i: self.c.send(PING, 0, 0, b"12345678"))
        self.assertEqual(goaway[1:], (11, b"too_many_pings"))

    def test_a_settings_flood_is_ended(self):
        self.assertEqual(self.flood(lambda i: self.c.send(SETTINGS))[1], 11)

    def test_empty_data_is_ended(self):
        self.c.request(1, CLIENT_STREAM, None, end=False)
        self.assertEqual(self.flood(lambda i: self.c.send(DATA, 0, 1))[1], 11)

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
            self.assertEqual(c.goaway and c.goaway[1], 11)

    def test_resets_that_we_are_made_to_send_count(self):
        """Windows that overflow: each makes the server send RST_STREAM."""
        headers = request_headers(UNARY)

        def send(i):
            self.c.send(HEADERS, END_HEADERS, 2 * i + 1, headers)
            self.c.send(WINDOW, 0, 2 * i + 1, struct.pack(">I", 2 ** 31 - 1))
        self.assertEqual(self.flood(send, 3000)[1], 11)

    def test_continuations_without_end_are_ended(self):
        self.c.wait(lambda: self.c.settings)
        self.c.send(HEADERS, 0, 1, request_headers(UNARY))
        for _ in range(5000):
            self.c.send(CONTINUATION, 0, 1, literal("x-a", "b"))
            if self.c.closed:
                break
        self.c.wait(lambda: self.c.closed)
        self.assertTrue(self.c.closed)

    def test_the_server_lives_after_all_of_this(self):
        self.assertEqual(self.status(), "0")


class Patience(unittest.TestCase):
    """Time limits, with a server whose limits are a second."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY, "--fast")

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop()[0] == 0

    def closed_within(self, c, limit):
        start = time.monotonic()
        c.wait(lambda: c.closed, limit)
        return c.closed and time.monotonic() - start > 0.5

    def test_a_silent_connection_is_closed(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 5) as c:
            start = time.monotonic()
            while c.recv(1000):
                pass
            self.assertGreater(time.monotonic() - start, 0.5)

    def test_a_header_block_without_end_is_closed(self):
        with Connection(self.server.port) as c:
            c.wait(lambda: c.settings)  # its acknowledgement must not fall into the block
            c.send(HEADERS, 0, 1, request_headers(UNARY))
            self.assertTrue(self.closed_within(c, 4))

    def test_a_request_without_end_is_answered(self):
        with Connection(self.server.port) as c:
            c.request(1, UNARY, HELLO[:7], end=False)
            self.assertEqual(c.answer(1)[1].get("grpc-status"), "4")

    def test_a_client_stream_that_dries_up_is_answered(self):
        with Connection(self.server.port) as c:
            c.request(1, CLIENT_STREAM, HELLO, end=False)
            self.assertEqual(c.answer(1)[1].get("grpc-status"), "4")

    def test_an_answer_that_nobody_takes_is_reset(self):
        with Connection(self.server.port, settings=[(4, 0)]) as c:
            c.request(1, UNARY, HELLO)
            self.assertEqual(c.answer(1)[2].reset, 8)

    def test_a_peer_that_does_not_read_its_socket_is_cut(self):
        with Connection(self.server.port, settings=[(4, 2 ** 31 - 1)]) as c:
            c.send(WINDOW, 0, 0, struct.pack(">I", 2 ** 31 - 1 - 65535))
            c.request(1, SERVER_STREAM, message(echo.EchoRequest(count=10000, size=100000).SerializeToString()))
            time.sleep(4)
            received = 0
            c.socket.settimeout(5)
            try:
                while True:
                    n = len(c.socket.recv(1 << 20))
                    received += n
                    if n == 0:
                        break
            except ConnectionResetError:
                pass
            self.assertLess(received, 100 << 20)


class Ages(unittest.TestCase):
    """Connections end by age and idleness with GOAWAY, and dead peers are found."""

    def ended(self, server, busy, limit=6):
        with Connection(server.port) as c:
            if busy:
                c.request(1, SLEEP, message(echo.EchoRequest(millis=2500).SerializeToString()))
            c.wait(lambda: c.closed, limit)
            self.assertTrue(c.closed)
            return c

    def test_an_idle_connection_is_told_to_go(self):
        server = Server(BINARY, "--idle", "800")
        c = self.ended(server, False)
        self.assertEqual((c.goaway[:2], c.pings), ((0, 0), 1))
        server.stop()

    def test_an_old_connection_finishes_its_calls(self):
        server = Server(BINARY, "--age", "800")
        c = self.ended(server, True)
        self.assertEqual(c.goaway[:2], (1, 0))
        self.assertEqual(dict(c.streams[1].headers[-1])["grpc-status"], "0")
        server.stop()

    def test_a_dead_peer_is_found_by_a_ping_and_a_live_one_stays(self):
        server = Server(BINARY, "--ping", "800")
        with Connection(server.port) as alive, Connection(server.port) as dead:
            dead.pong = False
            until = time.monotonic() + 4
            while time.monotonic() < until and not dead.closed:
                alive.step(0.05)
                dead.step(0.05)
            self.assertTrue(dead.closed and dead.pings == 1)
            self.assertFalse(alive.closed)
            self.assertGreater(alive.pings, 0)
        server.stop()


class TlsIdentity(unittest.TestCase):
    """Who the peer is, on resumed sessions, after its certificate's end, and after a reload."""

    @classmethod
    def setUpClass(cls):
        cls.certs = Certificates()
        cls.server = Server(BINARY, "--tls", cls.certs.path("server.pem"), cls.certs.path("server.key"), "--client-ca",
                            cls.certs.path("ca.pem"), "--require-peer")

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop()[0] == 0
        cls.certs.folder.cleanup()

    def context(self, client):
        context = ssl.create_default_context(cafile=self.certs.path("ca.pem"))
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        context.load_cert_chain(self.certs.path(client + ".pem"), self.certs.path(client + ".key"))
        return context

    def connect(self, context, session=None):
        raw = socket.create_connection(("127.0.0.1", self.server.port), 5)
        return Connection(connected=context.wrap_socket(raw, session=session))

    def peer(self, c, stream=1):
        c.request(stream, UNARY, HELLO)
        _, last, s = c.answer(stream)
        return last["grpc-status"], echo.EchoResponse.FromString(s.data[5:]).peer if s.data else ""

    def test_a_resumed_session_has_its_identity(self):
        name = "spiffe://uto.example/authority/A1/officer/7"
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context("officer")
            context.minimum_version = context.maximum_version = version
            with self.connect(context) as c:
                self.assertEqual(self.peer(c), ("0", name))
                session = c.socket.session
            with self.connect(context, session) as c:
                self.assertEqual(self.peer(c), ("0", name))
                self.assertTrue(c.socket.session_reused)

    def test_a_resumed_session_of_a_bad_certificate_stays_bad(self):
        context = self.context("stranger")
        with self.connect(context) as c:
            self.assertEqual(self.peer(c), ("16", ""))
            session = c.socket.session
        with self.connect(context, session) as c:
            self.assertEqual(self.peer(c), ("16", ""))

    def test_a_certificate_that_ends_ends_its_calls(self):
        self.certs.make_brief("brief", "ca", "spiffe://uto.example/authority/A1/officer/7", 3)
        with self.connect(self.context("brief")) as c:
            self.assertEqual(self.peer(c, 1)[0], "0")
            time.sleep(3.2)
            self.assertEqual(self.peer(c, 3)[0], "16")

    def test_a_reload_makes_connections_come_again_and_a_broken_file_changes_nothing(self):
        with self.connect(self.context("officer")) as c:
            self.assertEqual(self.peer(c, 1)[0], "0")
            self.server.process.send_signal(signal.SIGHUP)
            c.wait(lambda: c.closed, 4)
            self.assertTrue(c.closed and c.goaway[1] == 0)
        good = self.certs.read("server.pem")
        with open(self.certs.path("server.pem"), "wb") as f:
            f.write(b"not a certificate")
        self.server.process.send_signal(signal.SIGHUP)
        time.sleep(0.3)
        with self.connect(self.context("officer")) as c:
            self.assertEqual(self.peer(c)[0], "0")
        with open(self.certs.path("server.pem"), "wb") as f:
            f.write(good)
        self.assertIn('"reason":"CONFIG"', "".join(self.server.lines))


if __name__ == "__main__":
    unittest.main()
