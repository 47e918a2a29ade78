"""A sandbox over real HTTP, its raw client, and the real SDK on top of it."""

import json
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langfuse import Langfuse
from langfuse.api import LangfuseAPI

from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer

Row = dict[str, Any]
SHARED = Path(__file__).parents[4] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The recordings and traces that lie beside the project on the machine where it is built."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside the project: recordings of a real server are not part of it")
    return SHARED


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


def client_of(sandbox: SandboxServer) -> httpx.Client:
    return httpx.Client(base_url=f"{sandbox.base_url}/api/public", auth=(sandbox.public_key, sandbox.secret_key))


@pytest.fixture
def web(sandbox: SandboxServer) -> Iterator[httpx.Client]:
    """A raw client whose paths start below /api/public."""
    with client_of(sandbox) as client:
        yield client


@pytest.fixture
def api(sandbox: SandboxServer) -> LangfuseAPI:
    return LangfuseAPI(base_url=sandbox.base_url, username=sandbox.public_key, password=sandbox.secret_key)


@pytest.fixture
def langfuse(sandbox: SandboxServer) -> Iterator[Langfuse]:
    """The whole SDK. It keeps one client per public key, and any public key is accepted: each test brings its own."""
    names = [name for name in os.environ if name.startswith(("LANGFUSE_", "OTEL_"))]
    assert not names, f"the environment would change the SDK: {names}"
    client = Langfuse(
        public_key=f"pk-lf-{uuid.uuid4()}", secret_key=sandbox.secret_key, base_url=sandbox.base_url, timeout=20
    )
    yield client
    client.shutdown()


@pytest.fixture
def store_rows(sandbox: SandboxServer, tmp_path: Path) -> Callable[[list[Row]], None]:
    """Load rows in the shape of the APIs."""

    def load(rows: list[Row]) -> None:
        file = tmp_path / f"{uuid.uuid4()}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        report = load_files(sandbox.store, [file])
        assert report.bad_total == 0, report.bad

    return load


def observation(number: int, **fields: Any) -> Row:
    """A row as the observations API answers it; its trace and time follow from the number."""
    return {
        "id": f"{number:016x}",
        "traceId": f"{number // 3:032x}",
        "startTime": f"2026-11-01T10:{number // 60 % 60:02d}:{number % 60:02d}.000Z",
        "endTime": None,
        "parentObservationId": None if number % 3 == 0 else f"{number - number % 3:016x}",
        "type": "AGENT" if number % 3 == 0 else "GENERATION",
        "name": f"step-{number % 5}",
        **fields,
    }


def issues(answer: httpx.Response) -> list[Row]:
    """The issues of a 400 about wrong data."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["message"] == "Invalid request data"
    found: list[Row] = body["error"]
    return found


def refusal(answer: httpx.Response) -> str:
    """The sentence of a 400."""
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert body["error"] == "InvalidRequestError"
    return str(body["message"])


@pytest.fixture
def helpers() -> Any:
    """The functions above, for test modules (which import nothing from each other)."""

    class Helpers:
        observation = staticmethod(observation)
        issues = staticmethod(issues)
        refusal = staticmethod(refusal)
        client_of = staticmethod(client_of)

    return Helpers
