"""The passenger list message: given to those who may have it, read by parsers of other makers, and a request again."""

import json
import subprocess
import uuid

import pytest
from conftest import (ROOT, document_pb2, example, issuance_pb2, operations_pb2, record_facts, refused, registry_pb2,
                      renew)

Download = registry_pb2.DownloadDocumentRequest
CLIENTS = ROOT / "tests/clients"


@pytest.fixture(scope="module")
def manifest(server):
    request = example("flight-manifest")
    return request.flight_manifest, server.client("flight").issue(request).document.number


def segments(path):
    """As npm `edifact` and `ts-edifact` read them: [tag, [component, ...], ...]."""
    done = subprocess.run(["node", str(CLIENTS / "paxlst.mjs"), str(path)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_other_makers_parsers_read_every_person_and_every_count(server, manifest, tmp_path):
    content, number = manifest
    out = tmp_path / "m.edi"
    assert server.salvo("flight", "download", number, "--paxlst", "-o", str(out)).returncode == 0
    read = segments(out)
    tags = [s[0] for s in read]
    assert tags[:3] == ["UNB", "UNG", "UNH"] and tags[-2:] == ["UNE", "UNZ"] and tags.count("UNH") == 2
    crew = [o for o in content.occupants if o.role == document_pb2.FlightManifest.Occupant.ROLE_CREW]
    assert [s[1] for s in read if s[0] == "BGM"] == [["745"], ["250"]]
    assert [s[1] for s in read if s[0] == "CNT"] == [["42", str(len(content.occupants) - len(crew))], ["41", str(len(crew))]]
    assert {s[1][1] for s in read if s[0] == "RFF" and s[1][0] == "ABO"} == {o.occupant_id for o in content.occupants}
    assert {s[2][0] for s in read if s[0] == "DOC"} == {o.travel_document.number for o in content.occupants}
    ends = [i for i, t in enumerate(tags) if t == "UNT"]
    for start, end in zip([i for i, t in enumerate(tags) if t == "UNH"], ends):
        assert read[end][1] == [str(end - start + 1)] and read[end][2] == read[start][1]
    names = {(s[4][0], " ".join(c for c in s[4][1:] if c)) for s in read if s[0] == "NAD" and s[1] in (["FL"], ["FM"])}
    assert ("ABREGO ITURRALDE", "ADAN JOSUE") in names and ("ACHURRA NANDU OEST", "CARLA") in names
    assert not any("WCH" in c or "DEP" in c for s in read for e in s[1:] for c in e)


def test_the_authoritys_document_carries_it_and_no_copy_does(server, manifest, tmp_path):
    client, number = server.client("flight"), manifest[1]
    message = client.download(number, view=Download.VIEW_PAXLST)
    for audience, files in ((0, ["passengers.edi", "record.json"]), (Download.AUDIENCE_GATE, ["record.json"])):
        path = tmp_path / "m.pdf"
        path.write_bytes(client.download(number, audience=audience))
        listed = subprocess.run(["pdfdetach", "-list", path], capture_output=True, text=True, check=True).stdout
        assert [line.split(": ")[1] for line in listed.splitlines()[1:]] == files
        if audience == 0:
            subprocess.run(["pdfdetach", "-savefile", "passengers.edi", "-o", tmp_path / "p.edi", path], check=True)
            assert (tmp_path / "p.edi").read_bytes() == message


def test_a_name_that_the_message_can_not_carry_is_refused_with_its_field(server):
    request = example("flight-manifest")
    request.flight_manifest.occupants[1].person.surname = "\u4eba"
    found = refused(lambda: server.client("flight").issue(request), "INVALID_ARGUMENT", "FIELD_INVALID")
    assert [v.field for v in found["BadRequest"].field_violations] == ["flight_manifest.occupants[1].person.surname"]


@pytest.mark.parametrize("role", ["print", "approver", "audit"])
def test_only_a_role_of_the_policy_has_it(server, manifest, role):
    refused(lambda: server.client(role).download(manifest[1], view=Download.VIEW_PAXLST), "PERMISSION_DENIED", "ROLE_MISSING")


def test_another_authority_does_not_learn_of_it(server, manifest):
    refused(lambda: server.client("treasury").download(manifest[1], view=Download.VIEW_PAXLST), "NOT_FOUND", "NOT_FOUND")


def test_a_letter_has_none(server):
    letter = server.client("case").issue(example("safe-conduct")).document.number
    refused(lambda: server.client("case").download(letter, view=Download.VIEW_PAXLST), "PERMISSION_DENIED", "ROLE_MISSING")


def test_a_message_becomes_a_request_that_is_accepted(server, manifest, tmp_path):
    content, number = manifest
    edi, request = tmp_path / "m.edi", tmp_path / "request.json"
    assert server.salvo("flight", "download", number, "--paxlst", "-o", str(edi)).returncode == 0
    done = server.salvo("flight", "manifest", "import", str(edi), "--role", "RETURNEE", "--offset", "-05:00")
    assert done.returncode == 0, done.stderr
    wanted = json.loads(done.stdout)
    lines = wanted["flightManifest"]["occupants"]
    assert {o["occupantId"] for o in lines} == {o.occupant_id for o in content.occupants}
    assert wanted["flightManifest"]["legs"][1]["arrivalTime"] == content.legs[1].arrival_time
    wanted["validateOnly"] = True
    wanted["flightManifest"].update(seats=content.seats, issuingState="UTO", signatory=content.signatory)
    request.write_text(json.dumps(wanted))
    done = server.salvo("flight", "issue", str(request), "-o", str(tmp_path / "preview.pdf"))
    assert done.returncode == 0, done.stderr


def test_what_a_message_does_not_say_is_told_and_not_made_up(server, tmp_path):
    edi = tmp_path / "m.edi"
    edi.write_text("UNB+UNOA:4+A+B+240820:0600+7'UNH+1+PAXLST:D:15B:UN:IATA'BGM+745'TDT+20+XX1'LOC+125+PAC'"
                   "DTM+189:2408200730:201'LOC+87+BOG'DTM+232:2408200905:201'NAD+FL+++ALPHA:ANA'CNT+42:1'UNT+99+1'UNZ+1+7'")
    done = server.salvo("flight", "manifest", "import", str(edi))
    told = done.stderr.decode()
    assert done.returncode == 0, told
    for what in ("UNT does not count", "birth date is missing", "RFF ABO", "give --role", "give --offset PAC", "registration"):
        assert what in told, what
    assert "ALPHA" not in told
    person = json.loads(done.stdout)["flightManifest"]["occupants"][0]
    assert "role" not in person and "birthDate" not in person["person"]


def test_what_is_no_message_is_refused_with_the_reason(server, tmp_path):
    edi = tmp_path / "m.edi"
    edi.write_text("UNB+UNOA:4+A+B+240820:0600+7'UNH+1+PAXLST:D:15B")
    done = server.salvo("flight", "manifest", "import", str(edi))
    assert done.returncode == 5 and "ends inside a segment" in done.stderr.decode() and done.stdout == b""


def persons_of_its_own(request, n=3):
    """The example's flight with n passengers that no other test knows."""
    m = request.flight_manifest
    del m.occupants[n:]
    for o in m.occupants:
        renew(o.person, o.travel_document)
    return request


def test_nothing_goes_out_about_a_flight_under_a_hold(server):
    request = persons_of_its_own(example("flight-manifest"))
    record_facts(server, request)
    client = server.client("flight")
    number = client.issue(request).document.number
    assert client.download(number, view=Download.VIEW_PAXLST)
    held = request.flight_manifest.occupants[0]
    server.client("protection").protection.PlaceHold(operations_pb2.PlaceHoldRequest(
        request_id=str(uuid.uuid4()), person=held.person, travel_document=held.travel_document,
        cause=operations_pb2.Hold.CAUSE_PENDING_CLAIM), timeout=60)
    refused(lambda: client.download(number, view=Download.VIEW_PAXLST), "FAILED_PRECONDITION", "NOT_ISSUED")


def test_a_revoked_flight_is_cancelled_and_names_nobody(server):
    request = persons_of_its_own(example("flight-manifest"))
    record_facts(server, request)
    client = server.client("flight")
    number = client.issue(request).document.number
    client.issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
        request_id=str(uuid.uuid4()), number=number, version=1, reason="STATE_REASON_DECISION"), timeout=60)
    edi = client.download(number, view=Download.VIEW_PAXLST).decode()
    assert "BGM+745+XF'" in edi and "CNT+42:0'" in edi and "NAD+FL" not in edi
    assert not any(o.travel_document.number in edi for o in request.flight_manifest.occupants)
