"""A sandbox over real HTTP with the real SDK, and a tiny server that answers wrongly."""

from collections.abc import Iterator

import pytest

from curator.config import Connection
from curator.gateway import Gateway
from curator.sandbox.server import SandboxServer
from tests.gateway.servers import Answering, connection_to


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def connection(sandbox: SandboxServer) -> Connection:
    return connection_to(sandbox.base_url, public=sandbox.public_key, secret=sandbox.secret_key)


@pytest.fixture
def gateway(connection: Connection) -> Iterator[Gateway]:
    with Gateway(connection) as opened:
        yield opened


@pytest.fixture
def answering() -> Iterator[Answering]:
    with Answering().running() as server:
        yield server
