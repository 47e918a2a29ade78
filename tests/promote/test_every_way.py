"""Faults and remedies of a write, by a rule that takes anything: both front ends offer, write and say the same."""

import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.help.outcomes import REMEDIES
from curator.model import Item, Receipt, lineage
from curator.model.errors import CuratorError
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.memory import DraftState
from curator.tui.session import Session
from curator.tui.session.drafts import Prepared
from tests.command import run
from tests.promote.support import connection_of
from tests.promote.test_two_front_ends import said, scrubber, stored  # noqa: F401
from tests.tui.driver import settings_for

CommandOf = Callable[..., Any]
Both = tuple[SandboxServer, SandboxServer]

ANY = """
rule: any
dataset: {name: any}
queue:
  signals:
    - {score: helpfulness, below: 0.5}
input: {schema: {type: object}, fields: {query: {from: "$.input.message"}, n: {default: 1}}}
expected_output: {schema: {type: object}, fields: {outcome: {default: answer}}}
lineage: {failure_types: [wrong], default_failure_type: wrong, rubric: r}
"""


def doubled(server: SandboxServer, gateway: Gateway, item: Item) -> None:
    server.fault("duplicate-rows")
    gateway.put_item(lineage.sealed(item))
    server.settings.faults.switch_off("duplicate-rows")


def reworded(server: SandboxServer, gateway: Gateway, item: Item) -> None:
    gateway.put_item(lineage.sealed(item).model_copy(update={"expected_output": {"outcome": "clarify"}}))


Before = Callable[[SandboxServer, Gateway, Item], None]


@dataclass(frozen=True)
class Way:
    """One situation on the way of an item, and what comes of it."""

    code: str | None
    """Of the plain way; None when it is verified."""
    remedies: tuple[str, ...] = ()
    then: str = ""
    """Verdict or code of the second time, with the remedies; the same code when there are none."""
    edits: Mapping[str, Any] = field(default_factory=dict)
    before: Before | None = None
    fault: tuple[str, ...] = ()
    """Fault of the server while it is promoted the first time."""


WAYS = {
    "control characters": Way("ITEM_CONTROL_CHARACTERS", ("strip",), edits={"input.query": "a\x07b"}),
    "a large number": Way("ITEM_NUMBER_CHANGES", ("as-text",), edits={"input.n": 2**60 + 1}),
    "half a character": Way("ITEM_UNSTORABLE_TEXT", edits={"input.query": "a\ud800"}),
    "a dropped key": Way("ITEM_KEY_DROPPED", edits={"input": {"__proto__": 1}}),
    "too deep": Way("PII_NOT_SCRUBBED", edits={"input": {"a": json.loads("[" * 210 + "]" * 210)}}),
    "too large": Way("PII_NOT_SCRUBBED", edits={"input.query": "a b " * 300_000}),
    "theirs": Way("ITEM_EDITED", ("keep-theirs",), before=reworded),
    "theirs as draft": Way("ITEM_EDITED", ("adopt",), before=reworded),
    "double rows": Way("ITEM_DUPLICATE_ROWS", ("repair",), before=doubled),
    "lost": Way("ITEM_LOST_WRITE", ("wait",), fault=("lost-write",)),
    "refused for the moment": Way(None, fault=("http-429", "every:3"), then="unchanged"),
    "an answer that got lost": Way(None, fault=("drop-response",), then="unchanged"),
    "kept as a draft": Way("ITEM_CONTROL_CHARACTERS", ("draft",), "ITEM_CONTROL_CHARACTERS", {"input.query": "a\x07b"}),
}


LONG = ("lost", "double rows", "refused for the moment")  # they wait as long as the server makes them


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in LONG else []) for n in WAYS])
def test_every_way_ends_the_same_at_both(name: str, both: Both, command_of: CommandOf, session: Session) -> None:
    way, (shop, own) = WAYS[name], both
    trace = f"{1 + list(WAYS).index(name):032x}"
    for server in both:
        with Gateway(connection_of(server)) as gateway:
            root = gateway.trace(trace).root.id
            content: dict[str, Any] = {"input": {"query": "q", "n": 1}, "expected_output": {"outcome": "answer"}}
            prints = {part: lineage.fingerprint(value) for part, value in content.items()}
            item_id = lineage.item_id("any", trace, root)
            metadata = {"source": "reviewed-failure", "fingerprints": prints}
            item = Item(id=item_id, dataset="any", metadata=metadata, source_trace_id=trace, **content)
            if way.before is not None:
                way.before(server, gateway, item.model_copy(update={"source_observation_id": root}))
    for number, remedies in enumerate(((), way.remedies)):
        if way.fault and not number:
            for server in both:
                server.fault(*way.fault)
        options = [f"--set={path}={json.dumps(value)}" for path, value in way.edits.items()]
        document = command_of("promote", trace, "--rules=any", *options, *(f"--remedy={each}" for each in remedies))
        by_command = Receipt.model_validate(document["receipts"][0])
        prepared = prepare(session, DraftState(trace_id=trace, rule="any", edits=dict(way.edits)))
        if isinstance(prepared, CuratorError):  # there is not even a draft
            problem = by_command.problem
            assert problem is not None
            assert (prepared.code, prepared.message) == (problem.code, problem.message)
            assert prepared.code == way.code
            continue
        (by_terminal,) = session.acts.promote_many([prepared], threading.Event(), lambda *_: None, remedies)
        for server in both:
            for fault in way.fault[:1]:
                server.settings.faults.switch_off(fault)
        assert said(by_terminal) == said(by_command)
        assert stored(own, item_id) == stored(shop, item_id)
        assert [offer for offer, _ in session.acts.remedies(by_terminal)] == [
            each for each in REMEDIES if each in by_command.remedies
        ]
        again = way.then or ("verified" if way.remedies else way.code)
        wanted = again if number else way.code or "verified"
        assert wanted in (by_command.verdict, by_command.problem and by_command.problem.code)
        if not number and way.remedies:
            assert set(way.remedies) <= set(by_command.remedies)


def prepare(session: Session, order: DraftState) -> "Prepared | CuratorError":
    try:
        return session.drafts.prepare(order)
    except CuratorError as error:
        return error


@pytest.fixture(scope="module")
def both(now: datetime) -> Iterator[Both]:
    """Two servers with the same traces, one for each front end."""
    rows = [
        {"id": f"{trace:016x}", "traceId": f"{trace:032x}", "traceName": "any", "name": "any", "type": "SPAN",
         "startTime": now.isoformat(), "endTime": now.isoformat(), "input": '{"message": "q"}', "output": "{}"}
        for trace in range(1, len(WAYS) + 1)
    ]  # fmt: skip
    with SandboxServer() as shop, SandboxServer() as own:
        for server in (shop, own):
            load_rows(server, rows)
            with Gateway(connection_of(server)) as gateway:
                gateway.put_dataset("any")
        yield shop, own


def load_rows(server: SandboxServer, rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert load_files(server.store, [file]).bad_total == 0


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "any.yaml").write_text(ANY)
    return tmp_path / "rules"


@pytest.fixture
def command_of(both: Both, rules: Path, lasting_workers: None) -> CommandOf:
    def command_of(*arguments: str) -> Any:
        env = both[0].environment() | {"CURATOR_RULES": str(rules), "CURATOR_REVIEWER": "maya"}
        return run(*arguments, "--json", env=env).document

    return command_of


@pytest.fixture
def session(both: Both, rules: Path, scrubber: Scrubber) -> Iterator[Session]:  # noqa: F811
    session = Session(settings_for(both[1]).model_copy(update={"rules": str(rules)}), scrubber)
    yield session
    session.close()
