"""GET /api/public/v2/observations: field groups, filters, cursor, newest first."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import fields, issues, observation_filter
from curator.sandbox.observation_filter import IS_ROOT, Condition, joined
from curator.sandbox.observation_record import iso, trace_hash
from curator.sandbox.query import Reader, encode_cursor
from curator.sandbox.store import Store
from curator.sandbox.web import json_response, store_of

# What else the answer of a field group is made of.
COLUMNS = {"core": ("completion_start_ms",), "trace_context": ("name", "is_root")}
GROUPS = ("core", "basic", "time", "io", "metadata", "model", "usage", "prompt", "metrics", "trace_context")
PRICES = ("modelId", "inputPrice", "outputPrice", "totalPrice")
"""Keys that are on every row; only the group `model` fills them."""
METADATA_CUT = 200
TYPES = ("GENERATION", "SPAN", "EVENT", "AGENT", "TOOL", "CHAIN", "RETRIEVER", "EVALUATOR", "EMBEDDING", "GUARDRAIL")
LEVELS = ("DEBUG", "DEFAULT", "WARNING", "ERROR")
MAX_LIMIT = 1000
DEFAULT_LIMIT = 50
PARSE_IO = (
    "parseIoAsJson=true is no longer supported on the v2 observations endpoint. Input/output fields are always "
    "returned as raw strings. Remove the parseIoAsJson parameter or set it to false."
)
ORDER = "start_ms DESC, trace_hash DESC, id DESC"


@dataclass
class ObservationQuery:
    """What one page of observations is: which groups, which rows, how many, after which."""

    groups: set[str]
    full_metadata: bool
    limit: int
    conditions: list[Condition] = field(default_factory=list)
    after: tuple[int, int, str] | None = None


def list_observations(request: Request) -> Response:
    """One page, newest first, with a cursor while more follow."""
    query = read_query(Reader(request))
    rows, more = find(store_of(request), query)
    data = [_shown(row, query) for row in rows]
    meta = {}
    if more and rows:
        last = rows[-1]
        position = {"lastStartTimeTo": iso(last["start_ms"]), "lastTraceId": last["trace_id"], "lastId": last["id"]}
        meta["cursor"] = encode_cursor(position, url_safe=False)
    return json_response({"data": data, "meta": meta})


def find(store: Store, query: ObservationQuery) -> tuple[list[Any], bool]:
    """The rows of a page, and whether more follow."""
    columns = dict.fromkeys(field.column for field in fields.of("observation", frozenset(query.groups)) if field.column)
    columns |= dict.fromkeys(column for group in query.groups for column in COLUMNS.get(group, ()))
    now_ms = store.now_ms()
    conditions = [*query.conditions, Condition("visible_ms <= ?", (now_ms,))]
    if query.after:
        start, hashed, last_id = query.after
        conditions.append(Condition("(start_ms, trace_hash, id) < (?, ?, ?)", (start, hashed, last_id)))
        conditions.append(Condition("start_ms <= ?", (start,)))
    index, narrow = _narrow(query.conditions)
    where, values = joined(conditions)
    chosen = ", ".join(columns)
    sql = f"SELECT {chosen} FROM observations {index} WHERE {narrow} AND {where} ORDER BY {ORDER} LIMIT ?"
    with store.read() as db:
        observation_filter.register_functions(db)
        rows = db.execute(sql, (*values, query.limit + 1)).fetchall()
    return rows[: query.limit], len(rows) > query.limit


# Where few rows match, SQLite must not walk through all of time to find them. The partial indexes hold no empty texts.
NARROW = {
    "trace_id": ("sqlite_autoindex_observations_1", "TRUE"),
    "session_id": ("observations_session", "session_id <> ''"),
    "user_id": ("observations_user", "user_id <> ''"),
}


def _narrow(conditions: list[Condition]) -> tuple[str, str]:
    """The index to take, as SQL, and the condition that lets SQLite take it."""
    for column, (index, condition) in NARROW.items():
        for one in conditions:
            chosen = one.column == column and one.sql.startswith((f"{column} = ", f"{column} IN "))
            if chosen and all(one.parameters):
                return f"INDEXED BY {index}", condition
    return "", "TRUE"


def read_query(reader: Reader) -> ObservationQuery:
    """The checked query. Raises `ApiError` 400 with the issues in the order of Langfuse's schema."""
    chosen = _fields(reader)
    expand = reader.texts("expandMetadata")
    limit = _limit(reader)
    after = _cursor(reader)
    _parse_io(reader)
    simple = _simple_conditions(reader)
    filters = observation_filter.parse(reader.text("filter") or "")
    reader.raise_issues()
    advanced = observation_filter.conditions(filters)
    taken = {condition.column for condition in advanced}
    groups = {"core", "basic"} if chosen is None else {"core", *chosen}
    return ObservationQuery(
        groups=groups,
        full_metadata="io" in groups or bool(expand),
        limit=limit,
        conditions=[*advanced, *(c for c in simple if c.column not in taken)],
        after=after,
    )


def _fields(reader: Reader) -> list[str] | None:
    value = reader.given.get("fields")
    if isinstance(value, list):
        reader.issues += [
            issues.invalid_value(["fields", i], GROUPS) for i, one in enumerate(value) if one not in GROUPS
        ]
        return value
    return [group for group in reader.texts("fields") if group in GROUPS] if value else None


def _limit(reader: Reader) -> int:
    number = reader.number("limit")
    if number is None:
        return DEFAULT_LIMIT
    if number < 0:
        reader.issues.append(issues.too_small(["limit"], 0))
    elif number > MAX_LIMIT:
        reader.issues.append(issues.too_big(["limit"], MAX_LIMIT))
    return int(number)


def _cursor(reader: Reader) -> tuple[int, int, str] | None:
    found = reader.cursor("lastStartTimeTo", "lastTraceId", "lastId", versioned=False)
    return (found["lastStartTimeTo"], trace_hash(found["lastTraceId"]), found["lastId"]) if found else None


def _parse_io(reader: Reader) -> None:
    value = reader.given.get("parseIoAsJson")
    if value == "true":
        reader.issues.append(issues.custom(PARSE_IO, ["parseIoAsJson"]))
    elif value not in (None, "false"):
        alternatives = [[issues.invalid_value([], ["true"])], [issues.invalid_value([], ["false"])]]
        reader.issues.append(issues.invalid_union(["parseIoAsJson"], alternatives))


def _simple_conditions(reader: Reader) -> list[Condition]:
    found: list[Condition] = []

    def equals(column: str, value: str | None) -> None:
        if value is not None:
            found.append(Condition(f"{column} = ?", (value,), column))

    equals("type", reader.choice("type", TYPES))
    equals("name", reader.text("name"))
    equals("user_id", reader.text("userId"))
    equals("session_id", reader.text("sessionId"))
    equals("level", reader.choice("level", LEVELS))
    equals("trace_id", reader.text("traceId"))
    equals("version", reader.text("version"))
    equals("parent_id", reader.text("parentObservationId"))
    root = reader.choice("isRootObservation", ("true", "false"))
    if root is not None:
        found.append(Condition("is_root" if root == "true" else "NOT is_root", (), IS_ROOT))
    environment = reader.given.get("environment")
    if environment is not None:
        names = environment if isinstance(environment, list) else environment.split(",")
        sql = f"environment IN ({', '.join('?' * len(names))})"
        found.append(Condition(sql, tuple(names), "environment"))
    for name, operator in (("fromStartTime", ">="), ("toStartTime", "<")):
        moment = reader.datetime(name)
        if moment is not None:
            found.append(Condition(f"start_ms {operator} ?", (moment,), "start_ms"))
    return found


def _shown(row: sqlite3.Row, query: ObservationQuery) -> fields.Row:
    groups = query.groups
    shown: fields.Row = {**dict.fromkeys(PRICES), **fields.shown("observation", row, groups)}
    if "metadata" in groups and not query.full_metadata:
        shown["metadata"] = fields.metadata(row["metadata"], METADATA_CUT)
    if "usage" in groups:
        shown |= _sums(shown["usageDetails"], shown["costDetails"])
    shown["latency"] = _seconds(row["start_ms"], row["end_ms"], "metrics" in groups)
    shown["timeToFirstToken"] = _seconds(row["start_ms"], row["completion_start_ms"], "metrics" in groups)
    if "trace_context" in groups:
        shown["traceName"] = row["trace_name"] or (row["name"] if row["is_root"] else None) or None
    return shown


def _sums(usage: dict[str, float], cost: dict[str, float]) -> fields.Row:
    return {
        "inputUsage": _sum(usage, "input") or 0,
        "outputUsage": _sum(usage, "output") or 0,
        "totalUsage": usage.get("total", 0),
        "inputCost": _sum(cost, "input"),
        "outputCost": _sum(cost, "output"),
        "totalCost": cost.get("total", 0),
    }


def _sum(details: dict[str, float], word: str) -> float | None:
    found = [value for name, value in details.items() if word in name]
    return sum(found) if found else None


def _seconds(start: int, end: int | None, measured: bool) -> float | None:
    """The time between two moments; as a metric, zero counts as not known (so the server answers)."""
    if end is None or (measured and end == start):
        return None
    seconds = (end - start) / 1000
    return int(seconds) if seconds.is_integer() else seconds


routes = [Route("/api/public/v2/observations", list_observations, methods=["GET"])]
