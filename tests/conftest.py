"""What every test shares: a home of its own, and the demo data as values and in a running sandbox nobody changes."""

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from curator.config import Connection
from curator.gateway import Gateway
from curator.sandbox.demo import seed
from curator.sandbox.demo.data import DemoData, build
from curator.sandbox.server import SandboxServer
from tests.rooms import CORE

NOW = datetime(2026, 11, 22, 16, 3, 21, 456000, tzinfo=UTC)

# Collecting the large heap of a test process at the default pace takes a fifth of the suite's time.
gc.set_threshold(100_000, 50, 50)


def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: a good part of its time each waits for disks, sockets and deadlines."""
    return 1 + (os.cpu_count() or 1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cover-all", action="store_true", help="with --cov: trace the tests of every room")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only tests of the rooms that have a coverage floor are traced: it doubles their time."""
    if config.getoption("cover_all"):
        return
    for item in items:
        if item.path.relative_to(Path(__file__).parent).parts[0] not in CORE:
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(autouse=True)
def uncovered_children(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not traced starts no traced child either."""
    if request.node.get_closest_marker("no_cover"):
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings, the journal or the keys of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(("LANGFUSE_", "CURATOR_")):
            monkeypatch.delenv(name)
    home: Path = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("CURATOR_STATE_DIR", str(home / "state"))
    monkeypatch.setenv("CURATOR_CONFIG", str(home / "config.toml"))


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
