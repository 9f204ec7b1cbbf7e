"""Does HTTP/2 hold, section by section?   wire_h2spec_test.py ECHO-SERVER | wire_h2spec_test.py --port N [PATH]

A name says the section of RFC 9113 (or, under hpack, of RFC 7541) and what is sent; the target is GET /healthz. An error of the
connection is a GOAWAY with the right code, or the end of the connection; an error of a stream is RST_STREAM with the right
code, or either of these. The order, and what is asked, follow the h2spec tool, so that its verdict is known before it is run."""
import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from raw_http2 import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, PRIORITY, PUSH, RST, SETTINGS,
                       WINDOW, Connection, literal)

NO_ERROR, PROTOCOL, INTERNAL, FLOW, TIMEOUT, STREAM_CLOSED, FRAME_SIZE, REFUSED, CANCEL, COMPRESSION = range(10)
PADDED, WITH_PRIORITY = 8, 32
ALL = END_HEADERS | END_STREAM
PORT, TARGET = 0, "/healthz"
NAMES = (":method", ":scheme", ":path", ":authority")


def block(method="GET", extra=(), without=(), path=None):
    values = (method, "http", path if path is not None else TARGET, "localhost")
    return b"".join(literal(n, v) for n, v in zip(NAMES, values) if n not in without) + b"".join(literal(*e) for e in extra)


def u32(n):
    return struct.pack(">I", n)


def setting(key, value):
    return struct.pack(">HI", key, value)


def priority(on, weight=15, exclusive=False):
    return u32(on | (1 << 31 if exclusive else 0)) + bytes([weight])


class Http2(unittest.TestCase):
    def setUp(self):
        self.c = Connection(PORT)
        self.assertTrue(self.c.greeted())

    def tearDown(self):
        self.c.close()

    # --- what is expected ---

    def connection_error(self, *codes):
        c = self.c
        c.wait(lambda: any(g[1] in codes for g in c.goaways), 2)
        self.assertTrue(c.closed or any(g[1] in codes for g in c.goaways), (c.goaways, c.frames[-4:]))

    def stream_error(self, *codes):
        def done():
            return any(g[1] in codes for g in c.goaways) or any(int.from_bytes(r, "big") in codes for r in c.seen(RST))
        c = self.c
        c.wait(done, 2)
        self.assertTrue(c.closed or done(), (c.goaways, c.frames[-4:]))

    def answered(self, stream=1):
        self.c.wait(lambda: self.c.seen(HEADERS, 0, stream), 2)
        self.assertTrue(self.c.seen(HEADERS, 0, stream), (self.c.goaways, self.c.frames[-4:]))

    def ended(self, stream=1):
        self.c.wait(lambda: stream in self.c.streams and (self.c.streams[stream].ended or self.c.streams[stream].reset == 0), 2)
        self.assertTrue(self.c.streams[stream].ended)

    def alive(self):
        self.c.send(PING, 0, 0, b"stillliv")
        self.c.wait(lambda: b"stillliv" in self.c.seen(PING, ACK), 2)
        self.assertIn(b"stillliv", self.c.seen(PING, ACK))

    # --- what is sent ---

    def get(self, stream=1, flags=ALL, **more):
        self.c.send(HEADERS, flags, stream, block(**more))

    def post(self, stream=1, flags=END_HEADERS, extra=()):
        self.c.send(HEADERS, flags, stream, block("POST", extra))


def body_length():
    with Connection(PORT) as c:
        c.greeted()
        c.send(HEADERS, ALL, 1, block())
        return len(c.answer(1)[2].data)


class Generic(Http2):
    """What any client does."""

    def test_1_a_preface_is_answered_by_settings(self):
        self.assertTrue(self.c.settings)

    def test_2_priority_on_an_idle_stream(self):
        self.c.send(PRIORITY, 0, 1, priority(0, 255))
        self.get()
        self.answered()

    def test_2_window_update_on_a_half_closed_stream(self):
        self.get()
        self.c.send(WINDOW, 0, 1, u32(100))
        self.answered()

    def test_2_priority_on_a_half_closed_stream(self):
        self.get()
        self.c.send(PRIORITY, 0, 1, priority(0, 255))
        self.answered()

    def test_2_rst_stream_on_a_half_closed_stream(self):
        self.get()
        self.c.send(RST, 0, 1, u32(CANCEL))
        self.alive()

    def test_2_window_update_priority_and_rst_stream_on_a_closed_stream(self):
        self.get()
        self.ended()
        self.c.send(PRIORITY, 0, 1, priority(0, 255))
        self.c.send(WINDOW, 0, 1, u32(1))
        self.c.send(RST, 0, 1, u32(CANCEL))
        self.alive()

    def test_3_1_data(self):
        self.post()
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.answered()

    def test_3_1_several_frames_of_data(self):
        self.post()
        self.c.send(DATA, 0, 1, b"test")
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.answered()

    def test_3_1_data_with_padding(self):
        self.post()
        self.c.send(DATA, END_STREAM | PADDED, 1, b"\x06test" + bytes(6))
        self.answered()

    def test_3_2_headers(self):
        self.get()
        self.answered()

    def test_3_2_headers_with_padding(self):
        self.c.send(HEADERS, ALL | PADDED, 1, b"\x06" + block() + bytes(6))
        self.answered()

    def test_3_2_headers_with_priority(self):
        self.c.send(HEADERS, ALL | WITH_PRIORITY, 1, priority(0, 255) + block())
        self.answered()

    def test_3_3_priority_of_every_kind(self):
        for stream, payload in ((1, priority(0, 0)), (3, priority(0, 255)), (5, priority(1)), (7, priority(1, 15, True))):
            self.c.send(PRIORITY, 0, stream, payload)
        self.get(9)
        self.answered(9)

    def test_3_3_priority_on_a_stream_higher_than_the_next(self):
        self.c.send(PRIORITY, 0, 5, priority(0))
        self.get(3)
        self.answered(3)

    def test_3_4_rst_stream(self):
        self.post()
        self.c.send(RST, 0, 1, u32(CANCEL))
        self.alive()

    def test_3_5_settings(self):
        before = len(self.c.seen(SETTINGS, ACK))
        self.c.send(SETTINGS, 0, 0, setting(3, 100))
        self.c.wait(lambda: len(self.c.seen(SETTINGS, ACK)) > before, 2)
        self.assertEqual(len(self.c.seen(SETTINGS, ACK)), before + 1)

    def test_3_7_ping(self):
        self.alive()

    def test_3_8_goaway_lets_what_runs_finish(self):
        self.get()
        self.c.send(GOAWAY, 0, 0, u32(0) + u32(NO_ERROR))
        self.answered()
        self.c.wait(lambda: self.c.closed, 3)
        self.assertTrue(self.c.closed)

    def test_3_9_window_update_on_the_connection_and_on_a_stream(self):
        self.c.send(WINDOW, 0, 0, u32(1))
        self.post()
        self.c.send(WINDOW, 0, 1, u32(1))
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.answered()

    def test_3_10_continuations(self):
        for stream, parts in ((1, 1), (3, 3)):
            self.c.send(HEADERS, END_STREAM, stream, block())
            for i in range(parts):
                self.c.send(CONTINUATION, END_HEADERS if i + 1 == parts else 0, stream, literal("x-dummy%d" % i, "v"))
            self.answered(stream)

    def test_4_get(self):
        self.get()
        self.ended()
        self.assertEqual(dict(self.c.streams[1].headers[0])[":status"], "200")

    def test_4_head(self):
        self.get(method="HEAD")
        self.ended()
        self.assertEqual((dict(self.c.streams[1].headers[0])[":status"], self.c.streams[1].data), ("200", b""))

    def test_4_post_with_trailers(self):
        self.post(extra=[("trailer", "x-test")])
        self.c.send(DATA, 0, 1, b"test")
        self.c.send(HEADERS, ALL, 1, literal("x-test", "ok"))
        self.answered()

    def test_5_fields_of_every_representation(self):
        """RFC 7541: indexed (static and dynamic), literal with, without and never indexing, with and without Huffman."""
        forms = [b"\x40\x06x-test\x02ok", b"\x00\x06x-test\x02ok", b"\x10\x06x-test\x02ok",
                 b"\x40\x85\xf2\xb4\xa8\x7f\x9f\x82\x3c\xff"[:0] + literal("x-test", "ok"),
                 b"\x0f\x2b\x02ok",  # a name of the static table (user-agent), without indexing
                 b"\x7a\x02ok", b"\x1f\x2b\x02ok", b"\x00\x06x-test\x82\x3c\xff"[:8] + b"\x82\x3d\x5f",
                 b"\x3f\xe1\x0f" + b"", b"\x20"]
        for i, form in enumerate(forms):
            first = form[0] & 0xe0 == 0x20  # a change of the table's size comes first
            stream = 2 * i + 1
            self.c.send(HEADERS, ALL, stream, form + block() if first else block() + form)
            self.answered(stream)

    def test_5_a_field_that_was_added_is_found_by_its_index(self):
        self.c.send(HEADERS, ALL, 1, block() + b"\x40\x06x-test\x02ok")
        self.c.send(HEADERS, ALL, 3, block() + b"\xbe")
        self.answered(1)
        self.answered(3)


class StartingAndFrames(Http2):
    def test_3_4_a_wrong_preface_ends_the_connection(self):
        self.c.close()
        self.c = Connection(PORT, greet=False)
        self.c.socket.sendall(b"INVALID CONNECTION PREFACE\r\n\r\n")
        self.c.wait(lambda: self.c.closed, 3)
        self.assertTrue(self.c.closed)

    def test_4_1_a_frame_of_unknown_type_is_ignored(self):
        self.c.send(22, 0, 0, bytes(8))
        self.alive()

    def test_4_1_undefined_flags_are_ignored(self):
        self.c.send(PING, 0x16, 0, b"flagflag")
        self.c.wait(lambda: b"flagflag" in self.c.seen(PING, ACK), 2)
        self.assertIn(b"flagflag", self.c.seen(PING, ACK))

    def test_4_1_the_reserved_bit_is_ignored(self):
        self.c.send(PING, 0, 1 << 31, b"reserved")
        self.c.wait(lambda: b"reserved" in self.c.seen(PING, ACK), 2)
        self.assertIn(b"reserved", self.c.seen(PING, ACK))

    def test_4_2_data_of_2_14_bytes_is_taken(self):
        self.post()
        self.c.send(DATA, END_STREAM, 1, bytes(16384))
        self.answered()

    def test_4_2_data_over_the_frame_size(self):
        self.post()
        self.c.send(DATA, END_STREAM, 1, bytes(16385))
        self.stream_error(FRAME_SIZE)

    def test_4_2_headers_over_the_frame_size(self):
        self.get(extra=[("x-long", "v" * 2000)] * 9)
        self.connection_error(FRAME_SIZE)

    def test_4_3_a_broken_header_block(self):
        self.c.send(HEADERS, ALL, 1, b"\x82\x86\x84\xff\xff\xff\xff\xff\xff\xff")
        self.connection_error(COMPRESSION)

    def test_4_3_priority_inside_a_header_block(self):
        self.get(flags=END_STREAM)
        self.c.send(PRIORITY, 0, 1, priority(0))
        self.connection_error(PROTOCOL)

    def test_4_3_headers_of_another_stream_inside_a_header_block(self):
        self.get(flags=END_STREAM)
        self.get(3)
        self.connection_error(PROTOCOL)


class Streams(Http2):
    def test_5_1_idle_data(self):
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.stream_error(PROTOCOL, STREAM_CLOSED)

    def test_5_1_idle_rst_stream(self):
        self.c.send(RST, 0, 1, u32(CANCEL))
        self.connection_error(PROTOCOL)

    def test_5_1_idle_window_update(self):
        self.c.send(WINDOW, 0, 1, u32(100))
        self.connection_error(PROTOCOL)

    def test_5_1_idle_continuation(self):
        self.c.send(CONTINUATION, END_HEADERS, 1, block())
        self.connection_error(PROTOCOL)

    def test_5_1_half_closed_remote_data(self):
        self.get()
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.stream_error(STREAM_CLOSED)

    def test_5_1_half_closed_remote_headers(self):
        self.get()
        self.get()
        self.stream_error(STREAM_CLOSED)

    def test_5_1_half_closed_remote_continuation(self):
        self.get()
        self.c.send(CONTINUATION, END_HEADERS, 1, block())
        self.stream_error(STREAM_CLOSED, PROTOCOL)

    def test_5_1_closed_by_rst_stream_data(self):
        self.post()
        self.c.send(RST, 0, 1, u32(CANCEL))
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.stream_error(STREAM_CLOSED)

    def test_5_1_closed_by_rst_stream_headers(self):
        self.post()
        self.c.send(RST, 0, 1, u32(CANCEL))
        self.get()
        self.stream_error(STREAM_CLOSED)

    def test_5_1_closed_by_rst_stream_continuation(self):
        self.post()
        self.c.send(RST, 0, 1, u32(CANCEL))
        self.c.send(CONTINUATION, END_HEADERS, 1, literal("x-dummy", "v"))
        self.stream_error(STREAM_CLOSED, PROTOCOL)

    def test_5_1_closed_data(self):
        self.get()
        self.ended()
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.stream_error(STREAM_CLOSED)

    def test_5_1_closed_headers(self):
        self.get()
        self.ended()
        self.get()
        self.connection_error(STREAM_CLOSED)

    def test_5_1_closed_continuation(self):
        self.get()
        self.ended()
        self.c.send(CONTINUATION, END_HEADERS, 1, literal("x-dummy", "v"))
        self.connection_error(STREAM_CLOSED, PROTOCOL)

    def test_5_1_1_even_stream_identifiers(self):
        self.get(2)
        self.connection_error(PROTOCOL)

    @unittest.expectedFailure  # libnghttp2 ignores it, as its own server does: 5.1.1/2
    def test_5_1_1_a_stream_identifier_lower_than_before(self):
        self.get(5)
        self.get(3)
        self.connection_error(PROTOCOL)

    def test_5_1_2_more_streams_than_are_allowed(self):
        self.c.send(SETTINGS, 0, 0, setting(4, 0))
        limit = self.c.settings[3]
        for i in range(limit + 1):
            self.get(2 * i + 1)
        self.stream_error(PROTOCOL, REFUSED)

    def test_5_3_1_headers_that_depend_on_themselves(self):
        self.c.send(HEADERS, ALL | WITH_PRIORITY, 1, priority(1) + block())
        self.stream_error(PROTOCOL)

    def test_5_3_1_priority_that_depends_on_itself(self):
        self.c.send(PRIORITY, 0, 1, priority(1))
        self.stream_error(PROTOCOL)

    def test_5_4_1_an_error_of_the_connection_says_goaway_and_closes(self):
        self.c.send(PING, 0, 0, b"short")
        self.c.wait(lambda: self.c.closed, 3)
        self.assertTrue(self.c.closed)
        self.assertEqual(self.c.goaway[1], FRAME_SIZE)

    def test_5_5_an_unknown_frame_inside_a_header_block(self):
        self.get(flags=END_STREAM)
        self.c.send(22, 0, 0, bytes(8))
        self.connection_error(PROTOCOL)


class Frames(Http2):
    def wrong(self, expect, code, kind, flags, stream, payload):
        self.c.send(kind, flags, stream, payload)
        expect(code)

    def test_6_1_data_on_stream_0(self):
        self.wrong(self.connection_error, PROTOCOL, DATA, END_STREAM, 0, b"test")

    def test_6_1_data_on_a_half_closed_stream(self):
        self.get()
        self.wrong(self.stream_error, STREAM_CLOSED, DATA, END_STREAM, 1, b"test")

    def test_6_1_data_with_more_padding_than_bytes(self):
        self.post()
        self.wrong(self.connection_error, PROTOCOL, DATA, END_STREAM | PADDED, 1, b"\x06test")

    def test_6_2_headers_on_stream_0(self):
        self.wrong(self.connection_error, PROTOCOL, HEADERS, ALL, 0, block())

    def test_6_2_headers_with_more_padding_than_bytes(self):
        self.wrong(self.connection_error, PROTOCOL, HEADERS, ALL | PADDED, 1, b"\xff" + block()[:100])

    def test_6_3_priority_on_stream_0(self):
        self.wrong(self.connection_error, PROTOCOL, PRIORITY, 0, 0, priority(0))

    def test_6_3_priority_of_another_length(self):
        self.post()
        self.wrong(self.stream_error, FRAME_SIZE, PRIORITY, 0, 1, bytes(4))

    def test_6_4_rst_stream_on_stream_0(self):
        self.wrong(self.connection_error, PROTOCOL, RST, 0, 0, u32(CANCEL))

    def test_6_4_rst_stream_on_an_idle_stream(self):
        self.wrong(self.connection_error, PROTOCOL, RST, 0, 1, u32(CANCEL))

    def test_6_4_rst_stream_of_another_length(self):
        self.post()
        self.wrong(self.connection_error, FRAME_SIZE, RST, 0, 1, bytes(3))

    def test_6_5_settings_ack_with_a_payload(self):
        self.wrong(self.connection_error, FRAME_SIZE, SETTINGS, ACK, 0, setting(3, 1))

    def test_6_5_settings_on_a_stream(self):
        self.wrong(self.connection_error, PROTOCOL, SETTINGS, 0, 1, setting(3, 1))

    def test_6_5_settings_of_another_length(self):
        self.wrong(self.connection_error, FRAME_SIZE, SETTINGS, 0, 0, bytes(3))

    def test_6_5_2_enable_push_of_2(self):
        self.wrong(self.connection_error, PROTOCOL, SETTINGS, 0, 0, setting(2, 2))

    def test_6_5_2_initial_window_over_the_largest(self):
        self.wrong(self.connection_error, FLOW, SETTINGS, 0, 0, setting(4, 2 ** 31))

    def test_6_5_2_frame_size_under_the_least(self):
        self.wrong(self.connection_error, PROTOCOL, SETTINGS, 0, 0, setting(5, 16383))

    def test_6_5_2_frame_size_over_the_largest(self):
        self.wrong(self.connection_error, PROTOCOL, SETTINGS, 0, 0, setting(5, 2 ** 24))

    def test_6_5_2_an_unknown_setting_is_ignored(self):
        self.c.send(SETTINGS, 0, 0, setting(0xff, 1))
        self.alive()

    def test_6_5_3_of_several_values_the_last_counts(self):
        self.c.send(SETTINGS, 0, 0, setting(4, 100) + setting(4, 1))
        self.get()
        self.c.wait(lambda: self.c.seen(DATA), 2)
        self.assertEqual(self.c.seen(DATA)[0], 1)

    def test_6_5_3_settings_are_acknowledged_at_once(self):
        before = len(self.c.seen(SETTINGS, ACK))
        self.c.send(SETTINGS)
        self.c.wait(lambda: len(self.c.seen(SETTINGS, ACK)) > before, 2)
        self.assertEqual(len(self.c.seen(SETTINGS, ACK)), before + 1)

    def test_6_6_push_promise_of_a_client(self):
        self.wrong(self.connection_error, PROTOCOL, PUSH, END_HEADERS, 1, u32(3) + block())

    def test_6_7_ping_is_answered_with_its_bytes(self):
        self.alive()

    def test_6_7_ping_ack_is_not_answered(self):
        self.c.send(PING, ACK, 0, b"unasked?")
        self.alive()
        self.assertEqual(self.c.seen(PING), [b"stillliv"])

    def test_6_7_ping_on_a_stream(self):
        self.wrong(self.connection_error, PROTOCOL, PING, 0, 1, bytes(8))

    def test_6_7_ping_of_another_length(self):
        self.wrong(self.connection_error, FRAME_SIZE, PING, 0, 0, bytes(6))

    def test_6_8_goaway_on_a_stream(self):
        self.wrong(self.connection_error, PROTOCOL, GOAWAY, 0, 1, u32(0) + u32(0))

    def test_6_9_window_update_of_0_on_the_connection(self):
        self.wrong(self.connection_error, PROTOCOL, WINDOW, 0, 0, u32(0))

    def test_6_9_window_update_of_0_on_a_stream(self):
        self.post()
        self.wrong(self.stream_error, PROTOCOL, WINDOW, 0, 1, u32(0))

    def test_6_9_window_update_of_another_length(self):
        self.wrong(self.connection_error, FRAME_SIZE, WINDOW, 0, 0, bytes(3))

    def test_6_9_1_no_more_than_the_window_is_sent(self):
        self.c.credit = False
        self.c.send(SETTINGS, 0, 0, setting(4, 1))
        self.get()
        self.c.wait(lambda: self.c.seen(DATA), 2)
        self.c.step(0.2)
        self.assertEqual(self.c.seen(DATA), [1])

    def test_6_9_1_the_connections_window_over_the_largest(self):
        self.c.send(WINDOW, 0, 0, u32(2 ** 31 - 1))
        self.wrong(self.connection_error, FLOW, WINDOW, 0, 0, u32(2 ** 31 - 1))

    def test_6_9_1_a_streams_window_over_the_largest(self):
        self.post()
        self.c.send(WINDOW, 0, 1, u32(2 ** 31 - 1))
        self.wrong(self.stream_error, FLOW, WINDOW, 0, 1, u32(2 ** 31 - 1))

    def test_6_9_2_windows_follow_a_later_setting(self):
        self.c.credit = False
        self.c.send(SETTINGS, 0, 0, setting(4, 0))
        self.get()
        self.answered()
        self.c.send(SETTINGS, 0, 0, setting(4, 1))
        self.c.wait(lambda: self.c.seen(DATA), 2)
        self.assertEqual(self.c.seen(DATA), [1])

    def test_6_9_2_windows_may_become_negative(self):
        self.assertGreaterEqual(body_length(), 5)
        self.c.credit = False
        self.c.send(SETTINGS, 0, 0, setting(4, 3))
        self.get()
        self.c.wait(lambda: self.c.seen(DATA), 2)
        self.c.send(SETTINGS, 0, 0, setting(4, 2))
        self.c.send(WINDOW, 0, 1, u32(2))
        self.c.wait(lambda: len(self.c.seen(DATA)) > 1, 2)
        self.assertEqual(self.c.seen(DATA), [3, 1])

    def test_6_9_2_a_setting_that_overflows_a_window(self):
        """libnghttp2 makes it an error of each stream that overflows."""
        self.c.send(SETTINGS, 0, 0, setting(4, 0))
        self.post()
        self.c.send(WINDOW, 0, 1, u32(2 ** 31 - 1))
        self.wrong(self.stream_error, FLOW, SETTINGS, 0, 0, setting(4, 1))

    def test_6_10_a_frame_of_another_kind_between_continuations(self):
        self.get(flags=END_STREAM)
        self.c.send(CONTINUATION, 0, 1, literal("x-a", "b"))
        self.wrong(self.connection_error, PROTOCOL, DATA, END_STREAM, 1, b"test")

    def test_6_10_continuation_on_stream_0(self):
        self.get(flags=END_STREAM)
        self.wrong(self.connection_error, PROTOCOL, CONTINUATION, END_HEADERS, 0, literal("x-a", "b"))

    def test_6_10_continuation_after_the_end_of_headers(self):
        self.post()
        self.wrong(self.connection_error, PROTOCOL, CONTINUATION, END_HEADERS, 1, literal("x-a", "b"))

    def test_6_10_continuation_after_the_end_of_continuations(self):
        self.post(flags=0)
        self.c.send(CONTINUATION, END_HEADERS, 1, literal("x-a", "b"))
        self.wrong(self.connection_error, PROTOCOL, CONTINUATION, END_HEADERS, 1, literal("x-a", "b"))

    def test_6_10_continuation_after_data(self):
        self.post()
        self.c.send(DATA, 0, 1, b"test")
        self.wrong(self.connection_error, PROTOCOL, CONTINUATION, END_HEADERS, 1, literal("x-a", "b"))

    def test_7_unknown_error_codes_are_nothing_special(self):
        self.post()
        self.c.send(RST, 0, 1, u32(0xff))
        self.alive()
        self.c.send(GOAWAY, 0, 0, u32(0) + u32(0xff))
        self.c.send(PING, 0, 0, b"afterall")
        self.c.wait(lambda: self.c.closed or b"afterall" in self.c.seen(PING, ACK), 2)
        self.assertTrue(self.c.closed or b"afterall" in self.c.seen(PING, ACK))


class Messages(Http2):
    def malformed(self, payload, flags=ALL):
        self.c.send(HEADERS, flags, 1, payload)
        self.stream_error(PROTOCOL)

    def test_8_1_a_second_block_of_headers_without_the_end(self):
        self.post()
        self.c.send(HEADERS, END_HEADERS, 1, literal("x-test", "ok"))
        self.stream_error(PROTOCOL)

    def test_8_2_an_upper_case_name(self):
        self.malformed(block(extra=[("X-TEST", "ok")]))

    def test_8_2_1_a_name_or_value_with_bytes_that_are_forbidden(self):
        for i, bad in enumerate((("x test", "ok"), ("x-test", "a\r\nb"), ("x-test", b"a\0b"), ("x-test\x7f", "ok"))):
            with self.subTest(bad):
                self.c.send(HEADERS, ALL, 2 * i + 1, block(extra=[bad]))
                self.c.wait(lambda: self.c.streams.get(2 * i + 1) and self.c.streams[2 * i + 1].reset is not None, 2)
                self.assertEqual(self.c.streams[2 * i + 1].reset, PROTOCOL)

    def test_8_3_an_unknown_pseudo_field(self):
        self.malformed(block(extra=[(":test", "ok")]))

    def test_8_3_a_pseudo_field_of_responses(self):
        self.malformed(block(extra=[(":status", "200")]))

    def test_8_3_a_pseudo_field_in_trailers(self):
        self.post()
        self.c.send(HEADERS, ALL, 1, literal(":method", "POST"))
        self.stream_error(PROTOCOL)

    def test_8_3_a_pseudo_field_after_a_regular_one(self):
        self.malformed(literal("x-test", "ok") + block())

    def test_8_2_2_a_field_of_the_connection(self):
        self.malformed(block(extra=[("connection", "keep-alive")]))

    def test_8_2_2_te_of_anything_but_trailers(self):
        self.malformed(block(extra=[("te", "trailers, deflate")]))

    def test_8_3_1_an_empty_path(self):
        self.malformed(block(path=""))

    def test_8_3_1_without_a_pseudo_field_that_is_needed(self):
        for i, name in enumerate((":method", ":scheme", ":path")):
            self.c.send(HEADERS, ALL, 2 * i + 1, block(without=(name,)))
            self.c.wait(lambda: self.c.streams.get(2 * i + 1) and self.c.streams[2 * i + 1].reset is not None, 2)
            self.assertEqual(self.c.streams[2 * i + 1].reset, PROTOCOL, name)

    def test_8_3_1_with_a_pseudo_field_twice(self):
        for i, name in enumerate(NAMES):
            self.c.send(HEADERS, ALL, 2 * i + 1, literal(name, "x" if name[1] in "sa" else "GET" if name[1] == "m" else "/")
                        + block())
            self.c.wait(lambda: self.c.streams.get(2 * i + 1) and self.c.streams[2 * i + 1].reset is not None, 2)
            self.assertEqual(self.c.streams[2 * i + 1].reset, PROTOCOL, name)

    def test_8_1_1_content_length_that_is_not_the_datas(self):
        self.post(extra=[("content-length", "1")])
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.stream_error(PROTOCOL)

    def test_8_1_1_content_length_that_is_not_the_sum_of_the_datas(self):
        self.post(extra=[("content-length", "1")])
        self.c.send(DATA, 0, 1, b"test")
        self.c.send(DATA, END_STREAM, 1, b"test")
        self.stream_error(PROTOCOL)


class Hpack(Http2):
    def broken(self, payload):
        self.c.send(HEADERS, ALL, 1, payload)
        self.connection_error(COMPRESSION)

    def test_hpack_2_3_3_an_index_past_both_tables(self):
        self.broken(block() + b"\xc6")

    def test_hpack_2_3_3_a_literal_whose_name_is_past_both_tables(self):
        self.broken(block() + b"\x7f\x07\x02ok")

    def test_hpack_4_2_a_change_of_the_tables_size_at_the_end(self):
        self.broken(block() + b"\x3f\xe1\x0f")

    def test_hpack_5_2_huffman_padding_over_seven_bits(self):
        self.broken(block() + b"\x00\x85\xf2\xb2\x4a\x84\xff\x84\x49\x50\x9f\xff")

    def test_hpack_5_2_huffman_padded_by_zeros(self):
        self.broken(block() + b"\x00\x85\xf2\xb2\x4a\x84\xff\x83\x49\x50\x90")

    def test_hpack_5_2_huffman_with_the_end_of_string(self):
        self.broken(block() + b"\x00\x85\xf2\xb2\x4a\x84\xff\x87\x49\x51\xff\xff\xff\xfa\x7f")

    def test_hpack_6_1_index_0(self):
        self.broken(block() + b"\x80")

    def test_hpack_6_3_a_table_larger_than_allowed(self):
        self.broken(b"\x3f\xe1\xff\x03" + block())


if __name__ == "__main__":
    server = None
    if sys.argv[1] == "--port":
        PORT, TARGET = int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else TARGET
        sys.argv[1:] = []
    else:
        from echo_client import Server
        server = Server(sys.argv.pop(1), "--quiet")
        PORT = server.port
    result = unittest.main(exit=False).result
    code = server.stop()[0] if server else 0
    sys.exit(0 if result.wasSuccessful() and code == 0 else 1)
