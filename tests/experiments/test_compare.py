"""Two runs, one verdict: what is compared, what is refused, and in which words."""

import gzip
import itertools
import json
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from curator.experiments.compare import Comparison, Metric, compare_runs
from curator.experiments.results import Integrity, TaskRecord
from curator.model.draft import Problem
from tests.experiments.builders import column, make_run, seed_runs, with_errors

SHARED = Path(__file__).parents[3] / "shared" / "traces"


def metric(comparison: Comparison, name: str = "s") -> Metric:
    return next(each for each in comparison.metrics if each.name == name)


def codes(comparison: Comparison) -> list[str]:
    return [problem.code for problem in comparison.problems]


def passes(count: int, of: int) -> list[list[float]]:
    return column([1.0] * count + [0.0] * (of - count))


def test_two_runs_of_unchanged_code() -> None:
    comparison = compare_runs(*seed_runs())
    assert comparison.comparable
    assert comparison.verdict == "no change detected"
    means = {each.name: (round(each.baseline, 3), round(each.candidate, 3)) for each in comparison.metrics}
    assert means == {"faithfulness": (4.925, 4.9), "relevance": (3.425, 3.425), "precision": (0.475, 0.45)}
    assert {each.verdict for each in comparison.metrics} == {"no change detected"}
    precision = metric(comparison, "precision")
    assert precision.sentence.startswith("no change detected: 0.475 → 0.450 (-0.025, 98.33 % interval -0.")
    assert precision.counted == "1 of 40 items moved; one run each: noise unknown, run --repeat 3"
    assert precision.noise is None
    assert precision.ci[0] <= 0 <= precision.ci[1]
    assert comparison.red_items == 2  # what the side-by-side view paints red
    assert "COMPARE_SINGLE_RUN" in codes(comparison)


def test_a_real_drop_is_called_worse_and_a_rise_better() -> None:
    before = make_run("before", {"s": passes(38, 40)})
    after = make_run("after", {"s": passes(26, 40)})
    down = compare_runs(before, after)
    assert metric(down).verdict == "worse"
    assert metric(down).ci[1] < 0
    assert down.verdict == "worse: s"
    assert "12 of 40 items moved" in metric(down).sentence
    up = compare_runs(after, before)
    assert metric(up).verdict == "better"
    assert metric(up).delta == -metric(down).delta


def test_many_scores_are_corrected_for() -> None:
    rng = np.random.default_rng(17)
    moved = passes(40, 40), passes(34, 40)
    alone = compare_runs(make_run("a", {"s": moved[0]}), make_run("b", {"s": moved[1]}))
    assert metric(alone).verdict == "worse"
    noise = {f"n{n}": (rng.random((40, 1)) < 0.5).astype(float) for n in range(8)}
    other = {name: rng.permutation(table) for name, table in noise.items()}
    among = compare_runs(make_run("a", {"s": moved[0], **noise}), make_run("b", {"s": moved[1], **other}))
    assert metric(among).p_uncorrected == metric(alone).p_uncorrected
    assert metric(among).p_value > metric(among).p_uncorrected
    assert metric(among).verdict == "no change detected"


def test_evidence_orders_the_items() -> None:
    baseline = np.ones((6, 4))
    candidate = np.array([[1, 1, 1, 0], [0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]])
    changes = compare_runs(make_run("a", {"s": baseline}), make_run("b", {"s": candidate.astype(float)})).changes
    assert [change.item_id for change in changes] == ["002", "003", "001"]
    assert changes[0].p_value == pytest.approx(2 / 70)


def test_an_errored_item_did_not_pass() -> None:
    whole = make_run("a", {"s": passes(10, 10)})
    broken = with_errors(make_run("b", {"s": passes(10, 10)}), 7)
    comparison = compare_runs(whole, broken)
    assert metric(comparison).candidate == pytest.approx(0.3)
    assert metric(comparison).verdict == "worse"


def test_an_errored_item_has_the_worst_value_of_a_graded_score() -> None:
    whole, broken = make_run("a", {"s": column([4.5] * 40)}), with_errors(make_run("b", {"s": column([4.5] * 40)}), 20)
    told = metric(compare_runs(whole, broken, scales={"s": (1.0, 5.0)}))
    assert (told.items, told.errored, told.candidate, told.verdict) == (40, (0, 20), 2.75, "worse")
    message = next(p.message for p in compare_runs(whole, broken).problems if p.code == "COMPARE_ERRORED")
    assert message == "20 of 40 items errored in the candidate (TimeoutError): counted as failed in every score."


def test_without_a_scale_nobody_knows_what_an_error_is_worth() -> None:
    """The interval holds whatever it is worth: from all errors the worst to all the best, on either side."""
    whole, broken = make_run("a", {"s": column([3.0] * 40)}), with_errors(make_run("b", {"s": column([3.0] * 40)}), 30)
    comparison = compare_runs(whole, broken)
    told = metric(comparison)
    assert not told.scale_known
    assert told.ci[0] < -1.5 < 1.5 < told.ci[1]
    assert told.verdict == "no change detected"
    assert "COMPARE_SCALE_UNKNOWN" in codes(comparison)


def test_a_side_that_only_crashed_lost_everything() -> None:
    whole, broken = make_run("a", {"s": passes(20, 20)}), with_errors(make_run("b", {"s": passes(20, 20)}), 20)
    assert metric(compare_runs(whole, broken)).candidate == 0.0
    assert metric(compare_runs(whole, broken)).verdict == "worse"
    assert metric(compare_runs(broken, whole)).verdict == "better"


def test_a_built_in_check_beside_it_changes_nothing_for_a_python_check() -> None:
    scores = {"mine": passes(10, 10), "built_in": passes(10, 10)}
    alone = compare_runs(
        make_run("a", {"mine": passes(10, 10)}), with_errors(make_run("b", {"mine": passes(10, 10)}), 4)
    )
    both = compare_runs(
        make_run("a", scores, pass_fail=("built_in",)), with_errors(make_run("b", scores, pass_fail=("built_in",)), 4)
    )
    assert metric(both, "mine").candidate == metric(alone, "mine").candidate == 0.6


def test_partly_failed_repeats_are_told() -> None:
    whole, run = make_run("a", {"s": np.ones((10, 2))}), make_run("b", {"s": np.ones((10, 2))})
    comparison = compare_runs(whole, with_errors(run, 3))
    assert metric(comparison).errored == (0, 3)
    assert metric(comparison).candidate == pytest.approx(0.85)
    assert "3 of 10 items errored in 3 of 20 runs in the candidate" in comparison.problems[0].message
    assert {change.errored for change in comparison.changes} == {True}


def test_sessions_share_their_fate() -> None:
    names = [f"{index:03d}" for index in range(1, 51)]
    before, after = (make_run(label, {"s": passes(count, 50)}) for label, count in (("a", 50), ("b", 40)))
    grouped = {
        run.label: run.model_copy(
            update={
                "items": {
                    name: item.model_copy(update={"group": f"session {names.index(name) // 5}"})
                    for name, item in run.items.items()
                }
            }
        )
        for run in (before, after)
    }
    assert metric(compare_runs(before, after)).verdict == "worse"
    told = metric(compare_runs(grouped["a"], grouped["b"]))
    assert (told.items, told.clusters, told.verdict) == (50, 10, "no change detected")


def test_every_verdict_says_what_to_do_next() -> None:
    before = make_run("before", {"s": passes(38, 40)})
    worse = compare_runs(before, make_run("after", {"s": passes(26, 40)}))
    assert worse.next.startswith("Read what became worse first (027, 028, 029)")
    better = compare_runs(make_run("after", {"s": passes(26, 40)}), before)
    assert "curator gate" in better.next
    thin = compare_runs(before, make_run("after", {"s": passes(37, 40)}))
    assert thin.verdict == "no change detected"
    assert "may still have lost up to 0.1" in thin.next
    assert "compare about" in thin.next
    same = compare_runs(make_run("a", {"s": np.ones((200, 1))}), make_run("b", {"s": np.ones((200, 1))}))
    assert same.next.startswith("Nothing speaks against the candidate")


def test_versions_differ() -> None:
    old = make_run("a", {"s": passes(8, 8)}, items=list("abcdefgh"))
    new = make_run("b", {"s": passes(8, 8)}, items=list("cdefghij"))
    comparison = compare_runs(old, new)
    assert comparison.comparable
    assert comparison.items == 6
    assert "only the 6 items" in next(p.message for p in comparison.problems if p.code == "COMPARE_VERSIONS")
    nothing = compare_runs(old, make_run("c", {"s": passes(2, 2)}, items=["x", "y"]))
    assert not nothing.comparable
    assert nothing.metrics == ()
    assert nothing.verdict.startswith("not comparable: ")


def test_a_changed_item_is_not_the_same_item() -> None:
    before = make_run("a", {"s": passes(8, 8)})
    after = make_run("b", {"s": passes(8, 8)})
    items = dict(after.items)
    items["001"] = items["001"].model_copy(update={"fingerprint": "other"})
    assert compare_runs(before, after.model_copy(update={"items": items})).items == 7


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"dataset": "other"}, "COMPARE_DATASETS"),
        ({"complete": False}, "COMPARE_NOT_WHOLE"),
    ],
)
def test_not_comparable(fields: dict[str, object], code: str) -> None:
    comparison = compare_runs(make_run("a", {"s": passes(8, 8)}), make_run("b", {"s": passes(8, 8)}, **fields))
    assert not comparable_metrics(comparison)
    assert code in codes(comparison)


def test_datasets_of_one_name_are_told_apart() -> None:
    before, after = (make_run(label, {"s": passes(8, 8)}, dataset_id=label) for label in "ab")
    comparison = compare_runs(before, after)
    assert comparison.comparable
    assert "COMPARE_DATASETS" in codes(comparison)
    same = after.model_copy(update={"dataset_id": "a"})
    assert "COMPARE_DATASETS" not in codes(compare_runs(before, same))


def test_the_same_run_twice() -> None:
    run = make_run("a", {"s": passes(8, 8)})
    assert codes(compare_runs(run, run)) == ["COMPARE_SAME_RUN"]


def test_a_split_run_of_another_tool_is_not_compared() -> None:
    problem = Problem(code="INTEGRITY_SPLIT_RUN", message="the run is split in two")
    run = make_run("b", {"s": passes(8, 8)}, source="langfuse")
    split = run.model_copy(
        update={"repeats": (run.repeats[0].model_copy(update={"integrity": Integrity(ok=False, problems=(problem,))}),)}
    )
    comparison = compare_runs(make_run("a", {"s": passes(8, 8)}), split)
    assert not comparison.comparable
    assert "split in two" in comparison.verdict


def test_a_score_of_one_side_is_not_compared() -> None:
    comparison = compare_runs(make_run("a", {"s": passes(8, 8), "t": passes(8, 8)}), make_run("b", {"s": passes(8, 8)}))
    assert [each.name for each in comparison.metrics] == ["s"]
    assert "t: the candidate has no such score." in [problem.message for problem in comparison.problems]
    nothing = compare_runs(make_run("a", {"s": passes(8, 8)}), make_run("b", {"t": passes(8, 8)}))
    assert not nothing.comparable
    assert nothing.verdict == "not comparable: the runs have no score in common."


def test_a_check_that_changed_is_not_compared() -> None:
    before = make_run("a", {"s": passes(8, 8), "t": passes(8, 8)}, checks={"s": "1", "t": "1"})
    after = make_run("b", {"s": passes(8, 8), "t": passes(8, 8)}, checks={"s": "2", "t": "1"})
    comparison = compare_runs(before, after)
    assert [each.name for each in comparison.metrics] == ["t"]
    assert "COMPARE_CHECK_CHANGED" in codes(comparison)


def test_several_variables() -> None:
    before = make_run("a", {"s": passes(8, 8)}, variables={"model": "m1", "prompt_label": "production"})
    one = compare_runs(before, make_run("b", {"s": passes(8, 8)}, variables={"model": "m1", "prompt_label": "staging"}))
    assert [change.name for change in one.variables] == ["prompt_label"]
    assert "COMPARE_SEVERAL_VARIABLES" not in codes(one)
    two = compare_runs(before, make_run("b", {"s": passes(8, 8)}, variables={"model": "m2", "prompt_label": "staging"}))
    assert "COMPARE_SEVERAL_VARIABLES" in codes(two)
    assert two.comparable


def test_changed_code_is_a_variable() -> None:
    before = make_run("a", {"s": passes(8, 8)}, task=TaskRecord(name="m:f", fingerprint="1"))
    after = make_run("b", {"s": passes(8, 8)}, task=TaskRecord(name="m:f", fingerprint="2"))
    assert [change.name for change in compare_runs(before, after).variables] == ["task code"]
    other = make_run("b", {"s": passes(8, 8)}, task=TaskRecord(name="m:g", fingerprint="1"))
    assert [change.name for change in compare_runs(before, other).variables] == ["task"]


def test_too_few_items_are_said() -> None:
    comparison = compare_runs(make_run("a", {"s": passes(3, 3)}), make_run("b", {"s": passes(0, 3)}))
    assert comparison.verdict == "no change detected"
    assert "COMPARE_TOO_FEW" in codes(comparison)


def test_categories_are_not_averaged() -> None:
    run = make_run("a", {"s": passes(8, 8)})
    item = run.repeats[0].items[0]
    score = item.scores["s"].model_copy(update={"value": "positive", "data_type": "CATEGORICAL"})
    items = (item.model_copy(update={"scores": {"s": score}}), *run.repeats[0].items[1:])
    mixed = run.model_copy(update={"repeats": (run.repeats[0].model_copy(update={"items": items}),)})
    assert compare_runs(mixed, make_run("b", {"s": passes(8, 8)})).metrics == ()


def test_resources() -> None:
    comparison = compare_runs(make_run("a", {"s": passes(8, 8)}), make_run("b", {"s": passes(8, 8)}))
    assert [(each.name, each.ratio) for each in comparison.resources] == [("latency", 1.0)]
    assert comparison.resources[0].ci == pytest.approx((1.0, 1.0))


@pytest.mark.skipif(not SHARED.is_dir(), reason="the recorded trials are not part of this repository")
def test_trials_of_one_agent_do_not_differ() -> None:
    roots = {}
    with gzip.open(SHARED / "airline.observations.jsonl.gz") as lines:
        for row in map(json.loads, lines):
            if row["isRootObservation"]:
                roots[row["traceId"]] = (row["metadata"]["trial"], row["metadata"]["task_id"])
    trials: dict[str, dict[str, float]] = defaultdict(dict)
    with gzip.open(SHARED / "airline.scores.jsonl.gz") as lines:
        for row in map(json.loads, lines):
            trial, task = roots[row["subject"]["id"]]
            trials[trial][task] = row["value"]
    tasks = sorted(trials["0"])
    runs = {
        trial: make_run(trial, {"reward": column([values[task] for task in tasks])}, items=tasks)
        for trial, values in trials.items()
    }
    pairs = list(itertools.combinations(sorted(runs), 2))
    assert (len(pairs), len(tasks)) == (6, 50)
    for left, right in pairs:
        comparison = compare_runs(runs[left], runs[right])
        assert comparison.verdict == "no change detected"
        assert comparison.red_items > 0  # the naive reading raises the alarm on every pair


def comparable_metrics(comparison: Comparison) -> tuple[Metric, ...]:
    return comparison.metrics if comparison.comparable else ()
