"""Is each door what it should be: pages, hosts, open methods, browsers, several loops?   wire_doors_test.py ECHO-SERVER"""
import os
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from echo_client import Server, echo
from raw_http2 import Connection, message

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
        self.assertEqual(get(self.public, "/healthz", m_authority=None, host="other")[0][":status"], "421")
        self.assertEqual(get(self.public, "/healthz", m_authority=None, host="verify.example")[0][":status"], "200")

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
