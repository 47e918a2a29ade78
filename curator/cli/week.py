"""`curator coverage` and `curator digest`, and the groups that `queue`, `dismiss`, `snooze` and `promote` work with."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from curator.cli.output import count, json_option, plain, print_form, print_json, progress, row, say, together
from curator.config import Connection, Settings, load_settings
from curator.model import Decision, Rule
from curator.model.errors import CuratorError, ExitCode, UsageError

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.queue import Coverage, Digest, Group, Grouping, Week, Window
    from curator.scrub import Scrubber

_windowed = together(
    click.option(
        "--rules", "rules", multiple=True, metavar="RULE", help="Only this rule (a name or a file); repeatable."
    ),
    click.option("--since", default="28d", show_default=True, metavar="28d|DATE", help="Begin of the window."),
    json_option,
)


@click.command()
@_windowed
@click.option("--weeks", default=4, show_default=True, type=click.IntRange(min=1), help="Weeks without a failure.")
def coverage(rules: tuple[str, ...], since: str, as_json: bool, weeks: int) -> None:
    """Say what the datasets protect against: groups of failures with an item, without one, and items gone quiet.

    A group has an item when one came from a failure of it, covers one, or is resembled by one.
    """
    from curator.queue import coverage as covered

    with _opened(rules, since) as (week, _, __):
        found = covered(week, weeks)
    if as_json:
        print_json(found.model_dump(mode="json") | _about(week))
    else:
        _print_coverage(found, weeks)


@click.command()
@_windowed
def digest(rules: tuple[str, ...], since: str, as_json: bool) -> ExitCode:
    """Sum up the week for a meeting or a scheduler, as Markdown; exit 1 when something waits for a person.

    New, growing and recurring groups, prepared drafts, items that are excused no longer or are not as they were
    approved, judges that have not shown what a rule asks of them. Holds no text of a failure.
    """
    from curator.queue import in_markdown

    with _opened(rules, since) as (week, by, gateway):
        found = _complete(week, by, gateway)
    if as_json:
        print_json(found.model_dump(mode="json") | {"needs_somebody": found.needs_somebody} | _about(week))
    else:
        click.echo(in_markdown(found, week.window), nl=False)
    return ExitCode.NO if found.needs_somebody else ExitCode.YES


def _complete(week: "Week", rules: Sequence[Rule], gateway: "Gateway") -> "Digest":
    """The digest with what waits beside the failures."""
    from curator.experiments import proven
    from curator.journal import Journal
    from curator.queue import digest as summed_up
    from curator.queue import drifted

    found, today = summed_up(week), datetime.now(UTC).date()
    with Journal.of(load_settings().connection()) as journal:
        prepared = [each.key for each in journal.drafts.prepared()]
        drift = drifted(week.items, journal)
    expired = [i.id for known in week.items.values() for i in known if i.excused_until and today > i.excused_until]
    judges = [
        f"{name} (rule {rule.rule}, {known.n} traces)"
        for rule in rules
        if (bounds := rule.gate.judges) is not None
        for name, known in proven(gateway, rule).items()
        if not known.meets(bounds)
    ]
    return found.model_copy(
        update={"prepared": tuple(prepared), "expired": tuple(expired), "drift": tuple(drift), "judges": tuple(judges)}
    )


def _about(week: "Week") -> dict[str, object]:
    return {"window": week.window.model_dump(mode="json"), "requests": week.queue.requests}


@contextmanager
def _opened(rules: Sequence[str], since: str | None) -> "Iterator[tuple[Week, list[Rule], Gateway]]":
    from curator.gateway import Gateway
    from curator.queue import parse_window
    from curator.rulebook import find_rule, load_rules
    from curator.scrub import Scrubber

    settings = load_settings()
    connection = settings.connection()
    window = parse_window(since, None, datetime.now().astimezone())
    by = [each.rule for each in [find_rule(name, settings) for name in rules] or load_rules(settings)]
    with Gateway(connection) as gateway, Scrubber() as scrubber:
        yield read_week(gateway, scrubber, by, window, settings), by, gateway


def read_week(
    gateway: "Gateway", scrubber: "Scrubber", rules: Sequence[Rule], window: "Window", settings: Settings
) -> "Week":
    """The failures of a window in groups, with what was decided on this machine. Raises GatewayError."""
    from curator import queue

    policies = {rule.rule: settings.policy(rule) for rule in rules}
    found = queue.read_week(
        gateway,
        scrubber,
        rules,
        window,
        policy_of=lambda one: policies.get(one.signals[0].rule, settings.scrub),
        decisions=local_decisions(settings.connection()),
        progress=progress if sys.stderr.isatty() else None,
        note=say,
    )
    progress("")
    return found


def group_of(
    gateway: "Gateway", scrubber: "Scrubber", settings: Settings, rule: str | None, since: str | None, wanted: str
) -> "Group":
    """The group with this id, or of the failure with this key, with its open failures.

    Raises UsageError (GROUP_UNKNOWN), GatewayError.
    """
    from curator.queue import parse_window
    from curator.rulebook import find_rule, load_rules

    window = parse_window(since, None, datetime.now().astimezone())
    rules = [each.rule for each in ([find_rule(rule, settings)] if rule else load_rules(settings))]
    week = read_week(gateway, scrubber, rules, window, settings)
    of = {name: one.group for one in week.queue.failures for name in (one.trace_id, one.key)}
    group = week.groups("open").group(of.get(wanted) or wanted)
    if group is None:
        raise UsageError(f"No group {wanted!r} has open failures in this window.", code="GROUP_UNKNOWN")
    return group


def local_decisions(connection: Connection) -> Sequence[Decision]:
    """What was decided on this machine lately; the server shows it only after its lag."""
    from curator.journal import Journal

    try:
        with Journal.of(connection) as journal:
            return journal.decisions.all()
    except CuratorError as error:
        say(f"warning: {error.message} Decisions of the last minute may be missing.")
        return ()


def print_groups(grouping: "Grouping") -> None:
    """One line for each group, the largest first."""
    for group in grouping.groups:
        click.echo(_line(group))
    total = sum(group.count for group in grouping.groups)
    unread = f" · {count(grouping.unread, 'failure')} could not be read" if grouping.unread else ""
    sampled = " · too many to compare each with each: later ones were held against groups" if grouping.sampled else ""
    say(f"{count(total, 'failure')} in {count(len(grouping.groups), 'group')}{unread}{sampled}")
    say("`curator dismiss|snooze --group GROUP` decides a whole group; --json lists the failures of each.")


def _line(group: "Group") -> str:
    """A group, and whole on a line of its own the item that protects against it or that it is like."""
    from curator.draft import resemblance

    why = ", ".join(group.signals)
    line = row([(group.id, 10), (f"{group.count:>4}", 4), (sparkline(group.weeks), 12), (group.name, 34), (why, 10)])
    item = f"→ {group.items[0]}" if group.items else f"↻ {resemblance(group.like)}" if group.like else ""
    return f"{line}\n{'':12}{plain(item)}" if item else line


def sparkline(numbers: Sequence[int]) -> str:
    """Numbers as a row of bars, the largest of them as the tallest."""
    most = max(numbers, default=0) or 1
    return "".join("▁▂▃▄▅▆▇█"[round(7 * each / most)] for each in numbers)


def _print_coverage(found: "Coverage", weeks: int) -> None:
    print_form("coverage", found=found, weeks=weeks, line=_line)
    failures = sum(group.count for group in (*found.covered, *found.uncovered))
    say(f"{count(failures, 'failure')} in the window; {count(len(found.items), 'item')} in the datasets")
