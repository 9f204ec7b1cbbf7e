"""Prints the benchmark's table: our rows from bench_letter, the yardsticks measured here and now.

Yardsticks: reportlab draws a page of the same texts, rules and code area; pdfsig judges the very letter; `openssl speed` signs and
verifies with P-256; SQLite inserts one durable row a transaction, and sixteen."""

import os
import pathlib
import re
import resource
import sqlite3
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def children_us():
    u = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (u.ru_utime + u.ru_stime) * 1e6


def least(action, rounds, clock):
    best = float("inf")
    for _ in range(rounds):
        start = clock()
        action()
        best = min(best, clock() - start)
    return best


def reportlab_page():
    import io
    from reportlab.lib.units import mm
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen import canvas
    folder = "/usr/share/fonts/truetype/noto/"
    for name, file in (("S", "NotoSans-Regular"), ("SB", "NotoSans-Bold"), ("R", "NotoSerif-Regular"), ("RB", "NotoSerif-Bold")):
        pdfmetrics.registerFont(TTFont(name, f"{folder}{file}.ttf"))

    def draw():
        c = canvas.Canvas(io.BytesIO(), pagesize=(210 * mm, 297 * mm))
        for i in range(60):
            c.setFont(("S", "SB", "R", "RB")[i % 4], 6.2 + i % 5 * 2)
            c.drawString(15 * mm, (285 - i * 4) * mm, "Válido hasta / Valid until: HADDÂD ZEÏTOUN NOÛR ḪADĪJA 15 ABR/APR 2026")
        for i in range(52 * 26):
            c.rect((115 + i % 52 * .4233) * mm, (60 + i // 52 * .4233) * mm, .4233 * mm, .4233 * mm, stroke=0, fill=1)
        c.showPage()
        c.save()
    return draw


def openssl_speed():
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "ecdsap256"], capture_output=True, text=True).stdout
    signs, verifies = re.search(r"nistp256\)\s+[\d.]+s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)", out).groups()
    return 1e6 / float(signs), 1e6 / float(verifies)


def sqlite_inserts(path, batch, total=400):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB)")
    blob = os.urandom(38000)
    start = time.perf_counter()
    for _ in range(total // batch):
        db.execute("BEGIN IMMEDIATE")
        for _ in range(batch):
            db.execute("INSERT INTO t (b) VALUES (?)", (blob,))
        db.execute("COMMIT")
    return total / (time.perf_counter() - start)


def whole_server(work):
    """Documents a second over TLS with durable commits, and the server's CPU a document."""
    import concurrent.futures
    sys.path.insert(0, str(ROOT / "tests/e2e"))
    os.environ["SV_BUILD"] = str(ROOT / "build/release")
    import conftest
    server = conftest.Server(work, type("A", (), {"path": work / "a", "read": lambda self, n: (work / "a" / n).read_bytes()})()).start()

    def cpu():
        f = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(f[11]) + int(f[12])) / os.sysconf("SC_CLK_TCK") * 1e6

    rows = []
    for clients in (1, 8):
        channels = [server.client("case") for _ in range(clients)]
        requests = [conftest.example("safe-conduct") for _ in range(300)]
        with concurrent.futures.ThreadPoolExecutor(clients) as pool:
            list(pool.map(lambda i: channels[i % clients].issue(conftest.example("safe-conduct")), range(20)))
            before, start = cpu(), time.perf_counter()
            list(pool.map(lambda i: channels[i % clients].issue(requests[i]), range(len(requests))))
            rows.append((clients, len(requests) / (time.perf_counter() - start), (cpu() - before) / len(requests)))
    server.stop()
    return rows


def main():
    work = pathlib.Path(sys.argv[1])
    ours = {n: float(v) for n, v in (l.split("\t") for l in (work / "letter.tsv").read_text().splitlines())}
    draw = reportlab_page()
    reportlab = least(draw, 5, lambda: time.process_time() * 1e6)
    letter = str(work / "letter.pdf")
    pdfsig = least(lambda: subprocess.run(["pdfsig", "-nocert", letter], capture_output=True), 5, children_us)
    sign, verify = openssl_speed()
    row = lambda what, us, yard, yard_us: print(f"{what:28} {us:10.1f} us   {yard:34} {yard_us:10.1f} us   ratio {us / yard_us:.4f}")
    print("one letter, CPU (least of ten batches)")
    row("record and MRZ", ours["record and MRZ"], "openssl speed, one P-256 signature", sign)
    row("visible seal", ours["visible seal"], "openssl speed, one P-256 signature", sign)
    row("draw", ours["draw"], "reportlab, a page of the same kind", reportlab)
    row("sign (PAdES B-B)", ours["sign"], "openssl speed, one P-256 signature", sign)
    row("verify, offline", ours["verify, offline"], "pdfsig, the same file", pdfsig)
    row("verify, offline", ours["verify, offline"], "openssl speed, one verification", verify)
    row("letter, all", ours["letter, all"], "reportlab, a page of the same kind", reportlab)
    one, sixteen = sqlite_inserts(str(work / "one.db"), 1), sqlite_inserts(str(work / "sixteen.db"), 16)
    print("\nthe whole server, python clients over TLS, durable commits (two transactions a document)")
    for clients, rate, cpu in whole_server(work):
        print(f"{clients:3} clients {rate:8.0f} documents/s   server CPU {cpu:7.0f} us a document   "
              f"raw durable inserts of 38 kB: {one:.0f}/s one a transaction, {sixteen:.0f}/s sixteen   ratio {rate / one:.3f}")


main()
