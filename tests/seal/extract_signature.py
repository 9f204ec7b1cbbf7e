"""Takes the CMS and the signed content out of a PDF and checks the CMS against PAdES B-B (EN 319 142-1).

Usage: extract_signature.py PDF CMS_OUT CONTENT_OUT
"""
import hashlib
import re
import sys

from asn1crypto import cms, tsp  # noqa: F401 - tsp names signing_certificate_v2

pdf = open(sys.argv[1], "rb").read()
start, length, second, rest = map(int, re.search(rb"/ByteRange\s*\[(\d+) (\d+) (\d+) (\d+)\s*\]", pdf).groups())
assert start == 0 and second + rest == len(pdf), "ByteRange does not reach the end of the file"
gap = pdf[length:second]
assert gap[:1] == b"<" and gap[-1:] == b">" and re.fullmatch(rb"[0-9a-f]+", gap[1:-1]), "the gap is not one hex string"
padded = bytes.fromhex(gap[1:-1].decode())
info = cms.ContentInfo.load(padded, strict=False)
der = info.dump()
assert set(padded[len(der):]) <= {0}, "padding is not zeroes"
content = pdf[:length] + pdf[second:]

data = info["content"]
assert info["content_type"].native == "signed_data" and data["encap_content_info"]["content"].native is None
assert len(data["signer_infos"]) == 1
signer = data["signer_infos"][0]
attributes = {a["type"].native: a["values"] for a in signer["signed_attrs"]}
assert set(attributes) == {"content_type", "message_digest", "signing_certificate_v2"}, sorted(attributes)
assert attributes["message_digest"][0].native == hashlib.sha256(content).digest()
encoded = [a.dump() for a in signer["signed_attrs"]]
assert encoded == sorted(encoded), "attributes are not in DER order"
certificates = [c.chosen for c in data["certificates"]]
named = attributes["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
mine = [c for c in certificates if c.sha256 == named]
assert len(mine) == 1 and mine[0].serial_number == signer["sid"].chosen["serial_number"].native
assert len(certificates) == 2, "the issuer's certificate is not inside"
assert signer["digest_algorithm"]["algorithm"].native == "sha256"
assert signer["signature_algorithm"]["algorithm"].native == "sha256_ecdsa"
assert signer["unsigned_attrs"].native is None

open(sys.argv[2], "wb").write(der)
open(sys.argv[3], "wb").write(content)
