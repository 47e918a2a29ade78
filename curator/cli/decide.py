"""`curator dismiss|snooze|reopen|note`: decisions and notes that every reviewer sees."""

import uuid
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple

import click

from curator.cli.output import json_option, plain, print_json, say, together
from curator.cli.week import group_of
from curator.config import load_settings
from curator.model import Decision, Note, State
from curator.model.errors import CuratorError, UsageError

_shared = together(
    click.argument("traces", metavar="TRACE…", nargs=-1),
    click.option("--rules", "rule", metavar="RULE", help="The rule whose failure this is (a name or a file)."),
    click.option(
        "--entries", is_flag=True, help="Also complete (reopen: make pending) the trace's annotation-queue entries."
    ),
    json_option,
)
"""Arguments that the three commands share."""
_grouped = together(
    click.option("--group", metavar="GROUP", help="All open failures of a group of `curator queue --groups`."),
    click.option("--since", metavar="7d|DATE", help="With --group: the window that it is of.  [default: 7d]"),
)
"""Options that decide a whole group."""


@click.command()
@_shared
@click.option("--reason", default="", help="Why it is not worth a case; every reviewer reads it.")
@click.option("--covered-by", metavar="ITEM", help="The item that protects against it already, instead of a reason.")
@_grouped
def dismiss(traces: tuple[str, ...], reason: str, covered_by: str | None, **asked: Any) -> None:
    """Decide that failures are not worth a case. A person who raises one again brings it back.

    TRACE/OBSERVATION is one reviewed observation; a bare TRACE is the trace with all that was reviewed in it.
    """
    if not reason.strip() and covered_by is None:
        raise UsageError(
            "A dismissal needs a reason.", code="DECISION", remedy='Say why: --reason "…", or --covered-by ITEM.'
        )
    said = Said("dismissed", reason or f"covered by {covered_by}", item_id=covered_by)
    _decide(traces, said, **asked)


@click.command()
@_shared
@click.option("--until", default="7d", show_default=True, metavar="3d|DATE", help="When it comes back.")
@click.option("--reason", default="", help="Why later; every reviewer reads it.")
@_grouped
def snooze(traces: tuple[str, ...], until: str, reason: str, **asked: Any) -> None:
    """Put failures off: they come back at that time."""
    from curator.queue import parse_time

    now = datetime.now().astimezone()
    end = parse_time(until, now, back=False)
    if end <= now:
        raise UsageError("That time is past.", code="DECISION", remedy="Give --until a time to come, such as 3d.")
    said = Said("snoozed", reason, until=end)
    _decide(traces, said, **asked)


@click.command()
@_shared
@click.option("--reason", default="", help="Why it is open again; every reviewer reads it.")
def reopen(traces: tuple[str, ...], reason: str, **asked: Any) -> None:
    """Take decisions back: the failures are open again."""
    _decide(traces, Said("open", reason), **asked)


@click.command()
@click.argument("trace", metavar="TRACE")
@click.argument("text", nargs=-1, metavar="[TEXT…]")
@click.option("--pass", "verdict", flag_value="pass", help="You find it right.")
@click.option("--fail", "verdict", flag_value="fail", help="You find it wrong.")
@click.option("--remove", is_flag=True, help="Take your note away.")
@click.option("--rules", "rule", metavar="RULE", help="The rule whose scrub policy counts (a name or a file).")
@json_option
def note(trace: str, text: tuple[str, ...], verdict: str | None, remove: bool, rule: str | None, as_json: bool) -> None:
    """Note what you see in a failure, before it has a name; every reviewer reads it, personal values replaced.

    TRACE/OBSERVATION is one reviewed observation. You have one note about each failure: another one takes its place.
    """
    from curator.gateway import Gateway
    from curator.queue import require_traces, write_note
    from curator.rulebook import find_rule
    from curator.scrub import Outgoing

    said = " ".join(" ".join(text).split())
    if remove == bool(said or verdict):
        raise UsageError(
            "A note needs words, --pass or --fail; --remove takes none.", code="DECISION", remedy="Say what you see."
        )
    settings = load_settings()
    policy = settings.policy(find_rule(rule, settings).rule if rule else None)
    with Gateway(settings.connection()) as gateway, closing(Outgoing(policy)) as outgoing:
        ((trace_id, observation_id),) = require_traces(gateway, [trace])
        wanted = Note.model_validate(
            {
                "trace_id": trace_id,
                "observation_id": observation_id,
                "verdict": verdict or "note",
                "text": said,
                "reviewer": settings.reviewer_name(),
                "at": datetime.now(UTC),
            }
        )
        shared = write_note(gateway, outgoing, wanted)
        requests = gateway.requests
    if shared.text != said:
        say(f"The note is shared as: {shared.text}")
    if as_json:
        print_json({"note": shared.model_dump(mode="json") | {"key": trace}, "removed": remove, "requests": requests})
    else:
        click.echo(f"{plain(trace)}  {'note taken away' if remove else shared.verdict}")


class Said(NamedTuple):
    """What is decided about every failure."""

    state: State
    reason: str
    until: datetime | None = None
    item_id: str | None = None


def _decide(
    traces: Sequence[str],
    said: Said,
    *,
    rule: str | None,
    entries: bool,
    as_json: bool,
    group: str | None = None,
    since: str | None = None,
) -> None:
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.queue import entries_of, require_traces, share_decision
    from curator.rulebook import find_rule
    from curator.scrub import Scrubber

    if not traces and group is None:
        raise click.UsageError("Name the traces: TRACE or TRACE/OBSERVATION, as `curator queue` lists them.")
    settings = load_settings()
    connection = settings.connection()
    by = find_rule(rule, settings).rule if rule else None
    policy = settings.policy(by)
    done: list[dict[str, Any]] = []
    problem: CuratorError | None = None
    with Gateway(connection) as gateway, Journal.of(connection) as journal, Scrubber() as scrubber:
        if said.reason or group:
            scrubber.start()  # loads while the server is asked
        keys = list(dict.fromkeys(traces))
        if group is not None:
            whole = group_of(gateway, scrubber, settings, rule, since, group)
            say(f"{len(whole.keys)} failures of {whole.id} ({whole.name}).")
            keys = list(dict.fromkeys((*keys, *whole.keys)))
        if said.item_id is not None and gateway.item(said.item_id) is None:
            words = f"Langfuse has no item {said.item_id!r}."
            raise UsageError(words, code="ITEM_UNKNOWN", remedy="`curator verify DATASET` lists the items.")
        batch = uuid.uuid4().hex if len(keys) > 1 else ""
        subjects = dict(zip(keys, require_traces(gateway, keys), strict=True))
        ids = list(dict.fromkeys(trace_id for trace_id, _ in subjects.values()))
        status = "COMPLETED" if said.state == "open" else "PENDING"
        moved = entries_of(gateway, ids, status=status) if entries else {}
        for key, (trace_id, observation_id) in subjects.items():
            decision = Decision(
                trace_id=trace_id,
                observation_id=observation_id,
                state=said.state,
                reviewer=settings.reviewer_name(),
                reason=said.reason,
                rule=by.rule if by else None,
                item_id=said.item_id,
                until=said.until,
                at=datetime.now(UTC),
            )
            concerned = [e for e in moved.get(trace_id, ()) if observation_id in (None, e.observation_id)]
            try:
                shared = share_decision(
                    gateway, journal, scrubber, decision, policy=policy, complete_entries=concerned, batch=batch
                )
            except CuratorError as error:
                problem = error
                break
            if shared.reason != said.reason and not done:
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
            click.echo(f"{plain(one['key'])}  {said.state}")
    if problem is not None:
        say(f"{len(done)} of {len(keys)} decided.")
        raise problem
