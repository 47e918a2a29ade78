"""Every benchmark, one table, ratios against the obvious way in the same run: `python -m tests.benchmarks [PART…]`.

Some minutes on two cores. `--markdown` prints the table for the README, `--full` the parts' own reports after it.
"""

import argparse
import contextlib
import io
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from tests.benchmarks import bench_memory, bench_queue, bench_start
from tests.benchmarks.row import Row, table

HERE = Path(__file__).parent


def terminal() -> Iterator[Row]:
    """The terminal UI beside bare Textual."""
    from tests.benchmarks import bench_app, bench_terminal

    painted = bench_terminal.paint(5)
    yield Row("terminal: first paint", painted["curator_s"], painted["bare_s"], "s", "a bare Textual app")
    own, other = (bench_terminal.in_a_process(what, 100_000) for what in ("curator", "textual"))
    note = "100,000 failures in Textual's DataTable"
    yield Row("terminal: list ready", own["ready_s"], other["ready_s"], "s", note)
    yield Row("terminal: key press, p95", own["cursor_p95_ms"], other["cursor_p95_ms"], "ms", note)
    yield Row("terminal: memory of the list", own["added_mb"], other["added_mb"], "MiB", note)
    yield bench_app.row()


def promote() -> Iterator[Row]:
    """100 new items: bare writes and reads beside writes that are proved."""
    from tests.benchmarks import bench_promote

    with bench_promote.house() as house:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            bench_promote.claims(house)
        measured = {}
        for name, way in bench_promote.WAYS.items():
            items = house.items(bench_promote.MANY)
            house.new_ids = frozenset(item.id for item in items)
            (before, _), began = house.requests(), time.perf_counter()
            way(house, items)
            measured[name] = (house.requests()[0] - before, time.perf_counter() - began)
    note = "create_dataset_item, then get: proves nothing; curator also shares the decision"
    for name in ("promote", "promote many"):
        requests, seconds = measured[name]
        yield Row(f"{name}: requests per 100 items", requests, measured["obvious loop"][0], "requests", note)
        yield Row(f"{name}: time per 100 items", seconds, measured["obvious loop"][1], "s", note)
    wrong, ours, _ = map(int, printed.getvalue().rstrip().splitlines()[-1].split()[-3:])
    count = len(bench_promote.TROUBLES) * bench_promote.FEW
    note = f"create_dataset_item, then get, called written; {count} writes, most of them with something in the way"
    yield Row("promote: false claims", ours, wrong, "", note)


def audit() -> Iterator[Row]:
    """Requests of an audit; `bench_audit` itself measures 10,000 items on several workers."""
    from tests.benchmarks import bench_audit

    items, traces = 400, 200
    found = bench_audit.compare(items, traces, ("one",))[0]
    note = f"{items} items of {traces} traces; a loop that gets each item and each source trace (counted, not run)"
    yield Row("audit: requests", found["requests"], items + traces, "requests", note)


def scrub() -> Iterator[Row]:
    """The demo's texts, read by the engine in one batch and by presidio one by one."""
    from curator.scrub.engine import Engine
    from tests.conftest import NOW
    from tests.demo.truth import build

    texts = [text for row in build(NOW).observations for key in ("input", "output") if (text := row.get(key))]
    engine = Engine()
    engine.find(["Warm up with Jane Doe."])
    began = time.perf_counter()
    engine.find(texts)
    batched = time.perf_counter() - began
    began = time.perf_counter()
    for text in texts:
        engine._read([text])
    note = f"model and AnalyzerEngine.analyze on each of {len(texts)} texts, {len(set(texts))} of them different"
    yield Row("scrub: read the demo's texts", batched, time.perf_counter() - began, "s", note)


def compare() -> Iterator[Row]:
    """False alarms on unchanged code."""
    from tests.benchmarks import bench_gate

    name = "judge off by one in 30 %, 40 items, 1 run"
    found = bench_gate.read(bench_gate.UNCHANGED[name](np.random.default_rng(31), 1000)).changed
    note = f"calling any red item a regression; nothing had changed ({name})"
    yield Row("compare: false alarms", found["curator"] * 100, found["naive"] * 100, "%", note)


PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "start": bench_start.rows,
    "memory": bench_memory.rows,
    "terminal": terminal,
    "queue": bench_queue.rows,
    "promote": promote,
    "audit": audit,
    "scrub": scrub,
    "compare": compare,
}


def machine() -> str:
    """What it was measured on, and when."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    )
    size = f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB"
    return f"{datetime.now().astimezone():%Y-%m-%d}, {size}, {platform.system()}, Python {platform.python_version()}"


def main() -> None:
    """Measures, prints."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    options.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options.add_argument("--markdown", action="store_true", help="a table for a page")
    options.add_argument("--full", action="store_true", help="then each file's own report, which takes much longer")
    chosen = options.parse_args()
    if unknown := set(chosen.parts) - set(PARTS):
        options.error(f"there is no part {', '.join(sorted(unknown))}")
    rows: list[Row] = []
    for name, part in PARTS.items():
        if not chosen.parts or name in chosen.parts:
            print(f"measuring {name} …", file=sys.stderr)
            rows += part()
    print(f"Measured {machine()}.\n\n{table(rows, markdown=chosen.markdown)}")
    for path in sorted(HERE.glob("bench_*.py")) if chosen.full else ():
        if "def main(" in path.read_text(encoding="utf-8"):
            print(f"\n── {path.stem} {'─' * (76 - len(path.stem))}\n", flush=True)
            subprocess.run([sys.executable, "-m", f"tests.benchmarks.{path.stem}"], cwd=HERE.parents[1], check=False)


if __name__ == "__main__":
    main()
