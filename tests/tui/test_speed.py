"""The whole app on many failures: rows before the last page, a cursor as quick as a bare table's."""

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.session import Session
from curator.tui.widgets.failures import FailureRows
from tests.benchmarks.bench_app import MOVES, bare, p95, rows, settings_of, whole
from tests.benchmarks.world import world
from tests.tui.driver import driving, settings_for


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that do nothing but work, until the end of the block."""
    beside = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for each in beside:
            each.kill()
            each.wait()


@pytest.mark.slow
@pytest.mark.parametrize(("count", "beside"), [(5_000, 0), (5_000, 2), (20_000, 0), (100_000, 0)])
def test_the_cursor_takes_at_most_twice_as_long_as_in_a_bare_table(count: int, beside: int) -> None:
    """With preview and masking on, in the same run; more failures cost the cursor nothing.

    The last takes six minutes on a quiet machine, nearly all of them for the pages of the server.
    """
    with world(rows(count)) as server, busy(beside):
        failures, _, own = asyncio.run(whole(settings_of(server), MOVES))
        assert len(failures) == count
        table = asyncio.run(bare(failures, MOVES))
    assert p95(own) < 2 * p95(table)


@pytest.mark.anyio
async def test_the_first_rows_stand_after_two_requests(sandbox: SandboxServer, scrubber: Scrubber) -> None:
    sandbox.fault("slow", "2")  # so that the third is still under way when the rows stand
    address = f"{sandbox.base_url}/__sandbox__/requests"
    httpx.delete(address)
    async with driving(Session(settings_for(sandbox), scrubber), settle=False) as driver:
        async with asyncio.timeout(60):
            while not any(listed.rows for listed in driver.screen.query(FailureRows)):
                await driver.pilot.pause(0.02)
        counted = httpx.get(address).json()["total"]
        sandbox.settings.faults.switch_off("slow")
    assert counted <= 3, "two are answered, the next is under way"
