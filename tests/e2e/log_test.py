"""The transparency log as an outsider sees it: checkpoints, proofs and leaves, judged with another Ed25519 and another
SHA-256 tree than the server's."""

import base64
import hashlib
import json
import subprocess

import pytest
from conftest import BUILD, example, operations_pb2, operations_pb2_grpc, refused
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def sha(data):
    return hashlib.sha256(data).digest()


def node(left, right):
    return sha(b"\1" + left + right)


def checkpoint_of(note, vkey):
    """Size and root of a signed checkpoint."""
    name, key_hash, key = vkey.strip().split("+", 2)
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    line = signatures.strip().split(" ")
    assert line[:2] == ["\u2014", name]
    raw = base64.b64decode(line[2])
    assert raw[:4].hex() == key_hash
    Ed25519PublicKey.from_public_bytes(base64.b64decode(key)[1:]).verify(raw[4:], text.encode())
    origin, size, root = text.strip().split("\n")
    assert origin == name
    return int(size), base64.b64decode(root)


def root_from(leaf_hash, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf_hash
    for p in path:
        assert sn > 0
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    assert sn == 0
    return r


@pytest.fixture(scope="module")
def log(server, documents):
    return operations_pb2_grpc.LogServiceStub(server.channel("audit"))


@pytest.fixture(scope="module")
def vkey(authority):
    return (authority.path / "log.vkey").read_text()


def test_a_report_carries_a_proof_that_a_stranger_can_check(server, documents, vkey, log):
    for _, response in documents.values():
        report = server.client("gate").verify(response.pdf)
        head, note = report.inclusion_proof.decode().split("\n\n", 1)
        lines = head.split("\n")
        assert lines[0] == "c2sp.org/tlog-proof@v1"
        leaf = base64.b64decode(lines[1].removeprefix("extra "))
        index = int(lines[2].removeprefix("index "))
        size, root = checkpoint_of(note, vkey)
        assert root_from(sha(b"\0" + leaf), index, size, [base64.b64decode(h) for h in lines[3:]]) == root
        said = json.loads(leaf)
        assert said["act"] == "issue" and said["record_sha256"] == response.document.record_sha256.hex()
        assert report.document.log_entry.index == index
        hashes = log.GetInclusionProof(operations_pb2.GetInclusionProofRequest(log_index=index, tree_size=size)).hashes
        assert [base64.b64decode(h) for h in lines[3:]] == list(hashes)


def test_a_leaf_tells_nobody_what_it_is_about(server, documents):
    for request, response in documents.values():
        leaf = base64.b64decode(server.client("gate").verify(response.pdf).inclusion_proof.decode().split("\n")[1][6:])
        number = response.document.number
        said = json.loads(leaf)
        assert number.encode() not in leaf and request.request_id.encode() not in leaf
        for guess in (number, f"{number}\n1", f"{number}1"):
            assert said["subject"] != hashlib.sha256(guess.encode()).hexdigest()


def test_the_log_only_grows(server, documents, log, vkey):
    first, root = checkpoint_of(log.GetCheckpoint(operations_pb2.GetCheckpointRequest()).checkpoint, vkey)
    server.client("case").issue(example("safe-conduct"))
    second, later = checkpoint_of(log.GetCheckpoint(operations_pb2.GetCheckpointRequest()).checkpoint, vkey)
    assert second > first and later != root
    proof = list(log.GetConsistencyProof(operations_pb2.GetConsistencyProofRequest(first=first, second=second)).hashes)
    # RFC 9162 section 2.1.4.2
    path = ([root] if first & (first - 1) == 0 else []) + proof
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        assert sn > 0
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    assert (fr, sr, sn) == (root, later, 0)


def test_positions_that_do_not_exist_are_out_of_range(log):
    ask = operations_pb2.GetInclusionProofRequest
    refused(lambda: log.GetInclusionProof(ask(log_index=0, tree_size=10**9)), "OUT_OF_RANGE", "OUT_OF_RANGE")
    refused(lambda: log.GetInclusionProof(ask(log_index=5, tree_size=5)), "OUT_OF_RANGE", "OUT_OF_RANGE")
    refused(lambda: log.GetConsistencyProof(operations_pb2.GetConsistencyProofRequest(first=2, second=1)),
            "OUT_OF_RANGE", "OUT_OF_RANGE")


def test_who_has_no_role_gets_no_checkpoint(server):
    stub = operations_pb2_grpc.LogServiceStub(server.channel("case"))
    refused(lambda: stub.GetCheckpoint(operations_pb2.GetCheckpointRequest()), "PERMISSION_DENIED", "ROLE_MISSING")


def test_no_name_of_a_request_is_in_the_registrys_files_or_the_log(server, documents):
    names = set()
    for request, _ in documents.values():
        content = request.WhichOneof("content")
        if content == "safe_conduct":
            names |= {request.safe_conduct.holder.surname, request.safe_conduct.holder.given_names}
        if content == "flight_manifest":
            for o in request.flight_manifest.occupants:
                names |= {o.person.surname, o.person.given_names, o.travel_document.number}
    names = {n.encode() for n in names if len(n) > 4}
    assert len(names) > 10
    files = [server.dir / "registry.db", server.dir / "registry.db-wal", server.dir / "log"]
    for file in files:
        held = file.read_bytes() if file.exists() else b""
        assert [n for n in names if n in held or n.upper() in held] == [], file


def test_a_monitor_with_the_program_sees_the_log_grow_and_what_was_kept_forged(server, documents, authority, tmp_path):
    key = ["--log-key", str(authority.path / "log.vkey")]
    kept = tmp_path / "kept"
    assert server.salvo("audit", "log", "checkpoint", *key, "-o", str(kept)).returncode == 0
    issued = server.client("case").issue(example("safe-conduct"))
    grown = server.salvo("audit", "log", "proof", *key, str(kept))
    assert grown.returncode == 0 and b" grew from " in grown.stdout, grown.stderr
    kept.write_bytes(kept.read_bytes().replace(b"\n\n", b"A\n\n", 1))
    assert server.salvo("audit", "log", "proof", *key, str(kept)).returncode == 1

    proof = tmp_path / "proof"
    proof.write_bytes(server.client("gate").verify(issued.pdf).inclusion_proof)
    command = [str(BUILD / "bin/salvo"), "log", "check", *key, str(proof)]
    good = subprocess.run(command, capture_output=True, text=True)
    assert good.returncode == 0 and issued.document.record_sha256.hex() in good.stdout, good.stderr
    lines = proof.read_text().split("\n")
    lines[1] = "extra " + base64.b64encode(base64.b64decode(lines[1][6:]).replace(b"issue", b"erase")).decode()
    proof.write_text("\n".join(lines))
    assert subprocess.run(command, capture_output=True).returncode == 1
