"""/api/public/annotation-queues: queues and their items (no queue can be changed); /api/public/comments."""

import json
import sqlite3
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox.errors import invalid_request, not_found
from curator.sandbox.fields import shown
from curator.sandbox.issues import UNDEFINED, custom, invalid_type, too_big, too_small
from curator.sandbox.query import Body, Reader, answer_all, answer_page, found, pagination
from curator.sandbox.store import Store, cuid, insert, uuid4
from curator.sandbox.web import json_body, json_response, store_of

QUEUE, ITEM, COMMENT = (partial(shown, resource) for resource in ("queue", "queue_item", "comment"))
OBJECT_TYPES = ("TRACE", "OBSERVATION", "SESSION")
STATUSES = ("PENDING", "COMPLETED")
UNKNOWN_CONFIG = "At least one of the score config IDs cannot be found for the given project."
COMMENTED = ("TRACE", "OBSERVATION", "SESSION", "PROMPT")
CONTENT_LENGTH = 5000
UNKNOWN_AUTHOR = "authorUserId must belong to a member of the organization that owns the authenticated project."
# How to see whether a comment's object is there. Prompts are not kept here, so no prompt exists.
EXISTS = {
    "TRACE": "SELECT 1 FROM observations WHERE trace_id = ? LIMIT 1",
    "OBSERVATION": "SELECT 1 FROM observations WHERE id = ? LIMIT 1",
    "SESSION": "SELECT 1 FROM observations WHERE session_id = ? AND session_id <> '' LIMIT 1",
}


def list_queues(request: Request) -> Response:
    """One page of queues, newest first."""
    return answer_all(request, "annotation_queues", "created_ms DESC, seq DESC", QUEUE, known=("page", "limit"))


def get_queue(request: Request) -> Response:
    """One queue by id."""
    with store_of(request).read() as db:
        return json_response(QUEUE(_find_queue(db, request.path_params["queue_id"])))


def create_queue(request: Request) -> Response:
    """A new queue. Its name is unique in the project and its score configs exist; it cannot be changed later."""
    body = Body(json_body(request))
    name = body.required("name")
    description = body.text("description")
    config_ids = _config_ids(body)
    body.raise_issues(("name", "description", "scoreConfigIds"))
    store = store_of(request)
    with store.write() as db:
        known = {row["id"] for row in db.execute("SELECT id FROM score_configs")}
        if not known.issuperset(config_ids):
            raise invalid_request(UNKNOWN_CONFIG)
        if db.execute("SELECT 1 FROM annotation_queues WHERE name = ?", (name,)).fetchone():
            raise invalid_request("A queue with this name already exists.")
        record = {"id": cuid(store.now()), "name": name, "description": description} | _now(store)
        insert(db, "annotation_queues", record | {"score_config_ids": json.dumps(config_ids)})
        return json_response(QUEUE(_find_queue(db, record["id"])))


def list_items(request: Request) -> Response:
    """One page of a queue's items, newest first, of one status or of both."""
    reader = Reader(request)
    page = pagination(reader)
    status = reader.choice("status", STATUSES)
    reader.raise_issues(("page", "limit", "status"))
    queue_id = request.path_params["queue_id"]
    condition, values = ("AND status = ?", (queue_id, status)) if status else ("", (queue_id,))
    with store_of(request).read() as db:
        _find_queue(db, queue_id)
        source = f"FROM annotation_queue_items WHERE queue_id = ? {condition}"
        return answer_page(db, page, source, values, "created_ms DESC, seq DESC", ITEM)


def get_item(request: Request) -> Response:
    """One item of a queue."""
    with store_of(request).read() as db:
        return json_response(ITEM(_find_item(db, request)))


def create_item(request: Request) -> Response:
    """Put an object into a queue. It need not exist, and may be in the queue already."""
    body = Body(json_body(request))
    object_id = body.required("objectId")
    object_type = body.one_of("objectType", OBJECT_TYPES)
    status = body.one_of("status", STATUSES, "PENDING")
    body.raise_issues(("objectId", "objectType", "status"))
    queue_id = request.path_params["queue_id"]
    store = store_of(request)
    item_id, times = cuid(store.now()), _now(store)
    record = {"id": item_id, "queue_id": queue_id, "object_id": object_id, "object_type": object_type, "status": status}
    completed = {"completed_ms": times["created_ms"] if status == "COMPLETED" else None}
    with store.write() as db:
        _find_queue(db, queue_id)
        insert(db, "annotation_queue_items", record | times | completed)
        row = db.execute("SELECT * FROM annotation_queue_items WHERE id = ?", (item_id,)).fetchone()
    return json_response(ITEM(row))


def update_item(request: Request) -> Response:
    """Change the status. Completing again moves `completedAt`; going back to PENDING keeps it."""
    body = Body(json_body(request))
    status = body.one_of("status", STATUSES) if "status" in body.given else None
    body.raise_issues(("status",))
    store = store_of(request)
    now_ms = store.now_ms()
    with store.write() as db:
        row = _find_item(db, request)
        if status is not None:
            completed = now_ms if status == "COMPLETED" else row["completed_ms"]
            db.execute(
                "UPDATE annotation_queue_items SET status = ?, completed_ms = ?, updated_ms = ? WHERE seq = ?",
                (status, completed, now_ms, row["seq"]),
            )
        return json_response(ITEM(_find_item(db, request)))


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


def _now(store: Store) -> dict[str, Any]:
    return dict.fromkeys(("created_ms", "updated_ms"), store.now_ms())


def _find_queue(db: sqlite3.Connection, queue_id: str) -> sqlite3.Row:
    return found(db, "annotation_queues", "Annotation queue not found", id=queue_id)


def _find_item(db: sqlite3.Connection, request: Request) -> sqlite3.Row:
    queue_id, item_id = request.path_params["queue_id"], request.path_params["item_id"]
    _find_queue(db, queue_id)
    return found(db, "annotation_queue_items", "Annotation queue item not found", id=item_id, queue_id=queue_id)


def list_comments(request: Request) -> Response:
    """One page, of one object or author or of all. Langfuse names no order; its database mostly has that of writing."""
    reader = Reader(request)
    filters = {
        "object_type": reader.choice("objectType", COMMENTED),
        "object_id": reader.text("objectId"),
        "author_user_id": reader.text("authorUserId"),
    }
    page = pagination(reader)
    if filters["object_id"] and "objectType" not in reader.given and not reader.issues:
        reader.issues.append(custom("objectType is required when objectId is provided", ["objectType"]))
    reader.raise_issues(("objectType", "objectId", "authorUserId", "page", "limit"))
    chosen = {column: value for column, value in filters.items() if value is not None}
    where = " AND ".join(f"{column} = ?" for column in chosen) or "TRUE"
    with store_of(request).read() as db:
        return answer_page(db, page, f"FROM comments WHERE {where}", tuple(chosen.values()), "seq", COMMENT)


def get_comment(request: Request) -> Response:
    """One comment by id."""
    with store_of(request).read() as db:
        message = "Comment not found within authorized project"
        return json_response(COMMENT(found(db, "comments", message, id=request.path_params["comment_id"])))


def create_comment(request: Request) -> Response:
    """A comment on something that exists. Nobody but members can be its author, and the sandbox has no members."""
    body = Body(json_body(request))
    body.required("projectId")
    content = body.required("content").strip()
    if isinstance(body.given.get("content"), str):
        if not content:
            body.issues.append(too_small(["content"], 1, "string"))
        elif len(content) > CONTENT_LENGTH:
            body.issues.append(too_big(["content"], CONTENT_LENGTH, "string"))
    object_id = body.required("objectId")
    object_type = body.one_of("objectType", COMMENTED)
    author = body.text("authorUserId")
    body.raise_issues(("projectId", "content", "objectId", "objectType", "authorUserId"))
    if author is not None:
        raise invalid_request(UNKNOWN_AUTHOR)
    store = store_of(request)
    record = {"id": uuid4(), "object_type": object_type, "object_id": object_id, "content": content}
    with store.write() as db:
        query = EXISTS.get(object_type)
        if query is None or not db.execute(query, (object_id,)).fetchone():
            raise not_found(f"Reference object, {object_type}: {object_id} not found. Skipping comment creation.")
        insert(db, "comments", record | _now(store))
    return json_response({"id": record["id"]})


QUEUES_PATH = "/api/public/annotation-queues"
ITEMS_PATH = QUEUES_PATH + "/{queue_id:segment}/items"
ITEM_PATH = ITEMS_PATH + "/{item_id:segment}"
routes = [
    Route(QUEUES_PATH, list_queues, methods=["GET"]),
    Route(QUEUES_PATH, create_queue, methods=["POST"]),
    Route(QUEUES_PATH + "/{queue_id:segment}", get_queue, methods=["GET"]),
    Route(ITEMS_PATH, list_items, methods=["GET"]),
    Route(ITEMS_PATH, create_item, methods=["POST"]),
    Route(ITEM_PATH, get_item, methods=["GET"]),
    Route(ITEM_PATH, update_item, methods=["PATCH"]),
    Route(ITEM_PATH, delete_item, methods=["DELETE"]),
    Route("/api/public/comments", list_comments, methods=["GET"]),
    Route("/api/public/comments", create_comment, methods=["POST"]),
    Route("/api/public/comments/{comment_id:segment}", get_comment, methods=["GET"]),
]
