"""Do two judges that share nothing agree on every level, and on files that are bent? What does the report say, in whose words,
and what years later?"""

import glob
import json
import os
import os
import subprocess
import sys

import pytest
from checker import PROFILES, check
from conftest import ROOT, example, record_facts, verification_pb2
from leveled import LEVELS, TrustServices, letter, leveled

V = verification_pb2.VerificationReport
BUILD = os.environ.get("SV_BUILD", str(ROOT / "build/asan"))


def judged(path, authority, *arguments, days=0):
    """By salvo alone, with the trust lists of the authority, so many days from now."""
    env = dict(os.environ)
    if days:
        env.update(LD_PRELOAD=glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")[0], FAKETIME=f"+{days}d",
                   FAKETIME_DONT_FAKE_MONOTONIC="1", ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=0")
    done = subprocess.run([f"{BUILD}/bin/salvo", "verify", "--trust", str(authority / "trust.pem"), "--tsa-trust",
                           str(authority / "tsa-trust.pem"), *arguments, str(path)], capture_output=True, text=True, timeout=60, env=env)
    return done.stdout


def report(path, authority, days=0):
    return json.loads(judged(path, authority, "--json", days=days))["report"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """What tests/verify/make_levels makes, and its authority."""
    d = tmp_path_factory.mktemp("files")
    subprocess.run([str(ROOT / "certs/make-authority"), str(d / "authority")], check=True,
                   env={**os.environ, "TRUST_SERVICES": "http://127.0.0.1:9"}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    record = {"approvals": [], "authority": "migration", "content": {"valid_from": "2020-01-01", "valid_until": "2099-01-14"},
              "format": "salvo-record/1", "issue_date": "2026-01-15", "issue_time": "2026-01-15T16:42:08Z", "kind": "safe_conduct",
              "number": "S2600001Y", "salt": "00", "version": 1}
    (d / "record.json").write_text(json.dumps(record, separators=(",", ":"), sort_keys=True))
    subprocess.run([sys.executable, str(ROOT / "tests/verify/make_levels"), str(d / "authority"), str(d / "record.json"), str(d)],
                   check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"})
    return d


def test_both_judges_give_each_level_its_name(files):
    for name, level in (("b-b", "B-B"), ("b-t", "B-T"), ("b-lt", "B-LT"), ("b-lta", "B-LTA"), ("raised-t", "B-T"),
                        ("raised-lt", "B-LT"), ("raised-lta", "B-LTA"), ("half-store", "B-T"), ("streams-b-b", "B-B"),
                        ("streams-b-lt", "B-LT"), ("streams-b-lta", "B-LTA"), ("streams-raised-lta", "B-LTA")):
        path = files / f"{name}.pdf"
        assert check(path.read_bytes()) == (level, None), name
        said = report(path, files / "authority")
        assert said["verdict"] == "VERDICT_CHECK" and said["reasons"][0] == "REASON_STATUS_UNKNOWN", (name, said)
        first = said["signatures"][0]
        assert (first["level"], first["profile"]) == (level, PROFILES[level])
        assert ("provenTime" in first) == (level != "B-B")


def accepted_by_the_other(path):
    """What the second checker says, in a process of its own: the reader below it does not survive every file."""
    child = os.fork()
    if child == 0:
        code = 2
        try:
            code = 1 if check(path.read_bytes())[1] else 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def test_both_judges_refuse_what_may_not_stand_behind_a_signature(files):
    bent = sorted(files.glob("bent-*.pdf"))
    assert len(bent) > 20
    # syntax, and what a store is for: the reader below the second judge reads past it
    ours_alone = {"comment", "unlisted-object", "prev-skips", "stranger-in-store", "list-of-else", "nothing", "stream-again",
                  "object-zero", "object-zero-in-table", "unlisted-stream-over-nothing"}
    for path in bent:
        said = report(path, files / "authority")
        assert said["verdict"] == "VERDICT_INVALID", (path.name, said)
        name = path.stem.removeprefix("bent-").removesuffix("-lt")
        assert name in ours_alone or not accepted_by_the_other(path), path.name


def test_years_later_a_renewed_file_stands_and_the_others_say_why_they_do_not(files):
    authority = files / "authority"
    six, four = 6 * 365, 4 * 365
    assert report(files / "renewed.pdf", authority, days=six)["reasons"] == ["REASON_STATUS_UNKNOWN"]
    lapsed = report(files / "b-lta.pdf", authority, days=four)
    assert lapsed["verdict"] == "VERDICT_CHECK" and lapsed["reasons"][0] == "REASON_PROOF_EXPIRED"
    plain = report(files / "b-b.pdf", authority, days=four)
    assert plain["verdict"] == "VERDICT_CHECK" and plain["reasons"][0] == "REASON_EXPIRED_CERTIFICATE"
    assert "nothing proves that the signature is older" in plain["reasonTexts"][0]


def test_the_report_speaks_five_languages(files):
    said = {language: judged(files / "b-b.pdf", files / "authority", "--lang", language) for language in ("en", "es", "fr", "ht", "pt")}
    assert len(set(said.values())) == 5
    for language, word in (("en", "could not be asked"), ("es", "No se pudo consultar"), ("fr", "n'a pas pu"), ("ht", "pa t ka mande"),
                           ("pt", "Não foi possível")):
        assert word in said[language], said[language]
        assert "PAdES-BASELINE-B" in said[language]


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    s = TrustServices(tmp_path_factory.mktemp("services"))
    yield s
    s.stop()


@pytest.mark.parametrize("level", LEVELS)
def test_a_servers_files_are_valid_at_their_level_before_both(tmp_path, services, level):
    server = leveled(tmp_path / "s", services, level).start()
    try:
        server.client("finance").funding.CreateObligation(example("obligation"), timeout=60)
        manifest = example("flight-manifest")
        record_facts(server, manifest)
        for role, request in (("case", letter()), ("flight", manifest), ("finance", example("disbursement-receipt"))):
            pdf = server.client(role).issue(request).pdf
            assert check(pdf) == (level, None)
            r = server.client("gate").verify(pdf)
            assert r.verdict == V.VERDICT_VALID and not r.reasons, r
            first = r.signatures[0]
            assert (first.level, first.profile, first.intact, first.trusted) == (level, PROFILES[level], True, True)
            assert first.HasField("proven_time") == (level != "B-B") and r.HasField("clock")
            for at in (len(pdf) // 2, len(pdf) - 60, pdf.rindex(b"startxref") + 10):
                mutant = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1:]
                assert server.client("gate").verify(mutant).verdict == V.VERDICT_INVALID
    finally:
        server.stop()
