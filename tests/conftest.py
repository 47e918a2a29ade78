"""What every test shares: a home of its own, and the demo data as values and in a running sandbox nobody changes."""

import gc
import os
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage
from hypothesis import settings
from pydantic import SecretStr

from curator.config import Connection
from curator.gateway import Gateway
from curator.sandbox.demo import seed
from curator.sandbox.demo.data import DemoData, build
from curator.sandbox.server import SandboxServer
from tests.rooms import CORE

NOW = datetime(2026, 11, 22, 16, 3, 21, 456000, tzinfo=UTC)

CHILDREN = "COVERAGE_PROCESS_CONFIG"
"""What makes coverage trace the processes that are started."""

# Collecting the large heap of a test process at the default pace takes a fifth of the suite's time.
gc.set_threshold(100_000, 50, 50)

# The same examples in every run; `--hypothesis-profile default` looks for new ones.
settings.load_profile("ci")


def pytest_xdist_auto_num_workers() -> int:
    """Two workers more than cores: a good part of its time each waits for disks, sockets and deadlines."""
    return 2 + (os.cpu_count() or 1)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Each worker is traced thrice (as a child, and twice by pytest-cov 7), which takes its time: once is enough."""
    if (controller := tracing(session.config)) is not None:
        controller.pause()
        while (stray := Coverage.current()) is not None:
            stray.stop()
        controller.resume()


def tracing(config: pytest.Config) -> Any:
    """What starts and stops the coverage of this process; None without `--cov`."""
    return getattr(config.pluginmanager.getplugin("_cov"), "cov_controller", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cover-all", action="store_true", help="with --cov: trace the tests of every room")


def traced(item: pytest.Item) -> bool:
    """Whether this test counts for coverage: only those of rooms with a floor, as tracing doubles a test's time."""
    return item.config.getoption("cover_all") or item.path.relative_to(Path(__file__).parent).parts[0] in CORE


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tests that are not traced are not traced with all that they set up, the processes that they start included."""
    controller = tracing(item.config)
    if controller is None or traced(item):
        return (yield)
    controller.pause()
    children = os.environ.pop(CHILDREN, None)
    try:
        return (yield)
    finally:
        if children is not None:
            os.environ[CHILDREN] = children
        controller.resume()


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
