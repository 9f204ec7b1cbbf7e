"""A second judge of sealed files that shares nothing with ours: pikepdf reads the objects, asn1crypto the structures, cryptography
the signatures. It knows no registry and no clock; it says what a file is by itself: whose, of which level, and what is wrong."""

import hashlib
import re
import sys
import tempfile
from pathlib import Path

import pikepdf
from asn1crypto import cms, crl, ocsp, tsp, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from archive.syntax import Broken, Lexer, Raw  # noqa: E402

PROFILES = {"B-B": "PAdES-BASELINE-B", "B-T": "PAdES-BASELINE-T", "B-LT": "PAdES-BASELINE-LT", "B-LTA": "PAdES-BASELINE-LTA"}


class Fault(Exception):
    pass


def need(holds, what):
    if not holds:
        raise Fault(what)


def signed_by(certificate, signature, data):
    """ECDSA with SHA-256, which is all that these files have."""
    key = serialization.load_der_public_key(certificate.public_key.dump())
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        return True
    except InvalidSignature:
        return False


def opened(data):
    directory = tempfile.TemporaryDirectory()
    path = Path(directory.name) / "a.pdf"
    path.write_bytes(data)
    file = pikepdf.open(path, attempt_recovery=False, suppress_warnings=True)
    file.directory = directory  # lives as long as the file
    return file


class SignedData:
    """A CMS or a token: one signer, named by ESS, over content of a type."""

    def __init__(self, der, content_type):
        self.info = cms.ContentInfo.load(der, strict=True)
        data = self.info["content"]
        need(self.info["content_type"].native == "signed_data", "no signed data")
        need(data["encap_content_info"]["content_type"].native == content_type, "content type")
        need(len(data["signer_infos"]) == 1, "not one signer")
        self.signer = data["signer_infos"][0]
        self.certificates = [c.chosen for c in data["certificates"]]
        sid = self.signer["sid"].chosen
        found = [c for c in self.certificates if c.serial_number == sid["serial_number"].native and c.issuer == sid["issuer"]]
        need(len(found) == 1, "the signer's certificate is not inside")
        self.certificate = found[0]
        need(self.signer["digest_algorithm"]["algorithm"].native == "sha256", "digest")
        self.attributes = {}
        for a in self.signer["signed_attrs"]:
            need(a["type"].native not in self.attributes and len(a["values"]) == 1, "an attribute that stands twice")
            self.attributes[a["type"].native] = a["values"][0]
        encoded = [a.dump() for a in self.signer["signed_attrs"]]
        need(encoded == sorted(encoded), "attributes that are not in the order of DER")

    def judge(self, content):
        a = self.attributes
        need(a["content_type"].native == self.info["content"]["encap_content_info"]["content_type"].native, "content-type")
        need(a["message_digest"].native == hashlib.sha256(content).digest(), "message-digest")
        ess = a["signing_certificate_v2"]["certs"][0]
        need(ess["hash_algorithm"]["algorithm"].native == "sha256" and
             ess["cert_hash"].native == hashlib.sha256(self.certificate.dump()).digest(), "signing-certificate-v2")
        need(signed_by(self.certificate, self.signer["signature"].native, self.signer["signed_attrs"].untag().dump()), "signature")


class Token(SignedData):
    def __init__(self, der, content):
        super().__init__(der, "tst_info")
        encapsulated = self.info["content"]["encap_content_info"]["content"]
        info = encapsulated.parsed if hasattr(encapsulated, "parsed") else tsp.TSTInfo.load(encapsulated.native)
        self.judge(bytes(encapsulated))
        imprint = info["message_imprint"]
        need(imprint["hash_algorithm"]["algorithm"].native == "sha256", "imprint's digest")
        need(imprint["hashed_message"].native == hashlib.sha256(content).digest(), "the imprint is of something else")
        usage = self.certificate.extended_key_usage_value
        need(usage is not None and usage.native == ["time_stamping"] and "extended_key_usage" in self.certificate.critical_extensions,
             "the authority's purpose")


class Place:
    """/ByteRange and /Contents of a signature dictionary, by the file's own bytes."""

    def __init__(self, data, value):
        numbers = [int(n) for n in value.ByteRange]
        need(len(numbers) == 4 and numbers[0] == 0 and min(numbers) >= 0, "ByteRange")
        _, self.gap, second, tail = numbers
        self.end = second + tail
        need(self.gap + 2 <= second and self.end <= len(data), "ByteRange")
        text = data[self.gap:second]
        need(re.fullmatch(rb"<(?:[0-9a-f]{2})+>", text), "the gap is not one hexadecimal string")
        raw = bytes.fromhex(text[1:-1].decode())
        need(raw == bytes(value.Contents), "Contents is not in the gap")
        self.der = cms.ContentInfo.load(raw).dump()
        need(raw.startswith(self.der) and not raw[len(self.der):].strip(b"\0"), "padding")
        self.content = data[:self.gap] + data[second:self.end]
        need(re.search(rb"%%EOF\r?\n?$", data[:self.end][-8:]), "it ends inside a revision")


def plain(value, keep=()):
    """A direct value as text, without the entries that may change."""
    if isinstance(value, pikepdf.Dictionary):
        return {k: (value.get(k).unparse() if hasattr(value.get(k), "unparse") else str(value.get(k)))
                for k in value.keys() if k not in keep}
    return value.unparse() if hasattr(value, "unparse") else str(value)


def whole(obj):
    """Everything of an object: a stream's dictionary and data."""
    if isinstance(obj, pikepdf.Stream):
        return obj.unparse(resolved=True), plain(obj.stream_dict), obj.read_raw_bytes()
    return obj.unparse(resolved=True)


def numbered(file):
    return {o.objgen: o for o in file.objects if o is not None and o.objgen != (0, 0)}


def judge_later(old, new):
    """Between two revisions: only a DSS, and fields of document time-stamps."""
    before, after = opened(old), opened(new)
    root = before.Root.objgen
    store = after.Root.get("/DSS")
    allowed = {root}
    if store is not None:
        allowed.add(store.objgen)
    a, b = numbered(before), numbered(after)
    for key in a:
        need(key in b, "an object is gone")
        need(key in allowed or whole(a[key]) == whole(b[key]), f"object {key} was changed")
    free = ("/DSS", "/Extensions", "/AcroForm")
    need(plain(before.Root, free) == plain(after.Root, free), "the catalog was changed")
    need(plain(before.Root.AcroForm, ("/Fields",)) == plain(after.Root.AcroForm, ("/Fields",)), "the form was changed")
    extensions = [k for k in after.Root.get("/Extensions", {}).keys()]
    need(set(extensions) <= {"/ESIC"} | set(before.Root.get("/Extensions", {}).keys()), "an extension")
    olds, news = list(before.Root.AcroForm.Fields), list(after.Root.AcroForm.Fields)
    need([f.objgen for f in news[:len(olds)]] == [f.objgen for f in olds], "the fields were changed")
    expected = {store.objgen} if store is not None else set()
    for field in news[len(olds):]:
        need(set(field.keys()) <= {"/FT", "/T", "/V", "/Type", "/Subtype", "/Rect", "/F", "/P"} and field.V.Type == "/DocTimeStamp",
             "a field that is no document time-stamp")
        need("/Rect" not in field or [float(n) for n in field.Rect] == [0, 0, 0, 0], "a field that is seen")
        expected |= {field.objgen, field.V.objgen}
    for key in ("/Certs", "/OCSPs", "/CRLs"):
        for item in (store.get(key, []) if store is not None else []):
            need(isinstance(item, pikepdf.Stream), "a store of other things")
            expected.add(item.objgen)
    fresh = [key for key in set(b) - set(a) if isinstance(b[key], pikepdf.Stream) and b[key].get("/Type") == "/XRef"]
    need(len(fresh) <= 1, "two cross references")
    expected |= set(fresh)
    need(set(b) - set(a) <= expected, "objects that are neither a store's nor a time-stamp's")


def told(store, certificates):
    """Whether every certificate of these that did not issue itself has a statement of its issuer in the store."""
    by_name = {c.subject.hashable: c for c in certificates}
    for c in certificates:
        if c.self_signed != "no":
            continue
        issuer = by_name.get(c.issuer.hashable)
        need(issuer is not None and signed_by(issuer, c.signature, c["tbs_certificate"].dump()), "a certificate without its issuer")
        if not any(ocsp_tells(der, c, issuer) for der in store["/OCSPs"]) and not any(crl_tells(der, c, issuer) for der in store["/CRLs"]):
            return False
    return True


def ocsp_tells(der, certificate, issuer):
    basic = ocsp.OCSPResponse.load(der).basic_ocsp_response
    responder = basic["certs"][0] if len(basic["certs"]) else issuer
    if not signed_by(responder, basic["signature"].native, basic["tbs_response_data"].dump()):
        return False
    if responder.dump() != issuer.dump() and not signed_by(issuer, responder.signature, responder["tbs_certificate"].dump()):
        return False
    return any(one["cert_id"]["serial_number"].native == certificate.serial_number and one["cert_status"].name == "good"
               for one in basic["tbs_response_data"]["responses"])


def crl_tells(der, certificate, issuer):
    lists = crl.CertificateList.load(der)
    revoked = lists["tbs_cert_list"]["revoked_certificates"]
    return (lists.issuer.hashable == issuer.subject.hashable and
            signed_by(issuer, lists.signature, lists["tbs_cert_list"].dump()) and
            not any(r["user_certificate"].native == certificate.serial_number for r in revoked or []))


def streams_hold(data):
    """Object streams hold what the first cross reference says, each object once; what follows is of one kind, and open."""
    raw = Raw(data)
    need(len({s.lines is None for s in raw.sections}) == 1, "tables and streams in one file")
    first, later = raw.sections[-1].entries, raw.sections[:-1]
    need(all(s.lines is not None or b"Filter" not in s.trailer for s in later), "a packed cross reference behind the signature")
    for one in raw.indirects:
        if not isinstance(one.value, dict) or one.value.get(b"Type") != b"ObjStm":
            continue
        need(b"Extends" not in one.value and first.get(one.number) == (0, one.at), "another object stream")
        objects, begin, count = raw.unpacked(one), one.value[b"First"], one.value[b"N"]
        head = Lexer(objects, 0, begin)
        pairs = [(head.token(), head.token()) for _ in range(count)]
        for i, (number, offset) in enumerate(pairs):
            need(first.get(number) == (0, ("in", one.number, i)), f"object {number} in a stream and elsewhere")
            value = Lexer(objects, begin + offset)
            value.value()
            end = begin + pairs[i + 1][1] if i + 1 < count else len(objects)
            need(value.at <= end and not objects[value.at:end].strip(), "bytes of an object stream that belong to no object")
        inside = {n for n, e in first.items() if isinstance(e and e[1], tuple) and e[1][1] == one.number}
        need({n for n, _ in pairs} == inside, "objects that are not in their stream")


def revisions_of(data, first_end):
    """Where revisions end, from the signed one on."""
    return [m.end() for m in re.finditer(rb"startxref\r?\n\d+\r?\n%%EOF\r?\n", data) if m.end() >= first_end]


def store_of(file):
    store = file.Root.get("/DSS")
    return None if store is None else {key: [s.read_bytes() for s in store.get(key, [])] for key in ("/Certs", "/OCSPs", "/CRLs")}


def level_of(data):
    streams_hold(data)
    file = opened(data)
    values = [f.V for f in file.Root.AcroForm.Fields]
    need(values and values[0].Type == "/Sig" and values[0].SubFilter == "/ETSI.CAdES.detached", "no PAdES signature")
    need("/Cert" not in values[0] and "/M" in values[0], "Cert or M")
    place = Place(data, values[0])
    signature = SignedData(place.der, "data")
    signature.judge(place.content)
    need(set(signature.attributes) == {"content_type", "message_digest", "signing_certificate_v2"}, "signed attributes")
    unsigned = [a for a in signature.signer["unsigned_attrs"] or []]
    need(all(a["type"].native == "signature_time_stamp_token" for a in unsigned) and len(unsigned) <= 1, "unsigned attributes")
    tokens = [(Token(v.dump(), signature.signer["signature"].native), place.end) for a in unsigned for v in a["values"]]
    for value in values[1:]:
        need(value.Type == "/DocTimeStamp" and value.SubFilter == "/ETSI.RFC3161", "another signature")
        stamp = Place(data, value)
        tokens.append((Token(stamp.der, stamp.content), stamp.end))
    ends = revisions_of(data, place.end)
    need(ends and ends[0] == place.end and ends[-1] == len(data), "bytes that belong to no revision")
    stored_at = None
    for old, new in zip(ends, ends[1:]):
        judge_later(data[:old], data[:new])
        if stored_at is None and opened(data[:new]).Root.get("/DSS") is not None:
            stored_at = new
    store = store_of(file)
    if not tokens:
        return "B-B"
    if store is None:
        return "B-T"
    certificates = [x509.Certificate.load(der) for der in store["/Certs"]]
    last = max(end for _, end in tokens)
    counted = [t for t, end in tokens if end < last or last <= stored_at]
    names = {c.dump() for c in certificates}
    need({t.certificate.dump() for t in counted} | {signature.certificate.dump()} <= names, "a signer is not in the store")
    if not told(store, [c for c in certificates]):
        return "B-T"
    return "B-LTA" if last > stored_at else "B-LT"


def check(data):
    """(level, None) of a file that holds, (None, what is wrong) of another."""
    try:
        return level_of(data), None
    except Fault as fault:
        return None, str(fault)
    except (Broken, pikepdf.PdfError, ValueError, KeyError, TypeError, AttributeError, IndexError) as broken:
        return None, f"{type(broken).__name__}: {broken}"
