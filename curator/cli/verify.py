"""`curator verify`: items are read back and held against their receipts and their lineage."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from curator.cli.output import count, plain, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode

if TYPE_CHECKING:
    from curator.promote import Verified

SIGNS = {"verified": "✓", "unproven": "?", "failed": "!"}


@click.command()
@click.argument("dataset")
@click.argument("items", metavar="[ITEM]…", nargs=-1)
@click.option("--rules", "rule", metavar="RULE", help="The rule whose scrub policy counts.  [default: the dataset's]")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A ledger kept in git (`curator log --export`): what other machines promoted counts too.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def verify(
    ctx: click.Context, dataset: str, items: tuple[str, ...], rule: str | None, ledger: Path | None, as_json: bool
) -> None:
    """Read items back and hold them against all that was approved. Exit 1 when one is not, or cannot be, proved.

    Without ITEM: all that the dataset lists, and all that receipts of this machine say should be there.
    """
    from curator.promote import Promoter

    found = []
    with Promoter.opened(load_settings()) as promoter:
        for each in promoter.verify(dataset, items, rule=rule, ledger=ledger):
            found.append(each)
            if not as_json:
                _print(each)
        requests = promoter.gateway.requests
    bad = sum(each.verdict != "verified" for each in found)
    if as_json:
        print_json({"dataset": dataset, "items": found, "requests": requests})
    else:
        say(f"{count(len(found), 'item')}, {bad} not proved; {count(requests, 'request')}")
    if bad:
        ctx.exit(ExitCode.NO)


def _print(each: "Verified") -> None:
    click.echo(f"{SIGNS[each.verdict]} {each.verdict}  {plain(each.item_id)}")
    for problem in each.differences:
        click.echo(f"  {problem.code}: {plain(problem.message)} {plain(problem.remedy)}")
    for change in each.changes:
        click.echo(f"    {plain(str(change))}")
