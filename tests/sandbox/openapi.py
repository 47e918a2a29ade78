"""The sandbox's own OpenAPI description, `GET /__sandbox__/openapi.json`: what it accepts, route by route."""

import re
from typing import Any

from starlette.routing import Route

Json = dict[str, Any]

PAGE = "page:integer limit:integer"
TIMES = "fromStartTime:date-time toStartTime:date-time"

# Query parameters per operation, as `name` (a string) or `name:type`.
QUERIES = {
    "GET /api/public/v2/datasets": PAGE,
    "GET /api/public/dataset-items": f"datasetName sourceTraceId sourceObservationId version:date-time {PAGE}",
    "GET /api/public/v2/observations": (
        "fields expandMetadata limit:integer cursor parseIoAsJson filter type name userId sessionId level traceId "
        f"version parentObservationId isRootObservation:boolean environment {TIMES}"
    ),
    "GET /api/public/v3/scores": (
        "fields limit:integer cursor id name source dataType value valueMin:number valueMax:number traceId "
        "observationId sessionId experimentId environment configId queueId authorUserId fromTimestamp:date-time "
        "toTimestamp:date-time"
    ),
    "GET /api/public/score-configs": PAGE,
    "GET /api/public/annotation-queues": PAGE,
    "GET /api/public/annotation-queues/{queue_id}/items": f"status {PAGE}",
    "GET /api/public/comments": f"objectType objectId authorUserId {PAGE}",
    "GET /api/public/experiments": f"fields limit:integer scoreLimit:integer cursor id name datasetId filter {TIMES}",
    "GET /api/public/experiment-items": (
        "fields limit:integer scoreLimit:integer cursor experimentId experimentName experimentItemId datasetId filter "
        f"{TIMES}"
    ),
}

TEXT: Json = {"type": "string"}
MAYBE: Json = {"type": ["string", "null"]}
ANY: Json = {}


def _object(required: str, **properties: Json) -> Json:
    return {"type": "object", "required": required.split(), "properties": properties}


def _one_of(*values: str) -> Json:
    return {"type": ["string", "null"], "enum": [*values, None]}


SCORE = _object(
    "name value",
    id=MAYBE,
    name=TEXT,
    value={"type": ["number", "string"]},
    dataType=_one_of("NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT", "CORRECTION"),
    traceId=MAYBE,
    observationId=MAYBE,
    sessionId=MAYBE,
    comment=MAYBE,
    configId=MAYBE,
    metadata=ANY,
    environment=TEXT,
)
BODIES = {
    "POST /api/public/v2/datasets": _object(
        "name",
        name=TEXT,
        description=MAYBE,
        metadata=ANY,
        inputSchema={"type": ["object", "null"]},
        expectedOutputSchema={"type": ["object", "null"]},
    ),
    "POST /api/public/dataset-items": _object(
        "datasetName",
        datasetName=TEXT,
        id={"type": ["string", "null"], "maxLength": 255},
        input=ANY,
        expectedOutput=ANY,
        metadata=ANY,
        sourceTraceId=MAYBE,
        sourceObservationId=MAYBE,
        status=_one_of("ACTIVE", "ARCHIVED"),
    ),
    "POST /api/public/scores": {"anyOf": [SCORE, {"type": "array", "items": SCORE}]},
    "POST /api/public/score-configs": _object(
        "name dataType",
        name=TEXT,
        dataType=_one_of("NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT"),
        categories={"type": ["array", "null"], "items": _object("label value", label=TEXT, value={"type": "number"})},
        minValue={"type": ["number", "null"]},
        maxValue={"type": ["number", "null"]},
        description=MAYBE,
    ),
    "POST /api/public/annotation-queues": _object(
        "name scoreConfigIds", name=TEXT, description=MAYBE, scoreConfigIds={"type": "array", "items": TEXT}
    ),
    "POST /api/public/annotation-queues/{queue_id}/items": _object(
        "objectId objectType",
        objectId=TEXT,
        objectType=_one_of("TRACE", "OBSERVATION", "SESSION"),
        status=_one_of("PENDING", "COMPLETED"),
    ),
    "PATCH /api/public/annotation-queues/{queue_id}/items/{item_id}": _object(
        "", status=_one_of("PENDING", "COMPLETED")
    ),
    "POST /api/public/comments": _object(
        "projectId objectType objectId content",
        projectId=TEXT,
        objectType=_one_of("TRACE", "OBSERVATION", "SESSION", "PROMPT"),
        objectId=TEXT,
        content=TEXT,
        authorUserId=MAYBE,
    ),
    "POST /api/public/otel/v1/traces": {"type": "object", "properties": {"resourceSpans": {"type": "array"}}},
    "PUT /__sandbox__/faults/{name}": _object("", arg=MAYBE),
}


def describe(routes: list[Route]) -> Json:
    """The OpenAPI 3.1 document of the routes."""
    paths: Json = {}
    for route in routes:
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            paths.setdefault(path, {})[method.lower()] = _operation(f"{method} {path}", route)
    return {
        "openapi": "3.1.0",
        "info": {"title": "curator sandbox", "version": "4.16.0", "summary": "Answers as Langfuse 4.16.0 does."},
        "security": [{"keys": []}],
        "components": {"securitySchemes": {"keys": {"type": "http", "scheme": "basic"}}},
        "paths": paths,
    }


def _operation(name: str, route: Route) -> Json:
    path_names = re.findall(r"\{(\w+)\}", name)
    parameters = [{"name": each, "in": "path", "required": True, "schema": TEXT} for each in path_names]
    for each in QUERIES.get(name, "").split():
        key, _, kind = each.partition(":")
        parameters.append({"name": key, "in": "query", "required": False, "schema": _type(kind)})
    operation: Json = {
        "operationId": name,
        "summary": (route.endpoint.__doc__ or "").strip().partition("\n")[0],
        "parameters": parameters,
        "responses": {"200": {"description": "As Langfuse answers."}, "default": {"description": "A refusal."}},
    }
    if name in BODIES:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": BODIES[name]}}}
    return operation


def _type(kind: str) -> Json:
    return {"type": "string", "format": kind} if kind == "date-time" else {"type": kind or "string"}
