"""A time-stamp authority, an OCSP responder or a list that is down, lies, or names a revoked certificate: what a caller is told, what
the log says, and that nothing is lost."""

import re
import subprocess

import grpc
import pytest
from conftest import details, document_pb2, refused, registry_pb2, verification_pb2
from leveled import Reading, TrustServices, judges_accept, letter, leveled, local, log_lines

D, V = document_pb2.Document, verification_pb2.VerificationReport

# what the authority does, and what the log says of it
TSA = {
    "down": "service_failed", "hang": "service_failed", "500": "status 500", "redirect": "status 302", "huge": "over",
    "garbage": "no time-stamp answer", "refused": "not granted", "nonce": "nonce", "no_nonce": "nonce", "imprint": "",
    "signature": "", "policy": "policy", "expired": "not valid at that time", "eku": "not for time-stamps alone",
    "no_certificate": "",
}
# what a responder does that a list makes good
OCSP = ("down", "hang", "500", "garbage", "huge", "redirect", "later", "nonce", "stale", "unknown", "stranger")
CRL = ("down", "hang", "500", "garbage", "huge", "stale", "stranger")


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    s = TrustServices(tmp_path_factory.mktemp("services"))
    yield s
    s.stop()


@pytest.fixture(scope="module")
def server(tmp_path_factory, services):
    s = leveled(tmp_path_factory.mktemp("refuse") / "s", services, "B-LT").start()
    yield s
    s.stop()
    audited = local(s, "audit", "--journal", str(s.dir / "signer.journal"))  # what was signed and refused is no orphan
    assert audited.returncode == 0 and " 0 faults" in audited.stdout, audited.stdout


def test_the_services_end_with_whoever_started_them(tmp_path):
    own = TrustServices(tmp_path)
    own.process.stdin.close()  # as when the tests are killed
    assert own.process.wait(20) == 0
    own.process.stdout.close()


@pytest.fixture(autouse=True)
def calm(services):
    services.good()
    yield
    services.good()


def logged(server, text):
    """The end of the log says it, in the line of the call or of the service that failed."""
    lines = (server.dir / "log").read_text(errors="replace").splitlines()[-12:]
    return any(text in line for line in lines if '"TIMESTAMP"' in line or '"REVOCATION"' in line or '"SIGNER"' in line
               or "service_failed" in line)


def goes_on(server, services, request):
    """What was refused becomes one document when all is well."""
    services.good()
    made = server.client("case").issue(request)
    assert made.document.state == D.STATE_ISSUED and made.document.level == "B-LT"
    assert server.client("case").issue(request).pdf == made.pdf
    return made


@pytest.mark.parametrize("mode", TSA)
def test_without_a_good_time_stamp_nothing_is_issued_and_nothing_is_lost(server, services, mode):
    request = letter()
    services.good(tsa=mode)
    with pytest.raises(grpc.RpcError) as caught:
        server.client("case").issue(request)
    assert caught.value.code().name == "UNAVAILABLE" and "time-stamp authority (TSA)" in caught.value.details()
    assert details(caught.value)["ErrorInfo"].reason == "TIMESTAMP"
    assert logged(server, TSA[mode]), mode
    goes_on(server, services, request)


@pytest.mark.parametrize("mode", OCSP)
def test_a_list_answers_where_the_responder_does_not(server, services, mode):
    services.good(ocsp=mode)
    made = server.client("case").issue(letter())
    reading = judges_accept(made.pdf, services.authority)
    assert reading.level == "B-LT" and not reading.ocsps and len(reading.crls) >= 4


@pytest.mark.parametrize("ocsp, crl", [(o, "down") for o in ("down", "500", "garbage", "nonce", "stale", "stranger")] +
                         [("ok", c) for c in CRL])
def test_without_the_status_of_every_certificate_nothing_is_issued(server, services, ocsp, crl):
    request = letter()
    services.good(ocsp=ocsp, crl=crl)
    refused(lambda: server.client("case").issue(request), "UNAVAILABLE", "REVOCATION")
    assert logged(server, "the status of ")
    goes_on(server, services, request)


@pytest.mark.parametrize("tsa", ("down", "garbage", "ok"))
@pytest.mark.parametrize("ocsp", ("down", "garbage"))
def test_both_at_once_are_told_in_the_order_of_need(server, services, tsa, ocsp):
    request = letter()
    services.good(tsa=tsa, ocsp=ocsp, crl="down")
    refused(lambda: server.client("case").issue(request), "UNAVAILABLE", "REVOCATION" if tsa == "ok" else "TIMESTAMP")
    goes_on(server, services, request)


@pytest.mark.parametrize("modes, reason", [({"ocsp": "revoked"}, "SIGNER"), ({"ocsp": "tsa_revoked"}, "TIMESTAMP"),
                                           ({"crl": "revoked"}, "SIGNER")])
def test_a_revoked_certificate_seals_nothing(server, services, modes, reason):
    request = letter()
    services.good(**modes)
    refused(lambda: server.client("case").issue(request), "UNAVAILABLE", reason)
    assert logged(server, "is revoked")
    goes_on(server, services, request)


def test_a_judge_asks_about_certificates_that_the_file_says_nothing_of(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-T").start()
    try:
        made = server.client("case").issue(letter())
        gate = server.client("gate")
        assert gate.verify(made.pdf).verdict == V.VERDICT_VALID
        services.good(ocsp="revoked")
        report = gate.verify(made.pdf)
        assert report.verdict == V.VERDICT_INVALID and V.REASON_REVOKED_CERTIFICATE in report.reasons, report
        services.good(ocsp="down", crl="down")  # silence is no statement
        assert gate.verify(made.pdf).verdict == V.VERDICT_VALID
    finally:
        server.stop()


def test_a_revoked_signer_is_not_excused_by_a_policy_of_later(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-LT", "later").start()
    try:
        services.good(ocsp="revoked")
        refused(lambda: server.client("case").issue(letter()), "UNAVAILABLE", "SIGNER")
    finally:
        server.stop()


def test_an_authority_that_hangs_costs_its_timeout_and_then_nothing(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-T")
    conf = server.dir / "salvod.conf"
    conf.write_text(conf.read_text().replace("failures = 100; pause_ms = 50", "failures = 2; pause_ms = 60000"))
    server.start()
    try:
        services.good(tsa="hang")
        for _ in range(2):
            refused(lambda: server.client("case").issue(letter()), "UNAVAILABLE", "TIMESTAMP")
        asked = services.control()["tsa"]
        found = refused(lambda: server.client("case").issue(letter()), "UNAVAILABLE", "TIMESTAMP")
        assert services.control()["tsa"] == asked
        assert found["RetryInfo"].retry_delay.seconds > 10
        assert any("not asked for another" in line["detail"] for line in log_lines(server, "service_failed"))
        assert server.client("case").registry.ListDocuments(registry_pb2.ListDocumentsRequest()).documents  # others go on
    finally:
        server.stop()


@pytest.mark.parametrize("tsa, ocsp, level", [("down", "ok", "B-B"), ("ok", "down", "B-T"), ("expired", "down", "B-B"),
                                              ("imprint", "stale", "B-B")])
def test_what_can_be_had_is_issued_where_policy_says_later(tmp_path, services, tsa, ocsp, level):
    server = leveled(tmp_path / "s", services, "B-LTA", "later").start()
    try:
        services.good(tsa=tsa, ocsp=ocsp, crl="down")
        made = server.client("case").issue(letter())
        assert made.document.level == Reading(made.pdf).level == level
        services.good()
        done = server.salvo("admin", "augment", "--due")
        assert done.returncode == 0 and b"B-LTA" in done.stdout, done
        assert judges_accept(server.client("case").download(made.document.number), services.authority).level == "B-LTA"
    finally:
        server.stop()


def test_tokens_may_grow(tmp_path, services):
    """What is reserved in the signature follows the authority's tokens: never too little, never a document lost."""
    server = leveled(tmp_path / "s", services, "B-LTA").start()
    try:
        small = server.client("case").issue(letter())
        services.good(tsa="large")
        large = server.client("case").issue(letter())
        for made in (small, large):
            assert judges_accept(made.pdf, services.authority).level == "B-LTA"
        size = [len(Reading(made.pdf).signatures[0].tokens[0].dump()) for made in (small, large)]
        assert size[1] > size[0] + 200
    finally:
        server.stop()
    audited = local(server, "audit", "--journal", str(server.dir / "signer.journal"))
    assert audited.returncode == 0 and " 0 faults" in audited.stdout, audited.stdout


def test_who_is_taken_off_a_flight_is_off_it_whatever_is_down(server, services):
    from boarding_test import flight, mark, send
    occupants, issued = flight(server)
    services.good(tsa="down")
    answer = send(server, mark(issued.document.number, occupants[0], "OFFLOADED"))
    manifest = answer.manifest
    assert (manifest.version, manifest.state, manifest.level) == (2, D.STATE_ISSUED, "B-B")
    services.good()
    assert server.salvo("admin", "augment", "--due").returncode == 0
    now = server.client("flight").download(issued.document.number)
    assert judges_accept(now, services.authority).level == "B-LT"


@pytest.mark.parametrize("mode", ("hang", "ok"))
def test_a_server_that_dies_while_it_waits_for_a_time_stamp_loses_nothing(tmp_path, services, mode):
    """Killed at any moment of an issue at B-LTA: the same request becomes one document, and no number is unaccounted for."""
    server = leveled(tmp_path / "s", services, "B-LTA").start()
    request, first = letter(), letter()
    server.client("case").issue(first)
    services.good(tsa=mode)
    call = server.client("case").issuance.IssueDocument.future(request, timeout=30)
    before = services.control()["tsa"]
    for _ in range(300):
        if services.control()["tsa"] > before or call.done():
            break
    server.kill()
    services.good()
    server.start()
    try:
        made = server.client("case").issue(request)
        assert made.document.level == "B-LTA" and server.client("case").issue(request).pdf == made.pdf
        judges_accept(made.pdf, services.authority)
        listed = server.client("case").registry.ListDocuments(registry_pb2.ListDocumentsRequest()).documents
        assert len(listed) == 2 and {d.state for d in listed} == {D.STATE_ISSUED}
    finally:
        server.stop()
    audited = local(server, "audit", "--journal", str(server.dir / "signer.journal"))
    assert audited.returncode == 0 and " 0 faults" in audited.stdout, audited.stdout


@pytest.mark.parametrize("old, new, says", [
    ('url = "http', 'url = "ftp', "url"), ("timeout_ms = 1500; };\nrev", "timeout_ms = 90000; };\nrev", "timeout_ms"),
    ("tsa-trust.pem", "nothing.pem", "nothing.pem"), ('policy = "1.3', 'policy = "a.3', "policy"),
    ("kept_seconds", "keep_seconds", "keep_seconds")])
def test_a_wrong_setting_is_found_before_the_start(tmp_path, services, old, new, says):
    server = leveled(tmp_path / "s", services, "B-LT")
    conf = server.dir / "salvod.conf"
    assert subprocess.run([server.build / "bin/salvod", "--config", conf, "--check-config"], capture_output=True).returncode == 0
    assert old in conf.read_text()
    conf.write_text(conf.read_text().replace(old, new))
    done = subprocess.run([server.build / "bin/salvod", "--config", conf, "--check-config"], capture_output=True, text=True)
    assert done.returncode == 1 and says in done.stderr, done


def test_a_level_without_an_authority_is_found_before_the_start(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-T")
    conf = server.dir / "salvod.conf"
    conf.write_text(re.sub(r"\ntimestamp = .*\n", "\n", conf.read_text()))
    conf.write_text(re.sub(r"\n(revocation|services) = .*", "", conf.read_text()))
    done = subprocess.run([server.build / "bin/salvod", "--config", conf, "--check-config"], capture_output=True, text=True)
    assert done.returncode == 1 and "timestamp" in done.stderr, done
    policy = server.dir / "policy.conf"
    policy.write_text(policy.read_text().replace('"B-T"', '"B-Z"'))
    done = subprocess.run([server.build / "bin/salvod", "--config", conf, "--check-config"], capture_output=True, text=True)
    assert done.returncode == 1 and "B-LTA" in done.stderr, done


def test_what_a_server_believes_of_authorities_is_read_anew_with_the_keys(tmp_path, services):
    """SIGHUP while documents are made at a level: nothing fails; a trust that is none changes nothing."""
    server = leveled(tmp_path / "s", services, "B-LT")
    trust = server.dir / "tsa.pem"
    good = (services.authority.path / "tsa-trust.pem").read_bytes()
    trust.write_bytes(good)
    conf = server.dir / "salvod.conf"
    conf.write_text(conf.read_text().replace(f"{services.authority.path}/tsa-trust.pem", "tsa.pem"))
    server.start()
    try:
        assert server.client("case").issue(letter()).document.level == "B-LT"
        trust.write_bytes(b"nothing")
        assert server.reload("keys")["reason"] != "OK"
        assert server.client("case").issue(letter()).document.level == "B-LT"
        trust.write_bytes((services.authority.path / "root.pem").read_bytes())  # of somebody else
        assert server.reload("keys")["reason"] == "OK"
        refused(lambda: server.client("case").issue(letter()), "UNAVAILABLE", "TIMESTAMP")
        trust.write_bytes(good)
        assert server.reload("keys")["reason"] == "OK"
        assert server.client("case").issue(letter()).document.level == "B-LT"
    finally:
        server.stop()
