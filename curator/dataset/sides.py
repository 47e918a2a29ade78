"""Where a state of a dataset is read from: a folder, a lock, the server now, the server at a time."""

import re
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from curator.dataset.folder import HEAD_FIELDS, LOCK, Lock, Snapshot, digest, first_of, read_folder, read_lock
from curator.model import Item
from curator.model.errors import CuratorError, UsageError

if TYPE_CHECKING:
    from curator.gateway import Gateway


def snapshot(gateway: "Gateway", dataset: str, version: datetime | None = None) -> Snapshot:
    """The dataset as the server holds it, now (under the time that pins it) or at `version`.

    An empty dataset is one without items, not an error. Raises DatasetMissing as CuratorError, GatewayError.
    """
    from curator.experiments import pin

    found = gateway.dataset(dataset)
    if found is None:
        raise missing(dataset)
    if version is None and gateway.items(dataset).total_items == 0:
        items: dict[str, Item] = {}
        version = found.updated_at
    else:
        pinned = pin(gateway, dataset, version)
        items, version = {row.id: row.to_write() for row in pinned.items}, pinned.version
    return Snapshot(
        name=dataset,
        **{field: getattr(found, field) for field in HEAD_FIELDS},
        host=gateway.base_url,
        project_id=gateway.project().id,
        version=version,
        items=items,
    )


def side(gateway: "Gateway | None", text: str) -> Snapshot:
    """What the user named: `DIR`, `FILE.lock`, `DATASET` (as it is now) or `DATASET@TIME`.

    A lock is read from the server at the lock's version and held against its digests. `gateway` may be None when the
    text names a folder. Raises UsageError, CuratorError (DATASET_DRIFT), GatewayError.
    """
    path = Path(text).expanduser()
    if path.is_dir():
        return read_folder(path)
    if gateway is None:
        raise UsageError(f"{text} is no folder.", code="PULL_FOLDER", remedy="Name a folder of `curator pull`.")
    if path.is_file():
        lock = read_lock(path)
        return locked(gateway, lock)
    name, at, time = text.rpartition("@")
    if at and re.match(r"\d{4}-\d\d-\d\dT", time):
        return snapshot(gateway, name, _time(time))
    return snapshot(gateway, text)


def scrubbed(found: Snapshot, scrub: Callable[[Any], Any]) -> Snapshot:
    """The same dataset with input, expected output and metadata of every item passed through `scrub` (JSON → JSON).

    Its digests are no longer those of the server's items, which the snapshot says.
    """
    items = {}
    for item_id, item in found.items.items():
        texts = {"input": item.input, "expected_output": item.expected_output, "metadata": item.metadata}
        items[item_id] = item.model_copy(update=scrub(texts))
    return found.model_copy(update={"items": items, "content": "scrubbed"})


def needs_server(text: str) -> bool:
    """Whether a side is read from Langfuse."""
    return not Path(text).expanduser().is_dir()


def locked(gateway: "Gateway", lock: Lock) -> Snapshot:
    """The items that a lock pins, as the server still shows them at its version.

    Raises CuratorError (DATASET_DRIFT) that names items which are not what was locked, LOCK_ELSEWHERE, GatewayError.
    """
    project = gateway.project().id
    if lock.project_id and lock.project_id != project:
        raise UsageError(
            "The lock belongs to another Langfuse project than the one that is configured.",
            code="LOCK_ELSEWHERE",
            remedy="Use the keys of its project, or pull a lock of this one (`curator pull DATASET DIR`).",
        )
    found = snapshot(gateway, lock.dataset, lock.version)
    if drifted := drift(lock, found.items.values()):
        raise CuratorError(
            f"{len(drifted)} of {len(lock.items)} items of {lock.dataset} are not what the lock holds:"
            f" {first_of(drifted)}.",
            code="DATASET_DRIFT",
        )
    return found


def drift(lock: Lock, items: Collection[Item]) -> list[str]:
    """Ids whose item is not what the lock holds: changed, gone or new."""
    there = {item.id: digest(item) for item in items}
    return sorted(
        item_id for item_id in lock.items.keys() | there.keys() if lock.items.get(item_id) != there.get(item_id)
    )


def version_of(gateway: "Gateway", text: str, dataset: str) -> datetime | None:
    """The version that `--dataset-version` names when it is a lock file or a pulled folder; None when it is a time.

    Raises UsageError when the lock is of another dataset, CuratorError (DATASET_DRIFT), GatewayError.
    """
    path = Path(text).expanduser()
    if not (path.is_file() or (path / LOCK).is_file()):
        return None
    lock = read_lock(path)
    if lock.dataset != dataset:
        raise UsageError(
            f"The lock pins the dataset {lock.dataset!r}, the rule feeds {dataset!r}.",
            code="LOCK_ELSEWHERE",
            remedy="Name the lock of this rule's dataset.",
        )
    locked(gateway, lock)
    return lock.version


def missing(dataset: str) -> CuratorError:
    """There is no such dataset."""
    return CuratorError(f"Langfuse has no dataset named {dataset!r}.", code="DATASET_MISSING")


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise UsageError(
            f"{text!r} is not a time.", code="TIME_FORMAT", remedy="Write DATASET@2026-11-22T16:10:00+00:00."
        ) from None
