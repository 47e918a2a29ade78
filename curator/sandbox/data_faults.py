"""The faults that change what is stored: retention, and runs that fell apart."""

import hashlib
import sqlite3

from curator.sandbox.faults import Faults
from curator.sandbox.store import Store

DAY_MS = 86_400_000


def apply_fault(store: Store, faults: Faults, name: str, argument: str | None) -> None:
    """Switch a fault on, with its effect on what is already stored. Raises SandboxProblem."""
    faults.switch_on(name, argument)
    if name == "expire-traces":
        expire_traces(store, faults.number(name))
    if name == "split-run":
        split_runs(store, int(faults.number(name)))


def expire_traces(store: Store, days: float) -> None:
    """What Langfuse's retention does: observations and scores older than `days` are gone, dataset items stay."""
    limit = int(store.now().timestamp() * 1000 - days * DAY_MS)
    with store.write() as db:
        db.execute("DELETE FROM observations WHERE start_ms <= ?", (limit,))
        db.execute("DELETE FROM scores WHERE timestamp_ms <= ?", (limit,))


def split_runs(store: Store, every: int) -> None:
    """Put every `every`-th item of each run under a second experiment id, as SDK 4.0.5 to 4.14 did with failed links.

    Repeating it changes nothing more, so it can follow every ingestion.
    """
    with store.write() as db:
        for experiment in [row[0] for row in db.execute("SELECT DISTINCT experiment_id FROM observations")]:
            if experiment and not _is_second(db, experiment):
                _split(db, experiment, every)


def _split(db: sqlite3.Connection, experiment: str, every: int) -> None:
    second = second_id(experiment)
    query = (
        "SELECT experiment_item_id FROM observations WHERE experiment_id IN (?, ?) AND experiment_item_id <> '' "
        "GROUP BY experiment_item_id ORDER BY min(start_ms), experiment_item_id"
    )
    items = [row[0] for row in db.execute(query, (experiment, second))]
    moved = [(second, experiment, item) for item in items[every - 1 :: every]]
    db.executemany(
        "UPDATE observations SET experiment_id = ? WHERE experiment_id = ? AND experiment_item_id = ?", moved
    )


def second_id(experiment: str) -> str:
    """The other id of a split run: 16 hexadecimal characters, like the first."""
    return hashlib.sha256(f"split {experiment}".encode()).hexdigest()[:16]


def _is_second(db: sqlite3.Connection, experiment: str) -> bool:
    names = "SELECT DISTINCT other.experiment_id FROM observations one JOIN observations other USING (experiment_name)"
    candidates = db.execute(f"{names} WHERE one.experiment_id = ?", (experiment,))
    return any(second_id(row[0]) == experiment for row in candidates)
