"""`curator seed`: the dataset with its schemas and the rule's own items."""

import click

from curator.cli.experiment_options import json_option, rules_option
from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode


@click.command()
@rules_option
@click.option("--overwrite", is_flag=True, help="Write seed items anew that somebody changed in Langfuse.")
@json_option
@click.pass_context
def seed(ctx: click.Context, rule: str, overwrite: bool, as_json: bool) -> None:
    """Create the rule's dataset with its schemas and seed items. Running it again changes nothing."""
    from curator.promote import Promoter
    from curator.promote import seed as seed_dataset
    from curator.rulebook import find_rule

    settings = load_settings()
    loaded = find_rule(rule, settings)
    with Promoter.opened(settings) as promoter:
        done = seed_dataset(promoter, loaded, overwrite=overwrite)
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
