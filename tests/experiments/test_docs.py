"""What the help pages show is what the program says."""

import re
from pathlib import Path

import pytest

from curator.experiments.checks import BUILT_IN
from curator.experiments.compare import compare_runs
from curator.help import page, pages
from tests.experiments.builders import seed_runs

PACKAGE = Path(__file__).parents[2] / "curator"
CODE = re.compile(r'"((?:COMPARE|INTEGRITY|GATE|RUN|MIRROR|CHECK|TASK|RESULT|SEED|PROVE|BASELINE)_[A-Z_]+)"')


def test_the_example_of_two_unchanged_runs() -> None:
    comparison = compare_runs(*seed_runs())
    text = page("statistics").text
    assert f"run-1b → run-2: {comparison.verdict}" in text
    for metric in comparison.metrics:
        assert f"  {metric.name}: {metric.baseline:.3f} → {metric.candidate:.3f}\n    no change" in text
        low, high = metric.ci
        shown = f"{metric.counted}\n    difference {metric.delta:+.3f}, 98.33 % interval {low:+.3f} to {high:+.3f}"
        assert shown in text


def test_every_code_of_experiments_has_a_page() -> None:
    found: set[str] = set()
    for path in [*(PACKAGE / "experiments").rglob("*.py"), *(PACKAGE / "cli").glob("*.py")]:
        found |= set(CODE.findall(path.read_text(encoding="utf-8")))
    found |= {"GATE_COST", "GATE_LATENCY"}
    assert found - {each.code for each in pages()} == set()
    assert len(found) > 40


def test_every_type_of_check_is_explained() -> None:
    text = page("checks").text
    assert all(f"`{kind}`" in text for kind in [*BUILT_IN, "python"])


@pytest.mark.parametrize("topic", ["statistics", "checks", "experiments", "integrity", "gate", "ci"])
def test_what_pages_point_at_is_there(topic: str) -> None:
    known = {each.code for each in pages()}
    for name in re.findall(r"curator explain ([A-Za-z_-]+)", page(topic).text):
        assert name in known
