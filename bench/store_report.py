"""The tables of bench/store."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
import conftest  # noqa: E402

BUILD = pathlib.Path(os.environ["SV_BUILD"])
LETTERS, ROUNDS = int(os.environ.get("LETTERS", 600)), int(os.environ.get("ROUNDS", 3))
LONG = bool(os.environ.get("SV_LONG"))
MEMORY_LETTERS = 1_000_000 if LONG else 100_000
MEMORY_SECONDS = int(os.environ.get("MEMORY_SECONDS", 36000 if LONG else 600))
CLIENTS = (1, 4, 16, 64)
WORKERS = 16


def registry(work):
    print(f"the registry alone, {LETTERS} letters, two durable acts each; yardstick: raw SQLite inserts of the same bytes with as many "
          f"syncs\nclients  letters/s      raw/s  ratio    syncs      raw   CPU us a letter      raw  ratio")
    for clients in CLIENTS:
        with tempfile.TemporaryDirectory(dir=work) as directory:
            out = subprocess.run([str(BUILD / "bench/bench_registry"), directory, str(clients), str(LETTERS), str(ROUNDS)],
                                 check=True, capture_output=True, text=True).stdout
        ours, raw, syncs, raw_syncs, cpu, raw_cpu = map(float, out.split())
        print(f"{clients:7} {ours:10.0f} {raw:10.0f} {ours / raw:6.2f} {syncs:8.0f} {raw_syncs:8.0f} {cpu:17.0f} {raw_cpu:8.0f} "
              f"{cpu / raw_cpu:6.1f}", flush=True)


class Whole:
    """A server with its signer, and the load on it."""

    def __init__(self, work):
        self.authority = conftest.Authority(work / "authority")
        directory = work / "registry"
        directory.mkdir()
        self.server = conftest.Server(directory, self.authority, workers=WORKERS)
        policy = directory / "policy.conf"
        policy.write_text(re.sub(r"acts_per_minute = \d+", "acts_per_minute = 100000000", policy.read_text()))
        signer = directory / "signer.conf"
        signer.write_text(re.sub(r"signatures_a_minute = \d+", "signatures_a_minute = 100000000", signer.read_text()))
        self.server.start()

    def processes(self):
        """The server and what it started."""
        known = [self.server.process.pid]
        for pid in known:
            for task in os.listdir(f"/proc/{pid}/task"):
                known += map(int, open(f"/proc/{pid}/task/{task}/children").read().split())
        return known

    def cpu_us(self):
        total = 0
        for pid in self.processes():
            fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / os.sysconf("SC_CLK_TCK") * 1e6

    def mib(self):
        return [int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) / 1024 for pid in self.processes()]

    def command(self, clients, calls, rate=0, seconds=3600):
        a = self.authority.path
        return [str(BUILD / "bench/bench_load"), str(self.server.port), str(a / "root.pem"), str(a / "clients/case.pem"),
                str(a / "clients/case.key"), str(ROOT / "examples/safe-conduct.json"), str(clients), str(calls), str(rate), str(seconds)]

    def load(self, *how):
        """Letters, seconds, microseconds of half, of 99 in 100 and of all; refusals are said."""
        out = subprocess.run(self.command(*how), check=True, capture_output=True, text=True).stdout.splitlines()
        issued, refused, seconds, *times = out[0].split("\t")
        if int(refused):
            print(f"        {refused} were refused: {', '.join(out[1:])}".replace("\t", " "))
        return int(issued), float(seconds), [int(t) / 1000 for t in times]


def throughput(whole):
    print(f"\nthe whole server over TLS, {LETTERS} letters, {WORKERS} workers; CPU of salvod and salvo-signer together\n"
          "clients  letters/s   CPU us a letter   median ms   p99 ms")
    whole.load(4, 100)
    best = 0
    for clients in CLIENTS:
        before = whole.cpu_us()
        issued, seconds, (half, p99, _) = whole.load(clients, LETTERS)
        best = max(best, issued / seconds)
        print(f"{clients:7} {issued / seconds:10.0f} {(whole.cpu_us() - before) / issued:17.0f} {half:11.1f} {p99:8.1f}", flush=True)
    rate = best / 2
    issued, seconds, (half, p99, most) = whole.load(64, int(rate * 15), rate)
    print(f"at half load ({rate:.0f} due a second, {issued} letters in {seconds:.0f} s): median {half:.1f} ms, p99 {p99:.1f} ms, "
          f"longest {most:.1f} ms", flush=True)


def memory(whole):
    print(f"\nresident memory over {MEMORY_LETTERS} letters, 16 clients\n  letters   salvod MiB   salvo-signer MiB   registry MiB   letters/s")
    done, start, step = 0, time.perf_counter(), MEMORY_LETTERS // 10
    while done < MEMORY_LETTERS:
        left = MEMORY_SECONDS - (time.perf_counter() - start)
        if left < 1:
            print(f"stopped at {done} of {MEMORY_LETTERS} letters: {MEMORY_SECONDS} s are over")
            return
        issued, seconds, _ = whole.load(16, step if done else min(step, 1000), 0, int(left) + 1)
        done += issued
        file = sum(p.stat().st_size for p in whole.server.dir.glob("registry.db*")) / 2**20
        server, signer = whole.mib()[:2]
        print(f"{done:9} {server:12.1f} {signer:18.1f} {file:14.0f} {issued / seconds:11.0f}", flush=True)


def main():
    with tempfile.TemporaryDirectory() as name:
        work = pathlib.Path(name)
        registry(work)
        whole = Whole(work)
        throughput(whole)
        memory(whole)
        whole.server.stop()


main()
