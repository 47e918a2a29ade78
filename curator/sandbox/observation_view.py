"""The row that `GET /api/public/v2/observations` shows of a stored observation, by field group."""

import json
import sqlite3

from curator.sandbox.observation_record import Row, iso, parse_raw
from curator.sandbox.projects import PROJECT_ID

# The columns that each field group needs beside the core.
CORE = ("trace_id", "id", "start_ms", "end_ms", "parent_id", "type", "completion_start_ms")
GROUPS: dict[str, tuple[str, ...]] = {
    "core": (),
    "basic": (
        "name",
        "level",
        "status_message",
        "version",
        "environment",
        "bookmarked",
        "public",
        "user_id",
        "session_id",
        "is_root",
    ),
    "time": ("created_ms", "updated_ms"),
    "io": ("input", "output"),
    "metadata": ("metadata",),
    "model": ("model", "model_id", "model_parameters", "input_price", "output_price", "total_price"),
    "usage": ("usage_details", "cost_details", "pricing_tier_id", "pricing_tier_name"),
    "prompt": ("prompt_id", "prompt_name", "prompt_version"),
    "metrics": (),
    "trace_context": ("trace_name", "release", "tags", "name", "is_root"),
}
METADATA_CUT = 200


def to_api(row: sqlite3.Row, groups: set[str], *, full_metadata: bool) -> Row:
    """The row that `GET /api/public/v2/observations` answers for the field groups asked for."""
    shown: Row = {
        "id": row["id"],
        "traceId": row["trace_id"],
        "startTime": iso(row["start_ms"]),
        "endTime": iso(row["end_ms"]),
        "projectId": PROJECT_ID,
        "parentObservationId": row["parent_id"] or None,
        "type": row["type"],
    }
    if "basic" in groups:
        shown |= {
            "name": row["name"],
            "level": row["level"],
            "statusMessage": row["status_message"],
            "version": row["version"],
            "environment": row["environment"],
        }
    if "time" in groups:
        shown["completionStartTime"] = iso(row["completion_start_ms"])
        shown["createdAt"] = iso(row["created_ms"])
        shown["updatedAt"] = iso(row["updated_ms"])
    if "io" in groups:
        shown["input"] = row["input"] or None
        shown["output"] = row["output"] or None
    if "metadata" in groups:
        cut = None if full_metadata else METADATA_CUT
        stored: dict[str, str] = json.loads(row["metadata"])
        shown["metadata"] = {name: parse_raw(value[:cut]) for name, value in stored.items()}
    shown |= _model(row, groups) | _usage(row, groups)
    if "prompt" in groups:
        shown["promptId"] = row["prompt_id"]
        shown["promptName"] = row["prompt_name"]
        shown["promptVersion"] = row["prompt_version"]
    shown["latency"] = _seconds(row["start_ms"], row["end_ms"], "metrics" in groups)
    shown["timeToFirstToken"] = _seconds(row["start_ms"], row["completion_start_ms"], "metrics" in groups)
    if "basic" in groups:
        shown |= {
            "userId": row["user_id"],
            "sessionId": row["session_id"],
            "isRootObservation": bool(row["is_root"]),
            "bookmarked": bool(row["bookmarked"]),
            "public": bool(row["public"]),
        }
    if "trace_context" in groups:
        shown["traceName"] = row["trace_name"] or (row["name"] if row["is_root"] else None) or None
        shown["release"] = row["release"]
        shown["tags"] = json.loads(row["tags"])
    return shown | _prices(row, groups)


def _model(row: sqlite3.Row, groups: set[str]) -> Row:
    if "model" not in groups:
        return {}
    parameters = row["model_parameters"]
    return {
        "model": row["model"],
        "internalModelId": row["model_id"],
        "modelParameters": parse_raw(parameters) if parameters else None,
    }


def _prices(row: sqlite3.Row, groups: set[str]) -> Row:
    # These four are on every row; only the group `model` fills them.
    if "model" not in groups:
        return {"modelId": None, "inputPrice": None, "outputPrice": None, "totalPrice": None}
    return {
        "modelId": row["model_id"] or None,
        "inputPrice": row["input_price"],
        "outputPrice": row["output_price"],
        "totalPrice": row["total_price"],
    }


def _usage(row: sqlite3.Row, groups: set[str]) -> Row:
    if "usage" not in groups:
        return {}
    usage: dict[str, float] = json.loads(row["usage_details"])
    cost: dict[str, float] = json.loads(row["cost_details"])
    return {
        "usageDetails": usage,
        "inputUsage": _sum(usage, "input") or 0,
        "outputUsage": _sum(usage, "output") or 0,
        "totalUsage": usage.get("total", 0),
        "costDetails": cost,
        "inputCost": _sum(cost, "input"),
        "outputCost": _sum(cost, "output"),
        "totalCost": cost.get("total", 0),
        "usagePricingTierId": row["pricing_tier_id"],
        "usagePricingTierName": row["pricing_tier_name"],
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
