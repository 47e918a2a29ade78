"""`curator judges`: judges against people."""

from typing import TYPE_CHECKING

import click

from curator.cli.experiment_options import json_option, moment, open_gateway
from curator.cli.output import plain, print_json, say
from curator.config import load_settings

if TYPE_CHECKING:
    from curator.experiments import Judge


@click.command()
@click.option("--rules", "rule", metavar="RULE", help="Only this rule's judges, with its thresholds.")
@click.option("--since", metavar="DATE", help="How far back to look for people's scores.  [default: 180 days]")
@json_option
def judges(rule: str | None, since: str | None, as_json: bool) -> None:
    """Hold judges against people: does a judge's score say what a person said of the same trace?

    Pairs evaluator scores with annotations of the same name (or the one that the rule names with `human`) on the same
    trace or observation, and lists where they differ. Calls no model.
    """
    from curator.experiments import measure
    from curator.rulebook import find_rule

    settings = load_settings()
    the_rule = find_rule(rule, settings).rule if rule else None
    with open_gateway(settings.connection()) as gateway:
        found = measure(gateway, rule=the_rule, since=moment(since, "--since") if since else None)
    if as_json:
        print_json({"judges": [each.model_dump(mode="json") for each in found]})
        return
    if not found:
        say("No trace has both a judge's and a person's score of one name. Annotate some that a judge scored.")
    for each in found:
        _print(each)


def _print(judge: "Judge") -> None:
    click.echo(f"{plain(judge.name)} against {plain(judge.human)}: {judge.n} traces, {judge.good} good by a person")
    for name, words in (
        ("tpr", "calls good what people call good"),
        ("tnr", "calls bad what people call bad"),
        ("kappa", "agreement beyond chance"),
    ):
        value, interval = getattr(judge, name), judge.intervals[name]
        shown = "nothing to say" if value is None else f"{value:.2f}"
        between = f"  95 % interval {interval[0]:.2f} to {interval[1]:.2f}" if interval else ""
        click.echo(f"  {name:<5} {shown}{between}  {words}")
    for each in judge.disagreements[:20]:
        where = plain(f"{each.trace_id}/{each.observation_id}" if each.observation_id else each.trace_id)
        click.echo(f"  read {where}: judge {plain(str(each.judge))}, person {plain(str(each.person))}")
    if len(judge.disagreements) > 20:
        click.echo(f"  … and {len(judge.disagreements) - 20} more (--json has all)")
