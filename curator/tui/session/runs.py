"""Experiment runs: which there are, how whole they are, two of them compared, an item proved."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from curator.model.errors import CuratorError
from curator.tui.memory import Tasks
from curator.tui.session.rooms import Report, Rooms

if TYPE_CHECKING:
    from curator.experiments import Listed, Run
    from curator.experiments.compare import Comparison
    from curator.experiments.prove import Proof
    from curator.rulebook import LoadedRule

RUNS_BACK = timedelta(days=90)
"""How far back runs are listed."""
ENDED = {
    "message": "It ended without an answer.",
    "code": "PROVE_ENDED",
    "remedy": "`curator prove` in a shell shows what happens.",
}


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
        from curator.experiments import look_at

        return look_at(
            self._rooms.gateway,
            listed,
            rules=[loaded.rule for loaded in self._rooms.rules],
            progress=lambda done, total: report("looking whether runs are whole", done, total),
        )

    def compare(self, baseline: str, candidate: str) -> TwoRuns:
        """Two runs by reference, compared. Raises UsageError, GatewayError."""
        from curator.experiments import find_runs
        from curator.experiments.compare import compare

        runs = find_runs([baseline, candidate], lambda: self._rooms.gateway, deadline=0.0)
        names = {run.rule for run in runs}
        judges = {
            c.name for loaded in self._rooms.rules if loaded.rule.rule in names for c in loaded.rule.checks if c.judge
        }
        return TwoRuns(baseline=runs[0], candidate=runs[1], comparison=compare(*runs, judges=judges))

    def prove(self, loaded: "LoadedRule", item_id: str, tasks: Tasks, report: Report) -> "Proof":
        """What `curator prove` says of an item. Raises CuratorError.

        It runs as a process of its own: a task that was mended a minute ago runs as it is now, and whatever it does,
        it does not do it to the terminal.
        """
        from curator.experiments.prove import Proof

        options = ["--rules", str(loaded.path), "--production", tasks.production]
        options += ["--candidate", tasks.candidate] if tasks.candidate else []
        options += ["--allow-python"] if self._rooms.settings.allow_python else []
        connection = self._rooms.settings.connection()
        keys = {
            "LANGFUSE_BASE_URL": connection.base_url,
            "LANGFUSE_PUBLIC_KEY": connection.public_key,
            "LANGFUSE_SECRET_KEY": connection.secret_key.get_secret_value(),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "curator", "prove", "--json", *options, "--", item_id],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=os.environ | keys,
            start_new_session=True,  # an interrupt in the terminal is not meant for it
        )
        began = time.monotonic()
        try:
            while True:
                try:
                    out, _ = process.communicate(timeout=0.5)
                    break
                except subprocess.TimeoutExpired:
                    report("proving", round(time.monotonic() - began), None)
        finally:
            _interrupt(process)
        try:
            said = json.loads(out)
        except ValueError:
            said = {"error": ENDED}
        if "error" in said:
            raise CuratorError(said["error"].pop("message"), **said["error"])
        return Proof.model_validate(said["items"][0])


def _interrupt(process: "subprocess.Popen[str]") -> None:
    """Ends it as Ctrl-C would, so that it ends what it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
