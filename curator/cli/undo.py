"""`curator undo`: takes back what was done last."""

import click

from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode


@click.command()
@click.argument("count", metavar="[N]", type=click.IntRange(min=1), default=1)
@click.option("--batch", "whole_batch", is_flag=True, help="Count everything that one command did as one.")
@click.option("--delete", is_flag=True, help="Delete new items instead of archiving them; their ids stay taken.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def undo(ctx: click.Context, count: int, whole_batch: bool, delete: bool, as_json: bool) -> None:
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
                what = undone.entry.item_id or undone.entry.key
                click.echo(f"{'✓' if undone.ok else '✗'} {undone.entry.action} {plain(what)}: {undone.outcome}")
                if undone.problem is not None:
                    click.echo(f"  {plain(undone.problem.message)} {plain(undone.problem.remedy)}")
        requests = promoter.gateway.requests
    if as_json:
        entries = [
            {**each.entry.model_dump(mode="json"), "outcome": each.outcome, "ok": each.ok, "problem": each.problem}
            for each in done
        ]
        print_json({"entries": entries, "requests": requests})
    elif not done:
        say("there is nothing to take back")
    if not all(each.ok for each in done):
        ctx.exit(ExitCode.NO)
