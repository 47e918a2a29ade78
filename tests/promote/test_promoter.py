"""From trace ids to receipts: the same signals as the queue's, the same id as before, few requests, honest refusals."""

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from curator.config import Settings
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Draft, Finding, Receipt, ScrubbedDraft, ScrubPolicy, ScrubSummary, lineage
from curator.promote import Choices, Order, Promoter, Proposal
from curator.promote.sources import Source, read_traces
from curator.queue import Window, entries_of, find_failures
from curator.queue.signals import signals_of
from curator.rulebook import LoadedRule, find_rule, load_rules
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from curator.scrub import Choice
from curator.scrub.policy import merged
from tests.demo.truth import DemoData
from tests.promote.support import QUICK, EmailFinder, code, connection_of

ORDER = Order(
    failure_type="wrong_route",
    despite=frozenset({"CORRECTION_FAILS"}),  # one expectation for all cannot agree with every correction
    edits={
        "expected_output.outcome": "answer",
        "expected_output.must_mention": ["order"],
        "expected_output.must_not_mention": [],
        "input.region": "eu",
        "input.order_reference": "ORDER-924",
        "input.query": "Where is my order?",
    },
)


NO_CHOICES: Mapping[str, Choice] = {}


class NoScrub(EmailFinder):
    """Passes drafts on as they are, with a finding for each choice: these tests are about everything else."""

    def scrub(
        self, draft: Draft, policy: ScrubPolicy, choices: Mapping[str, Choice] = NO_CHOICES, *, review: bool = False
    ) -> ScrubbedDraft:
        about: dict[str, Any] = {"path": "input", "start": 0, "end": 1, "entity": "MEDIA", "score": 1.0}
        findings = [
            Finding(id=each, action=choice.action, replacement=choice.text, reason=choice.reason, **about)
            for each, choice in choices.items()
        ]
        return ScrubbedDraft(
            draft=draft,
            input=draft.input,
            expected_output=draft.expected_output,
            metadata={k: v for k, v in draft.metadata.items() if k != "signals"},
            findings=tuple(findings),
            summary=ScrubSummary(),
            problems=draft.problems,
        )


@pytest.fixture
def loaded() -> LoadedRule:
    return find_rule("order-status-regression", Settings())


@pytest.fixture
def shop(server: SandboxServer, now: datetime, loaded: LoadedRule) -> Iterator[Gateway]:
    seed_demo(server.store, now)
    with Gateway(connection_of(server)) as gateway:
        gateway.put_dataset(loaded.rule.dataset.name)
        yield gateway


Run = Callable[..., list[Receipt]]


@pytest.fixture
def promote_them(shop: Gateway, journal: Journal, loaded: LoadedRule) -> Run:
    def run(traces: list[str], **options: Any) -> list[Receipt]:
        promoter = Promoter(shop, journal, NoScrub(), reviewer="ada", patience=QUICK)
        choices = Choices(remedies=frozenset(options.pop("remedies", ())))
        return list(promoter.promote_traces(traces, loaded, options.pop("order", ORDER), choices, **options))

    return run


def traces_of(demo: DemoData, count: int) -> list[str]:
    return [t.trace_id for t in demo.traces if t.workflow == "order-status"][:count]


@pytest.mark.parametrize(
    ("value", "code"),
    [(float("nan"), "ITEM_NOT_FINITE"), ("a\x00b", "ITEM_CONTROL_CHARACTERS"), (2**60 + 1, "ITEM_NUMBER_CHANGES")],
)
def test_a_draft_says_what_langfuse_would_lose(
    value: object, code: str, demo_gateway: Gateway, demo: DemoData, loaded: LoadedRule, journal: Journal
) -> None:
    """So that nobody learns it from the refusal; a remedy of the write may put it right, so it does not block."""
    trace = demo_gateway.trace(traces_of(demo, 1)[0])
    order = ORDER.model_copy(update={"edits": ORDER.edits | {"input.extra": value}})

    def drafted(order: Order) -> Proposal:
        found = Source(trace_id=trace.id, trace=trace)
        return Promoter(demo_gateway, journal, NoScrub(), reviewer="ada").draft(found, loaded, order)

    (lost,) = [problem for problem in drafted(order).scrubbed.problems if problem.code == code]
    assert (lost.path, lost.blocking) == ("input.extra", False)
    assert not drafted(order).writable
    assert code not in {problem.code for problem in drafted(ORDER).scrubbed.problems}


def test_signals_are_those_of_the_queue(demo_gateway: Gateway, now: datetime) -> None:
    """So that an item's lineage is the same whichever front end promoted it."""
    window = Window(since=now - timedelta(days=30), until=now + timedelta(days=1))
    compared = 0
    for loaded in load_rules(Settings()):
        queue = find_failures(demo_gateway, [loaded.rule], window, state=None, now=now)
        failures = {f.key: f for f in queue.failures if not f.source_gone}
        for found in read_traces(demo_gateway, list(failures), loaded.rule):
            assert found.trace is not None
            assert set(found.signals) == set(failures[found.key].signals), loaded.rule.rule
            compared += len(found.signals)
    assert compared > 100


def test_a_trace_that_is_no_failure_has_no_signals(demo_gateway: Gateway, demo: DemoData, loaded: LoadedRule) -> None:
    fine = next(t.trace_id for t in demo.traces if t.workflow == "order-status" and not t.failure)
    trace = demo_gateway.trace(fine)
    assert signals_of(trace, loaded.rule, entries=entries_of(demo_gateway, [fine])[fine]) == ()


def test_many_traces_cost_few_requests(shop: Gateway, demo: DemoData, promote_them: Run) -> None:
    traces = traces_of(demo, 25)
    before = shop.requests
    receipts = promote_them(traces)
    assert {r.verdict for r in receipts} == {"verified"}
    reads = shop.requests - before - 2 * len(traces)  # one write and one decision each
    assert reads <= 12


READING = ["GET v2/observations", "GET v3/scores"]
# The last list shows what stood there right before the write: who created the item.
WRITING = [
    "GET dataset-items/ITEM",
    "POST dataset-items",
    "GET dataset-items/ITEM",
    *["GET dataset-items"] * 2,
    "POST scores",
]


@pytest.mark.parametrize(
    ("expression", "more"), [("$.input.query", []), ("$.comments[0]", ["GET comments"] * 2)], ids=["plain", "comments"]
)
def test_the_requests_of_one_promotion_are_counted(
    expression: str,
    more: list[str],
    server: SandboxServer,
    shop: Gateway,
    demo: DemoData,
    journal: Journal,
    loaded: LoadedRule,
) -> None:
    """Seven for a rule that reads its trace alone; other sources are asked for only when a rule reads them."""
    rule = loaded.rule.model_dump(by_alias=True, exclude_none=True)
    rule["input"]["fields"] |= {"query": {"from": expression, "default": "Where?"}}
    rule["queue"]["signals"] = [{"level": "ERROR"}]
    plain = loaded.model_copy(update={"rule": type(loaded.rule).model_validate(rule)})
    asked: list[str] = []
    with Gateway(connection_of(server), on_request=asked.append) as gateway:
        promoter = Promoter(gateway, journal, NoScrub(), reviewer="ada", patience=QUICK)
        (receipt,) = promoter.promote_traces(traces_of(demo, 1), plain, ORDER)
    assert receipt.verdict == "verified"
    told = [each.replace("/api/public/", "").replace(receipt.item_id, "ITEM") for each in asked]
    assert told == [*READING, *more, *WRITING]


def test_again_takes_the_id_that_was_taken_before(
    shop: Gateway, demo: DemoData, promote_them: Run, loaded: LoadedRule
) -> None:
    (trace,) = traces_of(demo, 1)
    root = shop.trace(trace).root.id
    dataset = loaded.rule.dataset.name
    shop.put_dataset("other")
    first = lineage.item_id(dataset, trace, root)
    (receipt,) = promote_them([trace])
    assert receipt.item_id == first
    shop.delete_item(first)
    (refused,) = promote_them([trace], order=ORDER.model_copy(update={"case": "2"}))
    assert refused.item_id == lineage.item_id(dataset, trace, root, "2")


def test_next_id_is_remembered(shop: Gateway, demo: DemoData, promote_them: Run, loaded: LoadedRule) -> None:
    from tests.promote.support import make_item

    (trace,) = traces_of(demo, 1)
    root = shop.trace(trace).root.id
    dataset = loaded.rule.dataset.name
    shop.put_dataset("other")
    shop.put_item(make_item(trace, dataset="other", id=lineage.item_id(dataset, trace, root)))
    (refused,) = promote_them([trace])
    assert code(refused) == "ITEM_COLLISION"
    (taken,) = promote_them([trace], remedies=["next-id"])
    assert (taken.verdict, taken.item_id) == ("verified", lineage.item_id(dataset, trace, root, attempt=2))
    (again,) = promote_them([trace])
    assert (again.verdict, again.item_id) == ("unchanged", taken.item_id)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(float("nan"), "ITEM_NOT_FINITE"), ("a\x00b", "ITEM_CONTROL_CHARACTERS"), ("\ud800", "ITEM_UNSTORABLE_TEXT")],
)
def test_odd_values_are_refused_with_their_name(
    value: object, expected: str, demo: DemoData, promote_them: Run
) -> None:
    order = ORDER.model_copy(update={"edits": ORDER.edits | {"expected_output.must_mention": [value]}})
    receipts = promote_them(traces_of(demo, 1), order=order)
    assert [code(r) for r in receipts] in ([expected], ["DRAFT_INCOMPLETE"])
    if isinstance(value, str):
        assert code(receipts[0]) == expected


def test_a_value_that_is_too_deep_is_refused(demo: DemoData, promote_them: Run) -> None:
    deep: object = 1
    for _ in range(400):
        deep = [deep]
    order = Order.model_construct(edits={"expected_output.must_mention": deep}, case="1", keep={}, failure_type=None)
    assert [code(r) for r in promote_them(traces_of(demo, 1), order=order)] == ["ITEM_TOO_DEEP"]


def test_a_dry_run_writes_and_records_nothing(
    shop: Gateway, demo: DemoData, promote_them: Run, journal: Journal, loaded: LoadedRule
) -> None:
    traces = traces_of(demo, 5)
    assert {code(r) for r in promote_them(traces, dry_run=True)} == {"DRY_RUN"}
    assert shop.items(loaded.rule.dataset.name).total_items == 0
    assert (journal.ledger.entries(), journal.drafts.all()) == ([], [])
    promote_them(traces[:2])
    assert sorted(r.verdict for r in promote_them(traces, dry_run=True)) == ["refused"] * 3 + ["unchanged"] * 2


def test_a_stop_before_the_reading_reports_every_trace(demo: DemoData, promote_them: Run) -> None:
    stop = threading.Event()
    stop.set()
    traces = traces_of(demo, 5)
    receipts = promote_them(traces, stop=stop)
    assert [(r.trace_id, code(r)) for r in receipts] == [(trace, "INTERRUPTED") for trace in traces]


def test_the_team_s_policy_stands_under_the_rule_s(loaded: LoadedRule, gateway: Gateway, journal: Journal) -> None:
    team = ScrubPolicy(allow=("Acme",), thresholds={"PERSON": 0.9, "URL": 0.5}, strict=True)
    both = merged(team, ScrubPolicy(allow=("Kestrel",), thresholds={"PERSON": 0.6}))
    assert (both.allow, both.thresholds, both.strict) == (("Acme", "Kestrel"), {"PERSON": 0.6, "URL": 0.5}, True)
    promoter = Promoter(gateway, journal, NoScrub(), Settings(scrub=team))
    assert promoter.policy_of(loaded.rule.dataset.name) == merged(team, loaded.rule.scrub)
    assert promoter.policy_of("nobody feeds this") == team
    assert promoter.policy_of("nobody feeds this", loaded.rule.rule) == promoter.policy(loaded)


def test_a_promotion_without_locks_writes_nothing_and_says_so(
    shop: Gateway, demo: DemoData, journal: Journal, promote_them: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network file system may lose its lock service while curator runs."""

    def flock(_: int, __: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    traces = traces_of(demo, 3)
    (first,) = promote_them(traces[:1])
    monkeypatch.setattr(fcntl, "flock", flock)
    receipts = promote_them(traces[1:])
    assert first.ok
    assert [(each.verdict, each.action, code(each)) for each in receipts] == [("refused", "none", "STATE_NO_LOCKS")] * 2
    assert [item.source_trace_id for item in shop.items(first.dataset)] == traces[:1]
    monkeypatch.undo()
    assert journal.promotions.unfinished() == []
    assert len(journal.ledger.entries()) == 3


@pytest.mark.parametrize(("age", "ends"), [(60, None), (0, "SOURCE_GONE")])
def test_an_old_draft_is_not_written_once_its_trace_was_erased(
    age: float, ends: str | None, shop: Gateway, server: SandboxServer, demo: DemoData, loaded: LoadedRule,
    journal: Journal,
) -> None:  # fmt: skip
    """A terminal may hold a draft for hours; a fresh one costs no request more."""
    patience = QUICK.model_copy(update={"draft": age})
    promoter = Promoter(shop, journal, NoScrub(), reviewer="ada", patience=patience)
    (trace,) = traces_of(demo, 1)
    (source,) = promoter.read([trace], loaded)
    proposal = promoter.draft(source, loaded, ORDER)
    with server.store.write() as db:
        db.execute("DELETE FROM observations WHERE trace_id = ?", (trace,))
    before = shop.items(loaded.rule.dataset.name).total_items
    receipt = promoter.promote(proposal)
    assert (receipt.trace_id, code(receipt)) == (trace, ends)
    assert shop.items(loaded.rule.dataset.name).total_items - before == int(ends is None)
