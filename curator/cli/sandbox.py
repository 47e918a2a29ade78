"""`curator sandbox`: the embedded Langfuse-compatible server, until interrupted."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curator.cli.output import LOOPBACK, count, say
from curator.model.errors import ConfigError, ServerError, UsageError

if TYPE_CHECKING:
    from curator.journal import Journal
    from curator.sandbox import Lag, LoadReport, SandboxServer


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=0, show_default="a free one", type=click.IntRange(0, 65535), help="Port to listen on.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Keep what is sent in this folder.")
@click.option("--seed", type=click.Choice(["demo", "none"]), default="none", show_default=True, help="Start with data.")
@click.option(
    "--load",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Load saved rows or OTLP spans (.jsonl[.gz]), or what the web interface downloads (.json).",
)
@click.option("--fault", "faults", multiple=True, metavar="NAME[=ARG]", help="Switch a fault on; `list` names them.")
@click.option("--rate-limit", type=click.Choice(["hobby", "core"]), help="Limit requests as that Cloud plan does.")
@click.option(
    "--lag", default="measured", show_default=True, metavar="measured|SECONDS", help="Delay of new scores and traces."
)
@click.option(
    "--audit-example",
    "example",
    is_flag=True,
    help="Record what the demo's reviewers know of their dataset audit-example, print its rule's path, and end.",
)
@click.option("--until-stdin-closes", "watch", is_flag=True, hidden=True, help="End with whoever holds the pipe.")
def sandbox(
    host: str,
    port: int,
    data: Path | None,
    seed: str,
    files: tuple[Path, ...],
    faults: tuple[str, ...],
    rate_limit: str | None,
    lag: str,
    example: bool,
    watch: bool,
) -> None:
    """Run the embedded Langfuse-compatible server until Ctrl-C.

    For trying, testing and teaching: it answers as Langfuse 4.16 does for everything that curator uses, and keeps no
    secrets. Its first three lines on stdout are the variables that curator and the Langfuse SDK read.
    """
    from curator.sandbox import SandboxServer, check_fault

    if "list" in faults:
        return _list_faults()
    if example:
        return _audit_example()
    if host not in LOOPBACK:
        say(f"Everybody who reaches {host} can read and change this sandbox: its keys are public.")
    wanted = [(name, argument or None) for name, _, argument in (fault.partition("=") for fault in faults)]
    with _in_our_words():
        for name, argument in wanted:
            check_fault(name, argument)
        server = SandboxServer(host=host, port=port, data=data, rate_limit=rate_limit, lag=_lag(lag))
        try:
            with server.store.usable():
                _fill(server, seed, files)
            for name, argument in wanted:
                server.fault(name, argument)
            _serve(server, watch)
        finally:
            server.stop()


@contextmanager
def _in_our_words() -> Iterator[None]:
    """The sandbox knows nothing of curator: what it refuses becomes an error of the command line here."""
    from curator.sandbox import SandboxProblem

    try:
        yield
    except SandboxProblem as problem:
        kind = {3: ConfigError, 4: ServerError}.get(problem.exit_code, UsageError)
        raise kind(problem.message, code=problem.code, remedy=problem.remedy) from None


def _list_faults() -> None:
    from curator.sandbox import KINDS

    width = max(map(len, KINDS))
    for name, kind in KINDS.items():
        click.echo(f"{name:<{width}}  {kind.form:<9} {kind.help}")


def _audit_example() -> None:
    from curator.config import load_settings
    from curator.journal import Journal
    from curator.sandbox import DEMO_RULE

    with Journal.of(load_settings().connection()) as journal:
        plant_receipts(journal, datetime.now(UTC))
    click.echo(DEMO_RULE)


def plant_receipts(journal: "Journal", now: datetime) -> None:
    """Records the receipts of the demo's dataset `audit-example`, unless the journal holds promotions into it already.

    They are no actions of this machine: the ledger, and so undo, know nothing of them.
    """
    from curator.model import Item, Receipt
    from curator.sandbox import demo_receipts

    for receipt in (
        [] if journal.promotions.of_dataset("audit-example") else map(Receipt.model_validate, demo_receipts(now))
    ):
        item = Item(
            id=receipt.item_id,
            dataset=receipt.dataset,
            input=None,
            expected_output=None,
            metadata={},
            source_trace_id=receipt.trace_id or None,
        )
        promotion = journal.promotions.begin(item, rule=receipt.rule, reviewer=receipt.reviewer)
        journal.promotions.finish(promotion, receipt, None)


def _lag(text: str) -> "Lag":
    from curator.sandbox import MEASURED_LAG, Lag

    if text == "measured":
        return MEASURED_LAG
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds < float("inf"):
        raise UsageError("--lag takes `measured` or a number of seconds.", code="SANDBOX_LAG")
    return Lag(seconds, seconds)


def _fill(server: "SandboxServer", seed: str, files: tuple[Path, ...]) -> None:
    if seed == "demo":
        from curator.sandbox import seed_demo

        seed_demo(server.store, server.store.now())
    if files:
        from curator.sandbox import load_files

        report = load_files(server.store, files, _progress)
        for bad in report.bad:
            say(f"{bad.file}:{bad.line}: {bad.reason}")
        if report.bad_total > len(report.bad):
            say(f"… and {report.bad_total - len(report.bad)} more bad lines")
        say(
            f"loaded {count(report.observations, 'observation')} and {count(report.scores, 'score')},"
            f" skipped {count(report.bad_total, 'line')}"
        )


def _progress(report: "LoadReport", share: float) -> None:
    if sys.stderr.isatty():
        click.echo(f"\rloading {share:4.0%}  {report.lines} lines", nl=share >= 1, err=True)


def _serve(server: "SandboxServer", watch: bool) -> None:
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stopped.set())
    if watch:
        threading.Thread(target=_until_closed, args=(stopped,), daemon=True).start()
    server.start()
    for name, value in server.environment().items():
        click.echo(f"{name}={value}")
    sys.stdout.flush()
    say("sandbox is listening; Ctrl-C stops it")
    stopped.wait()


def _until_closed(stopped: threading.Event) -> None:
    """Whoever started the sandbox holds the other end of its standard input; when they end, however, it closes."""
    sys.stdin.buffer.read()
    stopped.set()
