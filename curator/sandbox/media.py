"""Media that dataset items refer to: a string that *is* a token names a medium, which has to be known.

Measured on 4.16: an unknown id is refused with 400; a token inside of a longer text, or a data URI, is text. What a
known one looks like in an answer is read from the SDK's models. A medium is known here when a stored observation holds
its token, because the SDK uploads the medium with it.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from curator.sandbox.errors import invalid_request

TOKEN = re.compile(r"@@@langfuseMedia:type=(?P<type>[^|@]+)\|id=(?P<id>[^|@]+)\|source=[^|@]+@@@")


def check(db: sqlite3.Connection, fields: dict[str, Any]) -> None:
    """Raises 400 for a token of a medium that nobody has uploaded."""
    for _, _, token in _tokens(fields):
        found = db.execute(
            "SELECT 1 FROM observations WHERE instr(input, :token) OR instr(output, :token) OR instr(metadata, :token)",
            {"token": f"|id={token['id']}|"},
        ).fetchone()
        if found is None:
            raise invalid_request(f"Dataset item references unknown media: {token['id']}")


def references(fields: dict[str, Any]) -> list[dict[str, Any]]:
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
