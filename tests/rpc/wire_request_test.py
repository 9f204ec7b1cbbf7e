"""Are requests checked as they should be?   wire_request_test.py ECHO-SERVER     (the design of the wire, lines 6 to 10)"""
import gzip
import os
import struct
import sys
import time
import unittest
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_case import (BIDI, CLIENT_STREAM, HELLO, SERVER_STREAM, SLEEP, UNARY, Wire, ask, eventually, message, rss_kib)
from echo_client import echo
from raw_http2 import DATA, END_HEADERS, END_STREAM, HEADERS, RST, literal, request_headers

MAX = 4 * 1024 * 1024
ECHO = "/test.v1.EchoService/"


def echo_of(size):
    """A request whose message has just this many bytes."""
    data = size
    while len(echo.EchoRequest(data=bytes(data)).SerializeToString()) > size:
        data -= 1
    return echo.EchoRequest(data=bytes(data)).SerializeToString()


class Kinds(Wire):
    """6: method, content-type, path, te, in this order."""

    def test_any_method_but_post_is_405_and_says_which_are_allowed(self):
        for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD", "CONNECTED"):
            first, _, _ = self.ask(m_method=method)
            self.assertEqual((first[":status"], first["allow"]), ("405", "POST"), method)

    def test_other_content_types_are_415(self):
        for kind in ("application/xml", "text/html", "application/grpcx", "application/grp", "application/grpc-foo", "", None,
                     "application/json2", "multipart/form-data", "application/x-protobuf"):
            self.assertEqual(self.http(content_type=kind), "415", kind)

    def test_the_content_types_of_grpc_are_taken(self):
        for kind in ("application/grpc", "application/grpc+proto", "application/grpc;v=1", "application/grpc; charset=utf-8",
                     "Application/GRPC", "application/grpc+proto;charset=utf-8"):
            self.assertEqual(self.status(content_type=kind), "0", kind)

    def test_a_codec_that_is_not_known_is_12(self):
        self.assertEqual(self.status(content_type="application/grpc+thrift"), "12")

    def test_an_unknown_path_is_12(self):
        for path in ("/", "/x", "/a/b", ECHO + "unary", ECHO + "Unary/", "/" + ECHO + "Unary", ECHO, ECHO + "Unary?a=b",
                     ECHO + "Unary%20", "/test.v1.echoservice/Unary", "//", "*"):
            self.assertIn((self.status(path), self.http(path)), (("12", "200"), (None, None)), path)

    def test_the_method_counts_before_the_type_and_the_type_before_the_path(self):
        self.assertEqual(self.http("/no/such", m_method="PUT", content_type="text/html"), "405")
        self.assertEqual(self.http("/no/such", content_type="text/html"), "415")
        self.assertEqual(self.status("/no/such", grpc_timeout="bad"), "12")

    def test_a_missing_te_is_tolerated(self):
        self.assertEqual(self.status(te=None), "0")

    def test_the_order_of_headers_does_not_matter(self):
        stream = self.stream()
        fields = [("content-type", "application/grpc"), ("grpc-timeout", "9S"), ("te", "trailers"), ("user-agent", "raw")]
        pseudo = [(":path", UNARY), (":authority", "x"), (":scheme", "http"), (":method", "POST")]
        self.c.send(HEADERS, END_HEADERS, stream, b"".join(literal(*f) for f in pseudo + fields))
        self.c.send(DATA, END_STREAM, stream, HELLO)
        self.assertEqual(self.c.answer(stream)[1]["grpc-status"], "0")

    def test_a_host_stands_for_the_authority_and_agrees_with_it(self):
        self.assertEqual(self.status(m_authority=None, host="x"), "0")
        self.assertEqual(self.status(host="X"), "0")
        for path in (UNARY, "/healthz"):
            self.assertEqual(self.http(path, host="other"), "400")
        _, _, stream = self.ask(m_authority=None)
        self.assertEqual(stream.reset, 1)  # neither is there: malformed

    def test_connect_is_405(self):
        stream = self.stream()
        self.c.send(HEADERS, END_HEADERS, stream, literal(":method", "CONNECT") + literal(":authority", "x:443"))
        self.assertEqual(self.c.answer(stream)[0].get(":status"), "405")

    def test_a_refusal_of_http_has_no_grpc_status_and_the_connection_lives(self):
        first, _, stream = self.ask(content_type="text/plain")
        self.assertNotIn("grpc-status", first)
        self.assertEqual(self.status(), "0")


class Timeouts(Wire):
    """7: grpc-timeout, and that it is kept here."""

    def test_digits_and_a_unit(self):
        good = ["1S", "99999999H", "99999999M", "99999999S", "00000001H", "5000m", "5000000u", "99999999n"]
        bad = ["1", "S", "", "123456789S", "000000001H", "-1S", "+1S", "1s", "1.5S", "1 S", "1SS", "0x1S", "1h", "S1",
               "\u0661S"]
        for text in good:
            self.assertEqual(self.status(grpc_timeout=text), "0", text)
        for text in bad:
            self.assertEqual(self.status(grpc_timeout=text.encode()), "13", text)

    def test_a_second_timeout_does_not_lift_the_first(self):
        stream = self.stream()
        self.c.send(HEADERS, END_HEADERS, stream,
                    request_headers(SLEEP, extra=[("grpc-timeout", "bad"), ("grpc-timeout", "9S")]))
        self.c.send(DATA, END_STREAM, stream, HELLO)
        self.assertEqual(self.c.answer(stream)[1]["grpc-status"], "13")

    def test_the_handler_is_cancelled_at_the_deadline(self):
        before = sum(self.slept())
        start = time.monotonic()
        self.assertEqual(self.status(SLEEP, ask(millis=20000), grpc_timeout="200m"), "4")
        self.assertLess(time.monotonic() - start, 2)
        self.assertTrue(eventually(lambda: sum(self.slept()) == before + 1))

    def test_the_deadline_ends_calls_of_every_kind(self):
        for path, body, end in ((UNARY, None, False), (CLIENT_STREAM, HELLO, False), (BIDI, HELLO, False),
                                (ECHO + "Watch", HELLO, True)):
            self.assertEqual(self.status(path, body, end, grpc_timeout="150m"), "4", path)

    def test_what_has_expired_never_starts(self):
        before = self.slept()
        for text in ("0n", "0S", "1n"):
            self.assertEqual(self.status(SLEEP, ask(millis=1), grpc_timeout=text), "4", text)
        time.sleep(0.1)
        self.assertEqual(self.slept(), before)

    def test_a_reset_by_the_client_cancels_what_is_in_flight(self):
        before = self.slept()
        stream = self.stream()
        self.c.request(stream, SLEEP, ask(millis=20000))
        self.c.step(0.2)
        self.c.send(RST, 0, stream, struct.pack(">I", 8))
        self.assertTrue(eventually(lambda: self.slept()[0] == before[0] + 1))

    def test_a_connection_that_goes_cancels_what_is_in_flight(self):
        before = self.slept()
        for _ in range(2):  # as many as may wait at a time
            self.c.request(self.stream(), SLEEP, ask(millis=20000))
        self.c.step(0.2)
        self.again()
        self.assertTrue(eventually(lambda: self.slept()[0] == before[0] + 2))


class Messages(Wire):
    """8: how many messages, and of what bytes."""

    def test_no_message_on_a_unary_call_is_12(self):
        for path in (UNARY, SERVER_STREAM):
            self.assertEqual(self.status(path, b""), "12")
            self.assertEqual(self.status(path, None), "12")

    def test_several_messages_on_a_unary_call_are_12(self):
        for path in (UNARY, SERVER_STREAM):
            self.assertEqual(self.status(path, HELLO + HELLO), "12")
            self.assertEqual(self.status(path, HELLO * 3), "12")

    def test_two_messages_in_two_frames_are_12(self):
        stream = self.stream()
        self.c.request(stream, UNARY, HELLO, end=False)
        self.c.send(DATA, END_STREAM, stream, HELLO)
        self.assertEqual(self.c.answer(stream)[1]["grpc-status"], "12")

    def test_an_empty_message_is_one(self):
        self.assertEqual(self.status(UNARY, message()), "0")

    def test_the_end_may_come_by_an_empty_frame_or_by_trailers(self):
        for kind, payload in ((DATA, b""), (HEADERS, literal("x-last", "v"))):
            stream = self.stream()
            self.c.request(stream, UNARY, HELLO, end=False)
            self.c.send(kind, END_STREAM | END_HEADERS, stream, payload) if kind == HEADERS else self.c.send(
                kind, END_STREAM, stream, payload)
            self.assertEqual(self.c.answer(stream)[1]["grpc-status"], "0")

    def test_a_stream_of_no_message_is_one(self):
        self.assertEqual(self.status(CLIENT_STREAM, b""), "0")
        self.assertEqual(self.status(BIDI, None), "0")

    def test_cut_frames_are_13(self):
        for path in (UNARY, CLIENT_STREAM):
            for body in (HELLO[:-1], HELLO[:5], HELLO[:4], HELLO[:1], HELLO + b"\0", HELLO + HELLO[:-1]):
                self.assertIn(self.status(path, body), ("13", "12") if path == UNARY and len(body) > len(HELLO) + 5 else ("13",),
                              (path, body))

    def test_unknown_flag_bits_are_13(self):
        for flag in (2, 3, 4, 8, 16, 32, 64, 128, 129, 255):
            self.assertEqual(self.status(UNARY, message(HELLO[5:], flag)), "13", flag)

    def test_bytes_that_are_no_protobuf_are_13(self):
        for bad in (b"\xff\xff\xff", b"\x0a\x05ab", b"\x0a\x01\xff", b"\x0b\x0c", b"\x00\x01", b"\x0f", b"\x08" + b"\xff" * 10 + b"\x01",
                    b"\x0a\xff\xff\xff\xff\x0f"):
            self.assertEqual(self.status(UNARY, message(bad)), "13", bad)

    def test_a_text_with_nul_is_a_fault_of_the_client(self):
        self.assertEqual(self.status(UNARY, message(b"\x0a\x01\x00")), "3")

    def test_unknown_fields_are_let_pass(self):
        self.assertEqual(self.status(UNARY, message(HELLO[5:] + b"\x98\x06\x01")), "0")

    def test_messages_come_in_any_portions(self):
        body = ask(text="x" * 120)
        stream = self.stream()
        self.c.request(stream, UNARY, None, end=False)
        for i in range(len(body)):
            self.c.send(DATA, END_STREAM if i + 1 == len(body) else 0, stream, body[i:i + 1])
        self.assertEqual(self.c.answer(stream)[1]["grpc-status"], "0")

    def test_padding_is_no_part_of_a_message(self):
        stream = self.stream()
        self.c.request(stream, UNARY, None, end=False)
        self.c.send(DATA, 8, stream, b"\x0a" + HELLO[:6] + bytes(10))
        self.c.send(DATA, 8 | END_STREAM, stream, b"\x20" + HELLO[6:] + bytes(32))
        _, last, s = self.c.answer(stream)
        self.assertEqual((last["grpc-status"], echo.EchoResponse.FromString(s.data[5:]).text), ("0", "hello"))


class Sizes(Wire):
    """9: refused from the prefix, and again after decompression."""

    def test_a_size_over_the_limit_is_refused_from_its_prefix(self):
        before = rss_kib(self.server)
        for n in (MAX + 1, 1 << 30, 2 ** 32 - 1):
            _, last, stream = self.ask(body=b"\0" + struct.pack(">I", n), end=False)
            self.assertEqual((last["grpc-status"], stream.reset), ("8", 0), n)
        self.assertLess(rss_kib(self.server) - before, 2048)

    def test_the_second_message_of_a_stream_is_measured_too(self):
        _, last, stream = self.ask(CLIENT_STREAM, HELLO + b"\0" + struct.pack(">I", MAX + 1), end=False)
        self.assertEqual((last["grpc-status"], stream.reset), ("8", 0))

    def test_only_what_has_come_is_kept(self):
        """A hundred promises of four megabytes each."""
        before = rss_kib(self.server)
        streams = [self.stream() for _ in range(99)]
        for s in streams:
            self.c.request(s, UNARY, b"\0" + struct.pack(">I", MAX) + b"x", end=False)
        self.assertEqual(self.status(), "0")
        self.assertLess(rss_kib(self.server) - before, 8192)

    def test_the_largest_message_is_taken_packed_and_unpacked(self):
        plain = echo_of(MAX)
        self.assertEqual(len(plain), MAX)
        for bytes_, status in ((plain, "0"), (plain + b"\0", "8")):
            stream = self.stream()
            self.c.request(stream, CLIENT_STREAM, None, end=False, grpc_encoding="gzip")
            self.c.send_data(stream, message(gzip.compress(bytes_, 1), 1))
            self.assertEqual(self.c.answer(stream, 15)[1]["grpc-status"], status)

    def test_a_gzip_bomb_is_8(self):
        pack = zlib.compressobj(1, zlib.DEFLATED, 31)
        bomb = b"".join(pack.compress(bytes(1 << 20)) for _ in range(64)) + pack.flush()
        stream = self.stream()
        self.c.request(stream, UNARY, None, end=False, grpc_encoding="gzip")
        self.c.send_data(stream, message(bomb, 1))
        self.assertEqual(self.c.answer(stream)[1]["grpc-status"], "8")


class Compression(Wire):
    """10: encodings."""
    PACKED = message(gzip.compress(HELLO[5:]), 1)

    def test_gzip_and_identity_are_served(self):
        self.assertEqual(self.status(body=self.PACKED, grpc_encoding="gzip"), "0")
        self.assertEqual(self.status(grpc_encoding="identity"), "0")
        self.assertEqual(self.status(grpc_encoding="gzip"), "0")  # not every message has to be compressed

    def test_a_compressed_flag_without_an_encoding_is_13(self):
        for headers in ({}, {"grpc_encoding": "identity"}):
            self.assertEqual(self.status(body=self.PACKED, **headers), "13")

    def test_an_unknown_encoding_is_12_and_the_answer_says_what_is_known(self):
        for name in ("snappy", "br", "deflate", "GZIP", "gzip,gzip"):
            first, last, _ = self.ask(grpc_encoding=name)
            self.assertEqual((last["grpc-status"], first["grpc-accept-encoding"]), ("12", "identity,gzip"), name)

    def test_what_is_no_gzip_is_13(self):
        whole = gzip.compress(HELLO[5:])
        for bad in (b"no gzip", whole[:-1], whole + b"x", b"", zlib.compress(HELLO[5:])):
            self.assertEqual(self.status(body=message(bad, 1), grpc_encoding="gzip"), "13", bad)

    def test_answers_are_compressed_for_who_compresses_and_accepts(self):
        body = message(gzip.compress(ask(text="y" * 2000)[5:]), 1)
        first, last, stream = self.ask(body=body, grpc_encoding="gzip", grpc_accept_encoding="gzip")
        self.assertEqual((first["grpc-encoding"], stream.data[0]), ("gzip", 1))
        self.assertEqual(echo.EchoResponse.FromString(gzip.decompress(stream.data[5:])).text, "y" * 2000)
        for headers in ({"grpc_encoding": "gzip"}, {"grpc_encoding": "gzip", "grpc_accept_encoding": "br, snappy"}):
            first, _, stream = self.ask(body=body, **headers)
            self.assertEqual((first.get("grpc-encoding"), stream.data[0]), (None, 0))

    def test_a_stream_may_mix_both(self):
        self.assertEqual(self.status(CLIENT_STREAM, self.PACKED + HELLO + self.PACKED, grpc_encoding="gzip"), "0")


if __name__ == "__main__":
    unittest.main()
