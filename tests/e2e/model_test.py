"""Random acts of all roles beside a model that is small enough to be read: what the model refuses the server refuses, what
it holds the registry holds, and no state that can be reached has a protected person on a manifest in force, a balance below
zero, an approver who asked, or a number that nobody can account for."""

import subprocess
import time
import uuid

import grpc
import pytest
from boarding_test import closing, mark
from conftest import (LONG, Server, document_pb2, example, fact, facts_of, issuance_pb2, operations_pb2, registry_pb2)
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

D, P = document_pb2.Document, operations_pb2
Role = document_pb2.FlightManifest.Occupant
PEOPLE, CAUSES = 5, [P.Hold.CAUSE_PENDING_CLAIM, P.Hold.CAUSE_COURT_ORDER, P.Hold.CAUSE_APPEAL]
people = st.integers(0, PEOPLE - 1)
choice = st.integers(0, 10**6)


@pytest.fixture(scope="module")
def server(tmp_path_factory, authority):
    """A manifest needs an officer besides the caller; whoever asks may approve, if only it is not his own."""
    s = Server(tmp_path_factory.mktemp("salvod"), authority)
    policy = s.dir / "policy.conf"
    text = policy.read_text().replace("FLIGHT_MANIFEST = 0", "FLIGHT_MANIFEST = 1")
    for caller, roles in (("flight", '["flight", "screening"'), ("finance", '["finance"')):
        text = text.replace(f'officer/{caller}"; roles = {roles}]', f'officer/{caller}"; roles = {roles}, "approver"]')
    policy.write_text(text.replace("holds_per_day = 20", "holds_per_day = 100000"))
    s.start()
    yield s
    s.stop()


def letters(n, k=7):
    return "".join(chr(65 + n // 26**i % 26) for i in range(k))


def somebody(i):
    n = uuid.uuid4().int
    o = Role(occupant_id=f"P{i:03}", role=Role.ROLE_RETURNEE)
    o.person.surname, o.person.given_names = letters(n), letters(n // 26**7)
    o.person.birth_date, o.person.sex, o.person.nationality = f"{1950 + n % 47}-{1 + n // 47 % 12:02}-11", "X", "COL"
    d = o.travel_document
    d.type, d.number, d.issuing_state, d.expiry_date = "P", f"MB{n % 10**7:07}", "COL", "2031-06-30"
    return o


class Registry(RuleBasedStateMachine):
    server = None

    def __init__(self):
        super().__init__()
        self.clients = {}

    def client(self, role):
        if role not in self.clients:
            self.clients[role] = self.server.client(role)
        return self.clients[role]

    def ask(self, call):
        """The answer, or the reason of the refusal."""
        try:
            return call(), None
        except grpc.RpcError as error:
            return None, (error.code().name, error.details())

    @initialize()
    def begin(self):
        self.people = [somebody(i) for i in range(PEOPLE)]
        self.cleared, self.holds, self.letters = set(), {}, {}
        self.drafts, self.manifests, self.receipts, self.waiting = {}, {}, {}, {}
        self.obligated, self.amendment, self.closed = 100_000, 0, False
        self.obligation = f"obligations/MB-{uuid.uuid4().hex[:12].upper()}"
        request = example("obligation")
        request.obligation.name, request.obligation.obligated_minor = self.obligation, self.obligated
        self.client("finance").funding.CreateObligation(request, timeout=60)
        for i in range(PEOPLE - 1):  # else few manifests would come about
            self.record_facts(i)

    # --- what the model knows ---

    def protected(self, i):
        return bool(self.holds.get(i)) or i in self.letters

    def taken(self):
        return sum(r["minor"] for r in self.receipts.values()) + sum(r["minor"] for r in self.waiting.values())

    def resuspend(self):
        for m in self.manifests.values():
            if m["state"] in (D.STATE_ISSUED, D.STATE_SUSPENDED):
                m["state"] = D.STATE_SUSPENDED if any(map(self.protected, m["aboard"])) else D.STATE_ISSUED

    def pick(self, things, n):
        return sorted(things)[n % len(things)]

    # --- persons ---

    @rule(i=people)
    def learn_facts(self, i):
        self.record_facts(i)

    def record_facts(self, i):
        request = example("flight-manifest")
        del request.flight_manifest.occupants[:]
        request.flight_manifest.occupants.append(self.people[i])
        for one in facts_of(request):
            self.client("flight").protection.RecordFact(one, timeout=60)
        self.cleared.add(i)

    @rule(i=people, cause=st.sampled_from(CAUSES))
    def place_hold(self, i, cause):
        o = self.people[i]
        made = self.client("protection").protection.PlaceHold(P.PlaceHoldRequest(
            request_id=str(uuid.uuid4()), person=o.person, travel_document=o.travel_document, cause=cause), timeout=60)
        self.holds.setdefault(i, set()).add(made.hold.name)  # the same cause again confirms the hold that there is
        self.resuspend()

    @precondition(lambda self: any(self.holds.values()))
    @rule(n=choice)
    def lift_hold(self, n):
        i = self.pick([i for i, names in self.holds.items() if names], n)
        name, o = min(self.holds[i]), self.people[i]
        self.holds[i].remove(name)
        decision = self.client("protection").protection.RecordFact(
            fact("DECISION", o, reference=f"L-{uuid.uuid4().hex}"), timeout=60).fact
        for k, role in enumerate(("protection", "protection2")):
            answer = self.client(role).protection.LiftHold(P.LiftHoldRequest(
                request_id=str(uuid.uuid4()), name=name, decision_fact=decision), timeout=60)
            assert answer.pending_second_officer == (k == 0)
        self.resuspend()

    @rule(i=people)
    def issue_letter(self, i):
        request, o = example("safe-conduct"), self.people[i]
        request.safe_conduct.purpose = document_pb2.SafeConduct.PURPOSE_PROTECTION_STAY
        portrait = request.safe_conduct.holder.portrait_jpeg
        request.safe_conduct.holder.CopyFrom(o.person)
        request.safe_conduct.holder.portrait_jpeg = portrait
        request.safe_conduct.identity_document.CopyFrom(o.travel_document)
        answer, why = self.ask(lambda: self.client("case").issuance.IssueDocument(request, timeout=60))
        if i in self.letters:  # NR-16: nobody has two
            assert why and why[0] == "FAILED_PRECONDITION", why
            return
        assert answer, why
        self.letters[i] = answer.document.number
        self.resuspend()

    @precondition(lambda self: self.letters)
    @rule(n=choice)
    def revoke_letter(self, n):
        i = self.pick(self.letters, n)
        for role in ("protection", "protection2"):
            answer = self.client(role).issuance.RevokeDocument(issuance_pb2.RevokeDocumentRequest(
                request_id=str(uuid.uuid4()), number=self.letters[i], version=1, reason=D.STATE_REASON_DECISION), timeout=60)
        assert answer.document.state == D.STATE_REVOKED
        del self.letters[i]
        self.resuspend()

    # --- manifests ---

    @rule(group=st.sets(people, min_size=1))
    def draft_manifest(self, group):
        request = example("flight-manifest")
        del request.flight_manifest.occupants[:]
        request.flight_manifest.occupants.extend(self.people[i] for i in sorted(group))
        answer, why = self.ask(lambda: self.client("flight").issuance.IssueDocument(request, timeout=60))
        if any(map(self.protected, group)) or not group <= self.cleared:  # unknown, claimed, held: one answer
            assert why and why[1].startswith("HOLD"), (answer, why)
        else:
            assert answer.document.state == D.STATE_PENDING_APPROVAL, why
            self.drafts[answer.document.number] = (answer.document, set(group))

    @precondition(lambda self: self.drafts)
    @rule(n=choice, role=st.sampled_from(["approver", "flight"]))
    def approve_manifest(self, n, role):
        number = self.pick(self.drafts, n)
        document, group = self.drafts[number]
        answer, why = self.ask(lambda: self.client(role).approve(document))
        if role == "flight":
            assert why and why[0] == "PERMISSION_DENIED", "who asked does not approve"
            return
        del self.drafts[number]
        if any(map(self.protected, group)):
            assert why and why[1].startswith("HOLD"), (answer, why)
            self.manifests[number] = dict(state=D.STATE_VOID, version=1, aboard=set())
        else:
            assert answer.document.state == D.STATE_ISSUED, why
            self.manifests[number] = dict(state=D.STATE_ISSUED, version=1, aboard=group)

    @precondition(lambda self: self.drafts)
    @rule(n=choice)
    def reject_manifest(self, n):
        number = self.pick(self.drafts, n)
        document, _ = self.drafts.pop(number)
        self.client("approver").issuance.RejectDocument(issuance_pb2.RejectDocumentRequest(
            request_id=str(uuid.uuid4()), number=number, version=1, reason=D.STATE_REASON_DECISION), timeout=60)
        self.manifests[number] = dict(state=D.STATE_REJECTED, version=1, aboard=set())

    def afloat(self):
        return [n for n, m in self.manifests.items() if m["state"] in (D.STATE_ISSUED, D.STATE_SUSPENDED)]

    @precondition(lambda self: self.afloat())
    @rule(n=choice, i=people)
    def offload(self, n, i):
        number = self.pick(self.afloat(), n)
        m = self.manifests[number]
        request = mark(number, self.people[i], "OFFLOADED", version=m["version"])
        answer, why = self.ask(lambda: self.client("gate").boarding.MarkOccupant(request, timeout=60))
        if i not in m["aboard"]:
            assert why or answer.manifest.version == m["version"], answer
            return
        assert answer and answer.manifest.version == m["version"] + 1, why
        m["version"] += 1
        m["aboard"] = m["aboard"] - {i}
        self.resuspend()

    @precondition(lambda self: self.afloat())
    @rule(n=choice, i=people)
    def check(self, n, i):
        number = self.pick(self.afloat(), n)
        m = self.manifests[number]
        answer = self.client("gate").boarding.CheckOccupant(P.CheckOccupantRequest(
            manifest_number=number, occupant_id=self.people[i].occupant_id), timeout=60)
        assert answer.listed == (i in m["aboard"] and m["state"] == D.STATE_ISSUED), answer

    @precondition(lambda self: self.afloat())
    @rule(n=choice, wrong=st.integers(0, 1))
    def close(self, n, wrong):
        number = self.pick(self.afloat(), n)
        m = self.manifests[number]
        for i in m["aboard"]:
            request = mark(number, self.people[i], "BOARDED", version=m["version"])
            _, why = self.ask(lambda r=request: self.client("gate").boarding.MarkOccupant(r, timeout=60))
            assert bool(why) == (m["state"] == D.STATE_SUSPENDED), why
        request = closing(number, m["version"], len(m["aboard"]) + wrong)
        answer, why = self.ask(lambda: self.client("gate").boarding.CloseManifest(request, timeout=60))
        if m["state"] == D.STATE_SUSPENDED or wrong:
            assert why and why[0] == "FAILED_PRECONDITION", answer
            return
        assert answer and answer.manifest.state == D.STATE_CLOSED, why
        m["state"], m["version"] = D.STATE_CLOSED, answer.manifest.version

    # --- money ---

    def receipt(self, minor):
        request = example("disbursement-receipt")
        r = request.disbursement_receipt
        r.obligation, r.amount_minor = self.obligation, minor
        del r.lines[1:]
        r.lines[0].type = document_pb2.DisbursementReceipt.LINE_TYPE_GROUND
        r.lines[0].passenger_count = 0
        r.lines[0].quantity_thousandths, r.lines[0].unit_price_minor, r.lines[0].amount_minor = 1000, minor, minor
        return request

    @rule(minor=st.integers(1, 60_000))
    def draft_receipt(self, minor):
        answer, why = self.ask(lambda: self.client("finance").issuance.IssueDocument(self.receipt(minor), timeout=60))
        if self.taken() + minor > self.obligated:
            assert why and why[0] == "FAILED_PRECONDITION", answer
            return
        assert answer.document.state == D.STATE_PENDING_APPROVAL, why
        self.waiting[answer.document.number] = dict(minor=minor, document=answer.document, given=set())

    @precondition(lambda self: self.waiting)
    @rule(n=choice, role=st.sampled_from(["approver", "approver2", "flight", "finance"]))
    def approve_receipt(self, n, role):
        number = self.pick(self.waiting, n)
        r = self.waiting[number]
        answer, why = self.ask(lambda: self.client(role).approve(r["document"]))
        if role == "finance":
            assert why and why[0] == "PERMISSION_DENIED", "who asked does not approve"
        elif role in r["given"]:
            assert why and why[0] == "ALREADY_EXISTS", answer
        else:
            assert answer, why
            r["given"].add(role)
            if len(r["given"]) == 2:
                assert answer.document.state == D.STATE_ISSUED
                officers = [a.officer for a in answer.document.approvals]
                assert len(set(officers) | {answer.document.issued_by}) == 3
                self.receipts[number] = self.waiting.pop(number)

    @precondition(lambda self: self.waiting)
    @rule(n=choice)
    def reject_receipt(self, n):
        number = self.pick(self.waiting, n)
        self.client("approver").issuance.RejectDocument(issuance_pb2.RejectDocumentRequest(
            request_id=str(uuid.uuid4()), number=number, version=1, reason=D.STATE_REASON_CORRECTION), timeout=60)
        del self.waiting[number]

    @rule(change=st.integers(-40_000, 40_000).filter(bool), stale=st.booleans())
    def amend(self, change, stale):
        request = P.AmendObligationRequest(request_id=str(uuid.uuid4()), name=self.obligation, change_minor=change,
                                           amendment=self.amendment + stale)
        answer, why = self.ask(lambda: self.client("finance").funding.AmendObligation(request, timeout=60))
        if stale:
            assert why and why[0] == "ABORTED", answer
        elif self.obligated + change < max(self.taken(), 1):
            assert why, answer
        else:
            assert answer, why
            self.obligated += change
            self.amendment += 1

    # --- what must hold ---

    @invariant()
    def the_registry_is_what_the_model_says(self):
        if not hasattr(self, "people"):
            return
        for number, m in self.manifests.items():
            now = self.client("flight").registry.GetDocument(
                registry_pb2.GetDocumentRequest(number=number, version=m["version"]), timeout=60).document
            assert (now.state, now.version) == (m["state"], m["version"]), (number, now.state, m)
            assert now.state != D.STATE_ISSUED or not any(map(self.protected, m["aboard"]))
        o = self.client("finance").funding.GetObligation(P.GetObligationRequest(name=self.obligation), timeout=60).obligation
        assert o.balance_minor == self.obligated - self.taken() and o.balance_minor >= 0

    def teardown(self):
        for client in self.clients.values():
            client.channel.close()


def test_no_reachable_state_breaks_what_must_hold(server):
    Registry.server = server
    run_state_machine_as_test(Registry, settings=settings(
        max_examples=600 if LONG else 25, stateful_step_count=40, deadline=None, derandomize=not LONG,
        database=None, suppress_health_check=list(HealthCheck), print_blob=False,
        phases=[Phase.generate]))
    d = server.dir
    time.sleep(0.1)
    done = subprocess.run([str(server.build / "bin/salvo"), "audit", "--registry", str(d / "registry.db"), "--key-file",
                           str(d / "registry.key"), "--master-key-file", str(d / "master.key"), "--journal",
                           str(d / "signer.journal")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
    print(done.stdout.strip())
