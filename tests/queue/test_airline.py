"""116 recorded failures of an airline agent, triaged by group: few decisions, each failure decided once."""

from datetime import timedelta

import pytest

from curator.model import ScrubPolicy
from curator.queue.groups import group_failures, read_texts
from curator.scrub import Scrubber
from tests.benchmarks.bench_groups import TRACES, Recorded, failure_of, quality, recorded

DECISIONS = 60


@pytest.mark.slow
@pytest.mark.skipif(not (TRACES / "airline.observations.jsonl.gz").exists(), reason="the recorded traces are not here")
def test_the_airline_s_failures_take_few_decisions() -> None:
    traces = {key: trace for key, trace in recorded(TRACES).items() if trace.scores[0].value == 0}
    failures = [failure_of(trace) for trace in traces.values()]
    assert len(failures) == 116
    with Scrubber(in_process=True) as scrubber:
        texts = read_texts(Recorded(traces), scrubber, failures, lambda _: ScrubPolicy())  # type: ignore[arg-type]
    until = max(one.timestamp for one in failures if one.timestamp) + timedelta(seconds=1)
    groups = group_failures(failures, texts, until).groups
    assert sorted(key for group in groups for key in group.keys) == sorted(traces)
    assert len(groups) <= DECISIONS
    of = {key: group.id for group in groups for key in group.keys}
    truth = [traces[one.trace_id].root.metadata["task_id"] for one in failures]
    index, precision, recall = quality([of[one.key] for one in failures], truth)
    assert index >= 0.75
    assert precision >= 0.90
    assert recall >= 0.65
