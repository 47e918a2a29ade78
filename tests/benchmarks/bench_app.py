"""Measures the whole app on many failures, with preview and masking on, beside a bare `DataTable` of the same rows.

`python -m tests.benchmarks.bench_app --rows 5000`. Both apps run in this process, in turns; the server in its own.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psutil

from curator.config import Settings
from curator.model import Failure
from curator.rulebook import shipped_rules
from curator.tui.session import Session
from curator.tui.widgets.failures import FailureRows
from tests.benchmarks.bench_queue import RULE
from tests.benchmarks.bench_terminal import TextualTable
from tests.benchmarks.row import Row, table
from tests.benchmarks.world import World, world
from tests.tui.driver import Listening
from tests.tui.terminal import Terminal

MOVES = 120
STILL = 30.0
"""Milliseconds of CPU per second over five, below which an app has loaded."""
TEXT = "Hello, I am Beatrice Langford (beatrice.langford@example.org, +44 20 7946 0123). Where is order N? " * 3


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Traces with personal values in them, each with a low score, over the last five days."""
    now, apart = datetime.now(UTC), timedelta(days=5) / count
    for number in range(count):
        trace, moment = f"{number:032x}", (now - apart * number).isoformat(timespec="milliseconds")
        common = {"environment": "production", "startTime": moment, "endTime": moment}
        yield common | {
            "id": f"{number:016x}",
            "traceId": trace,
            "type": "SPAN",
            "name": f"workflow-{number % 17}",
            "level": "DEFAULT",
            "input": json.dumps({"question": TEXT.replace("N?", f"{number}?")}),
            "output": json.dumps({"answer": TEXT.replace("N?", f"{number}?")}),
        }
        yield {
            "id": f"score-{number}",
            "name": "quality",
            "dataType": "NUMERIC",
            "value": 0.1,
            "source": "API",
            "timestamp": moment,
            "environment": "production",
            "subject": {"kind": "trace", "id": trace},
        }


def settings_of(server: World) -> Settings:
    """Settings that lead to the server, with a rule that finds every trace."""
    folder = server.folder / "rules"
    folder.mkdir()
    (folder / "bench.yaml").write_text(RULE)
    keys = server.connection
    return Settings(
        base_url=keys.base_url, public_key=keys.public_key, secret_key=keys.secret_key, rules=str(folder), reviewer="me"
    )


async def moved(pilot: Any, moves: int) -> list[float]:
    """Milliseconds per move of the cursor, until the screen is drawn."""
    times = []
    for number in range(moves):
        begin = time.perf_counter()
        await pilot.press("pagedown" if number % 10 == 9 else "down")
        times.append((time.perf_counter() - begin) * 1000)
    return times


async def whole(settings: Settings, moves: int) -> tuple[list[Failure], tuple[float, float], list[float]]:
    """The failures, seconds until the first is listed and until all are, and the moves."""
    session = Session(settings)
    app = Listening(lambda: session)
    try:
        async with app.run_test(size=(120, 36)) as pilot:
            begin = time.perf_counter()
            while not any(rows.rows for rows in app.screen.query(FailureRows)):
                await pilot.pause(0.02)
            first = time.perf_counter() - begin
            while not app.queue_screen.answered:
                await pilot.pause(0.05)
            listed = first, time.perf_counter() - begin
            await pilot.pause(1)
            return session.queue.all(), listed, await moved(pilot, moves)
    finally:
        session.close()


async def bare(failures: list[Failure], moves: int) -> list[float]:
    """The same moves in Textual's own table."""
    app = TextualTable(failures)
    async with app.run_test(size=(120, 36)) as pilot:
        app.fill()
        await pilot.pause(1)
        return await moved(pilot, moves)


BARE = """
from tests.benchmarks.bench_terminal import TextualTable, failures
class Bare(TextualTable):
    def on_mount(self):
        self.fill()
Bare(failures(48)).run()
"""


def idle(seconds: int) -> tuple[float, float]:
    """Milliseconds of CPU that curator and a bare app with a table take per second at rest, each of its own process."""
    with (
        world() as server,
        Terminal(
            [sys.executable, "-m", "curator"], server.variables() | {"CURATOR_RULES": str(shipped_rules())}
        ) as own,
        Terminal([sys.executable, "-c", BARE], {}) as bare,
    ):
        both = (own, bare)
        own.wait_for("decided")
        bare.wait_for("workflow-1")

        def used(seconds: int) -> list[float]:
            before = [sum(psutil.Process(each.process).cpu_times()[:2]) for each in both]
            for _ in range(seconds):
                for each in both:
                    each.rest(0.5)
            after = [sum(psutil.Process(each.process).cpu_times()[:2]) for each in both]
            return [1000 * (now - then) / seconds for then, now in zip(before, after, strict=True)]

        while max(used(5)) > STILL:
            pass
        ours, theirs = used(seconds)
        return ours, theirs


def row() -> Row:
    """What the app costs while nobody touches it."""
    ours, theirs = idle(60)
    return Row("terminal: CPU at rest, per second", ours, theirs, "ms", "a bare Textual app with a DataTable")


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(times, n=20)[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--idle", action="store_true", help="only what it costs while nobody touches it")
    arguments = parser.parse_args()
    if arguments.idle:
        print(table([row()]))
        return
    own: list[float] = []
    bares: list[float] = []
    with world(rows(arguments.rows)) as server:
        settings, listed, count = settings_of(server), (0.0, 0.0), 0
        for _ in range(arguments.rounds):
            failures, listed, times = asyncio.run(whole(settings, MOVES))
            own, count = own + times, len(failures)
            bares += asyncio.run(bare(failures, MOVES))
    report = {"failures": count, "first_row_s": round(listed[0], 2), "listed_s": round(listed[1], 1)}
    report |= {"app_p95_ms": p95(own), "datatable_p95_ms": p95(bares), "ratio": p95(own) / p95(bares)}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
