"""Puts the five workflows on a calendar of two weeks: `make` is pure, the same for the same `now` and seed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from curator.sandbox.demo.data import service_key
from tests.demo.maker import conversations, help_centre, order_status, safety
from tests.demo.maker.people import CARDS, OTHERS, PEOPLE, SAFETY_REVIEW, SUPPORT_REVIEW, ReviewDesk
from tests.demo.maker.recorder import Recorder, iso
from tests.demo.maker.steps import Unit
from tests.demo.truth import DemoData, PersonalValue

DEFAULT_SEED = "kestrel-pine"
FIRST = timedelta(days=13.8)
"""Age of the oldest trace."""
LAST = timedelta(minutes=40)
"""Age of the newest trace."""
_RECENT = 1.5
"""Exponent that puts about two thirds of the traces into the last seven days."""


def make(now: datetime, seed: str = DEFAULT_SEED) -> DemoData:
    """The demo data as of `now` (with a time zone). Ids depend on the seed alone, times on `now`."""
    recorder = Recorder(now, seed)
    desk = ReviewDesk(recorder)
    units = [
        *order_status.units(recorder, desk),
        *help_centre.units(recorder, desk),
        *conversations.units(recorder, desk),
        *safety.units(recorder, desk),
    ]
    traces = [planted for unit, age in _calendar(recorder, units) for planted in unit.write(recorder.now - age)]
    _odd_entries(recorder, desk)
    created = iso(recorder.now - FIRST - timedelta(days=90))
    return DemoData(
        observations=tuple(recorder.observations),
        scores=tuple(recorder.scores),
        comments=tuple(recorder.comments),
        score_configs=tuple(desk.config_rows(created)),
        annotation_queues=tuple(desk.queue_rows(created)),
        queue_entries=tuple(recorder.queue_entries),
        traces=tuple(traces),
        personal=tuple(_personal(recorder)),
    )


def _calendar(recorder: Recorder, units: Sequence[Unit]) -> Iterator[tuple[Unit, timedelta]]:
    """Every unit with its age. Failures and good answers of a workflow are each spread evenly over the two weeks."""
    groups: dict[tuple[str, bool], list[Unit]] = {}
    for unit in units:
        groups.setdefault((unit.workflow, unit.failure), []).append(unit)
    for (workflow, failure), members in groups.items():
        random = recorder.random("calendar", workflow, str(failure))
        order = random.sample(members, len(members))
        for position, unit in enumerate(order):
            share = (position + random.uniform(0.2, 0.8)) / len(order)
            yield unit, LAST + (FIRST - LAST) * share**_RECENT


def _odd_entries(recorder: Recorder, desk: ReviewDesk) -> None:
    """What real annotation queues hold, too: an object listed twice, one whose trace is gone, one observation."""
    support, safe = desk.queues[SUPPORT_REVIEW], desk.queues[SAFETY_REVIEW]
    twice = next(e for e in recorder.queue_entries if e["queueId"] == support and e["status"] == "PENDING")
    yesterday = recorder.now - timedelta(days=1)
    recorder.enqueue(support, "TRACE", twice["objectId"], "PENDING", at=yesterday)
    recorder.enqueue(support, "TRACE", recorder.hex_id(32, "deleted by retention"), "PENDING", at=yesterday)
    answer = next(row for row in recorder.observations if row["name"] == "write-answer")
    recorder.enqueue(support, "OBSERVATION", answer["id"], "PENDING", at=yesterday)
    session = next(s["subject"]["id"] for s in recorder.scores if s["subject"]["kind"] == "session")
    recorder.enqueue(safe, "SESSION", session, "COMPLETED", at=yesterday)


def _personal(recorder: Recorder) -> Iterator[PersonalValue]:
    texts: dict[str, list[str]] = {}
    for row in recorder.observations:
        for part in ("input", "output", "userId", "sessionId"):
            texts.setdefault(row["traceId"], []).append(row[part] or "")
    for score in recorder.scores:
        trace_id = score["subject"].get("traceId") or score["subject"]["id"]
        if trace_id in texts:
            texts[trace_id] += [score["comment"] or "", str(score["value"])]
    for comment in recorder.comments:
        if comment["objectId"] in texts:
            texts[comment["objectId"]].append(comment["content"])
    known = [
        *(("PERSON", p.name) for p in PEOPLE),
        *(("EMAIL_ADDRESS", p.email) for p in PEOPLE),
        *(("PHONE_NUMBER", p.phone) for p in PEOPLE),
        *(("STREET_ADDRESS", p.address) for p in PEOPLE),
        *(("CREDIT_CARD", card) for card in CARDS),
        *(("SECRET", service_key(recorder.random("key", str(i)))) for i in range(len(safety.ATTACKS))),
        *OTHERS,
    ]
    for trace_id, parts in texts.items():
        whole = "\n".join(parts)
        yield from (PersonalValue(trace_id, kind, value) for kind, value in known if value in whole)
