"""Runs the calls of bench/refusals and prints its table."""

import collections
import concurrent.futures
import itertools
import math
import os
import pathlib
import random
import sys
import tempfile
import threading
import time
import uuid

import grpc

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
import conftest  # noqa: E402
from conftest import example, fact, operations_pb2, renew  # noqa: E402

CALLS, CLIENTS, PERSONS = int(os.environ.get("CALLS", 10000)), int(os.environ.get("CLIENTS", 16)), 8
KINDS = ("hold", "claim", "letter", "unknown")


def ks(a, b):
    """Statistic and p of two samples (the limit distribution, with Stephens' correction for their sizes)."""
    a, b = sorted(a), sorted(b)
    d = i = j = 0
    while i < len(a) and j < len(b):
        at = min(a[i], b[j])
        while i < len(a) and a[i] == at:
            i += 1
        while j < len(b) and b[j] == at:
            j += 1
        d = max(d, abs(i / len(a) - j / len(b)))
    root = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    x = (root + .12 + .11 / root) * d
    p = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * x * x) for k in range(1, 101)) if x > .2 else 1
    return d, min(1, max(0, p))


def flight_of_one():
    request = example("flight-manifest")
    del request.flight_manifest.occupants[1:]
    passenger = request.flight_manifest.occupants[0]
    renew(passenger.person, passenger.travel_document)
    passenger.person.surname = "ZUNIGA " + "".join(chr(65 + int(c, 16)) for c in uuid.uuid4().hex[:12])
    return request, passenger


def prepare(server, kind):
    """A flight whose only passenger is kept off it for this reason."""
    request, passenger = flight_of_one()
    if kind == "hold":
        server.client("protection").protection.PlaceHold(operations_pb2.PlaceHoldRequest(
            request_id=str(uuid.uuid4()), person=passenger.person, travel_document=passenger.travel_document,
            cause=operations_pb2.Hold.CAUSE_COURT_ORDER))
    elif kind == "claim":
        server.client("protection").protection.RecordFact(fact("SCREENING_CLAIM", passenger, language="es"))
    elif kind == "letter":
        letter = example("safe-conduct", fresh=False)
        portrait = letter.safe_conduct.holder.portrait_jpeg
        letter.safe_conduct.holder.CopyFrom(passenger.person)
        letter.safe_conduct.holder.portrait_jpeg = portrait
        letter.safe_conduct.identity_document.CopyFrom(passenger.travel_document)
        del letter.safe_conduct.not_valid_for[:]
        server.client("case").issue(letter)
    return request


def answer_of(client, request):
    """Seconds, and all that a client can tell answers apart by."""
    request.request_id = str(uuid.uuid4())
    start = time.perf_counter()
    try:
        client.issuance.IssueDocument(request, timeout=60)
    except grpc.RpcError as e:
        took = time.perf_counter() - start
        metadata = tuple(sorted((k, bytes(v) if isinstance(v, (bytes, bytearray)) else v) for k, v in
                                [*(e.initial_metadata() or ()), *(e.trailing_metadata() or ())]))
        return took, (e.code().name, e.details(), metadata)
    raise SystemExit("a flight was not refused")


def measure(server):
    flights = {kind: [prepare(server, kind) for _ in range(PERSONS)] for kind in KINDS}
    order = [KINDS[i % len(KINDS)] for i in range(CALLS)]
    random.shuffle(order)
    times, answers, local = {k: [] for k in KINDS}, collections.Counter(), threading.local()

    def one(kind):
        if not hasattr(local, "client"):
            local.client = server.client("flight")
            warm = type(flights["unknown"][0])()
            warm.CopyFrom(flights["unknown"][0])
            answer_of(local.client, warm)  # the handshake
        request = type(flights[kind][0])()
        request.CopyFrom(random.choice(flights[kind]))
        return kind, answer_of(local.client, request)
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        for kind, (took, answer) in pool.map(one, order):
            times[kind].append(took)
            answers[answer] += 1
    return times, answers


def main():
    with tempfile.TemporaryDirectory() as work:
        authority = conftest.Authority(pathlib.Path(work) / "authority")
        directory = pathlib.Path(work) / "registry"
        directory.mkdir()
        server = conftest.Server(directory, authority, workers=2 * CLIENTS).start()
        start = time.perf_counter()
        times, answers = measure(server)
        took = time.perf_counter() - start
        server.stop()
    print(f"{CALLS} refusals in {took:.0f} s, {CLIENTS} clients, {len(answers)} different answer(s): "
          f"{', '.join(f'{a[0]} {a[1]!r}' for a in answers)}")
    for kind in KINDS:
        ms = sorted(1000 * t for t in times[kind])
        print(f"{kind:8} n {len(ms):5}   p1 {ms[len(ms) // 100]:7.2f}   median {ms[len(ms) // 2]:7.2f}   "
              f"p99 {ms[-1 - len(ms) // 100]:7.2f} ms")
    least = 1
    for a, b in itertools.combinations(KINDS, 2):
        d, p = ks(times[a], times[b])
        least = min(least, p)
        print(f"{a:8} {b:8} D {d:.4f}   p {p:.3f}")
    good = len(answers) == 1 and least > .01
    print(f"least p {least:.3f}: " + ("nothing tells them apart" if good else "THEY CAN BE TOLD APART"))
    return 0 if good else 1


sys.exit(main())
