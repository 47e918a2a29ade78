"""The weekly queue beside the obvious loop: read the scores, then each low one's trace. Requests, time, memory."""

import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.bench_sandbox import rows as many_rows
from tests.benchmarks.row import Row
from tests.benchmarks.world import World, world

DAYS, BELOW = 7, 0.3
RULE = f"""
rule: bench
dataset: {{ name: bench }}
queue: {{ signals: [{{ score: quality, below: {BELOW} }}] }}
input: {{ schema: {{ type: object }}, fields: {{ question: {{ from: $.input.question }} }} }}
expected_output: {{ schema: {{ type: object }}, fields: {{ outcome: {{ value: answer }} }} }}
lineage: {{ failure_types: [wrong], default_failure_type: wrong, rubric: bench-v1 }}
"""
# The same as a script: `import sys; …` prints the number of failures and the peak of its memory in KiB.
LOOP = """
import json, os, resource, sys
from datetime import UTC, datetime, timedelta
from langfuse.api import LangfuseAPI

api = LangfuseAPI(base_url=os.environ["LANGFUSE_BASE_URL"], username=os.environ["LANGFUSE_PUBLIC_KEY"],
                  password=os.environ["LANGFUSE_SECRET_KEY"], timeout=60)
since, cursor, failures = datetime.now(UTC) - timedelta(days=DAYS), None, {}
while True:
    page = api.scores.get_many(from_timestamp=since, fields="details,subject", limit=100, cursor=cursor)
    for score in page.data:
        if score.name == "quality" and score.value < BELOW:
            failures[score.subject.id] = score
    cursor = page.meta.cursor
    if not cursor:
        break
traces = {}
for trace in failures:
    traces[trace] = api.observations.get_many(trace_id=trace, fields="core,basic,time,io,metadata", limit=100).data
print(len(traces), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
OURS = """
import contextlib, io, json, resource, sys
from curator.cli.main import cli
out = io.StringIO()
with contextlib.redirect_stdout(out):
    cli.main(["queue", "--rules", RULE, "--since", "DAYSd", "--json"], standalone_mode=False)
print(len(json.loads(out.getvalue())["failures"]), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def rows() -> Iterator[Row]:
    """A week of a busy project: 100,000 observations, 20,000 scores, some 350 failures."""
    with world(many_rows()) as busy:
        rule = busy.folder / "bench.yaml"
        rule.write_text(RULE)
        ours = measured(busy, OURS.replace("RULE", repr(str(rule))).replace("DAYS", str(DAYS)))
        loop = measured(busy, LOOP.replace("DAYS", str(DAYS)).replace("BELOW", str(BELOW)))
        assert ours[0] == loop[0], f"{ours[0]} failures, the loop finds {loop[0]}"
    note = f"{ours[0]} failures of a week; the loop reads all scores, then each failing trace"
    for name, unit, at in (("requests", "requests", 1), ("time", "s", 2), ("peak memory", "MiB", 3)):
        yield Row(f"queue: {name}", ours[at], loop[at], unit, note)


def measured(busy: World, code: str) -> tuple[int, float, float, float]:
    """(failures, requests, seconds, MiB) of a script in a process of its own."""
    before, began = busy.requests(), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], env=busy.variables(), capture_output=True, text=True, check=False, timeout=600
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    count, peak = done.stdout.split()
    return int(count), busy.requests() - before - 1, took, int(peak) / 1024
