"""A sandbox over real HTTP and a raw client for it. One server for all tests, emptied before each."""

from collections.abc import Iterator

import httpx
import pytest

from curator.sandbox.gate import NO_LAG
from curator.sandbox.server import SandboxServer


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture(scope="session")
def client(running_sandbox: SandboxServer) -> Iterator[httpx.Client]:
    keys = (running_sandbox.public_key, running_sandbox.secret_key)
    with httpx.Client(base_url=running_sandbox.base_url, auth=keys, timeout=30) as session:
        yield session


@pytest.fixture
def sandbox(running_sandbox: SandboxServer, client: httpx.Client) -> SandboxServer:
    with running_sandbox.store.write() as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            db.execute(f"DELETE FROM {table}")
    settings = running_sandbox.settings
    for name in settings.faults.active():
        settings.faults.switch_off(name)
    settings.lag, settings.rate_limit = NO_LAG, None
    client.delete("/__sandbox__/requests").raise_for_status()
    return running_sandbox


@pytest.fixture
def http(sandbox: SandboxServer, client: httpx.Client) -> httpx.Client:
    """A raw client on an empty sandbox."""
    return client
