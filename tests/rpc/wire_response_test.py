"""Is the shape of every answer right?   wire_response_test.py ECHO-SERVER     (the design of the wire, lines 1 to 5)"""
import base64
import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_case import BIDI, BINARY, FAIL, HELLO, SERVER_STREAM, UNARY, Wire, ask, message
from echo_client import Server, details_pb2, echo, status_pb2
from raw_http2 import DATA, END_HEADERS, END_STREAM, HEADERS, WINDOW, Connection, request_headers

UNKNOWN = "/test.v1.EchoService/None"


def values(headers, name):
    return [v for k, v in headers if k == name]


class Trailers(Wire):
    """1: trailers always, even on OK; Trailers-Only is one frame with everything in it."""

    def test_an_answer_is_headers_data_trailers(self):
        first, last, stream = self.ask()
        self.assertEqual("".join(stream.events), "HDH.")
        self.assertEqual((first[":status"], first["content-type"]), ("200", "application/grpc"))
        self.assertEqual(last, {"grpc-status": "0"})
        self.assertEqual(stream.data, message(echo.EchoResponse(text="hello").SerializeToString()))

    def test_an_answer_of_no_message_has_headers_and_trailers(self):
        _, last, stream = self.ask(SERVER_STREAM, ask(count=0))
        self.assertEqual(last["grpc-status"], "0")
        self.assertIn("".join(stream.events), ("HH.", "HDH."))
        self.assertEqual(stream.data, b"")

    def test_a_stream_has_one_block_of_headers_and_one_of_trailers(self):
        _, last, stream = self.ask(SERVER_STREAM, ask(count=50, size=3000))
        self.assertEqual((len(stream.headers), last), (2, {"grpc-status": "0"}))

    def test_there_is_no_content_length(self):
        for path, body in ((UNARY, HELLO), (FAIL, ask(reason="HOLD")), (SERVER_STREAM, ask(count=3)), (UNKNOWN, HELLO)):
            first, last, _ = self.ask(path, body)
            self.assertFalse({"content-length"} & (first.keys() | last.keys()), path)

    def test_an_error_is_one_frame_with_the_end_of_the_stream(self):
        for path, body, status in ((FAIL, ask(reason="HOLD"), "9"), (UNKNOWN, HELLO, "12"), (UNARY, message(b"\xff\xff"), "13")):
            first, _, stream = self.ask(path, body)
            self.assertRegex("".join(stream.events), r"^H\.R?$")  # R: the end of the request had not come yet
            self.assertEqual((first[":status"], first["grpc-status"], first["content-type"]),
                             ("200", status, "application/grpc"))

    def test_that_frame_has_the_custom_trailers_in_it(self):
        _, _, stream = self.ask(FAIL, ask(reason="HOLD"), x_echo_trailer="kept", x_echo_trailer_bin="AQI=")
        self.assertEqual("".join(stream.events), "H.")
        self.assertEqual((values(stream.headers[0], "x-echo-trailer"), values(stream.headers[0], "x-echo-trailer-bin")),
                         (["kept"], ["AQI"]))

    def test_an_error_after_headers_of_the_handlers_own_has_both_blocks(self):
        first, last, stream = self.ask(FAIL, ask(reason="HOLD"), x_echo_header="mine")
        self.assertEqual("".join(stream.events), "HH.")
        self.assertEqual((first["x-echo-header"], last["grpc-status"]), ("mine", "9"))
        self.assertNotIn("grpc-status", first)

    def test_the_content_type_of_the_request_is_echoed(self):
        for kind in ("application/grpc", "application/grpc+proto", "application/grpc;charset=utf-8", "application/grpc+json"):
            body = message(b'{"text":"hello"}') if "json" in kind else HELLO
            self.assertEqual(self.ask(content_type=kind, body=body)[0]["content-type"], kind)
            self.assertEqual(self.ask(UNKNOWN, content_type=kind)[0]["content-type"], kind)

    def test_custom_headers_and_trailers_are_where_they_belong(self):
        first, last, _ = self.ask(x_echo_header="early", x_echo_trailer="late")
        self.assertEqual((first.get("x-echo-header"), last.get("x-echo-trailer")), ("early", "late"))
        self.assertEqual((first.get("x-echo-trailer"), last.get("x-echo-header")), (None, None))


class Order(Wire):
    """2: trailers are submitted in the data callback, and never overtake data."""

    def test_trailers_follow_the_last_byte_however_small_the_windows(self):
        self.again(settings=[(4, 1000)])
        _, last, stream = self.ask(SERVER_STREAM, ask(count=40, size=2000), limit=10)
        self.assertEqual(last["grpc-status"], "0")
        self.assertGreater(len(stream.data), 80000)
        self.assertRegex("".join(stream.events), r"^HD+H\.$")

    def test_trailers_wait_while_the_window_is_closed(self):
        self.c.credit = False
        self.again(settings=[(4, 0)])
        self.c.request(1, UNARY, HELLO)
        self.c.wait(lambda: 1 in self.c.streams and self.c.streams[1].headers)
        self.c.step(0.3)
        self.assertEqual(self.c.streams[1].events, ["H"])
        self.c.send(WINDOW, 0, 1, struct.pack(">I", 1000))
        self.assertEqual("".join(self.c.answer(1)[2].events), "HDH.")

    def test_what_is_deferred_is_resumed_for_each_message(self):
        self.c.request(1, BIDI, None, end=False)
        for i in range(20):
            self.c.send(DATA, 0, 1, ask(text=str(i)))
            size = len(message(echo.EchoResponse(text=str(i)).SerializeToString()))
            before = len(self.c.streams[1].data) if 1 in self.c.streams else 0
            self.assertTrue(self.c.wait(lambda: 1 in self.c.streams and len(self.c.streams[1].data) == before + size), i)
        self.c.send(DATA, END_STREAM, 1)
        self.assertEqual(self.c.answer(1)[1], {"grpc-status": "0"})


class Early(Wire):
    """3: an answer before the request's end is followed by RST_STREAM(NO_ERROR), strictly after the trailers."""

    def test_early_trailers_are_followed_by_a_reset_without_error(self):
        for path, body in ((UNKNOWN, HELLO), (FAIL, b"\x02\0\0\0\0"), (UNARY, b"\0" + struct.pack(">I", 1 << 30))):
            _, last, stream = self.ask(path, body, end=False)
            self.assertNotEqual(last["grpc-status"], "0")
            self.assertEqual(("".join(stream.events), stream.reset), ("H.R", 0))

    def test_an_early_answer_of_a_stream_in_full_is_followed_by_it_too(self):
        stream = self.stream()
        self.c.request(stream, BIDI, ask(text="x") + b"\x02\0\0\0\0", end=False)
        _, last, s = self.c.answer(stream)
        self.assertEqual((last["grpc-status"], s.reset, s.events[-2:]), ("13", 0, ["H.", "R"]))

    def test_an_answer_in_time_is_not_followed_by_a_reset(self):
        for path, body in ((UNARY, HELLO), (FAIL, ask(reason="HOLD")), (SERVER_STREAM, ask(count=2))):
            self.assertIsNone(self.ask(path, body)[2].reset)

    def test_half_open_streams_do_not_pile_up(self):
        for i in range(400):  # four times what may be open
            stream = self.stream()
            self.c.request(stream, UNKNOWN, None, end=False)
            self.c.wait(lambda: stream in self.c.streams and self.c.streams[stream].reset is not None)
            self.assertEqual(self.c.streams[stream].events, ["H.", "R"], i)
        self.assertIsNone(self.c.goaway)

    def test_what_the_client_still_sends_is_not_held_against_it(self):
        stream = self.stream()
        self.c.request(stream, UNKNOWN, HELLO, end=False)
        self.c.answer(stream)
        for _ in range(80):  # more than the connection's window, were it not given back
            self.c.send(DATA, 0, stream, bytes(16000))
            self.c.step(0)
        self.assertIsNone(self.c.goaway)
        self.assertEqual(self.status(), "0")


class Errors(Wire):
    """4: the message's encoding, and details that agree with the status."""

    def details(self, body):
        _, last, _ = self.ask(FAIL, body)
        text = last["grpc-status-details-bin"]
        self.assertFalse(text.endswith("="))
        status = status_pb2.Status.FromString(base64.b64decode(text + "=" * (-len(text) % 4)))
        self.assertEqual((str(status.code), status.message), (last["grpc-status"], last["grpc-message"]))
        found = {}
        for any_ in status.details:
            name = any_.type_url.rsplit(".", 1)[-1]
            found[name] = getattr(details_pb2, name).FromString(any_.value)
        self.assertEqual(found["ErrorInfo"].domain, "salvoconducto")
        return last["grpc-status"], found

    def test_every_error_has_an_error_info_that_agrees(self):
        for reason in ("HOLD", "FIELD_INVALID", "QUEUE_FULL", "CANCELLED", "DEADLINE", "INTERNAL", "UNIMPLEMENTED", "NOT_FOUND"):
            self.assertEqual(self.details(ask(reason=reason))[1]["ErrorInfo"].reason, reason)

    def test_faults_of_fields_are_a_bad_request(self):
        status, found = self.details(ask(count=2))
        self.assertEqual((status, [v.field for v in found["BadRequest"].field_violations]),
                         ("3", ["occupants[0].person.surname", "occupants[1].person.surname"]))

    def test_interlocks_are_a_precondition_failure(self):
        status, found = self.details(ask(reason="HOLD"))
        self.assertEqual((status, found["PreconditionFailure"].violations[0].type), ("9", "HOLD"))

    def test_overload_has_retry_info(self):
        status, found = self.details(ask(reason="QUEUE_FULL"))
        self.assertEqual((status, found["RetryInfo"].retry_delay.nanos), ("8", 500000000))

    def test_the_layers_own_errors_have_them_too(self):
        for headers, body in (({"grpc_timeout": "x"}, HELLO), ({}, b""), ({}, message(b"\xff"))):
            _, last, _ = self.ask(UNARY, body, **headers)
            self.assertIn("grpc-status-details-bin", last)

    def test_the_message_is_utf_8_and_percent_encoded(self):
        """By the interoperability server, whose statuses are the client's."""
        server = Server(os.path.join(os.path.dirname(BINARY), "interop-server"), "0")
        try:
            with Connection(server.port) as c:
                for i, (text, wire) in enumerate((
                        ("plain ~ text", "plain ~ text"), ("50% of", "50%25 of"), ("a\tb\nc\r", "a%09b%0Ac%0D"),
                        ("\u00e9t\u00e9", "%C3%A9t%C3%A9"), ("\u263a \U0001f608", "%E2%98%BA %F0%9F%98%88"),
                        ("\x7f", "%7F"))):
                    status = b"\x08\x02\x12" + bytes([len(text.encode())]) + text.encode()  # EchoStatus, in field 7
                    c.request(2 * i + 1, "/grpc.testing.TestService/UnaryCall",
                              message(b"\x3a" + bytes([len(status)]) + status))
                    last = c.answer(2 * i + 1)[1]
                    self.assertEqual((last["grpc-status"], last["grpc-message"]), ("2", wire))
        finally:
            self.assertEqual(server.stop()[0], 0)


class Metadata(Wire):
    """5: -bin padded and unpadded, commas, order."""

    def echoed(self, *given, name="x-echo-trailer-bin"):
        stream = self.stream()
        self.c.send(HEADERS, END_HEADERS, stream, request_headers(UNARY, extra=[(name, v) for v in given]))
        self.c.send(DATA, END_STREAM, stream, HELLO)
        _, last, s = self.c.answer(stream)
        if last.get("grpc-status") != "0":
            return last.get("grpc-status")
        return values(s.headers[0] if "header" in name else s.headers[-1], name)

    def test_padded_and_unpadded_are_accepted_and_emitted_unpadded(self):
        for text, back in (("AA==", "AA"), ("AA", "AA"), ("AAE=", "AAE"), ("AAE", "AAE"), ("AAEC", "AAEC"), ("+/+/", "+/+/")):
            self.assertEqual(self.echoed(text), [back])
            self.assertEqual(self.echoed(text, name="x-echo-header-bin"), [back])

    def test_commas_part_values_before_they_are_decoded(self):
        self.assertEqual(self.echoed("AA==,AAE=, AAEC ,AQ"), ["AA", "AAE", "AAEC", "AQ"])

    def test_duplicate_keys_keep_their_order(self):
        self.assertEqual(self.echoed("Aw", "AQ", "Ag,AA"), ["Aw", "AQ", "Ag", "AA"])
        self.assertEqual(self.echoed("third", "first", "second", name="x-echo-trailer"), ["third", "first", "second"])

    def test_what_is_no_base64_is_an_error(self):
        for text in ("!", "A", "AA=A", "A\xff"):
            self.assertEqual(self.echoed(text.encode("latin-1")), "13", text)

    def test_an_empty_value_is_a_value(self):
        self.assertEqual(self.echoed(""), [""])

    def test_text_comes_back_as_it_is(self):
        self.assertEqual(self.echoed("a, b;c %20 ~", name="x-echo-header"), ["a, b;c %20 ~"])


if __name__ == "__main__":
    unittest.main()
