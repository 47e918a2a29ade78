"""POST /api/public/otel/v1/traces: OTLP/HTTP, protobuf and JSON, gzip or plain."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox import observation_record
from curator.sandbox.otlp_decode import BadExport, decode
from curator.sandbox.otlp_map import to_record
from curator.sandbox.web import json_response, raw_body, store_of

SCHEMA = ""

NEWEST_INGESTION = 4


def export_traces(request: Request) -> Response:
    """Store every span as an observation; an export is taken whole or refused whole."""
    headers = request.headers
    try:
        spans = decode(raw_body(request), headers.get("content-type", ""), headers.get("content-encoding", ""))
    except BadExport as problem:
        return json_response({"error": str(problem)}, 400)
    version = headers.get("x-langfuse-ingestion-version")
    if spans and version and not (version.isdecimal() and int(version) <= NEWEST_INGESTION):
        sentence = f'Unsupported x-langfuse-ingestion-version: "{version}". Maximum supported: "{NEWEST_INGESTION}".'
        return json_response({"error": sentence}, 400)
    store = store_of(request)
    now_ms = int(store.now().timestamp() * 1000)
    lag_ms = int(request.app.state.settings.lag.observations * 1000)
    with store.write() as db:
        observation_record.insert(db, (to_record(span, now_ms, lag_ms) for span in spans))
    return json_response({})


routes = [Route("/api/public/otel/v1/traces", export_traces, methods=["POST"])]
