"""`curator doctor`: what is wrong with keys, server, clock, model, terminal, and what to do about it."""

import locale
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from curator.cli.output import count, json_option, plain, print_json, say
from curator.config import Connection, Settings, config_file, load_settings, state_folder
from curator.model.errors import CuratorError, ExitCode

if TYPE_CHECKING:
    from curator.gateway import Gateway, ServerInfo
    from curator.model import Rule

CLOCK_SECONDS = 30.0


@dataclass
class Check:
    """One thing that was tried, and how that went."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass
class Checkup:
    """The checks so far; the first thing that is wrong decides the exit code."""

    checks: list[Check] = field(default_factory=list)
    exit_code: ExitCode = ExitCode.YES
    requests: int = 0
    """What it cost on the server."""
    on_check: Callable[[Check], None] = lambda _: None

    def add(self, name: str, ok: bool, detail: str, remedy: str = "", *, code: ExitCode = ExitCode.NO) -> None:
        """Adds a check."""
        check = Check(name, ok, detail, remedy)
        self.checks.append(check)
        if not ok and self.exit_code is ExitCode.YES:
            self.exit_code = code
        self.on_check(check)

    @contextmanager
    def refusals(self, name: str) -> Iterator[None]:
        """Whatever is refused in the block becomes a failed check of that name."""
        try:
            yield
        except CuratorError as error:
            self.add(name, False, error.message, error.remedy, code=error.exit_code)


@click.command()
@json_option
def doctor(as_json: bool) -> ExitCode:
    """Say in words what is wrong with keys, server, model, terminal.

    Writes nothing to Langfuse. Costs six requests, however many rules there are: health, one observation, the project,
    the latest experiments, the latest scores, the annotation queues. Exit 0 when all is well; else the code of the
    first thing that is wrong.
    """
    checkup = Checkup(on_check=(lambda _: None) if as_json else _print)
    _check_machine(checkup)
    settings: Settings | None = None
    with checkup.refusals("configuration"):
        settings = load_settings()
        path = config_file()
        checkup.add("configuration", True, f"{path}" if path.is_file() else f"environment only (no file {path})")
    if settings is not None:
        rules = _check_rules(checkup, settings)
        _check_connection(checkup, settings, rules)
    wrong = sum(not check.ok for check in checkup.checks)
    if as_json:
        print_json({"checks": [asdict(check) for check in checkup.checks], "requests": checkup.requests})
    else:
        verdict = f"{count(wrong, 'thing')} to mend" if wrong else "all is well"
        say(f"{verdict} ({count(checkup.requests, 'request')})")
    return checkup.exit_code


def _print(check: Check) -> None:
    click.echo(f"{'✓' if check.ok else '✗'} {check.name:<14} {plain(check.detail)}")
    if check.remedy:
        click.echo(f"  {'':<14} → {plain(check.remedy)}")


def _check_machine(checkup: Checkup) -> None:
    """This machine: terminal, state folder, name model."""
    encoding = (sys.stdout.encoding or locale.getpreferredencoding()).lower().replace("-", "")
    size = shutil.get_terminal_size((0, 0))
    if not sys.stdout.isatty():
        checkup.add("terminal", True, "none: the commands work, the terminal UI does not start here")
    elif os.environ.get("TERM", "dumb") == "dumb":
        checkup.add("terminal", False, "TERM says that it can do nothing", "Set TERM, such as xterm-256color.")
    elif encoding != "utf8":
        checkup.add("terminal", False, f"its encoding is {encoding}", "Use a UTF-8 locale, such as LANG=C.UTF-8.")
    elif size.columns < 80 or size.lines < 24:
        detail = f"{size.columns}×{size.lines} is too small for the terminal UI"
        checkup.add("terminal", False, detail, "Make the window at least 80×24; 120×36 is comfortable.")
    else:
        checkup.add("terminal", True, f"{os.environ.get('TERM')}, {size.columns}×{size.lines}, {encoding}")
    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        remedy = "Make it writable, or name another folder in CURATOR_STATE_DIR."
        checkup.add("state folder", False, f"{folder} cannot be written", remedy, code=ExitCode.CONFIG)
    else:
        from curator.journal import require_locks

        with checkup.refusals("state folder"):
            require_locks(folder / "locks")
            checkup.add("state folder", True, str(folder))
    from curator.scrub import installed_model

    model = installed_model()
    if model:
        checkup.add("name model", True, model)
    else:
        detail = "none: names are found only after a cue or from a list, places and organisations not at all"
        checkup.add("name model", True, detail, "pip install 'langfuse-curator[ner]' to find names.")


def _check_rules(checkup: Checkup, settings: Settings) -> list["Rule"]:
    from curator.rulebook import load_rules, rules_folder

    with checkup.refusals("rules"):
        rules = [loaded.rule for loaded in load_rules(settings)]
        checkup.add("rules", True, f"{len(rules)} in {rules_folder(settings)}")
        return rules
    return []


def _check_connection(checkup: Checkup, settings: Settings, rules: Sequence["Rule"]) -> None:
    from curator.gateway import Gateway

    with checkup.refusals("keys"):
        connection = settings.connection()
        if all(check.ok for check in checkup.checks if check.name == "state folder"):
            _check_journal(checkup, connection)
        with Gateway(connection, patience=5) as gateway:
            _check_server(checkup, gateway, rules)
            checkup.requests = gateway.requests


def _check_journal(checkup: Checkup, connection: Connection) -> None:
    """Whether it can be read to its last line, and what waits in it."""
    from curator.journal import FILE, Journal

    if not (state_folder() / FILE).is_file():
        return
    with checkup.refusals("journal"), Journal.of(connection) as journal:
        entries, drafts = len(journal.ledger.entries()), len(journal.drafts.all())
        journal.decisions.all()
        waiting = len(journal.promotions.unfinished()) + len(journal.promotions.unshared())
        detail = f"{count(entries, 'line')} in the ledger, {count(drafts, 'kept draft')}"
        if waiting:
            detail += f", {count(waiting, 'promotion')} to finish"
        checkup.add("journal", True, detail, "`curator promote --resume` finishes it." if waiting else "")


def _check_server(checkup: Checkup, gateway: "Gateway", rules: Sequence["Rule"]) -> None:
    """Stops at the first failure: what follows needs it."""
    with checkup.refusals("server"):
        server = gateway.version()
        checkup.add("server", True, f"{gateway.base_url}, Langfuse {server.version}")
        skew = server.clock_skew
        if skew is None:
            checkup.add("clock", True, "the server does not say what time it is")
        else:
            ok = abs(skew) <= CLOCK_SECONDS
            detail = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server"
            checkup.add("clock", ok, detail, "" if ok else "Synchronise this machine's clock (NTP).")
        with checkup.refusals("keys"):
            gateway.health(server)
            project = gateway.project()
            checkup.add("keys", True, f"project {project.name}")
            _check_capabilities(checkup, gateway, server)
            _check_queue(checkup, gateway, rules)


def _check_capabilities(checkup: Checkup, gateway: "Gateway", server: "ServerInfo") -> None:
    """What `run` and `gate` need besides the queue's APIs."""
    with checkup.refusals("experiments"):
        next(gateway.experiments(from_=datetime.now(UTC) - timedelta(minutes=1)), None)
        detail, remedy = "observations v2, scores v3, experiments", ""
        if server.refuses_scores:
            detail += "; scores of experiments run with the SDK are refused before 4.59"
            remedy = "Upgrade Langfuse to 4.59 or later before running experiments."
        checkup.add("capabilities", True, detail, remedy)


def _check_queue(checkup: Checkup, gateway: "Gateway", rules: Sequence["Rule"]) -> None:
    """What failures are made of: scores, and the annotation queues that rules name."""
    with checkup.refusals("queue"):
        next(gateway.scores(from_=datetime.now(UTC) - timedelta(days=1)), None)
        there = {queue.name for queue in gateway.annotation_queues()}
        named = {signal.annotation_queue for rule in rules for signal in rule.queue.signals}
        missing = sorted(name for name in named if name is not None and name not in there)
        detail, remedy = "scores and annotation queues can be read", ""
        if missing:
            detail += f"; rules name annotation queues that this project does not have: {', '.join(missing)}"
            remedy = "Create the annotation queue in Langfuse, or correct the rule."
        checkup.add("queue", True, detail, remedy)
