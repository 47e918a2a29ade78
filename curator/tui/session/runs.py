"""Experiment runs: which there are, how whole they are, two of them compared, an item proved."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from curator.tui.memory import Tasks
from curator.tui.session.rooms import Report, Rooms

if TYPE_CHECKING:
    from curator.experiments import Comparison, Listed, Proof, Run
    from curator.rulebook import LoadedRule

RUNS_BACK = timedelta(days=90)
"""How far back runs are listed."""


@dataclass(frozen=True)
class TwoRuns:
    """Two runs, and what comparing them told."""

    baseline: "Run"
    candidate: "Run"
    comparison: "Comparison"


class Runs:
    """What is done with runs."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self.known: list[Listed] = []
        """The runs that were listed last."""

    def lately(self) -> "list[Listed]":
        """Runs of the last ninety days, latest first. Raises GatewayError."""
        from curator.experiments import runs

        self.known = runs(self._rooms.gateway, since=datetime.now(UTC) - RUNS_BACK)
        return self.known

    def integrity(self, listed: "Sequence[Listed]", report: Report) -> "dict[str, Run]":
        """Reference → the run with its integrity as the server shows it now. Raises GatewayError."""
        from curator.experiments import with_integrity

        return with_integrity(
            self._rooms.gateway,
            listed,
            rules=[loaded.rule for loaded in self._rooms.rules],
            progress=lambda done, total: report("looking whether runs are whole", done, total),
        )

    def compare(self, baseline: str, candidate: str) -> TwoRuns:
        """Two runs by reference, compared. Raises UsageError, GatewayError."""
        from curator.experiments import compare_runs, find_runs

        runs = find_runs([baseline, candidate], lambda: self._rooms.gateway, deadline=0.0)
        names = {run.rule for run in runs}
        judges = {
            c.name for loaded in self._rooms.rules if loaded.rule.rule in names for c in loaded.rule.checks if c.judge
        }
        return TwoRuns(baseline=runs[0], candidate=runs[1], comparison=compare_runs(*runs, judges=judges))

    def prove(self, loaded: "LoadedRule", item_id: str, tasks: Tasks, report: Report) -> "Proof":
        """What `curator prove` says of an item; its tasks run in processes of their own. Raises CuratorError."""
        from curator.experiments import ProofPlan, prove_items

        allowed = self._rooms.settings.allow_python
        plan = ProofPlan(production=tasks.production, candidate=tasks.candidate or None, allow_python=allowed)
        total, answers = plan.runs * (2 if plan.candidate else 1), itertools.count(1)
        (proof,) = prove_items(
            self._rooms.gateway,
            self._rooms.settings.connection(),
            loaded.rule,
            [item_id],
            plan,
            progress=lambda: report("proving", next(answers), total),
            printed=lambda *_: None,  # the terminal is the screen's
        )
        return proof
