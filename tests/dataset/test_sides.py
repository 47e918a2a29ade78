"""States of a dataset read from a server: now, at a time, under a lock; drift is told by name."""

from pathlib import Path

import pytest

from curator.dataset import changes, locked, read_lock, side, snapshot, version_of, write_folder
from curator.gateway import Gateway
from curator.model.errors import CuratorError, UsageError
from tests.dataset.conftest import DATASET, odd_items


def put(gateway: Gateway, count: int) -> None:
    for item in odd_items(count):
        gateway.put_item(item)


def test_live_folder_lock_and_version_are_the_same_state(gateway: Gateway, tmp_path: Path) -> None:
    put(gateway, 12)
    lock = write_folder(snapshot(gateway, DATASET), tmp_path / "f")
    sides = [
        str(tmp_path / "f"),
        str(tmp_path / "f" / "curator.lock"),
        DATASET,
        f"{DATASET}@{lock.version.isoformat()}",
    ]
    states = [side(gateway, text) for text in sides]
    assert all(not changes(states[0], each) for each in states)
    assert len(states[0].items) == 12


def test_a_lock_still_shows_its_version_after_changes(gateway: Gateway, tmp_path: Path) -> None:
    put(gateway, 3)
    write_folder(snapshot(gateway, DATASET), tmp_path / "f")
    gateway.put_item(odd_items(1)[0].model_copy(update={"input": {"q": "changed"}}))
    found = changes(side(gateway, str(tmp_path / "f" / "curator.lock")), side(gateway, DATASET))
    assert [(each.item_id, each.kind) for each in found.items] == [("odd-0000", "changed")]


def test_drift_is_refused_by_name(gateway: Gateway, tmp_path: Path) -> None:
    put(gateway, 3)
    lock = write_folder(snapshot(gateway, DATASET), tmp_path / "f")
    forged = lock.model_copy(update={"items": lock.items | {"odd-0001": "0" * 64}})
    with pytest.raises(CuratorError, match="odd-0001") as caught:
        locked(gateway, forged)
    assert caught.value.code == "DATASET_DRIFT"


def test_a_lock_is_a_version_of_its_own_dataset_only(gateway: Gateway, tmp_path: Path) -> None:
    put(gateway, 2)
    lock = write_folder(snapshot(gateway, DATASET), tmp_path / "f")
    assert version_of(gateway, str(tmp_path / "f"), DATASET) == lock.version
    assert version_of(gateway, "2026-11-22T16:10:00+00:00", DATASET) is None
    with pytest.raises(UsageError, match="other") as caught:
        version_of(gateway, str(tmp_path / "f"), "other")
    assert caught.value.code == "LOCK_ELSEWHERE"
    elsewhere = read_lock(tmp_path / "f").model_copy(update={"project_id": "another"})
    with pytest.raises(UsageError):
        locked(gateway, elsewhere)


def test_an_empty_dataset_and_a_missing_one(gateway: Gateway) -> None:
    assert snapshot(gateway, DATASET).items == {}
    with pytest.raises(CuratorError) as caught:
        snapshot(gateway, "nowhere")
    assert caught.value.code == "DATASET_MISSING"
