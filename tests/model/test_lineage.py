"""Ids are deterministic, URL-safe, readable and scoped by dataset; fingerprints do not depend on key order."""

import re
from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from curator.model import Draft, ScrubbedDraft, ScrubSummary
from curator.model.lineage import REQUIRED_KEYS, fingerprint, is_own_id, item_id, slug, to_item

texts = st.text(min_size=1, max_size=40)
LONG = "日本 Order/%" * 30


@given(texts, texts, st.none() | texts, texts, st.integers(1, 9))
@example(LONG, LONG, LONG, LONG, 9)
def test_ids_are_safe_everywhere(dataset: str, trace: str, observation: str | None, case: str, attempt: int) -> None:
    value = item_id(dataset, trace, observation, case, attempt)
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,255}", value)
    assert value == item_id(dataset, trace, observation, case, attempt)
    assert value.startswith(slug(dataset))


@given(texts, texts)
def test_ids_differ_between_datasets(one: str, two: str) -> None:
    assert (item_id(one, "t", "o") == item_id(two, "t", "o")) == (one == two)


def test_every_part_counts() -> None:
    parts = [
        ("d", "t", "o", "1", 1),
        ("d", "u", "o", "1", 1),
        ("d", "t", None, "1", 1),
        ("d", "t", "o", "2", 1),
        ("d", "t", "o", "1", 2),
    ]
    assert len({item_id(*p) for p in parts}) == len(parts)
    assert is_own_id(item_id(*parts[-1]), "d", "t", "o", "1")
    assert not is_own_id("001", "d", "t", "o", "1")


def test_slug() -> None:
    assert slug("Folder/Order Status — EU") == "folder-order-status-eu"
    assert slug("日本語") == "item"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=6,
)


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=6))
def test_fingerprint_ignores_key_order(value: dict[str, object]) -> None:
    assert fingerprint(value) == fingerprint(dict(reversed(list(value.items()))))


def test_item_carries_complete_lineage() -> None:
    draft = Draft(
        trace_id="t1",
        observation_id="o1",
        dataset="d",
        rule="r",
        item_id=item_id("d", "t1", "o1"),
        input={"q": "jane@example.com"},
        expected_output={"outcome": "answer"},
        metadata={
            "source": "reviewed-failure",
            "failure_type": "f",
            "rubric": "r-v1",
            "signals": [],
            "rule": "r",
            "rule_version": 1,
            "source_policy": "scrubbed",
            "source_trace_id": "t1",
        },
    )
    scrubbed = ScrubbedDraft(
        draft=draft,
        input={"q": "<EMAIL_ADDRESS_1>"},
        expected_output=draft.expected_output,
        metadata=draft.metadata,
        findings=(),
        summary=ScrubSummary(replaced={"EMAIL_ADDRESS": 1}),
    )
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    item = to_item(scrubbed, reviewer="ana", approved_at=at)
    assert set(REQUIRED_KEYS) <= set(item.metadata)
    assert item.source_trace_id == "t1"
    assert item.source_observation_id == "o1"
    assert item.metadata["approved_at"] == "2026-11-20T12:00:00+00:00"
    assert "jane" not in item.model_dump_json()
    second = to_item(scrubbed, reviewer="ana", approved_at=at, attempt=2)
    assert second.id != item.id
    assert second.metadata["id_attempt"] == 2
