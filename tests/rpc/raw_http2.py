"""HTTP/2 by hand: frames as they are wanted, wrong ones too. Headers are written as plain literals and read by the
inflater of libnghttp2."""
import ctypes
import ctypes.util
import socket
import struct
import time

DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, END_HEADERS, ACK = 1, 4, 1

lib = ctypes.CDLL("libnghttp2.so.14")


class Nv(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("value", ctypes.c_void_p), ("namelen", ctypes.c_size_t),
                ("valuelen", ctypes.c_size_t), ("flags", ctypes.c_uint8)]


class Inflater:
    def __init__(self):
        self.handle = ctypes.c_void_p()
        assert lib.nghttp2_hd_inflate_new(ctypes.byref(self.handle)) == 0

    def read(self, block):
        lib.nghttp2_hd_inflate_hd2.restype = ctypes.c_ssize_t
        found, buffer, at = [], ctypes.create_string_buffer(block, len(block)), 0
        while True:
            nv, flags = Nv(), ctypes.c_int(0)
            n = lib.nghttp2_hd_inflate_hd2(self.handle, ctypes.byref(nv), ctypes.byref(flags),
                                           ctypes.byref(buffer, at), ctypes.c_size_t(len(block) - at), 1)
            assert n >= 0, n
            at += n
            if flags.value & 2:
                found.append((ctypes.string_at(nv.name, nv.namelen).decode(),
                              ctypes.string_at(nv.value, nv.valuelen).decode()))
            if flags.value & 1:
                lib.nghttp2_hd_inflate_end_headers(self.handle)
                return found
            if n == 0 and at == len(block):
                return found


def literal(name, value):
    def text(s):
        s = s if isinstance(s, bytes) else s.encode()
        n, out = len(s), b""
        if n < 127:
            return bytes([n]) + s
        n -= 127
        out = b"\x7f"
        while n > 127:
            out += bytes([n % 128 + 128])
            n //= 128
        return out + bytes([n]) + s
    return b"\x00" + text(name) + text(value)


def request_headers(path, extra=(), **override):
    base = {":method": "POST", ":scheme": "http", ":path": path, ":authority": "x", "te": "trailers",
            "content-type": "application/grpc"}
    base.update({k.replace("_", "-") if not k.startswith("m_") else ":" + k[2:]: v for k, v in override.items()})
    return b"".join(literal(k, v) for k, v in list(base.items()) + list(extra) if v is not None)


def message(payload=b"", flag=0):
    return bytes([flag]) + struct.pack(">I", len(payload)) + payload


class Stream:
    def __init__(self):
        self.headers, self.data, self.ended, self.reset, self.events = [], b"", False, None, []


class Connection:
    def __init__(self, port=0, greet=True, settings=(), connected=None):
        self.socket = connected or socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.inflater = Inflater()
        self.buffer, self.streams, self.goaway, self.closed, self.credit = b"", {}, None, False, True
        self.windows, self.settings = {}, {}
        self.pings, self.pong = 0, True
        self.frames, self.goaways = [], []  # (kind, flags, stream, payload) of all but DATA, whose length is told
        if greet:
            self.socket.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            self.send(SETTINGS, payload=b"".join(struct.pack(">HI", k, v) for k, v in settings))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, kind, flags=0, stream=0, payload=b""):
        try:
            self.socket.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) +
                                payload)
        except (BrokenPipeError, ConnectionResetError):
            self.closed = True

    def request(self, stream, path, body=None, end=True, **override):
        self.send(HEADERS, END_HEADERS | (END_STREAM if body is None and end else 0), stream,
                  request_headers(path, **override))
        if body is not None:
            self.send(DATA, END_STREAM if end else 0, stream, body)

    def send_data(self, stream, body, end=True):
        """In frames that every peer takes; no window is watched."""
        for at in range(0, len(body), 16000):
            self.send(DATA, END_STREAM if end and at + 16000 >= len(body) else 0, stream, body[at:at + 16000])
            self.step(0)

    def step(self, timeout):
        """Reads and takes in what is there; False at the end or when nothing came."""
        self.socket.settimeout(timeout)
        try:
            more = self.socket.recv(65536)
        except (socket.timeout, BlockingIOError):
            return False
        except ConnectionResetError:
            more = b""
        if not more:
            self.closed = True
            return False
        self.buffer += more
        while len(self.buffer) >= 9:
            n = int.from_bytes(self.buffer[:3], "big")
            if len(self.buffer) < 9 + n:
                break
            kind, flags = self.buffer[3], self.buffer[4]
            stream = int.from_bytes(self.buffer[5:9], "big")
            payload, self.buffer = self.buffer[9:9 + n], self.buffer[9 + n:]
            self.take(kind, flags, stream, payload)
        return True

    def take(self, kind, flags, stream, payload):
        self.frames.append((kind, flags, stream, len(payload) if kind == DATA else payload))
        if kind == SETTINGS and not flags & ACK:
            for at in range(0, len(payload), 6):
                key, value = struct.unpack(">HI", payload[at:at + 6])
                self.settings[key] = value
            self.send(SETTINGS, ACK)
        elif kind == PING and not flags & ACK:
            self.pings += 1
            if self.pong:
                self.send(PING, ACK, 0, payload)
        elif kind == GOAWAY:
            self.goaway = (int.from_bytes(payload[:4], "big"), int.from_bytes(payload[4:8], "big"), payload[8:])
            self.goaways.append(self.goaway)
        elif kind == WINDOW:
            self.windows[stream] = self.windows.get(stream, 0) + int.from_bytes(payload, "big")
        s = self.streams.setdefault(stream, Stream())
        if kind == HEADERS:
            s.headers.append(self.inflater.read(payload))
            s.events.append("H" + ("." if flags & END_STREAM else ""))
            s.ended |= bool(flags & END_STREAM)
        elif kind == DATA:
            s.data += payload
            s.events.append("D" + ("." if flags & END_STREAM else ""))
            s.ended |= bool(flags & END_STREAM)
            if self.credit and payload:
                for target in (0, stream):
                    self.send(WINDOW, 0, target, struct.pack(">I", len(payload)))
        elif kind == RST:
            s.reset = int.from_bytes(payload, "big")
            s.events.append("R")

    def seen(self, kind, flag=0, stream=None):
        """Payloads (lengths, of DATA) of the frames of this kind that came with this flag."""
        return [f[3] for f in self.frames if f[0] == kind and f[1] & flag == flag and stream in (None, f[2])]

    def greeted(self):
        """Both sides' SETTINGS are acknowledged."""
        return self.wait(lambda: self.settings and self.seen(SETTINGS, ACK))

    def wait(self, done, limit=5):
        until = time.monotonic() + limit
        while not done() and not self.closed and time.monotonic() < until:
            self.step(0.05)
        return done()

    def answer(self, stream, limit=5):
        """Waits until the stream is over; gives (headers of the first block, of the last, stream)."""
        self.wait(lambda: stream in self.streams and (self.streams[stream].ended or
                                                      self.streams[stream].reset is not None), limit)
        self.step(0.02)  # what follows at once: RST_STREAM
        s = self.streams.get(stream, Stream())
        return (dict(s.headers[0]) if s.headers else {}, dict(s.headers[-1]) if s.headers else {}, s)
