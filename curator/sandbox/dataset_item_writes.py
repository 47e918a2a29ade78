"""How a POST becomes a new version of a dataset item: collision, merge, rewrite, validation, write."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from curator.sandbox import item_versions, media
from curator.sandbox.datasets import find as find_dataset
from curator.sandbox.datasets import schema_errors
from curator.sandbox.errors import ApiError, conflict, internal, invalid_request, not_found
from curator.sandbox.faults import Faults
from curator.sandbox.ids import uuid4
from curator.sandbox.item_versions import JSON_FIELDS, milliseconds
from curator.sandbox.projects import PROJECT_ID
from curator.sandbox.rewrites import check_text, rewrite_field, to_jsonb
from curator.sandbox.store import Store


@dataclass(frozen=True)
class NewItem:
    """What a POST asks for. None is "not said": null and absent are the same to Langfuse."""

    dataset_name: str
    fields: dict[str, Any]
    id: str | None = None
    source_trace_id: str | None = None
    source_observation_id: str | None = None
    status: str | None = None


def upsert(store: Store, new: NewItem, faults: Faults) -> sqlite3.Row:
    """Write the item and return its row. Raises 400, 404, 409 and 500 as Langfuse does."""
    with store.write() as db:
        dataset = find_dataset(db, new.dataset_name)
        if dataset is None:
            raise not_found(f"Dataset {new.dataset_name} not found for project {PROJECT_ID}")
        item_id = new.id or uuid4()
        existing = item_versions.by_id(db, item_id) if new.id else None
        if existing is not None and existing["dataset_id"] != dataset["id"]:
            raise collision(item_id, existing["dataset_id"], dataset["name"], faults)
        columns = prepare(new, existing, dataset)
        media.check(db, {name: json.loads(columns[JSON_FIELDS[name]] or "null") for name in new.fields})
        replaced = item_versions.newest(db, item_id)
        if replaced is not None and replaced["dataset_id"] != dataset["id"]:
            raise collision(item_id, replaced["dataset_id"], dataset["name"], faults)
        if replaced is not None and faults.strikes("http-409"):
            raise conflict(f"Dataset item {item_id} was modified concurrently. Please retry the request.")
        db.execute("SAVEPOINT item")
        moment = milliseconds(store.now())
        if replaced is not None:
            moment = max(moment, replaced["valid_from"] + 1)
            item_versions.end(db, replaced, moment)
        columns |= {"id": item_id, "dataset_id": dataset["id"]}
        item_versions.insert(db, {**columns, "valid_from": moment})
        row = item_versions.at(db, item_id, moment)
        if replaced is None and faults.strikes("duplicate-rows"):
            item_versions.insert(db, {**columns, "valid_from": moment + 1})
        if faults.strikes("lost-write"):
            db.execute("ROLLBACK TO item")
        return row


def prepare(new: NewItem, existing: sqlite3.Row | None, dataset: sqlite3.Row) -> dict[str, Any]:
    """The columns as they will be kept: merged, rewritten, valid. Raises 400, and 500 for what cannot be stored."""
    merged = {
        name: value if value is not None or existing is None else json.loads(existing[JSON_FIELDS[name]] or "null")
        for name, value in new.fields.items()
    }
    if new.id is None and merged["input"] is None:
        raise invalid_request("Dataset item validation failed: Dataset item input cannot be null")
    kept = {name: rewrite_field(value) for name, value in merged.items()}
    wrong = []
    for label, name, column in (
        ("Input", "input", "input_schema"),
        ("Expected output", "expectedOutput", "expected_output_schema"),
    ):
        messages = [message for _, message, _ in schema_errors(kept[name], dataset[column])]
        if messages:
            wrong.append(f"{label} validation failed: {', '.join(messages)}")
    if wrong:
        raise invalid_request(f"Dataset item validation failed: {'; '.join(wrong)}")
    columns = {
        JSON_FIELDS[name]: None if value is None else json.dumps(to_jsonb(value)) for name, value in kept.items()
    }
    columns["source_trace_id"] = _merged(new.source_trace_id, existing, "source_trace_id")
    columns["source_observation_id"] = _merged(new.source_observation_id, existing, "source_observation_id")
    columns["status"] = _merged(new.status, existing, "status") or "ACTIVE"
    for text in (columns["source_trace_id"], columns["source_observation_id"]):
        check_text(text or "")
    return columns


def collision(item_id: str, owner: str, target: str, faults: Faults) -> ApiError:
    """The id lives, or is buried, in another dataset: a permanent refusal, worded by the server's age."""
    age = faults.argument("collision-404")
    if age is None:
        return conflict(
            f"Dataset item id {item_id} already exists in another dataset (id {owner}) in this project; "
            f"item ids are unique per project across datasets. Use a different id or target dataset {owner}."
        )
    version = tuple(int(part) for part in age.split("."))
    if version >= (3, 140):
        return not_found(f"Dataset item with id {item_id} not found for project {PROJECT_ID}")
    if version >= (3, 43):
        return not_found(f"The dataset item with id {item_id} already exists in a dataset other than {target}")
    if version >= (2, 66):
        return not_found(f"The dataset item with id {item_id} was not found in the dataset {target}")
    return internal()


def _merged(value: str | None, existing: sqlite3.Row | None, column: str) -> str | None:
    """An unsaid value keeps the old one; `""` is a value."""
    if value is None and existing is not None:
        kept: str | None = existing[column]
        return kept
    return value
