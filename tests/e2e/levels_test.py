"""Does every kind of document come at each PAdES level, do judges that others wrote accept it, and what happens while the services
that a level needs are down, lie, or are revoked?"""

import json
import os
import re
import socket
import subprocess
import time
import urllib.request

import pytest
from conftest import ROOT, Authority, Server, details, document_pb2, example, record_facts, refused

LEVELS = ("B-B", "B-T", "B-LT", "B-LTA")
KINDS = ("SAFE_CONDUCT", "FLIGHT_MANIFEST", "DISBURSEMENT_RECEIPT")
ROLES = {"SAFE_CONDUCT": ("case", "safe-conduct"), "FLIGHT_MANIFEST": ("flight", "flight-manifest"),
         "DISBURSEMENT_RECEIPT": ("finance", "disbursement-receipt")}


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
        self.process = None
        self.start()

    def start(self, *arguments, env=None):
        self.process = subprocess.Popen([str(ROOT / "certs/trust-services"), "--authority", str(self.authority.path), "--port",
                                         str(self.port), *arguments], stdout=subprocess.PIPE, env=env)
        assert self.process.stdout.readline() == b"ready\n"

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()

    def control(self, **change):
        """Sets modes; how often each service was asked comes back."""
        request = urllib.request.Request(self.url + "/control", json.dumps(change).encode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)["asked"]

    def good(self, **change):
        return self.control(**{"tsa": "ok", "ocsp": "ok", "crl": "ok", **change})


def leveled(directory, services, level, when_down="refuse", changes=(), **keywords):
    """A server whose documents are of a level, or of one a kind."""
    directory.mkdir(exist_ok=True)
    s = Server(directory, services.authority, **keywords)
    levels = {kind: level for kind in KINDS} if isinstance(level, str) else level
    names = " ".join(f'{kind} = "{value}";' for kind, value in levels.items())
    with open(s.dir / "policy.conf", "a") as f:
        f.write(f'\nlevels = {{ {names} when_down = "{when_down}"; }};\n')
    conf = f'\ntimestamp = {{ url = "{services.url}/tsa"; trust = "{services.authority.path}/tsa-trust.pem"; timeout_ms = 1500; }};\n' \
           'revocation = { timeout_ms = 1500; budget_ms = 3000; fresh_seconds = 1; };\n' \
           'services = { failures = 100; pause_ms = 50; };\n'
    for old, new in changes:
        conf = conf.replace(old, new)
    with open(s.dir / "salvod.conf", "a") as f:
        f.write(conf)
    return s


def log_lines(server, event):
    found = []
    for line in (server.dir / "log").read_text(errors="replace").splitlines():
        if line.startswith("{"):
            one = json.loads(line)
            if one.get("event") == event:
                found.append(one)
    return found


def audit(server):
    a = server.authority.path
    return subprocess.run([str(server.build / "bin/salvo"), "audit", "--config", str(server.dir / "salvod.conf"),
                           "--log-key", str(a / "log.vkey")], capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    s = TrustServices(tmp_path_factory.mktemp("services"))
    yield s
    s.stop()


@pytest.fixture
def calm(services):
    services.good()
    yield services
    services.good()


def test_each_kind_comes_at_its_level(tmp_path, calm):
    server = leveled(tmp_path / "s", calm, "B-LTA").start()
    try:
        response = server.client("case").issue(example("safe-conduct"))
        (tmp_path / "a.pdf").write_bytes(response.pdf)
    finally:
        server.stop()
