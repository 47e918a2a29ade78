"""A sandbox over real HTTP and a raw client for it. One server for all tests, emptied before each."""

from collections.abc import Iterator

import httpx
import pytest

from curator.sandbox.server import SandboxServer
from curator.sandbox.settings import NO_LAG


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: SandboxServer) -> SandboxServer:
    with running_sandbox.store.write() as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            db.execute(f"DELETE FROM {table}")
    settings = running_sandbox.settings
    for name in settings.faults.active():
        settings.faults.switch_off(name)
    settings.lag, settings.rate_limit = NO_LAG, None
    httpx.delete(f"{running_sandbox.base_url}/__sandbox__/requests").raise_for_status()
    return running_sandbox


@pytest.fixture
def http(sandbox: SandboxServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.base_url, auth=(sandbox.public_key, sandbox.secret_key)) as client:
        yield client
