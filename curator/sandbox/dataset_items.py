"""Dataset items: `/api/public/dataset-items`.

Every write adds a version: the current row gets an end (`valid_to`), a new row begins. A deletion is a row too (the
tombstone), which is why a deleted id still belongs to its dataset. Source: Langfuse 4.16.0, measured and read.
"""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import issues, item_versions
from curator.sandbox.datasets import find as find_dataset
from curator.sandbox.datasets import schema_errors
from curator.sandbox.errors import ApiError, conflict, internal, invalid_request, not_found
from curator.sandbox.faults import Faults
from curator.sandbox.fields import PROJECT_ID
from curator.sandbox.item_versions import JSON_FIELDS, to_api
from curator.sandbox.query import Body, Reader, page_meta, pagination
from curator.sandbox.rewrites import check_text, rewrite_field, to_jsonb
from curator.sandbox.store import Store, uuid4
from curator.sandbox.web import json_body, json_response, store_of

STATUSES = ("ACTIVE", "ARCHIVED")
MAX_ID = 255


def create(request: Request) -> Response:
    """POST: create or merge into the item of that id."""
    body = Body(json_body(request))
    item = NewItem(
        dataset_name=body.required("datasetName"),
        fields={name: body.given.get(name) for name in item_versions.JSON_FIELDS},
        id=_item_id(body),
        source_trace_id=body.text("sourceTraceId"),
        source_observation_id=body.text("sourceObservationId"),
        status=body.choice("status", STATUSES),
    )
    body.raise_issues()
    return json_response(to_api(upsert(store_of(request), item, request.app.state.settings.faults)))


def _item_id(body: Body) -> str | None:
    value = body.text("id")
    if value == "":
        body.issues.append({**issues.too_small(["id"], 1, "string"), "message": "ID must not be empty"})
    elif value is not None and len(value.encode("utf-16-le", "surrogatepass")) // 2 > MAX_ID:
        body.issues.append(
            {**issues.too_big(["id"], MAX_ID, "string"), "message": f"ID must be at most {MAX_ID} characters"}
        )
    return value


def get(request: Request) -> Response:
    """GET by id: also an archived item, never a deleted one."""
    with store_of(request).read() as db:
        row = item_versions.by_id(db, request.path_params["id"], _stale(request))
        if row is None:
            raise not_found("Dataset item not found")
        return json_response(to_api(row))


def delete(request: Request) -> Response:
    """DELETE: ends one current row and leaves a tombstone."""
    item_id, store = request.path_params["id"], store_of(request)
    with store.write() as db:
        row = item_versions.by_id(db, item_id)
        if row is None:
            raise not_found(f"Dataset item with id {item_id} not found for project {PROJECT_ID}")
        item_versions.bury(db, row, store.now_ms())
    return json_response({"message": "Dataset item successfully deleted"})


def list_all(request: Request) -> Response:
    """GET: ACTIVE items, newest first; `version` shows them as they were at that time."""
    query = Reader(request)
    dataset_name = query.text("datasetName")
    sources = {"source_trace_id": query.text("sourceTraceId")}
    sources["source_observation_id"] = query.text("sourceObservationId")
    version = _version(query)
    page, limit = pagination(query)
    if not query.issues and version is not None and not dataset_name:
        query.issues.append(
            issues.custom("datasetName is required when version parameter is provided", ["datasetName"])
        )
    query.raise_issues()
    with store_of(request).read() as db:
        dataset_id = None
        if dataset_name:
            dataset = find_dataset(db, dataset_name)
            if dataset is None:
                raise not_found("Dataset not found")
            dataset_id = dataset["id"]
        filters = {"dataset_id": dataset_id, **sources}
        moment = _stale(request) if version is None else version
        rows, total = item_versions.page(db, filters, moment, limit, (page - 1) * limit)
        return json_response({"data": [to_api(row) for row in rows], "meta": page_meta(page, limit, total)})


def _version(query: Reader) -> int | None:
    """`version` in milliseconds. Unlike other dates here, an empty text is an invalid one."""
    if query.given.get("version") == "":
        query.issues.append(issues.invalid_date(["version"]))
        return None
    return query.date("version")


def _stale(request: Request) -> int | None:
    """The moment (milliseconds) that the fault `stale-read` shows instead of now."""
    seconds = request.app.state.settings.faults.number("stale-read")
    return store_of(request).now_ms() - int(seconds * 1000) if seconds else None


routes = [
    Route("/api/public/dataset-items", create, methods=["POST"]),
    Route("/api/public/dataset-items", list_all, methods=["GET"]),
    Route("/api/public/dataset-items/{id:segment}", get, methods=["GET"]),
    Route("/api/public/dataset-items/{id:segment}", delete, methods=["DELETE"]),
]


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
        item_versions.check_media(db, {name: json.loads(columns[JSON_FIELDS[name]] or "null") for name in new.fields})
        replaced = item_versions.newest(db, item_id)
        if replaced is not None and replaced["dataset_id"] != dataset["id"]:
            raise collision(item_id, replaced["dataset_id"], dataset["name"], faults)
        if replaced is not None and faults.strikes("http-409"):
            raise conflict(f"Dataset item {item_id} was modified concurrently. Please retry the request.")
        db.execute("SAVEPOINT item")
        moment = store.now_ms()
        if replaced is not None:
            moment = max(moment, replaced["valid_from"] + 1)  # two writes within a millisecond are two versions
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
    for column in ("source_trace_id", "source_observation_id", "status"):
        said = getattr(new, column)
        columns[column] = existing[column] if said is None and existing is not None else said  # "" is a value
        check_text(columns[column] or "")
    return columns | {"status": columns["status"] or "ACTIVE"}


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
