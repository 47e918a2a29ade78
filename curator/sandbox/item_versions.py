"""The rows behind dataset items: every version of every item, with the time from and to which it was current.

Times are whole milliseconds since 1970, as JavaScript keeps them. Usually one row per id is current (`valid_to` is
null); concurrent first writes can leave several, and then `by_id` answers the oldest row, the list shows the newest.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from curator.sandbox import store
from curator.sandbox.errors import invalid_request
from curator.sandbox.fields import shown
from curator.sandbox.rewrites import check_text

TOKEN = re.compile(r"@@@langfuseMedia:type=(?P<type>[^|@]+)\|id=(?P<id>[^|@]+)\|source=[^|@]+@@@")
"""A string that *is* a token names a medium. Measured on 4.16: an unknown id is refused with 400; a token inside of a
longer text, or a data URI, is text. What a known one looks like in an answer is read from the SDK's models."""
JSON_FIELDS = {"input": "input", "expectedOutput": "expected_output", "metadata": "metadata"}
SELECT = (
    "SELECT item_versions.*, datasets.name AS dataset_name FROM item_versions JOIN datasets ON datasets.id = dataset_id"
)


def by_id(db: sqlite3.Connection, item_id: str, version: int | None = None) -> sqlite3.Row | None:
    """The undeleted row of the id, current or current at `version`: the oldest one when there are several.

    Raises 500 for an id that PostgreSQL cannot take.
    """
    check_text(item_id)
    condition, values = _current(version)
    query = f"{SELECT} WHERE item_versions.id = ? AND is_deleted = 0 AND {condition} ORDER BY row LIMIT 1"
    row: sqlite3.Row | None = db.execute(query, [item_id, *values]).fetchone()
    return row


def _current(version: int | None) -> tuple[str, list[Any]]:
    if version is None:
        return "valid_to IS NULL", []
    return "valid_from <= ? AND (valid_to IS NULL OR valid_to > ?)", [version, version]


def newest(db: sqlite3.Connection, item_id: str) -> sqlite3.Row | None:
    """The row that the next write of the id replaces: the newest current one, tombstones included."""
    where = "id = ? AND valid_to IS NULL ORDER BY valid_from DESC LIMIT 1"
    row: sqlite3.Row | None = db.execute(f"SELECT * FROM item_versions WHERE {where}", (item_id,)).fetchone()
    return row


def at(db: sqlite3.Connection, item_id: str, moment: int) -> sqlite3.Row:
    """The version that began at that very moment."""
    query = f"{SELECT} WHERE item_versions.id = ? AND valid_from = ?"
    row: sqlite3.Row = db.execute(query, (item_id, moment)).fetchone()
    return row


def page(
    db: sqlite3.Connection, filters: dict[str, str | None], version: int | None, limit: int, offset: int
) -> tuple[list[sqlite3.Row], int]:
    """A page of ACTIVE items (current, or current at `version` in milliseconds) and the number of rows in all.

    Several current rows of one id show once in the page but count each.
    """
    current, values = _current(version)
    conditions = ["is_deleted = 0", "status = 'ACTIVE'", current]
    for column, value in filters.items():
        if value is not None:
            check_text(value)
            conditions.append(f"{column} = ?")
            values.append(value)
    where = " AND ".join(conditions)
    (total,) = db.execute(f"SELECT count(*) FROM item_versions WHERE {where}", values).fetchone()
    rows = db.execute(
        f"{SELECT} WHERE {where} ORDER BY valid_from DESC, item_versions.id LIMIT ? OFFSET ?", [*values, limit, offset]
    )
    return list({row["id"]: row for row in reversed(rows.fetchall())}.values())[::-1], total


def insert(db: sqlite3.Connection, columns: dict[str, Any]) -> None:
    """Add a row. Raises sqlite3.IntegrityError when the id has a version of that very millisecond."""
    store.insert(db, "item_versions", columns)


def end(db: sqlite3.Connection, row: sqlite3.Row, moment: int) -> None:
    """The row is current no longer."""
    db.execute("UPDATE item_versions SET valid_to = ? WHERE row = ?", (moment, row["row"]))


def bury(db: sqlite3.Connection, row: sqlite3.Row, now_ms: int) -> None:
    """End the row and leave a tombstone that keeps the id for its dataset."""
    moment = max(now_ms, row["valid_from"] + 1)
    end(db, row, moment)
    insert(db, {"id": row["id"], "dataset_id": row["dataset_id"], "is_deleted": 1, "valid_from": moment})


def to_api(row: sqlite3.Row) -> dict[str, Any]:
    """A row (with `dataset_name`) as the API shows it."""
    item = shown("item", row)
    may_refer = any("@@@langfuseMedia:" in (row[column] or "") for column in JSON_FIELDS.values())
    held = {field: item[field] for field in JSON_FIELDS} if may_refer else {}
    return item | {"mediaReferences": _references(held)}


def check_media(db: sqlite3.Connection, fields: dict[str, Any]) -> None:
    """Raises 400 for a token of a medium that nobody has uploaded.

    A medium is known here when a stored observation holds its token, because the SDK uploads the medium with it.
    """
    for _, _, token in _tokens(fields):
        found = db.execute(
            "SELECT 1 FROM observations WHERE instr(input, :token) OR instr(output, :token) OR instr(metadata, :token)",
            {"token": f"|id={token['id']}|"},
        ).fetchone()
        if found is None:
            raise invalid_request(f"Dataset item references unknown media: {token['id']}")


def _references(fields: dict[str, Any]) -> list[dict[str, Any]]:
    """The `mediaReferences` of an item as the API shows it. The sandbox keeps no media: their address leads nowhere."""
    return [
        {
            "field": field,
            "referenceString": token[0],
            "jsonPath": path,
            "media": {
                "mediaId": token["id"],
                "contentType": token["type"],
                "contentLength": 0,
                "url": f"http://localhost/media/{token['id']}",
                "urlExpiry": "2100-01-01T00:00:00.000Z",
            },
        }
        for field, path, token in _tokens(fields)
    ]


def _tokens(fields: dict[str, Any]) -> Iterator[tuple[str, str, re.Match[str]]]:
    for field, value in fields.items():
        held = [("$", value)]
        while held:
            path, one = held.pop()
            if isinstance(one, str) and (token := TOKEN.fullmatch(one)):
                yield field, path, token
            elif isinstance(one, dict):
                held += [(f"{path}[{json.dumps(key)}]", below) for key, below in one.items()]
            elif isinstance(one, list):
                held += [(f"{path}[{number}]", below) for number, below in enumerate(one)]
