"""Does salvod speak Connect and gRPC-Web beside gRPC, and are its doors what its configuration says?"""

import json
import socket

import pytest
from conftest import Server
from strangers_test import CLIENTS, files, run

PROTOCOLS = ("grpc", "grpcweb", "connect")


def buf_curl(server, protocol, *arguments):
    ca, cert, key = files(server, "case")
    done = run(CLIENTS / "node_modules/.bin/buf", "curl", "--protocol", protocol, "--cacert", ca, "--cert", cert, "--key",
               key, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_buf_lists_describes_and_calls_over_every_protocol(server, documents, protocol):
    base = f"https://localhost:{server.port}"
    assert "salvo.v1.IssuanceService" in buf_curl(server, protocol, "--list-services", base).split()
    assert "salvo.v1.RegistryService/GetDocument" in buf_curl(server, protocol, "--list-methods", base).split()
    _, issued = documents["safe-conduct"]
    answer = json.loads(buf_curl(server, protocol, "--data", json.dumps({"number": issued.document.number}),
                                 f"{base}/salvo.v1.RegistryService/GetDocument"))
    assert answer["document"]["number"] == issued.document.number


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_the_operators_door_tells_metrics(tmp_path, authority):
    port = free_port()
    server = Server(tmp_path, authority)
    conf = tmp_path / "salvod.conf"
    conf.write_text(conf.read_text() + f'\nadmin = {{ address = "127.0.0.1"; port = {port}; }};\nlimits = {{ idle_seconds = 5; }};\n')
    server.start()
    try:
        done = run("curl", "-sS", "--http2-prior-knowledge", f"http://127.0.0.1:{port}/metrics")
        assert done.returncode == 0, done.stderr
        assert "grpc_server_started_total" in done.stdout and "salvo_queue_depth 0" in done.stdout
    finally:
        server.stop()


@pytest.mark.parametrize("group", ["limits = { no_such = 1; };", "admin = { };", "limits = { idle_seconds = 0; };"])
def test_a_fault_in_a_door_or_a_limit_is_a_failed_start(tmp_path, authority, group):
    server = Server(tmp_path, authority)
    conf = tmp_path / "salvod.conf"
    conf.write_text(conf.read_text() + "\n" + group + "\n")
    with pytest.raises(RuntimeError, match="salvod.conf"):
        server.start()
