"""`curator verify`: items are read back and held against their receipts and their lineage."""

import click

from curator.cli.output import count, plain, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode


@click.command()
@click.argument("dataset")
@click.argument("items", metavar="[ITEM]…", nargs=-1)
@click.option("--rules", "rule", metavar="RULE", help="The rule whose scrub policy counts.  [default: the dataset's]")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def verify(ctx: click.Context, dataset: str, items: tuple[str, ...], rule: str | None, as_json: bool) -> None:
    """Read items back and hold them against their receipts and lineage. Exit 1 when one is not as promoted.

    Without ITEM: all that the dataset lists, and all that receipts of this machine say should be there.
    """
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.promote import verify as verify_items
    from curator.promote.pipeline import policy_of_dataset
    from curator.scrub import Scrubber

    settings = load_settings()
    policy = policy_of_dataset(settings, dataset, rule)
    connection = settings.connection()
    found = []
    with Gateway(connection) as gateway, Journal.of(connection) as journal, Scrubber() as scrubber:
        for each in verify_items(gateway, journal, scrubber, dataset, items, policy=policy):
            found.append(each)
            if not as_json:
                click.echo(f"{'✓' if each.verdict == 'verified' else '!'} {each.verdict}  {plain(each.item_id)}")
                for problem in each.differences:
                    click.echo(f"  {problem.code}: {plain(problem.message)} {plain(problem.remedy)}")
        requests = gateway.requests
    bad = sum(each.verdict != "verified" for each in found)
    if as_json:
        print_json({"dataset": dataset, "items": found, "requests": requests})
    else:
        say(f"{count(len(found), 'item')}, {bad} not as promoted; {count(requests, 'request')}")
    if bad:
        ctx.exit(ExitCode.NO)
