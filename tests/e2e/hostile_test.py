"""Values that no honest client sends: each is refused by name or accepted whole, and the server stays up."""

import copy
import random
import uuid
import zlib

import grpc
import pytest
from conftest import details, example, refused, registry_pb2, verification_pb2
from google.protobuf.descriptor import FieldDescriptor

V = verification_pb2.VerificationReport
ROLES = {"safe-conduct": "case", "flight-manifest": "flight", "disbursement-receipt": "finance"}
TEXTS = ["A" * 100000, "A\nB", "\x1b[31m", "\U0001f600", "A\u202eB", "\ufeff", "A\u0301" * 50, "A" + "\u0336" * 30,
         "%s%n%x", "中" * 80, "W" * 80, "\U0010ffff", " ", "\u00a0"]
NUMBERS = [-1, 2**31 - 1, -2**31, 2**32 - 1, 2**63 - 1, -2**63]
ENUMS = [-1, 99, 2**31 - 1, -2**31]
HONEST = {"RESOURCE_EXHAUSTED", "NOT_FOUND", "ABORTED", "FAILED_PRECONDITION"}


def fields(message, path=()):
    for field in message.DESCRIPTOR.fields:
        if field.type != FieldDescriptor.TYPE_MESSAGE:
            yield field, path
        elif field.label == FieldDescriptor.LABEL_REPEATED:
            if len(getattr(message, field.name)):
                yield from fields(getattr(message, field.name)[0], path + (field.name, 0))
        elif message.HasField(field.name):
            yield from fields(getattr(message, field.name), path + (field.name,))


def values(field):
    if field.type == FieldDescriptor.TYPE_STRING:
        return TEXTS
    if field.type == FieldDescriptor.TYPE_BYTES:
        return [b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\xff" * 65536, b"\0" * 65537]
    if field.type == FieldDescriptor.TYPE_ENUM:
        return ENUMS
    return [] if field.type == FieldDescriptor.TYPE_BOOL else NUMBERS


def with_value(request, path, field, value):
    """A copy of the request with the value at the place; None where protobuf itself can't hold it."""
    request = copy.deepcopy(request)
    request.request_id = str(uuid.uuid4())
    target = request
    for step in path:
        target = target[step] if isinstance(step, int) else getattr(target, step)
    try:
        if field.label == FieldDescriptor.LABEL_REPEATED:
            getattr(target, field.name)[:] = [value] * 3
        else:
            setattr(target, field.name, value)
    except (ValueError, TypeError):
        return None
    return request


def answer(call):
    """(answer, None), or (None, error) with an error that is the client's and says where."""
    try:
        return call(), None
    except grpc.RpcError as error:
        found = details(error)
        code = error.code().name
        assert code in HONEST or (code == "INVALID_ARGUMENT" and found["BadRequest"].field_violations), (code, found)
        return None, found


@pytest.mark.parametrize("kind", ROLES)
def test_hostile_values_are_refused_by_name(server, documents, kind):
    base = example(kind)
    base.validate_only = True
    client = server.client(ROLES[kind])
    refusals = 0
    for field, path in fields(base):
        if field.name in ("request_id", "validate_only"):
            continue
        for value in values(field):
            request = with_value(base, path, field, value)
            if request is None:
                continue
            _, found = answer(lambda: client.issue(request))
            if found and "BadRequest" in found:
                refusals += 1
                wanted = [str(s) for s in path if isinstance(s, str)][-1:] + [field.name]
                text = " ".join(v.field + " " + v.description for v in found["BadRequest"].field_violations)
                assert any(w in text for w in wanted), (field.name, text)
                assert not isinstance(value, str) or len(value) < 9 or value[:9] not in text
    assert refusals > 100
    assert client.issue(example(kind)).document.number


def test_a_request_without_content_or_with_an_empty_one(server):
    empty = example("safe-conduct")
    empty.ClearField("safe_conduct")
    refused(lambda: server.client("case").issue(empty), "INVALID_ARGUMENT",
            "FIELD_INVALID")
    for kind, role in ROLES.items():
        request = example(kind)
        getattr(request, kind.replace("-", "_")).Clear()
        getattr(request, kind.replace("-", "_")).SetInParent()
        found = refused(lambda: server.client(role).issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
        assert len(found["BadRequest"].field_violations) > 3


def test_lists_have_bounds(server):
    request = example("safe-conduct")
    request.languages.extend(["es"] * 3)
    found = refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == ["languages"]
    request = example("flight-manifest")
    request.flight_manifest.occupants[0].facts.append("x" * 65)
    request.flight_manifest.occupants[0].service_codes.append("WHEELCHAIR")
    request.flight_manifest.legs[0].departure_time = "1969-01-01T00:00:00Z"
    request.flight_manifest.occupants.append(request.flight_manifest.occupants[0])
    found = refused(lambda: server.client("flight").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    paths = " ".join(v.field for v in found["BadRequest"].field_violations)
    for part in ("occupants[0].facts", "occupants[0].service_codes", "legs[0].departure_time", "occupants"):
        assert part in paths
    request = example("flight-manifest")
    first = request.flight_manifest.occupants[0]
    request.flight_manifest.occupants.extend([first] * 500)
    refused(lambda: server.client("flight").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")


def test_states_of_no_return_are_states(server):
    request = example("safe-conduct")
    request.safe_conduct.not_valid_for[:] = ["XXA", "UNO", "COL"]
    found = refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == ["safe_conduct.not_valid_for[0]",
                                                                       "safe_conduct.not_valid_for[1]"]


def test_an_obligation_has_bounds_and_an_amount_at_the_edge_is_refused_or_whole(server):
    request = example("obligation")
    request.obligation.name = "obligations/EDGE"
    for minor in (0, -1, -2**63, 10**15, 2**63 - 1):
        request.obligation.obligated_minor = minor
        refused(lambda: server.client("finance").funding.CreateObligation(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    request.obligation.obligated_minor = 10**15 - 1
    server.client("finance").funding.CreateObligation(request, timeout=60)
    for minor in (-2**63, -1, 0, 2**63 - 1, 10**15):
        receipt = example("disbursement-receipt")
        r = receipt.disbursement_receipt
        r.obligation, r.amount_minor = "obligations/EDGE", minor
        if minor < 0:
            r.payment_type, r.reversal_of = 4, "R2600000R"
        del r.lines[:]
        r.lines.add(type=1, description="X", quantity_thousandths=1000, unit_price_minor=minor, amount_minor=minor)
        made, _ = answer(lambda: server.client("finance").issue(receipt))
        assert made is None


def test_a_request_id_that_is_none_is_not_logged(server):
    request = example("safe-conduct", request_id="NAME-OF-A-PERSON-CANARY")
    refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert "CANARY" not in (server.dir / "log").read_text()


def test_lists_refuse_states_and_tokens_that_do_not_exist(server):
    registry = server.client("case").registry
    for fault in ({"state": 12}, {"state": -1}, {"kind": 9}, {"page_size": -1}, {"page_token": "no token!"}):
        refused(lambda: registry.ListDocuments(registry_pb2.ListDocumentsRequest(**fault)), "INVALID_ARGUMENT",
                "FIELD_INVALID")


@pytest.mark.parametrize("kind", ROLES)
def test_no_mutation_of_a_document_is_valid(server, documents, kind):
    rng = random.Random(kind)
    gate, pdf = server.client("gate"), documents[kind][1].pdf
    mutants = []
    for _ in range(40):
        at, n = rng.randrange(len(pdf)), rng.choice([1, 2, 500])
        mutants += [pdf[:at] + bytes([pdf[at] ^ 1 << rng.randrange(8)]) + pdf[at + 1:], pdf[:at] + pdf[at + n:], pdf[:at]]
    for key in (b"/ByteRange", b"/Length", b"/Size", b"/Root", b"/W", b"/Kids", b"/Contents", b"/Filter"):
        for value in (b" -1 ", b" 99999999999999999999 ", b"[[[[", b"<<", b"null "):
            mutants.append(pdf.replace(key, key + value, 1))
    bomb = zlib.compress(b"0" * 50_000_000, 9)
    at = pdf.index(b"stream", pdf.index(b"/FlateDecode")) + 7
    mutants += [pdf[:at] + bomb + pdf[at:], b"\n" + pdf, pdf + b"\n", pdf + pdf, pdf + b"\nstartxref\n0\n%%EOF"]
    for mutant in mutants:
        report = gate.verify(mutant)
        assert report.verdict in (V.VERDICT_INVALID, V.VERDICT_NOT_OURS, V.VERDICT_UNREADABLE), report
        assert not report.HasField("document")
    assert gate.verify(pdf).verdict == V.VERDICT_VALID


def test_junk_is_no_document(server):
    gate = server.client("gate")
    for junk in (b"", b"%PDF", b"%PDF-1.7\n" + b"[" * 100000, b"<<" * 200000, b"%PDF-1.7\n%%EOF\n" * 1000, b"\0" * 100000,
                 b"startxref\n99999999999999999999\n%%EOF"):
        assert gate.verify(junk).verdict in (V.VERDICT_UNREADABLE, V.VERDICT_NOT_OURS)


def test_a_file_is_judged_up_to_the_limit_and_refused_above(server, documents):
    gate, pdf, limit = server.client("gate"), documents["safe-conduct"][1].pdf, 32 << 20
    assert gate.verify(pdf + b"\0" * (limit - len(pdf))).verdict == V.VERDICT_INVALID
    assert gate.verify(random.Random(1).randbytes(limit)).verdict == V.VERDICT_UNREADABLE
    refused(lambda: gate.verify(b"\0" * (limit + 1)), "RESOURCE_EXHAUSTED", "LIMIT_EXCEEDED")


def test_no_mutation_of_a_seal_is_valid_and_no_bearer_is_passed_unread(server, documents):
    rng = random.Random(3)
    stub = server.client("gate").verification

    def judge(seal, mrz=""):
        return stub.VerifySeal(verification_pb2.VerifySealRequest(seal=seal, holder_mrz=mrz, language="en"),
                               timeout=60).report.verdict

    for kind in ROLES:
        for visible in documents[kind][1].document.visible_seals:
            seal = visible.seal
            for _ in range(20):
                at = rng.randrange(len(seal))
                assert judge(seal[:at] + bytes([seal[at] ^ 1 << rng.randrange(8)]) + seal[at + 1:]) != V.VERDICT_VALID
                assert judge(seal[:at]) != V.VERDICT_VALID
            for mrz in ("x", "A" * 72, "<" * 88, "\U0001f600" * 44, "A" * 100000,
                        "PUUTOHADDAD<ZEITOUN<<PF<<<<<<<<<<<<<" + "S260000DA7XXX9405077F2702010<<<<<<<8"):
                assert judge(seal, mrz) != V.VERDICT_VALID
            assert judge(seal) == V.VERDICT_VALID
    for junk in (b"", b"\xdc", b"\xdc\x03" + bytes(60), b"\xdc" * 4000, b"A" * 2000000):
        assert judge(junk) in (V.VERDICT_NOT_OURS, V.VERDICT_INVALID)


def test_portraits_of_all_sorts_are_drawn_or_refused(server):
    image = pytest.importorskip("PIL.Image")
    import io

    def jpeg(mode, size, **options):
        out = io.BytesIO()
        image.new(mode, size).save(out, "JPEG", **options)
        return out.getvalue()

    grey = jpeg("L", (70, 90))
    good = [grey, jpeg("RGB", (70, 90), progressive=True), jpeg("L", (1, 1)), grey + b"trailing"]
    bad = [jpeg("CMYK", (70, 90)), grey[:-30], b"\x89PNG\r\n" + bytes(100), b"\xff\xd8\xff\xd9", bytes(70000)]
    case, gate = server.client("case"), server.client("gate")
    for portrait in good:
        request = example("safe-conduct")
        request.safe_conduct.holder.portrait_jpeg = portrait
        assert gate.verify(case.issue(request).pdf).verdict == V.VERDICT_VALID
    for portrait in bad:
        request = example("safe-conduct")
        request.safe_conduct.holder.portrait_jpeg = portrait
        found = refused(lambda: case.issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
        assert [v.field for v in found["BadRequest"].field_violations] == ["safe_conduct.holder.portrait_jpeg"]
    rng = random.Random(11)
    for _ in range(60):
        bent = bytearray(good[1])
        for _ in range(3):
            bent[rng.randrange(len(bent))] = rng.randrange(256)
        request = example("safe-conduct", validate_only=True)
        request.safe_conduct.holder.portrait_jpeg = bytes(bent)
        answer(lambda: case.issue(request))


def test_a_nul_in_a_text_is_the_fields_fault(server):
    request = example("safe-conduct")
    request.safe_conduct.holder.surname = "A\0B"
    found = refused(lambda: server.client("case").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert "surname" in {v.field for v in found["BadRequest"].field_violations}
