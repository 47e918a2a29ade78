"""An audit of 10,000 items: requests, memory, time by one and by two scrub processes and on a local Dask cluster.

`python -m tests.benchmarks.bench_audit [--items N] [--ways one,two,cluster]`. Five minutes for 10,000
items on two cores: nearly all of it is the scrub reading every text of every item. Each way runs in a process of its
own, against the same sandbox in this one; all have to find the same.
"""

import argparse
import hashlib
import json
import math
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from curator.audit.values import AuditReport
from curator.config import load_settings
from curator.sandbox.server import SandboxServer
from tests.audit.worlds import write_large

ITEMS, TRACES = 10_000, 5_000
WAYS = ("one", "two", "cluster")


def bound(items: int, traces: int) -> int:
    """How many requests such an audit may cost."""
    return math.ceil(items / 100) + math.ceil(traces / 200) + 20


def run(way: str, at: str) -> dict[str, Any]:
    """One audit, in this process, of the project that the environment names."""
    from curator.audit.run import audit
    from curator.audit.workers import Cluster, Processes
    from curator.gateway import Gateway
    from curator.rulebook import load_rule
    from curator.sandbox.demo.data import DEMO_RULE
    from curator.scrub import Scrubber
    from tests.demo.maker.audit_example import DATASET

    rule = load_rule(DEMO_RULE)
    with ExitStack() as stack:
        workers: Any = Processes({"one": 1, "two": 2}.get(way, 1))
        if way == "cluster":
            from distributed import LocalCluster

            cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0")  # type: ignore[no-untyped-call]
            workers = Cluster(stack.enter_context(cluster).scheduler_address)
        gateway = stack.enter_context(Gateway(load_settings().connection()))
        began = time.perf_counter()
        report = audit(gateway, None, DATASET, rule, at=datetime.fromisoformat(at), workers=workers, scrub=Scrubber)
        seconds = time.perf_counter() - began
    return {
        "way": way,
        "items": report.items,
        "seconds": round(seconds, 1),
        "cpu": round(sum(time_of(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))),
        "requests": report.requests,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "scrub_mb": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024),
        "findings": len(report.findings),
        "codes": dict(sorted(Counter(finding.code for finding in report.findings).items())),
        "digest": digest(report),
    }


def time_of(who: int) -> float:
    """Seconds of processor time, of this process or of those that it has ended."""
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def digest(report: AuditReport) -> str:
    """One fingerprint of everything that was found."""
    found = report.model_dump_json(exclude={"requests"})
    return hashlib.sha256(found.encode()).hexdigest()[:16]


def measure(server: SandboxServer, way: str) -> dict[str, Any]:
    """One audit in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.bench_audit", "--child", way, "--at", server.store.now().isoformat()],
        env=os.environ | server.environment() | {"CURATOR_CONFIG": os.devnull},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def compare(items: int, traces: int, ways: tuple[str, ...] = WAYS) -> list[dict[str, Any]]:
    """All ways over one dataset of that size."""
    at = datetime.now().astimezone()
    with SandboxServer(clock=lambda: at) as server:
        write_large(server, items, traces=traces)
        return [measure(server, way) for way in ways]


def main() -> None:
    """Measures and prints one table."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.bench_audit", description=__doc__)
    options.add_argument("--items", type=int, default=ITEMS)
    options.add_argument("--ways", default=",".join(WAYS))
    options.add_argument("--child", choices=WAYS, help=argparse.SUPPRESS)
    options.add_argument("--at", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.child:
        print(json.dumps(run(chosen.child, chosen.at)))
        return
    traces = max(1, chosen.items * TRACES // ITEMS)
    results = compare(chosen.items, traces, tuple(chosen.ways.split(",")))
    print(f"{chosen.items:,} items from {traces:,} traces; at most {bound(chosen.items, traces)} requests\n")
    heads = {"way": 10, "seconds": 9, "CPU s": 7, "requests": 10, "peak MiB": 10, "scrub MiB": 11, "findings": 10}
    print("".join(f"{head:<{w}}" if head == "way" else f"{head:>{w}}" for head, w in heads.items()), " digest")
    for each in results:
        print(
            f"{each['way']:<10}{each['seconds']:>9}{each['cpu']:>7}{each['requests']:>10}{each['peak_mb']:>10}"
            f"{each['scrub_mb']:>11}{each['findings']:>10}  {each['digest']}"
        )
    print(f"\nfound: {', '.join(f'{count} {code}' for code, count in results[0]['codes'].items())}")
    if len({each["digest"] for each in results}) > 1:
        sys.exit("the ways found different things")


if __name__ == "__main__":
    main()
