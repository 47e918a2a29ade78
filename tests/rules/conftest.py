"""The demo data, once as values and once in a running sandbox that nobody changes."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from curator.config import Connection
from curator.gateway import Gateway
from curator.sandbox.demo import seed
from curator.sandbox.demo.data import DemoData, build
from curator.sandbox.server import SandboxServer

NOW = datetime(2026, 11, 22, 16, 3, 21, 456000, tzinfo=UTC)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def demo() -> DemoData:
    return build(NOW)


@pytest.fixture(scope="session")
def demo_server() -> Iterator[SandboxServer]:
    with SandboxServer(clock=lambda: NOW) as server:
        seed(server.store, NOW)
        yield server


@pytest.fixture(scope="session")
def demo_gateway(demo_server: SandboxServer) -> Iterator[Gateway]:
    gateway = Gateway(
        Connection(
            base_url=demo_server.base_url,
            public_key=demo_server.public_key,
            secret_key=SecretStr(demo_server.secret_key),
        )
    )
    yield gateway
    gateway.close()
