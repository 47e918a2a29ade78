"""/api/public/score-configs: create, list, get."""

import json
import re
import sqlite3
from collections.abc import Mapping
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import issues
from curator.sandbox.errors import invalid_data
from curator.sandbox.fields import shown
from curator.sandbox.issues import UNDEFINED, Issue, is_number
from curator.sandbox.query import Body, answer_all, found
from curator.sandbox.store import insert, uuid4
from curator.sandbox.web import json_body, json_response, store_of

DATA_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT")
BOOLEAN_CATEGORIES = [{"label": "True", "value": 1}, {"label": "False", "value": 0}]
NAME_LENGTH = 35
NOT_PAIRS = "Category must be an array of objects with label value pairs, where labels and values are unique."
SHOWN = partial(shown, "score_config")


def list_configs(request: Request) -> Response:
    """One page, newest first."""
    return answer_all(request, "score_configs", "created_ms DESC, rowid DESC", SHOWN)


def get_config(request: Request) -> Response:
    """One config by id."""
    with store_of(request).read() as db:
        return json_response(SHOWN(_find(db, request.path_params["config_id"])))


def create_config(request: Request) -> Response:
    """A new config; names need not be unique."""
    asked = Body(json_body(request))
    _check_new(asked)
    body = asked.given
    store = store_of(request)
    now_ms = store.now_ms()
    categories = BOOLEAN_CATEGORIES if body["dataType"] == "BOOLEAN" else body.get("categories")
    record = {
        "id": uuid4(),
        "name": body["name"],
        "data_type": body["dataType"],
        "description": body.get("description"),
        "min_value": _real(body.get("minValue")),
        "max_value": _real(body.get("maxValue")),
        "categories": None if categories is None else json.dumps(categories),
        "is_archived": 0,
        "created_ms": now_ms,
        "updated_ms": now_ms,
    }
    with store.write() as db:
        insert(db, "score_configs", record)
        return json_response(SHOWN(_find(db, record["id"])))


def _find(db: sqlite3.Connection, config_id: str) -> sqlite3.Row:
    return found(db, "score_configs", "Score config not found within authorized project", id=config_id)


def _real(value: Any) -> float | None:
    return None if value is None else float(value)


def _check_new(body: Body) -> None:
    given = body.given
    kind = given.get("dataType", UNDEFINED)
    if kind not in DATA_TYPES:
        raise invalid_data([issues.no_discriminator([], "dataType")])
    body.issues += _check_name(given.get("name", UNDEFINED))
    body.text("description")
    categories = given.get("categories", UNDEFINED)
    if kind == "NUMERIC":
        body.issues += _check_range(given)
    elif kind != "BOOLEAN":
        limits = [key for key in ("maxValue", "minValue") if given.get(key) is not None]
        body.issues += [issues.invalid_type([key], "undefined", given[key]) for key in limits]
    if kind == "CATEGORICAL":
        body.issues += _check_categories(categories)
    elif categories is not UNDEFINED and not (kind == "NUMERIC" and categories is None):
        body.issues.append(issues.invalid_type(["categories"], "undefined", categories))
    body.raise_issues()


def _check_name(name: Any) -> list[Issue]:
    if not isinstance(name, str):
        return [issues.invalid_type(["name"], "string", name)]
    wrong = []
    if not name:
        wrong.append(issues.too_small(["name"], 1, "string"))
    if len(name) > NAME_LENGTH:
        wrong.append(issues.too_big(["name"], NAME_LENGTH, "string"))
    if not re.fullmatch(r"[\w .()-]+", name):
        pattern = r"/^[\p{L}\p{N}_ .()-]+$/u"
        wrong.append(issues.invalid_format(["name"], "regex", pattern, "Name contains invalid characters"))
    return wrong


def _check_range(body: Mapping[str, Any]) -> list[Issue]:
    wrong = [
        issues.invalid_type([key], "number", body[key])
        for key in ("maxValue", "minValue")
        if body.get(key) is not None and not is_number(body[key])
    ]
    low, high = body.get("minValue"), body.get("maxValue")
    if not wrong and low is not None and high is not None and high <= low:
        wrong.append(issues.custom("Maximum value must be greater than Minimum value"))
    return wrong


def _check_categories(categories: Any) -> list[Issue]:
    if not isinstance(categories, list) or not all(_is_pair(one) for one in categories):
        return [issues.custom(NOT_PAIRS, ["categories"])]
    seen: set[tuple[str, object]] = set()
    for part in ((what, one[what]) for one in categories for what in ("label", "value")):
        if part in seen:
            what, value = part
            sentence = f"Duplicate category {what}: {value}, category {what}s must be unique"
            return [issues.custom(sentence, ["categories"])]
        seen.add(part)
    return []


def _is_pair(one: Any) -> bool:
    if not isinstance(one, dict):
        return False
    label, value = one.get("label"), one.get("value")
    return isinstance(label, str) and bool(label) and is_number(value)


routes = [
    Route("/api/public/score-configs", list_configs, methods=["GET"]),
    Route("/api/public/score-configs", create_config, methods=["POST"]),
    Route("/api/public/score-configs/{config_id:segment}", get_config, methods=["GET"]),
]
