"""Experiment runs: which there are, how whole they are, two of them compared, an item proved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from curator.tui.session.rooms import Rooms
from curator.tui.session.values import Report

if TYPE_CHECKING:
    from curator.experiments.compare import Comparison
    from curator.experiments.overview import Listed
    from curator.experiments.results import Run

RUNS_BACK = timedelta(days=90)
"""How far back runs are listed."""


@dataclass(frozen=True)
class TwoRuns:
    """Two runs, and what comparing them told."""

    baseline: "Run"
    candidate: "Run"
    comparison: "Comparison"


class Running(Rooms):
    """What is done with runs."""

    def runs(self) -> "list[Listed]":
        """Runs of the last ninety days, latest first. Raises GatewayError."""
        from curator.experiments import overview

        return overview.runs(self.gateway, since=datetime.now(UTC) - RUNS_BACK)

    def integrity(self, listed: "Sequence[Listed]", report: Report) -> "dict[str, Run]":
        """Reference → the run with its integrity as the server shows it now. Raises GatewayError."""
        from curator.experiments import overview

        return overview.look_at(
            self.gateway,
            listed,
            rules=[loaded.rule for loaded in self.rules],
            progress=lambda done, total: report("looking whether runs are whole", done, total),
        )

    def compare_runs(self, baseline: str, candidate: str) -> TwoRuns:
        """Two runs by reference, compared. Raises UsageError, GatewayError."""
        from curator.experiments.compare import compare
        from curator.experiments.perform import find_run

        runs = [find_run(reference, lambda: self.gateway, deadline=0.0) for reference in (baseline, candidate)]
        names = {run.rule for run in runs}
        judges = {c.name for loaded in self.rules if loaded.rule.rule in names for c in loaded.rule.checks if c.judge}
        return TwoRuns(baseline=runs[0], candidate=runs[1], comparison=compare(*runs, judges=judges))
