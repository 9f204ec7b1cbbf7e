"""A salvod of one's own for each test module: throw-away authority, temporary registry, any port. Strangers call it."""

import datetime
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import zoneinfo

import grpc
import pytest
from google.protobuf import json_format

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SV_BUILD", ROOT / "build" / "asan"))
LONG = bool(os.environ.get("SV_LONG"))


def _stubs(out):
    protos = [str(p) for p in sorted((ROOT / "rpc/proto/salvo/v1").glob("*.proto"))]
    protos += [str(ROOT / "rpc/proto/google/rpc" / n) for n in ("status.proto", "error_details.proto")]
    protos += [str(ROOT / "rpc/proto/grpc/health/v1/health.proto")]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{ROOT}/rpc/proto", "-I/usr/include",
                    f"--python_out={out}", f"--grpc_python_out={out}", *protos], check=True)
    # only salvo and google.rpc come from here; `grpc` must stay the library
    shutil.rmtree(os.path.join(out, "grpc"), ignore_errors=True)


# loaded whole and gone at once: nothing stays behind when the tests are killed
with tempfile.TemporaryDirectory(prefix="sv-stubs-") as stubs:
    _stubs(stubs)
    sys.path.insert(0, stubs)
    import google

    google.__path__.append(os.path.join(stubs, "google"))
    from google.rpc import error_details_pb2, status_pb2
    from salvo.v1 import (document_pb2, issuance_pb2, issuance_pb2_grpc, operations_pb2, operations_pb2_grpc, registry_pb2,
                          registry_pb2_grpc, verification_pb2, verification_pb2_grpc)
    sys.path.remove(stubs)


class Authority:
    def __init__(self, path):
        self.path = path
        subprocess.run([str(ROOT / "certs/make-authority"), str(path)], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def read(self, name):
        return (self.path / name).read_bytes()


class Server:
    """A running salvod over a registry in `dir`."""

    def __init__(self, directory, authority, build=BUILD, **changes):
        self.dir = pathlib.Path(directory)
        self.authority = authority
        self.build = pathlib.Path(build)
        self.process = None
        self.port = 0
        for name in ("registry.key", "master.key"):
            if not (self.dir / name).exists():
                (self.dir / name).write_text(os.urandom(32).hex())
        conf = (ROOT / "examples/salvod.conf").read_text()
        conf = conf.replace("authority/", f"{authority.path}/").replace("../templates", f"{ROOT}/templates")
        conf = conf.replace("port = 8443;", 'port = 0;\n  port_file = "port";')
        for old, new in changes.items():
            conf = re.sub(rf"{old} = [^;]+;", f"{old} = {new};", conf)
        (self.dir / "salvod.conf").write_text(conf)
        signer = (ROOT / "examples/signer.conf").read_text().replace("authority/", f"{authority.path}/")
        (self.dir / "signer.conf").write_text(signer)
        policy = (ROOT / "examples/policy.conf").read_text()
        # many tests share a caller; budget_test.py has the bound
        (self.dir / "policy.conf").write_text(re.sub(r"refusals_per_hour = \d+", "refusals_per_hour = 1000000", policy))

    def start(self):
        (self.dir / "port").unlink(missing_ok=True)
        self.log = open(self.dir / "log", "ab")
        self.process = subprocess.Popen([str(self.build / "bin/salvod"), "--config", str(self.dir / "salvod.conf")],
                                        stdout=self.log, stderr=self.log)
        for _ in range(600):
            if (self.dir / "port").exists():
                self.port = int((self.dir / "port").read_text())
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.kill()  # nobody stops what did not start
        raise RuntimeError("salvod did not start:\n" + (self.dir / "log").read_text(errors="replace")[-3000:])

    def stop(self):
        """SIGTERM; a clean exit is part of what is tested."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(60) == 0, (self.dir / "log").read_text(errors="replace")[-3000:]

    def audit(self, *more):
        """salvo audit of its registry and its signer's journal."""
        d = self.dir
        return subprocess.run([str(self.build / "bin/salvo"), "audit", "--registry", str(d / "registry.db"), "--key-file",
                               str(d / "registry.key"), "--master-key-file", str(d / "master.key"), "--journal",
                               str(d / "signer.journal"), *more], capture_output=True, text=True, timeout=600)

    def events(self, name):
        """Lines of its log about an event."""
        lines = [json.loads(line) for line in (self.dir / "log").read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == name]

    def reload(self, what):
        """SIGHUP, and how the reload of that ended: "keys", "templates" or "tls"."""
        told = lambda: [line for line in self.events("reload") if line["what"] == what]
        before = len(told())
        self.process.send_signal(signal.SIGHUP)
        for _ in range(1200):
            if len(told()) > before:
                return told()[-1]
            time.sleep(0.05)
        raise AssertionError("nothing was reloaded")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def channel(self, role="case"):
        options = [("grpc.max_receive_message_length", 16 << 20)]
        if role is None:
            credentials = grpc.ssl_channel_credentials(self.authority.read("root.pem"))
        else:
            credentials = grpc.ssl_channel_credentials(self.authority.read("root.pem"),
                                                       self.authority.read(f"clients/{role}.key"),
                                                       self.authority.read(f"clients/{role}.pem"))
        return grpc.secure_channel(f"localhost:{self.port}", credentials, options)

    def client(self, role="case"):
        return Client(self.channel(role), self)

    def salvo(self, role, *arguments, **keywords):
        a = self.authority.path
        command = [str(self.build / "bin/salvo"), "--server", f"localhost:{self.port}", "--ca", str(a / "root.pem"),
                   "--cert", str(a / f"clients/{role}.pem"), "--key", str(a / f"clients/{role}.key"), *arguments]
        return subprocess.run(command, capture_output=True, timeout=120, **keywords)


APPROVERS = ("approver", "approver2")


class Client:
    def __init__(self, channel, server=None):
        self.channel = channel
        self.server = server  # whose other officers approve what this one issues
        self.issuance = issuance_pb2_grpc.IssuanceServiceStub(channel)
        self.registry = registry_pb2_grpc.RegistryServiceStub(channel)
        self.verification = verification_pb2_grpc.VerificationServiceStub(channel)
        self.funding = operations_pb2_grpc.FundingServiceStub(channel)
        self.protection = operations_pb2_grpc.ProtectionServiceStub(channel)
        self.boarding = operations_pb2_grpc.BoardingServiceStub(channel)
        self.keys = operations_pb2_grpc.KeyServiceStub(channel)

    def issue(self, request):
        """Issues, with the officers whom the policy wants besides the caller."""
        response = self.issuance.IssueDocument(request, timeout=60)
        for other in self.others():
            if response.document.state != document_pb2.Document.STATE_PENDING_APPROVAL:
                break
            response = other.approve(response.document)
        return response

    def others(self):
        return [self.server.client(role) for role in APPROVERS] if self.server else []

    def approve(self, draft, **changes):
        request = issuance_pb2.ApproveDocumentRequest(
            request_id=str(uuid.uuid4()), number=draft.number, version=draft.version,
            content_sha256=draft.content_sha256)
        for key, value in changes.items():
            setattr(request, key, value)
        return self.issuance.ApproveDocument(request, timeout=60)

    def download(self, number, **fields):
        request = registry_pb2.DownloadDocumentRequest(number=number, **fields)
        return b"".join(m.chunk for m in self.registry.DownloadDocument(request, timeout=60))

    def verify(self, pdf, language="en"):
        def chunks():
            for at in range(0, max(len(pdf), 1), 60000):
                yield verification_pb2.VerifyDocumentRequest(chunk=pdf[at:at + 60000],
                                                             language=language if at == 0 else "")
        return self.verification.VerifyDocument(chunks(), timeout=60).report


def example(name, fresh=True, **changes):
    """A request of examples/ with a request_id of its own. A letter is of a person of its own too, for nobody has two
    letters of a kind; fresh=False leaves the person of the file."""
    text = json.loads((ROOT / f"examples/{name}.json").read_text())
    kind = operations_pb2.CreateObligationRequest if name == "obligation" else issuance_pb2.IssueDocumentRequest
    request = json_format.ParseDict(text, kind())
    request.request_id = str(uuid.uuid4())
    if fresh and name == "safe-conduct":
        renew(request.safe_conduct.holder, request.safe_conduct.identity_document)
    for key, value in changes.items():
        setattr(request, key, value)
    return request


def today():
    """The day where the authority is: what documents mean by theirs, at any hour of the night."""
    return datetime.datetime.now(zoneinfo.ZoneInfo("America/Panama")).date()


def letter(**changes):
    """A letter of somebody whose name nobody else has either: for tests that issue many, where birth dates meet."""
    request = example("safe-conduct", **changes)
    name = uuid.uuid4().int
    letters = "".join(chr(65 + name // 26**k % 26) for k in range(20))
    request.safe_conduct.holder.surname, request.safe_conduct.holder.given_names = letters[:10], letters[10:]
    return request


BIRTHS = itertools.count()


def renew(person, document):
    """Somebody else: another birth date, which nobody here had before (two of one name and date are held), and another passport."""
    n, birth = uuid.uuid4().int, next(BIRTHS)
    person.birth_date = f"{1950 + birth % 50}-{1 + birth // 50 % 12:02}-{1 + birth // 600 % 28:02}"
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    document.number = "QX" + "".join(digits[n // 16800 // 36**k % 36] for k in range(7))


def passport_mrz(number, birth):
    """The zone of a passport of UTO (TD3), its number of nine characters and birth date YYMMDD: what a bearer shows."""
    def digit(s):
        return str(sum((int(c) if c.isdigit() else 0 if c == "<" else ord(c) - 55) * (7, 3, 1)[i % 3]
                       for i, c in enumerate(s)) % 10)
    l1 = "P<UTOHADDAD<ZEITOUN<<NOUR<HADIJA".ljust(44, "<")
    l2 = number + digit(number) + "UTO" + birth + digit(birth) + "F" + "310228" + digit("310228") + "<" * 14 + "0"
    return l1 + "\n" + l2 + digit(l2[:10] + l2[13:20] + l2[21:43])


def fact(kind, occupant, when=None, **fields):
    """A RecordFact for somebody on a manifest; without `when`, of yesterday."""
    request = operations_pb2.RecordFactRequest(request_id=str(uuid.uuid4()), kind=f"KIND_{kind}",
                                               person=occupant.person, travel_document=occupant.travel_document, **fields)
    request.fact_time.FromSeconds(int(when if when is not None else time.time() - 86400))
    return request


def facts_of(request):
    """What the rules ask for, for every passenger of a manifest."""
    roles = document_pb2.FlightManifest.Occupant
    manifest = request.flight_manifest
    departure = datetime.datetime.fromisoformat(manifest.legs[0].departure_time).timestamp()
    consent = min(time.time() - 86400, departure - 100 * 3600)
    for o in manifest.occupants:
        if o.role not in (roles.ROLE_RETURNEE, roles.ROLE_VOLUNTARY_RETURNEE):
            continue
        number = uuid.uuid4().hex
        yield fact("SCREENING_NO_CLAIM", o, language="es")
        yield fact("DECISION", o, reference=f"DEC-{number}")
        yield fact("ADMISSION_GUARANTEE", o, reference=f"ADM-{number}")
        if o.role == roles.ROLE_VOLUNTARY_RETURNEE:
            yield fact("CONSENT", o, consent, language="es")


def record_facts(server, request, role="flight"):
    client = server.client(role)
    for one in facts_of(request):
        client.protection.RecordFact(one, timeout=60)


def details(error):
    """The google.rpc details of a failed call, by type name."""
    found = {}
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            assert status.code == error.code().value[0]
            for any_ in status.details:
                name = any_.type_url.rsplit(".", 1)[1]
                message = getattr(error_details_pb2, name)()
                any_.Unpack(message)
                found[name] = message
    return found


def refused(call, code, reason):
    """The call fails with this status and ErrorInfo reason; its details are returned."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    assert caught.value.code().name == code, (caught.value.code(), caught.value.details())
    found = details(caught.value)
    assert found["ErrorInfo"].reason == reason
    return found


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority") / "a")


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    s = Server(tmp_path_factory.mktemp("salvod"), authority).start()
    record_facts(s, example("flight-manifest"))
    yield s
    s.stop()


@pytest.fixture(scope="module")
def documents(server):
    """One issued document of each kind: {kind: (request, response)}."""
    server.client("finance").funding.CreateObligation(example("obligation"), timeout=60)
    made = {}
    for role, name in (("case", "safe-conduct"), ("flight", "flight-manifest"), ("finance", "disbursement-receipt")):
        request = example(name)
        made[name] = (request, server.client(role).issue(request))
    return made
