"""Erasure, without the server: what is in force stays, and what went answers ERASED ever after."""

import sqlite3
import subprocess

import pytest
from conftest import (Server, document_pb2, example, record_facts, refused, registry_pb2,
                      verification_pb2)

D, V = document_pb2.Document, verification_pb2.VerificationReport


def admin(server, *arguments):
    d = server.dir
    return subprocess.run([str(server.build / "bin/salvo"), *arguments, "--registry", str(d / "registry.db"), "--key-file",
                           str(d / "registry.key"), "--master-key-file", str(d / "master.key")], capture_output=True,
                          text=True, timeout=120)


@pytest.fixture(scope="module")
def erased(tmp_path_factory, authority):
    """A letter that another one replaced, erased while the server was down; and documents in force."""
    s = Server(tmp_path_factory.mktemp("erase"), authority).start()
    case = s.client("case")
    request = example("safe-conduct")
    old = case.issue(request)
    successor = example("safe-conduct", supersedes=old.document.number)
    successor.safe_conduct.CopyFrom(request.safe_conduct)
    new = case.issue(successor)
    manifest = example("flight-manifest")
    record_facts(s, manifest)
    flight = s.client("flight").issue(manifest)
    assert case.verify(old.pdf).verdict == V.VERDICT_INVALID
    s.stop()
    refusals = [admin(s, "admin", "erase", n) for n in (new.document.number, flight.document.number, "S26ZZZZZZ")]
    done = admin(s, "admin", "erase", old.document.number)
    audited = admin(s, "audit")
    s.start()
    yield s, request, old, new, flight, refusals, done, audited
    s.stop()


def test_what_is_in_force_is_not_erased(erased):
    server, _, _, new, flight, refusals, _, _ = erased
    assert [r.returncode for r in refusals] == [1, 1, 1]
    assert "in force" in refusals[0].stderr and "in force" in refusals[1].stderr
    for response in (new, flight):
        assert server.client("gate").verify(response.pdf).verdict == V.VERDICT_VALID
    assert server.client("case").download(new.document.number) == new.pdf


def test_the_audit_is_clean_after_an_erasure(erased):
    *_, done, audited = erased
    assert done.returncode == 0, done.stderr
    assert audited.returncode == 0 and " 0 faults" in audited.stdout, audited.stdout


def test_a_request_whose_document_was_erased_makes_no_other(erased):
    server, request, *_ = erased
    refused(lambda: server.client("case").issue(request), "FAILED_PRECONDITION", "ERASED")
    at_fault = type(request).FromString(request.SerializeToString())
    at_fault.safe_conduct.valid_until = "2001-01-01"
    refused(lambda: server.client("case").issue(at_fault), "INVALID_ARGUMENT", "FIELD_INVALID")


def test_an_erased_document_can_be_asked_for_and_not_downloaded(erased):
    server, _, old, *_ = erased
    case, number = server.client("case"), old.document.number
    document = case.registry.GetDocument(registry_pb2.GetDocumentRequest(number=number)).document
    assert document.state == D.STATE_ERASED
    assert document.record_sha256 == old.document.record_sha256 and document.pdf_sha256 == old.document.pdf_sha256
    for view in (0, registry_pb2.DownloadDocumentRequest.VIEW_RECORD):
        refused(lambda: case.download(number, view=view), "FAILED_PRECONDITION", "ERASED")
    assert number in [d.number for d in case.registry.ListDocuments(registry_pb2.ListDocumentsRequest()).documents]


def test_paper_of_an_erased_document_is_judged_as_no_longer_valid(erased):
    server, _, old, *_ = erased
    gate = server.client("gate")
    report = gate.verify(old.pdf)
    assert report.verdict == V.VERDICT_INVALID and not report.HasField("document")
    assert list(report.reasons)[0] == V.REASON_EXPIRED, report
    for seal in old.document.visible_seals:
        answer = gate.verification.VerifySeal(verification_pb2.VerifySealRequest(seal=seal.seal)).report
        assert answer.verdict == V.VERDICT_INVALID and V.REASON_EXPIRED in answer.reasons, answer


def test_nothing_of_an_erased_person_can_be_opened(erased):
    server, _, old, *_ = erased
    db = sqlite3.connect(f"file:{server.dir / 'registry.db'}?mode=ro", uri=True)
    number = (old.document.number,)
    assert db.execute("SELECT count(*) FROM data_keys WHERE subject = ?", number).fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM persons WHERE subject = ?", number).fetchone() == (0,)
    assert db.execute("SELECT count(*) FROM seals WHERE number = ?", number).fetchone() == (0,)
    assert db.execute("SELECT request, secret, record FROM documents WHERE number = ?", number).fetchone() == (b"", b"", b"")
    assert db.execute("SELECT pdf FROM copies WHERE number = ?", number).fetchone() == (b"",)
    acts = [a for (a,) in db.execute("SELECT act FROM audit WHERE number = ? ORDER BY seq", number)]
    assert acts[-1] == "erase" and "issue" in acts
    db.close()
