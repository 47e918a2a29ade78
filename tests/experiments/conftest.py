"""A sandbox over real HTTP, with keys of its own: the SDK keeps one client per public key and process."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from curator.config import Connection
from curator.gateway import Gateway
from curator.sandbox.auth import Keys
from curator.sandbox.server import SandboxServer

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasting_workers: None) -> None:
    """Result files go to the test's folder; nothing of the caller's configuration is read."""
    monkeypatch.setenv("CURATOR_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("CURATOR_CONFIG", str(tmp_path / "config.toml"))
    for name in ("LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY", "LANGFUSE_BASE_URL", "LANGFUSE_HOST", "CURATOR_RULES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def keys() -> Iterator[Keys]:
    own = Keys(public=f"pk-lf-experiments-{next(_numbers)}")
    yield own
    close_sdk(own.public)


@pytest.fixture
def sandbox(keys: Keys) -> Iterator[SandboxServer]:
    with SandboxServer(keys=keys) as server:
        yield server


def connection_of(server: SandboxServer) -> Connection:
    return Connection(base_url=server.base_url, public_key=server.public_key, secret_key=SecretStr(server.secret_key))


@pytest.fixture
def connection(sandbox: SandboxServer) -> Connection:
    return connection_of(sandbox)


@pytest.fixture
def gateway(connection: Connection) -> Iterator[Gateway]:
    with Gateway(connection) as opened:
        yield opened


def close_sdk(public_key: str) -> None:
    """Stops the SDK's threads for this sandbox, as the end of a process would."""
    from langfuse import get_client
    from langfuse._client.resource_manager import LangfuseResourceManager

    if public_key in LangfuseResourceManager._instances:
        get_client(public_key=public_key).shutdown()
