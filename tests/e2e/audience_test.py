"""Copies of a manifest for an audience (NR-14): each has its whitelist and nothing else, and is as good as the document."""

import concurrent.futures
import copy
import re
import sqlite3
import subprocess

import pytest
from conftest import (Server, document_pb2, example, issuance_pb2, record_facts, refused, registry_pb2,
                      verification_pb2)

D, Download, Report = document_pb2.Document, registry_pb2.DownloadDocumentRequest, verification_pb2.VerificationReport
Role = document_pb2.FlightManifest.Occupant
AUDIENCES = ("GATE", "OPERATOR", "DESTINATION")

# what is in the request, by field, and who may read it
CANARIES = {
    "surname": ("QUETZALI", {"GATE", "OPERATOR", "DESTINATION"}),
    "crew surname": ("VOLANDERA", {"GATE", "OPERATOR", "DESTINATION"}),
    "given names": ("CLOTILDE", {"GATE", "DESTINATION"}),
    "initials": ("C. M.", {"OPERATOR"}),
    "operator": ("Aerolíneas Colibrí", {"GATE", "OPERATOR", "DESTINATION"}),
    "registration": ("UT-ZQX", {"GATE", "OPERATOR", "DESTINATION"}),
    "aircraft seats": ("173", {"OPERATOR"}),
    "alternate": ("CTG", {"OPERATOR"}),
    "seat": ("31K", {"GATE", "OPERATOR"}),
    "bags": ("97", {"GATE", "OPERATOR", "DESTINATION"}),
    "reason of the version": ("Corrección", set()),
    "birth date": ("1957", set()),
    "birth place": ("Villa Canaria", set()),
    "native name": ("Кецали", set()),
    "nationality": ("GEO", set()),
    "document number": ("ZZ918273", set()),
    "document issuer": ("ARM", set()),
    "document expiry": ("2039", set()),
    "occupant id": ("OCCUPANT-CANARY", set()),
    "guardian": ("GUARDIAN-CANARY", set()),
    "service code": ("LANG", set()),
    "fact": ("FACT-CANARY", set()),
    "role": ("ESCORT", set()),
}


@pytest.fixture(scope="module")
def flight(server):
    """A manifest of two versions: (its request, the responses of both)."""
    request = example("flight-manifest")
    m = request.flight_manifest
    m.operator, m.registration, m.seats = "Aerolíneas Colibrí", "UT-ZQX", 173
    del m.alternates[:]
    m.alternates.append("CTG")
    del m.occupants[3:]
    o, crew = m.occupants[0], m.occupants[1]
    o.occupant_id, o.role, o.seat, o.bags = "OCCUPANT-CANARY", Role.ROLE_ESCORT, "31K", 97
    o.guardian_occupant_id = "GUARDIAN-CANARY"
    p = o.person
    p.surname, p.given_names, p.native_name, p.birth_place = "QUETZALI", "CLOTILDE MARÍA", "Кецали", "Villa Canaria"
    p.birth_date, p.nationality = "1957-03-04", "GEO"
    d = o.travel_document
    d.number, d.issuing_state, d.expiry_date = "ZZ918273", "ARM", "2039-05-06"
    o.service_codes.append("LANG")
    o.facts.append("FACT-CANARY")
    crew.role, crew.person.surname, crew.seat = Role.ROLE_CREW, "VOLANDERA", ""
    m.occupants[2].occupant_id, m.occupants[2].role = "GUARDIAN-CANARY", Role.ROLE_MONITOR
    client = server.client("flight")
    first = client.issue(request)
    again = copy.deepcopy(request)
    again.request_id = example("flight-manifest").request_id
    again.supersedes, again.supersedes_version = first.document.number, 1
    again.flight_manifest.version_reason = D.STATE_REASON_CORRECTION
    again.flight_manifest.occupants[0].bags = 97
    old = {a: client.download(first.document.number, audience=f"AUDIENCE_{a}") for a in AUDIENCES}
    return request, old, client.issue(again)


def text_of(pdf, path):
    """What a reader can take out of a file: (its pages, its structure and its attachments; its objects)."""
    path.write_bytes(pdf)
    run = lambda *c: subprocess.run([str(x) for x in c], capture_output=True, check=True).stdout.decode(errors="replace")
    attached = path.parent / "attached"
    attached.mkdir(exist_ok=True)
    subprocess.run(["pdfdetach", "-saveall", "-o", str(attached), str(path)], check=True, capture_output=True)
    plain = path.with_suffix(".qdf")
    subprocess.run(["qpdf", "--qdf", "--object-streams=disable", str(path), str(plain)], check=True, capture_output=True)
    read = [run("pdftotext", "-layout", path, "-"), run("pdfinfo", "-struct-text", path), run("pdfinfo", path)]
    return "\n".join(read + [f.read_text() for f in attached.iterdir()]), plain.read_bytes().decode("latin1")


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_copy_has_its_whitelist_and_nothing_else(server, flight, tmp_path, audience):
    pdf = server.client("flight").download(flight[2].document.number, audience=f"AUDIENCE_{audience}")
    text, objects = text_of(pdf, tmp_path / "c.pdf")
    for field, (canary, to) in CANARIES.items():
        seen = re.search(rf"(?<![0-9A-Za-z]){re.escape(canary)}(?![0-9A-Za-z])", text)
        assert bool(seen) == (audience in to), (field, audience, seen and text[max(0, seen.start() - 60):seen.end() + 60])
        assert seen or len(canary) < 8 or canary not in objects, field
    words = {"GATE": "Puerta", "OPERATOR": "Operador", "DESTINATION": "Destino"}
    pages = subprocess.run(["pdftotext", str(tmp_path / "c.pdf"), "-"], capture_output=True, check=True).stdout.decode()
    assert all(f"Para: {words[audience]}" in page for page in pages.split("\f") if page.strip())
    qpdf = subprocess.run(["qpdf", "--check", str(tmp_path / "c.pdf")], capture_output=True, text=True)
    assert qpdf.returncode == 0, qpdf.stdout + qpdf.stderr


@pytest.mark.parametrize("audience", AUDIENCES)
def test_a_copy_is_valid_and_that_of_the_version_before_superseded(server, flight, tmp_path, audience):
    _, old, second = flight
    pdf = server.client("flight").download(second.document.number, audience=f"AUDIENCE_{audience}")
    report = server.client("gate").verify(pdf)
    assert (report.verdict, list(report.reasons)) == (Report.VERDICT_VALID, [])
    assert (report.document.number, report.document.version) == (second.document.number, 2)
    report = server.client("gate").verify(old[audience])
    assert report.verdict == Report.VERDICT_INVALID and Report.REASON_SUPERSEDED in report.reasons
    assert Report.REASON_BYTES_ALTERED not in report.reasons and Report.REASON_TWIN_MISMATCH not in report.reasons
    alone = tmp_path / "alone.pdf"  # without a registry: whole and ours, its status unknown
    alone.write_bytes(pdf)
    judged = subprocess.run([str(server.build / "bin/salvo"), "verify", "--trust", str(server.authority.path / "trust.pem"),
                             str(alone)], capture_output=True, text=True)
    assert judged.returncode == 4 and "STATUS_UNKNOWN" in judged.stdout, judged.stdout + judged.stderr
    touched = bytearray(pdf)
    touched[len(touched) // 2] ^= 1
    assert server.client("gate").verify(bytes(touched)).verdict == Report.VERDICT_INVALID


def test_who_asks_again_has_the_same_bytes_also_of_a_version_that_is_gone(server, flight, tmp_path):
    _, old, second = flight
    ask = lambda role, **f: server.client(role).download(second.document.number, audience="AUDIENCE_GATE", **f)
    out = tmp_path / "gate.pdf"
    assert server.salvo("gate", "download", second.document.number, "--for", "GATE", "-o", str(out)).returncode == 0
    assert out.read_bytes() == ask("gate")
    assert ask("flight") == ask("gate") == ask("print") and ask("gate", version=1) == old["GATE"]
    assert len({ask("flight"), ask("flight", version=1), second.pdf}) == 3


def test_who_ask_at_the_same_moment_have_the_same_copy(server):
    number = server.client("flight").issue(example("flight-manifest")).document.number
    roles = ["flight", "gate", "print"] * 3
    with concurrent.futures.ThreadPoolExecutor(len(roles)) as pool:
        given = set(pool.map(lambda role: server.client(role).download(number, audience="AUDIENCE_GATE"), roles))
    assert len(given) == 1 and server.client("gate").verify(given.pop()).verdict == Report.VERDICT_VALID


def test_no_new_copy_is_made_of_a_version_that_is_not_in_force(server):
    request = example("flight-manifest")
    client = server.client("flight")
    number = client.issue(request).document.number
    again = example("flight-manifest", supersedes=number, supersedes_version=1)
    again.flight_manifest.version_reason = D.STATE_REASON_CORRECTION
    client.issue(again)
    refused(lambda: client.download(number, version=1, audience="AUDIENCE_GATE"), "FAILED_PRECONDITION", "NOT_ISSUED")
    assert client.download(number, version=2, audience="AUDIENCE_GATE")


@pytest.mark.parametrize("role,may", [("gate", {"GATE"}), ("print", set(AUDIENCES)), ("audit", set()), ("approver", set())])
def test_the_policy_says_who_has_which(server, flight, role, may):
    number = flight[2].document.number
    for audience in AUDIENCES:
        ask = lambda: server.client(role).download(number, audience=f"AUDIENCE_{audience}")
        if audience in may:
            assert ask().startswith(b"%PDF")
        else:
            refused(ask, "PERMISSION_DENIED", "ROLE_MISSING")


def test_the_gate_has_neither_the_document_nor_its_record(server, flight):
    for view in ("VIEW_PDF", "VIEW_RECORD", "VIEW_PAXLST"):
        refused(lambda: server.client("gate").download(flight[2].document.number, view=view), "PERMISSION_DENIED", "ROLE_MISSING")


def test_what_has_no_copy_is_told(server, flight):
    number, client = flight[2].document.number, server.client("flight")
    refused(lambda: client.download(number, audience="AUDIENCE_GATE", view="VIEW_RECORD"), "INVALID_ARGUMENT", "FIELD_INVALID")
    refused(lambda: client.download(number, audience=9), "INVALID_ARGUMENT", "FIELD_INVALID")
    refused(lambda: server.client("treasury").download(number, audience="AUDIENCE_GATE"), "NOT_FOUND", "NOT_FOUND")
    letter = server.client("case").issue(example("safe-conduct")).document.number
    refused(lambda: server.client("print").download(letter, audience="AUDIENCE_GATE"), "INVALID_ARGUMENT", "FIELD_INVALID")


def salvo(server, *arguments):
    d = server.dir
    return subprocess.run([str(server.build / "bin/salvo"), *arguments, "--registry", str(d / "registry.db"), "--key-file",
                           str(d / "registry.key"), "--master-key-file", str(d / "master.key")], capture_output=True, text=True)


def test_an_erased_manifest_has_no_copies_left_and_the_audit_is_clean(tmp_path_factory, authority):
    s = Server(tmp_path_factory.mktemp("salvod"), authority).start()
    request = example("flight-manifest")
    record_facts(s, request)
    number = s.client("flight").issue(request).document.number
    given = s.client("gate").download(number, audience="AUDIENCE_GATE")
    s.client("flight").issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
        request_id=request.request_id[:-4] + "0000", number=number, version=1, reason=D.STATE_REASON_DECISION), timeout=60)
    report = s.client("gate").verify(given)
    assert report.verdict == Report.VERDICT_INVALID and Report.REASON_REVOKED in report.reasons
    s.stop()
    done = salvo(s, "admin", "erase", number)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(s.dir / "registry.db") as db:
        assert db.execute("SELECT pdf, length(pdf_sha256) FROM audience_copies").fetchall() == [(b"", 32)]
    audited = salvo(s, "audit")
    assert audited.returncode == 0 and " 0 faults" in audited.stdout, audited.stdout
    s.start()
    refused(lambda: s.client("gate").download(number, audience="AUDIENCE_GATE"), "FAILED_PRECONDITION", "ERASED")
    s.stop()


def test_copies_are_in_the_audit_and_a_changed_one_is_named(tmp_path_factory, authority):
    s = Server(tmp_path_factory.mktemp("salvod"), authority).start()
    request = example("flight-manifest")
    record_facts(s, request)
    number = s.client("flight").issue(request).document.number
    given = s.client("gate").download(number, audience="AUDIENCE_GATE")
    s.kill()  # what was given out is in the registry
    s.start()
    assert s.client("gate").download(number, audience="AUDIENCE_GATE") == given
    assert s.client("gate").verify(given).verdict == Report.VERDICT_VALID
    s.stop()
    d = s.dir
    audit = lambda: salvo(s, "audit", "--log-key", str(authority.path / "log.vkey"), "--journal", str(d / "signer.journal"))
    whole = audit()
    assert whole.returncode == 0 and "0 faults" in whole.stdout, whole.stdout
    with sqlite3.connect(d / "registry.db") as db:
        assert db.execute("SELECT actor, act, reason FROM audit WHERE act = 'download'").fetchall() == [
            ("spiffe://utopia.example/authority/migration/system/gate", "download", "GATE")] * 2
        assert b"ABREGO" not in db.execute("SELECT pdf FROM audience_copies").fetchone()[0]
        db.execute("UPDATE audience_copies SET time_us = time_us + 1")
    touched = audit()
    assert touched.returncode == 1 and "audience_copies" in touched.stdout and number in touched.stdout, touched.stdout
