"""The facts of examples/ fit the manifest of examples/, through the command line."""

import datetime

import pytest
from conftest import ROOT, Server


@pytest.fixture(scope="module")
def bare(tmp_path_factory, authority):
    s = Server(tmp_path_factory.mktemp("salvod"), authority).start()
    yield s
    s.stop()


def test_the_example_facts_carry_the_example_manifest_and_are_recorded_once(bare, tmp_path):
    manifest = str(ROOT / "examples/flight-manifest.json")
    refused = bare.salvo("flight", "issue", manifest, "-o", str(tmp_path / "never.pdf"))
    assert refused.returncode == 1 and b"[HOLD]" in refused.stderr
    day = str(datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(days=1))
    text = (ROOT / "examples/facts.jsonl").read_text()
    path = tmp_path / "facts.jsonl"
    path.write_text(text.replace("20261120", day.replace("-", "")).replace("2026-11-20T", day + "T"))
    for _ in range(2):
        done = bare.salvo("flight", "fact", "record", str(path))
        assert (done.returncode, done.stdout) == (0, b"70 facts on record\n"), done.stderr
    done = bare.salvo("flight", "issue", manifest, "-o", str(tmp_path / "m.pdf"))
    assert done.returncode == 0, done.stderr
    assert bare.salvo("protection", "hold", "list").returncode == 0
