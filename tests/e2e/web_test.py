"""Does salvod speak Connect and gRPC-Web beside gRPC, and are its doors what its configuration says?"""

import json
import re
import socket
import time

import pytest
from conftest import BUILD, ROOT, Server, example
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
        request = example("safe-conduct")
        for _ in range(2):
            server.client("case").issue(request)
            time.sleep(1.1)  # a document of an earlier second is told as repeated
        text = run("curl", "-sS", "--http2-prior-knowledge", f"http://127.0.0.1:{port}/metrics").stdout
        for line in ('salvo_documents_issued_total{kind="safe_conduct",outcome="issued"} 1',
                     'salvo_documents_issued_total{kind="safe_conduct",outcome="repeated"} 1', "salvo_signer_up 1",
                     "salvo_reserved_documents 0", "salvo_sign_seconds_count 1", "salvo_render_seconds_count 1",
                     "salvo_commit_seconds_count 1"):
            assert line in text, (line, [l for l in text.splitlines() if l.startswith("salvo")])
        assert int(re.search(r"salvo_key_not_after_timestamp_seconds (\d+)", text)[1]) > time.time()
        assert re.search(r"salvo_log_tree_size \d+", text)
    finally:
        server.stop()


def limits():
    """The table of docs/OPERATIONS.md: (name, default, least, largest)."""
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|", (ROOT / "docs/OPERATIONS.md").read_text(), re.M)
    return [(name, int(default), int(least), int(largest)) for name, default, least, largest in rows]


def test_every_limit_of_the_documentation_is_one_of_the_configuration(tmp_path, authority):
    server = Server(tmp_path, authority)
    conf = tmp_path / "salvod.conf"
    plain = conf.read_text()

    def group(column):
        return plain + "\nlimits = {" + " ".join(f"{row[0]} = {row[column]}L;" for row in limits()) + "};\n"
    assert len(limits()) == 33
    conf.write_text(group(1))
    server.start()
    server.stop()
    for name, default, least, largest in limits():
        for value in (least - 1, largest + 1):
            conf.write_text(f"{plain}\nlimits = {{ {name} = {value}L; }};\n")
            done = run(BUILD / "bin/salvod", "--config", conf, "--check-config")
            assert done.returncode != 0 and name in done.stderr, (name, value, done.stderr)


@pytest.mark.parametrize("group", ["limits = { no_such = 1; };", "admin = { };", "limits = { idle_seconds = 0; };",
                                   "limits = { message_bytes = 200000000; };", "limits = { tokens = 100; ping_tokens = 101; };"])
def test_a_fault_in_a_door_or_a_limit_is_a_failed_start(tmp_path, authority, group):
    server = Server(tmp_path, authority)
    conf = tmp_path / "salvod.conf"
    conf.write_text(conf.read_text() + "\n" + group + "\n")
    with pytest.raises(RuntimeError, match="salvod.conf"):
        server.start()
