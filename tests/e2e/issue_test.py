"""What a case system of another maker sees: python3-grpcio over mutual TLS."""

import concurrent.futures
import copy
import hashlib
import json
import re
import subprocess
import uuid

import pytest
from conftest import ROOT, Server, document_pb2, example, issuance_pb2, refused, registry_pb2, verification_pb2

V = verification_pb2.VerificationReport
ROLES = {"safe-conduct": "case", "flight-manifest": "flight", "disbursement-receipt": "finance"}


@pytest.mark.parametrize("kind", ROLES)
def test_each_kind_is_issued_downloaded_and_verified(server, documents, kind):
    request, response = documents[kind]
    client = server.client(ROLES[kind])
    document = response.document
    assert document.state == document_pb2.Document.STATE_ISSUED
    assert hashlib.sha256(response.pdf).digest() == document.pdf_sha256
    assert client.download(document.number) == response.pdf
    assert client.registry.GetDocument(registry_pb2.GetDocumentRequest(number=document.number)).document == document
    record = client.download(document.number, view=registry_pb2.DownloadDocumentRequest.VIEW_RECORD)
    assert hashlib.sha256(record).digest() == document.record_sha256
    report = server.client("gate").verify(response.pdf)
    assert report.verdict == V.VERDICT_VALID, report
    assert report.signatures[0].intact and report.signatures[0].trusted and report.signatures[0].covers_whole_file
    assert report.signatures[0].level == "B-B"


@pytest.mark.parametrize("kind", ROLES)
def test_every_seal_of_a_document_verifies_alone(server, documents, kind):
    for seal in documents[kind][1].document.visible_seals:
        report = server.client("gate").verification.VerifySeal(
            verification_pb2.VerifySealRequest(seal=seal.seal, language="en")).report
        assert report.verdict == V.VERDICT_VALID, report
        bent = bytearray(seal.seal)
        bent[-1] ^= 1
        report = server.client("gate").verification.VerifySeal(
            verification_pb2.VerifySealRequest(seal=bytes(bent), language="en")).report
        assert report.verdict == V.VERDICT_INVALID


def test_the_same_request_gives_the_same_bytes_and_other_content_is_refused(server, documents):
    request, response = documents["safe-conduct"]
    assert server.client("case").issue(request).SerializeToString() == response.SerializeToString()
    other = copy.deepcopy(request)
    other.safe_conduct.holder.given_names = "OTRA"
    refused(lambda: server.client("case").issue(other), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")


def test_one_request_id_200_times_over_8_connections_gives_one_number(server):
    request = example("safe-conduct")
    clients = [server.client("case") for _ in range(8)]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda i: clients[i % 8].issue(request), range(200)))
    assert len({a.document.number for a in answers}) == 1
    assert len({a.pdf for a in answers}) == 1


def test_numbers_follow_each_other_without_a_gap(server):
    client = server.client("case")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        numbers = sorted(a.document.number for a in pool.map(lambda _: client.issue(example("safe-conduct")), range(20)))
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    places = sorted(sum(digits.index(c) * 32 ** (4 - i) for i, c in enumerate(n[3:8])) for n in numbers)
    assert places == list(range(places[0], places[0] + 20))


def test_validate_only_takes_no_number_and_draws_a_page(server):
    before = server.client("case").issue(example("safe-conduct")).document.number
    preview = server.client("case").issue(example("safe-conduct", validate_only=True))
    assert preview.pdf.startswith(b"%PDF") and not preview.document.number
    after = server.client("case").issue(example("safe-conduct")).document.number
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    place = lambda n: sum(digits.index(c) * 32 ** (4 - i) for i, c in enumerate(n[3:8]))
    assert place(after) == place(before) + 1
    assert server.client("gate").verify(preview.pdf).verdict != V.VERDICT_VALID


def test_without_a_certificate_with_a_wrong_role_or_of_another_authority(server, documents):
    request = example("safe-conduct")
    refused(lambda: server.client(None).issue(request), "UNAUTHENTICATED", "CLIENT_CERTIFICATE_REQUIRED")
    refused(lambda: server.client("gate").issue(request), "PERMISSION_DENIED", "ROLE_MISSING")
    refused(lambda: server.client("flight").issue(request), "PERMISSION_DENIED", "ROLE_MISSING")
    number = documents["safe-conduct"][1].document.number
    get = registry_pb2.GetDocumentRequest(number=number)
    refused(lambda: server.client("treasury").registry.GetDocument(get), "NOT_FOUND", "NOT_FOUND")
    refused(lambda: list(server.client("treasury").registry.DownloadDocument(
        registry_pb2.DownloadDocumentRequest(number=number))), "NOT_FOUND", "NOT_FOUND")
    refused(lambda: server.client("gate").registry.GetDocument(get), "PERMISSION_DENIED", "ROLE_MISSING")


def test_a_certificate_of_a_stranger_is_no_identity(server):
    import grpc
    with pytest.raises(grpc.RpcError) as caught:
        server.client("foreign").issue(example("safe-conduct"))
    assert caught.value.code().name in ("UNAUTHENTICATED", "UNAVAILABLE")


def test_every_fault_of_a_request_is_reported_at_once(server):
    request = example("safe-conduct")
    request.request_id = "not-a-uuid"
    holder = request.safe_conduct.holder
    holder.surname = "A\u202eB"
    holder.nationality = "ZZZ"
    holder.birth_date = "1990-02-30"
    request.safe_conduct.valid_until = "2020-01-01"
    request.safe_conduct.route[:] = ["QQQ"]
    request.safe_conduct.signatory = "nobody"
    found = refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    paths = {v.field for v in found["BadRequest"].field_violations}
    assert paths >= {"request_id", "safe_conduct.holder.surname", "safe_conduct.holder.nationality",
                     "safe_conduct.holder.birth_date", "safe_conduct.valid_until", "safe_conduct.route[0]",
                     "safe_conduct.signatory"}


@pytest.mark.parametrize("field,name,told", [("surname", "ישראלי", "U+05D9"), ("surname", "王小明", "U+738B"), ("given_names", "ANAƁ", "U+0181"),
                                             ("given_names", "ҖАМАЛ", "U+0496"), ("native_name", "\U00013000", "U+13000")])
def test_a_name_that_the_zone_or_the_fonts_do_not_have_is_refused_with_the_character_named(server, field, name, told):
    request = example("safe-conduct")
    setattr(request.safe_conduct.holder, field, name)
    found = refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    violations = found["BadRequest"].field_violations
    assert [v.field for v in violations] == [f"safe_conduct.holder.{field}"] and told in violations[0].description, violations


def test_unknown_airports_and_currencies_and_wrong_sums_are_refused(server, documents):
    request = example("flight-manifest")
    request.flight_manifest.legs[0].to = "QQQ"
    found = refused(lambda: server.client("flight").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert "flight_manifest.legs[0].to" in {v.field for v in found["BadRequest"].field_violations}
    request = example("disbursement-receipt")
    request.disbursement_receipt.currency = "XAU"
    request.disbursement_receipt.lines[1].amount_minor += 1
    found = refused(lambda: server.client("finance").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    paths = {v.field for v in found["BadRequest"].field_violations}
    assert paths >= {"disbursement_receipt.currency", "disbursement_receipt.lines[1].amount_minor",
                     "disbursement_receipt.amount_minor"}


def test_a_receipt_beyond_its_obligation_is_refused_and_the_balance_told(server, documents):
    from conftest import operations_pb2
    finance = server.client("finance")
    obligation = example("obligation")
    obligation.obligation.name = "obligations/small"
    obligation.obligation.obligated_minor = 10_000_000
    finance.funding.CreateObligation(obligation)
    request = example("disbursement-receipt")
    request.disbursement_receipt.obligation = "obligations/small"
    finance.issue(request)
    request.request_id = str(uuid.uuid4())
    found = refused(lambda: finance.issue(request), "FAILED_PRECONDITION", "BALANCE_EXCEEDED")
    assert "PreconditionFailure" in found
    left = finance.funding.GetObligation(operations_pb2.GetObligationRequest(name="obligations/small")).obligation
    assert (left.disbursed_minor, left.balance_minor) == (9_372_175, 627_825)


def test_an_obligation_is_never_overdrawn_by_receipts_at_once(server, documents):
    from conftest import operations_pb2
    import grpc
    finance = server.client("finance")
    obligation = example("obligation")
    obligation.obligation.name = "obligations/race"
    obligation.obligation.obligated_minor = 5 * 9_372_175 + 1
    finance.funding.CreateObligation(obligation)

    def one(_):
        request = example("disbursement-receipt")
        request.disbursement_receipt.obligation = "obligations/race"
        try:
            return finance.issue(request).document.number
        except grpc.RpcError as error:
            assert error.code().name == "FAILED_PRECONDITION"
            return None

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        numbers = [n for n in pool.map(one, range(12)) if n]
    assert len(numbers) == 5
    left = finance.funding.GetObligation(operations_pb2.GetObligationRequest(name="obligations/race")).obligation
    assert left.balance_minor == 1


def test_holders_of_a_protection_letter_are_kept_off_with_the_neutral_text(server, documents):
    from conftest import record_facts
    server.client("case").issue(example("safe-conduct", fresh=False))
    request = example("protected-passenger")
    record_facts(server, request)
    found = refused(lambda: server.client("flight").issue(request), "FAILED_PRECONDITION", "HOLD")
    violations = found["PreconditionFailure"].violations
    assert any("P0900" in v.subject for v in violations)
    everything = str(found)
    for secret in ("protection", "asylum", "letter", "HADDÂD", "QX7700341"):
        assert secret not in everything.replace("duty protection officer", "")
    # the same person by name alone, words in another order, without the document
    request = example("protected-passenger")
    person = request.flight_manifest.occupants[2]
    person.ClearField("travel_document")
    person.person.surname, person.person.given_names = "NOÛR ḪADĪJA", "HADDÂD ZEÏTOUN"
    refused(lambda: server.client("flight").issue(request), "FAILED_PRECONDITION", "HOLD")
    # a route outside the letter's states of no return is no conflict
    request = example("protected-passenger")
    del request.flight_manifest.alternates[:]
    del request.flight_manifest.legs[1:]
    request.flight_manifest.legs[0].to = "LIM"
    for occupant in request.flight_manifest.occupants:
        occupant.debark = ""
    assert server.client("flight").issue(request).document.number.startswith("M")


def test_a_manifest_has_versions_of_one_number(server):
    flight = server.client("flight")
    first = flight.issue(example("flight-manifest")).document
    request = example("flight-manifest", supersedes=first.number, supersedes_version=1)
    request.flight_manifest.version_reason = document_pb2.Document.STATE_REASON_CORRECTION
    request.flight_manifest.occupants[3].seat = "11F"
    second = flight.issue(request)
    assert (second.document.number, second.document.version) == (first.number, 2)
    old = flight.registry.GetDocument(registry_pb2.GetDocumentRequest(number=first.number, version=1)).document
    assert old.state == document_pb2.Document.STATE_SUPERSEDED
    stale = example("flight-manifest", supersedes=first.number, supersedes_version=1)
    refused(lambda: flight.issue(stale), "ABORTED", "VERSION_CHANGED")
    report = server.client("gate").verify(flight.download(first.number, version=1))
    assert report.verdict == V.VERDICT_INVALID and V.REASON_SUPERSEDED in report.reasons
    assert server.client("gate").verify(second.pdf).verdict == V.VERDICT_VALID


def test_documents_are_listed_by_page_and_by_case(server, documents):
    client = server.client("case")
    seen, token = [], ""
    while True:
        page = client.registry.ListDocuments(registry_pb2.ListDocumentsRequest(
            page_size=5, page_token=token, kind=document_pb2.DOCUMENT_KIND_SAFE_CONDUCT))
        seen += [d.number for d in page.documents]
        token = page.next_page_token
        if not token:
            break
    assert len(seen) == len(set(seen)) >= 1
    request = example("safe-conduct")
    request.safe_conduct.case_reference = "CASE-ONLY-THIS"
    number = client.issue(request).document.number
    found = client.registry.ListDocuments(registry_pb2.ListDocumentsRequest(
        case_reference="CASE-ONLY-THIS", kind=document_pb2.DOCUMENT_KIND_SAFE_CONDUCT)).documents
    assert [d.number for d in found] == [number]
    refused(lambda: client.registry.ListDocuments(registry_pb2.ListDocumentsRequest(page_token="?")),
            "INVALID_ARGUMENT", "FIELD_INVALID")


def test_a_manifest_of_180_is_one_document_of_many_pages(server, tmp_path):
    request = example("flight-manifest")
    manifest = request.flight_manifest
    manifest.seats = 200
    model = copy.deepcopy(manifest.occupants[0])
    del manifest.occupants[:]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    for i in range(180):
        person = manifest.occupants.add()
        person.CopyFrom(model)
        person.occupant_id = f"Q{i:04d}"
        person.person.surname = f"PRUEBA {letters[i % 26]}{letters[i // 26]}"
        person.travel_document.number = f"TT{i:06d}"
        person.seat = f"{1 + i // 6:02d}{'ABCDEF'[i % 6]}"
    from conftest import record_facts
    record_facts(server, request)
    response = server.client("flight").issue(request)
    path = tmp_path / "m.pdf"
    path.write_bytes(response.pdf)
    info = subprocess.run(["pdfinfo", str(path)], capture_output=True, text=True, check=True).stdout
    pages = int(next(l for l in info.splitlines() if l.startswith("Pages")).split()[1])
    assert pages >= 9
    assert len(response.document.visible_seals) == pages
    text = subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
    for i in range(180):
        assert f"PRUEBA {letters[i % 26]}{letters[i // 26]}" in text
    assert re.search(rf"\b{pages}\s*/\s*{pages}\b", text)
    assert server.client("gate").verify(response.pdf).verdict == V.VERDICT_VALID


def test_a_message_over_4_mib_is_refused_by_its_size(server):
    request = example("safe-conduct")
    request.safe_conduct.holder.portrait_jpeg = b"x" * (5 << 20)
    refused(lambda: server.client("case").issue(request), "RESOURCE_EXHAUSTED", "MESSAGE_TOO_LARGE")


def test_no_private_value_reaches_a_pdf_the_log_or_an_index(server, documents):
    secrets = ["CASE-7741-KESTREL", "QX7700341", "KJ4800", "screening-73", "decision-91", "PURPOSE_PROTECTION"]
    names = ["HADDÂD", "ZEÏTOUN", "ABREGO"]
    import zlib
    for kind, (_, response) in documents.items():
        plain = response.pdf
        for stream in re.findall(rb"stream\r?\n(.*?)endstream", response.pdf, re.S):
            try:
                inside = zlib.decompressobj().decompress(stream)
            except zlib.error:
                continue
            plain += b"" if inside.startswith(b"UNA:+.? '") else inside  # the passengers' documents are in that message alone
        for secret in secrets:
            assert secret.encode() not in plain, (kind, secret)
    log = (server.dir / "log").read_text()
    for value in secrets + names + [r.document.number for _, r in documents.values()]:
        assert value not in log, value
    import sqlite3
    db = sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True)
    for name, table, sql in db.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'index'").fetchall():
        columns = [c[2] for c in db.execute(f"PRAGMA index_info('{name}')").fetchall() if c[2]]
        for row in db.execute(f"SELECT {', '.join(columns)} FROM {table}"):
            for value in row:
                text = value if isinstance(value, bytes) else str(value).encode()
                assert not any(s.encode() in text for s in secrets + names), (name, columns)
    for line in log.splitlines():
        json.loads(line)


def test_check_config_finds_an_unknown_key_with_its_line(authority, tmp_path):
    server = Server(tmp_path, authority)
    good = subprocess.run([str(server.build / "bin/salvod"), "--config", str(tmp_path / "salvod.conf"), "--check-config"],
                          capture_output=True, text=True)
    assert good.returncode == 0, good.stderr
    conf = tmp_path / "salvod.conf"
    conf.write_text(conf.read_text() + "\nworkerz = 3;\n")
    bad = subprocess.run([str(server.build / "bin/salvod"), "--config", str(conf), "--check-config"],
                         capture_output=True, text=True)
    assert bad.returncode == 1 and "workerz" in bad.stderr and str(len(conf.read_text().splitlines())) in bad.stderr


def jpeg_with_position():
    """A small JPEG with an EXIF segment that names a place."""
    import io
    from PIL import Image
    out = io.BytesIO()
    Image.new("L", (70, 90), 128).save(out, "JPEG")
    data = out.getvalue()
    exif = b"Exif\0\0GPS-CANARY-08.9824N-079.5199W"
    return data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:]


def test_a_portrait_is_printed_without_its_metadata(server):
    request = example("safe-conduct")
    request.safe_conduct.holder.portrait_jpeg = jpeg_with_position()
    response = server.client("case").issue(request)
    assert b"GPS-CANARY" not in response.pdf
    record = json.loads(server.client("case").download(
        response.document.number, view=registry_pb2.DownloadDocumentRequest.VIEW_RECORD))
    start = response.pdf.index(b"\xff\xd8\xff")
    picture = response.pdf[start:response.pdf.index(b"\xff\xd9", start) + 2]
    assert hashlib.sha256(picture).hexdigest() == record["content"]["holder"]["portrait_sha256"]
    assert server.client("gate").verify(response.pdf).verdict == V.VERDICT_VALID
    request = example("safe-conduct")
    request.safe_conduct.holder.portrait_jpeg = b"\xff\xd8\xff\xe0 no picture"
    found = refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert "safe_conduct.holder.portrait_jpeg" in {v.field for v in found["BadRequest"].field_violations}
