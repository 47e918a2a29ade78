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
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass
class Examination:
    """Findings so far; the first thing that is wrong decides the exit code."""

    findings: list[Finding] = field(default_factory=list)
    exit_code: ExitCode = ExitCode.YES
    heard: Callable[[Finding], None] = lambda _: None

    def add(self, name: str, ok: bool, detail: str, remedy: str = "", *, code: ExitCode = ExitCode.NO) -> None:
        """Adds a finding."""
        finding = Finding(name, ok, detail, remedy)
        self.findings.append(finding)
        if not ok and self.exit_code is ExitCode.YES:
            self.exit_code = code
        self.heard(finding)

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """Whatever is refused in the block becomes a finding of that name."""
        try:
            yield
        except CuratorError as error:
            self.add(name, False, error.message, error.remedy, code=error.exit_code)


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Say in words what is wrong with keys, server, model, terminal.

    Writes nothing to Langfuse. Exit 0 when all is well; else the code of the first thing that is wrong.
    """
    examination = Examination(heard=(lambda _: None) if as_json else _print)
    _look_here(examination)
    settings: Settings | None = None
    with examination.check("configuration"):
        settings = load_settings()
        path = config_file()
        examination.add("configuration", True, f"{path}" if path.is_file() else f"environment only (no file {path})")
    if settings is not None:
        rules = _look_at_rules(examination, settings)
        _look_at_server(examination, settings, rules)
    wrong = sum(not finding.ok for finding in examination.findings)
    if as_json:
        print_json({"checks": [asdict(finding) for finding in examination.findings]})
    else:
        say("all is well" if not wrong else f"{count(wrong, 'thing')} to mend")
    ctx.exit(examination.exit_code)


def _print(finding: Finding) -> None:
    click.echo(f"{'✓' if finding.ok else '✗'} {finding.name:<14} {plain(finding.detail)}")
    if finding.remedy:
        click.echo(f"  {'':<14} → {plain(finding.remedy)}")


def _look_here(examination: Examination) -> None:
    """This machine: terminal, state folder, name model."""
    encoding = (sys.stdout.encoding or locale.getpreferredencoding()).lower().replace("-", "")
    size = shutil.get_terminal_size((0, 0))
    if not sys.stdout.isatty():
        examination.add("terminal", True, "none: the commands work, the terminal UI does not start here")
    elif os.environ.get("TERM", "dumb") == "dumb":
        examination.add("terminal", False, "TERM says that it can do nothing", "Set TERM, such as xterm-256color.")
    elif encoding != "utf8":
        examination.add("terminal", False, f"its encoding is {encoding}", "Use a UTF-8 locale, such as LANG=C.UTF-8.")
    elif size.columns < 80 or size.lines < 24:
        detail = f"{size.columns}×{size.lines} is too small for the terminal UI"
        examination.add("terminal", False, detail, "Make the window at least 80×24; 120×36 is comfortable.")
    else:
        examination.add("terminal", True, f"{os.environ.get('TERM')}, {size.columns}×{size.lines}, {encoding}")
    folder = state_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    remedy = "" if writable else "Make it writable, or name another folder in CURATOR_STATE_DIR."
    detail = f"{folder}{'' if writable else ' cannot be written'}"
    examination.add("state folder", writable, detail, remedy, code=ExitCode.CONFIG)
    from curator.scrub.nlp import installed_model

    model = installed_model()
    if model:
        examination.add("name model", True, model)
    else:
        detail = "none: names are found only after a cue or from a list, places and organisations not at all"
        examination.add("name model", True, detail, "pip install 'langfuse-curator[ner]' to find names.")


def _look_at_rules(examination: Examination, settings: Settings) -> list["Rule"]:
    from curator.rulebook import load_rules, rules_folder

    with examination.check("rules"):
        rules = [loaded.rule for loaded in load_rules(settings)]
        examination.add("rules", True, f"{len(rules)} in {rules_folder(settings)}")
        return rules
    return []


def _look_at_server(examination: Examination, settings: Settings, rules: Sequence["Rule"]) -> None:
    from curator.gateway import Gateway

    with examination.check("keys"):
        connection = settings.connection()
        _look_at_journal(examination, connection)
        with Gateway(connection, patience=5) as gateway:
            _look_at_langfuse(examination, gateway, rules)


def _look_at_journal(examination: Examination, connection: Connection) -> None:
    """Whether it can be read to its last line, and what waits in it."""
    from curator.journal import FILE, Journal

    if not (state_folder() / FILE).is_file():
        return
    with examination.check("journal"), Journal.of(connection) as journal:
        entries, drafts = len(journal.ledger.entries()), len(journal.drafts.all())
        journal.decisions.all()
        waiting = len(journal.promotions.unfinished()) + len(journal.promotions.unshared())
        detail = f"{count(entries, 'line')} in the ledger, {count(drafts, 'kept draft')}"
        if waiting:
            detail += f", {count(waiting, 'promotion')} to finish"
        examination.add("journal", True, detail, "`curator promote --resume` finishes it." if waiting else "")


def _look_at_langfuse(examination: Examination, gateway: "Gateway", rules: Sequence["Rule"]) -> None:
    """Stops at the first failure: what follows needs it."""
    with examination.check("server"):
        server = gateway.version()
        examination.add("server", True, f"{gateway.base_url}, Langfuse {server.version}")
        skew = server.clock_skew
        if skew is None:
            examination.add("clock", True, "the server does not say what time it is")
        else:
            ok = abs(skew) <= CLOCK_SECONDS
            detail = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the server"
            examination.add("clock", ok, detail, "" if ok else "Synchronise this machine's clock (NTP).")
        with examination.check("keys"):
            gateway.health(server)
            project = gateway.project()
            examination.add("keys", True, f"project {project.name}")
            _look_at_capabilities(examination, gateway, server)
            _look_at_queue(examination, gateway, rules)


def _look_at_capabilities(examination: Examination, gateway: "Gateway", server: "ServerInfo") -> None:
    """What `run` and `gate` need besides the queue's APIs."""
    with examination.check("experiments"):
        next(gateway.experiments(from_=datetime.now(UTC) - timedelta(minutes=1)), None)
        detail, remedy = "observations v2, scores v3, experiments", ""
        if server.refuses_scores:
            detail += "; scores of experiments run with the SDK are refused before 4.59"
            remedy = "Upgrade Langfuse to 4.59 or later before running experiments."
        examination.add("capabilities", True, detail, remedy)


def _look_at_queue(examination: Examination, gateway: "Gateway", rules: Sequence["Rule"]) -> None:
    from curator.queue import Hears, find_failures, parse_window

    if not rules:
        return
    notes: list[str] = []
    with examination.check("queue"):
        window = parse_window("7d", None, datetime.now(UTC))
        found = find_failures(gateway, rules, window, limit=1, hears=Hears(note=notes.append))
        detail = f"it can be read ({count(found.requests, 'request')} for {count(len(rules), 'rule')})"
        remedy = "Create the annotation queue in Langfuse, or correct the rule." if notes else ""
        examination.add("queue", True, " ".join([detail, *notes]), remedy)
