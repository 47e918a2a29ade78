"""Measures the terminal: first paint, 100,000 failures, cursor, memory: `python -m tests.benchmarks.bench_terminal`.

Beside each number stands the same for a bare Textual app or Textual's own `DataTable`, in the same run on the same
machine. It needs `textual` and the sandbox, nothing else; nothing is written to Langfuse.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer

from curator.model import Failure, Signal
from curator.tui.widgets.failures import FailureRows, Row
from tests.tui.terminal import Terminal

BARE = """
from textual.app import App
from textual.widgets import Footer, Static
class Bare(App):
    BINDINGS = [("q", "quit", "Quit")]
    def compose(self):
        yield Static("first paint")
        yield Footer()
Bare().run()
"""


def failures(count: int) -> list[Failure]:
    """Failures such as a busy project has them."""
    now = datetime.now(UTC)
    return [
        Failure(
            trace_id=f"{n:032x}",
            observation_id=f"{n:016x}",
            timestamp=now - timedelta(seconds=5 * n),
            name=f"workflow-{n % 17}",
            session_id=f"session-{n // 3}",
            environment="production",
            tags=("support", f"tag-{n % 5}"),
            latency=1.5,
            signals=(Signal(kind="score", name=f"score-{n % 7}", value=n % 10 / 10, source="EVAL", rule="rule"),),
        )
        for n in range(count)
    ]


class CuratorTable(App[None]):
    """curator's list alone."""

    def __init__(self, rows: Sequence[Failure]) -> None:
        super().__init__()
        self.data = rows

    def compose(self) -> ComposeResult:
        yield FailureRows(id="failures")
        yield Footer()

    def fill(self) -> None:
        self.query_one(FailureRows).show([Row(failure) for failure in self.data])


class TextualTable(App[None]):
    """The same rows in Textual's own table."""

    def __init__(self, rows: Sequence[Failure]) -> None:
        super().__init__()
        self.data = rows

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")
        yield Footer()

    def fill(self) -> None:
        table: DataTable[Any] = self.query_one(DataTable)
        table.add_columns("state", "age", "name", "why", "latency", "environment")
        for row in self.data:
            signal = row.signals[0]
            table.add_row("○", "1h", row.name, f"{signal.name} {signal.value}", str(row.latency), row.environment)


async def table(make: Callable[[], Any], moves: int) -> dict[str, float]:
    """Seconds until the rows are on screen, and milliseconds per move of the cursor."""
    app = make()
    async with app.run_test(size=(120, 36)) as pilot:
        await pilot.pause()
        begin = time.perf_counter()
        app.fill()
        await pilot.pause()
        ready = time.perf_counter() - begin
        times = []
        for number in range(moves):
            begin = time.perf_counter()
            await pilot.press("pagedown" if number % 10 == 9 else "down")
            times.append((time.perf_counter() - begin) * 1000)
    return {"ready_s": ready, "cursor_p95_ms": statistics.quantiles(times, n=20)[-1]}


def first_paint(command: list[str], wanted: str, environment: dict[str, str]) -> float:
    """Seconds from the start of the process until the text stands on the terminal."""
    begin = time.perf_counter()
    with Terminal(command, environment) as terminal:
        terminal.wait_for(wanted)
        return time.perf_counter() - begin


def paint(repeats: int) -> dict[str, float]:
    """Medians over several starts, taken in turns; curator's server does not answer, so nothing but painting counts."""
    with tempfile.TemporaryDirectory() as state:
        environment = {
            "LANGFUSE_BASE_URL": "http://127.0.0.1:9",
            "LANGFUSE_PUBLIC_KEY": "pk-lf-bench",
            "LANGFUSE_SECRET_KEY": "sk-lf-bench",
            "CURATOR_STATE_DIR": state,
            "CURATOR_CONFIG": os.devnull,
        }
        bare, own = [], []
        for _ in range(repeats):
            bare.append(first_paint([sys.executable, "-c", BARE], "first paint", environment))
            own.append(first_paint([sys.executable, "-m", "curator"], "Queue", environment))
    return {"bare_s": statistics.median(bare), "curator_s": statistics.median(own)}


def in_a_process(what: str, rows: int) -> dict[str, float]:
    """One table in a process of its own, with its peak memory."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_terminal", "--only", what, "--rows", str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def only(what: str, rows: int) -> dict[str, float]:
    data = failures(rows)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    kind = CuratorTable if what == "curator" else TextualTable
    found = asyncio.run(table(lambda: kind(data), 100))
    found["added_mb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--only", choices=["curator", "textual"])
    arguments = parser.parse_args()
    if arguments.only:
        print(json.dumps(only(arguments.only, arguments.rows)))
        return
    painted = paint(arguments.repeats)
    small = in_a_process("curator", 100)
    own = in_a_process("curator", arguments.rows)
    textual = in_a_process("textual", arguments.rows)
    report = {
        "rows": arguments.rows,
        "first_paint": painted | {"ratio": painted["curator_s"] / painted["bare_s"]},
        "curator": own,
        "curator_100_rows": small,
        "textual_datatable": textual,
        "ready_ratio": own["ready_s"] / textual["ready_s"],
        "cursor_ratio": own["cursor_p95_ms"] / small["cursor_p95_ms"],
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
