"""Obligations after their first day: amendments with a signed record, lists, what an auditor makes of them."""

import concurrent.futures
import hashlib
import json
import sqlite3
import subprocess
import uuid

import pytest
from boarding_test import close, closing, flight, mark, send
from conftest import Server, document_pb2, example, operations_pb2, record_facts, refused, registry_pb2


@pytest.fixture(scope="module")
def server(authority, tmp_path_factory):
    s = Server(tmp_path_factory.mktemp("funding"), authority).start()
    yield s
    s.stop()


def obligation(server, role="finance", **fields):
    request = example("obligation")
    request.obligation.name = f"obligations/A-{uuid.uuid4().hex[:12]}"
    for key, value in fields.items():
        setattr(request.obligation, key, value)
    server.client(role).funding.CreateObligation(request, timeout=60)
    return request.obligation.name


def amendment(name, seen=0, **fields):
    return operations_pb2.AmendObligationRequest(request_id=str(uuid.uuid4()), name=name, amendment=seen, **fields)


def amend(server, request, role="finance"):
    return server.client(role).funding.AmendObligation(request, timeout=60).obligation


def rows(server, name):
    db = sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True)
    return db.execute("SELECT amendment, record, signature FROM amendments WHERE id = ? ORDER BY amendment",
                      (name.split("/")[1],)).fetchall()


def test_an_amendment_changes_total_and_period_and_nothing_else(server):
    name = obligation(server, obligated_minor=600_000_000)
    after = amend(server, amendment(name, change_minor=700_000_000, period_end="2031-12-31"))
    assert (after.obligated_minor, after.balance_minor, after.disbursed_minor) == (1_300_000_000, 1_300_000_000, 0)
    assert (after.amendment, after.period_end) == (1, "2031-12-31")
    less = amend(server, amendment(name, 1, change_minor=-1_300_000_000))
    assert (less.obligated_minor, less.amendment, less.period_end) == (0, 2, "2031-12-31")


def test_only_who_saw_the_current_amendment_may_make_the_next(server):
    name = obligation(server)
    amend(server, amendment(name, change_minor=1))
    refused(lambda: amend(server, amendment(name, change_minor=1)), "ABORTED", "VERSION_CHANGED")
    refused(lambda: amend(server, amendment(name, 2, change_minor=1)), "ABORTED", "VERSION_CHANGED")

    def one(_):
        try:
            return amend(server, amendment(name, 1, change_minor=1)).amendment
        except Exception as e:
            return e.details()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = list(pool.map(one, range(4)))
    assert made.count(2) == 1 and len(rows(server, name)) == 2, made


def test_the_same_request_id_amends_once(server):
    name = obligation(server, obligated_minor=1000)
    request = amendment(name, change_minor=50)
    assert amend(server, request) == amend(server, request)
    assert len(rows(server, name)) == 1
    request.change_minor = 51
    refused(lambda: amend(server, request), "INVALID_ARGUMENT", "REQUEST_ID_REUSED")


@pytest.mark.parametrize("fields,path", [
    ({}, "change_minor"), ({"change_minor": 2**63 - 1}, "change_minor"), ({"change_minor": 999_999_999_999_999}, "change_minor"),
    ({"period_end": "2019-01-01"}, "period_end"), ({"period_end": "2030-02-30"}, "period_end"),
    ({"change_minor": 1, "name": "FY24"}, "name"), ({"change_minor": 1, "request_id": "1"}, "request_id")])
def test_an_amendment_that_breaks_a_rule_names_its_field(server, fields, path):
    request = amendment(obligation(server), **{k: v for k, v in fields.items() if k not in ("name", "request_id")})
    for key in ("name", "request_id"):
        setattr(request, key, fields.get(key, getattr(request, key)))
    found = refused(lambda: amend(server, request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == [path]


def test_no_amendment_takes_back_what_is_not_there(server):
    name = obligation(server, obligated_minor=1000)
    for change in (-1001, -2**63):
        found = refused(lambda: amend(server, amendment(name, change_minor=change)), "FAILED_PRECONDITION",
                        "BALANCE_EXCEEDED")
        assert [v.subject for v in found["PreconditionFailure"].violations] == ["change_minor"]
    assert rows(server, name) == []


def test_a_payment_that_an_amendment_put_out_of_the_period_is_not_made(server):
    name = obligation(server)
    request = example("disbursement-receipt")
    request.disbursement_receipt.obligation = name
    day = request.disbursement_receipt.payment_date
    draft = server.client("finance").issuance.IssueDocument(request, timeout=60).document
    amend(server, amendment(name, period_end=day[:-2] + "01"))
    server.client("approver").approve(draft)
    found = refused(lambda: server.client("approver2").approve(draft), "FAILED_PRECONDITION", "OBLIGATION_CLOSED")
    assert [v.subject for v in found["PreconditionFailure"].violations] == ["disbursement_receipt.payment_date"]
    finance = server.client("finance")
    left = finance.funding.GetObligation(operations_pb2.GetObligationRequest(name=name), timeout=60).obligation
    assert left.disbursed_minor == 0
    now = finance.registry.GetDocument(registry_pb2.GetDocumentRequest(number=draft.number, version=1), timeout=60).document
    assert now.state == document_pb2.Document.STATE_VOID
    # and one that an amendment lets in is
    amend(server, amendment(name, 1, period_end=day))
    request.request_id = str(uuid.uuid4())
    assert finance.issue(request).pdf.startswith(b"%PDF")


def test_only_finance_of_the_same_authority_amends(server):
    name = obligation(server)
    request = amendment(name, change_minor=1)
    for role in ("case", "approver", "audit"):
        refused(lambda: amend(server, request, role), "PERMISSION_DENIED", "ROLE_MISSING")
    refused(lambda: amend(server, request, "treasury"), "NOT_FOUND", "NOT_FOUND")


def test_a_strangers_openssl_accepts_each_record_and_each_names_the_one_before(server, authority, tmp_path):
    name = obligation(server, obligated_minor=1000)
    for seen in range(3):
        amend(server, amendment(name, seen, change_minor=10 + seen))
    previous, total = None, 1000
    for number, record, signature in rows(server, name):
        (tmp_path / "record").write_bytes(record)
        (tmp_path / "signature").write_bytes(signature)
        command = ["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", str(tmp_path / "signature"), "-content",
                   str(tmp_path / "record"), "-CAfile", str(authority.path / "root.pem"), "-purpose", "any", "-out",
                   "/dev/null"]
        assert subprocess.run(command, capture_output=True).returncode == 0
        said = json.loads(record)
        total += int(said["change_minor"])
        assert (said["amendment"], said["obligated_minor"]) == (number, str(total))
        assert record == json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert said["actor"].endswith("/finance") and said.get("previous_sha256") == previous
        previous = hashlib.sha256(record).hexdigest()
        (tmp_path / "record").write_bytes(record.replace(b'"amendment":', b'"amendment" :'))
        assert subprocess.run(command, capture_output=True).returncode != 0


def test_the_list_has_every_obligation_once_page_by_page(server):
    made = {obligation(server) for _ in range(5)}
    finance = server.client("finance")
    seen, token, pages = [], "", 0
    while pages == 0 or token:
        page = finance.funding.ListObligations(operations_pb2.ListObligationsRequest(page_size=2, page_token=token), timeout=60)
        assert len(page.obligations) <= 2
        seen += [o.name for o in page.obligations]
        token, pages = page.next_page_token, pages + 1
    assert len(seen) == len(set(seen)) and made <= set(seen) and seen == sorted(seen)
    assert not server.client("treasury").funding.ListObligations(operations_pb2.ListObligationsRequest(), timeout=60).obligations
    for fields in ({"page_size": -1}, {"page_token": "../x"}):
        refused(lambda: finance.funding.ListObligations(operations_pb2.ListObligationsRequest(**fields), timeout=60),
                "INVALID_ARGUMENT", "FIELD_INVALID")


def test_the_command_line_amends_and_lists(server, tmp_path):
    name = obligation(server, obligated_minor=1000)
    path = tmp_path / "amendment.json"
    path.write_text(json.dumps({"requestId": str(uuid.uuid4()), "name": name, "changeMinor": "500"}))
    answer = server.salvo("finance", "obligation", "amend", str(path))
    assert answer.returncode == 0 and b"obligated 1500" in answer.stdout and b"amendment 1" in answer.stdout, answer
    answer = server.salvo("finance", "--json", "obligation", "list", "--page-size", "1")
    first = json.loads(answer.stdout)
    assert len(first["obligations"]) == 1
    answer = server.salvo("finance", "obligation", "list", "--page-token", first["nextPageToken"])
    assert answer.returncode == 0 and first["obligations"][0]["name"].encode() not in answer.stdout


def test_a_charter_line_without_a_closed_manifest_is_refused_by_its_field(server):
    manifest = server.client("flight")
    name = obligation(server)

    def bill(**fields):
        request = example("disbursement-receipt")
        request.disbursement_receipt.obligation = name
        request.disbursement_receipt.lines[0].type = 1
        for key, value in {"passenger_count": 46, **fields}.items():
            setattr(request.disbursement_receipt.lines[0], key, value)
        found = refused(lambda: server.client("finance").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
        return [v.field.removeprefix("disbursement_receipt.lines[0].") for v in found["BadRequest"].field_violations]
    assert bill() == ["manifest_number"]
    assert bill(passenger_count=0) == ["manifest_number", "passenger_count"]
    assert bill(manifest_number="M26000439") == ["manifest_number"]
    request = example("flight-manifest")
    record_facts(server, request)
    assert bill(manifest_number=manifest.issue(request).document.number) == ["manifest_number"]


def test_over_all_receipts_no_more_passengers_are_billed_than_boarded(server):
    occupants, issued = flight(server, 3)
    number, name, finance = issued.document.number, obligation(server), server.client("finance")

    def bill(count):
        request = example("disbursement-receipt")
        request.disbursement_receipt.obligation = name
        line = request.disbursement_receipt.lines[0]
        line.type, line.manifest_number, line.passenger_count = 1, number, count
        return finance.issue(request)
    for o in occupants[:2]:
        send(server, mark(number, o, "BOARDED"))
    offloaded = send(server, mark(number, occupants[2], "OFFLOADED"))
    refused(lambda: bill(2), "INVALID_ARGUMENT", "FIELD_INVALID")  # not closed yet
    close(server, closing(number, offloaded.manifest.version, 2))
    found = refused(lambda: bill(3), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == ["disbursement_receipt.lines[0].passenger_count"]
    assert bill(1).pdf.startswith(b"%PDF")
    refused(lambda: bill(2), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert bill(1).document.number
    paid = finance.funding.GetObligation(operations_pb2.GetObligationRequest(name=name), timeout=60).obligation
    assert paid.disbursed_minor == 2 * example("disbursement-receipt").disbursement_receipt.amount_minor


def test_an_auditor_gets_the_records_and_finds_one_that_was_changed(authority, tmp_path):
    directory = tmp_path / "registry"
    directory.mkdir()
    s = Server(directory, authority).start()
    name = obligation(s, obligated_minor=1000)
    for seen in range(2):
        amend(s, amendment(name, seen, change_minor=1))
    s.stop()

    def local(*arguments):
        return subprocess.run([str(s.build / "bin/salvo"), *arguments, "--registry", str(directory / "registry.db"),
                               "--key-file", str(directory / "registry.key"), "--master-key-file",
                               str(directory / "master.key")], capture_output=True, text=True, timeout=120)
    year = json.loads(rows(s, name)[0][1])["time"][:4]
    made = local("admin", "export", year, str(tmp_path / "export"))
    assert made.returncode == 0, made
    files = sorted(p.name for p in (tmp_path / "export/amendments").iterdir())
    stem = "migration." + name.split("/")[1]
    assert files == [f"{stem}.{n}.{kind}" for n in (1, 2) for kind in ("json", "p7s")]
    assert (tmp_path / "export/amendments" / files[0]).read_bytes() == rows(s, name)[0][1]
    clean = local("audit")
    assert clean.returncode == 0 and "2 amendments" in clean.stdout, clean
    db = sqlite3.connect(directory / "registry.db")
    db.execute("UPDATE amendments SET record = CAST(replace(CAST(record AS TEXT), '\"change_minor\":\"1\"', "
               "'\"change_minor\":\"7\"') AS BLOB) WHERE amendment = 1")
    db.commit()
    db.close()
    found = local("audit")
    assert found.returncode == 1, found
    place = f"amendments migration/{name.split('/')[1]}"
    assert f"{place}/1 record: does not say" in found.stdout, found.stdout
    assert f"{place}/1 signature: is not one over the record" in found.stdout
    assert f"{place}/2 record: does not say" in found.stdout  # it names the record that was
