"""The main way: what `verified`, `unchanged` and an update mean, and what they cost."""

from curator.gateway import Forbidden, Gateway
from curator.journal import Journal
from curator.model import lineage
from curator.queue import decisions
from curator.sandbox.server import SandboxServer
from tests.promote.support import DATASET, EmailFinder, Promote, connection_of, make_item, resume


def test_a_new_item_is_verified_with_six_requests(gateway: Gateway, journal: Journal, run: Promote) -> None:
    before = gateway.requests
    receipt = run(make_item())
    assert (receipt.verdict, receipt.action, receipt.problem) == ("verified", "created", None)
    assert gateway.requests - before <= 6
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert stored.input == make_item().input
    assert stored.metadata == lineage.sealed(make_item()).metadata
    assert [row.id for row in gateway.items(DATASET)] == [receipt.item_id]


def test_the_decision_is_shared_and_remembered(gateway: Gateway, journal: Journal, run: Promote) -> None:
    receipt = run(make_item())
    shared = decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME]))[receipt.trace_id]
    assert (shared.state, shared.reviewer, shared.item_id) == ("promoted", "ada", receipt.item_id)
    (local,) = journal.decisions.all()
    assert (local.state, local.item_id) == ("promoted", receipt.item_id)
    assert journal.promotions.unshared() == []


def test_an_update_is_verified_and_says_so(gateway: Gateway, run: Promote) -> None:
    run(make_item())
    receipt = run(make_item(input={"query": "Where is it?"}))
    assert (receipt.verdict, receipt.action) == ("verified", "updated")
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert stored.input == {"query": "Where is it?"}


def test_two_cases_of_one_trace_stand_beside_each_other(gateway: Gateway, run: Promote) -> None:
    trace = make_item().source_trace_id
    first = run(make_item())
    second = run(make_item(id=f"{first.item_id}-2", metadata={"case": "2"}))
    assert (first.verdict, second.verdict) == ("verified", "verified")
    assert gateway.items(DATASET, source_trace_id=trace).total_items == 2
    assert run(make_item()).verdict == "unchanged"


def test_an_item_without_a_source_trace_is_verified_too(gateway: Gateway, run: Promote) -> None:
    item = make_item().model_copy(update={"source_trace_id": None, "source_observation_id": None, "id": "seed-1"})
    assert run(item).verdict == "verified"
    assert run(item).verdict == "unchanged"


def test_numbers_are_spelled_as_they_come_back(gateway: Gateway, run: Promote) -> None:
    receipt = run(make_item(input={"n": 1.0, "z": -0.0, "big": 10**22}))
    assert receipt.verdict == "verified"
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert receipt.fingerprint == lineage.content_fingerprint(stored)
    assert stored.metadata["fingerprints"]["input"] == lineage.fingerprint(stored.input)


def test_a_decision_that_could_not_be_shared_is_said_and_kept(
    gateway: Gateway, journal: Journal, run: Promote, server: SandboxServer
) -> None:
    with NoScores(connection_of(server)) as mute:
        receipt = run(make_item(), gateway=mute)
    assert receipt.verdict == "verified"
    assert [(c.name, c.ok) for c in receipt.checks if c.name == "decision"] == [("decision", False)]
    assert [p.item_id for p in journal.promotions.unshared()] == [receipt.item_id]
    assert [r.outcome for r in resume(gateway, journal, EmailFinder())] == ["shared"]
    assert decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME])).keys() == {receipt.trace_id}


class NoScores(Gateway):
    """A gateway whose keys may not write scores."""

    def put_score(self, **_: object) -> None:
        raise Forbidden("The keys are not allowed to do this.", code="FORBIDDEN", status=403)


def test_promoting_again_is_unchanged_and_writes_nothing(gateway: Gateway, run: Promote, sent: list[str]) -> None:
    run(make_item())
    first = gateway.item(make_item().id)
    sent.clear()
    receipt = run(make_item(metadata={"approved_at": "2026-11-23T10:00:00+00:00"}))
    assert (receipt.verdict, receipt.action) == ("unchanged", "none")
    assert [line.split()[0] for line in sent] == ["GET", "GET"]
    assert gateway.item(make_item().id) == first
