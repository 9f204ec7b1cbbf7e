"""What an operator does to a registry's file: copies, another key, migration."""

import csv
import os
import shutil
import sqlite3
import subprocess

import pytest
from conftest import Server, example, verification_pb2

V = verification_pb2.VerificationReport


def salvo(server, *arguments, registry=None, master="master.key"):
    d = server.dir
    return subprocess.run([str(server.build / "bin/salvo"), *arguments, "--registry", str(registry or d / "registry.db"),
                           "--key-file", str(d / "registry.key"), "--master-key-file", str(d / master)],
                          capture_output=True, text=True, timeout=120)


@pytest.fixture
def issued(tmp_path, authority):
    s = Server(tmp_path, authority).start()
    response = s.client("case").issue(example("safe-conduct"))
    yield s, response
    s.stop()


def test_a_backup_of_a_server_at_work_is_restored_elsewhere(issued):
    server, response = issued
    done = salvo(server, "admin", "backup", str(server.dir / "copy.db"))
    assert done.returncode == 0 and ": 0 faults" in done.stdout, done.stderr
    assert salvo(server, "admin", "backup", str(server.dir / "copy.db")).returncode == 1
    later = server.client("case").issue(example("safe-conduct"))
    over = salvo(server, "admin", "restore", str(server.dir / "copy.db"))
    assert over.returncode == 1, "a registry that is there is not overwritten"
    server.stop()
    for file in server.dir.glob("registry.db*"):
        file.unlink()
    assert salvo(server, "admin", "restore", str(server.dir / "copy.db")).returncode == 0
    server.start()
    assert server.client("case").download(response.document.number) == response.pdf
    assert server.client("gate").verify(response.pdf).verdict == V.VERDICT_VALID
    assert server.client("gate").verify(later.pdf).verdict != V.VERDICT_VALID


def test_a_backup_that_was_changed_is_not_restored(issued):
    server, _ = issued
    copy = server.dir / "copy.db"
    assert salvo(server, "admin", "backup", str(copy)).returncode == 0
    db = sqlite3.connect(copy)
    db.execute("UPDATE documents SET valid_until = '2099-01-01'")
    db.commit()
    db.close()
    answer = salvo(server, "admin", "restore", str(copy), registry=server.dir / "other.db")
    assert answer.returncode == 1 and "valid_until" in answer.stdout


def test_after_another_master_key_the_old_one_opens_nothing(issued):
    server, response = issued
    (server.dir / "new.key").write_text(os.urandom(32).hex())
    busy = salvo(server, "admin", "rewrap", str(server.dir / "new.key"))
    assert busy.returncode == 1 and "another process" in busy.stderr
    server.stop()
    done = salvo(server, "admin", "rewrap", str(server.dir / "new.key"))
    assert done.returncode == 0 and done.stdout == "1 data keys\n", done.stderr
    old = salvo(server, "admin", "migrate")
    assert old.returncode == 1 and "master key" in old.stderr
    assert salvo(server, "audit", master="new.key").returncode == 0
    shutil.copy(server.dir / "new.key", server.dir / "master.key")
    server.start()
    assert server.client("case").download(response.document.number) == response.pdf


def test_a_registry_of_this_schema_is_migrated_to_itself(issued):
    server, _ = issued
    server.stop()
    done = salvo(server, "admin", "migrate")
    assert done.returncode == 0 and done.stdout.startswith("schema "), done.stderr
    before, after = done.stdout.split()[1::2]
    assert before == after
    server.start()


def test_a_year_is_exported_as_text_without_what_is_sealed(issued):
    server, response = issued
    year = int(response.document.issue_date[:4])
    for when, directory in ((year, "now"), (year - 1, "before")):
        done = salvo(server, "admin", "export", str(when), str(server.dir / directory))
        assert done.returncode == 0, done.stderr
    assert salvo(server, "admin", "export", str(year), str(server.dir / "now")).returncode == 1

    def rows(directory, table):
        with open(server.dir / directory / f"{table}.csv", newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    document, = rows("now", "documents")
    assert document["number"] == response.document.number
    assert document["record_sha256"].lower() == response.document.record_sha256.hex()
    assert not {"request", "record", "secret", "salt", "pdf", "sealed"} & set(document)
    assert [a["act"] for a in rows("now", "audit")][-1] == "issue"
    assert rows("before", "documents") == [] and rows("before", "audit") == []
