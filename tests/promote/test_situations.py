"""One list of situations through both front ends: command line and terminal offer, write and say the same."""

import json
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from curator.config import Connection, Limits, Settings
from curator.gateway import Gateway
from curator.help.outcomes import OUTCOMES, REMEDIES
from curator.journal import Journal
from curator.model import Item, Receipt, StoredItem, lineage
from curator.model.errors import CuratorError
from curator.promote import Patience, Promoter
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.memory import DraftState
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.session import Session
from tests.command import Done, run
from tests.promote.between import Between, Meddle, answers, drops, follows, rewrites
from tests.promote.support import connection_of
from tests.tui.driver import driving

USUAL, OTHER, DEEP, GONE = (f"{number:032x}" for number in range(1, 5))
SLASHED = "tenant/42/7"
ROOT = f"{1:016x}"
ITEM_ID = lineage.item_id("any", USUAL, ROOT)
LIMITS = Limits(answer_megabytes=0.5, pages=1)
HASTY = Patience(lock=0.2, late=0.4, limit=0.3, conflict=0.3, repair=0.2)

ANY = """
rule: {name}
dataset: {{name: any}}
queue: {{signals: [{signal}]}}
input: {{schema: {{}}, fields: {{query: {{from: "$.input.message"}}, n: {{default: 1}}}}}}
expected_output: {{schema: {{}}, fields: {{outcome: {{default: answer}}}}}}
checks: [{{name: polite, type: regex, pattern: "please"}}]
lineage: {{failure_types: [wrong], default_failure_type: wrong, rubric: r, approval: {approval}}}
"""
LOW = "{score: helpfulness, below: 0.5}"
RULES = {
    "any": ANY.format(name="any", signal=LOW, approval="anyone"),
    "signed": ANY.format(name="signed", signal=LOW, approval="person"),
    "twice": ANY.format(name="twice", signal=LOW, approval="anyone, approvals: 2"),
    "queued": ANY.format(name="queued", signal="{annotation_queue: desk}", approval="anyone"),
}

GET_ITEM, LIST, WRITE = r"GET .*/dataset-items/", r"GET .*/dataset-items\?", r"POST .*/dataset-items"
DELETE, MAKE_DATASET, READ_TRACES = "DELETE .*/dataset-items/", "POST .*/datasets", "GET .*/observations"
EMAIL = "please write to ada.lovelace@gmail.com"


@dataclass
class World:
    """The sandbox before a promotion, by a way of its own, and the journal of the front end that will promote."""

    server: SandboxServer
    gateway: Gateway
    journal: Journal
    until_the_second_time: ExitStack

    @property
    def item(self) -> Item:
        """The item that is promoted, with old content, as an older curator left it."""
        content: dict[str, Any] = {"input": {"query": "old", "n": 1}, "expected_output": {"outcome": "answer"}}
        prints = {name: lineage.fingerprint(value) for name, value in content.items()}
        metadata = {"source": "reviewed-failure", "fingerprints": prints}
        of = {"source_trace_id": USUAL, "source_observation_id": ROOT}
        return Item(id=ITEM_ID, dataset="any", metadata=metadata, **content, **of)

    def put(self, **changes: Any) -> None:
        """That item, approved, then changed."""
        self.gateway.put_item(lineage.sealed(self.item).model_copy(update=changes))


def collided(world: World) -> None:
    world.gateway.put_dataset("somebody-elses")
    world.put(dataset="somebody-elses")


def buried(world: World) -> None:
    collided(world)
    world.gateway.delete_item(ITEM_ID)


def doubled(world: World) -> None:
    world.server.fault("duplicate-rows")
    world.put()
    world.server.settings.faults.switch_off("duplicate-rows")


def dataset_gone(world: World) -> None:
    with world.server.store.write() as db:
        db.execute("DELETE FROM datasets")


def schema_elsewhere(world: World) -> None:
    world.gateway.put_dataset(
        "any", input_schema={"type": "object", "required": ["question"], "properties": {"question": {}}}
    )


def busy(world: World) -> None:
    world.until_the_second_time.enter_context(world.journal.item_lock(ITEM_ID, 1))


def scored(world: World) -> None:
    world.gateway.put_score(id="left", name="helpfulness", value=0.1, data_type="NUMERIC", trace_id=GONE)


def queued(world: World) -> None:
    at = int(datetime.now(UTC).timestamp() * 1000)
    with world.server.store.write() as db:
        db.execute("INSERT INTO annotation_queues VALUES (1, 'q', 'desk', NULL, '[]', ?, ?)", (at, at))
        entry = "INSERT INTO annotation_queue_items VALUES (1, 'e', 'q', ?, 'TRACE', 'PENDING', NULL, ?, ?)"
        db.execute(entry, (USUAL, at, at))


def stored_item(gateway: Gateway) -> StoredItem:
    stored = gateway.item(ITEM_ID)
    assert stored is not None
    return stored


def overwritten(gateway: Gateway) -> None:
    gateway.put_item(stored_item(gateway).to_write().model_copy(update={"input": {"query": "theirs"}}))


def approved_with_a_name(gateway: Gateway) -> None:
    item = stored_item(gateway).to_write()
    signals = {"signals": [{"kind": "score", "name": "x", "comment": EMAIL}]}
    gateway.put_item(lineage.sealed(item.model_copy(update={"metadata": item.metadata | signals})))


def shouted(body: Any) -> Any:
    return body | {"input": {"query": "OLD", "n": 1}}


def endless(body: Any) -> Any:
    return body | {"meta": body["meta"] | {"totalPages": 99}}


def page_of(*rows: Any) -> Any:
    return {"data": rows, "meta": {"page": 1, "totalItems": len(rows), "totalPages": 1}}


def with_an_odd_row(body: Any) -> Any:
    return body | {"data": [*body["data"], {"id": "x", "traceId": OTHER}]}


@dataclass(frozen=True)
class Situation:
    """What a promotion meets, and what comes of it."""

    code: str | None
    """How it ends the first time; None when it is verified."""
    remedies: tuple[str, ...] = ()
    then: str = ""
    """Verdict or code of the second time, with the remedies; `verified` where it is not given."""
    edits: Mapping[str, Any] = field(default_factory=dict)
    before: Callable[[World], object] | None = None
    fault: tuple[str, ...] = ()
    """Fault of the server during the first time."""
    meddle: Meddle | None = None
    """What somebody between does during the first time."""
    after_write: Callable[[Gateway], object] | None = None
    """What somebody else does right after the first write, before its answer arrives."""
    stays: bool = False
    """Whether he goes on during the second."""
    trace: str = USUAL
    rule: str = "any"
    more: tuple[str, ...] = ("--complete-queue",)
    """Options of the command; without it entries stay open there, while the terminal completes them."""
    environment: Mapping[str, str] = field(default_factory=lambda: {"CURATOR_REVIEWER": "maya"})
    terminal: tuple[str, str] | None = None
    """How both times end at the terminal where that is another way by intent."""
    interrupted: bool = False
    """Whether somebody stops it between draft and write."""


S = Situation
SITUATIONS = {
    "nothing special": S(None, then="unchanged"),
    "slashes in the trace's id": S(None, then="unchanged", trace=SLASHED),
    # what would be lost of it
    "control characters": S("ITEM_CONTROL_CHARACTERS", ("strip",), edits={"input.query": "a\x07b"}),
    "kept as a draft": S("ITEM_CONTROL_CHARACTERS", ("draft",), "ITEM_CONTROL_CHARACTERS", {"input.query": "a\x07b"}),
    "a large number": S("ITEM_NUMBER_CHANGES", ("as-text",), edits={"input.n": 2**60 + 1}),
    "an infinite number": S("ITEM_NOT_FINITE", edits={"input.n": float("inf")}),
    "half a character": S("ITEM_UNSTORABLE_TEXT", edits={"input.query": "a\ud800"}),
    "a dropped key": S("ITEM_KEY_DROPPED", edits={"input": {"__proto__": 1}}),
    "a text that is a number": S("ITEM_STRING_PARSED", edits={"expected_output": "123"}),
    "too deep for the scrub": S("PII_NOT_SCRUBBED", edits={"input": {"a": json.loads("[" * 210 + "]" * 210)}}),
    "a trace too deep": S("ITEM_TOO_DEEP", trace=DEEP),
    "too large for the scrub": S("PII_NOT_SCRUBBED", edits={"input.query": "a b " * 300_000}),
    "too large for a proxy": S("TOO_LARGE", meddle=answers(WRITE, 413)),
    "no input": S("DRAFT_INCOMPLETE", edits={"input": {}}),
    # what is there
    "its trace is gone": S("SOURCE_GONE", before=scored, trace=GONE),
    "no such trace": S("TRACE_NOT_FOUND", trace=GONE),
    "a collision": S("ITEM_COLLISION", ("next-id",), before=collided),
    "a tombstone": S("ITEM_TOMBSTONE", ("next-id",), before=buried),
    "archived": S("ITEM_ARCHIVED", ("unarchive",), before=lambda world: world.put(status="ARCHIVED")),
    "an older draft": S(None, then="unchanged", before=lambda world: world.put()),
    "nothing expected any more": S(
        "ITEM_STALE_FIELDS", ("clear-stale",), edits={"expected_output": None}, before=lambda world: world.put()
    ),
    "no dataset": S("DATASET_MISSING", ("create-dataset",), before=dataset_gone),
    "a dataset nobody knows of": S(
        "DATASET_MISSING", ("create-dataset",), "NO_ANSWER", before=dataset_gone, meddle=drops(MAKE_DATASET), stays=True
    ),
    "another schema": S("ITEM_SCHEMA_REFUSED", before=schema_elsewhere),
    "refused for a new reason": S("ITEM_REFUSED", meddle=answers(WRITE, 400, {"message": "not today"})),
    "a medium that is gone": S(
        "ITEM_MEDIA_UNKNOWN",
        meddle=answers(WRITE, 400, {"message": "Dataset item references unknown media: 38a8259f"}),
    ),
    "theirs is kept": S(
        "ITEM_EDITED", ("keep-theirs",), before=lambda world: world.put(expected_output={"outcome": "clarify"})
    ),
    "theirs is overwritten": S("ITEM_EDITED", ("overwrite",), before=lambda world: world.put(input={"query": "new"})),
    "theirs as a draft": S("ITEM_EDITED", ("adopt",), before=lambda world: world.put(input={"query": "new"})),
    "theirs names somebody": S(
        "ITEM_EDITED", ("keep-theirs",), "ITEM_NOT_SCRUBBED", before=lambda world: world.put(input={"query": EMAIL})
    ),
    "only a person may": S(
        "APPROVAL_NEEDS_PERSON", then="APPROVAL_NEEDS_PERSON", rule="signed", environment={},
        terminal=("verified", "unchanged"),
    ),
    "another person is asked for": S("APPROVAL_NEEDS_ANOTHER", then="APPROVAL_NEEDS_ANOTHER", rule="twice"),
    "busy": S("ITEM_BUSY", ("wait",), before=busy),
    "somebody writes all the time": S(
        "ITEM_MODIFIED_CONCURRENTLY", ("wait",), before=lambda world: world.put(), fault=("http-409",)
    ),
    "interrupted": S("INTERRUPTED", interrupted=True, then="verified"),
    "an entry stays open": S(
        "QUEUE_ENTRY_LEFT", ("complete-queue",), "unchanged", before=queued, rule="queued", more=(),
        terminal=("verified", "unchanged"),
    ),
    # what becomes of the write
    "lost": S("ITEM_LOST_WRITE", ("wait",), fault=("lost-write",)),
    "nobody saw it": S("WRITE_UNANSWERED", ("wait",), meddle=drops(WRITE)),
    "an answer that got lost": S(None, fault=("drop-response",), then="unchanged"),
    "the list is late": S("ITEM_STALE_READ", ("wait",), "unchanged", meddle=answers(LIST, 200, page_of())),
    "rewritten": S("ITEM_REWRITTEN", meddle=rewrites(WRITE, shouted)),
    "overwritten": S("ITEM_OVERWRITTEN", after_write=overwritten),
    "double rows": S("ITEM_DUPLICATE_ROWS", ("repair",), before=doubled),
    "double rows that stay": S("ITEM_DUPLICATE_ROWS", ("repair",), "CONFLICT", before=doubled,
                               meddle=answers(DELETE, 409), stays=True),
    "double rows for ever": S("ITEM_DUPLICATE_ROWS", ("repair",), "REFUSED", before=doubled,
                              meddle=answers(DELETE, 400), stays=True),
    "approved with a name": S(
        "ITEM_NOT_CLEAN", after_write=approved_with_a_name
    ),
    # the way to Langfuse
    "other keys": S("UNAUTHORISED", meddle=answers(WRITE, 401)),
    "keys that may not write": S("FORBIDDEN", meddle=answers(WRITE, 403)),
    "an old server": S("SERVER_TOO_OLD", meddle=answers(READ_TRACES, 404, {"message": "no"})),
    "no server": S("UNREACHABLE", ("wait",), meddle=drops(GET_ITEM)),
    "a limit that stays": S("RATE_LIMITED", ("wait",), meddle=answers(WRITE, 429, retry_after="1")),
    "a server that fails": S("SERVER_FAILED", ("wait",), meddle=answers(WRITE, 500)),
    "a page of a proxy": S("BAD_ANSWER", meddle=answers(GET_ITEM, 200, b"<html>")),
    "an answer too large": S("LIMIT_ANSWER", meddle=answers(GET_ITEM, 200, b" " * 600_000)),
    "a list without end": S("LIMIT_PAGES", meddle=rewrites(LIST, endless, answer=True)),
    "rows of another time": S("NOTHING_READABLE", meddle=answers(LIST, 200, page_of({}))),
    "a list that is gone": S("NOT_FOUND", meddle=answers(LIST, 404, {"message": "no"})),
    "no time left": S(
        "LIMIT_COMMAND", then="LIMIT_COMMAND", more=("--timeout=0.000001",), terminal=("verified", "unchanged")
    ),
    "one of several cannot be read": S(
        "TRACE_UNREADABLE", trace=OTHER, more=(USUAL,), meddle=rewrites(READ_TRACES, with_an_odd_row, answer=True),
        terminal=("NOTHING_READABLE",),
    ),
}  # fmt: skip

NOT_HERE = {
    "ITEM_BAD_ID": "a rule refuses such a pinned id, and derived ids are safe: items of files and seeds meet it",
    "DRY_RUN": "the workbench is the terminal's dry run",
    "ITEM_MISSING": "verify, undo and amend say it",
    "ITEM_CHANGED": "verify, undo and amend say it",
    "ITEM_MEDIA_UNLINKED": "only what a kept medium meets: tests/security/test_media_end_to_end.py",
    "ITEM_UNPROVEN": "verify says it",
    "ITEM_NO_LINEAGE": "verify says it",
    "UNDO_IMPOSSIBLE": "undo says it",
}
"""Codes of the table that no draft can end with."""


def test_every_code_and_every_remedy_is_in_a_situation() -> None:
    reached = {each.code for each in SITUATIONS.values()} | {each.then for each in SITUATIONS.values()}
    assert set(OUTCOMES) - reached == set(NOT_HERE)
    assert {name for each in SITUATIONS.values() for name in each.remedies} == set(REMEDIES)


def test_every_remedy_of_the_table_can_be_asked_for_on_the_command_line() -> None:
    from curator.cli.promote import promote

    (option,) = [each for each in promote.params if each.name == "remedies"]
    assert set(option.type.choices) == set(REMEDIES)  # type: ignore[attr-defined]
    assert {name for each in OUTCOMES.values() for name in each.remedies} | {"draft"} == set(REMEDIES)


@pytest.mark.parametrize("name", SITUATIONS)
def test_both_front_ends_offer_write_and_say_the_same(name: str, places: "Places") -> None:
    situation = SITUATIONS[name]
    by_command, by_terminal = (places.walk(situation, front) for front in (places.command, places.terminal))
    for told, wanted in zip(by_command, wanted_of(situation), strict=True):
        assert wanted in told.names, (wanted, told)
    if situation.remedies and situation.then not in ("NO_ANSWER",):
        assert set(situation.remedies) <= set(by_command[0].offers)
    if situation.terminal is not None:
        for told, expected in zip(by_terminal, situation.terminal, strict=True):
            assert expected in told.names, (expected, told)
        return
    for one, other in zip(by_command, by_terminal, strict=True):
        assert one.problem == other.problem
        assert one.stored == other.stored
        if other.receipt is not None:  # else there is not even a draft at the terminal
            assert (one.receipt, one.offers) == (other.receipt, other.offers)


@pytest.mark.anyio
@pytest.mark.parametrize(("name", "keys"), [("a collision", "1"), ("theirs is overwritten", "2")])
async def test_the_screen_shows_what_the_command_prints(name: str, keys: str, places: "Places") -> None:
    situation = SITUATIONS[name]
    with places.begun(situation, "printed"):
        printed = places.run(situation, ()).stdout
    with places.begun(situation, "shown") as gateway, Scrubber() as scrubber:
        session = Session(places.settings, scrubber)
        async with driving(session) as driver:
            prepared = session.drafts.prepare(DraftState(trace_id=USUAL, rule="any", edits=dict(situation.edits)))
            screen = ReceiptScreen(prepared, None)
            driver.app.push_screen(screen)
            await driver.until(lambda: screen._receipt is not None)
            receipt, shown = screen._receipt, driver.text()
            assert receipt is not None
            assert receipt.problem is not None
            for words in (receipt.problem.message, receipt.problem.remedy, receipt.problem.code):
                assert words in printed
                assert set(words.split()) <= set(shown.split())  # it folds long lines
            for number, (remedy, words) in enumerate(session.rooms.promoter.remedies(receipt), 1):
                assert f"--remedy {remedy}: {words}" in printed
                assert f"{number}  {remedy}  {words}" in shown
            await driver.press(*keys)
            assert screen._receipt.verdict == "verified"
            assert dict(screen.copies())["the item's id"] == screen._receipt.item_id  # what `y` copies and `b` opens
            assert comparable(gateway.item(screen._receipt.item_id)) is not None
            assert (screen._receipt.item_id == ITEM_ID) == (situation.code == "ITEM_EDITED")


def test_an_item_made_by_hand_has_a_state_once_somebody_adopted_it(places: "Places") -> None:
    until, said = datetime.now(UTC).date() + timedelta(days=7), {"owner": "maya", "issue": "https://example.org/1"}
    excuse = ["known", "any", "by-hand", *(f"--{k}={v}" for k, v in said.items()), f"--until={until}", "--json"]
    env = places.environment | {"CURATOR_REVIEWER": "maya"}
    receipt = Receipt(trace_id="", item_id="by-hand", dataset="any", action="none", verdict="unchanged",
                      at=datetime.now(UTC), rule="any")  # fmt: skip
    content: dict[str, Any] = {"input": {"query": "q"}, "expected_output": {"outcome": "answer"}}
    by_hand = Item(id="by-hand", dataset="any", metadata={}, **content)
    with places.begun(SITUATIONS["nothing special"], "by-hand") as gateway, Scrubber() as scrubber:
        gateway.put_item(by_hand)
        by_command = Receipt.model_validate(run(*excuse, env=env).document)
        with closing(Session(places.settings, scrubber)) as session:
            by_terminal = session.acts.set_state(receipt, "known", until, said)
            assert by_command.problem == by_terminal.problem
            assert by_command.problem is not None
            assert (by_command.problem.code, by_command.action) == ("ITEM_NO_LINEAGE", "none")
            adopted = run(
                "audit", "any", "by-hand", "--rules=any", "--fix=adopt", "--failure-type=wrong", "--yes", env=env
            )
            assert adopted.returncode == 0, adopted
            assert session.acts.set_state(receipt, "known", until, said).verdict == "verified"
        stored = gateway.item("by-hand")
        assert stored is not None
        assert stored.metadata["gate"]["owner"] == "maya"


def wanted_of(situation: Situation) -> list[str]:
    """How the command ends, each time: once when there is nothing to do about it."""
    twice = situation.remedies or situation.then
    return [situation.code or "verified", *([situation.then or "verified"] if twice else [])]


Words = tuple[str, str, str]
"""Of a problem: code, sentence, next step."""


@dataclass(frozen=True)
class Told:
    """What a front end says of one promotion, and what is stored then."""

    problem: "Words | None"
    receipt: dict[str, object] | None
    """All else that the receipt says; None without a receipt."""
    offers: list[str]
    stored: object
    names: frozenset[str]
    """Verdict, code and warnings."""


def told_by(receipt: "Receipt | Words", stored: object) -> Told:
    if not isinstance(receipt, Receipt):
        return Told(receipt, None, [], stored, frozenset(receipt[:1]))
    problem, offers = receipt.problem, [each for each in REMEDIES if each in receipt.remedies]
    said = {
        "item": receipt.item_id,
        "verdict": receipt.verdict,
        "action": receipt.action,
        "changes": [(c.path, c.old, c.new) for c in receipt.changes if not c.path.startswith(WHO_AND_WHEN)],
        "warnings": [each.code for each in receipt.warnings],
        "checks": [(each.name, each.ok) for each in receipt.checks],
    }
    names = [receipt.verdict, *([problem.code] if problem else []), *(each.code for each in receipt.warnings)]
    return Told(problem and words_of(problem), said, offers, stored, frozenset(names))


def words_of(problem: Any) -> Words:
    return problem.code, re.sub(r"\(after [\d.]+ s\)", "", problem.message), problem.remedy


WHO_AND_WHEN = ("metadata.reviewer", "metadata.approved", "metadata.digest")
OWN = {"reviewer", "approved_at", "approved_by", "approved_via", "digest", "source_session_id"}


def comparable(item: StoredItem | None) -> object:
    """Everything but who approved it when and where."""
    if item is None:
        return None
    kept = {key: value for key, value in (item.metadata or {}).items() if key not in OWN}
    return item.dataset, item.status, item.input, item.expected_output, kept, item.source_trace_id


Front = Callable[[Situation, tuple[str, ...], threading.Event], Receipt | Words]


class Places:
    """A sandbox, somebody between, and both front ends; each front end has a state folder of its own."""

    def __init__(self, server: SandboxServer, between: Between, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.server, self.between, self.folder, self.patch = server, between, folder, patch
        connection = connection_of(server).model_copy(update={"base_url": between.base_url})
        self.connection = Connection.model_validate(connection.model_dump() | {"limits": LIMITS})
        (folder / "config.toml").write_text("[limits]\nanswer_megabytes = 0.5\npages = 1\n")
        (folder / "rules").mkdir()
        patch.setenv("CURATOR_CONFIG", str(folder / "config.toml"))

    @contextmanager
    def begun(self, situation: Situation, front: str) -> Iterator[Gateway]:
        """The situation, from the start, with the state folder of a front end; a gateway past whoever is between."""
        self.patch.setenv("CURATOR_STATE_DIR", str(self.folder / front))
        (self.folder / "rules" / f"{situation.rule}.yaml").write_text(RULES[situation.rule])
        with self.server.store.write() as db:
            for table in ("item_versions", "datasets", "scores", "annotation_queue_items", "annotation_queues"):
                db.execute(f"DELETE FROM {table}")
        with (
            Gateway(connection_of(self.server)) as gateway,
            Journal.of(self.connection) as journal,
            ExitStack() as self.held,
        ):
            gateway.put_dataset("any")
            if situation.before is not None:
                situation.before(World(self.server, gateway, journal, self.held))
            self.between.meddle = situation.meddle
            if situation.after_write is not None:
                self.between.meddle = follows(WRITE, partial(situation.after_write, gateway))
            if situation.fault:
                self.server.fault(*situation.fault)
            yield gateway
            self.over(situation)

    def over(self, situation: Situation) -> None:
        """What lasts for the first time only is over."""
        self.held.close()
        for fault in situation.fault[:1]:
            self.server.settings.faults.switch_off(fault)
        if not situation.stays:
            self.between.meddle = None

    def walk(self, situation: Situation, front: Front) -> list[Told]:
        """The situation, from the start, through a front end."""
        told = list[Told]()
        with self.begun(situation, front.__name__) as gateway:
            for number, _ in enumerate(wanted_of(situation)):
                stop = threading.Event()
                if situation.interrupted and not number:
                    self.interrupt(stop)
                answer = front(situation, situation.remedies if number else (), stop)
                item_id = answer.item_id if isinstance(answer, Receipt) else ""
                told.append(told_by(answer, comparable(gateway.item(item_id or ITEM_ID))))
                self.over(situation)
        return told

    def interrupt(self, stop: threading.Event) -> None:
        """Somebody stops the next promotion as soon as its draft is made."""
        draft = Promoter.draft

        def drafted(*given: Any) -> Any:
            stop.set()
            return draft(*given)

        self.patch.setattr(Promoter, "draft", drafted)

    @property
    def environment(self) -> dict[str, str]:
        """That of the command."""
        return self.server.environment() | {
            "LANGFUSE_BASE_URL": self.between.base_url,
            "CURATOR_RULES": str(self.folder / "rules"),
        }

    @property
    def settings(self) -> Settings:
        """Those of the terminal."""
        connection, rules = self.connection, str(self.folder / "rules")
        keys = {"public_key": connection.public_key, "secret_key": connection.secret_key}
        return Settings(base_url=connection.base_url, reviewer="maya", rules=rules, limits=LIMITS, **keys)

    def run(self, situation: Situation, remedies: tuple[str, ...], *more: str) -> Done:
        """The command."""
        edits = [f"--set={path}={json.dumps(value)}" for path, value in situation.edits.items()]
        options = [*situation.more, *edits, *(f"--remedy={each}" for each in remedies), *more]
        env = self.environment | situation.environment
        return run("promote", situation.trace, f"--rules={situation.rule}", *options, env=env)

    def command(self, situation: Situation, remedies: tuple[str, ...], stop: threading.Event) -> Receipt | Words:
        self.patch.setattr("curator.cli.promote.stoppable", lambda: nullcontext(stop))
        document = self.run(situation, remedies, "--json").document
        if "error" in document:
            return words_of(SimpleNamespace(**document["error"]))
        (receipt,) = [each for each in document["receipts"] if each["trace_id"] == situation.trace]
        return Receipt.model_validate(receipt)

    def terminal(self, situation: Situation, remedies: tuple[str, ...], stop: threading.Event) -> Receipt | Words:
        with Scrubber() as scrubber, closing(Session(self.settings, scrubber)) as session:
            order = DraftState(trace_id=situation.trace, rule=situation.rule, edits=dict(situation.edits))
            try:
                prepared = session.drafts.prepare(order)
            except CuratorError as error:
                return words_of(error)
            (receipt,) = session.acts.promote_many([prepared], stop, lambda *_: None, remedies)
            assert [name for name, _ in session.rooms.promoter.remedies(receipt)] == [
                r for r in REMEDIES if r in receipt.remedies
            ]
            return receipt


@pytest.fixture(scope="module")
def server(now: datetime) -> Iterator[SandboxServer]:
    """Traces and nothing else."""
    deep = json.dumps({"message": json.loads("[" * 300 + "]" * 300)})
    rows = [
        {"id": f"{int(trace[-1], 16):016x}", "traceId": trace, "traceName": "any", "name": "any", "type": "SPAN",
         "startTime": now.isoformat(), "endTime": now.isoformat(), "input": text, "output": "{}"}
        for trace, text in ((USUAL, '{"message": "q"}'), (DEEP, deep), (SLASHED, "{}"))
    ]  # fmt: skip
    with SandboxServer() as server, tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert load_files(server.store, [file]).bad_total == 0
        yield server


@pytest.fixture(scope="module")
def between(server: SandboxServer) -> Iterator[Between]:
    with Between(server.base_url).running() as between:
        yield between


@pytest.fixture
def places(
    server: SandboxServer, between: Between, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasting_workers: None
) -> Places:
    made = Promoter.__post_init__

    def hasty(promoter: Promoter) -> None:
        made(promoter)
        object.__setattr__(promoter, "patience", HASTY)

    monkeypatch.setattr(Promoter, "__post_init__", hasty)
    monkeypatch.setattr(Patience, "longer", lambda patience: HASTY.model_copy(update={"late": 1, "limit": 3}))
    monkeypatch.setattr("curator.gateway.calls._wait", lambda state: 0.01)
    return Places(server, between, tmp_path, monkeypatch)
