"""Datasets: `/api/public/v2/datasets`."""

import json
import re
import sqlite3
from functools import partial
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import issues, js
from curator.sandbox.errors import internal, invalid_request, not_found
from curator.sandbox.fields import shown
from curator.sandbox.issues import Issue
from curator.sandbox.query import Body, answer_all
from curator.sandbox.rewrites import check_text, to_jsonb
from curator.sandbox.store import Store, cuid, insert, iso
from curator.sandbox.web import json_body, json_response, store_of

HTML_TAG = re.compile(r"<[^<>]*>")
# zod's own expressions, quoted back to the client in the issue.
RULES = (
    (r"^[^/]", "Name cannot start with a slash"),
    (r"^(?!.*\/\/)", "Name cannot contain consecutive slashes"),
    (r"^.*[^/]$", "Name cannot end with a slash"),
)


def name_issues(name: str) -> list[Issue]:
    """Everything that is wrong with the name, in Langfuse's order."""
    found: list[Issue] = []
    if not name:
        found.append(issues.too_small([], 1, "string") | {"message": "Text cannot be empty"})
    if HTML_TAG.search(name):
        found.append(issues.custom("Text cannot contain HTML tags"))
    for pattern, message in RULES:
        if not re.search(_in_python(pattern), name):
            found.append(issues.invalid_format([], "regex", f"/{pattern}/", message))
    if not found and not name.strip():
        found.append(issues.custom("Name cannot be empty"))
    return [{"origin": "string"} | one if "origin" in one else one for one in found]  # zod writes the origin first


def _in_python(pattern: str) -> str:
    """In JavaScript `$` is the very end and `.` stops at four kinds of line break."""
    return pattern.replace("$", r"\Z").replace(".", r"[^\n\r\u2028\u2029]")


SHOWN = partial(shown, "dataset")
MAX_REASONS = 10
BROKEN_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
JSON_FIELDS = {"metadata": "metadata", "inputSchema": "input_schema", "expectedOutputSchema": "expected_output_schema"}


def find(db: sqlite3.Connection, name: str) -> sqlite3.Row | None:
    """The dataset with exactly this name."""
    check_text(name)
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
        elif not _is_valid_schema(schema):
            body.issues.append(issues.custom("Must be a valid JSON Schema", [field]))
    body.raise_issues()
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
        check_text(description)
        columns["description"] = description
    return json_response(SHOWN(_upsert(store_of(request), name, columns)))


def _is_valid_schema(schema: dict[str, Any]) -> bool:
    from curator import ajv  # jsonschema costs a fifth of a second; most sandboxes never see a schema

    return ajv.refusal(schema) is None


def schema_errors(value: Any, schema: str | None) -> list[tuple[str, str, str]]:
    """What the value violates, as (path, message, keyword); `schema` is a dataset's column."""
    if schema is None:
        return []
    from curator.sandbox import ajv

    return ajv.errors_of(value, json.loads(schema))


def _upsert(store: Store, name: str, columns: dict[str, str | None]) -> sqlite3.Row:
    now = iso(store.now())
    columns["updated_at"] = now
    with store.write() as db:
        existing = find(db, name)
        if existing is None:
            columns |= {"id": cuid(store.now()), "name": name, "created_at": now}
            insert(db, "datasets", columns)
        else:
            if "input_schema" in columns or "expected_output_schema" in columns:
                check_items(db, existing, {**existing, **columns})
            changes = ", ".join(f"{column} = ?" for column in columns)
            db.execute(f"UPDATE datasets SET {changes} WHERE name = ?", (*columns.values(), name))
        row = find(db, name)
    assert row is not None
    return row


def check_items(db: sqlite3.Connection, dataset: sqlite3.Row, columns: dict[str, str | None]) -> None:
    """A new schema must hold for every item that is there, archived ones too. Raises 400 with up to ten reasons."""
    wrong: list[dict[str, Any]] = []
    checks = (
        ("input", "input", columns["input_schema"]),
        ("expectedOutput", "expected_output", columns["expected_output_schema"]),
    )
    rows = db.execute(
        "SELECT id, input, expected_output FROM item_versions WHERE dataset_id = ? AND valid_to IS NULL "
        "AND is_deleted = 0 ORDER BY valid_from DESC, id",
        (dataset["id"],),
    )
    for row in rows:
        for field, column, schema in checks:
            errors = schema_errors(json.loads(row[column] or "null"), schema)
            if errors:
                listed = [{"path": path, "message": text, "keyword": keyword} for path, text, keyword in errors]
                wrong.append({"datasetItemId": row["id"], "field": field, "errors": listed})
        if len(wrong) >= MAX_REASONS:
            break
    if wrong:
        count = "more than 10" if len(wrong) >= MAX_REASONS else len(wrong)
        details = js.dumps(wrong[:MAX_REASONS]).decode()
        raise invalid_request(f"Schema validation failed for {count} item(s). Details: {details}")


def get(request: Request) -> Response:
    """GET by name. Langfuse decodes the name once more than the URL was encoded, so `a%2Fb` is never found."""
    name = request.path_params["name"]
    if BROKEN_ESCAPE.search(name):
        raise internal("URI malformed")
    try:
        name = unquote(name, errors="strict")
    except UnicodeDecodeError:
        raise internal("URI malformed") from None
    with store_of(request).read() as db:
        row = find(db, name)
    if row is None:
        raise not_found("Dataset not found")
    return json_response(SHOWN(row))


def list_all(request: Request) -> Response:
    """GET: newest first."""
    return answer_all(request, "datasets", "created_at DESC, id", SHOWN)


routes = [
    Route("/api/public/v2/datasets", create, methods=["POST"]),
    Route("/api/public/v2/datasets", list_all, methods=["GET"]),
    Route("/api/public/v2/datasets/{name:segment}", get, methods=["GET"]),
]
