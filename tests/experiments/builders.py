"""Runs made from tables of scores, for tests and benchmarks of the statistics."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from curator.experiments.results import DatasetItem, ItemRun, Repeat, Run, Score
from curator.model.lineage import fingerprint

START = datetime(2026, 11, 1, 9, tzinfo=UTC)
Table = Sequence[Sequence[float | None]] | np.ndarray


def make_run(label: str, scores: Mapping[str, Table], *, items: Sequence[str] | None = None, **fields: Any) -> Run:
    """A run whose `scores` are tables `(items, repeats)`; None or NaN is a missing score."""
    first = next(iter(scores.values()))
    names = list(items) if items is not None else [f"{index:03d}" for index in range(1, len(first) + 1)]
    repeats = [
        Repeat(
            run_name=f"{label} ({number + 1})",
            experiment_id=f"{label}-{number}",
            started_at=START + timedelta(minutes=number),
            finished_at=START + timedelta(minutes=number + 1),
            items=tuple(
                ItemRun(
                    item_id=name,
                    output={"answer": f"{label} {name}"},
                    latency=1.0,
                    scores={
                        score: Score(value=float(value))
                        for score, table in scores.items()
                        if (value := table[row][number]) is not None and not np.isnan(value)
                    },
                )
                for row, name in enumerate(names)
            ),
        )
        for number in range(len(first[0]))
    ]
    record = {
        name: DatasetItem(input={"q": name}, expected_output={"a": name}, fingerprint=fingerprint([name, name]))
        for name in names
    }
    values: dict[str, Any] = {
        "label": label,
        "run_name": repeats[0].run_name,
        "dataset": "d",
        "dataset_version": START,
        "items": record,
        "repeats": tuple(repeats),
    }
    return Run(**(values | fields))


def column(values: Sequence[float]) -> list[list[float]]:
    """A table of single runs."""
    return [[value] for value in values]


def with_errors(run: Run, count: int) -> Run:
    """The run with the first `count` items of its first repeat errored."""
    items = tuple(
        item.model_copy(update={"output": None, "error": "TimeoutError", "scores": {}}) if index < count else item
        for index, item in enumerate(run.repeats[0].items)
    )
    return run.model_copy(update={"repeats": (run.repeats[0].model_copy(update={"items": items}), *run.repeats[1:])})


def seed_runs() -> tuple[Run, Run]:
    """Two runs of unchanged code over 40 items as an engineer saw them: 4.925/3.425/0.475 and 4.900/3.425/0.450.

    Item 018 lost a point of relevance and its precision; another item gained a point of relevance.
    """
    faithfulness = [4.0] * 3 + [5.0] * 37
    relevance = [3.0] * 23 + [4.0] * 17
    relevance[17], relevance[29] = 4.0, 3.0
    precision = [1.0] * 19 + [0.0] * 21
    again = {"faithfulness": faithfulness.copy(), "relevance": relevance.copy(), "precision": precision.copy()}
    again["faithfulness"][10] -= 1
    again["relevance"][17] -= 1
    again["relevance"][29] += 1
    again["precision"][17] -= 1
    before = {"faithfulness": faithfulness, "relevance": relevance, "precision": precision}
    judges = tuple(before)
    return (
        make_run("run-1b", {name: column(values) for name, values in before.items()}, judges=judges),
        make_run("run-2", {name: column(values) for name, values in again.items()}, judges=judges),
    )
