"""The command-line client: what it prints, and how it ends."""

import json
import subprocess

import pytest
from conftest import BUILD, ROOT, example
from google.protobuf import json_format


def request_file(tmp_path, name):
    path = tmp_path / f"{name}.json"
    path.write_text(json_format.MessageToJson(example(name)))
    return str(path)


def test_issue_writes_the_file_and_verify_says_valid(server, tmp_path):
    pdf = tmp_path / "letter.pdf"
    done = server.salvo("case", "issue", request_file(tmp_path, "safe-conduct"), "-o", str(pdf))
    assert done.returncode == 0, done.stderr
    assert pdf.read_bytes().startswith(b"%PDF")
    judged = server.salvo("gate", "verify", str(pdf))
    assert judged.returncode == 0, judged
    assert b"VALID" in judged.stdout


def test_json_answers_are_json(server, tmp_path):
    pdf = tmp_path / "letter.pdf"
    done = server.salvo("case", "--json", "issue", request_file(tmp_path, "safe-conduct"), "-o", str(pdf))
    document = json.loads(done.stdout)["document"]
    got = json.loads(server.salvo("case", "--json", "get", document["number"]).stdout)
    assert got["document"] == document
    listed = json.loads(server.salvo("case", "--json", "list", "--kind", "SAFE_CONDUCT").stdout)
    assert document["number"] in [d["number"] for d in listed["documents"]]
    report = json.loads(server.salvo("gate", "--json", "verify", str(pdf)).stdout)["report"]
    assert report["verdict"] == "VERDICT_VALID"


def test_a_request_is_read_from_standard_input_and_the_document_downloaded(server, tmp_path):
    text = json_format.MessageToJson(example("safe-conduct")).encode()
    done = server.salvo("case", "--json", "issue", "-", "-o", str(tmp_path / "a.pdf"), input=text)
    number = json.loads(done.stdout)["document"]["number"]
    got = server.salvo("case", "download", number, "-o", str(tmp_path / "b.pdf"))
    assert got.returncode == 0, got.stderr
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_a_tampered_file_ends_with_1_and_a_strangers_with_5(server, tmp_path):
    pdf = tmp_path / "letter.pdf"
    server.salvo("case", "issue", request_file(tmp_path, "safe-conduct"), "-o", str(pdf))
    bent = bytearray(pdf.read_bytes())
    bent[2000] ^= 1
    pdf.write_bytes(bent)
    assert server.salvo("gate", "verify", str(pdf)).returncode == 1
    pdf.write_bytes(b"no PDF at all")
    assert server.salvo("gate", "verify", str(pdf)).returncode == 5


def test_a_refusal_ends_with_1_and_names_the_fields(server, tmp_path):
    request = example("safe-conduct")
    request.safe_conduct.holder.nationality = "ZZZ"
    path = tmp_path / "bad.json"
    path.write_text(json_format.MessageToJson(request))
    done = server.salvo("case", "issue", str(path), "-o", str(tmp_path / "no.pdf"))
    assert done.returncode == 1
    assert b"safe_conduct.holder.nationality" in done.stderr
    assert not (tmp_path / "no.pdf").exists()


def test_wrong_usage_ends_with_2_and_no_server_with_3(server, tmp_path):
    assert server.salvo("case", "frobnicate").returncode == 2
    assert server.salvo("case", "issue").returncode == 2
    a = server.authority.path
    gone = subprocess.run([str(BUILD / "bin/salvo"), "--server", "localhost:1", "--ca", str(a / "root.pem"), "get", "S26000015"],
                          capture_output=True)
    assert gone.returncode == 3, gone
    bad = tmp_path / "bad.json"
    bad.write_text('{"requestId": "x", "nonsense": 1}')
    done = server.salvo("case", "issue", str(bad), "-o", str(tmp_path / "no.pdf"))
    assert done.returncode == 2 and b"nonsense" in done.stderr


def test_without_a_server_a_good_file_is_to_be_checked_for_its_status(server, tmp_path):
    pdf = tmp_path / "letter.pdf"
    server.salvo("case", "issue", request_file(tmp_path, "safe-conduct"), "-o", str(pdf))
    trust = str(server.authority.path / "trust.pem")
    done = subprocess.run([str(BUILD / "bin/salvo"), "--json", "verify", "--trust", trust, str(pdf)], capture_output=True)
    assert done.returncode == 4, done
    report = json.loads(done.stdout)["report"]
    assert report["reasons"] == ["REASON_STATUS_UNKNOWN"]
    assert report["signatures"][0]["intact"] and report["signatures"][0]["trusted"]
    bent = bytearray(pdf.read_bytes())
    bent[-100] ^= 1
    pdf.write_bytes(bent)
    done = subprocess.run([str(BUILD / "bin/salvo"), "verify", "--trust", trust, str(pdf)], capture_output=True)
    assert done.returncode in (1, 5), done


def test_a_profile_file_says_where_and_who(server, tmp_path):
    a = server.authority.path
    profile = tmp_path / "profile"
    profile.write_text(f'server = "localhost:{server.port}";\nca = "{a}/root.pem";\ncert = "{a}/clients/case.pem";\n'
                       f'key = "{a}/clients/case.key";\n')
    done = subprocess.run([str(BUILD / "bin/salvo"), "--profile", str(profile), "list"], capture_output=True)
    assert done.returncode == 0, done.stderr
