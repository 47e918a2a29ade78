"""What changed, field by field, and what it means for the gate."""

import pytest

from curator.dataset import changes, in_markdown, in_words
from tests.dataset.test_folder import item, snapshot


@pytest.mark.parametrize(
    ("old", "new", "kind", "gate", "line"),
    [
        (None, item(), "added", "has to pass", None),
        (item(), None, "removed", "nothing protects", None),
        (item(), item(input={"q": 2}), "changed", "another input", "input.q: 1 → 2"),
        (item(expected_output={"a": [1]}), item(expected_output={"a": [1, 2]}), "changed", "another expected output",
         "expected_output.a: [1] → [1, 2]"),
        (item(), item(status="ARCHIVED"), "archived", "no run", 'status: "ACTIVE" → "ARCHIVED"'),
        (item(status="ARCHIVED"), item(), "revived", "again", 'status: "ARCHIVED" → "ACTIVE"'),
        (item(metadata={"reviewer": "a"}), item(metadata={"reviewer": "b"}), "lineage", "as it was",
         'metadata.reviewer: "a" → "b"'),
        (item(metadata={}), item(metadata={"gate": {"state": "known"}}), "lineage", "blocks nothing",
         'metadata.gate: new: {"state": "known"}'),
        (item(source_trace_id="t"), item(source_trace_id="u"), "lineage", "as it was", 'source_trace_id: "t" → "u"'),
        (item(input=1), item(input=True), "changed", "another input", "input: 1 → true"),
    ],
)  # fmt: skip
def test_kinds(old: object, new: object, kind: str, gate: str, line: str | None) -> None:
    found = changes(snapshot(*filter(None, [old])), snapshot(*filter(None, [new])))  # type: ignore[arg-type]
    assert [each.kind for each in found.items] == [kind]
    assert gate in found.items[0].gate
    assert [in_words(each) for each in found.items[0].fields] == ([line] if line else [])


def test_equal_states_have_no_changes() -> None:
    found = changes(snapshot(item("a"), item("b")), snapshot(item("b"), item("a")))
    assert not found
    assert found.unchanged == 2


def test_schemas_belong_to_it() -> None:
    found = changes(snapshot(item()), snapshot(item(), input_schema={"type": "object"}))
    assert [each.path for each in found.dataset] == ["input_schema"]
    assert found


def test_no_text_breaks_out_of_the_markdown() -> None:
    text = in_markdown(changes(snapshot(item(input="a")), snapshot(item(input="`</details>\x1b[2J | x\n# y"))))
    assert text.count("</details>") == 2  # the fold's own, and the text's inside a code span
    assert "\x1b" not in text
    assert "\n# y" not in text
