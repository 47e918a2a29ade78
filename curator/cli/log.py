"""`curator log`, `undo`, `verify`: what was done, taken back, and whether it is still there."""

from datetime import datetime
from pathlib import Path

import click

from curator.cli.output import FILE, count, json_option, print_form, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode


@click.command()
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest entries.")
@click.option("--filter", "chosen", metavar="LINE",
              help="Only these: `action:promote item:… by:… -outcome:verified since:3d`, words.")  # fmt: skip
@click.option("--export", "file", type=FILE, metavar="FILE", help="Add them to a file of JSON lines, sorted, for git.")
@json_option
def log(limit: int | None, chosen: str | None, file: Path | None, as_json: bool) -> None:
    """Show what was done on this machine: promotions with their outcome, decisions, undos; oldest first.

    It asks the server for nothing, and holds no text of a trace, an item or a reviewer.
    """
    from curator.journal import Journal, export_ledger

    with Journal.of(load_settings().connection()) as journal:
        entries = journal.ledger.entries(limit if chosen is None else None)
        undone = {entry.undoes for entry in entries if entry.undoes}
        drafts = journal.drafts.all()
    if chosen is not None:
        from curator.queue import parse_log_filter

        entries = [*filter(parse_log_filter(chosen, datetime.now().astimezone()), entries)][-(limit or 0) :]
    lines = export_ledger(file, entries) if file is not None else None
    if as_json:
        shown = [entry.model_dump(mode="json") | {"undone": entry.id in undone} for entry in entries]
        about = {"trace_id", "rule", "case", "reason", "saved_at"}
        kept = [draft.model_dump(mode="json", include=about) for draft in drafts]
        print_json({"entries": shown, "drafts": kept})
        return
    if file is not None:
        say(f"{file}: {count(lines or 0, 'line')}")
        return
    print_form("log", entries=entries, undone=undone)
    if drafts:
        say(f"kept: {count(len(drafts), 'draft')}")


@click.command()
@click.argument("count", metavar="[N]", type=click.IntRange(min=1), default=1)
@click.option("--batch", "whole_batch", is_flag=True, help="Count everything that one command did as one.")
@click.option("--delete", is_flag=True, help="Delete new items instead of archiving them; their ids stay taken.")
@json_option
def undo(count: int, whole_batch: bool, delete: bool, as_json: bool) -> ExitCode:
    """Take back the last N promotions and decisions that this machine made (1 without N), newest first.

    A new item is archived, an updated one gets its previous version back; the shared decision and the annotation-queue
    entries follow. Items that somebody changed since are left alone.
    """
    from curator.cli.promote import finish_interrupted
    from curator.promote import Promoter

    done = []
    with Promoter.opened(load_settings()) as promoter:
        finish_interrupted(promoter)  # a write that nobody has seen the end of can only be taken back once it is known
        for undone in promoter.undo(count, whole_batch=whole_batch, delete=delete):
            done.append(undone)
            if not as_json:
                words = f"{undone.entry.action} {undone.entry.item_id or undone.entry.key}: {undone.outcome}"
                print_form("done", sign="✓" if undone.ok else "✗", words=words, problem=undone.problem)
        requests = promoter.gateway.requests
    if as_json:
        entries = [
            {**each.entry.model_dump(mode="json"), "outcome": each.outcome, "ok": each.ok, "problem": each.problem}
            for each in done
        ]
        print_json({"entries": entries, "requests": requests})
    elif not done:
        say("there is nothing to take back")
    return ExitCode.YES if all(each.ok for each in done) else ExitCode.NO


SIGNS = {"verified": "✓", "unproven": "?", "failed": "!"}


@click.command()
@click.argument("dataset")
@click.argument("items", metavar="[ITEM]…", nargs=-1)
@click.option("--rules", "rule", metavar="RULE", help="The rule whose scrub policy counts.  [default: the dataset's]")
@click.option("--ledger", type=FILE, metavar="FILE",
              help="A ledger kept in git (`curator log --export`): what other machines promoted counts.")  # fmt: skip
@json_option
def verify(dataset: str, items: tuple[str, ...], rule: str | None, ledger: Path | None, as_json: bool) -> ExitCode:
    """Read items back and hold them against all that was approved. Exit 1 when one is not, or cannot be, proved.

    Without ITEM: all that the dataset lists, and all that receipts of this machine say should be there.
    """
    from curator.promote import Promoter

    found = []
    with Promoter.opened(load_settings()) as promoter:
        for each in promoter.verify(dataset, items, rule=rule, ledger=ledger):
            found.append(each)
            if not as_json:
                print_form("verified", found=each, sign=SIGNS[each.verdict])
        requests = promoter.gateway.requests
    bad = sum(each.verdict != "verified" for each in found)
    if as_json:
        print_json({"dataset": dataset, "items": found, "requests": requests})
    else:
        say(f"{count(len(found), 'item')}, {bad} not proved; {count(requests, 'request')}")
    return ExitCode.NO if bad else ExitCode.YES
