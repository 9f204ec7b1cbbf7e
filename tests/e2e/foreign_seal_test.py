"""Visible seals of other states, as Doc 9303-13 has them: both versions, every curve that signers use, the verdicts of appendix D.

The seals are built here, by the standard; nothing of ours writes them."""

import base64
import datetime
import hashlib
import json
import subprocess

import pytest
from conftest import BUILD
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID
from device_test import signed

C40 = {" ": 3, **{str(d): 4 + d for d in range(10)}, **{chr(65 + i): 14 + i for i in range(26)}}
HASHES = {224: hashes.SHA224, 256: hashes.SHA256, 384: hashes.SHA384, 512: hashes.SHA512, 521: hashes.SHA512}
CURVES = (ec.SECP224R1, ec.SECP256R1, ec.BrainpoolP256R1, ec.SECP384R1, ec.BrainpoolP384R1, ec.BrainpoolP512R1, ec.SECP521R1)
TODAY = datetime.date.today()
MRZ = "PUUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<D231458907UTO7408122F2606277<<<<<<<8"


def c40(text):
    """ISO/IEC 16022: three values in two bytes; a rest of one as its ASCII code behind 254."""
    text, out = text.replace("<", " "), b""
    for i in range(0, len(text) - len(text) % 3, 3):
        a, b, c = (C40[ch] for ch in text[i:i + 3])
        out += (1600 * a + 40 * b + c + 1).to_bytes(2, "big")
    rest = text[len(text) - len(text) % 3:]
    if len(rest) == 2:
        out += (1600 * C40[rest[0]] + 40 * C40[rest[1]] + 1).to_bytes(2, "big")
    elif len(rest) == 1:
        out += bytes([254, ord(rest) + 1])
    return out


def day(d):
    return int(f"{d.month:02}{d.day:02}{d.year:04}").to_bytes(3, "big")


def length(n, version):
    return bytes([n]) if n < 128 or version == 3 else bytes([0x81, n])


def seal(key, version, reference="0A", mrz=MRZ, sealed=TODAY, profile=(0x5E, 3), more=b""):
    who = c40("DETS" + (f"{len(reference):02X}{reference}" if version == 4 else f"{int(reference, 16):05X}"))
    head = bytes([0xDC, version - 1]) + c40("D<<") + who + day(TODAY) + day(sealed) + bytes(profile)
    value = c40(mrz)
    part = head + bytes([2]) + length(len(value), version) + value + more
    bits = key.curve.key_size
    der = key.sign(part, ec.ECDSA(HASHES[bits]()))
    half = (bits + 7) // 8
    raw = b"".join(v.to_bytes(half, "big") for v in utils.decode_dss_signature(der))
    return part + b"\xff" + length(len(raw), version) + raw


def certificate(key, serial=10, days=365, types=None):
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "DE"), x509.NameAttribute(NameOID.COMMON_NAME, "TS")])
    now = datetime.datetime.utcnow()
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(serial)
            .not_valid_before(now - datetime.timedelta(days=400)).not_valid_after(now + datetime.timedelta(days=days)))
    if types:
        listed = b"".join(b"\x13" + bytes([len(t)]) + t.encode() for t in types)
        body = b"\x02\x01\x00\x31" + bytes([len(listed)]) + listed
        made = made.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.23.136.1.1.6.2"),
                                                             b"\x30" + bytes([len(body)]) + body), False)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


@pytest.fixture(scope="module")
def judge(authority, tmp_path_factory):
    """What a device that lists a certificate says of a seal: verdict, reasons, its one signature."""
    d = tmp_path_factory.mktemp("device")
    server = type("Of", (), {"authority": authority})

    def stamp(days):
        return (datetime.datetime.utcnow() + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def run(paper, der, until="-", since="-"):
        times = f"not-before {stamp(-1)}\n"
        line = base64.b64encode(der).decode()
        until, since = (v if v == "-" else stamp(v) for v in (until, since))
        life = f"key {hashlib.sha256(der).hexdigest()}/{stamp(-400)}/{until}/{since}\n"
        trust = f"salvo-trust/1\nsequence 1\n{times}expires {stamp(9)}\ncertificate {line}\n{life}log {authority.read('log.vkey').decode().strip()}\n"
        bits = base64.b64encode(bytes(131072 // 4)).decode()
        bundle = (f"salvo-status/1\nlist A\nsequence 1\nafter 0\n{times}fresh-until {stamp(1)}\nexpires {stamp(9)}\nbits {bits}\n"
                  "checkpoint -\n")
        (d / "trust").write_text(signed(server, "trust", trust))
        (d / "bundle").write_text(signed(server, "trust", bundle))
        (d / "paper").write_bytes(paper)
        done = subprocess.run([BUILD / "bin/salvo", "--json", "verify", "--offline", d / "paper", "--trust-key", authority.path / "trust.vkey",
                               "--trust-list", d / "trust", "--bundle", d / "bundle"], capture_output=True, text=True, timeout=60)
        report = json.loads(done.stdout)["report"]
        return (report["verdict"].removeprefix("VERDICT_"), [r.removeprefix("REASON_") for r in report.get("reasons", [])],
                report.get("signatures", [{}])[0])

    return run


@pytest.mark.parametrize("version", (3, 4))
@pytest.mark.parametrize("curve", CURVES, ids=lambda c: c.name)
def test_a_seal_of_any_curve_is_read_and_one_bit_more_or_less_is_red(judge, curve, version):
    key = ec.generate_private_key(curve())
    der = certificate(key)
    good = seal(key, version)
    verdict, reasons, signature = judge(good, der)
    assert (verdict, reasons) == ("NOT_OURS", []) and signature["intact"] and signature["trusted"]
    for at in (20, len(good) - 5):
        bent = bytearray(good)
        bent[at] ^= 1
        verdict, reasons, _ = judge(bytes(bent), der)
        assert verdict == "INVALID" and reasons[0] in ("INVALID_SIGNATURE", "WRONG_FORMAT")
    assert judge(seal(ec.generate_private_key(curve()), version), der)[:2] == ("INVALID", ["INVALID_SIGNATURE"])


@pytest.fixture(scope="module")
def key():
    return ec.generate_private_key(ec.SECP256R1())


def test_the_verdicts_of_appendix_d(judge, key):
    good = seal(key, 4)
    assert judge(good, certificate(key, serial=11))[:2] == ("INVALID", ["UNKNOWN_CERTIFICATE"])
    assert judge(good, certificate(key, days=-1))[1] == ["EXPIRED_CERTIFICATE"]
    assert judge(good, certificate(key, types=["PU", "V"]))[:2] == ("NOT_OURS", [])
    assert judge(good, certificate(key, types=["V"]))[1] == ["WRONG_DOCUMENT_TYPE"]
    assert judge(seal(key, 4, more=bytes([9, 3]) + b"abc"), certificate(key))[:2] == ("NOT_OURS", []), "an unknown feature is no fault"
    for wrong in (good[:-1], good + b"\0", good[:30], good[:2], seal(key, 4, more=bytes([9, 0x80]))):
        assert judge(wrong, certificate(key))[:2] == ("INVALID", ["WRONG_FORMAT"])
    assert judge(b"", certificate(key))[0] == judge(b"RDB1A", certificate(key))[0] == "NOT_OURS"
    assert "CLOCK_WRONG" in judge(seal(key, 4, sealed=TODAY + datetime.timedelta(days=9)), certificate(key))[1]


def test_references_of_every_length_are_found(judge, key):
    for reference in ("A", "0A", "0000A", "00000000000000000A"):
        assert judge(seal(key, 4, reference), certificate(key))[:2] == ("NOT_OURS", []), reference
    long = "7F" + "0123456789ABCDEF" * 2
    assert judge(seal(key, 4, long), certificate(key, serial=int(long, 16)))[:2] == ("NOT_OURS", [])


def test_the_life_of_a_key_counts_beside_its_certificate(judge, key):
    ago = lambda days: seal(key, 4, sealed=TODAY - datetime.timedelta(days=days))
    assert judge(ago(10), certificate(key), until=-5)[:2] == ("NOT_OURS", [])
    assert judge(ago(5), certificate(key), until=-5)[:2] == ("NOT_OURS", []), "the day on which it retired is its own"
    assert judge(ago(0), certificate(key), until=-5)[:2] == ("INVALID", ["UNTRUSTED_CERTIFICATE"])
    for days in (0, 10):  # a seal can't prove when it was made
        assert judge(ago(days), certificate(key), since=-5)[:2] == ("INVALID", ["REVOKED_CERTIFICATE"])
