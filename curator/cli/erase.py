"""`curator erase`: takes out of datasets and off this machine what came from a trace, a session or a user."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from curator.cli.audit import show_progress
from curator.cli.output import plain, print_form, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode

if TYPE_CHECKING:
    from curator.audit import Emptied, Erased, ErasureMode, Subject, Trail
    from curator.journal import Journal

SIGNS = {"archived": "✓", "deleted": "✓", "gone": "=", "failed": "✗"}


@click.command()
@click.option("--trace", "traces", metavar="ID", multiple=True, help="What came from this trace.")
@click.option("--session", "sessions", metavar="ID", multiple=True, help="What came from traces of this session.")
@click.option("--user", "users", metavar="ID", multiple=True, help="What came from traces of this user.")
@click.option(
    "--mode",
    type=click.Choice(["archive", "delete"]),
    default="archive",
    show_default=True,
    help="Archived items run in no experiment and stay readable; deleted ones are gone.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only list what there is.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout; needs --yes or --dry-run.")
def erase(
    traces: tuple[str, ...],
    sessions: tuple[str, ...],
    users: tuple[str, ...],
    mode: "ErasureMode",
    yes: bool,
    dry_run: bool,
    as_json: bool,
) -> ExitCode:
    """Erase what came from a trace, a session or a user: items of all datasets, drafts, receipts.

    Works when the traces are gone already. Every item is verified by reading; the record of the erasure holds no
    personal value.
    """
    from curator.audit import ErasureRecord, earlier_traces, empty_results, erase_trail, find_trail
    from curator.draft import forget_items
    from curator.gateway import Gateway
    from curator.journal import Journal, scope_of
    from curator.scrub import Scrubber
    from curator.tui import Memory

    subject = _subject(traces, sessions, users)
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json needs --yes or --dry-run.")
    settings = load_settings()
    connection = settings.connection()
    scope, at, terminal = scope_of(connection), datetime.now(UTC), Memory(settings)
    with Gateway(connection) as gateway, Journal.of(connection) as journal, Scrubber() as scrubber:
        earlier = earlier_traces(subject, scope)
        trail = find_trail(
            gateway, journal, subject, at=at, earlier_traces=earlier, terminal=terminal, progress=show_progress
        )
        if not as_json:
            _show(trail, mode, journal)
        done: list[Erased] = []
        emptied: list[Emptied] = []
        stuck: list[str] = []
        record: ErasureRecord | None = None
        if not dry_run:
            forget_items()  # of the subject's failures, too, though no item came from them
        if not dry_run and not (trail.empty and (mode == "archive" or not trail.result_files)):
            if not yes:
                click.confirm(f"{mode.capitalize()} the items and forget the rest?", abort=True, err=True)
            reviewer = settings.reviewer_name()
            record = ErasureRecord(trail, mode=mode, reviewer=reviewer, at=at, scope=scope)
            for erased in erase_trail(
                gateway, journal, scrubber, trail, mode=mode, reviewer=reviewer, terminal=terminal
            ):
                done.append(erased)
                if not as_json:
                    words = f"{erased.outcome}  {erased.item_id}"
                    print_form("done", sign=SIGNS[erased.outcome], words=words, problem=erased.problem)
            if mode == "delete":
                failed = {each.item_id for each in done if each.outcome == "failed"}
                emptied = list(empty_results(trail.result_files, {*trail.known_items} - failed))
            record.finish(done, emptied)
            stuck = [trace for trace in trail.edited if terminal.has_draft(trace)]
        requests = gateway.requests
    if as_json:
        document = trail.model_dump(mode="json") | {"erased": done, "mode": mode, "dry_run": dry_run}
        document["emptied"] = [each._asdict() for each in emptied]
        print_json(document | {"record": str(record.path) if record else None, "requests": requests})
    elif record is not None:
        for each in emptied:
            file = plain(each.file)
            click.echo(f"✓ emptied  result file {file}" if each.ok else f"✗ result file {file} is left: delete it")
        if any(each.in_history for each in done):
            say("Langfuse keeps earlier versions of items: see `curator explain erasure`.")
        say(f"Record: {record.path}")
    if stuck:
        say(f"{len(stuck)} drafts could not be removed: check the permissions of the folder `terminal`.")
    left = stuck or any(each.outcome == "failed" for each in done) or not all(each.ok for each in emptied)
    return ExitCode.NO if left else ExitCode.YES


def _subject(traces: tuple[str, ...], sessions: tuple[str, ...], users: tuple[str, ...]) -> "Subject":
    from curator.audit import Subject

    given = [(kind, ids) for kind, ids in (("trace", traces), ("session", sessions), ("user", users)) if ids]
    if len(given) != 1 or not all(given[0][1]):
        raise click.UsageError("Give ids of one kind: --trace, --session or --user.")
    kind, ids = given[0]
    return Subject.model_validate({"kind": kind, "ids": ids})


def _show(trail: "Trail", mode: "ErasureMode", journal: "Journal") -> None:
    """What would be erased, and what curator cannot erase. Ids only."""
    promotions = [each for each in map(journal.promotions.get, trail.receipts) if each is not None]
    print_form("erase", trail=trail, mode=mode, promotions=promotions)
    for note in trail.notes:
        say(note)
