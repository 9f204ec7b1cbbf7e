"""The audit of a registry's file: whoever changes it with another program is found, and what he changed is named."""

import random
import shutil
import sqlite3
import subprocess
import uuid

import pytest
from conftest import (LONG, Server, document_pb2, example, operations_pb2, operations_pb2_grpc, record_facts,
                      refused)

CHANGES = 1000 if LONG else 150
FLIPS = 50


def salvo(server, directory, *arguments):
    return subprocess.run([str(server.build / "bin/salvo"), *arguments, "--registry", str(directory / "registry.db"),
                           "--key-file", str(server.dir / "registry.key"), "--master-key-file",
                           str(server.dir / "master.key")], capture_output=True, text=True, timeout=120)


def audit(server, directory):
    return salvo(server, directory, "audit", "--log-key", str(server.authority.path / "log.vkey"))


def faults(answer):
    return [line.split(" ", 1)[1] for line in answer.stdout.splitlines() if line.startswith("FAULT ")]


def fill(server):
    """Documents of each kind and state, and whatever else has a table."""
    case, finance, flight = (server.client(r) for r in ("case", "finance", "flight"))
    desk = server.client("protection").protection
    letter = example("safe-conduct")
    first = case.issue(letter)
    successor = example("safe-conduct", supersedes=first.document.number)
    successor.safe_conduct.CopyFrom(letter.safe_conduct)
    case.issue(successor)
    finance.funding.CreateObligation(example("obligation"), timeout=60)
    finance.issue(example("disbursement-receipt"))
    manifest = example("flight-manifest")
    record_facts(server, manifest)
    number = flight.issue(manifest).document.number
    later = example("flight-manifest", supersedes=number, supersedes_version=1)
    later.flight_manifest.version_reason = document_pb2.Document.STATE_REASON_CORRECTION
    later.flight_manifest.occupants[3].seat = "11F"
    flight.issue(later)
    somebody = example("flight-manifest").flight_manifest.occupants[0]
    somebody.person.surname, somebody.travel_document.number = "ORTÚZAR VÎLCU", "QX7654321"
    desk.PlaceHold(operations_pb2.PlaceHoldRequest(request_id=str(uuid.uuid4()), person=somebody.person,
                                                   cause=operations_pb2.Hold.CAUSE_PENDING_CLAIM,
                                                   travel_document=somebody.travel_document))
    log = operations_pb2_grpc.LogServiceStub(server.channel("audit"))
    log.GetCheckpoint(operations_pb2.GetCheckpointRequest())


def one_file(path):
    """What was in the write-ahead log is in the file, and no other file is left."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = DELETE")
    db.close()


@pytest.fixture(scope="module")
def registry(tmp_path_factory, authority):
    s = Server(tmp_path_factory.mktemp("audited"), authority).start()
    fill(s)
    s.stop()
    one_file(s.dir / "registry.db")
    answer = audit(s, s.dir)
    assert answer.returncode == 0 and answer.stdout.endswith(": 0 faults\n"), answer.stdout + answer.stderr
    return s


def values(db):
    """(table, column, type) of all that the registry keeps."""
    tables = [t for (t,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    found = [(t, c) for t in tables for (c,) in db.execute("SELECT name FROM pragma_table_info(?)", (t,))
             if db.execute(f"SELECT count(*) FROM {t}").fetchone()[0]]
    return found


def rows_of(db, table):
    """How to name any row of a table: the columns of its key."""
    key = [c for (c,) in db.execute("SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk", (table,))]
    return key or ["rowid"]


def byte_changed(rng, value):
    """The value with one byte of it changed; an empty one gets its first."""
    if isinstance(value, int):
        changed = (value ^ 1 << rng.randrange(63)) & (2**64 - 1)
        return changed - 2**64 if changed >> 63 else changed
    data = bytearray(value.encode() if isinstance(value, str) else value)
    if not data:
        data = bytearray(b"\0")
    at = rng.randrange(len(data))
    data[at] = (data[at] + rng.randrange(1, 128)) % 128 if isinstance(value, str) else data[at] ^ rng.randrange(1, 256)
    return data.decode("utf-8", "surrogateescape") if isinstance(value, str) else bytes(data)


def change(rng, path):
    """Changes one byte of one value behind the server's back: (table, column, key, before, after)."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA ignore_check_constraints = ON")
    try:
        while True:
            table, column = rng.choice(values(db))
            key = rows_of(db, table)
            names = ", ".join(f'"{c}"' if c != "rowid" else c for c in key)
            row = rng.choice(db.execute(f'SELECT {names}, "{column}" FROM {table}').fetchall())
            if row[-1] is None:
                continue
            where = " AND ".join(f'"{c}" = ?' if c != "rowid" else "rowid = ?" for c in key)
            after = byte_changed(rng, row[-1])
            text = isinstance(after, str)
            try:
                new = after.encode("utf-8", "surrogateescape") if text else after
                slot = "CAST(? AS TEXT)" if text else "?"
                done = db.execute(f'UPDATE {table} SET "{column}" = {slot} WHERE {where}', (new, *row[:-1]))
            except sqlite3.IntegrityError:  # such a row is there already
                continue
            assert done.rowcount == 1
            return table, column, row[:-1], row[-1], after
    finally:
        db.close()


def named(found, table, column, key):
    """Whether a fault names the place: its column where the row is known by its key still."""
    keyed = [f for f in found if f.split(" ")[0].rstrip(":") == table]
    if table == "row_digests":  # where the digest is gone or another, its row may be what is named
        return bool(keyed) or any(f.startswith(str(key[0]) + " ") for f in found)
    in_key = table != "documents" and str(column) in KEYS.get(table, ())
    return any(in_key or f" {column}:" in f or f.endswith("is gone") for f in keyed)


KEYS = {}


def test_every_byte_that_is_changed_is_found_and_named(registry, tmp_path):
    rng, missed = random.Random(20260115), []
    db = sqlite3.connect(registry.dir / "registry.db")
    for table, _ in values(db):
        unique = [c for (c,) in db.execute("SELECT i.name FROM pragma_index_list(?) l, pragma_index_info(l.name) i", (table,))]
        KEYS[table] = set(rows_of(db, table)) | set(unique)
    assert {"documents", "copies", "seals", "obligations", "holds", "facts", "flight_lines", "log_nodes", "log_checkpoints",
            "audit_chain", "row_digests", "data_keys"} - {t for t, _ in values(db)} == set()
    db.close()
    for _ in range(CHANGES):
        shutil.copy(registry.dir / "registry.db", tmp_path / "registry.db")
        place = change(rng, tmp_path / "registry.db")
        answer = audit(registry, tmp_path)
        found = faults(answer)
        if answer.returncode != 1 or not named(found, *place[:3]):
            missed.append((place, answer.returncode, found[:5], answer.stderr[-500:]))
    assert not missed, (len(missed), missed[:5])


def dump(path):
    """What a registry says, as SQL; None where it can't be read."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = bytes
    try:
        tables = [t for (t,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        said = [db.execute("SELECT * FROM sqlite_schema ORDER BY name").fetchall()]
        return said + [sorted(map(repr, db.execute(f"SELECT * FROM {t.decode()}"))) for t in tables]
    except (sqlite3.Error, UnicodeDecodeError):
        return None
    finally:
        db.close()


def test_a_byte_of_the_file_that_flips_is_found_or_says_nothing(registry, tmp_path):
    rng, before = random.Random(4), dump(registry.dir / "registry.db")
    whole = (registry.dir / "registry.db").read_bytes()
    for _ in range(FLIPS):
        flipped = bytearray(whole)
        at = rng.randrange(len(flipped))
        flipped[at] ^= 1 << rng.randrange(8)
        (tmp_path / "registry.db").write_bytes(flipped)
        answer = audit(registry, tmp_path)
        assert answer.returncode in (0, 1), (at, answer.stderr[-2000:])
        assert answer.returncode == 1 or dump(tmp_path / "registry.db") == before, at


def test_a_row_that_goes_or_comes_is_found(registry, tmp_path):
    for table, statement in (("documents", "DELETE FROM documents WHERE version = 2"),
                             ("copies", "DELETE FROM copies WHERE copy = 1"),
                             ("audit", "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)"),
                             ("holds", "DELETE FROM holds"),
                             ("log_leaves", "DELETE FROM log_leaves WHERE idx = 3"),
                             ("approvals", "INSERT INTO approvals VALUES ('A', 1, 1, 'x', 0, 0)"),
                             ("sqlite_schema", "DROP INDEX documents_case"),
                             ("sqlite_schema", "CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit; END")):
        shutil.copy(registry.dir / "registry.db", tmp_path / "registry.db")
        db = sqlite3.connect(tmp_path / "registry.db")
        db.execute(statement)
        db.commit()
        db.close()
        answer = audit(registry, tmp_path)
        assert answer.returncode == 1 and any(f.startswith(table) for f in faults(answer)), (statement, answer.stdout)


def test_a_changed_row_is_not_written_over_and_others_go_on(tmp_path_factory, authority):
    server = Server(tmp_path_factory.mktemp("changed"), authority).start()
    finance = server.client("finance")
    for name in ("obligations/A-1", "obligations/A-2"):
        request = example("obligation")
        request.obligation.name = name
        finance.funding.CreateObligation(request, timeout=60)
    db = sqlite3.connect(server.dir / "registry.db", timeout=10)
    db.execute("UPDATE obligations SET obligated_minor = obligated_minor * 1000 WHERE id = 'A-1'")
    db.commit()
    db.close()

    def paid(name):
        request = example("disbursement-receipt")
        request.disbursement_receipt.obligation = name
        return finance.issue(request)

    refused(lambda: paid("obligations/A-1"), "DATA_LOSS", "CORRUPT")
    assert paid("obligations/A-2").document.number
    refused(lambda: paid("obligations/A-1"), "DATA_LOSS", "CORRUPT")
    server.stop()
    answer = audit(server, server.dir)
    assert answer.returncode == 1
    assert [f for f in faults(answer) if "is not what was written" in f] == [
        "obligations migration/A-1 obligated_minor: is not what was written"], answer.stdout
