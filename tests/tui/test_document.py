"""Documents: nothing is lost, nothing recurses, big ones are quick, masks hold."""

import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from curator.model import Finding
from curator.tui.document import Section, find_in, lay_out
from curator.tui.masks import UNCHECKED, Masks, shorten
from curator.tui.sections import Sheet
from curator.tui.text import visible
from tests.tui.hostile import PAYLOADS, nested

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=60),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=5),
    max_leaves=25,
)


def finding(path: str, start: int, end: int, entity: str = "PERSON", *, in_key: bool = False) -> Finding:
    return Finding(id=f"{path}:{start}", path=path, start=start, end=end, entity=entity, score=1.0, in_key=in_key)


def texts(value: Any, width: int = 60, masks: Masks | None = None) -> list[str]:
    return [line.text for line in lay_out([Section("", value, "v")], width, masks or Masks(), "json")]


@given(JSON, st.integers(20, 100))
def test_every_row_fits_and_nothing_is_lost(value: Any, width: int) -> None:
    rows = texts(value, width)
    # A double-width character may stand in the last column.
    assert all(cell_len(row) <= width + 1 for row in rows)
    # A row that is nested too deep to be indented says its depth first: that is no part of the text.
    shown = "".join("".join(re.sub(r"^ *⋯\d+ ", "", row) for row in rows).split())

    def strings(node: Any) -> list[str]:
        if isinstance(node, str):
            return [node]
        if isinstance(node, dict):
            return [text for key, each in node.items() for text in [key, *strings(each)]]
        return [text for each in node for text in strings(each)] if isinstance(node, list) else []

    for text in strings(value):
        assert "".join(visible(text, newlines=True).split()) in shown


@given(st.text(max_size=300), st.integers(20, 80))
def test_prose_keeps_its_words(text: str, width: int) -> None:
    rows = texts(text, width)
    if text:
        assert "".join("".join(rows).split()) == "".join(visible(text, newlines=True).split())


@pytest.mark.slow
def test_big_things_are_quick() -> None:
    lines = json.loads("[" + ",".join(f'{{"id": {n}, "text": "line {n} of many"}}' for n in range(10_000)) + "]")
    for value, least in (("lorem ipsum " * 430_000, 60_000), (lines, 10_000), (nested(400), 400)):
        begin = time.perf_counter()
        rows = texts(value, 80)
        assert len(rows) >= least
        assert time.perf_counter() - begin < 8, "generous: a loaded machine is no failure"
        assert find_in(lay_out([Section("", value, "v")], 80, Masks()), "no such text") == []


def test_the_json_view_is_json() -> None:
    value = {"a": {"b": [1, None, True, {"long": "word " * 20}], "c": {}}, "d": "–"}
    assert json.loads("\n".join(texts(value, 200))) == value
    assert "a: {" in "".join(line.text for line in lay_out([Section("", value, "v")], 200, Masks()))


def test_search_finds_across_rows() -> None:
    rows = lay_out([Section("", "word " * 40 + "needle in hay", "v")], 24, Masks())
    hits = find_in(rows, "NEEDLE IN")
    assert len(hits) == 1
    assert find_in(rows, "word word") != []


def test_conversations() -> None:
    chat = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": [{"type": "text", "text": "hi"}]}]
    for value, is_one in ((chat, True), ({"messages": chat}, True), ({"query": "x"}, False), ([], False)):
        sheet = Sheet()
        sheet.add("", "v", value)
        rows = [line.text for line in lay_out(sheet.sections, 60, Masks(), "chat")]
        assert (rows[:2] == ["▌user", "  hello"]) is is_one
        as_json = "".join(line.text for line in lay_out(sheet.sections, 60, Masks(), "json"))
        assert "▌" not in as_json
        assert ('"role":' in as_json) is is_one


def test_calls_are_one_line_that_opens_and_masks_hold_there() -> None:
    call = {"function": {"name": "lookup_order", "arguments": '{"order_id": "ORDER-1", "of": "Jane Doe"}'}, "id": "c1"}
    chat = [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "late\nby " + "many " * 50 + "days"},
    ]
    sheet = Sheet()
    sheet.add("", "in/put", chat)  # a name that a path quotes
    (said, path) = next((key, each) for key, each in sheet.foreign.items() if key.endswith("_said"))
    assert isinstance(path, list)
    masks = Masks([finding(f'["{said}"][0].text', path[0]["text"].index("Jane"), path[0]["text"].index("Jane") + 8)])
    closed = lay_out(sheet.sections, 60, masks)
    assert [line.text.strip()[:14] for line in closed] == ["λ lookup_order", "← result late "]
    assert "‹PERSON›" in closed[0].text
    assert all(cell_len(line.text) <= 60 for line in closed)
    folds = [line.fold for line in closed]
    assert all(folds)
    opened = [line.text for line in lay_out(sheet.sections, 60, masks, "chat", folds)]
    assert "days" in " ".join(opened)
    assert any("ORDER-1" in row for row in opened[1:])


def test_masks_hide_until_asked() -> None:
    value = {"name": "call Jane Doe now", "Jane": 4711}
    found = [finding("v.name", 5, 13), finding("v.Jane", 0, 4, in_key=True), finding("v.Jane", 0, 4, "PHONE_NUMBER")]
    hidden = " ".join(texts(value, masks=Masks(found)))
    assert "Jane" not in hidden
    assert "4711" not in hidden
    assert "‹PERSON›" in hidden
    shown = " ".join(texts(value, masks=Masks(found, revealed=True)))
    assert "call Jane Doe now" in shown
    assert "Jane" not in " ".join(texts(value, masks=Masks(checked=False)))


@given(JSON, st.integers(0, 80))
def test_what_was_not_looked_through_stays_masked(value: Any, most: int) -> None:
    short, rest = shorten({"v": value}, most)
    assert all(each.entity == UNCHECKED for each in rest)
    assert sum(len(text) for text in _strings(short)) <= most or not rest
    total = sum(len(text) for text in _strings(value))
    assert sum(each.end - each.start for each in rest) == total - sum(len(text) for text in _strings(short))


def _strings(node: Any) -> list[str]:
    if isinstance(node, str):
        return [node]
    if isinstance(node, dict):
        return [text for each in node.values() for text in _strings(each)]
    return [text for each in node for text in _strings(each)] if isinstance(node, list) else []


@pytest.mark.parametrize("payload", PAYLOADS[::5])
def test_hostile_keys_and_values(payload: str) -> None:
    rows = texts({payload: [payload, {payload: payload}]})
    assert all(row.isprintable() or "\u3000" in row for row in rows)
