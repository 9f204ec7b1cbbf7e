"""Keys change while calls go on: nothing fails, both keys' documents are good, and a faulty set changes nothing."""

import datetime
import pathlib
import re
import signal
import sqlite3
import subprocess
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from conftest import ROOT, Authority, Server, document_pb2, example, letter, refused, verification_pb2

Report = verification_pb2.VerificationReport


@pytest.fixture
def own(tmp_path):
    """A server whose authority nobody else uses."""
    authority = Authority(tmp_path / "authority")
    directory = tmp_path / "registry"
    directory.mkdir()
    server = Server(directory, authority).start()
    yield server
    server.stop()


def next_keys(server, reference):
    subprocess.run([str(ROOT / "certs/next-keys"), str(server.authority.path), reference], check=True)


def configure(server, reference):
    config = server.dir / "signer.conf"
    text = re.sub(r"/document(-\w+)?\.key", f"/document-{reference}.key", config.read_text())
    text = re.sub(r"/document(-\w+)?-chain\.pem", f"/document-{reference}-chain.pem", text)
    config.write_text(re.sub(r"/seal(-\w+)?\.(key|pem)", rf"/seal-{reference}.\2", text))


def verdict(server, pdf):
    return server.client("gate").verify(pdf).verdict


def told(server):
    with sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True) as db:
        return [r[0] for r in db.execute("SELECT reason FROM audit WHERE act = 'key' ORDER BY reason")]


def test_keys_change_under_load_without_a_failed_call_and_what_both_sealed_is_good(own):
    answers, faults, stop = [], [], threading.Event()

    def work():
        client = own.client("case")
        while not stop.is_set():
            try:
                answers.append(client.issue(letter()))
            except Exception as error:  # noqa: BLE001
                faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    [t.start() for t in threads]
    enough = lambda n: [time.sleep(0.02) for _ in range(3000) if len(answers) < n and not faults]
    enough(8)
    for reference in ("B3", "C4"):
        next_keys(own, reference)
        configure(own, reference)
        assert own.reload("keys")["reason"] == "OK"
        enough(len(answers) + 12)
    stop.set()
    [t.join(60) for t in threads]
    assert not faults, faults[:3]
    by = {}
    for a in answers:
        by.setdefault(a.document.seal_certificate, []).append(a)
    assert {"UTTSA7", "UTTSB3", "UTTSC4"} == set(by)
    assert len({a.document.number for a in answers}) == len(answers)
    for some in by.values():
        for a in (some[0], some[-1]):
            assert verdict(own, a.pdf) == Report.VERDICT_VALID
    assert told(own) == ["DOCUMENT"] * 3 + ["LOG", "TRUST"] + ["VISIBLE"] * 3
    own.stop()
    done = own.audit()
    assert done.returncode == 0 and " 0 orphans" in done.stdout, done.stdout


@pytest.mark.parametrize("fault", ["no such key", "another's key", "a trust that leaves it out"])
def test_a_faulty_set_is_refused_and_the_one_before_goes_on(own, fault):
    next_keys(own, "B3")
    configure(own, "B3")
    d = own.authority.path
    if fault == "no such key":
        (d / "document-B3.key").unlink()
    elif fault == "another's key":
        (d / "document-B3.key").write_bytes((d / "seal-B3.key").read_bytes())
    else:
        text = (d / "trust.pem").read_text()
        (d / "trust.pem").write_text(text[:text.rindex("-----BEGIN")])
    assert own.reload("keys")["reason"] in ("SIGNER", "CONFIG")
    a = own.client("case").issue(example("safe-conduct"))
    assert a.document.state == document_pb2.Document.STATE_ISSUED and verdict(own, a.pdf) == Report.VERDICT_VALID
    assert told(own) == ["DOCUMENT", "LOG", "TRUST", "VISIBLE"]


def expire(authority, name):
    """The same certificate, but that it ended yesterday."""
    d = authority.path
    old = x509.load_pem_x509_certificate((d / f"{name}.pem").read_bytes())
    key = serialization.load_pem_private_key((d / "issuing.key").read_bytes(), None)
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(old.subject).issuer_name(old.issuer).public_key(old.public_key())
            .serial_number(old.serial_number).not_valid_before(now - datetime.timedelta(days=30))
            .not_valid_after(now - datetime.timedelta(days=1)))
    for extension in old.extensions:
        made = made.add_extension(extension.value, extension.critical)
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (d / f"{name}.pem").write_bytes(pem)
    (d / f"{name}-chain.pem").write_bytes(pem + (d / "issuing.pem").read_bytes())


def test_an_expired_certificate_is_told_as_such_and_the_next_keys_finish_what_waits(tmp_path):
    authority = Authority(tmp_path / "authority")
    expire(authority, "document")
    directory = tmp_path / "registry"
    directory.mkdir()
    server = Server(directory, authority).start()
    try:
        request = letter()
        for _ in range(2):
            refused(lambda: server.client("case").issuance.IssueDocument(request, timeout=30), "FAILED_PRECONDITION", "KEY_EXPIRED")
        next_keys(server, "B3")
        configure(server, "B3")
        assert server.reload("keys")["reason"] == "OK"
        answer = server.client("case").issuance.IssueDocument(request, timeout=60)
        assert answer.document.state == document_pb2.Document.STATE_ISSUED and answer.document.seal_certificate == "UTTSB3"
        assert verdict(server, answer.pdf) == Report.VERDICT_VALID
    finally:
        server.stop()


def test_what_a_server_left_half_done_before_its_keys_changed_is_finished_with_the_new_ones(own):
    client = own.client("case")
    client.issue(letter())
    request = example("safe-conduct")
    strace = subprocess.Popen(["strace", "-f", "-qq", "-p", str(own.process.pid), "-e", "trace=sendto", "-e",
                               "inject=sendto:signal=SIGKILL:when=2", "-o", str(own.dir / "strace")],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tasks = lambda: list(pathlib.Path(f"/proc/{own.process.pid}/task").iterdir())
    for _ in range(1500):
        if all(f"TracerPid:\t{strace.pid}\n" in (t / "status").read_text() for t in tasks()):
            break
        time.sleep(0.02)
    with pytest.raises(Exception):
        client.issuance.IssueDocument(request, timeout=30)
    own.process.wait(30)
    strace.wait(30)
    next_keys(own, "B3")
    configure(own, "B3")
    own.start()
    again = own.client("case").issuance.IssueDocument(request, timeout=60)
    assert again.document.seal_certificate == "UTTSB3"
    own.stop()
    done = own.audit()
    assert done.returncode == 0 and " 0 orphans, 1 asked once more" in done.stdout, done.stdout
