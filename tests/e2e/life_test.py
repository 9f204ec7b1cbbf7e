"""What becomes of documents: receipts in other currencies and over pages, reversals, letters of every purpose."""

import datetime
import subprocess
import uuid

import pytest
from conftest import Server, document_pb2, example, operations_pb2, refused, registry_pb2, today, verification_pb2

V = verification_pb2.VerificationReport


def obligation(server, **fields):
    """A fresh obligation; its resource name."""
    request = example("obligation")
    request.obligation.name = f"obligations/L-{uuid.uuid4().hex[:12]}"
    for key, value in fields.items():
        setattr(request.obligation, key, value)
    server.client("finance").funding.CreateObligation(request, timeout=60)
    return request.obligation.name


def receipt(name, minor, lines=1, **fields):
    """A receipt of `lines` lines that come to `minor` each."""
    request = example("disbursement-receipt")
    r = request.disbursement_receipt
    r.obligation, r.amount_minor = name, minor * lines
    del r.lines[:]
    for i in range(lines):
        r.lines.add(type=2 + i % 6, description=f"Servicio {i + 1}", quantity_thousandths=1000, unit_price_minor=minor,
                    amount_minor=minor)
    for key, value in fields.items():
        setattr(r, key, value)
    return request


def checked(number):
    """The number with its check character, ISO 7064 MOD 37,36."""
    alphabet, p = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", 36
    for c in number:
        p = ((p + alphabet.index(c)) % 36 or 36) * 2 % 37
    return number + alphabet[(37 - p) % 36]


def balance(server, name):
    return server.client("finance").funding.GetObligation(
        operations_pb2.GetObligationRequest(name=name), timeout=60).obligation


def text_of(pdf, tmp_path):
    path = tmp_path / "x.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("lines", [1, 8, 18, 60])
def test_a_receipt_of_several_pages_is_valid_and_its_seal_is_on_the_last(server, tmp_path, lines):
    response = server.client("finance").issue(receipt(obligation(server), 150, lines))
    pages = text_of(response.pdf, tmp_path).count("\f")
    assert [s.page for s in response.document.visible_seals] == [pages]
    assert server.client("gate").verify(response.pdf).verdict == V.VERDICT_VALID


@pytest.mark.parametrize("currency,minor,rate,base", [("JPY", 1500, 6_700, "10.05"), ("KWD", 1000, 3_250_000, "3.25"),
                                                       ("CLF", 10000, 39_500_000, "39.50"),
                                                       ("EUR", 100, 1_080_000, "1.08")])
def test_a_payment_in_another_currency_is_kept_in_the_obligations(server, tmp_path, currency, minor, rate, base):
    name = obligation(server, obligated_minor=600_000_000)
    response = server.client("finance").issue(
        receipt(name, minor, currency=currency, base_currency="USD", exchange_rate_millionths=rate))
    left = 600_000_000 - int(base.replace(".", ""))
    assert balance(server, name).balance_minor == left
    text = text_of(response.pdf, tmp_path)
    assert "6,000,000.00" in text and base in text and f"{left // 100:,}.{left % 100:02d}" in text
    assert server.client("gate").verify(response.pdf).verdict == V.VERDICT_VALID


def test_an_exchange_that_makes_nothing_is_refused(server):
    request = receipt(obligation(server), 1, currency="JPY", base_currency="USD", exchange_rate_millionths=1)
    found = refused(lambda: server.client("finance").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == ["disbursement_receipt.exchange_rate_millionths"]


def test_a_reversal_gives_back_once_and_leaves_the_receipt_issued(server):
    finance, name = server.client("finance"), obligation(server)
    paid = finance.issue(receipt(name, 5000)).document
    wrong = receipt(name, -4999, payment_type=4, reversal_of=paid.number)
    refused(lambda: finance.issue(wrong), "INVALID_ARGUMENT", "FIELD_INVALID")
    request = receipt(name, -5000, payment_type=4, reversal_of=paid.number)
    reversal = finance.issue(request)
    assert server.client("gate").verify(reversal.pdf).verdict == V.VERDICT_VALID
    assert balance(server, name).disbursed_minor == 0
    now = finance.registry.GetDocument(registry_pb2.GetDocumentRequest(number=paid.number)).document
    assert now.state == document_pb2.Document.STATE_ISSUED and now.superseded_by == reversal.document.number
    again = receipt(name, -5000, payment_type=4, reversal_of=paid.number)
    refused(lambda: finance.issue(again), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert finance.issue(request).SerializeToString() == reversal.SerializeToString()


def test_another_authoritys_receipt_is_reversed_like_one_that_does_not_exist(server):
    mine = server.client("finance").issue(receipt(obligation(server), 5000)).document
    request = example("obligation")
    request.obligation.name = "obligations/T-1"
    treasury = server.client("treasury")
    treasury.funding.CreateObligation(request, timeout=60)
    answers = []
    for number in (mine.number, checked("R26ZZZZZ")):
        reversal = receipt("obligations/T-1", -5000, payment_type=4, reversal_of=number)
        found = refused(lambda: treasury.issue(reversal), "INVALID_ARGUMENT", "FIELD_INVALID")
        answers.append(found["BadRequest"].SerializeToString())
    assert answers[0] == answers[1]
    refused(lambda: treasury.issue(receipt(obligation(server), 1)), "NOT_FOUND", "NOT_FOUND")


def test_a_final_payment_closes_and_leaves_reversals_possible(server):
    finance, name = server.client("finance"), obligation(server)
    last = finance.issue(receipt(name, 5000, payment_type=3)).document
    assert balance(server, name).closed
    refused(lambda: finance.issue(receipt(name, 1)), "FAILED_PRECONDITION", "OBLIGATION_CLOSED")
    finance.issue(receipt(name, -5000, payment_type=4, reversal_of=last.number))
    assert balance(server, name).disbursed_minor == 0


def letter(purpose, route):
    request = example("safe-conduct")
    content = request.safe_conduct
    day = today()
    content.purpose, content.valid_from = purpose, str(day)
    content.valid_until = str(day + datetime.timedelta(60))
    content.route[:] = route
    del content.not_valid_for[:]
    return request


@pytest.mark.parametrize("purpose", [1, 2, 3, 4])
@pytest.mark.parametrize("route", [["PAC", "BOG"], ["PAC", "BOG", "UIO", "LIM", "SCL"]])
def test_a_letter_of_each_purpose_with_its_route_is_valid(server, tmp_path, purpose, route):
    response = server.client("case").issue(letter(purpose, route))
    assert server.client("gate").verify(response.pdf).verdict == V.VERDICT_VALID
    text = text_of(response.pdf, tmp_path)
    for stop in route if purpose == 2 else []:
        assert stop in text


def test_a_replaced_letter_is_red_and_cant_be_replaced_again(server):
    case = server.client("case")
    first = case.issue(example("safe-conduct"))
    second = case.issue(example("safe-conduct", supersedes=first.document.number))
    gate = server.client("gate")
    assert gate.verify(second.pdf).verdict == V.VERDICT_VALID
    report = gate.verify(first.pdf)
    assert report.verdict == V.VERDICT_INVALID and not report.HasField("document")
    refused(lambda: case.issue(example("safe-conduct", supersedes=first.document.number)), "ABORTED", "VERSION_CHANGED")
    for number in (second.document.number, checked("S26ZZZZZ")):
        request = example("safe-conduct", supersedes=number)
        request.safe_conduct.signatory = ""
        refused(lambda: server.client("treasury").issue(request), "NOT_FOUND", "NOT_FOUND")


def test_what_a_first_version_cant_have_is_refused(server):
    request = example("flight-manifest", supersedes_version=1)
    request.flight_manifest.version_reason = 12
    found = refused(lambda: server.client("flight").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert {v.field for v in found["BadRequest"].field_violations} == {"supersedes_version",
                                                                       "flight_manifest.version_reason"}


def test_a_manifest_goes_through_its_versions(server):
    flight, gate = server.client("flight"), server.client("gate")
    first = flight.issue(example("flight-manifest"))
    request = example("flight-manifest", supersedes=first.document.number, supersedes_version=1)
    request.flight_manifest.version_reason = 12
    del request.flight_manifest.occupants[-1]
    second = flight.issue(request)
    assert (second.document.number, second.document.version) == (first.document.number, 2)
    assert gate.verify(second.pdf).verdict == V.VERDICT_VALID
    assert gate.verify(first.pdf).verdict == V.VERDICT_INVALID
    late = example("flight-manifest", supersedes=first.document.number, supersedes_version=1)
    refused(lambda: flight.issue(late), "ABORTED", "VERSION_CHANGED")


@pytest.mark.parametrize("kind,role", [("safe-conduct", "case"), ("flight-manifest", "flight"),
                                       ("disbursement-receipt", "finance")])
def test_a_preview_asks_no_registry(server, kind, role):
    request = example(kind, validate_only=True)
    if role == "finance":
        request.disbursement_receipt.obligation = "obligations/nowhere"
    assert server.client(role).issue(request).pdf.startswith(b"%PDF")


@pytest.mark.parametrize("old,new", [
    ('system/gate"; roles', 'system/audit"; roles'),
    ('id = "treasury";', 'id = "migration";'),
    ('authority = "treasury";', 'authority = "tresury";'),
])
def test_a_policy_that_contradicts_itself_is_a_fault(authority, tmp_path, old, new):
    server = Server(tmp_path, authority)
    policy = tmp_path / "policy.conf"
    text = policy.read_text()
    assert text.count(old) == 1
    policy.write_text(text.replace(old, new))
    checked = subprocess.run([str(server.build / "bin/salvod"), "--config", str(tmp_path / "salvod.conf"), "--check-config"],
                             capture_output=True, text=True)
    assert checked.returncode == 1 and "policy.conf" in checked.stderr, checked
