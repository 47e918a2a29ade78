"""Writes down what happened as the rows that Langfuse's API answers: observations, scores, comments, queue entries."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

from curator.sandbox.fields import PROJECT_ID
from tests.demo.maker.steps import Step

Row = dict[str, Any]

AGENT_VERSION = "3.8.1"
# US dollars per million tokens (input, output): the order of magnitude of list prices, not a price list.
PRICES = {
    "gpt-4.1": (2.0, 8.0),
    "gpt-4.1-mini": (0.4, 1.6),
    "claude-sonnet-4-5": (3.0, 15.0),
    "text-embedding-3-small": (0.02, 0.0),
}
# Seconds that a step of a type usually takes.
_USUAL = {
    "GENERATION": (0.7, 3.2),
    "TOOL": (0.08, 0.9),
    "RETRIEVER": (0.05, 0.4),
    "EMBEDDING": (0.04, 0.2),
    "GUARDRAIL": (0.02, 0.15),
}


@dataclass(frozen=True)
class Recorded:
    """A trace that was written down."""

    trace_id: str
    root_id: str
    name: str
    session_id: str | None
    ended: datetime
    environment: str


class Recorder:
    """Collects rows. Every id and every number is a function of the seed and the key that is given."""

    def __init__(self, now: datetime, seed: str) -> None:
        self.now = now.astimezone(UTC).replace(microsecond=now.microsecond // 1000 * 1000)
        self.seed = seed
        self.observations: list[Row] = []
        self.scores: list[Row] = []
        self.comments: list[Row] = []
        self.queue_entries: list[Row] = []

    def random(self, *key: str) -> Random:
        """Random numbers of their own for one purpose, so that a new trace does not change the others."""
        return Random("/".join((self.seed, *key)))

    def hex_id(self, length: int, *key: str) -> str:
        """A stable id of hexadecimal digits, as OpenTelemetry's trace (32) and span (16) ids."""
        return sha256("/".join((self.seed, *key)).encode()).hexdigest()[:length]

    def uuid(self, *key: str) -> str:
        """A stable id in the form of a UUID."""
        return str(uuid.UUID(self.hex_id(32, *key), version=4))

    def trace(
        self,
        name: str,
        key: str,
        at: datetime,
        *,
        input: Any,
        output: Any,
        steps: Sequence[Step],
        type: str = "AGENT",
        user_id: str | None = None,
        session_id: str | None = None,
        tags: Sequence[str] = (),
        metadata: dict[str, str] | None = None,
        environment: str = "production",
        level: str = "DEFAULT",
        status: str | None = None,
    ) -> Recorded:
        """Writes one trace: a root with `steps` below it, one after the other."""
        random = self.random("trace", name, key)
        trace_id = self.hex_id(32, "trace", name, key)
        year, week, _ = at.isocalendar()
        common: Row = {
            "projectId": PROJECT_ID,
            "traceId": trace_id,
            "traceName": name,
            "userId": user_id,
            "sessionId": session_id,
            "tags": list(tags),
            "release": f"{year}.{week:02d}",
            "version": AGENT_VERSION,
            "environment": environment,
            "bookmarked": False,
            "public": False,
        }
        root = Step(type, name, input, output, level=level, status=status, metadata=metadata or {}, children=(*steps,))
        ended = self._write(root, at, None, common, random, (name, key))
        return Recorded(trace_id, self.hex_id(16, "observation", name, key), name, session_id, ended, environment)

    def _write(
        self, step: Step, at: datetime, parent: str | None, common: Row, random: Random, key: tuple[str, ...]
    ) -> datetime:
        observation_id = self.hex_id(16, "observation", *key)
        position = len(self.observations)
        clock = at + timedelta(milliseconds=random.randint(2, 30))
        for index, child in enumerate(step.children):
            clock = self._write(child, clock, observation_id, common, random, (*key, f"{index}"))
            clock += timedelta(milliseconds=random.randint(1, 25))
        if not step.children:
            low, high = _USUAL.get(step.type, (0.02, 0.2))
            seconds = step.seconds if step.seconds is not None else random.uniform(low, high)
            clock = at + timedelta(milliseconds=round(seconds * 1000))
        first = (clock - at) * random.uniform(0.15, 0.5) if step.type == "GENERATION" else None
        row = common | {
            "id": observation_id,
            "type": step.type,
            "name": step.name,
            "parentObservationId": parent,
            "isRootObservation": parent is None,
            "startTime": iso(at),
            "endTime": iso(clock),
            "createdAt": iso(clock),
            "updatedAt": iso(clock),
            "completionStartTime": None if first is None else iso(at + first),
            "timeToFirstToken": None if first is None else round(first.total_seconds(), 3),
            "latency": round((clock - at).total_seconds(), 3),
            "level": step.level,
            "statusMessage": step.status,
            "input": _raw(step.input),
            "output": _raw(step.output),
            "metadata": dict(step.metadata),
            **_model(step),
        }
        self.observations.insert(position, row)
        return clock

    def score(
        self,
        of: Recorded,
        name: str,
        value: float | bool | str,
        kind: str,
        source: str,
        *,
        after: timedelta,
        comment: str | None = None,
        author: str | None = None,
        config: str | None = None,
        queue: str | None = None,
        subject: Row | None = None,
        metadata: dict[str, str] | None = None,
    ) -> None:
        """Writes one score of a trace, or of `subject` (as the API shows it). It never lies in the future."""
        subject = subject or {"kind": "trace", "id": of.trace_id}
        at = iso(min(of.ended + after, self.now - timedelta(seconds=30)))
        self.scores.append(
            {
                "id": self.uuid("score", name, kind, str(subject["id"]), source, author or ""),
                "projectId": PROJECT_ID,
                "name": name,
                "value": value,
                "dataType": kind,
                "source": source,
                "timestamp": at,
                "createdAt": at,
                "updatedAt": at,
                "environment": of.environment,
                "comment": comment,
                "configId": config,
                "metadata": metadata or {},
                "authorUserId": author,
                "queueId": queue,
                "subject": subject,
            }
        )

    def comment(self, kind: str, object_id: str, text: str, *, author: str, at: datetime) -> None:
        """Writes a comment on a TRACE, OBSERVATION or SESSION."""
        moment = iso(min(at, self.now - timedelta(seconds=30)))
        self.comments.append(
            {
                "id": self.uuid("comment", object_id, text),
                "projectId": PROJECT_ID,
                "objectType": kind,
                "objectId": object_id,
                "content": text,
                "authorUserId": author,
                "createdAt": moment,
                "updatedAt": moment,
            }
        )

    def enqueue(self, queue_id: str, kind: str, object_id: str, status: str, *, at: datetime) -> None:
        """Writes an entry of an annotation queue; the same object may be listed again."""
        moment = min(at, self.now - timedelta(seconds=45))
        done = iso(min(moment + timedelta(hours=5), self.now - timedelta(seconds=30)))
        self.queue_entries.append(
            {
                "id": self.uuid("entry", queue_id, object_id, str(len(self.queue_entries))),
                "queueId": queue_id,
                "objectId": object_id,
                "objectType": kind,
                "status": status,
                "createdAt": iso(moment),
                "updatedAt": done if status == "COMPLETED" else iso(moment),
                "completedAt": done if status == "COMPLETED" else None,
            }
        )


def iso(moment: datetime) -> str:
    """Langfuse's way to write a time: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _raw(value: Any) -> str | None:
    """An input or output as the SDK sends it: text as it is, anything else as JSON text."""
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _model(step: Step) -> Row:
    if step.model is None:
        return {"model": None, "modelParameters": None, "usageDetails": {}, "costDetails": {}, "totalCost": None}
    tokens = {"input": _tokens(step.input), "output": _tokens(step.output)}
    prices = PRICES[step.model]
    cost = {
        side: round(count * price / 1_000_000, 8) for (side, count), price in zip(tokens.items(), prices, strict=True)
    }
    return {
        "model": step.model,
        "modelParameters": {"temperature": 0.2} if step.type == "GENERATION" else None,
        "usageDetails": tokens | {"total": sum(tokens.values())},
        "costDetails": cost | {"total": round(sum(cost.values()), 8)},
        "totalCost": round(sum(cost.values()), 8),
        "promptName": step.prompt,
        "promptVersion": None if step.prompt is None else 14,
    }


def _tokens(value: Any) -> int:
    """About four characters are a token."""
    return max(1, len(_raw(value) or "") // 4)
