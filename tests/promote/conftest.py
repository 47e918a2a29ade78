"""A sandbox, a gateway and a journal per test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item, Receipt, ScrubPolicy
from curator.sandbox.server import SandboxServer
from tests.promote.support import DATASET, QUICK, EmailFinder, Promote, connection_of, promote


@pytest.fixture(scope="session")
def lasting_server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def server(lasting_server: SandboxServer) -> Iterator[SandboxServer]:
    """An empty sandbox without faults. Do not stop it: it serves the next test too."""
    with lasting_server.store.write() as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            if not table.startswith("sqlite_"):
                db.execute(f"DELETE FROM {table}")
    yield lasting_server
    for fault in lasting_server.settings.faults.active():
        lasting_server.settings.faults.switch_off(fault)


@pytest.fixture
def sent() -> list[str]:
    """Every request of the test's gateway: `GET /api/public/…`. Clear it to count from there."""
    return []


@pytest.fixture
def gateway(server: SandboxServer, sent: list[str]) -> Iterator[Gateway]:
    with Gateway(connection_of(server), on_request=sent.append) as gateway:
        gateway.put_dataset(DATASET)
        yield gateway


@pytest.fixture
def journal(tmp_path: Path, server: SandboxServer) -> Iterator[Journal]:
    with Journal("test", tmp_path / "journal.sqlite3") as journal:
        yield journal


@pytest.fixture
def run(gateway: Gateway, journal: Journal) -> Promote:
    """Promotes an item with the test's gateway and journal."""

    def run(item: Item, **options: Any) -> Receipt:
        options = {"policy": ScrubPolicy(), "rule": "order-status", "reviewer": "ada", "patience": QUICK} | options
        return promote(options.pop("gateway", gateway), options.pop("journal", journal), EmailFinder(), item, **options)

    return run
