"""What is installed along: bounded ranges, one tested set of versions without addresses, weights on paper."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
DIRECT = [Requirement(text) for text in (*PROJECT["dependencies"], *EXTRAS["ner"], *EXTRAS["names"], *EXTRAS["web"])]
DATED = {"regex"}
"""Versions that are dates promise nothing by their first number."""
LINES = [line for line in (ROOT / ".ci/constraints.txt").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]


@pytest.mark.parametrize("requirement", DIRECT, ids=lambda each: each.name)
def test_every_range_has_both_ends(requirement: Requirement) -> None:
    operators = {each.operator for each in requirement.specifier}
    assert ">=" in operators
    assert "<" in operators or requirement.name in DATED
    assert requirement.url is None


def test_the_constraints_are_names_and_versions_alone() -> None:
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*", line) for line in LINES)
    assert len(LINES) == len({line.split("==")[0] for line in LINES})


def test_the_constraints_lie_in_the_ranges() -> None:
    pinned = dict(line.split("==") for line in LINES)
    for requirement in DIRECT:
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement.name


def test_the_weight_of_every_dependency_is_written_down() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert [each.name for each in DIRECT if f"| `{each.name}` |" not in text] == []
