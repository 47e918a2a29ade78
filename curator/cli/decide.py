"""`curator dismiss|snooze|reopen`: decisions that every reviewer sees."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model import Decision, State
from curator.model.errors import CuratorError, UsageError

Command = Callable[..., None]


def _shared(function: Command) -> Command:
    """Arguments that the three commands share."""
    options: list[Callable[[Command], Command]] = [
        click.argument("traces", metavar="TRACE…", nargs=-1),
        click.option("--rules", "rule", metavar="RULE", help="The rule whose failure this is (a name or a file)."),
        click.option(
            "--entries", is_flag=True, help="Also complete (reopen: make pending) the trace's annotation-queue entries."
        ),
        click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@click.command()
@_shared
@click.option("--reason", required=True, help="Why it is not worth a case; every reviewer reads it.")
@click.option("--group", metavar="GROUP", help="All open failures of a group of `curator queue --groups`.")
@click.option("--since", metavar="7d|DATE", help="With --group: the window that the group is of.  [default: 7d]")
def dismiss(
    traces: tuple[str, ...],
    reason: str,
    group: str | None,
    since: str | None,
    rule: str | None,
    entries: bool,
    as_json: bool,
) -> None:
    """Decide that failures are not worth a case. A person who raises one again brings it back.

    TRACE/OBSERVATION is one reviewed observation; a bare TRACE is the trace with all that was reviewed in it.
    """
    if not reason.strip():
        raise UsageError("A dismissal needs a reason.", code="DECISION", remedy='Say why: --reason "…".')
    keys = (*traces, *(_members(group, since, rule) if group else ()))
    _decide(keys, "dismissed", reason=reason, until=None, rule=rule, entries=entries, as_json=as_json)


@click.command()
@_shared
@click.option("--until", default="7d", show_default=True, metavar="3d|DATE", help="When it comes back.")
@click.option("--reason", default="", help="Why later; every reviewer reads it.")
def snooze(traces: tuple[str, ...], until: str, reason: str, rule: str | None, entries: bool, as_json: bool) -> None:
    """Put failures off: they come back at that time."""
    from curator.queue import parse_time

    now = datetime.now().astimezone()
    end = parse_time(until, now, back=False)
    if end <= now:
        raise UsageError("That time is past.", code="DECISION", remedy="Give --until a time to come, such as 3d.")
    _decide(traces, "snoozed", reason=reason, until=end, rule=rule, entries=entries, as_json=as_json)


@click.command()
@_shared
@click.option("--reason", default="", help="Why it is open again; every reviewer reads it.")
def reopen(traces: tuple[str, ...], reason: str, rule: str | None, entries: bool, as_json: bool) -> None:
    """Take decisions back: the failures are open again."""
    _decide(traces, "open", reason=reason, until=None, rule=rule, entries=entries, as_json=as_json)


def _members(group_id: str, since: str | None, rule: str | None) -> list[str]:
    """Keys of the open failures of a group, as `queue --groups` shows it. Raises UsageError for an unknown one."""
    from curator.cli.queue import groups_of, local_decisions
    from curator.gateway import Gateway
    from curator.queue import find_failures, parse_window
    from curator.rulebook import find_rule, load_rules

    settings = load_settings()
    connection = settings.connection()
    window = parse_window(since, None, datetime.now().astimezone())
    loaded = [find_rule(rule, settings)] if rule else load_rules(settings)
    with Gateway(connection) as gateway:
        known = local_decisions(connection)
        rules = [each.rule for each in loaded]
        failures = find_failures(gateway, rules, window, state=None, decisions=known).failures
        grouping = groups_of(gateway, failures, loaded, settings, window.until, "open")
    group = grouping.group(group_id)
    if group is None:
        raise UsageError(
            f"No group {group_id!r} has open failures in this window.",
            code="GROUP_UNKNOWN",
            remedy="`curator queue --groups` with the same --since and --rules lists the groups.",
        )
    say(f"{len(group.keys)} failures of {group.id} ({group.name}).")
    return list(group.keys)


def _decide(
    traces: Sequence[str],
    state: State,
    *,
    reason: str,
    until: datetime | None,
    rule: str | None,
    entries: bool,
    as_json: bool,
) -> None:
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.model import ScrubPolicy, split_key
    from curator.queue import entries_of, require_traces
    from curator.queue.decisions import decide
    from curator.rulebook import find_rule
    from curator.scrub import Scrubber
    from curator.scrub.policy import merged

    if not traces:
        raise click.UsageError("Name the traces: TRACE or TRACE/OBSERVATION, as `curator queue` lists them.")
    settings = load_settings()
    connection = settings.connection()
    by = find_rule(rule, settings).rule if rule else None
    policy = merged(settings.scrub, by.scrub if by else ScrubPolicy())
    keys = list(dict.fromkeys(traces))
    batch = uuid.uuid4().hex if len(keys) > 1 else ""
    done: list[dict[str, Any]] = []
    problem: CuratorError | None = None
    with Gateway(connection) as gateway, Journal.of(connection) as journal, Scrubber() as scrubber:
        if reason:
            scrubber.start()  # loads while the server is asked
        ids = list(dict.fromkeys(split_key(key)[0] for key in keys))
        require_traces(gateway, ids)
        status = "COMPLETED" if state == "open" else "PENDING"
        moved = entries_of(gateway, ids, status=status) if entries else {}
        for key in keys:
            trace_id, observation_id = split_key(key)
            decision = Decision(
                trace_id=trace_id,
                observation_id=observation_id,
                state=state,
                reviewer=settings.reviewer_name(),
                reason=reason,
                rule=by.rule if by else None,
                until=until,
                at=datetime.now(UTC),
            )
            concerned = [e for e in moved.get(trace_id, ()) if observation_id in (None, e.observation_id)]
            try:
                shared = decide(
                    gateway, journal, scrubber, decision, policy=policy, complete_entries=concerned, batch=batch
                )
            except CuratorError as error:
                problem = error
                break
            if shared.reason != reason and not done:
                say(f"The reason is shared as: {shared.reason}")
            done.append(
                shared.model_dump(mode="json") | {"key": key, "entries": [one.queue_entry_id for one in concerned]}
            )
        requests = gateway.requests
    if as_json:
        shown = {"code": problem.code, "message": problem.message, "remedy": problem.remedy} if problem else None
        print_json({"decisions": done, "problem": shown, "requests": requests})
    else:
        for one in done:
            click.echo(f"{plain(one['key'])}  {state}")
    if problem is not None:
        say(f"{len(done)} of {len(keys)} decided.")
        raise problem
