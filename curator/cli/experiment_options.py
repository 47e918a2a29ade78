"""What the commands around experiments share: options, progress, and keeping a task's prints off stdout."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from curator.cli.output import say
from curator.model.errors import UsageError

if TYPE_CHECKING:
    from curator.config import Connection
    from curator.experiments.perform import Plan
    from curator.experiments.results import Run
    from curator.experiments.versions import Pinned
    from curator.gateway import Gateway
    from curator.model.rule import Rule

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
rules_option = click.option("--rules", "rule", required=True, metavar="RULE", help="The rule (a name or a file).")
python_option = click.option(
    "--allow-python", is_flag=True, default=None, help="Let the rule's checks name Python paths (runs their code)."
)
timeout_option = click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True, metavar="SECONDS",
    help="For one answer of the task; then the item counts as errored.",
)  # fmt: skip
deadline_option = click.option(
    "--deadline", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
    help="How long to wait for scores that the server does not show yet.",
)  # fmt: skip

_RUN_OPTIONS = (
    click.option("--label", metavar="L", help="Name of the candidate.  [default: from rule and task]"),
    click.option("--repeat", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N",
                 help="Run everything N times: that is how noise is measured."),
    click.option("--max-concurrency", type=click.IntRange(1, 50), default=3, show_default=True, metavar="N",
                 help="Items at the same time."),
    click.option("--dataset-version", metavar="T",
                 help="Run over the items as they were at this time.  [default: now, pinned]"),
    click.option("--var", "variables", multiple=True, metavar="KEY=VALUE",
                 help="What distinguishes this candidate (prompt_label=staging); repeatable."),
    timeout_option,
    deadline_option,
    click.option("--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                 help="Where the result file goes.  [default: the state folder]"),
)  # fmt: skip


def run_options(function: F) -> F:
    """The options of everything that starts a run."""
    for option in reversed(_RUN_OPTIONS):
        function = option(function)
    return function


def plan_of(task: str, options: dict[str, Any], *, allow_python: bool) -> "Plan":
    """The plan that `run_options` describe. Raises UsageError."""
    from curator.experiments.perform import Plan, variables_of

    version = options.pop("dataset_version")
    return Plan(
        task=task,
        allow_python=allow_python,
        dataset_version=moment(version, "--dataset-version") if version else None,
        variables=dict(variables_of(options.pop("variables"))),
        **options,
    )


def perform_plan(gateway: "Gateway", connection: "Connection", rule: "Rule", plan: "Plan") -> tuple["Run", Path]:
    """Runs a plan with a progress bar on a terminal. Raises what `perform` raises."""
    from curator.experiments.perform import perform

    with prints_to_stderr(), progress_bar("items") as bar:

        def started(pinned: "Pinned") -> None:
            bar.start(len(pinned.items) * plan.repeat)

        def saved(path: Path) -> None:
            say(f"results: {path}")

        return perform(gateway, connection, rule, plan, started=started, progress=bar.step, saved=saved)


class ProgressBar:
    """A bar on stderr when that is a terminal; else nothing. Thread-safe."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._lock = threading.Lock()
        self._bar: Any = None

    def start(self, total: int) -> None:
        """Shows the bar."""
        if sys.stderr.isatty():
            self._bar = click.progressbar(length=total, label=self._label, file=sys.stderr)
            self._bar.__enter__()

    def step(self) -> None:
        """One more is done."""
        with self._lock:
            if self._bar is not None:
                self._bar.update(1)

    def finish(self) -> None:
        """Leaves the bar's line."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


@contextlib.contextmanager
def progress_bar(label: str) -> Iterator[ProgressBar]:
    """A bar that is finished at the end, whatever happens."""
    bar = ProgressBar(label)
    try:
        yield bar
    finally:
        bar.finish()


@contextlib.contextmanager
def prints_to_stderr() -> Iterator[None]:
    """What a task or an evaluator prints goes to stderr: stdout holds our document only."""
    with contextlib.redirect_stdout(sys.stderr):
        yield


def open_gateway(connection: "Connection") -> "Gateway":
    """The gateway, telling the person when it waits for a rate limit."""
    from curator.gateway import Gateway

    return Gateway(connection, on_wait=lambda seconds, why: say(f"{why} Trying again in {seconds:.0f} s."))


def moment(text: str, option: str) -> datetime:
    """An ISO time; local when it names no offset. Raises UsageError (TIME_FORMAT)."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} is not a time: {text!r}.", code="TIME_FORMAT", remedy="Write 2026-11-22T16:10:00+00:00."
        ) from None
