"""What a decision may lean on besides the run: approved baselines, excuses, judges that people agree with."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curator.config import Settings
from curator.experiments import baseline
from curator.experiments.compare import compare_runs
from curator.experiments.judges import agreement
from curator.experiments.results import Integrity, Run
from curator.model.errors import UsageError
from curator.model.item import ItemState
from tests.experiments.builders import make_run

ANA = Settings(reviewer="ana")


def whole(run: Run) -> Run:
    repeats = tuple(each.model_copy(update={"integrity": Integrity(ok=True)}) for each in run.repeats)
    return run.model_copy(update={"repeats": repeats})


def test_a_baseline_file_tells_what_the_run_tells_and_holds_no_content(tmp_path: Path) -> None:
    before = whole(make_run("before", {"s": np.ones((40, 2))}))
    after = make_run("after", {"s": np.repeat([[1.0]] * 26 + [[0.0]] * 14, 2, axis=1)})
    file = tmp_path / "production.json"
    baseline.write_baseline(baseline.approve_baseline(before, name="production", settings=ANA), file)
    read = baseline.read_any(file)
    assert (read.label, read.source) == ("production", "approved")
    kept, fresh = compare_runs(read, after), compare_runs(before, after)
    assert kept.metrics == fresh.metrics
    assert kept.verdict == "worse: s"
    assert "before 001" not in file.read_text()  # outputs
    assert "answer" not in file.read_text()


def test_a_baseline_that_was_changed_by_hand_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "production.json"
    baseline.write_baseline(
        baseline.approve_baseline(whole(make_run("a", {"s": [[1.0]] * 4})), name="p", settings=ANA), file
    )
    data = json.loads(file.read_text())
    data["run"]["repeats"][0]["items"][0]["scores"]["s"]["value"] = 0.0
    file.write_text(json.dumps(data))
    with pytest.raises(UsageError, match="changed after it was approved") as caught:
        baseline.read_any(file)
    assert caught.value.code == "BASELINE_FILE"


@pytest.mark.parametrize("fields", [{"complete": False}, {}])
def test_only_a_whole_run_becomes_a_baseline(fields: dict[str, bool]) -> None:
    run = make_run("a", {"s": [[1.0]] * 4}, **fields)
    with pytest.raises(UsageError) as caught:
        baseline.approve_baseline(whole(run) if fields else run, name="p", settings=ANA)
    assert caught.value.code == "BASELINE_NOT_WHOLE"


@pytest.mark.parametrize("fields", [{"run_name": "jane@corp.com"}, {"variables": {"jane@corp.com": "yes"}}])
def test_a_baseline_of_another_tools_run_names_nobody(fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as caught:
        baseline.approve_baseline(
            whole(make_run("a", {"s": [[1.0]]}).model_copy(update=fields)), name="p", settings=ANA
        )
    assert caught.value.code == "PII_IN_NAME"


def test_an_excuse_needs_somebody_and_an_end() -> None:
    said, until = {"owner": "ana", "issue": "https://example.org/1"}, date(2026, 12, 1)
    state = ItemState.asked("known", until, said, today=date(2026, 11, 1))
    assert state.to_metadata() == {
        "state": "known", "owner": "ana", "issue": "https://example.org/1", "until": "2026-12-01"
    }  # fmt: skip
    assert state.expired(date(2026, 12, 2))
    assert not state.expired(date(2026, 12, 1))
    for wrong, day in (({"owner": " "}, 1), ({}, 2)):
        with pytest.raises(UsageError) as caught:
            ItemState.asked("known", until, said | wrong, today=date(2026, 12, day))
        assert caught.value.code == "GATE_STATE"


def test_judges_against_people() -> None:
    """40 good and 20 bad answers by people; the judge misses 4 of the good and 5 of the bad."""
    person = [True] * 40 + [False] * 20
    judge = [True] * 36 + [False] * 4 + [True] * 5 + [False] * 15
    values, intervals = agreement(judge, person)
    assert values == pytest.approx({"tpr": 0.9, "tnr": 0.75, "kappa": 0.6582}, abs=1e-3)
    for name, value in values.items():
        low, high = intervals[name] or (1.0, 0.0)
        assert value is not None
        assert 0 < low < value < high < 1
    assert agreement([True] * 3, [True] * 3)[0] == {"tpr": 1.0, "tnr": None, "kappa": None}
    perfect = agreement([True] * 5 + [False] * 5, [True] * 5 + [False] * 5)[1]["kappa"]
    assert perfect is not None
    assert perfect[0] < 0.9
