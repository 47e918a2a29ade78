"""What the commands around experiments share: options, progress, what tasks print, the way to exit 0."""

import contextlib
import functools
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curator.cli.output import FILE, plain, say, together
from curator.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from curator.config import Connection, Settings
    from curator.experiments import Pinned, Plan, Run
    from curator.gateway import Gateway
    from curator.model.rule import Rule

rules_option = click.option("--rules", "rule", required=True, metavar="RULE", help="The rule (a name or a file).")
python_option = click.option(
    "--allow-python", is_flag=True, default=None, help="Let the rule's checks name Python paths (runs their code)."
)
timeout_option = click.option(
    "--timeout", type=click.FloatRange(min=0, min_open=True), default=60.0, show_default=True, metavar="SECONDS",
    help="For one answer of the task; then the item counts as errored.",
)  # fmt: skip
memory_option = click.option(
    "--memory", type=click.FloatRange(min=0, min_open=True), default=4.0, show_default=True, metavar="GIB",
    help="For one answer of the task, with all it starts; then the item counts as errored.",
)  # fmt: skip
junit_option = click.option("--junit", type=FILE, metavar="FILE",
                            help="Also write JUnit XML: one test case per item.")  # fmt: skip
deadline_option = click.option(
    "--deadline", type=click.FloatRange(min=0), default=60.0, show_default=True, metavar="SECONDS",
    help="How long to wait for scores that the server does not show yet.",
)  # fmt: skip

run_options = together(
    click.option("--label", metavar="L", help="Name of the candidate.  [default: from rule and task]"),
    click.option("--repeat", type=click.IntRange(1, 100), default=1, show_default=True, metavar="N",
                 help="Run everything N times: that is how noise is measured."),
    click.option("--max-concurrency", type=click.IntRange(1, 50), default=3, show_default=True, metavar="N",
                 help="Items at the same time."),
    click.option("--dataset-version", metavar="T",
                 help="Run over the items as they were at this time, or as a lock file or a pulled folder holds them."
                 "  [default: now, pinned]"),
    click.option("--var", "variables", multiple=True, metavar="KEY=VALUE",
                 help="What distinguishes this candidate (prompt_label=staging); repeatable."),
    timeout_option,
    memory_option,
    deadline_option,
    click.option("--output", type=FILE, metavar="FILE",
                 help="Where the result file goes.  [default: the state folder]"),
)  # fmt: skip
"""The options of everything that starts a run."""


def plan_of(task: str, options: dict[str, Any], *, allow_python: bool, gateway: "Gateway", dataset: str) -> "Plan":
    """The plan that `run_options` describe. Raises UsageError, CuratorError (DATASET_DRIFT), GatewayError."""
    from curator.experiments import Plan, variables_of

    return Plan(
        task=task,
        allow_python=allow_python,
        dataset_version=version_named(gateway, options.pop("dataset_version"), dataset),
        variables=dict(variables_of(options.pop("variables"))),
        **options,
    )


def version_named(gateway: "Gateway", text: str | None, dataset: str) -> datetime | None:
    """The time that `--dataset-version` names: itself, or that of a lock file or pulled folder of this dataset.

    Raises UsageError, CuratorError (DATASET_DRIFT: the server no longer shows what was locked), GatewayError.
    """
    if not text:
        return None
    from curator.dataset import version_of

    return version_of(gateway, text, dataset) or moment(text, "--dataset-version")


def perform_plan(gateway: "Gateway", connection: "Connection", rule: "Rule", plan: "Plan") -> tuple["Run", Path]:
    """Runs a plan with a progress bar on a terminal. Raises what `perform` raises."""
    from curator.experiments import perform_experiment

    with progress_bar("items") as bar:

        def started(pinned: "Pinned") -> None:
            bar.start(len(pinned.items) * plan.repeat)

        def saved(path: Path) -> None:
            say(f"results: {path}")

        try:
            return perform_experiment(
                gateway, connection, rule, plan, started=started, progress=bar.step, saved=saved, printed=printed
            )
        except KeyboardInterrupt:
            say("`curator run --resume` with the same rule and task goes on from there.")
            raise


def write_junit(path: Path, rule: "Rule", run: "Run", *more: Any) -> None:
    """Writes a run, with what `junit` takes `more`, as JUnit XML. Raises UsageError (RESULT_WRITE)."""
    from curator.experiments import junit_xml
    from curator.model.files import write_text

    write_text(path, junit_xml(rule, run, *more), code="RESULT_WRITE", remedy="Choose another place with --junit.")


class ProgressBar:
    """A bar on stderr when that is a terminal; else nothing. Thread-safe."""

    def __init__(self, label: str, until: contextlib.ExitStack) -> None:
        self._label, self._until = label, until
        self._lock = threading.Lock()
        self._bar: Any = None

    def start(self, total: int) -> None:
        """Shows the bar."""
        if sys.stderr.isatty():
            self._bar = self._until.enter_context(click.progressbar(length=total, label=self._label, file=sys.stderr))

    def step(self) -> None:
        """One more is done."""
        with self._lock:
            if self._bar is not None:
                self._bar.update(1)


@contextlib.contextmanager
def progress_bar(label: str) -> Iterator[ProgressBar]:
    """A bar that is finished at the end, whatever happens."""
    with contextlib.ExitStack() as stack:
        yield ProgressBar(label, stack)


def printed(text: str) -> None:
    """Shows on stderr, made plain, what a task or an evaluator printed: stdout holds our document only."""
    with contextlib.suppress(BrokenPipeError):
        click.echo(plain(text, keep_newlines=True), nl=False, err=True)


def verdict(function: Callable[..., bool]) -> Callable[..., ExitCode]:
    """A command whose answer decides something: exit 0 only when its function has come back and said True.

    This is the one place from which `run`, `gate` and `prove` end with 0. A reader that went away while the answer was
    printed is no yes.
    """

    @functools.wraps(function)
    def command(*args: Any, **kwargs: Any) -> ExitCode:
        with interrupted_by_sigterm():
            try:
                yes = function(*args, **kwargs)
            except BrokenPipeError:
                sys.stderr.close()
                yes = False
        return ExitCode.YES if yes is True else ExitCode.NO

    return command


@contextlib.contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM as Ctrl-C inside, so that what was done is kept and processes are ended."""
    if threading.current_thread() is not threading.main_thread():  # signals are the main thread's
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    # A shell's background jobs ignore Ctrl-C; SIGTERM has to get through all the same.
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def open_gateway(connection: "Connection") -> "Gateway":
    """The gateway, telling the person when it waits for a rate limit."""
    from curator.gateway import Gateway

    return Gateway(connection, on_wait=lambda seconds, why: say(f"{why} Trying again in {seconds:.0f} s."))


@contextlib.contextmanager
def gateway_when_needed(settings: "Settings") -> Iterator[Callable[[], "Gateway"]]:
    """A gateway that is opened at the first call: who names only files needs no keys."""
    with contextlib.ExitStack() as stack:
        yield cache(lambda: stack.enter_context(open_gateway(settings.connection())))


def moment(text: str, option: str) -> datetime:
    """An ISO time; local when it names no offset. Raises UsageError (TIME_FORMAT)."""
    try:
        return datetime.fromisoformat(text).astimezone()
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} is not a time: {text!r}.", code="TIME_FORMAT", remedy="Write 2026-11-22T16:10:00+00:00."
        ) from None


def ask_before_replacing(path: Path, option: str, *, as_json: bool = False) -> None:
    """Asks on a terminal before a file that is there is replaced. Raises UsageError (FILE_EXISTS) unless it may be."""
    if path.exists() and (
        as_json or not sys.stdin.isatty() or not click.confirm(f"{path} is there. Replace it?", err=True)
    ):
        raise UsageError(
            f"{path} is there already.",
            code="FILE_EXISTS",
            remedy=f"Name another file with {option}, or add --overwrite.",
        )
