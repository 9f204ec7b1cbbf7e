"""The table of bench/rpc.   rpc_report.py BUILD WORK      WORK: cq-server, cert.pem, key.pem

Load: h2load, ten connections of ten streams, one thread; a call is a POST of one empty message (nghttpd answers it with a file of
five bytes, so that it moves as much). CPU is user and system time of the server's process, the least of ROUNDS. Memory is
resident size over a thousand connections whose prefaces are exchanged; what remains is told after they closed."""

import os
import pathlib
import re
import resource
import socket
import ssl
import subprocess
import sys
import time

BUILD, WORK = (pathlib.Path(p).resolve() for p in sys.argv[1:3])
CALLS, ROUNDS = int(os.environ.get("CALLS", 100000)), int(os.environ.get("ROUNDS", 3))
IDLE = 1000
EMPTY_CALL, UNARY = "/grpc.testing.TestService/EmptyCall", "/test.v1.EchoService/Unary"
CERT, KEY = str(WORK / "cert.pem"), str(WORK / "key.pem")
TARGET_US, TARGET_KIB, TARGET_RATIO = {"h2c": 10, "TLS": 13}, {"h2c": 25, "TLS": 60}, 0.75
REMAINS_MAX = 0.33  # of what the thousand took: the library of the loop keeps a slot for each descriptor that it ever saw


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, command, port=None):
        self.process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = port or int(self.process.stdout.readline().split()[1])
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                break
            except OSError:
                time.sleep(0.05)

    def cpu_us(self):
        """Of all threads, in the kernel's own nanoseconds; ticks of a hundredth would be too coarse."""
        total = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            total += int(open(f"/proc/{self.process.pid}/task/{task}/schedstat").read().split()[0])
        return total / 1000

    def kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{self.process.pid}/status").read()).group(1))

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def load(server, tls, path, calls):
    done = subprocess.run(["h2load", "-n", str(calls), "-c", "10", "-m", "10", "-t", "1", "-d", str(WORK / "empty"),
                           "-H", "content-type: application/grpc", "-H", "te: trailers",
                           f"{'https' if tls else 'http'}://127.0.0.1:{server.port}{path}"], capture_output=True, text=True).stdout
    if int(re.search(r"(\d+) succeeded", done).group(1)) != calls:
        raise RuntimeError(done)


def call_us(server, tls, path):
    load(server, tls, path, CALLS // 20)
    least = float("inf")
    for _ in range(ROUNDS):
        before = server.cpu_us()
        load(server, tls, path, CALLS)
        least = min(least, (server.cpu_us() - before) / CALLS)
    return least


def connection(server, tls):
    """A preface exchanged, and quiet from then on."""
    s = socket.create_connection(("127.0.0.1", server.port), 10)
    if tls:
        context = ssl.create_default_context(cafile=CERT)
        context.check_hostname = False
        context.set_alpn_protocols(["h2"])
        s = context.wrap_socket(s)
    s.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)) + bytes((0, 0, 0, 4, 1, 0, 0, 0, 0)))
    s.recv(4096)
    return s


def settled_kib(server):
    least = server.kib()
    for _ in range(8):
        time.sleep(0.25)
        least = min(least, server.kib())
    return least


def idle_kib(server, tls):
    """KiB a connection, and how much of it remains after all have closed."""
    for _ in range(20):
        connection(server, tls).close()
    base = settled_kib(server)
    many = [connection(server, tls) for _ in range(IDLE)]
    time.sleep(0.5)
    took = server.kib() - base
    for s in many:
        s.close()
    return took / IDLE, max(0, settled_kib(server) - base) / max(took, 1)


def ours(name):
    return lambda tls: Server([BUILD / "tests" / "interop-server", 0] + ([CERT, KEY] if tls else []))


def echo(tls):
    return Server([BUILD / "tests" / "echo-server", "--quiet"] + (["--tls", CERT, KEY] if tls else []))


def cq(tls):
    return Server([WORK / "cq-server"] + ([CERT, KEY] if tls else []))


def nghttpd(tls):
    port = free_port()
    return Server(["nghttpd", "-n", "1", "-a", "127.0.0.1", "-d", WORK] + ([port, KEY, CERT] if tls else ["--no-tls", port]), port)


ROWS = [("ours, on the loop", ours("loop"), EMPTY_CALL), ("ours, on a worker", echo, UNARY),
        ("gRPC C++, one queue", cq, EMPTY_CALL), ("nghttpd, a file", nghttpd, "/empty")]


def main():
    (WORK / "empty").write_bytes(bytes(5))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    missed = []
    for tls in (False, True):
        kind = "TLS" if tls else "h2c"
        found = {}
        for name, start, path in ROWS:
            server = start(tls)
            us = call_us(server, tls, path)
            server.stop()
            server = start(tls)
            kib, remains = idle_kib(server, tls)
            server.stop()
            found[name] = (us, kib, remains)
        yard = found["gRPC C++, one queue"][0]
        print(f"\n{kind:22}{'us a call':>11}{'of C++':>9}{'KiB idle':>11}{'remains':>10}")
        for name, (us, kib, remains) in found.items():
            print(f"{name:22}{us:11.2f}{us / yard:9.2f}{kib:11.1f}{remains:9.0%}")
        for name in ("ours, on the loop", "ours, on a worker"):
            us, kib, remains = found[name]
            missed += [f"{kind}, {name}: {what}" for what, bad in (
                (f"over {TARGET_US[kind]} us", us > TARGET_US[kind]), (f"over {TARGET_RATIO} of C++", us > TARGET_RATIO * yard),
                (f"over {TARGET_KIB[kind]} KiB", kib > TARGET_KIB[kind]), ("memory stays", remains > REMAINS_MAX)) if bad]
    print("\n" + "\n".join(f"missed: {m}" for m in missed) if missed else "\nall targets are met")
    return 1 if missed else 0


sys.exit(main())
