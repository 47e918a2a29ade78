"""Datasets, their items, and the experiments (runs) over them."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal

from curator.gateway import rows, translate
from curator.gateway.calls import Calls, in_path
from curator.gateway.values import Experiment, ExperimentItem
from curator.model.item import Dataset, Item, StoredItem

Clearable = Literal["input", "expected_output", "metadata"]


class Datasets(Calls):
    """Datasets and items. Writes are sent once; what an answer means is `curator.promote`'s to say."""

    def datasets(self) -> list[Dataset]:
        """All datasets of the project. Raises GatewayError."""
        return list(self._by_page(self._pages(lambda api: api.datasets.list), rows.dataset))

    def dataset(self, name: str) -> Dataset | None:
        """The dataset of that name (`/`, blanks and unicode are fine); None when there is none. Raises GatewayError."""
        if "%" in name or name in ("", ".", ".."):
            # Langfuse decodes a name once more than it was encoded, and `..` is no path segment: look through the list.
            return next((one for one in self.datasets() if one.name == name), None)
        return self._named(lambda api: api.datasets.get, name, rows.dataset)

    def put_dataset(
        self,
        name: str,
        description: str | None = None,
        metadata: dict[str, Any] | None = None,
        input_schema: dict[str, Any] | None = None,
        expected_output_schema: dict[str, Any] | None = None,
    ) -> Dataset:
        """Creates the dataset, or overwrites the given fields of the one of that name. Raises Refused, GatewayError."""
        fields = {
            "description": description,
            "metadata": metadata,
            "input_schema": input_schema,
            "expected_output_schema": expected_output_schema,
        }
        # What is not sent stays; a null would take a schema away, and leave the metadata.
        given = {key: value for key, value in fields.items() if value is not None}
        body = self._write(lambda api: api.datasets.create, name=name, **given)
        return self._one(body, rows.dataset)

    def item(self, item_id: str) -> StoredItem | None:
        """The item with that id, in whichever dataset, archived ones too; None when there is none.

        None also for a deleted id, which another dataset still cannot take. Raises GatewayError.
        """
        return self._named(lambda api: api.dataset_items.get, item_id, lambda row: self._own(row, item_id))

    def _own(self, row: rows.Row, item_id: str) -> StoredItem:
        """The item of an answer; a proxy's cache may answer 200 with another one. Raises BadAnswer."""
        item = rows.stored_item(row)
        if item.id != item_id:
            raise translate.bad_answer(self._wire.host, "it is about another item than the one that was asked for")
        return item

    def items(
        self,
        dataset: str | None = None,
        *,
        source_trace_id: str | None = None,
        source_observation_id: str | None = None,
        version: datetime | None = None,
        limit: int = 100,
    ) -> "ItemPages":
        """Active items, newest first, `limit` (1–100) per page; archived ones are left out by the server.

        `version` gives the state at that time and needs `dataset`. Iterating raises NotFound for an unknown dataset,
        GatewayError else.
        """
        pages = self._pages(
            lambda api: api.dataset_items.list,
            dataset_name=dataset,
            source_trace_id=source_trace_id,
            source_observation_id=source_observation_id,
            version=version,
            limit=limit,
        )
        return ItemPages(self, pages)

    def put_item(self, item: Item, *, clear: Collection[Clearable] = (), keep_status: bool = False) -> StoredItem:
        """One POST: creates the item, or merges it into the one with its id.

        The server keeps the old value of a field that is absent or null, so a None is not sent; fields named in
        `clear` are sent as `""`, which the server stores as null. `keep_status` sends no status: a new item is ACTIVE
        then, and an archived one stays archived instead of coming back to life unasked.

        Raises Conflict, NotFound (missing dataset; on older servers also a foreign id), Refused, TooLarge, NoAnswer,
        GatewayError.
        """
        names = ("input", "expected_output", "metadata", "source_trace_id", "source_observation_id")
        fields: dict[str, Any] = {name: getattr(item, name) for name in names}
        given = {key: value for key, value in fields.items() if value is not None}
        given |= {key: "" for key in clear if fields[key] is None}
        if not keep_status:
            given["status"] = _status(item.status)
        body = self._write(lambda api: api.dataset_items.create, dataset_name=item.dataset, id=item.id, **given)
        return self._one(body, lambda row: self._own(row, item.id))

    def delete_item(self, item_id: str) -> None:
        """Deletes the item; its id stays bound to its dataset. Raises NotFound, GatewayError."""
        self._write(lambda api: api.dataset_items.delete, in_path(item_id))


class ItemPages:
    """Items of a list, page by page as they are asked for; `total_items` is what the server counts."""

    def __init__(self, calls: Datasets, page: Any) -> None:
        self._calls = calls
        self._page = page
        self._first: Any = None

    @property
    def total_items(self) -> int:
        """How many items the server says there are (one request, which iterating uses too)."""
        # An id with several current rows (after concurrent first writes) is listed once and counted by its rows.
        _, meta = self._calls._rows(self._cached(1))
        total = meta.get("totalItems")
        if not isinstance(total, int):
            raise translate.bad_answer(self._calls._wire.host, "the number of items is missing")
        return total

    def __iter__(self) -> Iterator[StoredItem]:
        return self._calls._by_page(self._cached, rows.stored_item)

    def _cached(self, number: int) -> Any:
        if number != 1:
            return self._page(number)
        if self._first is None:
            self._first = self._page(1)
        return self._first


def _status(status: str) -> Any:
    from langfuse.api import DatasetStatus

    return DatasetStatus(status)


PAGE = 100


class Experiments(Calls):
    """Reads of experiments and their items. Both need a start time."""

    def experiments(
        self,
        *,
        from_: datetime,
        to: datetime | None = None,
        dataset_id: str | None = None,
        ids: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        fields: Sequence[str] = ("metadata",),
    ) -> Iterator[Experiment]:
        """Experiments with events at or after `from_`, latest activity first; `fields`: metadata, scores.

        Raises GatewayError.
        """
        pages = self._cursors(
            lambda api: api.experiments.list,
            from_start_time=from_,
            to_start_time=to,
            dataset_id=dataset_id,
            id=",".join(ids) if ids else None,
            name=",".join(names) if names else None,
            fields=",".join(("core", *fields)),
            limit=PAGE,
        )
        return self._by_cursor(pages, rows.experiment)

    def experiment_items(
        self,
        *,
        from_: datetime,
        to: datetime | None = None,
        experiment_id: str | None = None,
        experiment_name: str | None = None,
        item_id: str | None = None,
        dataset_id: str | None = None,
        fields: Sequence[str] = ("dataset", "scores"),
    ) -> Iterator[ExperimentItem]:
        """Items of experiments started at or after `from_`.

        `fields`: io, metadata, itemMetadata, experimentMetadata, dataset, scores. Raises GatewayError.
        """
        pages = self._cursors(
            lambda api: api.experiments.list_items,
            from_start_time=from_,
            to_start_time=to,
            experiment_id=experiment_id,
            experiment_name=experiment_name,
            experiment_item_id=item_id,
            dataset_id=dataset_id,
            fields=",".join(("core", *fields)),
            limit=PAGE,
        )
        return self._by_cursor(pages, rows.experiment_item)
