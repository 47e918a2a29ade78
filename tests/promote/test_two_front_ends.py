"""One list of situations through both front ends: terminal and command offer, write and say the same."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from curator.config import Settings
from curator.gateway import Gateway
from curator.help.outcomes import OUTCOMES, REMEDIES
from curator.model import Item, Receipt, StoredItem, lineage
from curator.rulebook import find_rule
from curator.sandbox.demo import seed
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.memory import DraftState
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.session import Session
from tests.demo.truth import DemoData
from tests.promote.support import connection_of
from tests.promote.test_cli import MEND, RULE, Curator, curator, shop  # noqa: F401
from tests.tui.driver import settings_for

OTHER = "somebody-elses"
WHO_AND_WHEN = ("metadata.reviewer", "metadata.approved", "metadata.digest")
EDITS: dict[str, Any] = {
    "expected_output.outcome": "answer",
    "expected_output.must_mention": ["order"],
    "expected_output.must_not_mention": [],
    "input.region": "eu",
    "input.order_reference": "ORDER-924",
}


def collided(gateway: Gateway, item: Item) -> None:
    gateway.put_item(item.model_copy(update={"dataset": OTHER}))


def buried(gateway: Gateway, item: Item) -> None:
    collided(gateway, item)
    gateway.delete_item(item.id)


def archived(gateway: Gateway, item: Item) -> None:
    gateway.put_item(lineage.sealed(item).model_copy(update={"status": "ARCHIVED"}))


def edited(gateway: Gateway, item: Item) -> None:
    gateway.put_item(lineage.sealed(item).model_copy(update={"expected_output": {"outcome": "clarify"}}))


def older(gateway: Gateway, item: Item) -> None:
    gateway.put_item(lineage.sealed(item))


SITUATIONS: dict[str, tuple[Callable[[Gateway, Item], None] | None, str | None]] = {
    "new": (None, None),
    "collision": (collided, "ITEM_COLLISION"),
    "tombstone": (buried, "ITEM_TOMBSTONE"),
    "archived": (archived, "ITEM_ARCHIVED"),
    "edited": (edited, "ITEM_EDITED"),
    "an older draft": (older, None),
}
"""What stands there before → the code of the plain way."""
ROUNDS: list[list[str]] = [[], [], ["next-id", "unarchive", "overwrite"]]
"""Remedies of each round; before the second the situations are prepared, until then the dataset is missing."""


@pytest.fixture(scope="module")
def scrubber() -> Iterator[Scrubber]:
    with Scrubber() as one:
        yield one


def prepare(server: SandboxServer, traces: list[str]) -> None:
    """The situations, one trace each."""
    with Gateway(connection_of(server)) as gateway:
        gateway.put_dataset(OTHER)
        gateway.put_dataset(RULE)
        for (stands, _), trace in zip(SITUATIONS.values(), traces, strict=True):
            root = gateway.trace(trace).root.id
            content: dict[str, Any] = {"input": {"query": "old"}, "expected_output": {"outcome": "answer"}}
            prints = {name: lineage.fingerprint(value) for name, value in content.items()}
            item = Item(
                id=lineage.item_id(RULE, trace, root),
                dataset=RULE,
                metadata={"source": "reviewed-failure", "fingerprints": prints},
                source_trace_id=trace,
                source_observation_id=root,
                **content,
            )
            if stands is not None:
                stands(gateway, item)


def stored(server: SandboxServer, item_id: str) -> object:
    with Gateway(connection_of(server)) as gateway:
        item = gateway.item(item_id)
    return None if item is None else comparable(item)


def comparable(item: StoredItem) -> object:
    """Everything but who approved it when and where."""
    own = {"reviewer", "approved_at", "approved_by", "approved_via", "digest", "source_session_id"}
    kept = {key: value for key, value in (item.metadata or {}).items() if key not in own}
    return item.dataset, item.status, item.input, item.expected_output, kept, item.source_trace_id


def said(receipt: Receipt) -> dict[str, object]:
    problem, took = receipt.problem, re.compile(r"\(after [\d.]+ s\)")
    return {
        "item": receipt.item_id,
        "verdict": receipt.verdict,
        "action": receipt.action,
        "code": problem and problem.code,
        "words": problem and took.sub("", problem.message),
        "next": problem and problem.remedy,
        "offers": receipt.remedies,
        "changes": [(c.path, c.old, c.new) for c in receipt.changes if not c.path.startswith(WHO_AND_WHEN)],
        "warnings": [each.code for each in receipt.warnings],
        "checks": [(each.name, each.ok) for each in receipt.checks],
    }


def test_both_front_ends_offer_write_and_say_the_same(
    curator: Curator,  # noqa: F811
    shop: SandboxServer,  # noqa: F811
    now: datetime,
    demo: DemoData,
    scrubber: Scrubber,
) -> None:
    wanted = [t.trace_id for t in demo.traces if t.workflow == "order-status" and t.failure]
    traces = wanted[: len(SITUATIONS)]
    with SandboxServer(clock=lambda: now) as own:
        seed(own.store, now)
        drop(shop, RULE)
        session = Session(settings_for(own), scrubber)
        loaded = find_rule(RULE, Settings())
        seen: set[str] = set()
        for number, remedies in enumerate(ROUNDS):
            if number == 1:
                for server in (shop, own):
                    prepare(server, traces)
            asked = traces if number else traces[:1]
            options = [f"--remedy={name}" for name in remedies]
            _, document, _ = curator("promote", *asked, *MEND, *options, "--complete-queue", "--json")
            by_command = {each["trace_id"]: Receipt.model_validate(each) for each in document["receipts"]}
            prepared = [
                session.drafts.prepare(
                    DraftState(
                        trace_id=trace,
                        rule=loaded.rule.rule,
                        failure_type="wrong_route",
                        edits=EDITS,
                        despite=("CORRECTION_FAILS",),
                    )
                )
                for trace in asked
            ]
            by_terminal = {
                receipt.trace_id: receipt
                for receipt in session.acts.promote_many(prepared, threading.Event(), lambda *_: None, remedies)
            }
            for name, trace in zip(SITUATIONS, asked, strict=False):
                receipt = by_terminal[trace]
                assert said(receipt) == said(by_command[trace]), name
                assert stored(own, receipt.item_id) == stored(shop, receipt.item_id), name
                offers = session.acts.remedies(receipt)
                assert [offer for offer, _ in offers] == [each for each in REMEDIES if each in receipt.remedies]
                if receipt.item_id != lineage.item_id(RULE, trace, session.traces.get(trace).root.id):
                    screen = ReceiptScreen(prepared[0], None)
                    screen._receipt = receipt
                    copied = dict(screen.copies())  # what `y` copies and `b` opens
                    assert copied["the item's id"] == receipt.item_id
                    seen.add("next id")
                seen.add(receipt.problem.code if receipt.problem else receipt.verdict)
        session.close()
    assert {code for _, code in SITUATIONS.values() if code} | {"DATASET_MISSING", "verified", "next id"} <= seen


def drop(server: SandboxServer, dataset: str) -> None:
    """As if it had another name: Langfuse deletes no datasets."""
    with server.store.write() as db:
        db.execute("UPDATE datasets SET name = ? WHERE name = ?", (f"{dataset} (before)", dataset))


def test_every_remedy_of_the_table_can_be_asked_for_on_the_command_line() -> None:
    from curator.cli.promote import promote

    (option,) = [each for each in promote.params if each.name == "remedies"]
    assert set(option.type.choices) == set(REMEDIES)  # type: ignore[attr-defined]
    assert {name for each in OUTCOMES.values() for name in each.remedies} | {"draft"} == set(REMEDIES)
