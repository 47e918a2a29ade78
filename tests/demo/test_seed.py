"""The demo data in a running sandbox, read with the real SDK."""

from datetime import datetime, timedelta
from time import process_time

from curator.config import Settings
from curator.gateway import Gateway
from curator.model import ScrubPolicy
from curator.queue import Window, digest, read_week
from curator.rulebook import load_rules, shipped_rules
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from curator.scrub import Scrubber
from tests.demo.maker.recurrence import AGAIN, APPROVED, ITEM
from tests.demo.truth import DemoData, seeded


def test_what_was_built_is_what_the_api_answers(demo: DemoData, demo_gateway: Gateway) -> None:
    observations = {(o.trace_id, o.id): o for o in demo_gateway.observations(io=True)}
    assert observations.keys() == {(row["traceId"], row["id"]) for row in demo.observations}
    for row in demo.observations:
        read = observations[row["traceId"], row["id"]]
        assert (read.type, read.name, read.level) == (row["type"], row["name"], row["level"])
        assert (read.input, read.output) == (row["input"], row["output"])
        assert read.start_time == datetime.fromisoformat(row["startTime"])
        assert (read.user_id, read.session_id, read.trace_name) == (row["userId"], row["sessionId"], row["traceName"])
        assert list(read.tags) == row["tags"]
        assert read.latency == row["latency"]
        if row["isRootObservation"]:
            assert read.is_root
            assert read.metadata == row["metadata"]
    scores = {s.id: s for s in demo_gateway.scores()}
    assert scores.keys() == {row["id"] for row in demo.scores}
    for row in demo.scores:
        read_score = scores[row["id"]]
        assert (read_score.name, read_score.value) == (row["name"], row["value"])
        assert (read_score.source, read_score.data_type) == (row["source"], row["dataType"])
        assert (read_score.comment, read_score.author_user_id) == (row["comment"], row["authorUserId"])


def test_a_trace_shows_its_review(demo: DemoData, demo_gateway: Gateway) -> None:
    commented = next(row for row in demo.comments if row["objectType"] == "TRACE")
    trace = demo_gateway.trace(commented["objectId"])
    assert [c.content for c in trace.comments] == [commented["content"]]
    assert trace.document()["comments"] == [commented["content"]]
    corrected = next(
        row["subject"]["traceId"]
        for row in demo.scores
        if row["dataType"] == "CORRECTION" and row["subject"]["kind"] == "observation"
    )
    assert demo_gateway.trace(corrected).correction is not None


def test_annotation_queues_and_their_entries(demo: DemoData, demo_gateway: Gateway) -> None:
    queues = demo_gateway.annotation_queues()
    assert {q.name for q in queues} == {"support-review", "safety-review"}
    for queue in queues:
        pending = list(demo_gateway.queue_entries(queue))
        expected = [e for e in demo.queue_entries if e["queueId"] == queue.id and e["status"] == "PENDING"]
        assert sorted(e.id for e in pending) == sorted(e["id"] for e in expected)


def test_the_failure_that_came_back_is_found_and_nothing_else(
    demo: DemoData, demo_gateway: Gateway, now: datetime
) -> None:
    rules = [each.rule for each in load_rules(Settings(rules=str(shipped_rules())))]
    window = Window(since=now - timedelta(days=14), until=now)
    with Scrubber(use_model=False) as scrubber:  # tests/tui/test_groups.py has the same of the last week with the model
        week = read_week(demo_gateway, scrubber, rules, window, policy_of=lambda failure: ScrubPolicy())
    failures = {one.key: one for one in week.queue.failures}
    assert failures.keys() >= {planted.trace_id for planted in demo.traces if planted.failure}
    assert {key: one.seen.item_id for key, one in failures.items() if one.seen} == {AGAIN: ITEM}
    assert {key: one.seen.promoted_at for key, one in failures.items() if one.seen} == {AGAIN: now - APPROVED}
    (recurring,) = digest(week).recurring
    assert AGAIN in recurring.keys
    asked = next(row["input"] for row in demo.observations if row["traceId"] == AGAIN and row["isRootObservation"])
    assert "Refund the whole order" in asked


def test_seeding_takes_less_than_a_second_of_work_and_can_be_repeated(now: datetime) -> None:
    with SandboxServer() as server:
        began = process_time()
        seed_demo(server.store, now)
        assert process_time() - began < 1
        later = now + timedelta(days=1)
        seed_demo(server.store, later)
        with server.store.read() as db:
            for table, rows in seeded(now).items():
                assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == len(rows)
            newest = db.execute("SELECT max(start_ms) FROM observations").fetchone()[0]
        expected = max(datetime.fromisoformat(row["startTime"]) for row in seeded(later)["observations"])
        assert newest == round(expected.timestamp() * 1000)
