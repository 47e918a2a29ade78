"""The page on writing rules: it names every key, its example is a rule, its paths find what they say."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import BaseModel

from curator.draft.mapping import document_of
from curator.help import page
from curator.model import Observation, Trace
from curator.model.rule import (
    CheckSpec,
    DatasetSpec,
    FieldRule,
    Filters,
    GateScore,
    GateSpec,
    IdSpec,
    LineageSpec,
    PathPolicy,
    PatternSpec,
    QueueSpec,
    Rule,
    ScrubPolicy,
    SeedItem,
    Shape,
    SignalRule,
)
from curator.rulebook import check_file
from curator.rulebook.paths import find_all

TEXT = page("rules").text
MODELS: tuple[type[BaseModel], ...] = (
    Rule,
    DatasetSpec,
    QueueSpec,
    SignalRule,
    Filters,
    Shape,
    FieldRule,
    LineageSpec,
    ScrubPolicy,
    PathPolicy,
    PatternSpec,
    IdSpec,
    CheckSpec,
    GateSpec,
    GateScore,
    SeedItem,
)
DOCUMENT = {
    "input": {"query": "q", "messages": [{"content": "first"}, {"content": "last"}]},
    "correction": {"must_mention": ["a", "b"]},
    "observations": [
        {"name": "get_order", "level": "DEFAULT", "output": {"status": "delayed"}},
        {"name": "pay", "level": "ERROR", "output": None},
    ],
    "scores": {"right_outcome": "escalate"},
}
FOUND = {
    "$.input.query": ["q"],
    "$.input.messages[-1:].content": ["last"],
    "$.correction.must_mention[*]": ["a", "b"],
    "$.observations[?(@.name == 'get_order')].output.status": ["delayed"],
    "$.observations[?(@.level == 'ERROR')].name": ["pay"],
    "$.scores.right_outcome": ["escalate"],
}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_explained(model: type[BaseModel]) -> None:
    named = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", TEXT))))
    keys = {field.alias or name for name, field in model.model_fields.items()}
    assert keys - named == set()


def test_every_check_type_is_explained() -> None:
    types = CheckSpec.model_json_schema(by_alias=True)["properties"]["type"]["enum"]
    assert [name for name in types if f"| `{name}` |" not in TEXT] == []


def test_the_example_is_a_valid_rule(tmp_path: Path) -> None:
    example, *_ = re.findall(r"```yaml\n(rule: .*?)```", TEXT, re.DOTALL)
    file = tmp_path / "returns-regression.yaml"
    file.write_text(example, encoding="utf-8")
    assert check_file(file) == []


def test_the_document_has_the_keys_that_traces_have() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    root = Observation(id="o", trace_id="t", is_root=True, start_time=moment)
    document = document_of(Trace(id="t", observations=(root,)))

    def keys(value: object) -> object:
        if isinstance(value, dict):
            return {key: keys(item) for key, item in value.items()}
        return [keys(item) for item in value if isinstance(item, dict)] if isinstance(value, list) else None

    expected, actual = keys(json.loads(shown)), keys(document)
    assert isinstance(expected, dict)
    assert isinstance(actual, dict)
    assert expected.keys() == actual.keys()
    assert expected["trace"].keys() == actual["trace"].keys()
    assert expected["observations"][0].keys() == actual["observations"][0].keys()


@pytest.mark.parametrize("path", FOUND)
def test_the_paths_find_what_the_page_says(path: str) -> None:
    assert f"`{path}`" in TEXT
    assert find_all(path, DOCUMENT) == FOUND[path]
