"""Schemathesis over the sandbox's own OpenAPI description: no 5xx but those that Langfuse was seen to give."""

from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings

from curator.sandbox.app import resource_modules
from curator.sandbox.server import SandboxServer
from tests.sandbox.openapi import describe

# The details of every 500 in the recordings, and that of Node's `decodeURIComponent`.
RECORDED = {
    "Maximum call stack size exceeded",
    "unsupported Unicode escape sequence",
    "An unknown error occurred",
    "URI malformed",
}
DATASET, ITEM = "fuzz", "fuzz-1"
# The routes that a v4 server has retired answer one fixed sentence each; there is nothing to find.
MODULES = [module for module in resource_modules() if not module.__name__.endswith(".legacy")]
DOCUMENT = describe([route for module in MODULES for route in module.routes])


def with_known_names(document: dict[str, Any], known: dict[str, str]) -> dict[str, Any]:
    """The document where a parameter or field may also be one that exists, so that requests get past the look-up."""
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if parameter["name"] in known:
                    parameter["schema"] = {"anyOf": [{"const": known[parameter["name"]]}, {"type": "string"}]}
            content = operation.get("requestBody", {}).get("content", {})
            properties = content.get("application/json", {}).get("schema", {}).get("properties", {})
            for name in properties.keys() & known.keys():
                properties[name] = {"anyOf": [{"const": known[name]}, properties[name]]}
    return document


schema = schemathesis.openapi.from_dict(
    with_known_names(DOCUMENT, {"datasetName": DATASET, "id": ITEM, "name": DATASET, "traceId": "0" * 32})
)


@pytest.fixture(scope="module")
def server() -> Any:
    with SandboxServer() as running:
        keys = (running.public_key, running.secret_key)
        with httpx.Client(base_url=running.base_url, auth=keys) as client:
            client.post("/api/public/v2/datasets", json={"name": DATASET}).raise_for_status()
            item = {"datasetName": DATASET, "id": ITEM, "input": {"q": 1}, "sourceTraceId": "0" * 32}
            client.post("/api/public/dataset-items", json=item).raise_for_status()
        yield running


def holds(case: Any, server: SandboxServer) -> None:
    response = case.call(base_url=server.base_url, auth=(server.public_key, server.secret_key))
    if response.status_code < 500:
        return
    body = response.json()  # an unforeseen exception answers plain text and fails here
    assert response.status_code == 500
    assert body["message"] == "Internal Server Error"
    assert body["error"] in RECORDED


QUICK = settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@schema.parametrize()
@QUICK
def test_no_unrecorded_server_error(case: Any, server: SandboxServer) -> None:
    holds(case, server)


@pytest.mark.slow
@schema.parametrize()
@settings(QUICK, max_examples=300, derandomize=False)
def test_no_unrecorded_server_error_for_long(case: Any, server: SandboxServer) -> None:
    holds(case, server)
