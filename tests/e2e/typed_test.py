"""What is typed from under the bar code: who learns what, how often, and when."""

import re
import socket
import subprocess
import time
import uuid

import grpc
import pytest
from conftest import Server, document_pb2, example, issuance_pb2, refused, verification_pb2, verification_pb2_grpc

D = document_pb2.Document
Report = verification_pb2.VerificationReport


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """With a door for the public, where nobody shows a certificate."""
    s = Server(tmp_path_factory.mktemp("salvod"), authority)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        s.public = free.getsockname()[1]
    conf = s.dir / "salvod.conf"
    a = authority.path
    conf.write_text(conf.read_text() + f'\npublic = {{ address = "127.0.0.1"; port = {s.public}; '
                    f'certificate = "{a}/server.pem"; key = "{a}/server.key"; }};\n')
    s.start()
    yield s
    s.stop()


def printed_code(pdf, tmp_path):
    (tmp_path / "l.pdf").write_bytes(pdf)
    text = subprocess.run(["pdftotext", str(tmp_path / "l.pdf"), "-"], capture_output=True, check=True).stdout.decode()
    return re.search(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{5}\b", text)[0]


def letter(server, tmp_path, **fields):
    request = example("safe-conduct")
    request.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT
    made = server.client("case").issue(request)
    return made.document, printed_code(made.pdf, tmp_path)


def ask(server, number, code, role="gate", language="en"):
    return server.client(role).verification.VerifyNumber(
        verification_pb2.VerifyNumberRequest(number=number, code=code, language=language), timeout=30).report


def public(server):
    credentials = grpc.ssl_channel_credentials(server.authority.read("root.pem"))
    return verification_pb2_grpc.VerificationServiceStub(grpc.secure_channel(f"localhost:{server.public}", credentials))


def stranger(server, number, code, language="en"):
    return public(server).VerifyNumber(
        verification_pb2.VerifyNumberRequest(number=number, code=code, language=language), timeout=30).report


def revoke(server, document):
    server.client("case").issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
        request_id=str(uuid.uuid4()), number=document.number, version=1, reason=D.STATE_REASON_LOST), timeout=60)


def test_the_gate_learns_what_a_seal_would_tell_it(server, tmp_path):
    document, code = letter(server, tmp_path)
    report = ask(server, document.number, code)
    assert report.verdict == Report.VERDICT_VALID and report.document.number == document.number
    assert not report.document.template and not report.document.issued_by
    typed = f"{document.number[:3]} {document.number[3:8].lower()} {document.number[8]}"
    assert ask(server, typed, code.lower().replace("-", " ")).verdict == Report.VERDICT_VALID
    revoke(server, document)
    report = ask(server, document.number, code)
    assert report.verdict == Report.VERDICT_INVALID and Report.REASON_REVOKED in report.reasons
    assert not report.HasField("document")


def test_the_public_learns_one_bit(server, tmp_path):
    document, code = letter(server, tmp_path)
    good = stranger(server, document.number, code)
    assert good.verdict == Report.VERDICT_VALID and good.headline == "CONFIRMED."
    assert not good.HasField("document") and not good.reasons and not good.inclusion_proof
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    answers = [stranger(server, document.number, wrong), stranger(server, "S26ZZZZZ" + "A", wrong),
               stranger(server, "no number", ""), stranger(server, document.number, "?")]
    revoke(server, document)
    answers.append(stranger(server, document.number, code))
    for a in answers:
        a.ClearField("status_time")
        assert a == answers[0] and a.verdict == Report.VERDICT_INVALID and not a.reasons
        assert a.headline.startswith("NOT CONFIRMED")


def test_strangers_try_a_number_five_times_an_hour_and_officials_are_not_shut_out_by_them(server, tmp_path):
    document, code = letter(server, tmp_path)
    for _ in range(5):
        stranger(server, document.number, "0" * 13)
    found = refused(lambda: stranger(server, document.number, code), "RESOURCE_EXHAUSTED", "BUDGET")
    assert 3500 < found["RetryInfo"].retry_delay.seconds <= 3600
    assert ask(server, document.number, code).verdict == Report.VERDICT_VALID
    other, its_code = letter(server, tmp_path)
    assert stranger(server, other.number, its_code).verdict == Report.VERDICT_VALID


def test_every_answer_comes_at_a_step_of_the_same_grid(server, tmp_path):
    document, code = letter(server, tmp_path)
    stub = public(server)
    stub.VerifyNumber(verification_pb2.VerifyNumberRequest(number="x"), timeout=30)  # the connection is there
    for number, typed in ((document.number, code), (document.number, "0" * 13), ("S26ZZZZZA", code), ("x", "")):
        began = time.monotonic()
        stub.VerifyNumber(verification_pb2.VerifyNumberRequest(number=number, code=typed), timeout=30)
        assert time.monotonic() - began >= 0.095


def test_a_copy_that_was_replaced_and_a_number_that_is_a_draft_are_not_confirmed(server, tmp_path):
    document, code = letter(server, tmp_path)
    second = server.client("case").issuance.ReissueDocument(issuance_pb2.ReissueDocumentRequest(
        request_id=str(uuid.uuid4()), number=document.number, version=1, reason=D.STATE_REASON_DAMAGED), timeout=60)
    assert Report.REASON_COPY_REPLACED in ask(server, document.number, code).reasons
    new = printed_code(second.pdf, tmp_path)
    assert new != code and ask(server, document.number, new).verdict == Report.VERDICT_VALID


def test_the_public_door_has_this_call_and_no_other_and_the_officials_door_asks_who_calls(server):
    refused(lambda: public(server).VerifySeal(verification_pb2.VerifySealRequest(seal=b"x"), timeout=30),
            "UNAUTHENTICATED", "CLIENT_CERTIFICATE_REQUIRED")
    nobody = server.client(None)
    refused(lambda: nobody.verification.VerifyNumber(verification_pb2.VerifyNumberRequest(number="x"), timeout=30),
            "UNAUTHENTICATED", "CLIENT_CERTIFICATE_REQUIRED")
