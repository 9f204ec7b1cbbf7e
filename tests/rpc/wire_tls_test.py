"""Is TLS what it should be, and is a peer who it says?   wire_tls_test.py ECHO-SERVER     (the design of the wire, line 17)"""
import os
import signal
import socket
import ssl
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_case import BINARY, CLIENT_STREAM, HELLO, SLEEP, UNARY, ask
from echo_client import Certificates, Server, echo
from raw_http2 import DATA, END_STREAM, Connection


class Authority(unittest.TestCase):
    """A server that asks for certificates, with throw-away ones."""

    @classmethod
    def setUpClass(cls):
        cls.certs = Certificates()
        cls.server = Server(BINARY, "--tls", cls.certs.path("server.pem"), cls.certs.path("server.key"), "--client-ca",
                            cls.certs.path("ca.pem"), "--require-peer")

    @classmethod
    def tearDownClass(cls):
        assert cls.server.stop()[0] == 0
        cls.certs.folder.cleanup()

    def context(self, client="officer", version=None, alpn=("h2",)):
        context = ssl.create_default_context(cafile=self.certs.path("ca.pem"))
        context.check_hostname = False
        if alpn:
            context.set_alpn_protocols(list(alpn))
        if version:
            context.minimum_version = context.maximum_version = version
        context.load_cert_chain(self.certs.path(client + ".pem"), self.certs.path(client + ".key"))
        return context

    def connect(self, context, session=None, name=None):
        raw = socket.create_connection(("127.0.0.1", self.server.port), 5)
        return Connection(connected=context.wrap_socket(raw, session=session, server_hostname=name))

    def peer(self, c, stream=1):
        c.request(stream, UNARY, HELLO)
        _, last, s = c.answer(stream)
        return last["grpc-status"], echo.EchoResponse.FromString(s.data[5:]).peer if s.data else ""


class Protocol(Authority):
    def test_tls_1_2_and_1_3_are_spoken(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.connect(self.context(version=version)) as c:
                self.assertEqual(self.peer(c)[0], "0")

    def test_of_tls_1_2_only_what_keeps_its_secret_is_spoken(self):
        """Ephemeral keys and authenticated ciphers; no compression, no renegotiation."""
        for cipher, spoken in (("ECDHE-ECDSA-AES128-GCM-SHA256", True), ("ECDHE-ECDSA-CHACHA20-POLY1305", True),
                               ("ECDHE-ECDSA-AES128-SHA256", False), ("ECDHE-ECDSA-AES256-SHA", False)):
            context = self.context(version=ssl.TLSVersion.TLSv1_2)
            context.set_ciphers(cipher)
            try:
                with self.connect(context) as c:
                    self.assertEqual((self.peer(c)[0], c.socket.compression(), spoken), ("0", None, True))
            except ssl.SSLError:
                self.assertFalse(spoken, cipher)

    def test_h2_is_agreed_on_among_others(self):
        with self.connect(self.context(alpn=("http/1.1", "h2"))) as c:
            self.assertEqual(c.socket.selected_alpn_protocol(), "h2")
            self.assertEqual(self.peer(c)[0], "0")

    def test_a_request_for_another_host_than_the_connections_is_421(self):
        """SNI and :authority; names that the certificate covers are of one connection."""
        with self.connect(self.context(), name="localhost") as c:
            for i, (host, status) in enumerate((("localhost", "200"), ("localhost:8443", "200"), ("LOCALHOST", "200"),
                                                ("127.0.0.1:50051", "200"), ("other.example", "421"), ("10.0.0.1", "421"),
                                                ("[::1]:443", "421"), ("localhost.example", "421"))):
                c.request(2 * i + 1, UNARY, HELLO, m_authority=host)
                self.assertEqual(c.answer(2 * i + 1)[0][":status"], status, host)
        with self.connect(self.context()) as c:  # who names no server is not measured by it
            c.request(1, UNARY, HELLO, m_authority="other.example")
            self.assertEqual(c.answer(1)[0][":status"], "200")


class Identity(Authority):
    """Who the peer is, on resumed sessions, after its certificate's end, and after a reload."""

    def test_a_resumed_session_has_its_identity(self):
        name = "spiffe://uto.example/authority/A1/officer/7"
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context("officer", version)
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

    def test_a_reload_loses_no_call(self):
        with self.connect(self.context("officer")) as c:
            c.request(1, SLEEP, ask(millis=700))
            c.request(3, CLIENT_STREAM, HELLO, end=False)
            c.wait(lambda: c.settings)
            self.server.process.send_signal(signal.SIGHUP)
            self.assertTrue(c.wait(lambda: len(c.goaways) == 2, 4))
            c.send(DATA, END_STREAM, 3, HELLO)
            for stream in (1, 3):
                self.assertEqual(c.answer(stream)[1].get("grpc-status"), "0")
            self.assertTrue(c.wait(lambda: c.closed, 4))

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
