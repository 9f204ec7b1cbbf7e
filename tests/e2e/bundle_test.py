"""What a device takes along: trust list and status bundle, fetched, kept in order, and judging bar codes without a network."""

import base64
import datetime
import hashlib
import subprocess
import uuid

import pytest
from conftest import (Server, document_pb2, example, issuance_pb2, operations_pb2, record_facts, refused, registry_pb2,
                      verification_pb2)
from device import Device, seal_of
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID

D = document_pb2.Document
PLACES = 131072


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    s = Server(tmp_path_factory.mktemp("salvod"), authority).start()
    record_facts(s, example("flight-manifest"))
    yield s
    s.stop()


def letter(server):
    request = example("safe-conduct")
    request.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT
    return server.client("case").issue(request).document


def revoke(server, document):
    server.client("case").issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
        request_id=str(uuid.uuid4()), number=document.number, version=1, reason=D.STATE_REASON_LOST), timeout=60)


def opened(server, note):
    """Text of a signed note; its signature judged by another library."""
    text, signatures = note.decode().rsplit("\n\n", 1)
    text += "\n"
    name, _, public = (server.authority.read("trust.vkey").decode().strip().split("+", 2))
    dash, said, signature = signatures.strip().split(" ")
    raw = base64.b64decode(signature)
    key = base64.b64decode(public)[1:]
    assert dash == "—" and said == name
    assert raw[:4] == hashlib.sha256(f"{name}\n\1".encode() + key).digest()[:4]
    Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], text.encode())
    return dict(line.split(" ", 1) for line in text.splitlines()[1:] if not line.startswith("certificate ")), text


def bundle(server, after=0, status_list="A"):
    note = server.client("gate").verification.GetStatusBundle(
        verification_pb2.GetStatusBundleRequest(status_list=status_list, after_sequence=after), timeout=30).status_bundle
    return opened(server, note)[0]


def status(fields, place):
    bits = base64.b64decode(fields["bits"])
    return bits[place // 4] >> 2 * (place % 4) & 3


def changes(fields):
    raw = base64.b64decode(fields["changes"])
    assert len(raw) % 256 == 0
    words = [int.from_bytes(raw[i:i + 4], "big") for i in range(0, len(raw), 4)]
    return {w >> 2: w & 3 for w in words if w != 0xffffffff}


def test_a_whole_list_has_every_place_and_a_size_that_tells_nothing(server):
    good, gone, copied = letter(server), letter(server), letter(server)
    revoke(server, gone)
    second = server.client("case").issuance.ReissueDocument(issuance_pb2.ReissueDocumentRequest(
        request_id=str(uuid.uuid4()), number=copied.number, version=1, reason=D.STATE_REASON_DAMAGED), timeout=60).document
    held = server.client("flight").issue(example("flight-manifest")).document
    o = example("flight-manifest").flight_manifest.occupants[0]
    server.client("protection").protection.PlaceHold(operations_pb2.PlaceHoldRequest(
        request_id=str(uuid.uuid4()), person=o.person, travel_document=o.travel_document,
        cause=operations_pb2.Hold.CAUSE_COURT_ORDER), timeout=60)
    fields = bundle(server)
    assert len(base64.b64decode(fields["bits"])) == PLACES // 4
    assert [status(fields, d.status_index) for d in (good, gone, copied, second, held)] == [0, 2, 1, 0, 3]
    assert all(d.status_index < PLACES and d.status_list == "A" for d in (good, gone, held))
    assert base64.b64decode(fields["checkpoint"]).startswith(b"log.utopia.example\n")
    empty = bundle(server, status_list="B")
    assert len(empty["bits"]) == len(fields["bits"]) and set(base64.b64decode(empty["bits"])) == {0}


def test_what_changed_since_is_told_alone_and_the_sequence_never_falls(server):
    first, second = letter(server), letter(server)
    before = bundle(server)
    revoke(server, first)
    after = bundle(server, int(before["sequence"]))
    assert int(after["sequence"]) > int(before["sequence"]) and after["after"] == before["sequence"]
    assert changes(after) == {first.status_index: 2}
    assert changes(bundle(server, int(after["sequence"]))) == {}
    assert second.status_index not in changes(after)
    refused(lambda: bundle(server, int(after["sequence"]) + 1000), "OUT_OF_RANGE", "OUT_OF_RANGE")
    refused(lambda: bundle(server, 0, "AB"), "INVALID_ARGUMENT", "FIELD_INVALID")
    refused(lambda: server.client("print").verification.GetStatusBundle(
        verification_pb2.GetStatusBundleRequest(), timeout=30), "PERMISSION_DENIED", "ROLE_MISSING")


def test_the_trust_list_has_the_certificates_that_a_verifier_believes(server):
    note = server.client("gate").verification.GetTrustList(verification_pb2.GetTrustListRequest(), timeout=30).trust_list
    fields, text = opened(server, note)
    ders = [base64.b64decode(l.split(" ")[1]) for l in text.splitlines() if l.startswith("certificate ")]
    pem = server.authority.read("trust.pem").decode()
    assert len(ders) == pem.count("BEGIN CERTIFICATE") and all(d[:1] == b"0" for d in ders)
    assert fields["log"] == server.authority.read("log.vkey").decode().strip()


def revocation_lists(name, n, size):
    """PEM of n lists of about so many bytes each, of an authority that nobody knows."""
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.datetime.now(datetime.timezone.utc)
    filler = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.55555.9"), b"\x04\x84" + size.to_bytes(4, "big") + bytes(size))
    made = (x509.CertificateRevocationListBuilder().last_update(now).next_update(now + datetime.timedelta(days=30))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} {i}")]))
            .add_extension(filler, critical=False).sign(key, hashes.SHA256()) for i in range(n))
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in made)


def test_what_a_server_begins_with_devices_can_take_along_or_it_does_not_begin(authority, tmp_path):
    server = Server(tmp_path, authority)
    trust, stamps, conf = tmp_path / "trust.pem", tmp_path / "stamps.pem", tmp_path / "salvod.conf"
    anchors = authority.read("trust.pem")
    trust.write_bytes(anchors + revocation_lists("Many", 17, 40000))
    stamps.write_bytes(anchors)
    conf.write_text(conf.read_text().replace(f'"{authority.path}/trust.pem"', f'"{trust}"') +
                    f'\ntimestamp = {{ url = "http://127.0.0.1:9/"; trust = "{stamps}"; }};\n')
    check = lambda: subprocess.run([server.build / "bin/salvod", "--config", conf, "--check-config"], capture_output=True, text=True)
    done = check()
    assert done.returncode == 0, done.stderr
    server.start()
    try:
        device = Device(server, tmp_path).fetch()
        assert (tmp_path / "trust.list").read_bytes().count(b"\ncrl ") == 17
        assert device.judge(seal_of(letter(server))) == (0, "VALID", [])
        for too_much, says in ((revocation_lists("Long", 1, 500000), "1309696 bytes"), (revocation_lists("More", 48, 10), "more than 64 blocks of X509 CRL")):
            stamps.write_bytes(anchors + too_much)
            done = check()
            assert done.returncode == 1 and f"{stamps} can't be given to devices" in done.stderr and says in done.stderr, done
            told = server.reload("keys")
            assert told["reason"] == "CONFIG" and says in told["detail"], told
        device.fetch()
    finally:
        server.stop()


def test_a_device_judges_by_its_bundle_and_by_its_age(server, tmp_path):
    good, lost = letter(server), letter(server)
    device = Device(server, tmp_path).fetch()
    assert device.judge(seal_of(good)) == (0, "VALID", [])
    assert device.judge(seal_of(good), hours=31) == (4, "CHECK", ["STATUS_STALE"])
    assert device.judge(seal_of(good), fresh_hours=1, hours=2) == (4, "CHECK", ["STATUS_STALE"])
    assert device.judge(seal_of(good), hours=24 * 8) == (4, "CHECK", ["STATUS_UNKNOWN"])
    assert device.judge(seal_of(good), hours=-2) == (4, "CHECK", ["CLOCK_WRONG"])
    revoke(server, lost)
    assert device.judge(seal_of(lost)) == (0, "VALID", []), "the bundle is from before"
    device.fetch()
    assert device.judge(seal_of(lost)) == (1, "INVALID", ["REVOKED"])
    assert device.judge(seal_of(lost), hours=31)[:2] == (1, "INVALID")
    bent = bytearray(seal_of(good))
    bent[40] ^= 1
    assert device.judge(bytes(bent))[1] == "INVALID"


def test_a_suspended_manifest_is_hold_without_a_network_too(server, tmp_path):
    manifest = server.client("flight")
    query = document_pb2.DOCUMENT_KIND_FLIGHT_MANIFEST
    held = manifest.registry.ListDocuments(registry_pb2.ListDocumentsRequest(kind=query, state=D.STATE_SUSPENDED),
                                           timeout=30).documents[0]
    assert Device(server, tmp_path).fetch().judge(seal_of(held))[:2] == (1, "HOLD")


def test_an_older_or_a_forged_bundle_never_takes_the_place_of_the_one_at_hand(server, tmp_path):
    device = Device(server, tmp_path).fetch()
    path = tmp_path / "bundle"
    kept = path.read_bytes()
    ahead = kept.replace(b"\nsequence ", b"\nsequence 9", 1)
    path.write_bytes(ahead)  # a sequence that nobody signed: the file is as good as none
    document = letter(server)
    device.fetch()
    assert device.judge(seal_of(document))[1] == "VALID"
    path.write_bytes(ahead)
    (tmp_path / "seal").write_bytes(seal_of(document))
    a = server.authority.path
    done = server.salvo("gate", "verify", "--offline", str(tmp_path / "seal"), "--trust-key", str(a / "trust.vkey"), "--trust-list",
                        str(tmp_path / "trust.list"), "--bundle", str(path))
    assert done.returncode != 0 and b"signature" in done.stderr, done
