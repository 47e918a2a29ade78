"""Erasure: everything that came from a trace, a session or a user; also when the trace itself is gone."""

import json
import re
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from curator.audit import erasure
from curator.audit.erasure import (
    DraftKey,
    ErasureRecord,
    Kept,
    Subject,
    Trail,
    earlier_traces,
    empty_results,
    find_trail,
)
from curator.audit.erasure.record import digest
from curator.audit.erasure.trail import _could_be
from curator.config import Settings, state_folder
from curator.experiments import results
from curator.experiments.results import DatasetItem
from curator.gateway import Gateway
from curator.journal import Journal, SavedDraft
from curator.model import Decision, Item, ScrubPolicy
from curator.model.errors import ConfigError
from curator.model.lineage import fingerprint, item_id
from curator.promote import Patience
from curator.sandbox.server import SandboxServer
from curator.tui.memory import DraftState, Memory
from tests.audit.support import QuickScrub, connection_of
from tests.audit.worlds import write_observations, write_results
from tests.promote.support import promote, undo

SESSION = "whatsapp:+44 7700 900142"
USER = "ada.lovelace@mail.example"
QUICK = Patience(lock=5, late=1.2, limit=5, conflict=1.5, repair=0.5)
SCOPE = "scope"


def trace_id(name: str) -> str:
    return fingerprint(name)[:32]


class World:
    """A project with two datasets; a machine that promotes and erases."""

    def __init__(self, server: SandboxServer, gateway: Gateway, journal: Journal) -> None:
        self.server, self.gateway, self.journal = server, gateway, journal
        for name in ("one", "two/deep"):
            gateway.put_dataset(name)

    def trace(self, name: str, *, session: str = SESSION, user: str = USER) -> str:
        write_observations(self.server, [trace_id(name)])
        with self.server.store.write() as db:
            db.execute(
                "UPDATE observations SET session_id = ?, user_id = ? WHERE trace_id = ?",
                (session, user, trace_id(name)),
            )
        return trace_id(name)

    def forget_traces(self) -> None:
        """What deleting traces in Langfuse does: observations and their scores are gone."""
        with self.server.store.write() as db:
            db.execute("DELETE FROM observations")
            db.execute("DELETE FROM scores")

    def item(self, trace: str, *, dataset: str = "one", session: str = SESSION, **changes: Any) -> Item:
        fields = {
            "id": item_id(dataset, trace, trace[:16]),
            "dataset": dataset,
            "input": {"question": f"what about {trace[:6]}?"},
            "expected_output": {"outcome": "answer"},
            "metadata": {
                "source": "reviewed-failure",
                "source_trace_id": trace,
                "source_session_id": session,
                "case": "1",
                "reviewer": "mara",
            },
            "source_trace_id": trace,
            "source_observation_id": trace[:16],
        }
        return Item(**(fields | changes))

    def promote(self, item: Item, *, patience: Patience = QUICK) -> None:
        receipt = promote(
            self.gateway,
            self.journal,
            QuickScrub(),
            item,
            policy=ScrubPolicy(),
            rule="r",
            reviewer="mara",
            patience=patience,
        )
        assert receipt.ok, receipt.problem

    def find(self, kind: Any, *ids: str, **options: Any) -> Trail:
        subject = Subject(kind=kind, ids=ids)
        return find_trail(self.gateway, self.journal, subject, at=datetime.now(UTC), **options)

    def erase(self, trail: Trail, mode: Any = "archive", **options: Any) -> list[tuple[str, str]]:
        done = erasure.erase_trail(
            self.gateway, self.journal, QuickScrub(), trail, mode=mode, reviewer="tobias", patience=QUICK, **options
        )
        return [(each.item_id, each.outcome) for each in done]


@pytest.fixture
def world(server: SandboxServer, gateway: Gateway, journal: Journal) -> World:
    return World(server, gateway, journal)


# Finding


def test_items_of_all_datasets_are_found_by_their_source(world: World) -> None:
    mine, other = world.trace("mine"), world.trace("other", session="s2", user="u2")
    in_one, in_two = world.item(mine), world.item(mine, dataset="two/deep")
    for item in (in_one, in_two, world.item(other, session="s2")):
        world.promote(item)
    for kind, identity in (("trace", mine), ("session", SESSION), ("user", USER)):
        trail = world.find(kind, identity)
        assert {(kept.item_id, kept.dataset) for kept in trail.items} == {(in_one.id, "one"), (in_two.id, "two/deep")}
        assert trail.traces == (mine,)
        assert len(trail.receipts) == 2


def test_lineage_alone_is_enough(world: World) -> None:
    by_hand = world.item("a" * 32, id="by-hand", source_trace_id=None, source_observation_id=None)
    world.gateway.put_item(by_hand)
    assert [kept.item_id for kept in world.find("trace", "a" * 32).items] == ["by-hand"]
    trail = world.find("session", SESSION)
    assert [(kept.item_id, kept.found_by) for kept in trail.items] == [("by-hand", "source trace")]
    assert trail.traces == ("a" * 32,)


def test_the_trace_may_be_gone(world: World) -> None:
    mine = world.trace("mine")
    world.promote(world.item(mine))
    world.forget_traces()
    assert [kept.item_id for kept in world.find("trace", mine).items] == [world.item(mine).id]
    assert [kept.item_id for kept in world.find("session", SESSION).items] == [world.item(mine).id]


def test_of_a_user_whose_traces_are_gone_nobody_can_tell_and_it_is_said(world: World) -> None:
    world.promote(world.item(world.trace("mine")))
    world.forget_traces()
    trail = world.find("user", USER)
    assert trail.empty
    assert any("no user ids" in note for note in trail.notes)


def test_items_of_the_same_trace_without_the_session_follow(world: World) -> None:
    mine = world.trace("mine")
    world.promote(world.item(mine))
    bare = world.item(mine, dataset="two/deep", metadata={"source": "x", "source_trace_id": mine})
    world.promote(bare)
    world.forget_traces()
    assert bare.id in {kept.item_id for kept in world.find("session", SESSION).items}


def test_archived_items_are_found_by_receipt_decision_and_derived_id(world: World, tmp_path: Path) -> None:
    mine = world.trace("mine")
    item = world.item(mine)
    world.promote(item)
    world.gateway.put_item(item.model_copy(update={"status": "ARCHIVED"}))
    assert [kept.found_by for kept in world.find("trace", mine).items] == ["receipt"]
    with Journal("another machine", tmp_path / "other.sqlite3") as journal:
        elsewhere = World.__new__(World)
        elsewhere.server, elsewhere.gateway, elsewhere.journal = world.server, world.gateway, journal
        assert [kept.found_by for kept in elsewhere.find("trace", mine).items] == ["decision"]
        with world.server.store.write() as db:
            db.execute("DELETE FROM scores")
        world.gateway.put_item(world.item(world.trace("x", session="s2"), session="s2"))
        assert [kept.found_by for kept in elsewhere.find("trace", mine).items] == ["derived id"]


def test_a_scrubbed_session_id_makes_possible_items(world: World) -> None:
    item = world.item("b" * 32, session="whatsapp:<PHONE_NUMBER_1>")
    world.gateway.put_item(item)
    trail = world.find("session", SESSION)
    assert (trail.items, trail.possible) == ((), (item.id,))
    assert world.find("session", "sms:+44 7700 900142").possible == ()
    assert world.find("trace", "b" * 32).possible == ()


@pytest.mark.parametrize(
    ("recorded", "session", "could"),
    [
        ("<EMAIL_ADDRESS_1>", "ada@mail.example", True),
        ("chat-<PERSON_1>-<PERSON_2>-7", "chat-ada-bob-7", True),
        ("chat-<PERSON_1>-7", "chat-ada-8", False),
        ("chat-7", "chat-7", False),
        ("(<PERSON_1>", "(ada", True),
        ("<b>", "<b>", False),
    ],
)
def test_placeholders_stand_for_anything(recorded: str, session: str, could: bool) -> None:
    assert _could_be(recorded, session) is could


def test_drafts_and_unfinished_promotions_belong_to_the_trail(world: World) -> None:
    mine = world.trace("mine")
    item = world.item(mine)
    world.journal.drafts.save(SavedDraft.of_item(item, rule="r", reason="saved"))
    world.journal.drafts.save(SavedDraft.of_item(world.item("c" * 32), rule="r", reason="saved"))
    promotion = world.journal.promotions.begin(item, rule="r", reviewer="mara")
    world.journal.promotions.give_up(promotion)
    trail = world.find("trace", mine)
    assert [draft.trace_id for draft in trail.drafts] == [mine]
    assert trail.receipts == (promotion,)
    by_session = world.find("session", SESSION)
    assert {draft.trace_id for draft in by_session.drafts} == {mine, "c" * 32}


def test_run_traces_and_result_files_are_named(world: World) -> None:
    mine = world.trace("mine")
    item = world.item(mine)
    world.promote(item)
    run = world.trace("run", session="s2", user="u2")
    with world.server.store.write() as db:
        db.execute(
            "UPDATE observations SET experiment_id = 'e', experiment_name = 'run', experiment_item_id = ?,"
            " experiment_item_root_id = id WHERE trace_id = ?",
            (item.id, run),
        )
    held, other = write_results("a", item.id), write_results("b", f"{item.id}-2")
    (held.parent / "broken.json").write_text(json.dumps({"items": {item.id: {}}})[:-1])
    trail = world.find("trace", mine)
    assert trail.run_traces == (run,)
    assert trail.result_files == ("one/a.json", "one/broken.json")
    assert other.name == "b.json"


def test_texts_are_taken_out_of_result_files_and_numbers_stay(world: World) -> None:
    mine, other = world.item(world.trace("mine")), world.item(world.trace("other", session="s2"), session="s2")
    for item in (mine, other):
        world.promote(item)
    path = write_results("both", mine.id, other.id)
    before = results.read_run(path)
    trail = world.find("trace", mine.source_trace_id or "")
    world.erase(trail, "delete")
    assert list(empty_results(trail.result_files, trail.known_items)) == [("one/both.json", True)]
    after = results.read_run(path)
    assert after.items[mine.id] == DatasetItem(input=None, expected_output=None, fingerprint="f")
    (answered, other_answered), (failed, other_failed) = (repeat.items for repeat in after.repeats)
    assert (answered.output, answered.scores["good"].comment, failed.error) == (None, "", "erased")
    assert (other_answered, other_failed) == (before.repeats[0].items[1], before.repeats[1].items[1])
    assert after.items[other.id] == before.items[other.id]
    assert after.means() == before.means()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_result_files_of_items_that_are_gone_are_found_later(world: World) -> None:
    mine = world.item(world.trace("mine"))
    world.promote(mine)
    write_results("late", mine.id)
    world.gateway.delete_item(mine.id)
    trail = world.find("trace", mine.source_trace_id or "")
    assert (trail.items, trail.known_items) == ((), (mine.id,))
    assert list(empty_results(trail.result_files, trail.known_items)) == [("one/late.json", True)]
    assert world.find("trace", mine.source_trace_id or "").result_files == ()


def test_a_result_file_that_cannot_be_read_is_said(world: World) -> None:
    path = write_results("broken", "x")
    path.write_text("no JSON")
    assert list(empty_results(["one/broken.json"], ["x"])) == [("one/broken.json", False)]


def test_finding_writes_nothing(world: World) -> None:
    mine = world.trace("mine")
    world.promote(world.item(mine))
    before = [item.updated_at for item in world.gateway.items("one")]
    world.find("trace", mine)
    assert [item.updated_at for item in world.gateway.items("one")] == before


# Erasing


@pytest.mark.parametrize(("mode", "outcome"), [("archive", "archived"), ("delete", "deleted")])
def test_items_are_gone_from_every_list_and_verified(mode: str, outcome: str, world: World) -> None:
    mine, other = world.trace("mine"), world.trace("other", session="s2")
    items = [world.item(mine), world.item(mine, dataset="two/deep")]
    for item in (*items, world.item(other, session="s2")):
        world.promote(item)
    assert sorted(world.erase(world.find("trace", mine), mode)) == sorted((item.id, outcome) for item in items)
    assert [item.source_trace_id for item in world.gateway.items()] == [other]
    states = {world.gateway.item(item.id) and world.gateway.item(item.id).status for item in items}  # type: ignore[union-attr]
    assert states == ({"ARCHIVED"} if mode == "archive" else {None})


def test_archiving_leaves_the_content_of_the_item_as_it_is(world: World) -> None:
    item = world.item(world.trace("mine"), metadata={"source": "x", "kept": [1, None]})
    world.gateway.put_item(item)
    world.erase(world.find("trace", item.source_trace_id or ""))
    stored = world.gateway.item(item.id)
    assert stored is not None
    assert (stored.input, stored.metadata) == (item.input, item.metadata)


def test_drafts_receipts_and_reasons_are_removed_from_the_journal(world: World) -> None:
    mine = world.trace("mine")
    item = world.item(mine)
    world.promote(item)
    world.promote(item.model_copy(update={"expected_output": {"outcome": "refuse"}}))
    world.journal.drafts.save(SavedDraft.of_item(item, rule="r2", reason="saved"))
    world.journal.decisions.remember(
        Decision(trace_id=mine, state="snoozed", reviewer="mara", reason="ask Ada", at=datetime.now(UTC))
    )
    unfinished = world.journal.promotions.begin(item, rule="r", reviewer="mara")
    world.journal.promotions.give_up(unfinished)
    world.erase(world.find("trace", mine), "delete")
    assert world.journal.drafts.all() == []
    assert world.journal.promotions.of_item(item.id) == []
    assert world.journal.promotions.unfinished() == []
    decision = world.journal.decisions.get(mine)
    assert decision is not None
    assert decision.reason == ""


def test_what_the_ledger_keeps_for_undo_loses_its_reasons(world: World) -> None:
    mine = world.trace("mine")
    for state in ("dismissed", "snoozed"):
        world.journal.decide(
            Decision(trace_id=mine, state=state, reviewer="mara", reason="ask Ada", at=datetime.now(UTC))
        )
    world.journal.decide(
        Decision(trace_id="t2", state="dismissed", reviewer="mara", reason="stays", at=datetime.now(UTC))
    )
    world.promote(world.item(mine))
    world.erase(world.find("trace", mine))
    kept = world.journal.ledger.recorded()
    reasons = [each.reason for one in kept for each in (one.restore.decision, one.restore.before) if each is not None]
    assert sorted(reasons) == ["", "", "", "", "stays"]


def test_forgotten_texts_are_off_the_disk_at_once(world: World, tmp_path: Path) -> None:
    mine = world.trace("mine")
    world.promote(world.item(mine, input={"question": "Where is the walnut table?"}))
    world.promote(world.item(mine, input={"question": "Where is it?"}))  # the journal keeps what stood there before
    with Journal("test", tmp_path / "journal.sqlite3") as another:  # a terminal that is open all the while
        another.ledger.entries()
        files = list(tmp_path.glob("journal.sqlite3*"))
        assert len(files) == 3
        assert any(b"walnut" in path.read_bytes() for path in files)
        world.erase(world.find("trace", mine), "delete")
        assert not any(b"walnut" in path.read_bytes() for path in files if path.exists())


def test_what_a_reviewer_typed_into_the_terminal_is_forgotten(world: World) -> None:
    mine, other = world.trace("mine"), world.trace("other", session="s2", user="u2")
    memory = Memory(Settings(base_url=world.server.base_url, public_key=world.server.public_key))
    for trace in (mine, other):
        memory.keep_draft(DraftState(trace_id=trace, rule="r", edits={"expected_output.note": "call Ada"}))
    assert world.find("trace", mine).edited == ()
    trail = world.find("session", SESSION, terminal=memory)
    assert trail.edited == (mine,)
    assert not trail.empty
    world.erase(trail, terminal=memory)
    assert (memory.draft(mine), memory.draft(other) is None) == (None, False)


def test_there_is_nothing_that_an_undo_could_bring_back(world: World) -> None:
    mine = world.trace("mine")
    world.promote(world.item(mine))
    world.erase(world.find("trace", mine))
    assert list(undo(world.gateway, world.journal, QuickScrub(), reviewer="mara", count=5, patience=QUICK)) == []
    assert [entry.action for entry in world.journal.ledger.entries()] == ["promote", "undo"]


def test_what_was_archived_can_be_deleted_later_although_the_trace_is_gone(world: World) -> None:
    mine = world.trace("mine")
    item = world.item(mine)
    world.promote(item)
    trail = world.find("session", SESSION)
    world.erase(trail)
    record = ErasureRecord(trail, mode="archive", reviewer="tobias", at=datetime.now(UTC), scope=SCOPE)
    record.finish([])
    world.forget_traces()
    assert world.find("session", SESSION).empty
    earlier = earlier_traces(Subject(kind="session", ids=(SESSION,)), SCOPE)
    again = world.find("session", SESSION, earlier_traces=earlier)
    assert world.erase(again, "delete") == [(item.id, "deleted")]
    assert world.gateway.item(item.id) is None


def test_every_row_of_a_doubled_id_is_deleted(world: World) -> None:
    world.server.fault("duplicate-rows")
    item = world.item(world.trace("mine"))
    world.gateway.put_item(item)
    world.server.settings.faults.switch_off("duplicate-rows")
    assert world.gateway.items("one").total_items == 2
    assert world.erase(world.find("trace", item.source_trace_id or ""), "delete") == [(item.id, "deleted")]
    assert world.gateway.items("one").total_items == 0


def test_an_item_that_is_gone_meanwhile_is_no_failure(world: World) -> None:
    item = world.item(world.trace("mine"))
    world.promote(item)
    trail = world.find("trace", item.source_trace_id or "")
    world.gateway.delete_item(item.id)
    assert world.erase(trail) == [(item.id, "gone")]


def test_earlier_versions_in_langfuse_are_told(world: World) -> None:
    item = world.item(world.trace("mine"))
    world.promote(item)
    trail = world.find("trace", item.source_trace_id or "")
    (erased,) = erasure.erase_trail(
        world.gateway, world.journal, QuickScrub(), trail, mode="delete", reviewer="tobias", patience=QUICK
    )
    assert erased.outcome == "deleted"
    assert erased.in_history


@pytest.mark.parametrize(
    ("fault", "mode"), [("lost-write", "archive"), ("http-500", "delete"), ("http-500", "archive")]
)
def test_what_fails_is_said_and_keeps_its_receipt(fault: str, mode: str, world: World) -> None:
    item = world.item(world.trace("mine"))
    world.promote(item)
    trail = world.find("trace", item.source_trace_id or "")
    world.server.fault(fault)
    quick = Gateway(connection_of(world.server), patience=0.1)
    done = list(
        erasure.erase_trail(
            quick,
            world.journal,
            QuickScrub(),
            trail,
            mode=mode,
            reviewer="tobias",
            patience=QUICK,  # type: ignore[arg-type]
        )
    )
    quick.close()
    assert [each.outcome for each in done] == ["failed"]
    assert done[0].problem is not None
    world.server.settings.faults.switch_off(fault)
    assert world.journal.promotions.of_item(item.id)
    assert world.gateway.item(item.id) is not None


def test_a_rate_limit_is_waited_for(world: World) -> None:
    items = [world.item(world.trace(f"t{number}")) for number in range(1)]
    for item in items:
        world.gateway.put_item(item)
    trail = world.find("session", SESSION)
    world.server.fault("http-429", "every:4")
    assert {outcome for _, outcome in world.erase(trail, "delete")} == {"deleted"}


# The record


@pytest.fixture
def trail() -> Trail:
    return Trail(
        subject=Subject(kind="session", ids=(SESSION,)),
        traces=("a" * 32, "trace-of-ada@mail.example"),
        items=(Kept(item_id="case-of-ada@mail.example", dataset="one", status="ACTIVE", found_by="session"),),
        possible=("maybe-ada",),
        drafts=(DraftKey("a" * 32, "r", "ada"),),
        receipts=("p1",),
        run_traces=("b" * 32,),
        notes=("a note",),
    )


def test_the_record_holds_no_personal_value(trail: Trail) -> None:
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    record = ErasureRecord(trail, mode="delete", reviewer="tobias", at=at, scope=SCOPE)
    erased = erasure.Erased(item_id="case-of-ada@mail.example", dataset="one", outcome="deleted", in_history=True)
    record.finish([erased])
    text = record.path.read_text()
    assert "ada" not in text
    assert "900142" not in text
    read = json.loads(text)
    assert read["finished"] is True
    assert read["subject"] == {"kind": "session", "ids": [digest(SESSION, SCOPE)]}
    assert read["traces"] == ["a" * 32, digest("trace-of-ada@mail.example", SCOPE)]
    assert read["items"][0]["item_id"] == digest("case-of-ada@mail.example", SCOPE)
    assert (read["drafts"], read["receipts"]) == (1, 1)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", read["left"]["possible_items"][0])


def test_the_record_is_private_and_there_before_anything_is_erased(trail: Trail) -> None:
    record = ErasureRecord(trail, mode="archive", reviewer="tobias", at=datetime.now(UTC), scope=SCOPE)
    assert stat.S_IMODE(record.path.stat().st_mode) == 0o600
    assert json.loads(record.path.read_text())["finished"] is False


def test_no_record_no_erasure(trail: Trail) -> None:
    state_folder().mkdir(parents=True)
    (state_folder() / "erasures").write_text("a file where the folder should be")
    with pytest.raises(ConfigError) as caught:
        ErasureRecord(trail, mode="archive", reviewer="tobias", at=datetime.now(UTC), scope=SCOPE)
    assert caught.value.code == "ERASURE_RECORD"


def test_digests_of_one_id_differ_between_projects() -> None:
    assert digest(SESSION, "one") != digest(SESSION, "two")


def test_other_files_beside_the_records_are_passed_over(trail: Trail) -> None:
    folder = state_folder() / "erasures"
    folder.mkdir(parents=True)
    for name, text in (("a.json", "{"), ("b.json", "[]"), ("c.json", '{"subject": 3}')):
        (folder / name).write_text(text)
    ErasureRecord(trail, mode="archive", reviewer="tobias", at=datetime.now(UTC), scope=SCOPE)
    assert earlier_traces(trail.subject, SCOPE) == {"a" * 32}
    assert earlier_traces(trail.subject, "another project") == set()
    assert earlier_traces(Subject(kind="user", ids=(SESSION,)), SCOPE) == set()
