"""A dataset as files: what is written reads back as the same JSON, and nothing that somebody typed is lost."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curator.dataset import LOCK, Snapshot, digest, read_folder, read_lock, write_folder
from curator.dataset.folder import _item, _parsed, item_text
from curator.model import Item
from curator.model.errors import UsageError

ODD = [
    "yes", "no", "null", "~", "1_000", "1:20", "2026-01-01", "0x1", "1e5", ".inf", "=", "<<", "a\nb", "a\n b\n", "\n",
    "a\n\n", "  a\nb", " \n", "a\t\nb", "# x", "- a", "a: b", "x\u2028y\nz", "\x85\n1", "\ufeff", "a\r\nb",
    "---\n...", "|", "a\n---\nb", "%TAG\n", "&a", "*a", "!x", "{{input}}", "'", '"', "\\", "é", "漢字\n漢", "🙂",
]  # fmt: skip
texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=20) | st.sampled_from(ODD)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def item(item_id: str = "a", **fields: Any) -> Item:
    return Item.model_construct(**{"id": item_id, "dataset": "d", "input": {"q": 1}, "expected_output": None,
                                   "metadata": {}, "status": "ACTIVE", "source_trace_id": None,
                                   "source_observation_id": None} | fields)  # fmt: skip


def snapshot(*items: Item, **fields: Any) -> Snapshot:
    return Snapshot(name="d", version=datetime(2026, 11, 1, tzinfo=UTC), items={i.id: i for i in items}, **fields)


@settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(values, values, values)
def test_every_json_reads_back_as_the_same(one: Any, two: Any, three: Any) -> None:
    written = item(input=one, expected_output=two, metadata=three)
    assert digest(_item(_parsed(item_text(written), "x"), "d", "a.yaml")) == digest(written)


def test_texts_of_several_lines_are_blocks() -> None:
    assert "input: |-\n  first\n  second\n" in item_text(item(input="first\nsecond"))


def test_a_folder_reads_back_and_a_second_pull_touches_nothing(tmp_path: Path) -> None:
    taken = snapshot(item("a"), item("b", input="x\ny", status="ARCHIVED"), input_schema={"type": "object"})
    lock = write_folder(taken, tmp_path / "f")
    assert read_lock(tmp_path / "f") == read_lock(tmp_path / "f" / LOCK) == lock
    back = read_folder(tmp_path / "f")
    assert {i: digest(each) for i, each in back.items.items()} == lock.items
    assert back.input_schema == {"type": "object"}
    stamps = {path: path.stat().st_mtime_ns for path in (tmp_path / "f").rglob("*") if path.is_file()}
    write_folder(taken, tmp_path / "f")
    assert {path: path.stat().st_mtime_ns for path in stamps} == stamps


def test_items_that_are_gone_lose_their_file(tmp_path: Path) -> None:
    write_folder(snapshot(item("a"), item("b")), tmp_path / "f")
    write_folder(snapshot(item("a")), tmp_path / "f")
    assert [path.name for path in (tmp_path / "f" / "items").iterdir()] == ["a.yaml"]


def test_a_pull_does_not_overwrite_edits(tmp_path: Path) -> None:
    write_folder(snapshot(item("a")), tmp_path / "f")
    path = tmp_path / "f" / "items" / "a.yaml"
    path.write_text(path.read_text().replace("q: 1", "q: 2"))
    with pytest.raises(UsageError, match="a") as caught:
        write_folder(snapshot(item("a")), tmp_path / "f")
    assert caught.value.code == "PULL_WOULD_OVERWRITE"
    assert "q: 2" in path.read_text()
    write_folder(snapshot(item("a")), tmp_path / "f", overwrite=True)
    assert "q: 1" in path.read_text()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: a\ninput: 2026-01-01\n", "quotes"),
        ("id: a\ninput: {1: x}\n", "not text"),
        ("id: a\ninput: &x [*x]\n", "itself"),
        ("id: a\ninput: [\n", "line"),
        ("id: b\n", "name of the file"),
        ("id: a\ninptu: 1\n", "inptu"),
        ("id: a\nstatus: GONE\n", "status"),
        ("id: a\nsource_trace_id: 12\n", "source id"),
        ("- 1\n", "no mapping"),
        ("id: a\nid: a\n", "not YAML"),
        ("id: a\ninput: !!python/object:os.system x\n", "not YAML"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, says: str) -> None:
    write_folder(snapshot(item("a")), tmp_path / "f")
    (tmp_path / "f" / "items" / "a.yaml").write_text(text)
    with pytest.raises(UsageError, match=says) as caught:
        read_folder(tmp_path / "f")
    assert caught.value.code == "ITEM_FILE_MALFORMED"


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b"\xff", b'{"dataset": 1}'])
def test_a_damaged_lock_is_no_lock(tmp_path: Path, data: bytes) -> None:
    (tmp_path / LOCK).write_bytes(data)
    with pytest.raises(UsageError):
        read_lock(tmp_path / LOCK)


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        write_folder(snapshot(item("a")), tmp_path)


@pytest.mark.parametrize("item_id", ["../../evil", "/evil", "a/b", "..", ".a", "a%2Fb", "a\\b", "odd é"])
def test_an_id_leads_to_no_file_elsewhere(item_id: str, tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "f"
    write_folder(snapshot(item(item_id)), folder)
    assert [path.parent for path in tmp_path.rglob("*.yaml") if path.name != "dataset.yaml"] == [folder / "items"]
    assert list(read_folder(folder).items) == [item_id]
    write_folder(snapshot(item("b")), folder)
    assert list(read_folder(folder).items) == ["b"]


def test_the_folder_of_another_dataset_is_left_alone(tmp_path: Path) -> None:
    write_folder(snapshot(item("a")), tmp_path / "f")
    with pytest.raises(UsageError, match="holds the dataset 'd'") as caught:
        write_folder(snapshot(item("b")).model_copy(update={"name": "other"}), tmp_path / "f")
    assert caught.value.code == "PULL_FOLDER"
    assert list(read_folder(tmp_path / "f").items) == ["a"]
