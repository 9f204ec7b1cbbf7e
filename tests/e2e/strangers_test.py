"""Tools of other makers: grpc-js, buf curl, npm mrz, and our own examples as a user would run them."""

import base64
import json
import os
import subprocess
import sys

import pytest
from conftest import APPROVERS, ROOT, document_pb2, example, registry_pb2
from google.protobuf import json_format

CLIENTS = ROOT / "tests/clients"
ENV = {**os.environ, "NODE_PATH": str(CLIENTS / "node_modules")}


def run(*command, **keywords):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=180, env=ENV, **keywords)


def request_file(tmp_path, name):
    path = tmp_path / f"{name}.json"
    path.write_text(json_format.MessageToJson(example(name)))
    return path


def files(server, role):
    a = server.authority.path
    return a / "root.pem", a / f"clients/{role}.pem", a / f"clients/{role}.key"


def approve_drafts(server):
    """What waits for other officers has them."""
    query = registry_pb2.ListDocumentsRequest(state=document_pb2.Document.STATE_PENDING_APPROVAL)
    for draft in server.client("approver").registry.ListDocuments(query, timeout=60).documents:
        for role in APPROVERS:
            server.client(role).approve(draft)


def run_approved(server, kind, *command):
    """Runs an issuing command; of a kind that needs other officers, once more when they have agreed."""
    done = run(*command)
    if kind == "disbursement-receipt":
        assert done.returncode == 0, done.stderr
        approve_drafts(server)
        done = run(*command)
    return done


ROLES = {"safe-conduct": "case", "flight-manifest": "flight", "disbursement-receipt": "finance"}


@pytest.mark.parametrize("kind", ROLES)
def test_grpc_js_issues_downloads_and_verifies(server, documents, tmp_path, kind):
    done = run_approved(server, kind, "node", ROOT / "examples/clients/issue.mjs", f"localhost:{server.port}",
                        *files(server, ROLES[kind]), request_file(tmp_path, kind), tmp_path / "out.pdf")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["verdict"] == "VERDICT_VALID"


def test_grpc_js_is_told_a_wrong_role(server, tmp_path):
    done = run("node", ROOT / "examples/clients/issue.mjs", f"localhost:{server.port}", *files(server, "gate"),
               request_file(tmp_path, "safe-conduct"), tmp_path / "out.pdf")
    assert done.returncode == 1 and "PERMISSION_DENIED" in done.stderr


@pytest.mark.parametrize("kind", ROLES)
def test_the_python_example_issues(server, documents, tmp_path, kind):
    done = run_approved(server, kind, sys.executable, ROOT / "examples/clients/issue.py", f"localhost:{server.port}",
                        *files(server, ROLES[kind]), request_file(tmp_path, kind), tmp_path / "out.pdf")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.pdf").read_bytes().startswith(b"%PDF")


def buf(server, role, method, data):
    ca, cert, key = files(server, role)
    return run(CLIENTS / "node_modules/.bin/buf", "curl", "--protocol", "grpc", "--cacert", ca, "--cert", cert, "--key", key,
               "--schema", ROOT / "rpc/proto", "--data", data if isinstance(data, str) else json.dumps(data),
               f"https://localhost:{server.port}/salvo.v1.{method}")


@pytest.mark.parametrize("kind", ROLES)
def test_buf_curl_issues_downloads_and_verifies(server, documents, tmp_path, kind):
    role = ROLES[kind]
    request = "@" + str(request_file(tmp_path, kind))
    done = buf(server, role, "IssuanceService/IssueDocument", request)
    if kind == "disbursement-receipt":
        approve_drafts(server)
        done = buf(server, role, "IssuanceService/IssueDocument", request)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    done = buf(server, role, "RegistryService/DownloadDocument", {"number": answer["document"]["number"]})
    assert done.returncode == 0, done.stderr
    decoder, at, parts = json.JSONDecoder(), 0, []
    while at < len(done.stdout.rstrip()):
        value, at = decoder.raw_decode(done.stdout, at)
        parts.append(base64.b64decode(value["chunk"]))
        while at < len(done.stdout) and done.stdout[at].isspace():
            at += 1
    assert b"".join(parts) == base64.b64decode(answer["pdf"])
    chunks = "".join(json.dumps({"chunk": base64.b64encode(p).decode()}) for p in parts)
    (tmp_path / "chunks.json").write_text(chunks)
    done = buf(server, role, "VerificationService/VerifyDocument", "@" + str(tmp_path / "chunks.json"))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["report"]["verdict"] == "VERDICT_VALID"


def test_buf_curl_sees_the_fields_at_fault(server, tmp_path):
    request = example("safe-conduct")
    request.safe_conduct.holder.nationality = "ZZZ"
    done = buf(server, "case", "IssuanceService/IssueDocument", json_format.MessageToJson(request))
    assert done.returncode != 0
    error = json.loads(done.stderr)
    assert error["code"] == "invalid_argument"
    plain = b"".join(base64.b64decode(d["value"] + "===") for d in error["details"])
    assert b"safe_conduct.holder.nationality" in plain and b"FIELD_INVALID" in plain


def test_npm_mrz_accepts_the_zone_that_pdftotext_reads(server, documents, tmp_path):
    pdf = tmp_path / "d.pdf"
    pdf.write_bytes(documents["safe-conduct"][1].pdf)
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    lines = [w for w in text.split() if len(w) == 36 and "<" in w]
    assert len(lines) == 2, text
    done = run("node", CLIENTS / "mrz.mjs", *lines)
    judged = json.loads(done.stdout)
    assert done.returncode == 0, judged
    assert judged["format"] == "TD2"
    assert judged["fields"]["documentNumber"] == documents["safe-conduct"][1].document.number
    assert judged["fields"]["lastName"] == "HADDAD ZEITOUN"


@pytest.mark.parametrize("surname,given,last,first", [
    ("D’ALMEIDA-ÑAUPA", "MARÍA DE LOS ÁNGELES", "DALMEIDA NAUPA", "MARIA DE LOS AN"), ("ВЛАДИМИРОВ", "ЮЛИЯ", "VLADIMIROV", "IULIIA"),
    ("حدّاد", "فاطمة زكريا", "XHDDAD", "FAXTTMXAH ZKRYA"), ("NGUYỄN THỊ", "ÁNH", "NGUYEN THI", "ANH"), ("ΠΑΠΑΔΟΠΟΥΛΟΣ", "", "PAPADOPOYLOS", "")])
def test_npm_mrz_reads_names_of_every_script_as_the_tables_say(server, surname, given, last, first):
    request = example("safe-conduct")
    request.safe_conduct.holder.surname, request.safe_conduct.holder.given_names = surname, given
    made = server.client("case").issue(request)
    text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=made.pdf, capture_output=True, check=True).stdout.decode()
    done = run("node", CLIENTS / "mrz.mjs", *[w for w in text.split() if len(w) == 36 and "<" in w])
    judged = json.loads(done.stdout)
    assert done.returncode == 0, judged
    assert (judged["fields"]["lastName"], judged["fields"]["firstName"] or "") == (last, first)
