"""Who does the work changes nothing about what is found; who fails costs its own findings only."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from curator.audit.examine import Standards
from curator.audit.gather import Batch
from curator.audit.values import ItemFacts
from curator.audit.workers import AHEAD, Cluster, Processes
from curator.model import Finding, ScrubPolicy
from curator.model.errors import ConfigError
from curator.scrub import NotScrubbed
from tests.audit.support import EXAMPLE_RULE, QuickScrub
from tests.audit.worlds import numbered

STANDARDS = Standards(rule=EXAMPLE_RULE, policy=ScrubPolicy())


def batches(count: int, size: int = 3) -> list[Batch]:
    return [Batch(tuple(numbered(size * b + n) for n in range(size)), {}) for b in range(count)]


def facts_of(workers: Any, parts: Any, scrub: Any = QuickScrub) -> list[ItemFacts]:
    return [facts for found in workers.run(parts, STANDARDS, scrub) for facts in found]


class SlowScrub(QuickScrub):
    """Later batches are done earlier."""

    def warm(self, values: Any) -> None:
        time.sleep(0.05 if "0" in str(values)[:200] else 0)


class BrokenScrub(QuickScrub):
    """Refuses one item, and crashes on another."""

    def find(self, value: Any, policy: ScrubPolicy) -> list[Finding]:
        if numbered(1).input["question"] in str(value):
            raise NotScrubbed("it took longer than 30 seconds")
        if numbered(4).input["question"] in str(value):
            raise ZeroDivisionError(str(value))
        return []


class CountedScrub(QuickScrub):
    """Remembers how many there were, and who was closed."""

    made: list["CountedScrub"] = []

    def __init__(self) -> None:
        super().__init__()
        self.made.append(self)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_facts_come_in_the_order_of_the_items(count: int) -> None:
    parts = batches(7)
    found = facts_of(Processes(count), parts, SlowScrub)
    assert [each.item_id for each in found] == [item.id for part in parts for item in part.items]


def test_no_batches_are_fine() -> None:
    assert facts_of(Processes(2), []) == []


def test_an_item_that_cannot_be_scrubbed_says_why() -> None:
    found = facts_of(Processes(1), batches(1), BrokenScrub)
    assert [each.unscrubbed for each in found] == [
        None,
        "it took longer than 30 seconds",
        None,
    ]
    assert found[1].input_fingerprint


def test_a_crash_costs_its_batch_the_findings_and_tells_no_text() -> None:
    found = facts_of(Processes(1), batches(2), BrokenScrub)[3:]
    assert {each.unscrubbed for each in found} == {"the examination failed (ZeroDivisionError)"}
    assert {each.input_fingerprint for each in found} == {None}


def test_only_a_few_batches_are_read_ahead() -> None:
    taken: list[int] = []

    def stream() -> Iterator[Batch]:
        for number, part in enumerate(batches(50)):
            taken.append(number)
            yield part

    results = Processes(2).run(stream(), STANDARDS, QuickScrub)
    next(results)
    assert len(taken) == 2 * AHEAD
    results.close()  # type: ignore[attr-defined]


def test_every_scrub_is_closed_also_after_an_error() -> None:
    def stream() -> Iterator[Batch]:
        yield from batches(2)
        raise KeyboardInterrupt

    CountedScrub.made.clear()
    with pytest.raises(KeyboardInterrupt):
        facts_of(Processes(3), stream(), CountedScrub)
    assert [scrub.closed for scrub in CountedScrub.made] == [True] * 3
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("audit")]


def test_a_value_that_is_too_deep_is_said_and_not_walked() -> None:
    deep: Any = "end"
    for _ in range(5000):
        deep = {"a": deep}
    item = numbered(0).model_copy(update={"input": deep})
    (found,) = facts_of(Processes(1), [Batch((item,), {})])
    assert found.unscrubbed == "it is nested too deep to be read"


def test_no_cluster_answers() -> None:
    pytest.importorskip("distributed", reason="the extra [cluster] is not installed")
    with pytest.raises(ConfigError) as caught:
        facts_of(Cluster("tcp://127.0.0.1:9", patience=0.3), batches(1))
    assert caught.value.code == "CLUSTER_UNREACHABLE"


def test_a_scrub_that_is_open_already_is_used_first_and_stays_open() -> None:
    CountedScrub.made.clear()
    first = CountedScrub()
    assert len(facts_of(Processes(2, first=first), batches(1), CountedScrub)) == 3
    assert [scrub.closed for scrub in CountedScrub.made] == [False, True]
