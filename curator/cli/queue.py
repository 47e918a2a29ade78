"""`curator queue`: the failures that need a decision."""

import sys
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import click

from curator.cli.columns import number, row, when
from curator.cli.output import count, plain, print_json, say
from curator.config import Connection, load_settings
from curator.model import Decision, Failure, Queue, Signal
from curator.model.errors import CuratorError

if TYPE_CHECKING:
    from curator.queue import Window

MOST_TELLING = ("annotation", "score", "session", "queue", "level")
STATES = ("open", "promoted", "dismissed", "snoozed", "prepared", "all")


@click.command()
@click.option("--rules", "rules", multiple=True, metavar="RULE", help="Only this rule (a name or a file); repeatable.")
@click.option("--since", metavar="7d|DATE", help="Begin of the window: a span back from now, or a date.  [default: 7d]")
@click.option("--until", metavar="DATE", help="End of the window; a date includes that day.  [default: now]")
@click.option("--state", type=click.Choice(STATES), default="open", show_default=True, help="What has been decided.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop at this many failures.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def queue(
    rules: tuple[str, ...], since: str | None, until: str | None, state: str, limit: int | None, as_json: bool
) -> None:
    """List the failures that need a decision, newest first, with the reasons why.

    `--state prepared`: the drafts of this machine that wait for a person's approval; the server is asked for nothing.
    """
    from curator.gateway import Gateway
    from curator.queue import find_failures, parse_window
    from curator.rulebook import find_rule, load_rules

    settings = load_settings()
    connection = settings.connection()
    if state == "prepared":
        _prepared(connection, rules, as_json)
        return
    now = datetime.now().astimezone()
    window = parse_window(since, until, now)
    loaded = [find_rule(name, settings) for name in rules] or load_rules(settings)
    with Gateway(connection, on_wait=lambda seconds, why: say(f"{why} Trying again in {seconds:.0f} s.")) as gateway:
        found = find_failures(
            gateway,
            [each.rule for each in loaded],
            window,
            state=None if state == "all" else state,  # type: ignore[arg-type]  # click.Choice has checked it
            decisions=_local_decisions(connection),
            progress=_progress if sys.stderr.isatty() else None,
            note=say,
            limit=limit,
            now=now,
        )
    _progress("")
    if as_json:
        print_json(found.model_dump(mode="json") | {"window": window.model_dump(mode="json")})
    else:
        _print(found, window, state)


def _prepared(connection: Connection, rules: Sequence[str], as_json: bool) -> None:
    """The inbox: what `draft --save` kept."""
    from curator.journal import Journal

    with Journal.of(connection) as journal:
        waiting = [each for each in journal.drafts.prepared() if not rules or each.rule in rules]
    if as_json:
        fields = {"trace_id", "rule", "case", "dataset", "item_id", "saved_at"}
        print_json(
            {
                "prepared": [
                    each.model_dump(mode="json", include=fields) | {"key": each.key, "prepared_by": each.prepared_by}
                    for each in waiting
                ]
            }
        )
        return
    for each in waiting:
        click.echo(row([(each.key, 32), (when(each.saved_at), 11), (each.rule, 14), (f"by {each.prepared_by}", 10)]))
    say(f"{len(waiting)} prepared; `curator promote TRACE --rules RULE` or `curator tui` approves")


def _local_decisions(connection: Connection) -> Sequence[Decision]:
    """What was decided on this machine lately; the server shows it only after its lag."""
    from curator.journal import Journal

    try:
        with Journal.of(connection) as journal:
            return journal.decisions.all()
    except CuratorError as error:
        say(f"warning: {error.message} Decisions of the last minute may be missing.")
        return ()


def _progress(what: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{plain(what)}", nl=False, err=True)


def _print(found: Queue, window: "Window", state: str) -> None:
    for failure in found.failures:
        name = failure.name or ("(source gone)" if failure.source_gone else "(no name)")
        name = f"{name} › {failure.observation_name or failure.observation_id}" if failure.reviewed else name
        telling = sorted(failure.signals, key=lambda signal: MOST_TELLING.index(signal.kind))
        why = "; ".join(dict.fromkeys(_reason(signal) for signal in telling))
        marks = _marks(failure, state)
        click.echo(row([(failure.key, 32), (when(failure.timestamp), 11), (name, 14), (marks + why, 10)]))
    more = " (stopped at the limit; there may be more)" if found.truncated else ""
    unread = f" · unreadable {found.unreadable}" if found.unreadable else ""
    what = ("" if state == "all" else f"{state} ") + ("failure" if len(found.failures) == 1 else "failures")
    say(
        f"{len(found.failures)} {what} · fetched {found.fetched} · total {found.total} · hidden {found.hidden}{unread}"
        f" · {count(found.requests, 'request')}\n{when(window.since)} to {when(window.until)}{more}"
    )


def _marks(failure: Failure, state: str) -> str:
    marks = f"[{failure.state}] " if state == "all" else ""
    marks += f"session of {count(len(failure.session), 'trace')}: " if failure.session else ""
    if failure.items:
        marks += f"→ {failure.items[0]} " + (f"(+{len(failure.items) - 1}) " if len(failure.items) > 1 else "")
    return marks


def _reason(signal: Signal) -> str:
    if signal.kind == "queue":
        return f"queue {signal.name}"
    if signal.kind == "level":
        return f"{signal.name} {number(signal.value)}".strip()
    return f"{signal.name} {number(signal.value)}"
