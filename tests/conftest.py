"""What every test shares: a home of its own, and the demo data as values and in a running sandbox nobody changes."""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import click
import pytest
from coverage import Coverage
from httpx._config import create_ssl_context
from hypothesis import settings
from jsonschema import Draft202012Validator
from pydantic import SecretStr

from curator import rulebook
from curator.cli import output
from curator.config import Connection
from curator.gateway import Gateway
from curator.help import described_commands, output_schema
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from curator.scrub import Limits, Scrubber
from tests.demo.truth import DemoData, build
from tests.rooms import CORE

NOW = datetime(2026, 11, 22, 16, 3, 21, 456000, tzinfo=UTC)

CHILDREN = "COVERAGE_PROCESS_CONFIG"
"""What makes coverage trace the processes that are started."""

# Tests start hundreds of processes, which are to read modules as compiled once, also where somebody switched that off.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The type checker takes longest of all: begun last, it would keep one core busy and leave the others idle."""
    items.sort(key=lambda item: item.path.name != "test_quality.py")


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


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """Every client reads all certificates of the machine anew, which costs more than most requests to a sandbox."""

    @cache
    def once(named: tuple[str | None, ...], *given: Any, **options: Any) -> Any:
        return create_ssl_context(*given, **options)

    def context(*given: Any, **options: Any) -> Any:
        return once((os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")), *given, **options)

    with mock.patch("httpx._transports.default.create_ssl_context", context):
        yield


@pytest.fixture(scope="session", autouse=True)
def rules_are_checked_once() -> Iterator[None]:
    """The same text of a rule at the same place is the same rule; one that reads files or code is checked each time."""
    once = cache(rulebook.check_text)

    def checked(text: str, path: Path, allow_python: bool) -> Any:
        check = rulebook.check.check_text if "schema_file" in text or "python" in text else once
        return check(text, path, allow_python)

    with mock.patch.object(rulebook, "check_text", checked):
        yield


@pytest.fixture(scope="session", autouse=True)
def documents_fit_their_schemas() -> Iterator[None]:
    """Whatever a command prints as JSON in a test's own process is held against the schema that users are given."""

    @cache
    def schema_of(command: str) -> Draft202012Validator | None:
        return Draft202012Validator(output_schema(command)) if command in described_commands() else None

    def written(value: object, **options: Any) -> str:
        text = json.dumps(value, **options)
        context = click.get_current_context(silent=True)
        schema = schema_of(context.command_path.partition(" ")[2]) if context else None
        document = json.loads(text)
        if schema is not None and set(document) != {"error"}:
            assert [f"{each.json_path}: {each.message[:120]}" for each in schema.iter_errors(document)] == []
        return text

    with mock.patch.object(output, "json", SimpleNamespace(dumps=written, loads=json.loads)):
        yield


@pytest.fixture(scope="session")
def idle_workers() -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Workers of the scrub that have loaded the engine and wait for whoever needs one next."""
    idle: list[subprocess.Popen[bytes]] = []
    yield idle
    for worker in idle:
        worker.kill()
        worker.wait(10)


@pytest.fixture
def lasting_workers(idle_workers: list["subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in this process hand their scrub's worker on to the next one: loading the engine takes four seconds."""
    close, exchange = Scrubber.close, Scrubber._exchange

    def is_usual(scrubber: Scrubber) -> bool:
        return scrubber._use_model and scrubber.limits == Limits() and scrubber._pipeline is None

    def hand_on(scrubber: Scrubber) -> None:
        worker = None
        if is_usual(scrubber) and scrubber._process is not None and not scrubber._closed:
            scrubber.start().result(60)  # what was asked before is answered by then
            worker, scrubber._process = scrubber._process, None
        close(scrubber)
        if worker is not None:
            idle_workers.append(worker)

    def with_a_worker(scrubber: Scrubber, request: dict[str, Any]) -> Any:
        if scrubber._process is None and not scrubber._closed and is_usual(scrubber) and idle_workers:
            scrubber._process = idle_workers.pop()
        return exchange(scrubber, request)

    monkeypatch.setattr(Scrubber, "close", hand_on)
    monkeypatch.setattr(Scrubber, "_exchange", with_a_worker)


@pytest.fixture(scope="session")
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def demo() -> DemoData:
    return build(NOW)


@pytest.fixture(scope="session")
def demo_server() -> Iterator[SandboxServer]:
    with SandboxServer(clock=lambda: NOW) as server:
        seed_demo(server.store, NOW)
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
