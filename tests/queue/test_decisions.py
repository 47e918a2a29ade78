"""Decisions: shared as a score, newest wins, and when a decided trace comes back."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway, NotFound
from curator.journal import Journal
from curator.model import Decision, Item, Score, ScrubPolicy, Signal
from curator.model.errors import CuratorError
from curator.queue import entries_of, find_failures, require_traces
from curator.queue.decisions import decisions_in, newest_decisions, put_decision, score_id, share_decision, state_of
from curator.sandbox.server import SandboxServer
from curator.scrub import Scrubber
from curator.scrub.items import Limits
from tests.gateway.servers import connection_to
from tests.queue.world import NOW, WEEK, World, ago, ids, rule

PLAIN = ScrubPolicy()
RULE = rule({"score": "q", "below": 1}, {"annotation": True}, {"annotation_queue": "triage"})


def decision(trace: str = "t", state: str = "dismissed", hours: float = 0, **fields: Any) -> Decision:
    base = {"trace_id": trace, "state": state, "reviewer": "anna", "reason": "known", "at": ago(hours)}
    return Decision.model_validate(base | fields)


def failing(world: World, *traces: str) -> None:
    world.queue("triage")
    for trace in traces:
        world.trace(trace)
        world.score(trace, "q", 0)


def states(world: World, **options: Any) -> dict[str, str]:
    return {one.trace_id: one.state for one in world.look(RULE, state=None, **options).failures}


def test_what_is_shared(gateway: Gateway) -> None:
    until = NOW + timedelta(days=3)
    put_decision(gateway, decision(state="snoozed", rule="r", item_id="i", until=until))
    (score,) = gateway.scores()
    assert (score.id, score.name, score.value, score.data_type) == (score_id("t"), "curation", "snoozed", "CATEGORICAL")
    assert (score.trace_id, score.comment) == ("t", "known")
    assert score.metadata == {"reviewer": "anna", "rule": "r", "item_id": "i", "until": until.isoformat()}
    found = decisions_in([score])["t"]
    assert (found.state, found.reviewer, found.rule, found.item_id) == ("snoozed", "anna", "r", "i")
    assert (found.reason, found.until, found.at) == ("known", until, score.timestamp)


def test_a_later_decision_overwrites(gateway: Gateway) -> None:
    put_decision(gateway, decision())
    put_decision(gateway, decision(state="open", reason=""))
    (score,) = gateway.scores()
    assert decisions_in([score])["t"].state == "open"


def test_ids_are_safe_and_distinct() -> None:
    assert len({score_id(trace) for trace in ("a", "b", "ü/%", "x" * 500)}) == 4
    assert all(len(score_id(trace)) < 64 and "/" not in score_id(trace) for trace in ("ü/%", "x" * 500))


def test_scores_that_are_no_decision_are_passed_over() -> None:
    base = {"id": "s", "timestamp": NOW, "data_type": "CATEGORICAL", "trace_id": "t"}
    assert decisions_in([Score(**base, name="curation", value="perhaps")]) == {}
    assert decisions_in([Score(**base, name="q", value="open")]) == {}
    assert decisions_in([Score(**(base | {"trace_id": None}), name="curation", value="open")]) == {}
    odd = Score(**base, name="curation", value="open", metadata={"until": 7, "rule": [], "reviewer": None})
    assert decisions_in([odd])["t"].until is None


def test_newest_wins() -> None:
    old, new = decision(hours=2), decision(state="open", hours=1)
    assert newest_decisions([new, old]) == newest_decisions([old, new]) == {"t": new}


def test_states_in_the_queue(world: World) -> None:
    failing(world, "dismissed", "snoozed", "woken", "reopened", "fresh")
    put_decision(world.gateway, decision("dismissed"))
    put_decision(world.gateway, decision("snoozed", "snoozed", until=NOW + timedelta(days=1)))
    put_decision(world.gateway, decision("woken", "snoozed", until=ago(1)))
    put_decision(world.gateway, decision("reopened"))
    put_decision(world.gateway, decision("reopened", "open"))
    assert states(world) == {
        "dismissed": "dismissed",
        "snoozed": "snoozed",
        "woken": "open",
        "reopened": "open",
        "fresh": "open",
    }
    found = world.look(RULE)
    assert ids(found) == ["fresh", "reopened", "woken"]
    assert (found.total, found.hidden) == (5, 2)
    assert ids(world.look(RULE, state="dismissed")) == ["dismissed"]
    later = world.look(RULE, now=NOW + timedelta(days=2))
    assert "snoozed" in ids(later)
    (shown,) = world.look(RULE, state="dismissed").failures
    assert shown.decision is not None
    assert (shown.decision.reviewer, shown.decision.reason) == ("anna", "known")


def test_a_decision_of_long_ago_still_counts(world: World) -> None:
    failing(world, "t")
    world.score("t", "curation", "dismissed", 24 * 60, metadata={"reviewer": "anna"})
    assert states(world) == {"t": "dismissed"}


def test_local_decisions_cover_the_lag(world: World) -> None:
    failing(world, "t", "u")
    assert states(world, decisions=[decision("t")]) == {"t": "dismissed", "u": "open"}
    put_decision(world.gateway, decision("u"))
    newer = decision("u", "open").model_copy(update={"at": NOW + timedelta(hours=1)})
    assert states(world, decisions=[newer, decision("u", hours=2)]) == {"t": "open", "u": "open"}


@pytest.mark.parametrize(
    ("state", "signal", "expected"),
    [
        ("dismissed", {"kind": "annotation", "source": "ANNOTATION"}, "open"),
        ("dismissed", {"kind": "score", "source": "ANNOTATION"}, "open"),
        ("dismissed", {"kind": "queue", "source": "QUEUE"}, "open"),
        ("dismissed", {"kind": "score", "source": "EVAL"}, "dismissed"),
        ("dismissed", {"kind": "level", "source": "TRACE"}, "dismissed"),
        ("snoozed", {"kind": "queue", "source": "QUEUE"}, "open"),
        ("snoozed", {"kind": "score", "source": "API"}, "snoozed"),
        ("promoted", {"kind": "annotation", "source": "ANNOTATION"}, "promoted"),
        ("open", {"kind": "annotation", "source": "ANNOTATION"}, "open"),
    ],
)
def test_only_a_person_brings_a_decided_trace_back(state: str, signal: dict[str, Any], expected: str) -> None:
    made = decision(state=state, hours=2, until=NOW + timedelta(days=1))

    def after(hours: float | None) -> Signal:
        return Signal(name="n", rule="r", timestamp=None if hours is None else ago(hours), **signal)

    assert state_of(made, [after(1)], has_items=False, now=NOW) == expected
    assert state_of(made, [after(3), after(None)], has_items=False, now=NOW) == state


def test_items_that_came_from_the_trace(world: World) -> None:
    failing(world, "t", "u", "v")
    world.gateway.put_dataset("regression")
    world.gateway.put_dataset("elsewhere")

    def put(id: str, trace: str, dataset: str = "regression") -> None:
        world.gateway.put_item(
            Item(id=id, dataset=dataset, input=1, expected_output=1, metadata={}, source_trace_id=trace)
        )

    put("t-1", "t")
    put("t-2", "t")
    put("v-1", "v", "elsewhere")
    put("x-1", "unrelated")
    by_id = {one.trace_id: one for one in world.look(RULE, state=None).failures}
    assert sorted(by_id["t"].items) == ["t-1", "t-2"]
    assert {id: one.state for id, one in by_id.items()} == {"t": "promoted", "u": "open", "v": "open"}
    put_decision(world.gateway, decision("t", "open"))
    by_id = {one.trace_id: one for one in world.look(RULE, state=None).failures}
    assert by_id["t"].state == "open"
    assert len(by_id["t"].items) == 2


def test_several_datasets_share_one_list_of_items(world: World) -> None:
    failing(world, "t", "u")
    rules = [rule({"score": "q", "below": 1}, name=f"r{number}", dataset=f"d{number}") for number in range(4)]
    for number in range(3):
        world.gateway.put_dataset(f"d{number}")
        put = Item(id=f"t-{number}", dataset=f"d{number}", input=1, expected_output=1, metadata={}, source_trace_id="t")
        world.gateway.put_item(put)
    world.gateway.put_dataset("unconcerned")
    world.gateway.put_item(put.model_copy(update={"id": "other", "dataset": "unconcerned"}))
    found = world.look(*rules, state=None)
    by_id = {one.trace_id: sorted(one.items) for one in found.failures}
    assert by_id == {"t": ["t-0", "t-1", "t-2"], "u": []}
    # scores, traces, decisions, items
    assert found.requests == 4


def test_a_long_history_of_items_is_not_read(tmp_path: Path) -> None:
    """Items are newest first and younger than their trace, so older ones cannot have come from it."""
    time = ago(24 * 30)
    with SandboxServer(clock=lambda: time) as sandbox:
        connection = connection_to(sandbox.base_url, public=sandbox.public_key, secret=sandbox.secret_key)
        with Gateway(connection) as gateway:
            world = World(sandbox, gateway, tmp_path)
            failing(world, "t")
            gateway.put_dataset("regression")
            put = Item(id="a", dataset="regression", input=1, expected_output=1, metadata={}, source_trace_id="t")
            for number in range(250):
                gateway.put_item(put.model_copy(update={"id": f"old-{number}", "source_trace_id": "long ago"}))
            time = NOW
            gateway.put_item(put.model_copy(update={"id": "new"}))
            world.load()
            heard: list[str] = []
            with Gateway(connection, on_request=heard.append) as watched:
                (one,) = find_failures(watched, [RULE], WEEK, state=None).failures
            assert one.items == ("new",)
            assert heard.count("GET /api/public/dataset-items") == 1


def test_entries_follow_a_decision(world: World) -> None:
    failing(world, "t")
    world.observation("t", "step", parentObservationId="t-root")
    world.load()
    queue_id = world.queue("more", ("TRACE", "t"), ("OBSERVATION", "step"), ("TRACE", "other"), ("SESSION", "t"))
    entries = entries_of(world.gateway, ["t", "nobody"])
    assert [len(entries["t"]), entries["nobody"]] == [2, []]
    gone = entries["t"][0].model_copy(update={"queue_entry_id": "deleted-by-somebody"})
    put_decision(world.gateway, decision("t"), complete_entries=[gone, *entries["t"], *entries["t"]])
    left = world.send("GET", f"/api/public/annotation-queues/{queue_id}/items?status=PENDING")["data"]
    assert sorted(one["objectId"] for one in left) == ["other", "t"]
    put_decision(world.gateway, decision("t", "open"), complete_entries=entries["t"])
    left = world.send("GET", f"/api/public/annotation-queues/{queue_id}/items?status=PENDING")["data"]
    assert len(left) == 4
    assert len(entries_of(world.gateway, ["t"], status="COMPLETED")["t"]) == 0


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal("scope", tmp_path / "journal.sqlite3") as journal:
        yield journal


def test_decide_notes_what_it_shared(world: World, journal: Journal) -> None:
    failing(world, "t")
    with Scrubber(in_process=True, use_model=False) as scrubber:
        share_decision(world.gateway, journal, scrubber, decision("t"), policy=PLAIN)
        assert [one.state for one in journal.decisions.all()] == ["dismissed"]
        world.sandbox.fault("http-500")
        with pytest.raises(Exception, match="failed"):
            share_decision(world.gateway, journal, scrubber, decision("t", "open"), policy=PLAIN)
        assert [one.state for one in journal.decisions.all()] == ["dismissed"]


def test_a_reason_is_shared_and_noted_without_personal_values(world: World, journal: Journal) -> None:
    failing(world, "t")
    told = decision("t", reason="Dear Jane Miller wrote from jane.miller@example.org: a duplicate")
    with Scrubber(in_process=True, use_model=False) as scrubber:
        shared = share_decision(world.gateway, journal, scrubber, told, policy=PLAIN)
    assert shared.reason == "Dear <PERSON_1> wrote from <EMAIL_ADDRESS_1>: a duplicate"
    (score,) = world.gateway.scores(names=["curation"])
    assert score.comment == shared.reason
    assert [one.reason for one in journal.decisions.all()] == [shared.reason]


def test_a_reason_that_cannot_be_scrubbed_is_not_shared(world: World, journal: Journal) -> None:
    failing(world, "t")
    with (
        Scrubber(in_process=True, use_model=False, limits=Limits(string_chars=100)) as scrubber,
        pytest.raises(CuratorError, match="not shared") as refused,
    ):
        share_decision(world.gateway, journal, scrubber, decision("t", reason="so " * 100), policy=PLAIN)
    assert refused.value.code == "PII_NOT_SCRUBBED"
    assert journal.decisions.all() == []
    assert list(world.gateway.scores(names=["curation"])) == []


def test_unknown_traces(world: World) -> None:
    world.trace("seen")
    world.observation("headless", "o", parentObservationId="lost")
    world.score("scored", "q", 0)
    world.load()
    world.queue("triage", ("TRACE", "queued"))
    require_traces(world.gateway, ["seen", "headless", "scored", "queued"])
    with pytest.raises(NotFound) as error:
        require_traces(world.gateway, ["seen", "typo"])
    assert error.value.code == "TRACE_NOT_FOUND"
    assert "typo" not in str(error.value)
