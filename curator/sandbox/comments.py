"""/api/public/comments: create, list, get."""

import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox.errors import invalid_request, not_found
from curator.sandbox.ids import uuid4
from curator.sandbox.issues import UNDEFINED, custom, invalid_value, too_big, too_small
from curator.sandbox.observation_record import iso
from curator.sandbox.params import page_meta, pagination
from curator.sandbox.projects import PROJECT_ID
from curator.sandbox.query import Reader, parameters
from curator.sandbox.strict import StrictBody, check_query
from curator.sandbox.web import json_body, json_response, store_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS comments (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    object_type TEXT NOT NULL,
    object_id TEXT NOT NULL,
    content TEXT NOT NULL,
    author_user_id TEXT,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS comments_object ON comments (object_type, object_id);
"""

OBJECT_TYPES = ("TRACE", "OBSERVATION", "SESSION", "PROMPT")
CONTENT_LENGTH = 5000
UNKNOWN_AUTHOR = "authorUserId must belong to a member of the organization that owns the authenticated project."
# How to see whether a comment's object is there. Prompts are not kept here, so no prompt exists.
EXISTS = {
    "TRACE": "SELECT 1 FROM observations WHERE trace_id = ? LIMIT 1",
    "OBSERVATION": "SELECT 1 FROM observations WHERE id = ? LIMIT 1",
    "SESSION": "SELECT 1 FROM observations WHERE session_id = ? AND session_id <> '' LIMIT 1",
}


def list_comments(request: Request) -> Response:
    """One page in the order in which they were written, of one object or author or of all."""
    reader = Reader(parameters(request))
    filters = {
        "object_type": reader.choice("objectType", OBJECT_TYPES),
        "object_id": reader.text("objectId"),
        "author_user_id": reader.text("authorUserId"),
    }
    page, limit = pagination(reader)
    if filters["object_id"] and "objectType" not in reader.given and not reader.issues:
        reader.issues.append(custom("objectType is required when objectId is provided", ["objectType"]))
    check_query(reader, ("objectType", "objectId", "authorUserId", "page", "limit"))
    chosen = {column: value for column, value in filters.items() if value is not None}
    where = " AND ".join(f"{column} = :{column}" for column in chosen) or "TRUE"
    with store_of(request).read() as db:
        total = db.execute(f"SELECT count(*) FROM comments WHERE {where}", chosen).fetchone()[0]
        rows = db.execute(
            f"SELECT * FROM comments WHERE {where} ORDER BY seq LIMIT :limit OFFSET :offset",
            {**chosen, "limit": limit, "offset": (page - 1) * limit},
        ).fetchall()
    return json_response({"data": [_shown(row) for row in rows], "meta": page_meta(page, limit, total)})


def get_comment(request: Request) -> Response:
    """One comment by id."""
    with store_of(request).read() as db:
        row = db.execute("SELECT * FROM comments WHERE id = ?", (request.path_params["comment_id"],)).fetchone()
    if row is None:
        raise not_found("Comment not found within authorized project")
    return json_response(_shown(row))


def create_comment(request: Request) -> Response:
    """A comment on something that exists. Nobody but members can be its author, and the sandbox has no members."""
    body = StrictBody(json_body(request), ("projectId", "content", "objectId", "objectType", "authorUserId"))
    body.required("projectId")
    content = body.required("content").strip()
    if isinstance(body.given.get("content"), str):
        if not content:
            body.issues.append(too_small(["content"], 1, "string"))
        elif len(content) > CONTENT_LENGTH:
            body.issues.append(too_big(["content"], CONTENT_LENGTH, "string"))
    object_id = body.required("objectId")
    object_type = body.given.get("objectType", UNDEFINED)
    if object_type not in OBJECT_TYPES:
        body.issues.append(invalid_value(["objectType"], OBJECT_TYPES))
    author = body.text("authorUserId")
    body.check()
    if author is not None:
        raise invalid_request(UNKNOWN_AUTHOR)
    store = store_of(request)
    now_ms = int(store.now().timestamp() * 1000)
    with store.write() as db:
        query = EXISTS.get(str(object_type))
        if query is None or not db.execute(query, (object_id,)).fetchone():
            raise not_found(f"Reference object, {object_type}: {object_id} not found. Skipping comment creation.")
        comment_id = add_comment(db, str(object_type), object_id, content, now_ms)
    return json_response({"id": comment_id})


def add_comment(
    db: sqlite3.Connection,
    object_type: str,
    object_id: str,
    content: str,
    created_ms: int,
    author_user_id: str | None = None,
) -> str:
    """Write a comment, also one of a member (whom only the web interface would know), and return its id."""
    comment_id = uuid4()
    db.execute(
        "INSERT INTO comments (id, object_type, object_id, content, author_user_id, created_ms, updated_ms) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (comment_id, object_type, object_id, content, author_user_id, created_ms, created_ms),
    )
    return comment_id


def _shown(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "projectId": PROJECT_ID,
        "createdAt": iso(row["created_ms"]),
        "updatedAt": iso(row["updated_ms"]),
        "objectType": row["object_type"],
        "objectId": row["object_id"],
        "content": row["content"],
        "authorUserId": row["author_user_id"],
    }


routes = [
    Route("/api/public/comments", list_comments, methods=["GET"]),
    Route("/api/public/comments", create_comment, methods=["POST"]),
    Route("/api/public/comments/{comment_id:segment}", get_comment, methods=["GET"]),
]
