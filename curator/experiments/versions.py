"""Pins a dataset version: the point in time whose items a run uses, so that it can be repeated and compared."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

from curator.experiments.results import DatasetItem, Run
from curator.gateway import Gateway, NotFound
from curator.model.errors import CuratorError, UsageError
from curator.model.item import Dataset, StoredItem
from curator.model.json import canonical
from curator.model.lineage import content_fingerprint
from curator.rulebook import find_all

# How often to look again when the dataset changes while its version is being pinned.
ATTEMPTS = 4


class Pinned(NamedTuple):
    """A dataset as it was at one point in time."""

    dataset: Dataset
    version: datetime
    items: tuple[StoredItem, ...]
    project: str | None = None
    """Host and id of its project."""

    def record(self, group_by: str | None = None) -> dict[str, DatasetItem]:
        """Item id → content, fingerprint and group, as result files keep it."""
        return record(self.items, group_by)


def record(items: Iterable[StoredItem], group_by: str | None = None) -> dict[str, DatasetItem]:
    """Item id → content, fingerprint and group: what the JSONPath `group_by` finds, else the session it came from."""
    return {
        item.id: DatasetItem(
            input=item.input,
            expected_output=item.expected_output,
            fingerprint=content_fingerprint(item),
            group=_group(item, group_by or "$.metadata.source_session_id"),
        )
        for item in items
    }


def _group(item: StoredItem, path: str) -> str | None:
    document = {"input": item.input, "expected_output": item.expected_output, "metadata": item.metadata}
    found = next(iter(find_all(path, document)), None)
    return None if found is None else found if isinstance(found, str) else canonical(found)


def pin(gateway: Gateway, dataset: str, version: datetime | None = None) -> Pinned:
    """The active items at `version`; without it, of now, under the earliest time that still shows exactly these items.

    That time is the last change of an item, so two runs over the same content name the same version. Where an item was
    deleted or archived since, it is the server's present time. Raises DatasetMissing, UsageError (RUN_NO_ITEMS),
    CuratorError (RUN_UNSTABLE) when the dataset keeps changing, GatewayError.
    """
    found = gateway.dataset(dataset)
    if found is None:
        raise no_dataset(dataset)
    if version is not None:
        return Pinned(found, version, _some(_items(gateway, dataset, version), dataset, version), project_of(gateway))
    for attempt in range(ATTEMPTS):
        current = _some(_items(gateway, dataset), dataset, None)
        moment = max(item.updated_at for item in current) if attempt == 0 else _server_time(gateway)
        at_moment = _items(gateway, dataset, moment)
        if _content(at_moment) == _content(current):
            return Pinned(found, moment, at_moment, project_of(gateway))
        if attempt:
            time.sleep(1.0)
    raise CuratorError(
        f"The dataset {dataset} keeps changing: no point in time shows the items that are there now.",
        code="RUN_UNSTABLE",
    )


def project_of(gateway: Gateway) -> str:
    """Host and id of the project, `cloud.langfuse.com/clx…`: what a result file belongs to. Raises GatewayError."""
    return f"{urlsplit(gateway.base_url).netloc}/{gateway.project().id}"


def present(gateway: Gateway, dataset: str) -> tuple[StoredItem, ...]:
    """The active items as they are now, with their states. Raises CuratorError (RUN_NO_DATASET), GatewayError."""
    return _items(gateway, dataset)


def drift(items: Iterable[StoredItem], run: Run) -> str | None:
    """In words, how the dataset (its items of now) has changed since the version of a run; None when it has not."""
    current = _content(items)
    then = {item_id: item.fingerprint for item_id, item in run.items.items()}
    counts = {
        "new": len(current.keys() - then.keys()),
        "changed": sum(then[item_id] != print_ for item_id, print_ in current.items() if item_id in then),
        "gone": len(then.keys() - current.keys()),
    }
    told = [f"{count} {'item is' if count == 1 else 'items are'} {what}" for what, count in counts.items() if count]
    return f"the dataset has changed since this run: {', '.join(told)}" if told else None


def no_dataset(dataset: str) -> CuratorError:
    """There is no such dataset."""
    return CuratorError(f"There is no dataset {dataset} in this project.", code="RUN_NO_DATASET")


def _items(gateway: Gateway, dataset: str, version: datetime | None = None) -> tuple[StoredItem, ...]:
    try:
        return tuple(gateway.items(dataset, version=version))
    except NotFound:
        raise no_dataset(dataset) from None


def _some(items: tuple[StoredItem, ...], dataset: str, version: datetime | None) -> tuple[StoredItem, ...]:
    if items:
        return items
    when = f" at {version.isoformat()}" if version else ""
    raise UsageError(f"The dataset {dataset} has no active items{when}: there is nothing to run.", code="RUN_NO_ITEMS")


def _content(items: Iterable[StoredItem]) -> dict[str, str]:
    return {item.id: content_fingerprint(item) for item in items}


def _server_time(gateway: Gateway) -> datetime:
    """The server's present time in whole milliseconds, as far as its clock can be read."""
    skew = gateway.version().clock_skew or 0.0
    now = datetime.now(UTC) - timedelta(seconds=skew)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
