"""The planted example on a running sandbox, audited once; and a sandbox of its own for whoever changes something."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from curator.audit.run import collect_evidence, report_of
from curator.audit.values import AuditReport, Evidence
from curator.audit.workers import Processes
from curator.cli.sandbox import plant_receipts
from curator.gateway import Gateway
from curator.journal import Journal
from curator.rulebook import LoadedRule, load_rule
from curator.sandbox.demo import seed_demo
from curator.sandbox.demo.data import DEMO_RULE, plant
from curator.sandbox.server import SandboxServer
from curator.scrub import Scrubber
from tests.audit.support import connection_of
from tests.demo.maker.audit_example import DATASET


@pytest.fixture(scope="session")
def moment(now: datetime) -> datetime:
    """The time of the audit: a minute after the demo was seeded."""
    return now + timedelta(minutes=1)


@pytest.fixture(scope="session")
def example_server(now: datetime, moment: datetime) -> Iterator[SandboxServer]:
    """The demo with the example; nobody changes it."""
    with SandboxServer(clock=lambda: moment) as server:
        seed_demo(server.store, now)
        yield server


@pytest.fixture(scope="session")
def example_gateway(example_server: SandboxServer) -> Iterator[Gateway]:
    with Gateway(connection_of(example_server)) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def example_journal(tmp_path_factory: pytest.TempPathFactory, now: datetime) -> Iterator[Journal]:
    """The journal of the machine that promoted the example."""
    with Journal("example", tmp_path_factory.mktemp("journal") / "journal.sqlite3") as journal:
        plant_receipts(journal, now)
        yield journal


@pytest.fixture(scope="session")
def example_rule() -> LoadedRule:
    return load_rule(DEMO_RULE)


@pytest.fixture(scope="session")
def evidence(
    example_server: SandboxServer,
    example_journal: Journal,
    example_rule: LoadedRule,
    moment: datetime,
    scrubber: Scrubber,
) -> Evidence:
    """By a gateway of its own: one that has asked for the project before asks once less."""
    with Gateway(connection_of(example_server)) as gateway:
        return collect_evidence(
            gateway,
            example_journal,
            DATASET,
            example_rule,
            at=moment,
            workers=Processes(1, first=scrubber),
            scrub=Scrubber,
        )


@pytest.fixture(scope="session")
def report(evidence: Evidence) -> AuditReport:
    return report_of(evidence)


@pytest.fixture(scope="session")
def scrubber() -> Iterator[Scrubber]:
    """One engine for all tests that do not need one of their own."""
    with Scrubber() as scrubber:
        scrubber.start().result()
        yield scrubber


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def gateway(server: SandboxServer) -> Iterator[Gateway]:
    with Gateway(connection_of(server)) as gateway:
        yield gateway


@pytest.fixture
def planted(server: SandboxServer) -> datetime:
    """A sandbox of its own with the example in it, planted a minute ago."""
    at = server.store.now() - timedelta(minutes=1)
    plant(server.store, at)
    return at


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal("test", tmp_path / "journal.sqlite3") as journal:
        yield journal
