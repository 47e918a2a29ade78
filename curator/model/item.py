"""A dataset item: the one to write, and the one that the server holds."""

from datetime import datetime
from typing import Any, Literal

from pydantic import JsonValue

from curator.model.base import Value

ItemStatus = Literal["ACTIVE", "ARCHIVED"]


class Item(Value):
    """What is written: complete, scrubbed, with lineage."""

    id: str
    dataset: str
    input: JsonValue
    expected_output: JsonValue
    metadata: dict[str, JsonValue]
    source_trace_id: str | None = None
    source_observation_id: str | None = None
    status: ItemStatus = "ACTIVE"


class StoredItem(Value):
    """What the server holds under an id; metadata and input may be any JSON that somebody put there."""

    id: str
    dataset: str
    dataset_id: str
    input: Any = None
    expected_output: Any = None
    metadata: Any = None
    source_trace_id: str | None = None
    source_observation_id: str | None = None
    status: ItemStatus = "ACTIVE"
    created_at: datetime
    updated_at: datetime

    def to_write(self, status: ItemStatus | None = None) -> Item:
        """The item as one to write again, as it is or with another status; what somebody else put there may have no
        metadata object, and keeps what it has."""
        return Item.model_construct(
            id=self.id,
            dataset=self.dataset,
            input=self.input,
            expected_output=self.expected_output,
            metadata=self.metadata,
            source_trace_id=self.source_trace_id,
            source_observation_id=self.source_observation_id,
            status=status or self.status,
        )


class Dataset(Value):
    """A dataset with its schemas."""

    id: str
    name: str
    description: str | None = None
    metadata: Any = None
    input_schema: Any = None
    expected_output_schema: Any = None
    created_at: datetime
    updated_at: datetime
