"""Faults that can be switched on, by flag or by API; each strikes deterministically.

A strike is counted per fault: `every:N` strikes the N-th, 2N-th, … request that the fault concerns.
"""

import hashlib
import sqlite3
import threading
from dataclasses import dataclass

from curator.sandbox.errors import SandboxProblem
from curator.sandbox.store import TABLES, Store

EVERY = "every:"
_HOW = "Write it like --fault http-500=every:7; `curator sandbox --fault list` shows all."


@dataclass(frozen=True)
class Kind:
    """What a fault does, and what its argument means."""

    help: str
    argument: str = "every"  # every | seconds | days | version
    default: str | None = None

    @property
    def form(self) -> str:
        """How the argument is written."""
        return "every:N" if self.argument == "every" else self.argument.upper()


KINDS = {name: Kind(**row) for name, row in TABLES["faults"].items()}


def check_fault(name: str, argument: str | None) -> str:
    """The argument that the fault will work with. Raises SandboxProblem for an unknown name or a bad argument."""
    kind = KINDS.get(name)
    if kind is None:
        raise SandboxProblem(f"There is no fault {name}.", code="SANDBOX_FAULT", remedy=f"Faults: {', '.join(KINDS)}.")
    value = argument or kind.default
    if value is None or not _fits(kind, value):
        given = f"not {argument!r}" if argument else "and none was given"
        raise SandboxProblem(f"The fault {name} takes {kind.form}, {given}.", code="SANDBOX_FAULT", remedy=_HOW)
    return value


class Faults:
    """The faults of one sandbox. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active: dict[str, str] = {}
        self._count: dict[str, int] = {}

    def switch_on(self, name: str, argument: str | None = None) -> None:
        """Activate a fault, counting from zero. Raises SandboxProblem for an unknown name or a bad argument."""
        value = check_fault(name, argument)
        with self._lock:
            self._active[name], self._count[name] = value, 0

    def switch_off(self, name: str) -> None:
        """Deactivate a fault; nothing happens when it is not active."""
        with self._lock:
            self._active.pop(name, None)

    def active(self) -> dict[str, str]:
        """The active faults and their arguments."""
        with self._lock:
            return dict(self._active)

    def argument(self, name: str) -> str | None:
        """The argument of an active fault, else None."""
        return self._active.get(name)

    def number(self, name: str) -> float:
        """The seconds, days or N of an active fault, else 0."""
        return float(self._active.get(name, "0").removeprefix(EVERY))

    def strikes(self, name: str) -> bool:
        """Count one request that the fault concerns; whether the fault strikes it."""
        if name not in self._active:
            return False
        with self._lock:
            value = self._active.get(name)
            if value is None:
                return False
            self._count[name] += 1
            return not value.startswith(EVERY) or self._count[name] % int(value.removeprefix(EVERY)) == 0


def _fits(kind: Kind, value: str) -> bool:
    if kind.argument == "every":
        number = value.removeprefix(EVERY)
        return value.startswith(EVERY) and number.isdecimal() and int(number) > 0
    if kind.argument in ("seconds", "days"):
        try:
            return 0 <= float(value) < float("inf")
        except ValueError:
            return False
    return all(part.isdecimal() for part in value.split("."))


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
