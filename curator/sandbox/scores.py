"""GET /api/public/v3/scores; POST and DELETE /api/public/scores."""

import math
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import score_body, score_record
from curator.sandbox.errors import invalid_data
from curator.sandbox.fields import snake
from curator.sandbox.issues import custom, invalid_value, to_number
from curator.sandbox.observation_filter import Condition, joined
from curator.sandbox.observation_record import iso
from curator.sandbox.query import Reader, encode_cursor
from curator.sandbox.score_body import DATA_TYPES
from curator.sandbox.store import Store
from curator.sandbox.web import json_body, json_response, store_of

GROUPS = ("core", "details", "subject", "annotation")
SOURCES = ("API", "EVAL", "ANNOTATION")
# Comma lists, in the order in which Langfuse's schema checks them; a column is called like its parameter.
FIRST_LISTS = ("id", "name", "source", "dataType", "environment", "configId", "queueId", "authorUserId")
LATER_LISTS = ("traceId", "sessionId", "observationId", "experimentId")
OTHERS = ("limit", "fields", "value", "valueMin", "valueMax", "fromTimestamp", "toTimestamp", "userId", "traceTags")
KNOWN = {*FIRST_LISTS, *LATER_LISTS, *OTHERS, "cursor"}
MAX_LIMIT = 100
DEFAULT_LIMIT = 50


def list_scores(request: Request) -> Response:
    """One page, newest first, with a cursor while more follow."""
    reader = Reader(request)
    limit = reader.limit("limit", DEFAULT_LIMIT, MAX_LIMIT)
    groups = _groups(reader)
    conditions = _filters(reader)
    after = reader.cursor("lastTimestamp", "lastId")
    reader.raise_issues(KNOWN)
    if after:
        conditions.append(Condition("(s.timestamp_ms, s.id) < (?, ?)", (after["lastTimestamp"], after["lastId"])))
    rows = _find(store_of(request), conditions, limit + 1)
    meta: dict[str, Any] = {"limit": limit}
    if len(rows) > limit:
        last = rows[limit - 1]
        position = {"v": 1, "lastTimestamp": iso(last["timestamp_ms"]), "lastId": last["id"]}
        meta["cursor"] = encode_cursor(position, url_safe=True)
    return json_response({"data": [score_record.to_api(row, groups) for row in rows[:limit]], "meta": meta})


def _find(store: Store, conditions: list[Condition], limit: int) -> list[Any]:
    current = Condition(score_record.CURRENT, (store.now_ms(),) * 2)
    where, values = joined([current, *conditions])
    sql = f"SELECT s.* FROM scores s WHERE {where} ORDER BY s.timestamp_ms DESC, s.id DESC LIMIT ?"
    with store.read() as db:
        return db.execute(sql, (*values, limit)).fetchall()


def _groups(reader: Reader) -> set[str]:
    value = reader.given.get("fields")
    chosen = value if isinstance(value, list) else reader.texts("fields")
    reader.issues += [invalid_value(["fields", i], GROUPS) for i, group in enumerate(chosen) if group not in GROUPS]
    return set(chosen)


def _filters(reader: Reader) -> list[Condition]:
    """What the parameters ask for. Rules across parameters need well-formed parameters."""
    lists = {name: _list(reader, name) for name in FIRST_LISTS}
    wanted = reader.texts("value")
    low = _bound(reader, "valueMin")
    high = _bound(reader, "valueMax")
    lists |= {name: reader.texts(name) for name in LATER_LISTS}
    since, until = reader.date("fromTimestamp"), reader.date("toTimestamp")
    well_formed = all(issue["code"] == "custom" for issue in reader.issues) and set(reader.given) <= KNOWN
    if well_formed:
        _check_rules(reader, lists, wanted, low, high)
    found = [_one_of(f"s.{snake(name)}", chosen) for name, chosen in lists.items() if chosen]
    if wanted and well_formed and not reader.issues:
        found.append(_one_of(*_wanted(lists["dataType"][0], wanted)))
    bounds = (("s.value >= ?", low), ("s.value <= ?", high))
    times = (("s.timestamp_ms >= ?", since), ("s.timestamp_ms < ?", until))
    return found + [Condition(sql, (value,)) for sql, value in (*bounds, *times) if value is not None]


def _one_of(column: str, values: list[Any]) -> Condition:
    return Condition(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))


def _list(reader: Reader, name: str) -> list[str]:
    """A comma list; the two enumerations are read in any case and checked."""
    chosen = reader.texts(name)
    allowed = {"source": SOURCES, "dataType": DATA_TYPES}.get(name)
    if allowed is None:
        return chosen
    upper = [one.upper() for one in chosen]
    reader.issues += [
        custom(f'Invalid {name} value: "{one}". Allowed: {", ".join(allowed)}', [name])
        for one in upper
        if one not in allowed
    ]
    return upper


def _bound(reader: Reader, name: str) -> float | None:
    return None if reader.given.get(name) == "" else reader.number(name)


def _check_rules(
    reader: Reader, lists: dict[str, list[str]], wanted: list[str], low: float | None, high: float | None
) -> None:
    def refuse(message: str) -> None:
        reader.issues.append(custom(message))

    for name in ("userId", "traceTags"):
        if reader.given.get(name):
            refuse(f"{name} filter requires a trace JOIN and is not supported in v3 — use v2 or omit this filter")
    kinds = lists["dataType"]
    if wanted:
        for sentence in _wrong_values(kinds, wanted):
            refuse(sentence)
    if (low is not None or high is not None) and kinds != ["NUMERIC"]:
        refuse("valueMin and valueMax require dataType=NUMERIC as a single value")
    if lists["observationId"] and not lists["traceId"]:
        refuse("observationId filter requires traceId — observation IDs are scoped to a trace")
    if sum(bool(lists[name]) for name in ("traceId", "sessionId", "experimentId")) > 1:
        refuse("At most one of traceId, sessionId, experimentId may be specified")


def _wrong_values(kinds: list[str], wanted: list[str]) -> list[str]:
    if len(kinds) != 1:
        return ["value filter requires a single dataType from: NUMERIC, BOOLEAN, CATEGORICAL"]
    kind = kinds[0]
    if kind not in ("NUMERIC", "BOOLEAN", "CATEGORICAL"):
        return [f'value filter requires dataType to be NUMERIC, BOOLEAN, or CATEGORICAL (got "{kind}")']
    start = f"value filter with dataType={kind} requires each value to be"
    if kind == "NUMERIC":
        return [f'{start} a finite number (got "{v}")' for v in wanted if not math.isfinite(to_number(v))]
    if kind == "BOOLEAN":
        return [f'{start} "true" or "false" (got "{v}")' for v in wanted if v not in ("true", "false")]
    return []


def _wanted(kind: str, wanted: list[str]) -> tuple[str, list[Any]]:
    if kind == "NUMERIC":
        return "s.value", [to_number(value) for value in wanted]
    if kind == "BOOLEAN":
        return "s.value", [1.0 if value == "true" else 0.0 for value in wanted]
    return "s.string_value", list(wanted)


def create_scores(request: Request) -> Response:
    """One score (200 with its id) or, as SDK 5 sends them to servers from 4.59 on, a list (202, or 207 in part)."""
    body = json_body(request)
    if not isinstance(body, list):
        issues = score_body.issues_of(body)
        if issues:
            raise invalid_data(issues)
        return json_response({"id": _write(request, [body])[0]})
    accepted = [one for one in body if not score_body.issues_of(one)]
    _write(request, accepted)
    if len(accepted) == len(body):
        return json_response({"message": "Accepted"}, 202)
    errors = [{"message": issue["message"]} for one in body for issue in score_body.issues_of(one)[:1]]
    return json_response({"accepted": len(accepted), "rejected": len(errors), "errors": errors}, 207)


def _write(request: Request, bodies: list[Any]) -> list[str]:
    store = store_of(request)
    now_ms = store.now_ms()
    lag_ms = int(request.app.state.settings.lag.scores * 1000)
    with store.write() as db:
        return [score_body.write(db, body, now_ms, lag_ms) for body in bodies]


def delete_score(request: Request) -> Response:
    """Queued: the score, whether known or not, is gone when ingestion has caught up."""
    store = store_of(request)
    now_ms = store.now_ms()
    lag_ms = int(request.app.state.settings.lag.scores * 1000)
    with store.write() as db:
        earlier = score_record.newest(db, request.path_params["score_id"])
        if earlier:
            gone = {name: earlier[name] for name in score_record.DEFAULTS}
            score_record.append(db, gone | {"deleted": 1, "visible_ms": now_ms + lag_ms}, now_ms)
    return json_response({"message": "Score deletion queued successfully"}, 202)


routes = [
    Route("/api/public/v3/scores", list_scores, methods=["GET"]),
    Route("/api/public/scores", create_scores, methods=["POST"]),
    Route("/api/public/scores/{score_id:segment}", delete_score, methods=["DELETE"]),
]
