"""GET /api/public/experiments and /experiment-items: what the observations and scores of runs add up to.

Experiments arrive as `langfuse.experiment.*` attributes of spans; an experiment item is the observation that its
`experiment_item_root_id` names.
"""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import issues, observation_filter, score_record
from curator.sandbox.fields import shown
from curator.sandbox.issues import to_milliseconds
from curator.sandbox.observation_filter import Columns, Condition, columns_of, joined
from curator.sandbox.observation_record import trace_hash
from curator.sandbox.query import Reader, encode_cursor
from curator.sandbox.scores import DEFAULT_LIMIT, MAX_LIMIT
from curator.sandbox.store import Store
from curator.sandbox.web import json_response, store_of

SUMMARY_GROUPS = ("core", "metadata", "scores")
ITEM_GROUPS = ("core", "dataset", "io", "metadata", "itemMetadata", "experimentMetadata", "scores")
SUMMARY_COLUMNS, ITEM_COLUMNS = columns_of("experiments"), columns_of("experiment-items")
MAX_SCORES = 50
SUBJECTS = {"experiment": "experiment_id", "experiment_item": "trace_id"}
"""Column that says which scores belong to a row."""
DAY_MS = 86_400_000
LISTED_TYPES = ("NUMERIC", "CATEGORICAL", "BOOLEAN", "TEXT")

# Runs are a small part of all observations; SQLite would rather walk through the time range.
OBSERVATIONS = "observations INDEXED BY observations_experiment"

Cursor = dict[str, Any]
Scores = dict[str, list[dict[str, Any]]]


@dataclass
class RunQuery:
    """A checked query of either list."""

    groups: set[str]
    limit: int
    score_limit: int
    cursor: Cursor | None
    conditions: list[Condition]


def list_experiments(request: Request) -> Response:
    """One page of experiments, the one with the latest activity first."""
    query = _read(Reader(request), SUMMARY_GROUPS, {"core"}, SUMMARY_COLUMNS)
    store = store_of(request)
    conditions = [Condition("experiment_id <> ''"), *query.conditions, _visible(store)]
    where, values = joined(conditions)
    after = "TRUE"
    position: tuple[Any, ...] = ()
    if query.cursor:
        after = "(latest_ms, experiment_id, latest_id) < (?, ?, ?)"
        position = (query.cursor["time"], query.cursor["lastExperimentId"], query.cursor["lastId"])
    sql = f"""
        WITH events AS (SELECT * FROM {OBSERVATIONS} WHERE {where}),
        latest AS (
            SELECT experiment_id, start_ms AS latest_ms, trace_id AS latest_trace, id AS latest_id, row_number()
            OVER (PARTITION BY experiment_id ORDER BY start_ms DESC, id DESC) AS place FROM events
        )
        SELECT e.experiment_id, max(e.experiment_name) AS name, max(e.experiment_description) AS description,
            max(e.experiment_dataset_id) AS dataset_id, max(e.experiment_metadata) AS metadata,
            min(e.start_ms) AS start_ms, max(max(e.start_ms, coalesce(e.end_ms, e.start_ms))) AS end_ms,
            count(DISTINCT iif(e.id = e.experiment_item_root_id, e.id, NULL)) AS items,
            latest_ms, latest_trace, latest_id
        FROM events e JOIN latest ON latest.experiment_id = e.experiment_id AND place = 1
        WHERE {after.replace("experiment_id", "e.experiment_id")}
        GROUP BY e.experiment_id ORDER BY latest_ms DESC, e.experiment_id DESC, latest_id DESC LIMIT ?
    """
    with store.read() as db:
        rows = db.execute(sql, (*values, *position, query.limit + 1)).fetchall()
        page = rows[: query.limit]
        scores: Scores = {}
        if "scores" in query.groups and page:
            ids = [row["experiment_id"] for row in page]
            times = [row["latest_ms"] for row in page]
            alone = "s.trace_id IS NULL AND s.observation_id IS NULL AND s.session_id IS NULL"
            subject = Condition(f"s.experiment_id IN ({_marks(ids)}) AND {alone}", tuple(ids))
            scores = _scores(db, store, subject, times, SUBJECTS["experiment"], query.score_limit)
    return _answer("experiment", rows, query, scores, ("latest_ms", "latest_trace", "latest_id"))


def list_items(request: Request) -> Response:
    """One page of experiment items, newest first."""
    query = _read(Reader(request), ITEM_GROUPS, {"core", "dataset"}, ITEM_COLUMNS)
    store = store_of(request)
    conditions = [
        Condition("experiment_id <> '' AND experiment_item_id <> '' AND experiment_item_root_id = id"),
        *query.conditions,
        _visible(store),
    ]
    if query.cursor:
        position = (query.cursor["time"], trace_hash(query.cursor["lastTraceId"]), query.cursor["lastId"])
        conditions.append(
            Condition(
                "(start_ms, trace_hash, id, experiment_id) < (?, ?, ?, ?)",
                (*position, query.cursor["lastExperimentId"]),
            )
        )
    where, values = joined(conditions)
    sql = (
        f"SELECT * FROM {OBSERVATIONS} WHERE {where} "
        "ORDER BY start_ms DESC, trace_hash DESC, id DESC, experiment_id DESC LIMIT ?"
    )
    with store.read() as db:
        rows = db.execute(sql, (*values, query.limit + 1)).fetchall()
        page = rows[: query.limit]
        scores: Scores = {}
        if "scores" in query.groups and page:
            ids, traces = [row["id"] for row in page], [row["trace_id"] for row in page]
            alone = "s.observation_id IS NULL AND s.session_id IS NULL AND s.experiment_id IS NULL"
            subject = Condition(
                f"s.trace_id IN ({_marks(traces)}) AND (s.observation_id IN ({_marks(ids)}) OR ({alone}))",
                (*traces, *ids),
            )
            scores = _scores(
                db, store, subject, [row["start_ms"] for row in page], SUBJECTS["experiment_item"], query.score_limit
            )
    return _answer("experiment_item", rows, query, scores, ("start_ms", "trace_id", "id"))


# ── query ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(reader: Reader, groups: tuple[str, ...], default: set[str], columns: Columns) -> RunQuery:
    chosen = reader.texts("fields")
    reader.issues += [issues.invalid_value(["fields", i], groups) for i, one in enumerate(chosen) if one not in groups]
    limit = reader.limit("limit", DEFAULT_LIMIT, MAX_LIMIT)
    score_limit = reader.limit("scoreLimit", MAX_SCORES, MAX_SCORES)
    reader.text("cursor")  # one that is given twice is wrong like the others; what it holds is read afterwards
    times = ((">=", reader.datetime("fromStartTime", required=True)), ("<", reader.datetime("toStartTime")))
    ids = {column.id: column for column in columns.values()}
    lists = {name: reader.texts(name) for name in ids}
    filters = observation_filter.parse(reader.text("filter") or "", tuple(ids))
    reader.raise_issues()
    cursor = reader.cursor(None, "lastTime", "lastTraceId", "lastId", "lastExperimentId")
    reader.raise_issues()
    if cursor:
        cursor["time"] = to_milliseconds(cursor["lastTime"]) or 0
    conditions = observation_filter.conditions(filters, columns)
    taken = {condition.column for condition in conditions}
    for name, wanted in lists.items():
        if wanted and ids[name].sql not in taken:
            conditions.append(Condition(f"{ids[name].sql} IN ({_marks(wanted)})", tuple(wanted)))
    conditions += [Condition(f"start_ms {sign} ?", (moment,)) for sign, moment in times if moment is not None]
    return RunQuery(set(chosen) | {"core"} if chosen else default, limit, score_limit, cursor, conditions)


def _visible(store: Store) -> Condition:
    return Condition("visible_ms <= ?", (store.now_ms(),))


def _marks(values: list[str]) -> str:
    return ", ".join("?" * len(values))


def _scores(db: sqlite3.Connection, store: Store, subject: Condition, times: list[int], key: str, limit: int) -> Scores:
    """Up to `limit` scores per subject, newest first, from a day before to a day after the page's times."""
    now_ms = store.now_ms()
    sql = (
        f"SELECT s.* FROM scores s WHERE {score_record.CURRENT} AND {subject.sql} "
        f"AND s.timestamp_ms >= ? AND s.timestamp_ms <= ? AND s.data_type IN ({_marks(list(LISTED_TYPES))}) "
        "ORDER BY s.seq DESC"
    )
    until = min(now_ms, max(times) + DAY_MS)
    values = (now_ms, now_ms, *subject.parameters, min(times) - DAY_MS, until, *LISTED_TYPES)
    found: Scores = defaultdict(list)
    for row in db.execute(sql, values):
        if len(found[row[key]]) < limit:
            found[row[key]].append(score_record.to_api(row, {"core", "subject"}))
    return found


# ── answer ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answer(
    resource: str, rows: list[sqlite3.Row], query: RunQuery, scores: Scores, place: tuple[str, str, str]
) -> Response:
    """The page with its scores, and a cursor while more rows follow; `place` names time, trace and id of a row."""
    page, meta = rows[: query.limit], {}
    if len(rows) > query.limit:
        time, trace, last = (page[-1][column] for column in place)
        # The database's own way to write a time, which the cursor hands back to it.
        moment = datetime.fromtimestamp(time / 1000, UTC)
        cursor = {
            "v": 1,
            "lastTime": f"{moment:%Y-%m-%d %H:%M:%S}.{time % 1000:03d}000",
            "lastTraceId": trace,
            "lastId": last,
            "lastExperimentId": page[-1]["experiment_id"],
        }
        meta["cursor"] = encode_cursor(cursor, url_safe=True)
    data = [shown(resource, row, {"core", *query.groups}) for row in page]
    if "scores" in query.groups:
        subject = SUBJECTS[resource]
        data = [one | {"scores": scores.get(row[subject], [])} for one, row in zip(data, page, strict=True)]
    return json_response({"data": data, "meta": meta})


routes = [
    Route("/api/public/experiments", list_experiments, methods=["GET"]),
    Route("/api/public/experiment-items", list_items, methods=["GET"]),
]
