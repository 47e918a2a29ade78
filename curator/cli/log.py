"""`curator log`: the ledger of what was done."""

from pathlib import Path

import click

from curator.cli.output import count, plain, print_json, say
from curator.config import load_settings
from curator.journal import LedgerEntry


@click.command()
@click.option("--limit", type=click.IntRange(min=1), help="Only the newest entries.")
@click.option(
    "--export",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Add the entries to a file of JSON lines, sorted, for git.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def log(limit: int | None, file: Path | None, as_json: bool) -> None:
    """Show what was done on this machine: promotions with their outcome, decisions, undos; oldest first.

    It asks the server for nothing, and holds no text of a trace, an item or a reviewer.
    """
    from curator.journal import Journal
    from curator.journal.export import export

    with Journal.of(load_settings().connection()) as journal:
        entries = journal.ledger.entries(limit)
        undone = {entry.undoes for entry in entries if entry.undoes}
        drafts = journal.drafts.all()
    lines = export(file, entries) if file is not None else None
    if as_json:
        shown = [entry.model_dump(mode="json") | {"undone": entry.id in undone} for entry in entries]
        kept = [
            {
                "trace_id": d.trace_id,
                "rule": d.rule,
                "case": d.case,
                "reason": d.reason,
                "saved_at": d.saved_at.isoformat(),
            }
            for d in drafts
        ]
        print_json({"entries": shown, "drafts": kept})
        return
    if file is not None:
        say(f"{file}: {count(lines or 0, 'line')}")
        return
    for entry in entries:
        click.echo(_row(entry, undone=entry.id in undone))
    if drafts:
        say(f"kept: {count(len(drafts), 'draft')}")


def _row(entry: LedgerEntry, *, undone: bool) -> str:
    outcome = entry.verdict or ""
    if entry.write not in (None, "none"):
        outcome += f" ({entry.write})"
    parts = [
        f"{entry.at.astimezone():%Y-%m-%d %H:%M}",
        f"{entry.action:<8}",
        plain(entry.item_id or entry.key),
        outcome,
        entry.problem or "",
        "taken back" if undone else "",
    ]
    return "  ".join(part for part in parts if part)
