"""`curator queue`: the failures that need a decision."""

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast, get_args

import click

from curator.cli.experiment_options import open_gateway
from curator.cli.output import count, json_option, number, plain, print_json, progress, row, say, when
from curator.cli.week import local_decisions, print_groups
from curator.config import Connection, load_settings
from curator.model import Failure, Queue, Rule, Signal, State
from curator.model.failure import SignalKind
from curator.queue import in_line

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.queue import Grouping, Window

STATES = ("open", "promoted", "dismissed", "snoozed", "prepared", "all")


@click.command()
@click.option("--rules", "rules", multiple=True, metavar="RULE", help="Only this rule (a name or a file); repeatable.")
@click.option("--since", metavar="7d|DATE", help="Begin of the window: a span back from now, or a date.  [default: 7d]")
@click.option("--until", metavar="DATE", help="End of the window; a date includes that day.  [default: now]")
@click.option("--state", type=click.Choice(STATES), default="open", show_default=True, help="What has been decided.")
@click.option("--limit", type=click.IntRange(min=1), help="Stop at this many failures.")
@click.option("--groups", "grouped", is_flag=True, help="Put failures together that look like one problem.")
@click.option("--filter", "line", metavar="LINE", help="Only these, such as 'score<0.3 signal:x since:3d', or @VIEW.")
@click.option("--markdown", is_flag=True, help="New, growing, recurring and decided, as Markdown.")
@json_option
def queue(
    rules: tuple[str, ...],
    since: str | None,
    until: str | None,
    state: str,
    limit: int | None,
    grouped: bool,
    line: str | None,
    markdown: bool,
    as_json: bool,
) -> None:
    """List the failures that need a decision, newest first, with the reasons why.

    `--state prepared`: the drafts of this machine that wait for a person's approval; the server is asked for nothing.

    --groups compares what users asked, what was called and why it failed, after the scrub, on this machine, and names
    the item that a failure resembles. --markdown sums the same up without any text of a failure (`curator digest` says
    more).
    """
    from curator.cli.week import read_week
    from curator.queue import Hears, find_failures, found_by, in_words, parse_filter, parse_window, without_rules
    from curator.rulebook import find_rule, load_rules
    from curator.scrub import Scrubber

    if markdown and (line or grouped):
        raise click.UsageError("--markdown is about the whole window: leave --filter and --groups out.")
    settings = load_settings()
    connection = settings.connection()
    if state == "prepared":
        _prepared(connection, rules, as_json)
        return
    now = datetime.now().astimezone()
    window = parse_window(since, until, now)
    hears = Hears(progress=progress, note=say) if sys.stderr.isatty() else Hears(note=say)
    loaded = [find_rule(name, settings) for name in rules] or load_rules(settings)
    by = [each.rule for each in loaded]
    chosen = parse_filter(line, now, settings.views) if line else None
    whole = grouped or markdown or (chosen is not None and chosen.of_groups)
    if whole and limit is not None:
        raise click.UsageError("Groups need every failure of the window: leave --limit out.")
    wanted = cast("State | None", None if state == "all" else state)  # click.Choice has checked it
    grouping: Grouping | None = None
    with open_gateway(connection) as gateway, Scrubber() as scrubber:  # which starts when it is needed

        def read(by: "Sequence[Rule]", hears: Hears = hears) -> Queue:
            return find_failures(
                gateway,
                by,
                window,
                state=wanted,
                decisions=local_decisions(connection),
                hears=hears,
                limit=limit,
                now=now,
            )

        found = None
        if not rules and without_rules(settings):
            found, used = found_by(gateway, settings, window, by, read, hears)
            if used is not by:
                by = list(used)
                say(in_words(by[0]))
        elif not whole:
            found = read(by)
        if found is None or whole:
            week = read_week(gateway, scrubber, by, window, settings)
            if markdown:
                from curator.queue import digest, in_markdown

                click.echo(in_markdown(digest(week), window), nl=False)
                return
            grouping = week.groups(wanted) if grouped else None
            found = _only(week.queue, lambda one: wanted in (None, one.state))
        if chosen is not None:
            texts = _contents(gateway, found.failures) if chosen.words else {}
            found = _only(found, lambda one: chosen.matches(one, texts.get(one.trace_id, "")))
            if grouping is not None:
                keys = {one.key for one in found.failures}
                kept = tuple(group for group in grouping.groups if keys & set(group.keys))
                grouping = grouping.model_copy(update={"groups": kept})
        found = found.model_copy(update={"requests": gateway.requests})
    progress("")
    if as_json:
        more = {} if grouping is None else grouping.model_dump(mode="json")
        print_json(found.model_dump(mode="json") | more | {"window": window.model_dump(mode="json")})
    elif grouping is not None:
        print_groups(grouping)
    else:
        _print(found, window, state)


def _only(found: Queue, chosen: "Callable[[Failure], bool]") -> Queue:
    """The chosen failures; the others count as hidden."""
    kept = tuple(one for one in found.failures if chosen(one))
    return found.model_copy(update={"failures": kept, "hidden": found.total - len(kept)})


def _contents(gateway: "Gateway", failures: "Sequence[Failure]") -> dict[str, str]:
    """Trace id → all text of its inputs and outputs, to look for words in; 50 traces a time. Raises GatewayError."""
    found: dict[str, str] = {}
    ids = list(dict.fromkeys(one.trace_id for one in failures))
    for start in range(0, len(ids), 50):
        for trace_id, trace in gateway.traces(ids[start : start + 50], comments=False).items():
            found[trace_id] = " ".join(f"{one.input} {one.output}" for one in trace.observations)
    return found


def _prepared(connection: Connection, rules: Sequence[str], as_json: bool) -> None:
    """The inbox: what `draft --save` kept."""
    from curator.journal import Journal

    with Journal.of(connection) as journal:
        waiting = [each for each in journal.drafts.prepared() if not rules or each.rule in rules]
    if as_json:
        fields = {"trace_id", "rule", "case", "dataset", "item_id", "saved_at"}
        told = [
            each.model_dump(mode="json", include=fields) | {"key": each.key, "prepared_by": each.prepared_by}
            for each in waiting
        ]
        print_json({"prepared": told})
        return
    for each in waiting:
        click.echo(row([(each.key, 32), (when(each.saved_at), 11), (each.rule, 14), (f"by {each.prepared_by}", 10)]))
    say(f"{len(waiting)} prepared; `curator promote TRACE --rules RULE` or `curator` approves")


def _print(found: Queue, window: "Window", state: str) -> None:
    from curator.draft import resemblance

    for failure in found.failures:
        name = failure.name or ("(source gone)" if failure.source_gone else "(no name)")
        name = f"{name} › {failure.observation_name or failure.observation_id}" if failure.reviewed else name
        telling = sorted(failure.signals, key=lambda signal: get_args(SignalKind).index(signal.kind))
        notes = (f"{note.reviewer}: “{in_line(note)}”" for note in failure.notes)
        why = "; ".join(dict.fromkeys((*map(_reason, telling), *notes)))
        marks = _marks(failure, state)
        click.echo(row([(failure.key, 32), (when(failure.timestamp), 11), (name, 14), (marks + why, 10)]))
        if failure.seen is not None:
            click.echo(f"    ↻ {plain(resemblance(failure.seen))}")
    more = " (stopped at the limit; there may be more)" if found.truncated else ""
    unread = f" · unreadable {found.unreadable}" if found.unreadable else ""
    what = ("" if state == "all" else f"{state} ") + ("failure" if len(found.failures) == 1 else "failures")
    say(
        f"{len(found.failures)} {what} · fetched {found.fetched} · total {found.total} · hidden {found.hidden}{unread}"
        f" · {count(found.requests, 'request')}\n{when(window.since)} to {when(window.until)}{more}"
    )


def _marks(failure: Failure, state: str) -> str:
    marks = f"[{failure.state}] " if state == "all" else ""
    marks += "reviewers disagree: " if failure.disputed else ""
    marks += "✎ " if failure.notes else ""
    marks += f"approved by {', '.join(failure.approved_by)}, waits for another: " if failure.approved_by else ""
    marks += f"session of {count(len(failure.session), 'trace')}: " if failure.session else ""
    covering = failure.decision.item_id if failure.decision is not None else None
    if failure.state == "dismissed" and covering:
        marks += f"covered by {covering} "
    elif failure.items:
        marks += f"→ {failure.items[0]} " + (f"(+{len(failure.items) - 1}) " if len(failure.items) > 1 else "")
    return marks


def _reason(signal: Signal) -> str:
    return f"queue {signal.name}" if signal.kind == "queue" else f"{signal.name} {number(signal.value)}".strip()
