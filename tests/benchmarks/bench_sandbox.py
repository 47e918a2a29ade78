"""How the sandbox stands 100,000 observations and 20,000 scores: `python tests/benchmarks/bench_sandbox.py`.

Loads generated rows into `curator sandbox`, then measures over HTTP what curator does most: a queue page (a page of low
scores and the root observations of their traces), the next page of roots, an item upsert with its read-back. Prints one
table. The memory is the peak of the server's process, loading included.
"""

import gzip
import json
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

OBSERVATIONS, SCORES, PER_TRACE = 100_000, 20_000, 10
PAGES, UPSERTS = 100, 300
COMMAND = [sys.executable, "-c", "from curator.cli.main import main; main()", "sandbox", "--lag", "0"]
NAMES = ("quality", "faithfulness", "relevance", "helpful")


def rows() -> Iterator[dict[str, Any]]:
    """Observations of traces over the last 30 days, then their scores, in the shape that the API answers."""
    chance = random.Random(7)
    now = datetime.now(UTC)
    traces = [f"{chance.getrandbits(128):032x}" for _ in range(OBSERVATIONS // PER_TRACE)]
    for trace in traces:
        start = now - timedelta(seconds=chance.uniform(0, 30 * 86_400))
        for step in range(PER_TRACE):
            moment = (start + timedelta(seconds=step)).isoformat(timespec="milliseconds")
            yield {
                "id": f"{trace[:14]}{step:02x}",
                "traceId": trace,
                "parentObservationId": f"{trace[:14]}00" if step else None,
                "type": "GENERATION" if step % 3 else "SPAN",
                "name": f"step-{step}",
                "level": "ERROR" if chance.random() < 0.01 else "DEFAULT",
                "startTime": moment,
                "endTime": moment,
                "environment": "production",
                "sessionId": f"session-{trace[:3]}",
                "input": json.dumps({"question": "word " * 40}),
                "output": json.dumps({"answer": "word " * 40}),
                "metadata": {"step": step},
            }
    for number in range(SCORES):
        moment = (now - timedelta(seconds=chance.uniform(0, 30 * 86_400))).isoformat(timespec="milliseconds")
        yield {
            "id": f"score-{number}",
            "name": NAMES[number % len(NAMES)],
            "dataType": "NUMERIC",
            "value": round(chance.random(), 3),
            "source": "API",
            "timestamp": moment,
            "environment": "production",
            "subject": {"kind": "trace", "id": chance.choice(traces)},
        }


def timed(repeat: int, action: Callable[[int], None]) -> list[float]:
    """Milliseconds of each call."""
    took = []
    for number in range(repeat):
        started = time.perf_counter()
        action(number)
        took.append((time.perf_counter() - started) * 1000)
    return took


def measure(client: httpx.Client) -> dict[str, list[float]]:
    """The three things that curator does most."""
    roots = {"isRootObservation": "true", "fields": "core,basic,trace_context", "limit": 100}
    low: dict[str, Any] = {"dataType": "NUMERIC", "valueMax": 0.3, "fields": "details,subject", "limit": 100}
    state: dict[str, dict[str, Any]] = {"low": dict(low), "roots": dict(roots)}

    def read(path: str, query: dict[str, Any]) -> Any:
        return client.get(path, params=query).raise_for_status().json()

    def queue_page(_: int) -> None:
        page = read("/api/public/v3/scores", state["low"])
        ids = sorted({row["subject"]["id"] for row in page["data"]})
        wanted = [{"type": "stringOptions", "column": "traceId", "operator": "any of", "value": ids}]
        found = read("/api/public/v2/observations", {**roots, "filter": json.dumps(wanted)})
        assert len(found["data"]) == len(ids)
        state["low"] = {**low, **({"cursor": page["meta"]["cursor"]} if "cursor" in page["meta"] else {})}

    def next_roots(_: int) -> None:
        page = read("/api/public/v2/observations", state["roots"])
        state["roots"] = {**roots, "cursor": page["meta"]["cursor"]} if "cursor" in page["meta"] else roots

    def upsert(number: int) -> None:
        item = {
            "datasetName": "bench",
            "id": f"item-{number % 100}",
            "input": {"q": "word " * 50},
            "sourceTraceId": "t",
        }
        client.post("/api/public/dataset-items", json=item).raise_for_status()
        read(f"/api/public/dataset-items/{item['id']}", {})

    client.post("/api/public/v2/datasets", json={"name": "bench"}).raise_for_status()
    return {
        "queue page (100 low scores and their roots)": timed(PAGES, queue_page),
        "next 100 root observations": timed(PAGES, next_roots),
        "item upsert and read-back": timed(UPSERTS, upsert),
    }


def main() -> None:
    """Run everything and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.jsonl.gz"
        with gzip.open(file, "wt", compresslevel=1) as lines:
            lines.writelines(json.dumps(row) + "\n" for row in rows())
        started = time.perf_counter()
        process = subprocess.Popen([*COMMAND, "--load", str(file)], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        variables = dict(process.stdout.readline().strip().split("=", 1) for _ in range(3))
        loading = time.perf_counter() - started
        keys = (variables["LANGFUSE_PUBLIC_KEY"], variables["LANGFUSE_SECRET_KEY"])
        with httpx.Client(base_url=variables["LANGFUSE_BASE_URL"], auth=keys, timeout=60) as client:
            measured = measure(client)
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) / 1024
        process.send_signal(signal.SIGTERM)
        process.wait(10)
    print(
        f"{OBSERVATIONS:,} observations and {SCORES:,} scores, loaded and ready in {loading:.1f} s; peak {peak:.0f} MiB"
    )
    print(f"{'':46}{'median':>10}{'p95':>10}{'max':>10}")
    for name, took in measured.items():
        p95 = statistics.quantiles(took, n=20)[-1]
        print(f"{name:46}{statistics.median(took):7.1f} ms{p95:7.1f} ms{max(took):7.1f} ms")


if __name__ == "__main__":
    main()
