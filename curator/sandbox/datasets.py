"""Datasets: `/api/public/v2/datasets`."""

import json
import sqlite3
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import ajv, issues
from curator.sandbox.dataset_names import name_issues
from curator.sandbox.errors import internal, invalid_data, invalid_request, not_found
from curator.sandbox.ids import cuid
from curator.sandbox.params import Body, page_meta, pagination
from curator.sandbox.projects import PROJECT_ID
from curator.sandbox.query import Reader, parameters
from curator.sandbox.rewrites import to_jsonb
from curator.sandbox.store import iso
from curator.sandbox.web import json_body, json_response, store_of

SCHEMA = """
CREATE TABLE IF NOT EXISTS datasets (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    description TEXT,
    metadata TEXT,
    input_schema TEXT,
    expected_output_schema TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS datasets_newest ON datasets (created_at DESC, id);
"""

JSON_FIELDS = {"metadata": "metadata", "inputSchema": "input_schema", "expectedOutputSchema": "expected_output_schema"}


def find(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """The dataset with exactly this name."""
    row: sqlite3.Row | None = db.execute("SELECT * FROM datasets WHERE name = ?", (name,)).fetchone()
    return row


def create(request: Request) -> Response:
    """POST: create, or update the dataset of that name; an omitted field keeps its value."""
    body = Body(json_body(request))
    name, description = body.required("name"), body.text("description")
    for field in ("inputSchema", "expectedOutputSchema"):
        schema = body.given.get(field)
        if schema is None:
            continue
        if not isinstance(schema, dict):
            body.issues.append(issues.invalid_type([field], "record", schema))
        elif not ajv.is_valid_schema(schema):
            body.issues.append(issues.custom("Must be a valid JSON Schema", [field]))
    body.check()
    wrong = name_issues(name)
    if wrong:
        raise invalid_request("Dataset name not valid. " + json.dumps(wrong, indent=2, ensure_ascii=False))
    # metadata: null keeps the old one; a schema: null takes it away
    given = {field: body.given[field] for field in JSON_FIELDS if field in body.given}
    if given.get("metadata", 0) is None:
        del given["metadata"]
    columns = {
        JSON_FIELDS[field]: None if value is None else json.dumps(to_jsonb(value)) for field, value in given.items()
    }
    if description is not None:
        columns["description"] = description
    store = store_of(request)
    now = iso(store.now())
    with store.write() as db:
        if find(db, name) is None:
            columns |= {"id": cuid(store.now()), "name": name, "created_at": now}
        columns["updated_at"] = now
        if "id" in columns:
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            db.execute(f"INSERT INTO datasets ({names}) VALUES ({marks})", tuple(columns.values()))
        else:
            changes = ", ".join(f"{column} = ?" for column in columns)
            db.execute(f"UPDATE datasets SET {changes} WHERE name = ?", (*columns.values(), name))
        row = find(db, name)
    assert row is not None
    return json_response(to_api(row))


def get(request: Request) -> Response:
    """GET by name. Langfuse decodes the name once more than the URL was encoded, so `a%2Fb` is never found."""
    name = request.path_params["name"]
    try:
        name = unquote(name, errors="strict")
    except UnicodeDecodeError:
        raise internal("URI malformed") from None
    with store_of(request).read() as db:
        row = find(db, name)
    if row is None:
        raise not_found("Dataset not found")
    return json_response(to_api(row))


def list_all(request: Request) -> Response:
    """GET: newest first."""
    query = Reader(parameters(request))
    page, limit = pagination(query)
    if query.issues:
        raise invalid_data(query.issues)
    with store_of(request).read() as db:
        rows = db.execute(
            "SELECT * FROM datasets ORDER BY created_at DESC, id LIMIT ? OFFSET ?", (limit, (page - 1) * limit)
        ).fetchall()
        (total,) = db.execute("SELECT count(*) FROM datasets").fetchone()
    return json_response({"data": [to_api(row) for row in rows], "meta": page_meta(page, limit, total)})


def to_api(row: sqlite3.Row) -> dict[str, Any]:
    """A row as the API shows it."""
    return {
        "id": row["id"],
        "projectId": PROJECT_ID,
        "name": row["name"],
        "description": row["description"],
        **{field: json.loads(row[column] or "null") for field, column in JSON_FIELDS.items()},
        "createdAt": row["created_at"],
        "updatedAt": row["updated_at"],
    }


routes = [
    Route("/api/public/v2/datasets", create, methods=["POST"]),
    Route("/api/public/v2/datasets", list_all, methods=["GET"]),
    Route("/api/public/v2/datasets/{name:segment}", get, methods=["GET"]),
]
