"""Does a connection live as it should?   wire_http2_test.py ECHO-SERVER     (the design of the wire, lines 11 to 14, and 18)"""
import os
import struct
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from wire_case import (BIDI, BINARY, CLIENT_STREAM, HELLO, SERVER_STREAM, SLEEP, UNARY, WATCH, Own, Wire, ask, message,
                       rss_kib)
from echo_client import Server
from raw_http2 import (ACK, DATA, END_STREAM, GOAWAY, HEADERS, PING, RST, SETTINGS, WINDOW, Connection,
                       request_headers)

HEALTH = "/grpc.health.v1.Health/"
LARGEST = 2 ** 31 - 1


def u32(n):
    return struct.pack(">I", n)


class Limits(Wire):
    """11: streams and header lists are limited, and said to be."""

    def test_settings_say_the_limits(self):
        self.c.wait(lambda: 3 in self.c.settings)
        self.assertEqual((self.c.settings[3], self.c.settings[6]), (100, 16384))

    def test_a_hundred_streams_are_served_at_once(self):
        server = Server(BINARY, "--quiet", "--watchers", "120")
        with Connection(server.port, settings=[(4, 0)]) as c:
            for i in range(100):
                c.request(2 * i + 1, WATCH, HELLO)
            self.assertTrue(c.wait(lambda: sum(bool(s.headers) for s in c.streams.values()) == 100))
        self.assertEqual(server.stop()[0], 0)

    def test_one_more_is_refused(self):
        self.c.greeted()
        for _ in range(101):
            self.c.request(self.stream(), UNARY, None, end=False)
        self.assertTrue(self.c.wait(lambda: self.c.goaway or self.c.closed or 201 in self.c.streams))
        self.assertTrue(self.c.closed or self.c.goaway or self.c.streams[201].reset == 7)

    def test_metadata_over_16_kib_is_431_and_the_connection_lives(self):
        self.assertEqual(self.http(x_big="y" * 16100), "431")  # one frame, but 32 bytes a header are counted too
        self.assertEqual(self.status(), "0")

    def test_metadata_just_under_16_kib_is_taken(self):
        self.assertEqual(self.status(x_big="y" * 15900), "0")

    def test_many_small_headers_are_431_too(self):
        stream = self.stream()
        self.c.send(HEADERS, 5, stream, request_headers(UNARY, extra=[("x-%d" % i, "v") for i in range(101)]))
        self.assertEqual(self.c.answer(stream)[0].get(":status"), "431")
        self.assertEqual(self.status(), "0")


class BackPressure(Wire):
    """12: windows open as the handler reads; nothing grows for a reader that is slow."""

    def pour(self, stream, body, seconds, most):
        """Sends copies of body as the window allows; the bytes sent."""
        sent, until = 0, time.monotonic() + seconds
        while sent < most and time.monotonic() < until:
            self.window += self.c.windows.pop(stream, 0)
            if self.window >= len(body):
                self.c.send(DATA, 0, stream, body)
                self.window -= len(body)
                sent += len(body)
            else:
                self.c.step(0.005)
        return sent

    def test_the_window_stays_closed_while_the_handler_does_not_read(self):
        self.c.greeted()
        stream = self.stream()
        self.c.request(stream, CLIENT_STREAM, ask(millis=600), end=False)
        self.window = self.c.settings.get(4) - 600
        body = ask(data=bytes(16000))
        self.assertLess(self.pour(stream, body, 0.4, 1 << 30), 3 * 262144)  # the mark, a window, and what was on the way
        self.assertGreaterEqual(self.pour(stream, body, 5, 10 * 262144), 10 * 262144)  # it went on when the handler read
        self.c.send(DATA, END_STREAM, stream)
        self.assertEqual(self.c.answer(stream)[1]["grpc-status"], "0")

    def test_one_streams_closed_window_does_not_close_the_others(self):
        self.c.greeted()
        stream = self.stream()
        self.c.request(stream, CLIENT_STREAM, ask(millis=1500), end=False)
        self.window = self.c.settings.get(4) - 600
        self.pour(stream, ask(data=bytes(16000)), 0.3, 1 << 30)
        for _ in range(5):
            self.assertEqual(self.status(UNARY, ask(data=bytes(15000))), "0")

    def test_a_zero_window_holds_the_data_and_nothing_is_lost(self):
        self.again(settings=[(4, 0)])
        self.c.request(1, SERVER_STREAM, ask(count=20, size=1000))
        self.c.wait(lambda: 1 in self.c.streams and self.c.streams[1].headers)
        self.c.step(0.2)
        self.assertEqual(self.c.streams[1].data, b"")
        self.c.send(WINDOW, 0, 1, u32(1000000))
        self.assertEqual(self.c.answer(1)[1]["grpc-status"], "0")
        self.assertGreater(len(self.c.streams[1].data), 20000)

    def test_a_reader_that_stops_does_not_grow_the_server(self):
        """A gigabyte is asked for, windows are wide open, and the socket is not read."""
        before = rss_kib(self.server)
        self.again(settings=[(4, LARGEST)])
        self.c.send(WINDOW, 0, 0, u32(LARGEST - 65535))
        self.c.request(1, SERVER_STREAM, ask(count=10000, size=100000))
        time.sleep(1)
        self.assertLess(rss_kib(self.server) - before, 40 * 1024)  # the marks, and what the sanitizers keep

    def test_a_bidi_reader_that_stops_stops_the_writer(self):
        self.again(settings=[(4, 0)])
        self.c.greeted()
        self.c.request(1, BIDI, None, end=False)
        self.window = self.c.settings.get(4)
        sent = self.pour(1, ask(data=bytes(16000)), 0.7, 1 << 30)
        self.assertLess(sent, 8 * 262144)
        self.c.send(WINDOW, 0, 1, u32(1 << 30))
        self.assertGreater(self.pour(1, ask(data=bytes(16000)), 5, 8 * 262144), sent)

    def test_padding_does_not_use_windows_up(self):
        self.c.greeted()
        stream = self.stream()
        self.c.request(stream, CLIENT_STREAM, None, end=False)
        window = {0: 65535, stream: self.c.settings[4]}
        for _ in range(2000):  # 256 bytes of window each, five of them data
            for at in window:
                window[at] += self.c.windows.pop(at, 0)
            if min(window.values()) < 1000:
                self.assertTrue(self.c.wait(lambda: 0 in self.c.windows or stream in self.c.windows, 2), window)
                continue
            self.c.send(DATA, 8, stream, b"\xfa" + message() + bytes(250))
            self.c.step(0)
            window = {at: left - 256 for at, left in window.items()}
        self.c.send(DATA, END_STREAM, stream)
        self.assertEqual(self.c.answer(stream)[1].get("grpc-status"), "0")


class Stalled(Wire):
    """12: a response blocked by a zero window has a timeout. The server's limits are a second."""
    ARGUMENTS = ("--quiet", "--fast")

    def test_an_answer_that_nobody_takes_is_reset_and_the_connection_lives(self):
        self.again(settings=[(4, 0)])
        self.assertEqual(self.ask()[2].reset, 8)
        self.c.send(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535))
        self.assertEqual(self.status(), "0")

    def test_a_stream_that_nobody_takes_frees_its_handler(self):
        self.again(settings=[(4, 0)])
        for _ in range(4):
            self.c.request(self.stream(), SERVER_STREAM, ask(count=100, size=10000))
        self.assertTrue(self.c.wait(lambda: sum(s.reset == 8 for s in self.c.streams.values()) == 4, 8))

    def test_an_answer_that_is_taken_byte_by_byte_is_reset(self):
        self.again(settings=[(4, 1)])
        self.c.credit = False
        self.c.request(1, SERVER_STREAM, ask(count=2, size=100000))
        until = time.monotonic() + 6
        while time.monotonic() < until and not (1 in self.c.streams and self.c.streams[1].reset is not None):
            self.c.send(WINDOW, 0, 1, u32(1))
            self.c.step(0.02)
            time.sleep(0.02)  # the byte that this bought comes at once
        self.assertEqual(self.c.streams[1].reset, 8)

    def test_a_peer_that_does_not_read_its_socket_is_cut(self):
        self.again(settings=[(4, LARGEST)])
        self.c.send(WINDOW, 0, 0, u32(LARGEST - 65535))
        self.c.request(1, SERVER_STREAM, ask(count=10000, size=100000))
        time.sleep(4)
        received = 0
        self.c.socket.settimeout(5)
        try:
            while n := len(self.c.socket.recv(1 << 20)):
                received += n
        except ConnectionResetError:
            pass
        self.assertLess(received, 100 << 20)


class Life(Own):
    """13: the graceful stop in its steps, age, idleness."""

    def events(self, c):
        """GOAWAYs, PINGs and the ends of streams, as they came."""
        found = []
        for kind, flags, stream, payload in c.frames:
            if kind == GOAWAY:
                found.append("goaway %d %d" % struct.unpack(">II", payload[:8]))
            elif kind == PING and not flags & ACK:
                found.append("ping")
            elif kind in (HEADERS, DATA) and flags & END_STREAM:
                found.append("end %d" % stream)
        return found

    def test_a_stop_goes_step_by_step_and_loses_no_call(self):
        server = self.serve()
        with Connection(server.port) as c, Connection(server.port) as watching:
            watching.request(1, HEALTH + "Watch", message())
            watching.wait(lambda: 1 in watching.streams and watching.streams[1].data)
            c.request(1, SLEEP, ask(millis=800))
            c.wait(lambda: c.settings)
            stopper = threading.Thread(target=server.stop)
            stopper.start()
            c.pong = False
            self.assertTrue(c.wait(lambda: c.goaway))
            c.request(3, UNARY, HELLO)  # not yet refused: GOAWAY(2^31-1) and our request crossed
            c.send(PING, ACK, 0, c.seen(PING)[0])
            c.wait(lambda: c.closed)
            watching.wait(lambda: watching.closed)
            stopper.join()
            self.assertEqual(dict(c.streams[1].headers[-1])["grpc-status"], "0")
            self.assertEqual(dict(c.streams[3].headers[-1])["grpc-status"], "0")
            told = self.events(c)
            self.assertEqual((told[0], told[1]), ("goaway %d 0" % LARGEST, "ping"))
            self.assertIn("goaway 3 0", told)
            self.assertLess(told.index("goaway 3 0"), told.index("end 1"))
            self.assertEqual(watching.streams[1].data, message(b"\x08\x01") + message(b"\x08\x02"))
            health = [i for i, f in enumerate(watching.frames) if f[0] == DATA]
            self.assertLess(health[-1], [i for i, f in enumerate(watching.frames) if f[0] == GOAWAY][0])
        self.assertEqual(server.process.returncode, 0)

    def test_a_stop_does_not_wait_for_a_peer_that_does_not_answer_the_ping(self):
        server = self.serve()
        with Connection(server.port) as c:
            c.pong = False
            c.request(1, UNARY, HELLO)
            c.answer(1)
            start = time.monotonic()
            self.assertEqual(server.stop()[0], 0)
            self.assertLess(time.monotonic() - start, 4)
            c.wait(lambda: c.closed)
            self.assertEqual(self.events(c)[1:], ["goaway %d 0" % LARGEST, "ping", "goaway 1 0"])

    def test_an_idle_connection_is_told_to_go(self):
        server = self.serve("--idle", "800")
        with Connection(server.port) as c:
            c.wait(lambda: c.closed, 6)
            self.assertEqual(self.events(c), ["goaway %d 0" % LARGEST, "ping", "goaway 0 0"])
        server.stop()

    def test_an_old_connection_finishes_its_calls(self):
        server = self.serve("--age", "800")
        with Connection(server.port) as c:
            c.request(1, SLEEP, ask(millis=2500))
            c.wait(lambda: c.closed, 6)
            self.assertEqual(self.events(c), ["goaway %d 0" % LARGEST, "ping", "goaway 1 0", "end 1"])
            self.assertEqual(dict(c.streams[1].headers[-1])["grpc-status"], "0")
        server.stop()

    def test_connections_of_one_moment_do_not_end_in_one_moment(self):
        """Age has jitter: a tenth of four seconds, looked at every half second."""
        server = self.serve("--age", "6000")
        ends = {}

        def live(i):
            with Connection(server.port) as c:
                c.wait(lambda: c.goaway, 8)
                ends[i] = time.monotonic()
        threads = [threading.Thread(target=live, args=(i,)) for i in range(40)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        server.stop()
        self.assertGreater(max(ends.values()) - min(ends.values()), 0.4)


class Pings(Own):
    """14: client PINGs are counted (the flood is among the attacks), own PINGs find dead peers."""

    def test_a_few_pings_are_answered_with_their_bytes(self):
        server = self.serve()
        with Connection(server.port) as c:
            for i in range(50):
                c.send(PING, 0, 0, struct.pack(">Q", i))
            self.assertTrue(c.wait(lambda: len(c.seen(PING, ACK)) == 50))
            self.assertEqual(c.seen(PING, ACK), [struct.pack(">Q", i) for i in range(50)])
        server.stop()

    def test_a_dead_peer_is_found_by_a_ping_and_a_live_one_stays(self):
        server = self.serve("--ping", "800")
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


class Health(Wire):
    """18: health. (Reflection is asked by buf: tests/clients/reflection.mjs.)"""
    SERVING, UNKNOWN = message(b"\x08\x01"), message(b"\x08\x03")

    def named(self, name):
        return message(b"\x0a" + bytes([len(name)]) + name.encode())

    def test_check_knows_the_server_and_its_services(self):
        for body in (message(), self.named("test.v1.EchoService")):
            _, last, stream = self.ask(HEALTH + "Check", body)
            self.assertEqual((last["grpc-status"], stream.data), ("0", self.SERVING))

    def test_check_of_an_unknown_service_is_not_found(self):
        self.assertEqual(self.status(HEALTH + "Check", self.named("no.such")), "5")

    def test_watch_of_an_unknown_service_says_so_and_stays_open(self):
        stream = self.stream()
        self.c.request(stream, HEALTH + "Watch", self.named("no.such"))
        self.c.wait(lambda: stream in self.c.streams and self.c.streams[stream].data)
        self.c.step(0.3)
        self.assertEqual((self.c.streams[stream].data, self.c.streams[stream].ended), (self.UNKNOWN, False))

    def test_a_watcher_that_leaves_is_forgotten(self):
        for _ in range(150):  # more than may be open
            stream = self.stream()
            self.c.request(stream, HEALTH + "Watch", message())
            self.c.wait(lambda: stream in self.c.streams and self.c.streams[stream].data)
            self.c.send(RST, 0, stream, u32(8))
        self.assertEqual(self.status(), "0")


class Workers(Own):
    def test_streams_that_wait_leave_the_workers_free(self):
        server = self.serve("--workers", "1", "--watchers", "2")
        with Connection(server.port) as c:
            for stream in (1, 3):
                c.request(stream, WATCH, HELLO)
                c.wait(lambda: stream in c.streams and c.streams[stream].data)
            c.request(5, UNARY, HELLO)
            self.assertEqual(c.answer(5)[1]["grpc-status"], "0")
            c.request(7, WATCH, HELLO)
            self.assertEqual(c.answer(7)[1]["grpc-status"], "8")  # at once, not queued
            c.send(RST, 0, 1, u32(8))
            for stream in range(9, 200, 2):
                c.request(stream, WATCH, HELLO)
                c.wait(lambda: stream in c.streams and c.streams[stream].events)
                if c.streams[stream].data:
                    break
            self.assertTrue(c.streams[stream].data)
        self.assertEqual(server.stop()[0], 0)


if __name__ == "__main__":
    unittest.main()
