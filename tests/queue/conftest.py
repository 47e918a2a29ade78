from collections.abc import Iterator
from pathlib import Path

import pytest

from curator.gateway import Gateway
from curator.sandbox.server import SandboxServer
from tests.gateway.servers import Answering, connection_to
from tests.queue.world import World


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def gateway(sandbox: SandboxServer) -> Iterator[Gateway]:
    connection = connection_to(sandbox.base_url, public=sandbox.public_key, secret=sandbox.secret_key)
    with Gateway(connection) as opened:
        yield opened


@pytest.fixture
def world(sandbox: SandboxServer, gateway: Gateway, tmp_path: Path) -> World:
    return World(sandbox, gateway, tmp_path)


@pytest.fixture
def answering() -> Iterator[Answering]:
    with Answering().running() as server:
        yield server
