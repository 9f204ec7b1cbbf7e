"""The interoperability cases of gRPC's public test description, asked by its Python client.   interop_test.py SERVER"""
import gzip
import os
import queue
import subprocess
import sys
import tempfile
import time
import unittest

import grpc

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "rpc"))
from echo_client import Certificates, Server  # noqa: E402
from raw_http2 import Connection, message  # noqa: E402


def load_proto():
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(["protoc", "-I", HERE, "--python_out=" + out, HERE + "/interop.proto"], check=True)
        sys.path.insert(0, out)
        import interop_pb2
        return interop_pb2


pb = load_proto()
BINARY = sys.argv.pop(1)
INITIAL, TRAILING = "x-grpc-test-echo-initial", "x-grpc-test-echo-trailing-bin"
METADATA = ((INITIAL, "test_initial_metadata_value"), (TRAILING, b"\xab\xab\xab"))
SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \U0001f608\t\n"


class Stub:
    def __init__(self, channel):
        def method(kind, name, request=pb.Empty, response=pb.Empty, service="TestService"):
            return getattr(channel, kind)("/grpc.testing.%s/%s" % (service, name),
                                          request_serializer=request.SerializeToString,
                                          response_deserializer=response.FromString)
        output = (pb.StreamingOutputCallRequest, pb.StreamingOutputCallResponse)
        self.empty = method("unary_unary", "EmptyCall")
        self.unary = method("unary_unary", "UnaryCall", pb.SimpleRequest, pb.SimpleResponse)
        self.output = method("unary_stream", "StreamingOutputCall", *output)
        self.input = method("stream_unary", "StreamingInputCall", pb.StreamingInputCallRequest,
                            pb.StreamingInputCallResponse)
        self.full = method("stream_stream", "FullDuplexCall", *output)
        self.half = method("stream_stream", "HalfDuplexCall", *output)
        self.unimplemented = method("unary_unary", "UnimplementedCall")
        self.unimplemented_service = method("unary_unary", "UnimplementedCall", service="UnimplementedService")


class Pipe:
    """What a test says, one message after the other, to a stream that stays open."""

    def __init__(self):
        self.messages = queue.Queue()

    def send(self, m):
        self.messages.put(m)

    def close(self):
        self.messages.put(None)

    def __iter__(self):
        return self

    def __next__(self):
        m = self.messages.get()
        if m is None:
            raise StopIteration
        return m


def payload(n):
    return pb.Payload(body=bytes(n))


def asks(*sizes, body=0, **fields):
    return pb.StreamingOutputCallRequest(response_parameters=[pb.ResponseParameters(size=n) for n in sizes],
                                         payload=payload(body), **fields)


def yes(value=True):
    return pb.BoolValue(value=value)


class Cases:
    """Over TLS and in clear text."""

    def fails(self, call, code):
        with self.assertRaises(grpc.RpcError) as e:
            call()
        self.assertEqual(e.exception.code(), code)
        return e.exception

    def test_empty_unary(self):
        self.assertEqual(self.stub.empty(pb.Empty(), timeout=20), pb.Empty())

    def test_large_unary(self):
        answer = self.stub.unary(pb.SimpleRequest(response_size=314159, payload=payload(271828)), timeout=20)
        self.assertEqual(answer, pb.SimpleResponse(payload=payload(314159)))

    def test_client_streaming(self):
        sizes = (27182, 8, 1828, 45904)
        requests = (pb.StreamingInputCallRequest(payload=payload(n)) for n in sizes)
        self.assertEqual(self.stub.input(requests, timeout=20).aggregated_payload_size, 74922)

    def test_server_streaming(self):
        sizes = [31415, 9, 2653, 58979]
        answers = [len(a.payload.body) for a in self.stub.output(asks(*sizes), timeout=20)]
        self.assertEqual(answers, sizes)

    def test_ping_pong(self):
        pipe = Pipe()
        call = self.stub.full(pipe, timeout=20)
        for size, body in ((31415, 27182), (9, 8), (2653, 1828), (58979, 45904)):
            pipe.send(asks(size, body=body))
            self.assertEqual(len(next(call).payload.body), size)
        pipe.close()
        self.assertEqual(list(call), [])
        self.assertEqual(call.code(), grpc.StatusCode.OK)

    def test_empty_stream(self):
        call = self.stub.full(iter([]), timeout=20)
        self.assertEqual(list(call), [])
        self.assertEqual(call.code(), grpc.StatusCode.OK)

    def test_half_duplex(self):
        pipe = Pipe()
        call = self.stub.half(pipe, timeout=20)
        for size in (31415, 9, 2653, 58979):
            pipe.send(asks(size))
        pipe.close()
        self.assertEqual([len(a.payload.body) for a in call], [31415, 9, 2653, 58979])

    def test_cancel_after_begin(self):
        pipe = Pipe()
        call = self.stub.input.future(pipe, timeout=20)
        call.cancel()
        self.assertTrue(call.cancelled())
        self.assertEqual(call.code(), grpc.StatusCode.CANCELLED)
        pipe.close()

    def test_cancel_after_first_response(self):
        pipe = Pipe()
        call = self.stub.full(pipe, timeout=20)
        pipe.send(asks(31415, body=27182))
        self.assertEqual(len(next(call).payload.body), 31415)
        call.cancel()
        self.fails(lambda: next(call), grpc.StatusCode.CANCELLED)
        pipe.close()

    def test_timeout_on_sleeping_server(self):
        pipe = Pipe()
        pipe.send(pb.StreamingOutputCallRequest(
            response_parameters=[pb.ResponseParameters(size=1, interval_us=5000000)], payload=payload(27182)))
        start = time.monotonic()
        self.fails(lambda: next(self.stub.full(pipe, timeout=0.1)), grpc.StatusCode.DEADLINE_EXCEEDED)
        self.assertLess(time.monotonic() - start, 4)
        pipe.close()

    def metadata_of(self, call):
        """The two keys as they came back; each where it belongs."""
        return (dict(call.initial_metadata()).get(INITIAL), dict(call.trailing_metadata()).get(TRAILING),
                dict(call.trailing_metadata()).get(INITIAL), dict(call.initial_metadata()).get(TRAILING))

    def test_custom_metadata(self):
        expected = (METADATA[0][1], METADATA[1][1], None, None)
        _, call = self.stub.unary.with_call(pb.SimpleRequest(response_size=314159, payload=payload(271828)),
                                            metadata=METADATA, timeout=20)
        self.assertEqual(self.metadata_of(call), expected)
        call = self.stub.full(iter([asks(314159, body=271828)]), metadata=METADATA, timeout=20)
        self.assertEqual([len(a.payload.body) for a in call], [314159])
        self.assertEqual(self.metadata_of(call), expected)

    def test_custom_metadata_comes_with_a_failure_too(self):
        request = pb.SimpleRequest(response_status=pb.EchoStatus(code=9, message="no"))
        error = self.fails(lambda: self.stub.unary(request, metadata=METADATA, timeout=20),
                           grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(self.metadata_of(error), (METADATA[0][1], METADATA[1][1], None, None))

    def test_status_code_and_message(self):
        status = pb.EchoStatus(code=2, message="test status message")
        error = self.fails(lambda: self.stub.unary(pb.SimpleRequest(response_status=status), timeout=20),
                           grpc.StatusCode.UNKNOWN)
        self.assertEqual(error.details(), status.message)
        error = self.fails(lambda: list(self.stub.full(iter([asks(response_status=status)]), timeout=20)),
                           grpc.StatusCode.UNKNOWN)
        self.assertEqual(error.details(), status.message)

    def test_every_status_code_comes_as_it_is(self):
        for code in grpc.StatusCode:
            if code is not grpc.StatusCode.OK:
                request = pb.SimpleRequest(response_status=pb.EchoStatus(code=code.value[0], message=code.name))
                self.assertEqual(self.fails(lambda: self.stub.unary(request, timeout=20), code).details(), code.name)

    def test_special_status_message(self):
        request = pb.SimpleRequest(response_status=pb.EchoStatus(code=2, message=SPECIAL))
        error = self.fails(lambda: self.stub.unary(request, timeout=20), grpc.StatusCode.UNKNOWN)
        self.assertEqual(error.details(), SPECIAL)

    def test_unimplemented_method(self):
        self.fails(lambda: self.stub.unimplemented(pb.Empty(), timeout=20), grpc.StatusCode.UNIMPLEMENTED)

    def test_unimplemented_service(self):
        self.fails(lambda: self.stub.unimplemented_service(pb.Empty(), timeout=20), grpc.StatusCode.UNIMPLEMENTED)

    def test_client_compressed_unary(self):
        request = pb.SimpleRequest(expect_compressed=yes(), response_size=314159, payload=payload(271828))
        self.fails(lambda: self.stub.unary(request, timeout=20), grpc.StatusCode.INVALID_ARGUMENT)
        answer = self.stub.unary(request, compression=grpc.Compression.Gzip, timeout=20)
        self.assertEqual(len(answer.payload.body), 314159)
        request.expect_compressed.value = False
        self.assertEqual(len(self.stub.unary(request, timeout=20).payload.body), 314159)

    def test_client_compressed_streaming(self):
        def request(size, value):
            return pb.StreamingInputCallRequest(expect_compressed=yes(value), payload=payload(size))
        self.fails(lambda: self.stub.input(iter([request(27182, True)]), timeout=20),
                   grpc.StatusCode.INVALID_ARGUMENT)
        answer = self.stub.input(iter([request(27182, True), request(45904, True)]), timeout=20,
                                 compression=grpc.Compression.Gzip)
        self.assertEqual(answer.aggregated_payload_size, 73086)

    def test_server_compressed_streaming(self):
        request = pb.StreamingOutputCallRequest(response_parameters=[
            pb.ResponseParameters(size=31415, compressed=yes()),
            pb.ResponseParameters(size=92653, compressed=yes(False))])
        self.assertEqual([len(a.payload.body) for a in self.stub.output(request, timeout=20)], [31415, 92653])


class ClearText(Cases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(BINARY, "0")
        cls.channel = grpc.insecure_channel(cls.server.address)
        cls.stub = Stub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        code, _ = cls.server.stop()
        assert code == 0, code

    def answers(self, method, request, **headers):
        """Headers, and (flag, bytes) of each message as it was on the wire."""
        with Connection(self.server.port) as c:
            c.request(1, "/grpc.testing.TestService/" + method, message(request.SerializeToString()), **headers)
            first, _, stream = c.answer(1, 20)
            data, found = stream.data, []
            while data:
                n = int.from_bytes(data[1:5], "big")
                found.append((data[0], data[5:5 + n]))
                data = data[5 + n:]
            return first, found

    def test_server_compressed_unary_as_bytes(self):
        for wanted in (True, False):
            headers, ((flag, body),) = self.answers(
                "UnaryCall", pb.SimpleRequest(response_compressed=yes(wanted), response_size=20000),
                grpc_accept_encoding="gzip")
            self.assertEqual((flag, headers.get("grpc-encoding")), (1, "gzip") if wanted else (0, None))
            answer = pb.SimpleResponse.FromString(gzip.decompress(body) if wanted else body)
            self.assertEqual(len(answer.payload.body), 20000)

    def test_server_compressed_streaming_as_bytes(self):
        request = pb.StreamingOutputCallRequest(response_parameters=[
            pb.ResponseParameters(size=n, compressed=yes(v)) for n, v in ((9265, False), (3141, True), (1, True))])
        headers, found = self.answers("StreamingOutputCall", request, grpc_accept_encoding="identity,gzip")
        self.assertEqual(headers["grpc-encoding"], "gzip")
        self.assertEqual([flag for flag, _ in found], [0, 1, 1])
        second = pb.StreamingOutputCallResponse.FromString(gzip.decompress(found[1][1]))
        self.assertEqual(len(second.payload.body), 3141)

    def test_nothing_is_compressed_for_who_does_not_accept_it(self):
        headers, ((flag, body),) = self.answers(
            "UnaryCall", pb.SimpleRequest(response_compressed=yes(), response_size=20000))
        self.assertEqual((flag, headers.get("grpc-encoding")), (0, None))
        self.assertEqual(len(pb.SimpleResponse.FromString(body).payload.body), 20000)


class Tls(Cases, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.server = Server(BINARY, "0", cls.certificates.path("server.pem"), cls.certificates.path("server.key"))
        cls.channel = cls.certificates.channel("localhost:%d" % cls.server.port)
        cls.stub = Stub(cls.channel)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        code, _ = cls.server.stop()
        assert code == 0, code


if __name__ == "__main__":
    unittest.main()
