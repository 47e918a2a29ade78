"""/api/public/annotation-queues: queues (create, list, get) and their items (add, list, get, change, remove)."""

import json
import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox.errors import invalid_request, not_found
from curator.sandbox.ids import cuid
from curator.sandbox.issues import UNDEFINED, invalid_type, invalid_value, too_small
from curator.sandbox.observation_record import iso
from curator.sandbox.params import Body, page_meta, pagination
from curator.sandbox.query import Reader, parameters
from curator.sandbox.store import Store
from curator.sandbox.strict import StrictBody, check_query
from curator.sandbox.web import json_body, json_response, store_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS annotation_queues (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    score_config_ids TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS annotation_queue_items (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    queue_id TEXT NOT NULL REFERENCES annotation_queues (id),
    object_id TEXT NOT NULL,
    object_type TEXT NOT NULL,
    status TEXT NOT NULL,
    completed_ms INTEGER,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS annotation_queue_items_queue
    ON annotation_queue_items (queue_id, status, created_ms DESC, seq DESC);
"""

OBJECT_TYPES = ("TRACE", "OBSERVATION", "SESSION")
STATUSES = ("PENDING", "COMPLETED")
UNKNOWN_CONFIG = "At least one of the score config IDs cannot be found for the given project."


def list_queues(request: Request) -> Response:
    """One page of queues, newest first."""
    reader = Reader(parameters(request))
    page, limit = pagination(reader)
    check_query(reader, ("page", "limit"))
    with store_of(request).read() as db:
        total = db.execute("SELECT count(*) FROM annotation_queues").fetchone()[0]
        rows = db.execute(
            "SELECT * FROM annotation_queues ORDER BY created_ms DESC, seq DESC LIMIT ? OFFSET ?",
            (limit, (page - 1) * limit),
        ).fetchall()
    return json_response({"data": [_queue(row) for row in rows], "meta": page_meta(page, limit, total)})


def get_queue(request: Request) -> Response:
    """One queue by id."""
    with store_of(request).read() as db:
        return json_response(_queue(_find_queue(db, request.path_params["queue_id"])))


def create_queue(request: Request) -> Response:
    """A new queue. Its name is unique in the project and its score configs exist; it cannot be changed later."""
    body = StrictBody(json_body(request), ("name", "description", "scoreConfigIds"))
    name = body.required("name")
    description = body.text("description")
    config_ids = _config_ids(body)
    body.check()
    store = store_of(request)
    with store.write() as db:
        known = {row["id"] for row in db.execute("SELECT id FROM score_configs")}
        if not known.issuperset(config_ids):
            raise invalid_request(UNKNOWN_CONFIG)
        if db.execute("SELECT 1 FROM annotation_queues WHERE name = ?", (name,)).fetchone():
            raise invalid_request("A queue with this name already exists.")
        now = store.now()
        now_ms = int(now.timestamp() * 1000)
        queue_id = cuid(now)
        db.execute(
            "INSERT INTO annotation_queues (id, name, description, score_config_ids, created_ms, updated_ms) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            (queue_id, name, description, json.dumps(config_ids), now_ms, now_ms),
        )
        return json_response(_queue(_find_queue(db, queue_id)))


def list_items(request: Request) -> Response:
    """One page of a queue's items, newest first, of one status or of both."""
    reader = Reader(parameters(request))
    page, limit = pagination(reader)
    status = reader.choice("status", STATUSES)
    check_query(reader, ("page", "limit", "status"))
    queue_id = request.path_params["queue_id"]
    condition, values = ("AND status = ?", (queue_id, status)) if status else ("", (queue_id,))
    with store_of(request).read() as db:
        _find_queue(db, queue_id)
        where = f"FROM annotation_queue_items WHERE queue_id = ? {condition}"
        total = db.execute(f"SELECT count(*) {where}", values).fetchone()[0]
        rows = db.execute(
            f"SELECT * {where} ORDER BY created_ms DESC, seq DESC LIMIT ? OFFSET ?",
            (*values, limit, (page - 1) * limit),
        ).fetchall()
    return json_response({"data": [_item(row) for row in rows], "meta": page_meta(page, limit, total)})


def get_item(request: Request) -> Response:
    """One item of a queue."""
    with store_of(request).read() as db:
        return json_response(_item(_find_item(db, request)))


def create_item(request: Request) -> Response:
    """Put an object into a queue. It need not exist, and may be in the queue already."""
    body = StrictBody(json_body(request), ("objectId", "objectType", "status"))
    object_id = body.required("objectId")
    object_type = body.given.get("objectType", UNDEFINED)
    if object_type not in OBJECT_TYPES:
        body.issues.append(invalid_value(["objectType"], OBJECT_TYPES))
    status = body.given.get("status", "PENDING")
    if status not in STATUSES:
        body.issues.append(invalid_value(["status"], STATUSES))
    body.check()
    queue_id = request.path_params["queue_id"]
    store = store_of(request)
    with store.write() as db:
        _find_queue(db, queue_id)
        item_id = add_item(store, db, queue_id, object_id, str(object_type), status)
        row = db.execute("SELECT * FROM annotation_queue_items WHERE id = ?", (item_id,)).fetchone()
    return json_response(_item(row))


def add_item(store: Store, db: sqlite3.Connection, queue_id: str, object_id: str, object_type: str, status: str) -> str:
    """Write an item and return its id."""
    now = store.now()
    now_ms = int(now.timestamp() * 1000)
    item_id = cuid(now)
    db.execute(
        "INSERT INTO annotation_queue_items "
        "(id, queue_id, object_id, object_type, status, completed_ms, created_ms, updated_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (item_id, queue_id, object_id, object_type, status, now_ms if status == "COMPLETED" else None, now_ms, now_ms),
    )
    return item_id


def update_item(request: Request) -> Response:
    """Change the status. Completing again moves `completedAt`; going back to PENDING keeps it."""
    body = StrictBody(json_body(request), ("status",))
    status = body.given.get("status", UNDEFINED)
    if status is not UNDEFINED and status not in STATUSES:
        body.issues.append(invalid_value(["status"], STATUSES))
    body.check()
    store = store_of(request)
    now_ms = int(store.now().timestamp() * 1000)
    with store.write() as db:
        row = _find_item(db, request)
        if status is not UNDEFINED:
            completed = now_ms if status == "COMPLETED" else row["completed_ms"]
            db.execute(
                "UPDATE annotation_queue_items SET status = ?, completed_ms = ?, updated_ms = ? WHERE seq = ?",
                (status, completed, now_ms, row["seq"]),
            )
        return json_response(_item(_find_item(db, request)))


def delete_item(request: Request) -> Response:
    """Take an item out of its queue."""
    with store_of(request).write() as db:
        row = _find_item(db, request)
        db.execute("DELETE FROM annotation_queue_items WHERE seq = ?", (row["seq"],))
    return json_response({"success": True, "message": "Annotation queue item deleted successfully"})


def _config_ids(body: Body) -> list[str]:
    value = body.given.get("scoreConfigIds", UNDEFINED)
    if not isinstance(value, list):
        body.issues.append(invalid_type(["scoreConfigIds"], "array", value))
        return []
    wrong = [
        invalid_type(["scoreConfigIds", i], "string", one) for i, one in enumerate(value) if not isinstance(one, str)
    ]
    body.issues += wrong
    if not value:
        body.issues.append(too_small(["scoreConfigIds"], 1, "array"))
    return value


def _find_queue(db: sqlite3.Connection, queue_id: str) -> sqlite3.Row:
    row: sqlite3.Row | None = db.execute("SELECT * FROM annotation_queues WHERE id = ?", (queue_id,)).fetchone()
    if row is None:
        raise not_found("Annotation queue not found")
    return row


def _find_item(db: sqlite3.Connection, request: Request) -> sqlite3.Row:
    queue_id, item_id = request.path_params["queue_id"], request.path_params["item_id"]
    _find_queue(db, queue_id)
    row: sqlite3.Row | None = db.execute(
        "SELECT * FROM annotation_queue_items WHERE id = ? AND queue_id = ?", (item_id, queue_id)
    ).fetchone()
    if row is None:
        raise not_found("Annotation queue item not found")
    return row


def _queue(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "scoreConfigIds": json.loads(row["score_config_ids"]),
        "createdAt": iso(row["created_ms"]),
        "updatedAt": iso(row["updated_ms"]),
    }


def _item(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "queueId": row["queue_id"],
        "objectId": row["object_id"],
        "objectType": row["object_type"],
        "status": row["status"],
        "completedAt": iso(row["completed_ms"]),
        "createdAt": iso(row["created_ms"]),
        "updatedAt": iso(row["updated_ms"]),
    }


QUEUES = "/api/public/annotation-queues"
ITEMS = QUEUES + "/{queue_id:segment}/items"
ITEM = ITEMS + "/{item_id:segment}"
routes = [
    Route(QUEUES, list_queues, methods=["GET"]),
    Route(QUEUES, create_queue, methods=["POST"]),
    Route(QUEUES + "/{queue_id:segment}", get_queue, methods=["GET"]),
    Route(ITEMS, list_items, methods=["GET"]),
    Route(ITEMS, create_item, methods=["POST"]),
    Route(ITEM, get_item, methods=["GET"]),
    Route(ITEM, update_item, methods=["PATCH"]),
    Route(ITEM, delete_item, methods=["DELETE"]),
]
