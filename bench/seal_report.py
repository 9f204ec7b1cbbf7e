"""The table of bench/seal: letters of a server at B-B and at B-LTA, judged by bench_seal and by pdfsig."""

import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.dont_write_bytecode = True

from signer_test import SIGNED, VISIBLE, Signer  # noqa: E402
from leveled import TrustServices, letter, leveled  # noqa: E402

ROUNDS = os.environ.get("ROUNDS", "200")
BUILD = pathlib.Path(os.environ["SV_BUILD"])
TARGET = 100  # microseconds


LETTERS = []


def child_cpu():
    r = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (r.ru_utime + r.ru_stime) * 1e6


def pdfsig_us(path):
    """The least of ten."""
    least = 1e18
    for _ in range(10):
        before = child_cpu()
        subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, check=False)
        least = min(least, child_cpu() - before)
    return least


def speed():
    """Microseconds of one signature and one verification by `openssl speed`."""
    out = subprocess.run(["openssl", "speed", "-seconds", "1", "ecdsap256"], capture_output=True, text=True, check=True).stdout
    sign, verify = re.search(r"nistp256\)\s+([\d.]+)s\s+([\d.]+)s", out).groups()
    per = re.search(r"nistp256\)\s+[\d.]+s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)", out).groups()
    return (1e6 / float(per[0]), 1e6 / float(per[1])) if sign and verify else None


def signed_a_second(signer, made, n):
    """Visible seals through a salvo-signer, all asked for at once: its journal is written and synced as always."""
    seal = made.document.visible_seals[0].seal
    frames = b"".join(signer.framed(VISIBLE, made.document.number, 1, 1, made.document.record_sha256, seal[:-66]) for _ in range(n))
    began = time.perf_counter()
    writer = threading.Thread(target=signer.socket.sendall, args=(frames,))
    writer.start()
    outcomes = {signer.frame()[1][8] for _ in range(n)}
    took = time.perf_counter() - began
    writer.join()
    assert outcomes == {SIGNED}
    signer.stop()
    return n / took


def with_token(d, authority):
    """A signer whose keys are in a token of SoftHSM."""
    pin, tokens = "735194", d / "tokens"
    tokens.mkdir()
    (d / "softhsm.conf").write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\n")
    (d / "pin").write_text(pin)
    os.environ["SOFTHSM2_CONF"] = str(d / "softhsm.conf")
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "utopia", "--so-pin", "12345678", "--pin", pin], **quiet)
    for name, number in (("document", "01"), ("seal", "02")):
        subprocess.run(["softhsm2-util", "--import", str(authority.path / f"{name}.key"), "--token", "utopia", "--label", name,
                        "--id", number, "--pin", pin], **quiet)
    keys = {f'key = "{authority.path}/{name}.key"': f'key = "pkcs11:token=utopia;object={name}"' for name in ("document", "seal")}
    signer = Signer(d, authority, BUILD, **keys)
    with open(d / "signer.conf", "a") as f:
        f.write(f'token = {{ module = "/usr/lib/softhsm/libsofthsm2.so"; pin_file = "pin"; places = ["tokens"]; }};\n')
    return signer


def throughput(d, authority, made, sign_us):
    rows = []
    for name, begin in (("file key", lambda p: Signer(p, authority, BUILD)), ("SoftHSM", lambda p: with_token(p, authority))):
        (d / name).mkdir()
        rows.append((f"through the signer, {name}", signed_a_second(begin(d / name).start(), made, 4000)))
    yardstick = 1e6 / sign_us
    print(f"\nsignatures a second, 4000 asked for at once; yardstick: openssl speed, one core, {yardstick:.0f}")
    for name, rate in rows:
        print(f"{name:32} {rate:10.0f}  {rate / yardstick:6.2f}")


def issue(directory, services, level, count=1):
    server = leveled(directory, services, level).start()
    paths = []
    try:
        for i in range(count):
            made = server.client("case").issue(letter())
            assert made.document.level == level
            if level == "B-B":
                LETTERS.append(made)
            paths.append(directory / f"{level}-{i}.pdf")
            paths[i].write_bytes(made.pdf)
        return paths
    finally:
        server.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="sv-bench-") as d:
        d = pathlib.Path(d)
        services = TrustServices(d)
        try:
            (low, another), (high,) = issue(d / "low", services, "B-B", 2), issue(d / "high", services, "B-LTA")
        finally:
            services.stop()
        out = subprocess.run([str(BUILD / "bench/bench_seal"), str(services.authority.path), str(low), str(another), str(high), ROUNDS],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
        rows = [line.split("\t") for line in out.splitlines()]
        sign, verify = speed()
        rows.insert(2, ["openssl speed, sign", f"{sign:.1f}"])
        rows.insert(3, ["openssl speed, verify", f"{verify:.1f}"])
        rows.append(["verify B-B, pdfsig", f"{pdfsig_us(low):.0f}"])
        rows.append(["verify B-LTA, pdfsig", f"{pdfsig_us(high):.0f}"])
        print(f"B-B letter: {low.stat().st_size} bytes, B-LTA: {high.stat().st_size} bytes; CPU microseconds")
        for name, us in rows:
            print(f"{name:32} {us:>10}")
        by = {name: float(us) for name, us in rows}
        sealed, verified = by["seal a PDF, file key"] + by["visible seal, file key"], by["verify B-B, signature"]
        print(f"{'both seals':32} {sealed:10.1f}  of {TARGET} at most")
        print(f"{'B-B signature, file and digest':32} {verified:10.1f}  of {TARGET} at most")
        throughput(d, services.authority, LETTERS[0], sign)
        sys.exit(max(sealed, verified) > TARGET)


main()
