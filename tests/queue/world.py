"""Invented traces, scores and annotation-queue entries on a sandbox, and rules to look at them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from curator.gateway import Gateway
from curator.model import Queue, Rule
from curator.queue import Window, find_failures
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer

NOW = datetime.now(UTC).replace(microsecond=0)
WEEK = Window(since=NOW - timedelta(days=7), until=NOW + timedelta(hours=1))
SHAPE: dict[str, Any] = {"schema": {"type": "object"}}


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def rule(*signals: dict[str, Any], name: str = "rule", dataset: str = "regression", **filters: Any) -> Rule:
    return Rule.model_validate(
        {
            "rule": name,
            "dataset": {"name": dataset},
            "queue": {"signals": list(signals), "filters": filters},
            "input": SHAPE,
            "expected_output": SHAPE,
            "lineage": {"failure_types": ["wrong"], "rubric": "r"},
        }
    )


class World:
    """A sandbox to fill, and the gateway that looks at it."""

    def __init__(self, sandbox: SandboxServer, gateway: Gateway, folder: Path) -> None:
        self.sandbox = sandbox
        self.gateway = gateway
        self._folder = folder
        self._rows: list[dict[str, Any]] = []
        self._scores = 0

    def trace(self, id: str, hours: float = 2, **fields: Any) -> str:
        """A root observation; returns the trace's id."""
        return self.observation(id, f"{id}-root", hours, **fields)

    def observation(self, trace: str, id: str, hours: float = 2, **fields: Any) -> str:
        times = {"startTime": ago(hours).isoformat(), "endTime": (ago(hours) + timedelta(seconds=3)).isoformat()}
        base = {"id": id, "traceId": trace, "type": "SPAN", "name": id, "parentObservationId": None}
        self._rows.append(base | times | fields)
        return trace

    def score(self, on: str | dict[str, str], name: str, value: Any, hours: float = 1, **fields: Any) -> str:
        """A score; its type follows from the value. Returns its id."""
        self._scores += 1
        kind = {bool: "BOOLEAN", str: "CATEGORICAL"}.get(type(value), "NUMERIC")
        subject = {"kind": "trace", "id": on} if isinstance(on, str) else on
        base = {"id": f"score-{self._scores}", "name": name, "value": value, "dataType": kind, "source": "EVAL"}
        self._rows.append(base | {"timestamp": ago(hours).isoformat(), "subject": subject} | fields)
        return f"score-{self._scores}"

    def load(self) -> None:
        file = self._folder / "rows.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in self._rows))
        self._rows.clear()
        report = load_files(self.sandbox.store, [file])
        assert report.bad_total == 0, report.bad

    def queue(self, name: str, *objects: tuple[str, str]) -> str:
        """An annotation queue with open entries (type, id); returns its id."""
        config = self.send("POST", "/api/public/score-configs", {"name": f"for {name}", "dataType": "BOOLEAN"})["id"]
        made = self.send("POST", "/api/public/annotation-queues", {"name": name, "scoreConfigIds": [config]})["id"]
        for kind, id in objects:
            self.send("POST", f"/api/public/annotation-queues/{made}/items", {"objectType": kind, "objectId": id})
        return str(made)

    def send(self, method: str, path: str, body: Any = None) -> Any:
        auth = (self.sandbox.public_key, self.sandbox.secret_key)
        answer = httpx.request(method, self.sandbox.base_url + path, json=body, auth=auth)
        assert answer.is_success, answer.text
        return answer.json()

    def look(self, *rules: Rule, window: Window = WEEK, **options: Any) -> Queue:
        """What `find_failures` finds, after a check of what is always true of it."""
        self.load()
        before = self.gateway.requests
        found = find_failures(self.gateway, rules, window, **options)
        assert found.total == len(found.failures) + found.hidden
        assert found.fetched >= len(found.failures)
        assert found.requests == self.gateway.requests - before
        assert len({one.key for one in found.failures}) == len(found.failures)
        assert found.fetched >= found.total
        times = [one.timestamp for one in found.failures if one.timestamp]
        assert times == sorted(times, reverse=True)
        return found


def ids(found: Queue) -> list[str]:
    return sorted(one.key for one in found.failures)
