"""The whole way on 200 real agent runs, by the command line: queue, promote, verify, promote again, audit of values."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer
from tests import command

ROOT = Path(__file__).parents[2]
TRACES = ROOT.parent / "shared" / "traces"
RULE = str(Path(__file__).parent / "airline.yaml")

pytestmark = pytest.mark.skipif(not TRACES.is_dir(), reason="the real traces are not beside this checkout")

Curator = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def airline() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        load_files(server.store, [TRACES / "airline.observations.jsonl.gz", TRACES / "airline.scores.jsonl.gz"])
        yield server


@pytest.fixture
def curator(airline: SandboxServer, lasting_workers: None) -> Curator:
    def call(*args: str) -> tuple[int, Any]:
        done = command.run(*args, "--json", env=airline.environment())
        assert "Traceback" not in done.stderr
        return done.returncode, done.document

    return call


def known_values(trace_ids: set[str]) -> dict[str, set[str]]:
    """Trace id → its e-mail addresses, birth dates and names of people."""
    wanted = {"EMAIL_ADDRESS", "DATE_OF_BIRTH", "PERSON"}
    found: dict[str, set[str]] = {}
    with gzip.open(TRACES / "airline.pii.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["traceId"] in trace_ids:
                found[row["traceId"]] = {v["value"] for v in row["values"] if v["type"] in wanted}
    return found


def test_queue_promote_verify_again(curator: Curator, airline: SandboxServer) -> None:
    code, queue = curator("queue", "--rules", RULE, "--since", "2026-11-01", "--until", "2026-11-30")
    assert code == 0
    assert len(queue["failures"]) == 116
    assert (queue["fetched"], queue["total"], queue["hidden"]) == (116, 116, 0)
    assert queue["requests"] <= 12

    values = known_values({failure["trace_id"] for failure in queue["failures"]})
    # The traces that hold the most: each has at least one value of the three kinds.
    chosen = sorted(values, key=lambda trace_id: -len(values[trace_id]))[:3]
    assert all(values[trace_id] for trace_id in chosen)

    code, seeded = curator("seed", "--rules", RULE)
    assert code == 0, seeded
    code, first = curator("promote", *chosen, "--rules", RULE)
    assert code == 0, first
    assert [r["verdict"] for r in first["receipts"]] == ["verified"] * 3
    assert {r["action"] for r in first["receipts"]} == {"created"}
    ids = [r["item_id"] for r in first["receipts"]]
    assert len(set(ids)) == 3

    before = versions(airline)
    code, again = curator("promote", *chosen, "--rules", RULE)
    assert code == 0
    assert [r["verdict"] for r in again["receipts"]] == ["unchanged"] * 3
    assert versions(airline) == before, "promoting again wrote something"

    code, verified = curator("verify", "airline-regression")
    assert code == 0
    assert sorted(v["item_id"] for v in verified["items"]) == sorted(ids)
    assert {v["verdict"] for v in verified["items"]} == {"verified"}

    stored = "\n".join(stored_items(airline))
    for trace_id in chosen:
        for value in values[trace_id]:
            assert value not in stored


def versions(server: SandboxServer) -> int:
    with server.store.read() as db:
        return int(db.execute("SELECT count(*) FROM item_versions").fetchone()[0])


def stored_items(server: SandboxServer) -> list[str]:
    with server.store.read() as db:
        return [
            json.dumps(list(row), ensure_ascii=False, default=str) for row in db.execute("SELECT * FROM item_versions")
        ]
