"""Keys in a token (PKCS #11, SoftHSM): documents are signed with them; tokens that go away, lie or refuse a PIN."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time

import grpc
import pytest
from conftest import Server, document_pb2, example, letter, refused, verification_pb2

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "735194"

pytestmark = pytest.mark.skipif(not shutil.which("softhsm2-util"), reason="softhsm2 makes the tokens")


class Token:
    """A token of SoftHSM with the authority's document key and seal key, and a server that signs with them."""

    def __init__(self, tmp_path, authority, monkeypatch):
        self.dir, self.authority = tmp_path, authority
        tokens = tmp_path / "tokens"
        tokens.mkdir()
        (tmp_path / "softhsm.conf").write_text(f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n")
        self.fault, self.logins = tokens / "fault", tokens / "logins"
        monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm.conf"))
        monkeypatch.setenv("TOKEN_FAULT", str(self.fault))
        monkeypatch.setenv("TOKEN_LOGINS", str(self.logins))
        self.run("softhsm2-util", "--init-token", "--free", "--label", "utopia", "--so-pin", "12345678", "--pin", PIN)
        for name, number in (("document", "01"), ("seal", "02")):
            self.run("softhsm2-util", "--import", str(authority.path / f"{name}.key"), "--token", "utopia", "--label", name,
                     "--id", number, "--pin", PIN)
        (tmp_path / "pin").write_text(PIN + "\n")
        (tmp_path / "pin").chmod(0o600)
        registry = tmp_path / "registry"
        registry.mkdir()
        self.server = Server(registry, authority)
        self.configure(MODULE)

    def run(self, *command):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def configure(self, module):
        path = self.server.dir / "signer.conf"
        text = path.read_text()
        for name in ("document", "seal"):
            text = re.sub(rf'key = "[^"]*/{name}\.key"', f'key = "pkcs11:token=utopia;object={name};type=private"', text)
        text = re.sub(r"(?s)\ntoken = .*?};", "", text)
        text += f'\ntoken = {{ module = "{module}"; pin_file = "{self.dir}/pin"; places = ["{self.dir}/tokens"]; }};\n'
        path.write_text(text)

    def faulty(self):
        self.configure(self.server.build / "tests/token_faults.so")

    def tries(self):
        return self.logins.stat().st_size if self.logins.exists() else 0


@pytest.fixture
def token(tmp_path, authority, monkeypatch):
    t = Token(tmp_path, authority, monkeypatch)
    yield t
    t.server.stop()


def good(server, answer):
    return (answer.document.state == document_pb2.Document.STATE_ISSUED and
            server.client("gate").verify(answer.pdf).verdict == verification_pb2.VerificationReport.VERDICT_VALID)


def test_documents_are_signed_with_keys_that_never_leave_their_token(token):
    server = token.server.start()
    client = server.client("case")
    answers = []
    threads = [threading.Thread(target=lambda: answers.extend(client.issue(letter()) for _ in range(5)))
               for _ in range(4)]
    [t.start() for t in threads]
    [t.join(120) for t in threads]
    assert len(answers) == 20 and all(good(server, a) for a in answers[::5])
    server.stop()
    done = server.audit()
    assert done.returncode == 0 and " 0 orphans" in done.stdout, done.stdout


def test_a_session_that_is_lost_is_opened_once_more_and_no_call_notices(token):
    token.faulty()
    server = token.server.start()
    token.fault.write_text("session")
    assert good(server, server.client("case").issue(example("safe-conduct")))
    assert token.tries() >= 2


def test_a_token_that_is_gone_is_unavailable_and_the_request_is_finished_when_it_is_back(token):
    token.faulty()
    server = token.server.start()
    client, request = server.client("case"), example("safe-conduct")
    token.fault.write_text("removed")
    for _ in range(2):
        refused(lambda: client.issuance.IssueDocument(request, timeout=20), "UNAVAILABLE", "SIGNER")
    assert token.server.events("key_lost") and server.process.poll() is None
    token.fault.write_text("")
    answer = client.issue(request)
    assert good(server, answer) and client.issue(request).pdf == answer.pdf
    server.stop()
    assert server.audit().returncode == 0


def test_a_token_that_signs_something_else_is_not_believed(token):
    token.faulty()
    server = token.server.start()
    token.fault.write_text("wrong")
    refused(lambda: server.client("case").issuance.IssueDocument(example("safe-conduct"), timeout=20), "UNAVAILABLE", "SIGNER")
    assert "not the certificate's" in token.server.events("key_lost")[0]["detail"]


def test_a_wrong_pin_is_tried_once_and_then_no_more(token):
    token.faulty()
    server = token.server.start()
    assert good(server, server.client("case").issue(example("safe-conduct")))
    (token.dir / "pin").write_text("000000\n")
    before = token.tries()
    signer = [p for p in os.listdir("/proc") if p.isdigit() and parent(p) == server.process.pid]
    os.kill(int(signer[0]), signal.SIGKILL)
    request = example("safe-conduct")
    with pytest.raises(grpc.RpcError):
        server.client("case").issuance.IssueDocument(request, timeout=4)
    assert token.tries() == before + 1, "one try, whatever is asked afterwards"
    assert any("PIN" in line["detail"] for line in token.server.events("signer"))
    # the right one again, a good login by hand, and an officer who says so
    (token.dir / "pin").write_text(PIN + "\n")
    token.run("pkcs11-tool", "--module", MODULE, "--token-label", "utopia", "--login", "--pin", PIN, "--list-objects")
    os.kill(server.process.pid, signal.SIGHUP)
    assert good(server, server.client("case").issue(request))


def parent(pid):
    try:
        with open(f"/proc/{pid}/stat") as f:
            return int(f.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0


@pytest.mark.parametrize("fault, says", [("a wrong PIN", "PIN"), ("no such key", "no keys of the token"),
                                         ("no such token", "0 tokens"), ("no such module", "no module"),
                                         ("another certificate's key", "not the P-256 key of the certificate")])
def test_a_server_whose_token_is_not_as_configured_does_not_start_and_says_why(token, fault, says):
    path = token.server.dir / "signer.conf"
    text = path.read_text()
    if fault == "a wrong PIN":
        (token.dir / "pin").write_text("000000")
    elif fault == "no such key":
        path.write_text(text.replace("object=document", "object=nothing"))
    elif fault == "no such token":
        path.write_text(text.replace("token=utopia", "token=atlantis"))
    elif fault == "no such module":
        path.write_text(text.replace(MODULE, "/nowhere/module.so"))
    else:
        path.write_text(text.replace("object=document", "object=seal"))
    start = time.monotonic()
    with pytest.raises(RuntimeError) as error:
        token.server.start()
    assert says in str(error.value) and time.monotonic() - start < 20
    token.server.process.wait(30)
