"""`curator seed`: the dataset with its schemas and the rule's own items."""

from pathlib import Path

import click

from curator.cli.experiment_options import json_option, rules_option
from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode


@click.command()
@rules_option
@click.option("--items", "file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Seed these items instead of the rule's: JSON (a list) or JSON Lines.")  # fmt: skip
@click.option("--own-ids", is_flag=True, help="Put the dataset's name in front of each id: ids are unique per project.")
@click.option("--overwrite", is_flag=True, help="Write items anew that somebody changed or archived in Langfuse.")
@json_option
@click.pass_context
def seed(ctx: click.Context, rule: str, file: Path | None, own_ids: bool, overwrite: bool, as_json: bool) -> None:
    """Create the rule's dataset with its schemas and seed items. Running it again changes nothing."""
    from curator.promote import Promoter, read_items
    from curator.promote import seed as seed_dataset
    from curator.rulebook import find_rule

    settings = load_settings()
    loaded = find_rule(rule, settings)
    items = read_items(file, loaded.rule.dataset.name) if file else None
    with Promoter.opened(settings) as promoter:
        done = seed_dataset(promoter, loaded, items=items, own_ids=own_ids, overwrite=overwrite)
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        click.echo(f"dataset ready: {plain(done.dataset)}")
        for item in done.items:
            state = "ready" if item.ok else "missing"
            click.echo(f"dataset item {state}: {plain(item.item_id)}")
    for item in done.items:
        if item.problem is not None:
            say(f"{item.problem.code}: {item.problem.message} {item.problem.remedy}")
    if not done.ok:
        ctx.exit(ExitCode.NO)
