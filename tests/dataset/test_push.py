"""A reviewed folder goes back: only what differs is written, each proved; nobody's edit is lost; copies get own ids."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from curator.config import Settings
from curator.dataset import changes, read_folder, side, snapshot, write_folder
from curator.dataset.push import Push
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model.errors import UsageError
from curator.promote import Promoter
from curator.sandbox.server import SandboxServer
from curator.scrub import Scrubber
from tests.dataset.conftest import DATASET, connection_of, odd_items


@pytest.fixture(scope="module")
def scrubber() -> Iterator[Scrubber]:
    with Scrubber(in_process=True, use_model=False) as scrubber:
        yield scrubber


@pytest.fixture
def promoter(sandbox: SandboxServer, gateway: Gateway, scrubber: Scrubber) -> Iterator[Promoter]:
    with Journal.of(connection_of(sandbox)) as journal:
        yield Promoter(gateway, journal, scrubber, Settings(), reviewer="rita@example.com")


@pytest.fixture
def folder(gateway: Gateway, tmp_path: Path) -> Path:
    for item in odd_items(12):
        gateway.put_item(item)
    write_folder(snapshot(gateway, DATASET), tmp_path / "f")
    return tmp_path / "f"


def edit(folder: Path, item_id: str, change: Callable[[str], str]) -> None:
    path = folder / "items" / f"{item_id}.yaml"
    before = path.read_text()
    path.write_text(change(before))
    assert path.read_text() != before


def steps(push: Push) -> dict[str, str]:
    return {each.item_id: each.step for each in push.plan.items if each.step != "unchanged"}


def test_a_round_trip_writes_nothing(promoter: Promoter, folder: Path, sandbox: SandboxServer) -> None:
    before = promoter.gateway.requests
    push = Push(promoter, folder)
    assert steps(push) == {}
    assert list(push.apply()) == []
    assert promoter.gateway.requests - before < 5


@pytest.mark.slow
def test_a_round_trip_of_a_thousand(promoter: Promoter, gateway: Gateway, tmp_path: Path) -> None:
    for item in odd_items(1000):
        gateway.put_item(item)
    write_folder(snapshot(gateway, DATASET), tmp_path / "f")
    assert steps(Push(promoter, tmp_path / "f")) == {}


def test_an_edit_is_written_proved_and_undone(promoter: Promoter, folder: Path) -> None:
    edit(folder, "odd-0000", lambda text: text.replace("two\n    lines", "three\n    lines"))
    push = Push(promoter, folder)
    assert steps(push) == {"odd-0000": "update"}
    assert [(r.item_id, r.verdict) for r in push.apply()] == [("odd-0000", "verified")]
    stored = promoter.gateway.item("odd-0000")
    assert stored is not None
    assert stored.input == {"q": "three\nlines"}
    list(promoter.undo(1, whole_batch=True))
    stored = promoter.gateway.item("odd-0000")
    assert stored is not None
    assert stored.input == {"q": "two\nlines"}


def test_what_somebody_changed_since_is_a_conflict(promoter: Promoter, folder: Path) -> None:
    theirs = odd_items(1)[0].model_copy(update={"input": {"q": "theirs"}})
    promoter.gateway.put_item(theirs)
    edit(folder, "odd-0000", lambda text: text.replace("two", "mine"))
    push = Push(promoter, folder)
    assert steps(push) == {"odd-0000": "conflict"}
    with pytest.raises(UsageError, match="odd-0000") as caught:
        list(push.apply())
    assert caught.value.code == "PUSH_CONFLICT"
    stored = promoter.gateway.item("odd-0000")
    assert stored is not None
    assert stored.input == {"q": "theirs"}
    assert [r.verdict for r in Push(promoter, folder).apply(overwrite=True)] == ["verified"]


def test_a_file_that_is_gone_archives_only_when_asked(promoter: Promoter, folder: Path) -> None:
    (folder / "items" / "odd-0003.yaml").unlink()
    assert steps(Push(promoter, folder)) == {"odd-0003": "left"}
    push = Push(promoter, folder, archive=True)
    assert steps(push) == {"odd-0003": "archive"}
    assert [r.verdict for r in push.apply()] == ["verified"]
    stored = promoter.gateway.item("odd-0003")
    assert stored is not None
    assert stored.status == "ARCHIVED"
    assert steps(Push(promoter, folder, archive=True)) == {}


def test_a_new_file_is_a_new_item(promoter: Promoter, folder: Path) -> None:
    (folder / "items" / "mine.yaml").write_text("id: mine\ninput: {q: new}\nexpected_output: x\nmetadata: {}\n")
    assert [r.verdict for r in Push(promoter, folder).apply()] == ["verified"]
    assert not changes(read_folder(folder), snapshot(promoter.gateway, DATASET))


def test_a_personal_value_in_a_file_is_refused(promoter: Promoter, folder: Path) -> None:
    (folder / "items" / "mine.yaml").write_text("id: mine\ninput: {q: mail jo.doe@corp.com}\nmetadata: {}\n")
    receipt = next(Push(promoter, folder).apply())
    assert receipt.verdict == "refused"
    assert promoter.gateway.item("mine") is None


def test_a_copy_gets_ids_of_its_own_and_a_map(promoter: Promoter, folder: Path) -> None:
    push = Push(promoter, folder, to="copy")
    assert push.plan.copies
    assert push.plan.new_dataset
    assert set(steps(push).values()) == {"create"}
    assert {r.verdict for r in push.apply()} == {"verified"}
    again = Push(promoter, folder, to="copy")
    assert steps(again) == {}
    ids = json.loads((folder / "ids.json").read_text())["curator-sandbox/copy"]
    assert len(set(ids.values())) == 12
    assert not set(ids) & set(ids.values())
    copied = side(promoter.gateway, "copy")
    assert {ids[i]: each.input for i, each in read_folder(folder).items.items()} == {
        i: each.input for i, each in copied.items.items()
    }


def test_a_scrubbed_folder_is_for_reading(promoter: Promoter, gateway: Gateway, folder: Path, tmp_path: Path) -> None:
    found = snapshot(gateway, DATASET).model_copy(update={"content": "scrubbed"})
    write_folder(found, tmp_path / "s")
    with pytest.raises(UsageError) as caught:
        Push(promoter, tmp_path / "s")
    assert caught.value.code == "PUSH_SCRUBBED"
