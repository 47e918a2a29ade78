"""A dataset item: the one to write, and the one that the server holds."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Literal

from pydantic import JsonValue, ValidationError, model_validator

from curator.model.base import Value
from curator.model.errors import UsageError

ItemStatus = Literal["ACTIVE", "ARCHIVED"]
MEDIA_TOKEN = re.compile(r"@@@langfuseMedia:type=(?P<type>[^|@]+)\|id=(?P<id>[^|@]+)\|source=[^|@]+@@@")
"""What Langfuse's SDKs put in the place of a file that they uploaded."""


class ItemState(Value):
    """What an item's outcome means to the gate; stored with the item, under `gate` of its metadata."""

    state: Literal["required", "known", "quarantined"] = "required"
    """`known`: a failure that nobody has fixed yet. `quarantined`: flaky, so that its outcome says nothing."""
    owner: str | None = None
    issue: str | None = None
    """Link to where the failure is worked on."""
    until: date | None = None
    """The last day on which it is excused."""
    evidence: str | None = None
    """Why it counts as flaky, such as `passed 3 of 8`."""

    @model_validator(mode="after")
    def _excused_by_somebody(self) -> "ItemState":
        if self.state == "known" and not (self.owner and self.issue and self.until):
            raise ValueError("a known failure needs owner, issue and until")
        if self.state == "quarantined" and not (self.evidence and self.until):
            raise ValueError("a quarantined item needs evidence and until")
        return self

    @classmethod
    def asked(cls, state: str, until: date, said: Mapping[str, str], *, today: date | None = None) -> "ItemState":
        """The state that somebody asks for. Raises UsageError (GATE_STATE) when it is incomplete or over already."""
        if until < (today or datetime.now(UTC).date()):
            raise UsageError(f"{until} is over already.", code="GATE_STATE", remedy="Name a later day.")
        try:
            return cls.model_validate(
                {k: v.strip() or None for k, v in said.items()} | {"state": state, "until": until}
            )
        except ValidationError as error:
            why = error.errors()[0]["msg"].removeprefix("Value error, ")
            remedy = "Give each of them a value."
            raise UsageError(f"The state is incomplete: {why}.", code="GATE_STATE", remedy=remedy) from None

    def expired(self, today: date) -> bool:
        """Whether it is excused no longer."""
        return self.until is not None and today > self.until

    def to_metadata(self) -> dict[str, JsonValue]:
        """As it is stored."""
        return self.model_dump(mode="json", exclude_none=True)


def state_of(metadata: Any) -> ItemState | None:
    """The state in an item's metadata, required by default; None when what stands there is malformed."""
    stored = metadata.get("gate") if isinstance(metadata, dict) else None
    if stored is None:
        return ItemState()
    try:
        return ItemState.model_validate(stored)
    except ValidationError:
        return None


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
    """Both are the time of the last write: Langfuse makes a new version of every POST, also of one without a change."""
    media: tuple[str, ...] | None = None
    """The tokens of media that the server has linked to it; None when it does not say."""

    @property
    def lineage(self) -> dict[str, Any]:
        """Its metadata where that is an object, else nothing."""
        return self.metadata if isinstance(self.metadata, dict) else {}

    def says(self, key: str) -> str | None:
        """A text of its lineage; None where there is none."""
        return found if isinstance(found := self.lineage.get(key), str) else None

    def to_write(self, status: ItemStatus | None = None) -> Item:
        """The item as one to write again, as it is or with another status; what somebody else put there may have no
        metadata object, and keeps what it has."""
        same = {name: getattr(self, name) for name in Item.model_fields}
        return Item.model_construct(**same | {"status": status or self.status})


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
