"""Dataset items: `/api/public/dataset-items`.

Every write adds a version: the current row gets an end (`valid_to`), a new row begins. A deletion is a row too (the
tombstone), which is why a deleted id still belongs to its dataset. Source: Langfuse 4.16.0, measured and read.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import issues, item_versions
from curator.sandbox.dataset_item_writes import NewItem, upsert
from curator.sandbox.datasets import find as find_dataset
from curator.sandbox.errors import invalid_data, not_found
from curator.sandbox.item_versions import SCHEMA, to_api
from curator.sandbox.params import Body, page_meta, pagination
from curator.sandbox.projects import PROJECT_ID
from curator.sandbox.query import Reader, parameters
from curator.sandbox.web import json_body, json_response, store_of

__all__ = ["SCHEMA", "routes"]

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
    body.check()
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
        item_versions.bury(db, row, store.now())
    return json_response({"message": "Dataset item successfully deleted"})


def list_all(request: Request) -> Response:
    """GET: ACTIVE items, newest first; `version` shows them as they were at that time."""
    query = Reader(parameters(request))
    dataset_name = query.text("datasetName")
    sources = {"source_trace_id": query.text("sourceTraceId")}
    sources["source_observation_id"] = query.text("sourceObservationId")
    version = _version(query)
    page, limit = pagination(query)
    if not query.issues and version is not None and not dataset_name:
        query.issues.append(
            issues.custom("datasetName is required when version parameter is provided", ["datasetName"])
        )
    if query.issues:
        raise invalid_data(query.issues)
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
    return item_versions.milliseconds(store_of(request).now()) - int(seconds * 1000) if seconds else None


routes = [
    Route("/api/public/dataset-items", create, methods=["POST"]),
    Route("/api/public/dataset-items", list_all, methods=["GET"]),
    Route("/api/public/dataset-items/{id:segment}", get, methods=["GET"]),
    Route("/api/public/dataset-items/{id:segment}", delete, methods=["DELETE"]),
]
