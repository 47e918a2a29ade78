"""Experiments of the real SDK against the sandbox, and how they read back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from langfuse import Evaluation, Langfuse
from langfuse.api import LangfuseAPI
from langfuse.experiment import ExperimentResult

from curator.sandbox.faults import apply_fault, second_id
from curator.sandbox.server import SandboxServer

LONG_AGO = datetime.now(UTC) - timedelta(days=1)
COUNT = 6


def exact(*, output: Any, expected_output: Any, **_: Any) -> Evaluation:
    return Evaluation(name="exact", value=float(output == expected_output), comment="compared")


def mean(*, item_results: list[Any], **_: Any) -> Evaluation:
    values = [one.value for result in item_results for one in result.evaluations]
    return Evaluation(name="mean", value=sum(values) / len(values))


def run(langfuse: Langfuse, name: str) -> ExperimentResult:
    """Double a number; item 2 comes out wrong and item 4 fails."""

    def task(*, item: Any, **_: Any) -> int:
        number = int(item.input["n"])
        if number == 4:
            raise ValueError("no answer")
        return 99 if number == 2 else number * 2

    dataset = langfuse.get_dataset("doubles")
    return dataset.run_experiment(
        name="doubling",
        run_name=name,
        description="twice",
        task=task,
        evaluators=[exact],
        run_evaluators=[mean],
        metadata={"model": "m-1"},
        max_concurrency=2,
    )


@pytest.fixture
def dataset(langfuse: Langfuse) -> None:
    langfuse.create_dataset(name="doubles")
    for number in range(COUNT):
        langfuse.create_dataset_item(
            dataset_name="doubles",
            id=f"doubles-{number}",
            input={"n": number},
            expected_output=number * 2,
            metadata={"case": str(number)},
        )


@pytest.mark.usefixtures("dataset")
def test_a_run_with_evaluators_reads_back(langfuse: Langfuse, api: LangfuseAPI) -> None:
    result = run(langfuse, "run 1")
    langfuse.flush()
    (experiment,) = api.experiments.list(from_start_time=LONG_AGO, fields="core,metadata,scores").data
    assert (experiment.id, experiment.name, experiment.item_count) == (result.experiment_id, "run 1", COUNT)
    assert (experiment.description, experiment.metadata) == ("twice", {"model": "m-1"})
    assert experiment.scores is not None
    assert [(score.name, score.value) for score in experiment.scores] == [("mean", 0.8)]
    page = api.experiments.list_items(
        from_start_time=LONG_AGO, fields="core,dataset,io,itemMetadata,experimentMetadata,scores", limit=100
    )
    items = {item.experiment_item_id: item for item in page.data}
    assert set(items) == {f"doubles-{number}" for number in range(COUNT)}
    good, wrong, failed = items["doubles-1"], items["doubles-2"], items["doubles-4"]
    assert (good.input, good.output, good.expected_output) == ('{"n": 1}', "2", "2")
    assert (good.experiment_item_metadata, good.experiment_metadata) == ({"case": "1"}, {"model": "m-1"})
    assert (good.experiment_dataset_id, good.environment) == (api.datasets.get("doubles").id, "sdk-experiment")
    scores = {name: [score.value for score in item.scores or []] for name, item in items.items()}
    assert scores == {f"doubles-{n}": [] if n == 4 else [0.0 if n == 2 else 1.0] for n in range(COUNT)}
    assert (wrong.level, failed.level, failed.output) == ("DEFAULT", "ERROR", "Error: no answer")


@pytest.mark.usefixtures("dataset")
def test_two_runs_page_and_filter(langfuse: Langfuse, api: LangfuseAPI) -> None:
    first, second = run(langfuse, "run 1"), run(langfuse, "run 2")
    langfuse.flush()
    page = api.experiments.list(from_start_time=LONG_AGO, limit=1)
    assert [row.id for row in page.data] == [second.experiment_id]
    page = api.experiments.list(from_start_time=LONG_AGO, limit=1, cursor=page.meta.cursor)
    assert ([row.id for row in page.data], page.meta.cursor) == ([first.experiment_id], None)
    assert [row.name for row in api.experiments.list(from_start_time=LONG_AGO, name="run 1,run x").data] == ["run 1"]
    seen: list[str] = []
    cursor = None
    while True:
        part = api.experiments.list_items(
            from_start_time=LONG_AGO, experiment_id=first.experiment_id, limit=4, cursor=cursor
        )
        seen += [item.experiment_item_id for item in part.data]
        cursor = part.meta.cursor
        if cursor is None:
            break
    assert sorted(seen) == [f"doubles-{number}" for number in range(COUNT)]
    future = datetime.now(UTC) + timedelta(hours=1)
    assert api.experiments.list(from_start_time=future).data == []


@pytest.mark.usefixtures("dataset")
def test_a_split_run_shows_its_items_under_two_ids(
    sandbox: SandboxServer, langfuse: Langfuse, api: LangfuseAPI
) -> None:
    apply_fault(sandbox.store, sandbox.settings.faults, "split-run", "every:3")
    result = run(langfuse, "run 1")
    langfuse.flush()
    found = api.experiments.list(from_start_time=LONG_AGO, name="run 1").data
    assert result.experiment_id is not None
    assert {row.id for row in found} == {result.experiment_id, second_id(result.experiment_id)}
    items = api.experiments.list_items(from_start_time=LONG_AGO, experiment_name="run 1", limit=100).data
    by_id = {row.id: {i.experiment_item_id for i in items if i.experiment_id == row.id} for row in found}
    assert sorted(len(held) for held in by_id.values()) == [2, 4]
    assert len(set.union(*by_id.values())) == COUNT


def test_wrong_queries(web: httpx.Client, helpers: Any) -> None:
    def messages(path: str, **query: Any) -> list[str]:
        return [issue["message"] for issue in helpers.issues(web.get(path, params=query))]

    since = "2026-01-01T00:00:00Z"
    assert messages("/experiments") == ["Invalid input: expected string, received undefined"]
    assert messages("/experiments", fromStartTime="2026-01-01") == ["Invalid ISO datetime"]
    assert messages("/experiments", fromStartTime=since, fields="io") == [
        'Invalid option: expected one of "core"|"metadata"|"scores"'
    ]
    assert messages("/experiment-items", fromStartTime=since, limit=101) == ["Too big: expected number to be <=100"]
    assert messages("/experiment-items", fromStartTime=since, scoreLimit=51) == ["Too big: expected number to be <=50"]
    one = '[{"type":"string","column":"level","operator":"=","value":"x"}]'
    assert messages("/experiments", fromStartTime=since, filter=one) == [
        'Invalid option: expected one of "id"|"name"|"datasetId"'
    ]
    bad = web.get("/experiments", params={"fromStartTime": since, "cursor": "nope"})
    assert helpers.refusal(bad) == "Invalid cursor format"
