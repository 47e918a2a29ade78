"""Health, the one project of the sandbox, and what a v4 server no longer answers or the sandbox does not keep."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox.errors import ApiError, invalid_data
from curator.sandbox.fields import PROJECT_ID
from curator.sandbox.issues import UNDEFINED, invalid_type
from curator.sandbox.query import Reader, page_meta, pagination
from curator.sandbox.store import TABLES
from curator.sandbox.web import json_response

VERSION = "4.59.0"  # the first that takes lists of scores, as this one does; the rest was measured on 4.16.0


def health(_: Request) -> Response:
    """The version of the oldest server that answers alike."""
    return json_response({"status": "OK", "version": VERSION})


def projects(_: Request) -> Response:
    """The project that the keys belong to."""
    organization = {"id": "curator-sandbox-org", "name": "Curator"}
    project = {"id": PROJECT_ID, "name": "Curator sandbox", "organization": organization, "metadata": {}}
    return json_response({"data": [project]})


GONE = (
    "This endpoint is not available on deployments running in Langfuse v4 events_only mode. "
    "Learn more about Langfuse v4 at: https://langfuse.com/docs/v4"
)


def gone(_: Request) -> Response:
    """404 with the sentence that tells a v3 endpoint from an unknown path."""
    raise ApiError(404, {"message": GONE})


def empty(request: Request) -> Response:
    """An empty page: the sandbox keeps no prompts, and knows no models and prices, so it computes no costs."""
    reader = Reader(request)
    page, limit = pagination(reader)
    reader.raise_issues()
    if not request.url.path.endswith("/prompts"):
        return json_response({"data": [], "meta": page_meta(page, limit, 0)})
    meta = page_meta(page, limit if reader.given.get("limit") else 10, 0)
    return json_response({"data": [], "meta": meta, "pagination": meta})


def metrics(request: Request) -> Response:
    """The metrics API needs a query; the sandbox refuses one that is there, as it computes no metrics."""
    if "query" not in request.query_params:
        raise invalid_data([invalid_type(["query"], "string", UNDEFINED)])
    raise ApiError(501, {"message": "The sandbox does not compute metrics."})


routes = [
    Route("/api/public/health", health, methods=["GET"]),
    Route("/api/public/ready", health, methods=["GET"]),
    Route("/api/public/projects", projects, methods=["GET"]),
    *(Route(f"/api/public{path}", gone, methods=methods) for path, methods in TABLES["gone"].items()),
    Route("/api/public/models", empty, methods=["GET"]),
    Route("/api/public/v2/prompts", empty, methods=["GET"]),
    Route("/api/public/v2/metrics", metrics, methods=["GET"]),
]
