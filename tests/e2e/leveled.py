"""Servers whose documents are above PAdES B-B, the services that they ask, and judges of their files that others wrote."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import pikepdf
from asn1crypto import cms, crl, ocsp, x509
from conftest import ROOT, Authority, Server, example

sys.path.insert(0, str(ROOT / "tests"))
from archive import judge  # noqa: E402

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
KINDS = ("SAFE_CONDUCT", "FLIGHT_MANIFEST", "DISBURSEMENT_RECEIPT")
POLICY = "1.3.6.1.4.1.55555.1.1"  # of the tokens of certs/trust-services


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class TrustServices:
    """certs/trust-services over an authority whose certificates name it."""

    def __init__(self, directory):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        os.environ["TRUST_SERVICES"] = self.url
        try:
            self.authority = Authority(directory / "authority")
        finally:
            del os.environ["TRUST_SERVICES"]
        self.start()

    def start(self, *arguments, env=None):
        self.process = subprocess.Popen([str(ROOT / "certs/trust-services"), "--authority", str(self.authority.path), "--port",
                                         str(self.port), "--while-stdin", *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=env)
        if self.process.stdout.readline() != b"ready\n":
            self.stop()
            raise RuntimeError("the trust services did not start")
        return self

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdin.close()
        self.process.stdout.close()

    def control(self, **change):
        """Sets modes; how often each service was asked so far comes back."""
        request = urllib.request.Request(self.url + "/control", json.dumps(change).encode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["asked"]

    def good(self, **change):
        return self.control(**{"tsa": "ok", "ocsp": "ok", "crl": "ok", **change})


def leveled(directory, services, levels, when_down="refuse", **keywords):
    """A server, not started, whose documents are of a level, or of one a kind. It asks anew for everything each time."""
    directory.mkdir(exist_ok=True)
    server = Server(directory, services.authority, **keywords)
    by_kind = {kind: levels for kind in KINDS} if isinstance(levels, str) else levels
    names = " ".join(f'{kind} = "{level}";' for kind, level in by_kind.items())
    with open(server.dir / "policy.conf", "a") as policy:
        policy.write(f'\nlevels = {{ {names} when_down = "{when_down}"; }};\n')
    with open(server.dir / "salvod.conf", "a") as conf:
        conf.write(f'\ntimestamp = {{ url = "{services.url}/tsa"; trust = "{services.authority.path}/tsa-trust.pem"; '
                   f'policy = "{POLICY}"; timeout_ms = 1500; }};\n'
                   "revocation = { timeout_ms = 1500; budget_ms = 3000; fresh_seconds = 0; kept_seconds = 0; };\n"
                   "services = { failures = 100; pause_ms = 50; };\n")
    return server


def log_lines(server, event):
    lines = (server.dir / "log").read_text(errors="replace").splitlines()
    return [one for one in (json.loads(line) for line in lines if line.startswith("{")) if one.get("event") == event]


def local(server, *arguments):
    """salvo over the registry's file, without the server."""
    d = server.dir
    return subprocess.run([str(server.build / "bin/salvo"), *arguments, "--registry", str(d / "registry.db"), "--key-file",
                           str(d / "registry.key"), "--master-key-file", str(d / "master.key")], capture_output=True,
                          text=True, timeout=120)


# --- what a file says, read by libraries that know nothing of ours ---

class Signature:
    def __init__(self, pdf, value):
        self.kind = str(value.Type)
        start, self.gap, self.second, tail = (int(n) for n in value.ByteRange)
        assert start == 0
        self.end = self.second + tail
        self.covered = pdf[:self.gap] + pdf[self.second:self.end]
        text = pdf[self.gap + 1:self.second - 1]
        self.info = cms.ContentInfo.load(bytes.fromhex(text.decode()))
        self.der = self.info.dump()
        (self.signer,) = self.info["content"]["signer_infos"]

    @property
    def tokens(self):
        attributes = self.signer["unsigned_attrs"]
        if not attributes:
            return []
        return [value for a in attributes for value in a["values"] if a["type"].native == "signature_time_stamp_token"]


class Reading:
    """The signatures of a file in their order, and its security store."""

    def __init__(self, pdf):
        self.pdf = pdf
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "a.pdf"
            path.write_bytes(pdf)
            with pikepdf.open(path) as file:
                fields = [f for f in file.Root.AcroForm.Fields]
                self.signatures = [Signature(pdf, f.V) for f in fields]
                store = file.Root.get("/DSS")
                self.has_store = store is not None

                def streams(key):
                    return [s.read_bytes() for s in store.get(key, [])] if self.has_store else []
                self.certs, self.ocsps, self.crls = streams("/Certs"), streams("/OCSPs"), streams("/CRLs")
                self.esic = "/Extensions" in file.Root and "/ESIC" in file.Root.Extensions

    @property
    def document_stamps(self):
        return [s for s in self.signatures if s.kind == "/DocTimeStamp"]

    @property
    def level(self):
        """As ETSI EN 319 142-1 has it: by what is there, in which order."""
        first = self.signatures[0]
        if not first.tokens and not self.document_stamps:
            return "B-B"
        if not self.has_store:
            return "B-T"
        at = self.pdf.find(b"/Type/DSS")
        return "B-LTA" if any(s.gap > at for s in self.document_stamps) else "B-LT"


def names_of(certificates):
    return {x509.Certificate.load(c).subject.native["common_name"] for c in certificates}


def statements_cover(reading):
    """Each certificate of the store but roots has a statement: the subjects that have none."""
    known = {x509.Certificate.load(c).serial_number: x509.Certificate.load(c) for c in reading.certs}
    spoken = set()
    for der in reading.ocsps:
        basic = ocsp.OCSPResponse.load(der).basic_ocsp_response
        for one in basic["tbs_response_data"]["responses"]:
            assert one["cert_status"].name == "good"
            spoken.add(one["cert_id"]["serial_number"].native)
    issuers = {crl.CertificateList.load(der).issuer.hashable for der in reading.crls}
    return {c.subject.native["common_name"] for serial, c in known.items()
            if c.self_signed == "no" and serial not in spoken and c.issuer.hashable not in issuers}


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", timeout=60)
    return done.returncode, done.stdout + done.stderr


def token_accepted(token, data, anchors):
    """openssl ts -verify over the bytes that the token is to be over."""
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "token").write_bytes(token)
        (Path(directory) / "data").write_bytes(data)
        code, said = run("openssl", "ts", "-verify", "-token_in", "-in", f"{directory}/token", "-data", f"{directory}/data", "-CAfile",
                         anchors)
    return code == 0 and "Verification: OK" in said


def judges_accept(pdf, authority):
    """pdfsig, qpdf, mutool, openssl cms and openssl ts agree that all of it is well made, and it is PDF/A and PDF/UA as before."""
    reading = Reading(pdf)
    assert judge(pdf) == []
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "a.pdf"
        path.write_bytes(pdf)
        assert "Signature Validation: Signature is Valid." in run("pdfsig", "-nocert", path)[1]
        code, said = run("qpdf", "--check", path)
        assert code == 0 and "No syntax or stream encoding errors" in said, said
        said = run("mutool", "sign", "-v", path)[1]  # of document time-stamps it says nothing
        assert "The signature is valid" in said or "The document is unchanged since signing" in said, said
        first = reading.signatures[0]
        (Path(directory) / "cms").write_bytes(first.der)
        (Path(directory) / "content").write_bytes(first.covered)
        code, said = run("openssl", "cms", "-verify", "-cades", "-purpose", "any", "-inform", "DER", "-in", f"{directory}/cms", "-content",
                         f"{directory}/content", "-binary", "-CAfile", authority.path / "root.pem", "-out", "/dev/null")
        assert code == 0 and "CAdES Verification successful" in said, said
    anchors = authority.path / "tsa-root.pem"
    for token in first.tokens:
        assert token_accepted(token.dump(), first.signer["signature"].native, anchors)
    for stamp in reading.document_stamps:
        assert token_accepted(stamp.der, stamp.covered, anchors)
    assert reading.signatures[-1].end == len(pdf) or reading.level == "B-LT"  # all of it is under the last one, but for a store
    return reading


def sha256(data):
    return hashlib.sha256(data).digest()


def letter():
    return example("safe-conduct")
