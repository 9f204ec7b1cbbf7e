"""Can a stranger's gRPC client use this server?   e2e_test.py ECHO-SERVER"""
import json
import os
import socket
import subprocess
import sys
import threading
import time
import unittest

import grpc

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from echo_client import Certificates, Server, Stub, details_pb2, echo, health_pb2, status_pb2

BINARY = sys.argv.pop(1)
CLIENT = os.path.join(os.path.dirname(BINARY), "echo-client")
if not os.path.exists(CLIENT):
    sys.exit("echo-client is not built")


def details_of(error):
    """(google.rpc.Status, {type name: message}) of a failed call."""
    status = status_pb2.Status()
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            status.ParseFromString(value)
    found = {}
    for packed in status.details:
        name = packed.type_url.rsplit(".", 1)[-1]
        message = getattr(details_pb2, name)()
        message.ParseFromString(packed.value)
        found[name] = message
    return status, found


class Calls:
    """The same questions over TLS and in clear text."""

    def test_a_unary_call_is_answered(self):
        answer = self.stub.unary(echo.EchoRequest(text="\u00bfqu\u00e9 tal?", data=bytes(range(256))), timeout=5)
        self.assertEqual((answer.text, answer.data), ("\u00bfqu\u00e9 tal?", bytes(range(256))))

    def test_an_empty_message_is_a_message(self):
        self.assertEqual(self.stub.unary(echo.EchoRequest(), timeout=5).text, "")

    def test_a_message_just_under_the_limit_passes_both_ways(self):
        data = os.urandom(4 * 1024 * 1024 - 64)
        self.assertEqual(self.stub.unary(echo.EchoRequest(data=data), timeout=20).data, data)

    def test_a_message_over_the_limit_is_refused(self):
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.unary(echo.EchoRequest(data=bytes(5 * 1024 * 1024)), timeout=20)
        self.assertEqual(e.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertEqual(details_of(e.exception)[1]["ErrorInfo"].reason, "MESSAGE_TOO_LARGE")

    def test_a_server_stream_keeps_order_and_count(self):
        answers = self.stub.server_stream(echo.EchoRequest(count=300, size=20000), timeout=20)
        self.assertEqual([a.count for a in answers], list(range(300)))

    def test_a_server_stream_of_nothing_is_ok(self):
        self.assertEqual(list(self.stub.server_stream(echo.EchoRequest(count=0), timeout=5)), [])

    def test_a_client_stream_is_counted(self):
        answer = self.stub.client_stream((echo.EchoRequest(data=bytes(70000)) for _ in range(100)), timeout=20)
        self.assertEqual((answer.count, answer.size), (100, 7000000))

    def test_a_client_stream_of_nothing_is_counted(self):
        self.assertEqual(self.stub.client_stream(iter([]), timeout=5).count, 0)

    def test_a_bidi_stream_answers_each_message(self):
        texts = [str(i) for i in range(1000)]
        answers = self.stub.bidi((echo.EchoRequest(text=t) for t in texts), timeout=20)
        self.assertEqual([a.text for a in answers], texts)

    def test_a_bidi_stream_is_a_conversation(self):
        more = threading.Semaphore(1)

        def questions():
            for i in range(20):
                more.acquire()
                yield echo.EchoRequest(text=str(i))

        count = 0
        for answer in self.stub.bidi(questions(), timeout=20):
            self.assertEqual(answer.text, str(count))
            count += 1
            more.release()
        self.assertEqual(count, 20)

    def test_many_calls_at_once_are_answered(self):
        futures = [self.stub.unary.future(echo.EchoRequest(text=str(i)), timeout=20) for i in range(500)]
        self.assertEqual([f.result().text for f in futures], [str(i) for i in range(500)])

    def test_an_unknown_method_is_unimplemented(self):
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.nothing(echo.EchoRequest(), timeout=5)
        self.assertEqual(e.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_two_messages_on_a_unary_method_are_unimplemented(self):
        for count in (0, 2):
            with self.assertRaises(grpc.RpcError) as e:
                self.stub.unary_as_stream((echo.EchoRequest() for _ in range(count)), timeout=5)
            self.assertEqual(e.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_an_error_has_reason_and_precondition(self):
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.fail(echo.EchoRequest(reason="HOLD"), timeout=5)
        self.assertEqual(e.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(e.exception.details(), "HOLD: call the duty protection officer")
        status, found = details_of(e.exception)
        self.assertEqual((status.code, status.message), (9, "HOLD: call the duty protection officer"))
        self.assertEqual((found["ErrorInfo"].reason, found["ErrorInfo"].domain), ("HOLD", "salvoconducto"))
        self.assertEqual(found["PreconditionFailure"].violations[0].type, "HOLD")

    def test_all_violations_are_told_at_once(self):
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.fail(echo.EchoRequest(count=30), timeout=5)
        self.assertEqual(e.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        fields = details_of(e.exception)[1]["BadRequest"].field_violations
        self.assertEqual(len(fields), 30)
        self.assertEqual((fields[29].field, fields[29].description), ("occupants[29].person.surname", "is required"))

    def test_more_violations_than_trailers_hold_are_counted(self):
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.fail(echo.EchoRequest(count=2000), timeout=5)
        self.assertEqual(e.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        self.assertEqual(details_of(e.exception)[1]["ErrorInfo"].metadata["violations"], "2000")

    def test_what_may_be_tried_again_says_when(self):
        for reason in ("STORE", "QUEUE_FULL"):
            with self.assertRaises(grpc.RpcError) as e:
                self.stub.fail(echo.EchoRequest(reason=reason), timeout=5)
            self.assertEqual(details_of(e.exception)[1]["RetryInfo"].retry_delay.nanos, 500000000)

    def test_a_deadline_ends_the_call_and_its_handler(self):
        before = self.stub.slept(echo.EchoRequest(), timeout=5)
        start = time.monotonic()
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.sleep(echo.EchoRequest(millis=20000), timeout=0.3)
        self.assertEqual(e.exception.code(), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertLess(time.monotonic() - start, 2)
        self.wait_slept(lambda now: now.count + now.size > before.count + before.size)

    def test_cancelling_stops_the_handler(self):
        before = self.stub.slept(echo.EchoRequest(), timeout=5)
        future = self.stub.sleep.future(echo.EchoRequest(millis=20000), timeout=30)
        time.sleep(0.2)
        future.cancel()
        self.wait_slept(lambda now: now.count > before.count)

    def wait_slept(self, enough):
        until = time.monotonic() + 3
        while not enough(self.stub.slept(echo.EchoRequest(), timeout=5)):
            self.assertLess(time.monotonic(), until, "the handler went on")
            time.sleep(0.02)

    def test_a_dropped_stream_stops_its_writer(self):
        answers = self.stub.server_stream(echo.EchoRequest(count=1000000, size=100000), timeout=60)
        next(answers)
        answers.cancel()
        self.assertEqual(self.stub.unary(echo.EchoRequest(text="still here"), timeout=5).text, "still here")

    def test_gzip_is_understood_and_answered(self):
        data = b"safe conduct " * 5000
        answer = self.stub.unary(echo.EchoRequest(data=data), timeout=5, compression=grpc.Compression.Gzip)
        self.assertEqual(answer.data, data)

    def test_a_gzip_bomb_is_refused(self):
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.unary(echo.EchoRequest(data=bytes(40 * 1024 * 1024)), timeout=20,
                            compression=grpc.Compression.Gzip)
        self.assertEqual(e.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)

    def test_deflate_is_unimplemented_and_the_answer_says_what_is(self):
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.unary(echo.EchoRequest(data=bytes(5000)), timeout=5, compression=grpc.Compression.Deflate)
        self.assertEqual(e.exception.code(), grpc.StatusCode.UNIMPLEMENTED)

    def test_metadata_reaches_the_handler(self):
        answer = self.stub.unary(echo.EchoRequest(), timeout=5, metadata=[("x-note", "first"), ("x-note", "second")])
        self.assertEqual(answer.text, "first")

    def test_health_is_serving(self):
        for service in ("", "test.v1.EchoService"):
            answer = self.stub.check(health_pb2.HealthCheckRequest(service=service), timeout=5)
            self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING)

    def test_health_of_an_unknown_service_is_not_found_and_watched_as_unknown(self):
        request = health_pb2.HealthCheckRequest(service="no.such.Service")
        with self.assertRaises(grpc.RpcError) as e:
            self.stub.check(request, timeout=5)
        self.assertEqual(e.exception.code(), grpc.StatusCode.NOT_FOUND)
        watching = self.stub.health_watch(request, timeout=5)
        self.assertEqual(next(watching).status, health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
        watching.cancel()

    def test_metadata_over_the_limit_is_refused_alone(self):
        with self.assertRaises(grpc.RpcError):
            self.stub.unary(echo.EchoRequest(), timeout=5, metadata=[("x-note", "y" * 20000)])
        self.assertEqual(self.stub.unary(echo.EchoRequest(text="next"), timeout=5).text, "next")


OPTIONS = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class ClearText(Calls, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY, "--workers", "4")
        cls.channel = grpc.insecure_channel(cls.server.address, OPTIONS)
        cls.stub = Stub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        code, _ = cls.server.stop()
        assert code == 0, code


class Tls(Calls, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = Certificates()
        cls.server = Server(BINARY, "--tls", cls.certs.path("server.pem"), cls.certs.path("server.key"), "--client-ca",
                            cls.certs.path("ca.pem"), "--require-peer")
        cls.channel = cls.certs.channel(cls.server.address, "officer")
        cls.stub = Stub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        code, log = cls.server.stop()
        assert code == 0, code
        cls.certs.folder.cleanup()

    def refused(self, client):
        with self.certs.channel(self.server.address, client) as channel:
            with self.assertRaises(grpc.RpcError) as e:
                Stub(channel).unary(echo.EchoRequest(), timeout=5)
            self.assertEqual(e.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
            return details_of(e.exception)[1]["ErrorInfo"].reason

    def test_the_peer_is_its_spiffe_id(self):
        self.assertEqual(self.stub.unary(echo.EchoRequest(), timeout=5).peer,
                         "spiffe://uto.example/authority/A1/officer/7")
        with self.certs.channel(self.server.address, "system") as channel:
            self.assertEqual(Stub(channel).unary(echo.EchoRequest(), timeout=5).peer,
                             "spiffe://uto.example/authority/A1/system/gate-1")

    def test_without_a_certificate_only_health_answers(self):
        self.assertEqual(self.refused(None), "CLIENT_CERTIFICATE_REQUIRED")
        with self.certs.channel(self.server.address) as channel:
            answer = Stub(channel).check(health_pb2.HealthCheckRequest(), timeout=5)
            self.assertEqual(answer.status, health_pb2.HealthCheckResponse.SERVING)

    def test_certificates_that_are_not_acceptable_are_refused(self):
        for client in ("stranger", "expired", "two-uris", "no-uri", "bad-path"):
            with self.subTest(client):
                self.assertEqual(self.refused(client), "CLIENT_CERTIFICATE_INVALID")

    def test_a_client_without_h2_is_closed(self):
        import ssl
        context = ssl.create_default_context(cafile=self.certs.path("ca.pem"))
        context.check_hostname = False
        for protocols in (None, ["http/1.1"]):
            if protocols:
                context.set_alpn_protocols(protocols)
            with self.assertRaises((ssl.SSLError, ConnectionError, EOFError)):
                with socket.create_connection(("127.0.0.1", self.server.port), 5) as raw:
                    with context.wrap_socket(raw) as tls:
                        tls.sendall(b"GET / HTTP/1.1\r\n\r\n")
                        if tls.recv(100) == b"":
                            raise EOFError

    def test_tls_1_1_is_refused(self):
        import ssl
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        import warnings
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            with socket.create_connection(("127.0.0.1", self.server.port), 5) as raw:
                context.wrap_socket(raw)


class OwnClient(unittest.TestCase):
    """The client of the command line, against its own server."""

    @classmethod
    def setUpClass(cls):
        cls.certs = Certificates()
        cls.clear = Server(BINARY)
        cls.tls = Server(BINARY, "--tls", cls.certs.path("server.pem"), cls.certs.path("server.key"), "--client-ca",
                         cls.certs.path("ca.pem"), "--require-peer")

    @classmethod
    def tearDownClass(cls):
        for server in (cls.clear, cls.tls):
            assert server.stop()[0] == 0
        cls.certs.folder.cleanup()

    def run_clear(self, *args, port=None):
        return subprocess.run([CLIENT, "127.0.0.1", str(port or self.clear.port), *map(str, args)], text=True, check=True,
                              capture_output=True, timeout=30).stdout.splitlines()

    def run_tls(self, *args, ca="ca", client="officer"):
        own = ["--cert", self.certs.path(client + ".pem"), "--key", self.certs.path(client + ".key")] if client else []
        return self.run_clear("--ca", self.certs.path(ca + ".pem"), *own, *args, port=self.tls.port)

    def test_a_server_that_comes_late_is_waited_for(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        client = subprocess.Popen([CLIENT, "127.0.0.1", str(port), "--retries", "8", "--timeout", "20000", "unary", "hola", "10"],
                                  stdout=subprocess.PIPE, text=True)
        time.sleep(0.2)
        server = Server(BINARY, "--port", str(port))
        out, _ = client.communicate(timeout=30)
        self.assertNotIn("UNREACHABLE", out)
        self.assertIn("answer 0", out)
        self.assertEqual(server.stop()[0], 0)
        again = subprocess.run([CLIENT, "127.0.0.1", str(port), "--retries", "1", "unary", "hola", "10"], text=True,
                               capture_output=True, timeout=30)
        self.assertIn("UNREACHABLE", again.stdout)

    def test_all_four_shapes_over_one_connection(self):
        for run in (self.run_clear, self.run_tls):
            lines = run("unary", "hola", 1000, "+", "server-stream", 200, 30000, "+", "client-stream", 200, 30000, "+",
                        "bidi", 200, 30000, "+", "server-stream", 0, 0)
            self.assertEqual([x.split(" | ")[-1].rsplit(" ", 1)[0] for x in lines],
                             ["0 1000", "200 6000000", "200 6000000", "200 6000000", "0 0"])
            self.assertTrue(all(x.startswith("answer 0 ") for x in lines), lines)

    def test_the_server_knows_who_calls(self):
        self.assertIn("spiffe://uto.example/authority/A1/officer/7", self.run_tls("unary", "x", 0)[0])

    def test_an_error_arrives_with_reason_and_violations(self):
        self.assertEqual(self.run_tls("fail", "HOLD", 0, "+", "fail", "x", 3),
                         ["answer 9 HOLD 0 - | HOLD: call the duty protection officer | 0 0 ",
                          "answer 3 FIELD_INVALID 3 occupants[0].person.surname | a field of the request breaks a rule"
                          " | 0 0 "])

    def test_an_unknown_method_is_an_answer(self):
        self.assertTrue(self.run_clear("nothing", "x", 0)[0].startswith("answer 12 UNIMPLEMENTED"))

    def test_no_certificate_is_an_answer_with_a_reason(self):
        line = self.run_tls("unary", "x", 0, client=None)[0]
        self.assertTrue(line.startswith("answer 16 CLIENT_CERTIFICATE_REQUIRED"), line)

    def test_a_closed_port_is_unreachable(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            line = self.run_clear("unary", "x", 0, port=s.getsockname()[1])[0]
        self.assertEqual(line.split(" | ")[0], "none UNREACHABLE")
        self.assertIn("Connection refused", line)

    def test_a_server_of_another_authority_is_not_trusted(self):
        line = self.run_tls("unary", "x", 0, ca="other-ca")[0]
        self.assertTrue(line.startswith("none UNREACHABLE | the server's certificate: "), line)

    def test_a_server_of_another_name_is_not_trusted(self):
        line = self.run_tls("--name", "elsewhere.example", "unary", "x", 0)[0]
        self.assertTrue(line.startswith("none UNREACHABLE | the server's certificate: "), line)

    def test_a_timeout_is_told_by_either_side(self):
        line = self.run_clear("--timeout", 300, "sleep", 10000, 0)[0]
        self.assertTrue(line.startswith("answer 4 DEADLINE") or line.startswith("none DEADLINE"), line)

    def test_a_silent_server_is_given_up_at_the_deadline(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()
            line = self.run_clear("--timeout", 300, "unary", "x", 0, port=s.getsockname()[1])[0]
        self.assertTrue(line.startswith("none DEADLINE"), line)

    def test_a_server_that_is_none_is_unreachable(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            s.listen()

            def answer():
                peer, _ = s.accept()
                peer.recv(100)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
                time.sleep(0.3)
                peer.close()

            thread = threading.Thread(target=answer)
            thread.start()
            line = self.run_clear("unary", "x", 0, port=s.getsockname()[1])[0]
            thread.join()
        self.assertTrue(line.startswith("none UNREACHABLE"), line)


class Life(unittest.TestCase):
    def test_a_stop_lets_calls_finish_and_refuses_new_ones(self):
        server = Server(BINARY)
        with grpc.insecure_channel(server.address) as channel:
            stub = Stub(channel)
            future = stub.sleep.future(echo.EchoRequest(millis=1000), timeout=10)
            time.sleep(0.2)
            code, log = server.stop()
            self.assertEqual(future.code(), grpc.StatusCode.OK)
            self.assertEqual(code, 0)

    def test_a_stop_ends_streams_that_wait_and_tells_health(self):
        server = Server(BINARY)
        with grpc.insecure_channel(server.address) as channel:
            stub = Stub(channel)
            watching = stub.health_watch(health_pb2.HealthCheckRequest(), timeout=20)
            self.assertEqual(next(watching).status, health_pb2.HealthCheckResponse.SERVING)
            silent = stub.watch(echo.EchoRequest(), timeout=20)
            next(silent)
            start = time.monotonic()
            code, _ = server.stop()
            self.assertEqual(code, 0)
            self.assertLess(time.monotonic() - start, 2.5)
            self.assertEqual(next(watching).status, health_pb2.HealthCheckResponse.NOT_SERVING)
            for stream in (watching, silent):
                with self.assertRaises(grpc.RpcError) as e:
                    next(stream)
                self.assertEqual(e.exception.code(), grpc.StatusCode.UNAVAILABLE)

    def test_a_stop_cuts_what_does_not_finish(self):
        server = Server(BINARY)
        with grpc.insecure_channel(server.address) as channel:
            stub = Stub(channel)
            more = threading.Event()

            def never():
                yield echo.EchoRequest()
                more.wait(20)

            future = stub.client_stream.future(never(), timeout=20)
            time.sleep(0.2)
            code, _ = server.stop()
            more.set()
            self.assertEqual(code, 0)
            self.assertEqual(future.code(), grpc.StatusCode.UNAVAILABLE)

    def test_a_full_queue_says_so(self):
        server = Server(BINARY, "--workers", "2", "--queue", "2")
        with grpc.insecure_channel(server.address) as channel:
            stub = Stub(channel)
            futures = [stub.sleep.future(echo.EchoRequest(millis=300), timeout=10) for _ in range(12)]
            codes = [f.code() for f in futures]
            self.assertEqual(set(codes), {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED})
            self.assertGreaterEqual(codes.count(grpc.StatusCode.OK), 2)  # what the queue holds, if no worker was quick
        self.assertEqual(server.stop()[0], 0)

    def test_each_call_is_one_log_line(self):
        server = Server(BINARY)
        with grpc.insecure_channel(server.address) as channel:
            stub = Stub(channel)
            stub.unary(echo.EchoRequest(text="6d3d3f80-0000-4000-8000-00000000002a"), timeout=5)
            with self.assertRaises(grpc.RpcError):
                stub.fail(echo.EchoRequest(reason="HOLD"), timeout=5)
            with self.assertRaises(grpc.RpcError):
                stub.nothing(echo.EchoRequest(), timeout=5)
        lines = [json.loads(x) for x in server.stop()[1]]
        lines = [x for x in lines if x["event"] == "call"]
        self.assertEqual([x["code"] for x in lines], ["OK", "FAILED_PRECONDITION", "UNIMPLEMENTED"])
        self.assertEqual(lines[0]["request_id"], "6d3d3f80-0000-4000-8000-00000000002a")
        self.assertEqual(lines[0]["method"], "/test.v1.EchoService/Unary")
        self.assertEqual(lines[1]["reason"], "HOLD")
        self.assertEqual(lines[2]["method"], "unknown")


if __name__ == "__main__":
    unittest.main()
