"""One process, two processes and a Dask cluster find the same; large datasets cost few requests and bounded memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curator.audit.run import audit
from curator.audit.values import AuditReport
from curator.audit.workers import Cluster, Processes, Workers
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import ScrubPolicy
from curator.model.errors import ConfigError
from curator.sandbox.server import SandboxServer
from tests.audit.support import EXAMPLE_RULE, QuickScrub
from tests.audit.worlds import write_large
from tests.demo.maker.audit_example import DATASET

distributed = pytest.importorskip("distributed", reason="the extra [cluster] is not installed")


class OtherScrub(QuickScrub):
    """A scrub that says on every machine that it is another one."""

    def start(self):  # type: ignore[no-untyped-def]
        future = super().start()
        renamed = type(future)()
        renamed.set_result(f"model of process {os.getpid()}")
        return renamed


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A local cluster of two workers, each a process of its own."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


def report_by(workers: Workers, gateway: Gateway, journal: Journal | None, at: datetime) -> AuditReport:
    report = audit(gateway, journal, DATASET, EXAMPLE_RULE, at=at, workers=workers, scrub=QuickScrub)
    return report.model_copy(update={"requests": 0})


@pytest.mark.slow
def test_processes_and_cluster_find_the_same(
    scheduler: str, example_gateway: Gateway, example_journal: Journal, moment: datetime
) -> None:
    ways: list[Workers] = [Processes(1), Processes(2), Cluster(scheduler)]
    one, two, cluster = (report_by(way, example_gateway, example_journal, moment) for way in ways)
    assert one.findings
    assert one == two == cluster


def test_workers_that_would_find_something_else_are_refused(scheduler: str, example_gateway: Gateway) -> None:
    with pytest.raises(ConfigError) as caught:
        audit(
            example_gateway,
            None,
            DATASET,
            None,
            at=datetime.now(UTC),
            workers=Cluster(scheduler),
            scrub=OtherScrub,
            policy=ScrubPolicy(),
        )
    assert caught.value.code == "CLUSTER_DIFFERS"


def test_a_cluster_without_workers_is_unreachable() -> None:
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as cluster,
        pytest.raises(ConfigError) as caught,
    ):
        list(Cluster(cluster.scheduler_address, patience=0.5).run([], None, QuickScrub))  # type: ignore[arg-type]
    assert caught.value.code == "CLUSTER_UNREACHABLE"


@pytest.mark.slow
def test_ten_thousand_items_in_few_requests_and_bounded_memory(server: SandboxServer) -> None:
    """Everything but the scrub, whose time the benchmark measures."""
    write_large(server, 10_000, traces=5_000)
    code = (
        "import resource, datetime\n"
        "from curator.audit.run import audit\n"
        "from curator.audit.workers import Processes\n"
        "from curator.config import load_settings\n"
        "from curator.gateway import Gateway\n"
        "from tests.audit.support import DATASET, EXAMPLE_RULE, QuickScrub\n"
        "with Gateway(load_settings().connection()) as gateway:\n"
        "    at = datetime.datetime.now(datetime.UTC)\n"
        "    report = audit(gateway, None, DATASET, EXAMPLE_RULE, at=at, workers=Processes(2), scrub=QuickScrub)\n"
        "print(report.items, report.requests, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | server.environment(),
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    items, requests, megabytes = map(int, done.stdout.split())
    assert items == 10_000
    assert requests <= 100 + 25 + 20
    assert megabytes < 400


@pytest.mark.slow
def test_the_real_scrub_finds_the_same_in_every_way() -> None:
    from tests.benchmarks import bench_audit

    results = bench_audit.compare(300, 150)
    assert [each["way"] for each in results] == ["one", "two", "cluster"]
    assert len({each["digest"] for each in results}) == 1
    assert all(each["requests"] <= bench_audit.bound(300, 150) for each in results)
    assert results[0]["findings"] > 0
