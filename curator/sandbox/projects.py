"""Health and the one project of the sandbox."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from curator.sandbox.web import json_response

VERSION = "4.59.0"  # the first that takes lists of scores, as this one does; the rest was measured on 4.16.0
PROJECT_ID = "curator-sandbox"

SCHEMA = ""


def health(_: Request) -> Response:
    """The version of the oldest server that answers alike."""
    return json_response({"status": "OK", "version": VERSION})


def projects(_: Request) -> Response:
    """The project that the keys belong to."""
    organization = {"id": "curator-sandbox-org", "name": "Curator"}
    project = {"id": PROJECT_ID, "name": "Curator sandbox", "organization": organization, "metadata": {}}
    return json_response({"data": [project]})


routes = [
    Route("/api/public/health", health, methods=["GET"]),
    Route("/api/public/ready", health, methods=["GET"]),
    Route("/api/public/projects", projects, methods=["GET"]),
]
