"""The demo data: deterministic, relative to now, whole, varied, and synthetic to the last value."""

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.sandbox.demo.data import DATASETS, ROWS
from tests.demo.maker.__main__ import datasets, shop
from tests.demo.maker.build import make
from tests.demo.maker.people import CARDS, PEOPLE
from tests.demo.truth import DemoData, build


def time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def roots(demo: DemoData) -> dict[str, dict[str, Any]]:
    return {row["traceId"]: row for row in demo.observations if row["isRootObservation"]}


def texts(demo: DemoData) -> str:
    """Everything that somebody typed, said or was called by."""
    parts = [row[part] for row in demo.observations for part in ("input", "output", "userId", "sessionId")]
    parts += [row[part] for row in demo.scores for part in ("comment", "value")]
    parts += [row["content"] for row in demo.comments]
    return "\n".join(str(part) for part in parts)


def test_the_file_holds_what_the_maker_makes(demo: DemoData, now: datetime) -> None:
    assert ROWS.read_text(encoding="utf-8") == shop(), "out of date: run `python -m tests.demo.maker`"
    assert DATASETS.read_text(encoding="utf-8") == datasets(), "out of date: run `python -m tests.demo.maker`"
    assert build(now) == demo == make(now)


def test_another_seed_gives_other_traces(demo: DemoData, now: datetime) -> None:
    other = make(now, "another shop")
    assert not {p.trace_id for p in other.traces} & {p.trace_id for p in demo.traces}
    assert Counter((p.workflow, p.case) for p in other.traces) == Counter((p.workflow, p.case) for p in demo.traces)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 12 * 365 * 24 * 3600))
def test_times_move_with_now_and_nothing_else_does(seconds: int) -> None:
    now = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    first, second = build(now), build(now + timedelta(days=3, hours=5))
    for before, after in zip(first.observations, second.observations, strict=True):
        assert time(after["startTime"]) - time(before["startTime"]) == timedelta(days=3, hours=5)
        assert (before["id"], before["input"], before["output"]) == (after["id"], after["input"], after["output"])
    for before, after in zip(first.scores, second.scores, strict=True):
        assert (before["id"], before["value"], before["comment"]) == (after["id"], after["value"], after["comment"])


@pytest.mark.parametrize("zone", [UTC, None])
def test_now_may_be_in_any_zone(demo: DemoData, now: datetime, zone: Any) -> None:
    assert build(now.astimezone(zone)) == demo


def test_every_workflow_is_there(demo: DemoData) -> None:
    assert Counter(p.workflow for p in demo.traces) == {
        "order-status": 54,
        "help-centre-rag": 30,
        "support-conversation": 19,
        "returns-assistant": 9,
        "account-assistant": 9,
    }
    assert len(roots(demo)) == len(demo.traces) == 121


@pytest.mark.parametrize("seed", ["kestrel-pine", "a", "b", "c", "d"])
def test_the_last_week_is_a_realistic_queue(now: datetime, seed: str) -> None:
    demo = make(now, seed)
    recent = {t for t, row in roots(demo).items() if time(row["startTime"]) >= now - timedelta(days=7)}
    failures = [p for p in demo.traces if p.failure and p.trace_id in recent]
    assert 40 <= len(failures) <= 50
    assert len({p.workflow for p in failures}) == 5
    assert 20 <= len(recent) - len(failures) <= 45


def test_times_lie_in_the_last_two_weeks_and_make_sense(demo: DemoData, now: datetime) -> None:
    by_id = {(row["traceId"], row["id"]): row for row in demo.observations}
    for row in demo.observations:
        assert now - timedelta(days=14) < time(row["startTime"]) <= time(row["endTime"]) < now
        seconds = (time(row["endTime"]) - time(row["startTime"])).total_seconds()
        assert row["latency"] == pytest.approx(seconds, abs=0.0005)
        if row["parentObservationId"]:
            parent = by_id[row["traceId"], row["parentObservationId"]]
            assert time(parent["startTime"]) <= time(row["startTime"])
            assert time(row["endTime"]) <= time(parent["endTime"])
        if row["completionStartTime"]:
            assert time(row["startTime"]) < time(row["completionStartTime"]) < time(row["endTime"])
    root = roots(demo)
    for score in demo.scores:
        assert time(score["timestamp"]) < now
        trace_id = score["subject"].get("traceId") or score["subject"]["id"]
        if trace_id in root:
            assert time(score["timestamp"]) > time(root[trace_id]["endTime"])
    for row in (*demo.comments, *demo.queue_entries):
        assert time(row["createdAt"]) <= time(row["updatedAt"]) < now


def test_every_reference_leads_somewhere(demo: DemoData) -> None:
    root = roots(demo)
    observations = {(row["traceId"], row["id"]) for row in demo.observations}
    assert len(observations) == len(demo.observations)
    sessions = {row["sessionId"] for row in root.values()}
    configs = {row["id"] for row in demo.score_configs}
    assert len({score["id"] for score in demo.scores}) == len(demo.scores)
    for score in demo.scores:
        subject = score["subject"]
        match subject["kind"]:
            case "trace":
                assert subject["id"] in root
            case "observation":
                assert (subject["traceId"], subject["id"]) in observations
            case kind:
                assert kind == "session"
                assert subject["id"] in sessions
        assert score["configId"] in configs | {None}
    for comment in demo.comments:
        assert comment["objectId"] in {*root, *sessions}
    for row in demo.annotation_queues:
        assert configs.issuperset(row["scoreConfigIds"])


def test_score_values_fit_their_configs(demo: DemoData) -> None:
    configs = {row["id"]: row for row in demo.score_configs}
    for score in demo.scores:
        if (config := configs.get(score["configId"])) is None:
            continue
        assert (score["name"], score["dataType"]) == (config["name"], config["dataType"])
        if config["dataType"] == "NUMERIC":
            assert config["minValue"] <= score["value"] <= config["maxValue"]
        elif config["dataType"] == "CATEGORICAL":
            assert score["value"] in [one["label"] for one in config["categories"]]


def test_traces_have_steps_of_every_kind(demo: DemoData) -> None:
    kinds = Counter(row["type"] for row in demo.observations)
    assert {"AGENT", "CHAIN", "GENERATION", "TOOL", "RETRIEVER", "EMBEDDING", "GUARDRAIL"} <= kinds.keys()
    assert min(Counter(row["traceId"] for row in demo.observations).values()) >= 2
    assert {row["level"] for row in demo.observations} == {"DEFAULT", "WARNING", "ERROR"}
    for row in demo.observations:
        assert (row["level"] != "DEFAULT") <= bool(row["statusMessage"])
        if row["model"]:
            assert row["usageDetails"]["total"] == row["usageDetails"]["input"] + row["usageDetails"]["output"]
            assert row["costDetails"]["total"] == pytest.approx(row["totalCost"])
            assert row["totalCost"] > 0


def test_scores_come_from_people_judges_and_programs(demo: DemoData) -> None:
    assert {s["source"] for s in demo.scores} == {"API", "EVAL", "ANNOTATION"}
    assert {s["dataType"] for s in demo.scores} == {"NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT", "CORRECTION"}
    assert {s["subject"]["kind"] for s in demo.scores} == {"trace", "observation", "session"}
    corrections = [s for s in demo.scores if s["dataType"] == "CORRECTION"]
    assert {s["name"] for s in corrections} == {"output"}
    structured = [s for s in corrections if s["value"].startswith("{")]
    assert 0 < len(corrections) - len(structured) < len(structured)
    assert all(s["authorUserId"] for s in demo.scores if s["source"] == "ANNOTATION")


def test_annotation_queues_hold_what_real_ones_hold(demo: DemoData) -> None:
    assert len(demo.annotation_queues) == 2
    assert {e["status"] for e in demo.queue_entries} == {"PENDING", "COMPLETED"}
    assert {e["objectType"] for e in demo.queue_entries} == {"TRACE", "OBSERVATION", "SESSION"}
    listed = Counter((e["queueId"], e["objectId"]) for e in demo.queue_entries)
    assert sorted(listed.values())[-2:] == [1, 2]
    gone = [e for e in demo.queue_entries if e["objectType"] == "TRACE" and e["objectId"] not in {*roots(demo)}]
    assert len(gone) == 1
    assert gone[0]["status"] == "PENDING"


def test_texts_are_not_one_template(demo: DemoData) -> None:
    requests = [re.sub(r"ORDER-\d+", "", row["input"]) for row in roots(demo).values()]
    assert len(set(requests)) == len(requests)
    answers = Counter(
        re.sub(r"ORDER-\d+", "", json.loads(row["output"]).get("answer", row["traceId"]))
        for row in roots(demo).values()
    )
    assert max(answers.values()) <= 5


EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
LONG_NUMBER = re.compile(r"(?<!\w)[+(]?\d[\d ()-]{8,}\d(?!\w)")


def test_nobody_can_be_reached(demo: DemoData) -> None:
    everything = texts(demo)
    assert {mail.rpartition("@")[2] for mail in EMAIL.findall(everything)} == {
        "example.com",
        "example.org",
        "example.net",
    }
    fictional = re.compile(
        r"\(\d{3}\) 555-01\d\d|07700 900\d{3}|020 7946 0\d{3}|\+49 171 39200\d\d|\+49 30 23125\d{3}|\+49 89 99998\d{3}|"
        r"\+33 6 39 98 \d\d \d\d|\+33 1 99 00 \d\d \d\d"
    )
    assert all(fictional.fullmatch(person.phone) for person in PEOPLE)
    phones = {re.sub(r"\D", "", person.phone) for person in PEOPLE}
    cards = {re.sub(r"\D", "", card) for card in CARDS}
    found = {re.sub(r"\D", "", number) for number in LONG_NUMBER.findall(everything)}
    assert phones & found
    assert cards & found
    generated = {str(row["sessionId"]).rpartition("-")[2] for row in demo.observations}
    assert found - generated <= phones | cards | {"20260101"}


@pytest.mark.parametrize("card", CARDS)
def test_cards_are_the_providers_test_numbers_with_a_valid_check_digit(card: str) -> None:
    digits = [int(c) for c in card if c.isdigit()][::-1]
    assert (sum(digits[::2]) + sum(sum(divmod(2 * d, 10)) for d in digits[1::2])) % 10 == 0
    assert card.replace(" ", "") in {"5200828282828210", "4000056655665556"}


def test_the_known_personal_values_are_all_and_only_those_in_the_texts(demo: DemoData) -> None:
    per_trace: dict[str, str] = {}
    for row in demo.observations:
        per_trace[row["traceId"]] = per_trace.get(row["traceId"], "") + "\n".join(
            str(row[part]) for part in ("input", "output", "userId", "sessionId")
        )
    known = {(p.trace_id, p.value) for p in demo.personal}
    for trace_id, text in per_trace.items():
        for person in PEOPLE:
            for value in (person.name, person.email, person.phone, person.address):
                assert value not in text or (trace_id, value) in known
    assert {p.type for p in demo.personal} == {
        "PERSON",
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "STREET_ADDRESS",
        "CREDIT_CARD",
        "SECRET",
    }
    assert len({p.trace_id for p in demo.personal}) > 60
    assert len({p.trace_id for p in demo.personal if p.type == "SECRET"}) == 1


def test_personal_values_hide_in_ids_too(demo: DemoData) -> None:
    ids = {str(row["userId"]) for row in demo.observations} | {str(row["sessionId"]) for row in demo.observations}
    assert any("@example." in one for one in ids)
    assert any(one.startswith("whatsapp:+49") for one in ids)
