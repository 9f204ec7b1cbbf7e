"""Papers at a post without a network: old, rolled-back and forked lists, wrong clocks, copies, keys in other hands."""

import base64
import concurrent.futures
import hashlib
import time
import uuid

import pytest
from conftest import document_pb2, issuance_pb2, letter, operations_pb2, passport_mrz, record_facts, example, verification_pb2
from cryptography.hazmat.primitives import serialization
from device import Device, seal_of

D = document_pb2.Document


@pytest.fixture
def device(server, tmp_path):
    return Device(server, tmp_path).fetch()


def transit():
    request = letter()
    request.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_TRANSIT_EXIT
    return request


def issue(server):
    return server.client("case").issue(transit())


def revoke(server, document):
    server.client("case").issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
        request_id=str(uuid.uuid4()), number=document.number, version=1, reason=D.STATE_REASON_LOST), timeout=60)


def notes(device):
    return (device.path / "bundle").read_bytes().count(b"salvo-status/1\n")


def signed(server, key, text):
    """A note as C2SP writes it, with one of the authority's keys."""
    a = server.authority
    name, hash_, _ = a.read(f"{key}.vkey").decode().strip().split("+", 2)
    private = serialization.load_pem_private_key(a.read(f"{key}.key"), None)
    raw = bytes.fromhex(hash_) + private.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(raw).decode()}\n"


def test_what_changed_is_fetched_alone_and_the_list_is_what_a_whole_one_would_be(server, device, tmp_path):
    papers = [issue(server).document for _ in range(4)]
    for n, paper in enumerate(papers, 1):
        revoke(server, paper)
        device.fetch()
        assert notes(device) == n + 1
    assert (tmp_path / "bundle").stat().st_size < 65000, "four changes take no place of four lists"
    other = tmp_path / "other"
    other.mkdir()
    whole = Device(server, other).fetch()
    assert notes(whole) == 1
    for paper in papers:
        assert device.judge(seal_of(paper))[1:] == whole.judge(seal_of(paper))[1:] == ("INVALID", ["REVOKED"])
    kept = (tmp_path / "bundle").read_bytes()
    parts = kept.split(b"salvo-status/1\n")[1:]
    for bent in ([0, 2], [0, 2, 1], [1], [0, 1, 1], [0, 1, 3]):  # what does not follow is no bundle
        (tmp_path / "bundle").write_bytes(b"".join(b"salvo-status/1\n" + parts[i] for i in bent))
        (tmp_path / "paper").write_bytes(seal_of(papers[0]))
        a = server.authority.path
        done = server.salvo("gate", "verify", "--offline", str(tmp_path / "paper"), "--trust-key", str(a / "trust.vkey"),
                            "--trust-list", str(tmp_path / "trust.list"), "--bundle", str(tmp_path / "bundle"))
        assert done.returncode == 1 and not done.stdout, bent
        device.fetch()
        assert notes(device) == 1, "a file that is none is fetched anew"


def test_a_pdf_is_judged_whole_by_the_list_and_its_bar_code(server, device):
    good, lost = issue(server), issue(server)
    assert device.judge(good.pdf) == (0, "VALID", [])
    assert device.judge(good.pdf, hours=31) == (4, "CHECK", ["STATUS_STALE"])
    assert device.judge(good.pdf, hours=24 * 8) == (4, "CHECK", ["STATUS_UNKNOWN"])
    bent = bytearray(good.pdf)
    bent[len(bent) // 3] ^= 1
    assert device.judge(bytes(bent))[1] == "INVALID"
    assert device.judge(good.pdf + b"\n% more\n")[1] == "INVALID"
    revoke(server, lost.document)
    device.fetch()
    assert device.judge(lost.pdf) == (1, "INVALID", ["REVOKED"])


def test_a_letter_is_red_after_its_last_day_without_a_network_too(server, device, tmp_path):
    request = transit()
    request.safe_conduct.valid_from = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    request.safe_conduct.valid_until = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86400))
    issued = server.client("case").issue(request)
    for paper in (seal_of(issued.document), issued.pdf):
        assert device.judge(paper)[1] == "VALID"
        assert "EXPIRED" in device.judge(paper, hours=4 * 24)[2]
        assert device.judge(paper, hours=4 * 24)[1] == "INVALID"


def test_a_letter_that_was_shown_before_is_looked_at_closer(server, device):
    first, second = issue(server), issue(server)
    assert device.judge(seal_of(first.document), remembers=True) == (0, "VALID", [])
    assert device.judge(seal_of(second.document), remembers=True) == (0, "VALID", [])
    assert device.judge(seal_of(first.document), remembers=True) == (4, "CHECK", ["COPY_SEEN"])
    assert device.judge(first.pdf, remembers=True) == (4, "CHECK", ["COPY_SEEN"])
    assert device.judge(seal_of(first.document)) == (0, "VALID", []), "who remembers nothing has seen nothing"
    assert b"seen " + first.document.number.encode() in (device.path / "memory").read_bytes()
    assert first.document.number.encode() + b" 1 1 " in (device.path / "memory").read_bytes()


def seen(device):
    return [line for line in (device.path / "memory").read_text().splitlines() if line.startswith("seen ")]


def test_a_letter_has_one_line_however_often_it_is_shown(server, device):
    first, second = issue(server).document, issue(server).document
    for paper in (first, second, first, first):
        device.judge(seal_of(paper), remembers=True)
    assert [line.split()[1] for line in seen(device)] == [second.number, first.number], "the last one shown is the newest"


def test_of_showings_at_once_one_alone_is_the_first(server, device):
    paper = seal_of(issue(server).document)
    assert device.judge(paper) == (0, "VALID", [])
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        said = list(pool.map(lambda _: device.judge(paper, remembers=True), range(6)))
    assert sorted(said) == [(0, "VALID", [])] + 5 * [(4, "CHECK", ["COPY_SEEN"])]
    assert len(seen(device)) == 1


def test_a_copy_is_red_where_the_newer_one_was_shown_even_by_an_old_list(server, device):
    first = issue(server)
    device.fetch()
    again = server.client("case").issuance.ReissueDocument(issuance_pb2.ReissueDocumentRequest(
        request_id=str(uuid.uuid4()), number=first.document.number, version=1,
        reason=D.STATE_REASON_DAMAGED), timeout=60).document
    assert device.judge(seal_of(again), remembers=True)[1] in ("VALID", "CHECK")
    code, verdict, reasons = device.judge(seal_of(first.document), remembers=True)
    assert (code, verdict) == (1, "INVALID") and "COPY_REPLACED" in reasons
    device.fetch()
    assert device.judge(seal_of(first.document))[1] == "INVALID", "and everywhere by the next list"
    assert device.judge(seal_of(again))[1] == "VALID"


def test_a_list_that_was_rolled_back_is_never_green_on_a_device_that_knows_better(server, device):
    lost = issue(server).document
    old = device.fetch(whole=True).path.joinpath("bundle").read_bytes()
    revoke(server, lost)
    device.fetch()
    assert device.judge(seal_of(issue(server).document), remembers=True)[1] == "VALID"
    (device.path / "bundle").write_bytes(old)
    assert device.judge(seal_of(lost))[1] == "VALID", "by itself the old list is good"
    assert device.judge(seal_of(lost), remembers=True)[1:] == ("CHECK", ["STATUS_UNKNOWN", "STATUS_STALE"])


def test_a_log_that_forked_is_never_green_on_a_device_that_saw_another(server, device):
    paper = issue(server).document
    device.fetch(whole=True)
    assert device.judge(seal_of(paper), remembers=True)[1] == "VALID"
    text = (device.path / "bundle").read_bytes().decode().rsplit("\n\n", 1)[0] + "\n"
    line = next(l for l in text.splitlines() if l.startswith("checkpoint "))
    log = base64.b64decode(line.split(" ")[1]).decode().split("\n\n")[0].split("\n")
    log[2] = base64.b64encode(hashlib.sha256(b"another history").digest()).decode()
    forked = base64.b64encode(signed(server, "log", "\n".join(log) + "\n").encode()).decode()
    (device.path / "bundle").write_bytes(signed(server, "trust", text.replace(line, "checkpoint " + forked)).encode())
    assert device.judge(seal_of(paper))[1] == "VALID", "both histories are signed: who saw one alone can't know"
    assert device.judge(seal_of(paper), remembers=True)[1:] == ("CHECK", ["STATUS_UNKNOWN", "COPY_SEEN"])
    strange = base64.b64encode(signed(server, "trust", "\n".join(log) + "\n").encode()).decode()
    (device.path / "bundle").write_bytes(signed(server, "trust", text.replace(line, "checkpoint " + strange)).encode())
    assert device.judge(seal_of(paper))[1:] == ("CHECK", ["STATUS_UNKNOWN"]), "a checkpoint of nobody's log"


def test_time_is_the_latest_that_is_known_to_have_been(server, device):
    paper = seal_of(issue(server).document)
    assert device.judge(paper, remembers=True)[1] == "VALID"
    assert device.judge(paper, hours=-48)[1:] == ("CHECK", ["CLOCK_WRONG"])
    memory = device.path / "memory"
    lines = memory.read_text().splitlines()
    ahead = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 30 * 3600))
    memory.write_text("\n".join(["salvo-device/1", f"latest {ahead}", *lines[2:4]]) + "\n")
    code, verdict, reasons = device.judge(paper, remembers=True)
    assert verdict == "CHECK" and set(reasons) == {"CLOCK_WRONG", "STATUS_STALE"}, "a stopped clock makes no list fresh"
    memory.write_text("salvo-device/1\nlatest yesterday\n")
    (device.path / "paper").write_bytes(paper)
    a = server.authority.path
    done = server.salvo("gate", "verify", "--offline", str(device.path / "paper"), "--trust-key", str(a / "trust.vkey"), "--trust-list",
                        str(device.path / "trust.list"), "--bundle", str(device.path / "bundle"), "--device", str(memory))
    assert done.returncode == 1 and b"line 2" in done.stderr


def test_a_superseded_manifest_is_red_by_the_next_list(server, device):
    first = example("flight-manifest")
    record_facts(server, first)
    one = server.client("flight").issue(first).document
    device.fetch()
    assert device.judge(seal_of(one))[1] == "VALID"
    second = example("flight-manifest", supersedes=one.number, supersedes_version=1)
    two = server.client("flight").issue(second).document
    assert device.judge(seal_of(one))[1] == "VALID"
    device.fetch()
    assert device.judge(seal_of(one))[1:] == ("INVALID", ["SUPERSEDED"]) and device.judge(seal_of(two))[1] == "VALID"


def shown_by(request):
    holder = request.safe_conduct.holder
    return passport_mrz(request.safe_conduct.identity_document.number, holder.birth_date[2:].replace("-", ""))


def test_a_copied_seal_on_a_stolen_blank_is_seen_by_its_bearer_and_its_page(server, device):
    request, other = transit(), transit()
    issued = server.client("case").issue(request)
    paper = seal_of(issued.document)
    device.fetch()
    assert device.judge(paper, mrz=shown_by(request)) == (0, "VALID", [])
    assert device.judge(paper, mrz=shown_by(other)) == (4, "CHECK", ["HOLDER_MISMATCH"])
    assert device.judge(paper, mrz="nonsense") == (4, "CHECK", ["HOLDER_MISMATCH"])
    told = server.salvo("gate", "verify", "--offline", str(device.path / "paper"), "--trust-key", str(server.authority.path / "trust.vkey"),
                        "--trust-list", str(device.path / "trust.list"), "--bundle", str(device.path / "bundle"), text=True)
    assert told.returncode == 0, told
    zone = [l.strip() for l in told.stdout.partition("has to say:\n")[2].splitlines()[:2]]
    assert [len(l) for l in zone] == [36, 36] and issued.document.number in zone[1]
    (device.path / "page").write_text("\n".join(zone))
    assert device.judge(paper, printed_mrz=device.path / "page") == (0, "VALID", [])
    (device.path / "page").write_text("\n".join(zone).replace(zone[0][5:9], "XXXX"))
    assert device.judge(paper, printed_mrz=device.path / "page") == (1, "INVALID", ["PRINTED_MRZ"])
    (device.path / "page").write_text("")
    assert device.judge(paper, printed_mrz=device.path / "page") == (1, "INVALID", ["PRINTED_MRZ"])
    assert device.judge(b"") == (5, "NOT_OURS", ["WRONG_FORMAT"]), "a blank has no seal"
    asked = server.client("gate").verification.VerifySeal(verification_pb2.VerifySealRequest(
        seal=paper, holder_mrz=shown_by(request), printed_mrz="\n".join(zone)), timeout=30).report
    assert asked.verdict == verification_pb2.VerificationReport.VERDICT_VALID and asked.seal_mrz == "\n".join(zone)


def test_the_trust_list_tells_of_keys_that_may_be_in_other_hands(server, device):
    paper = issue(server)
    device.fetch()
    assert device.judge(paper.pdf)[1] == device.judge(seal_of(paper.document))[1] == "VALID"
    admin = server.client("admin").keys
    of = {key.purpose: key for key in admin.ListKeys(operations_pb2.ListKeysRequest(), timeout=30).keys}
    for purpose in ("VISIBLE", "DOCUMENT"):  # a PDF whose bar code is red is red already
        request = operations_pb2.ReportKeyCompromiseRequest(certificate_sha256=of[purpose].certificate_sha256)
        request.since.FromSeconds(int(time.time()) - 3600)
        admin.ReportKeyCompromise(request, timeout=30)
        device.fetch()
        for one in (paper.pdf, seal_of(paper.document)):
            code, verdict, reasons = device.judge(one)
            assert (code, verdict) == (1, "INVALID") and reasons[0] == "REVOKED_CERTIFICATE", "nothing proves that it is older"
