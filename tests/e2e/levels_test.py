"""Does every kind of document come at each PAdES level, do judges that others wrote accept it, and does a file that was raised
later stay what it was?"""

import sqlite3

import pytest
from conftest import example, record_facts, refused, registry_pb2, verification_pb2
from leveled import (KINDS, LEVELS, Reading, TrustServices, judges_accept, letter, leveled, local, names_of, sha256,
                     statements_cover)


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    s = TrustServices(tmp_path_factory.mktemp("services"))
    yield s
    s.stop()


@pytest.fixture(autouse=True)
def calm(services):
    services.good()


def assert_valid(server, pdf, level):
    report = server.client("gate").verify(pdf)
    assert report.verdict == verification_pb2.VerificationReport.VERDICT_VALID, report
    assert report.signatures[0].level == level, report


def one_of_each(server):
    server.client("finance").funding.CreateObligation(example("obligation"), timeout=60)
    manifest = example("flight-manifest")
    record_facts(server, manifest)
    for role, request in (("case", letter()), ("flight", manifest), ("finance", example("disbursement-receipt"))):
        yield role, server.client(role).issue(request)


@pytest.mark.parametrize("level", LEVELS)
def test_each_kind_comes_at_each_level(tmp_path, services, level):
    server = leveled(tmp_path / "s", services, level).start()
    try:
        for role, made in one_of_each(server):
            document = made.document
            reading = judges_accept(made.pdf, services.authority)
            assert reading.level == level == document.level
            assert document.file_sha256 == sha256(made.pdf)
            signed = made.pdf[:reading.signatures[0].end]
            assert document.pdf_sha256 == sha256(signed)
            assert server.client(role).download(document.number) == made.pdf
            assert bool(reading.signatures[0].tokens) == (level != "B-B")
            assert reading.has_store == reading.esic == (level in ("B-LT", "B-LTA"))
            if reading.has_store:
                assert {"UT-DOC-07", "Utopia Trial Root", "UT-TSA-01", "Utopia Trial Time Authority",
                        "Utopia Trial Time Root"} <= names_of(reading.certs)
                assert statements_cover(reading) == set()
            assert len(reading.document_stamps) == (level == "B-LTA")
            assert_valid(server, made.pdf, level)
    finally:
        server.stop()
    audited = local(server, "audit")
    assert audited.returncode == 0 and " 0 faults" in audited.stdout, audited.stdout


def test_a_profile_is_of_a_kind(tmp_path, services):
    server = leveled(tmp_path / "s", services, dict(zip(KINDS, ("B-LT", "B-B", "B-T")))).start()
    try:
        assert [made.document.level for _, made in one_of_each(server)] == ["B-LT", "B-B", "B-T"]
    finally:
        server.stop()


@pytest.fixture(scope="module")
def raised(tmp_path_factory, services):
    """Letters that were made while the authority was down, and raised when it was back; by the sweeper, and by order."""
    services.good()
    server = leveled(tmp_path_factory.mktemp("raised") / "s", services, "B-LTA", "later").start()
    services.control(tsa="down")
    requests = [letter() for _ in range(3)]
    low = [server.client("case").issue(request) for request in requests]
    services.good()
    by_order = server.salvo("admin", "augment", low[0].document.number)
    due = server.salvo("admin", "augment", "--due")
    yield server, requests, low, by_order, due
    server.stop()


def test_what_is_below_its_level_says_so_and_is_in_the_audit(raised, services):
    server, _, low, *_ = raised
    for made in low:
        assert made.document.level == Reading(made.pdf).level == "B-B"
        judges_accept(made.pdf, services.authority)
    db = sqlite3.connect(f"file:{server.dir}/registry.db?mode=ro", uri=True)
    told = [row[0] for row in db.execute("SELECT reason FROM audit WHERE act = 'below_level'")]
    db.close()
    assert told == ["B-B of B-LTA: TIMESTAMP"] * 3


def test_a_raised_file_is_the_old_one_with_more_behind_it(raised, services):
    server, requests, low, by_order, due = raised
    assert by_order.returncode == 0 and b"B-LTA" in by_order.stdout, by_order
    assert due.returncode == 0 and due.stdout.count(b"B-LTA") == 2, due
    for request, made in zip(requests, low):
        case = server.client("case")
        now = case.download(made.document.number)
        assert now.startswith(made.pdf) and len(now) > len(made.pdf)
        reading = judges_accept(now, services.authority)
        assert reading.level == "B-LTA" and statements_cover(reading) == set()
        assert len(reading.document_stamps) == 2 and not reading.signatures[0].tokens
        document = case.registry.GetDocument(registry_pb2.GetDocumentRequest(number=made.document.number)).document
        assert (document.level, document.file_sha256, document.pdf_sha256) == ("B-LTA", sha256(now), sha256(made.pdf))
        assert_valid(server, now, "B-LTA")
        again = case.issue(request)  # the same id has the same bytes, whatever was appended since
        assert again.pdf == made.pdf and again.document.level == "B-LTA"


def test_who_may_not_augment_does_not(raised):
    server, _, low, *_ = raised
    number = low[0].document.number
    ask = registry_pb2.AugmentDocumentRequest
    case = server.client("case").registry
    refused(lambda: case.AugmentDocument(ask(number=number)), "PERMISSION_DENIED", "ROLE_MISSING")
    admin = server.client("admin").registry
    refused(lambda: admin.AugmentDocument(ask(number="S26ZZZZZZ")), "NOT_FOUND", "NOT_FOUND")
    refused(lambda: admin.AugmentDocument(ask()), "INVALID_ARGUMENT", "FIELD_INVALID")
    refused(lambda: admin.AugmentDocument(ask(number=number, level="B-X")), "INVALID_ARGUMENT", "FIELD_INVALID")
    refused(lambda: admin.AugmentDocument(ask(number=number, copy=9)), "NOT_FOUND", "NOT_FOUND")
    told = admin.AugmentDocument(ask(number=number))  # it is there already: nothing is done
    assert told.documents[0].level == "B-LTA" and told.documents[0].file_sha256 == sha256(server.client("case").download(number))


def test_a_letter_of_the_lowest_level_is_raised_by_order_and_renewed(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-B").start()
    try:
        made = server.client("case").issue(letter())
        assert server.client("case").download(made.document.number) == made.pdf
        for level, stamps in (("B-T", 1), ("B-LT", 1), ("B-LTA", 2)):
            done = server.salvo("admin", "augment", made.document.number, "--level", level)
            assert done.returncode == 0 and level.encode() in done.stdout, done
            reading = judges_accept(server.client("case").download(made.document.number), services.authority)
            assert reading.level == level and len(reading.document_stamps) == stamps
        assert server.salvo("admin", "augment", made.document.number, "--renew").returncode == 0
        reading = judges_accept(server.client("case").download(made.document.number), services.authority)
        assert reading.level == "B-LTA" and len(reading.document_stamps) == 3
    finally:
        server.stop()


def test_a_file_is_renewed_as_often_as_a_judge_reads_it_and_no_more(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-LTA").start()
    try:
        made = server.client("case").issue(letter())
        done = [server.salvo("admin", "augment", made.document.number, "--renew").returncode for _ in range(15)]
        assert done == [0] * 14 + [1]
        now = server.client("case").download(made.document.number)
        reading = judges_accept(now, services.authority)
        assert len(reading.document_stamps) == 15 and statements_cover(reading) == set()
        assert len(reading.ocsps) <= 2 + 14 and len(reading.certs) == 6  # of the last time-stamp alone, each time
        assert_valid(server, now, "B-LTA")
    finally:
        server.stop()


def test_the_sweeper_raises_by_itself(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-LT", "later").start()
    services.control(tsa="500")
    made = server.client("case").issue(letter())
    assert made.document.level == "B-B"
    server.stop()
    services.good()
    server.start()  # it sweeps at once
    try:
        for _ in range(300):
            now = server.client("case").download(made.document.number)
            if Reading(now).level == "B-LT":
                break
        assert Reading(judges_accept(now, services.authority).pdf).level == "B-LT"
    finally:
        server.stop()


def test_copies_for_an_audience_and_second_copies_have_the_level_too(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-LT").start()
    try:
        manifest = example("flight-manifest")
        record_facts(server, manifest)
        flight = server.client("flight")
        number = flight.issue(manifest).document.number
        audience = registry_pb2.DownloadDocumentRequest.AUDIENCE_GATE
        first = flight.download(number, audience=audience)
        assert judges_accept(first, services.authority).level == "B-LT"
        assert flight.download(number, audience=audience) == first
        made = server.client("case").issue(letter())
        done = server.salvo("case", "reissue", made.document.number, "--reason", "DAMAGED", "-o", str(tmp_path / "b.pdf"))
        assert done.returncode == 0, done
        assert judges_accept((tmp_path / "b.pdf").read_bytes(), services.authority).level == "B-LT"
    finally:
        server.stop()
    assert " 0 faults" in local(server, "audit").stdout


def test_a_changed_byte_of_what_was_appended_is_found_and_erasure_takes_it_along(tmp_path, services):
    server = leveled(tmp_path / "s", services, "B-LT").start()
    try:
        request = letter()
        old = server.client("case").issue(request)
        successor = example("safe-conduct", supersedes=old.document.number)
        successor.safe_conduct.CopyFrom(request.safe_conduct)
        server.client("case").issue(successor)
    finally:
        server.stop()
    assert local(server, "admin", "erase", old.document.number).returncode == 0
    assert " 0 faults" in local(server, "audit").stdout
    db = sqlite3.connect(server.dir / "registry.db")
    sizes = dict(db.execute("SELECT number, length(bytes) FROM tails"))
    assert sizes.pop(old.document.number) == 0 and all(sizes.values())
    ((tail,),) = db.execute("SELECT bytes FROM tails WHERE length(bytes) > 0").fetchall()
    db.execute("UPDATE tails SET bytes = ? WHERE length(bytes) > 0", (tail[:500] + bytes([tail[500] ^ 1]) + tail[501:],))
    db.commit()
    db.close()
    audited = local(server, "audit")
    assert audited.returncode != 0 and "FAULT tails" in audited.stdout, audited.stdout
