"""Years later: a proof is renewed before the certificates of the last one end, by whoever the time-stamp authority is by then."""

import datetime
import glob
import json
import os
import sqlite3
import subprocess
import time

import pytest
from asn1crypto import tsp
from leveled import Reading, TrustServices, letter, leveled, local, names_of, statements_cover

LATER, EVEN_LATER = 1050, 2500  # days; the first authority's certificate ends after 1095


def at(days):
    """The environment of a program for whom so many days have passed."""
    return {**os.environ, "LD_PRELOAD": glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")[0], "FAKETIME": f"+{days}d",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}


def tails(server):
    db = sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True)
    try:
        return db.execute("SELECT count(*) FROM tails").fetchone()[0]
    finally:
        db.close()


def verified_at(days, stamp, anchors, directory):
    (directory / "token").write_bytes(stamp.der)
    (directory / "data").write_bytes(stamp.covered)
    done = subprocess.run(["openssl", "ts", "-verify", "-token_in", "-in", directory / "token", "-data", directory / "data", "-CAfile",
                           anchors], env=at(days), capture_output=True, text=True, timeout=60)
    return done.returncode == 0


@pytest.fixture(scope="module")
def renewed(tmp_path_factory):
    """A B-LTA letter of today, and its file after the server had run years later with another authority."""
    services = TrustServices(tmp_path_factory.mktemp("services"))
    server = leveled(tmp_path_factory.mktemp("years") / "s", services, "B-LTA").start()
    made = server.client("case").issue(letter())
    server.stop()
    services.stop()
    services.start("--renew-tsa", "3000", env=at(LATER))
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in at(LATER).items():
            monkeypatch.setenv(name, value)
        server.start()  # it sweeps at once
    before = time.monotonic()
    while tails(server) < 2 and time.monotonic() < before + 30:
        time.sleep(0.1)
    server.stop()
    server.start()
    now = server.client("case").download(made.document.number)
    yield services, server, made.pdf, now
    server.stop()
    services.stop()


def test_a_proof_that_is_about_to_end_gets_another_behind_it(renewed, tmp_path):
    services, _, old, now = renewed
    anchors = services.authority.path / "tsa-root.pem"
    assert now.startswith(old) and len(now) > len(old)
    reading = Reading(now)
    first, second = reading.document_stamps
    assert reading.level == "B-LTA" and second.end == len(now)
    assert verified_at(0, first, anchors, tmp_path) and not verified_at(EVEN_LATER, first, anchors, tmp_path)
    assert verified_at(EVEN_LATER, second, anchors, tmp_path)


def test_the_new_proof_covers_what_judges_the_old_one(renewed):
    *_, now = renewed
    reading = Reading(now)
    first, second = reading.document_stamps
    times = [tsp.TSTInfo.load(s.info["content"]["encap_content_info"]["content"].parsed.dump())["gen_time"].native
             for s in (first, second)]
    assert 1040 < (times[1] - times[0]).days < 1060
    grown = now.find(b"/Type/DSS", first.end)
    assert first.end < grown < second.gap  # a store that is larger than the first one, under the new stamp
    assert "UT-TSA-01" in names_of(reading.certs) and statements_cover(reading) == set()
    assert len(reading.ocsps) > len(Reading(now[:first.end]).ocsps)


def judged(server, services, pdf, days, directory):
    """What `salvo verify` says without a registry, so many days from now: reasons."""
    a = services.authority.path
    (directory / "a.pdf").write_bytes(pdf)
    (directory / "trust.pem").write_bytes((a / "trust.pem").read_bytes() + (a / "tsa-root.pem").read_bytes())
    done = subprocess.run([server.build / "bin/salvo", "--json", "verify", "--trust", directory / "trust.pem", directory / "a.pdf"],
                          env=at(days), capture_output=True, text=True, timeout=60)
    report = json.loads(done.stdout)["report"]
    return set(report["reasons"]) - {"REASON_STATUS_UNKNOWN", "REASON_EXPIRED"}, report["signatures"][0]


def test_years_later_a_renewed_file_is_good_at_its_proven_time_and_others_say_why_not(renewed, tmp_path):
    services, server, old, now = renewed
    ended = {"REASON_PROOF_EXPIRED", "REASON_EXPIRED_CERTIFICATE"}
    for pdf, days, expected in ((old, 0, set()), (now, EVEN_LATER, set()), (old, EVEN_LATER, ended),
                                (now[:Reading(now).signatures[0].end], EVEN_LATER, ended)):
        reasons, signature = judged(server, services, pdf, days, tmp_path)
        assert reasons == expected and signature["intact"], (days, reasons)
        assert signature.get("trusted", False) == (not expected), signature


def test_nothing_is_renewed_before_its_time_or_twice(renewed):
    _, server, *_ = renewed
    assert tails(server) == 2
    server.stop()
    audited = local(server, "audit")
    assert audited.returncode == 0 and " 0 faults" in audited.stdout, audited.stdout
    server.start()
    assert tails(server) == 2


@pytest.mark.parametrize("days, expected", [(1020, 1), (1080, 2)])
def test_close_to_its_end_a_proof_is_renewed_without_the_status_that_nobody_gives(tmp_path, days, expected):
    """75 days before, the sweeper asks again later; 15 days before, a time-stamp alone is better than none."""
    services = TrustServices(tmp_path)
    server = leveled(tmp_path / "s", services, "B-LTA").start()
    try:
        made = server.client("case").issue(letter())
        server.stop()
        services.stop()
        services.start("--renew-tsa", "3000", env=at(days))
        services.control(ocsp="down", crl="down")
        with pytest.MonkeyPatch.context() as monkeypatch:
            for name, value in at(days).items():
                monkeypatch.setenv(name, value)
            server.start()
        before = time.monotonic()
        while tails(server) < expected or not (server.events("sweep") or tails(server) > 1):
            assert time.monotonic() < before + 30
            time.sleep(0.1)
        assert tails(server) == expected
        if expected == 2:
            server.stop()
            services.stop()
            services.start("--renew-tsa", "3000", env=at(days + 2))  # and now everybody answers: another one is asked for by policy
            policy = server.dir / "policy.conf"
            day = datetime.date.today() + datetime.timedelta(days=days + 1)
            policy.write_text(policy.read_text().replace('when_down', f'stamps_since = "{day}"; when_down'))
            with pytest.MonkeyPatch.context() as monkeypatch:
                for name, value in at(days + 2).items():
                    monkeypatch.setenv(name, value)
                server.start()
            before = time.monotonic()
            while tails(server) < 3:
                assert time.monotonic() < before + 30
                time.sleep(0.1)
            server.stop()
            policy.write_text(policy.read_text().replace(f'stamps_since = "{day}"; ', ""))
            server.start()
            whole = server.client("case").download(made.document.number)
            assert Reading(whole).level == "B-LTA" and statements_cover(Reading(whole)) == set(), "what was left out is made up for"
            reasons, signature = judged(server, services, whole, EVEN_LATER, tmp_path)
            assert reasons == set() and signature["level"] == "B-LTA"
    finally:
        server.stop()
        services.stop()


def test_stamps_of_before_a_day_are_renewed_whatever_their_certificates_say(tmp_path):
    """Algorithms fall before certificates end: policy names the day since when time-stamps are good enough."""
    services = TrustServices(tmp_path)
    server = leveled(tmp_path / "s", services, "B-LTA").start()
    try:
        server.client("case").issue(letter())
        server.stop()
        services.stop()
        services.start(env=at(3))
        day = datetime.date.today() + datetime.timedelta(days=2)
        policy = server.dir / "policy.conf"
        policy.write_text(policy.read_text().replace('when_down', f'stamps_since = "{day}"; when_down'))
        check = [server.build / "bin/salvod", "--config", server.dir / "salvod.conf", "--check-config"]
        early = subprocess.run(check, capture_output=True, text=True)
        assert early.returncode == 1 and "stamps_since" in early.stderr
        for expected in (2, 2):  # once, and not again
            with pytest.MonkeyPatch.context() as monkeypatch:
                for name, value in at(3).items():
                    monkeypatch.setenv(name, value)
                server.start()
            before = time.monotonic()
            while tails(server) < expected and time.monotonic() < before + 30:
                time.sleep(0.1)
            server.stop()
            assert tails(server) == expected
    finally:
        server.stop()
        services.stop()
