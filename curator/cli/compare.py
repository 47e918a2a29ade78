"""`curator compare`: two runs, statistically."""

from typing import TYPE_CHECKING, Any

import click

from curator.cli.experiment_options import deadline_option, gateway_when_needed, json_option, moment
from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode

if TYPE_CHECKING:
    from curator.experiments.compare import Comparison


@click.command()
@click.argument("baseline")
@click.argument("candidate")
@click.option("--rules", "rule", metavar="RULE", help="Whose judges and required scores to respect.")
@click.option("--since", metavar="DATE", help="How far back to look in Langfuse.  [default: 90 days]")
@deadline_option
@json_option
@click.pass_context
def compare(
    ctx: click.Context,
    baseline: str,
    candidate: str,
    rule: str | None,
    since: str | None,
    deadline: float,
    as_json: bool,
) -> None:
    """Compare two runs item by item: is the change real?

    A run is a result file, a label, a run name or an experiment id, of curator or of any other tool that recorded an
    experiment in Langfuse. Exit 1 when a score is worse, or when the runs cannot be compared.
    """
    from curator.experiments.compare import compare as compare_runs
    from curator.experiments.remote import find_run
    from curator.rulebook import find_rule

    settings = load_settings()
    the_rule = find_rule(rule, settings).rule if rule else None
    judges = {check.name for check in the_rule.checks if check.judge} if the_rule else set()
    look_back = moment(since, "--since") if since else None
    with gateway_when_needed(settings) as gateway:
        runs = [
            find_run(reference, gateway, rule=the_rule, deadline=deadline, since=look_back, tell=say)
            for reference in (baseline, candidate)
        ]
    scales = {check.name: check.scale for check in the_rule.checks if check.scale} if the_rule else {}
    found = compare_runs(*runs, judges=judges, scales=scales)
    if as_json:
        print_json(_document(found))
    else:
        _print(found)
    if not found.comparable or any(metric.verdict == "worse" for metric in found.metrics):
        ctx.exit(ExitCode.NO)


def _document(found: "Comparison") -> dict[str, Any]:
    return found.model_dump(mode="json")


def _print(found: "Comparison") -> None:
    from curator.experiments.compare import p_words

    click.echo(f"{plain(found.baseline)} → {plain(found.candidate)}: {plain(found.verdict)}")
    for metric in found.metrics:
        click.echo(f"  {plain(metric.name)}: {metric.baseline:.3f} → {metric.candidate:.3f}")
        click.echo(f"    {metric.verdict}: {metric.counted}")
        click.echo(
            f"    difference {metric.delta:+.3f}, {100 * metric.confidence:.4g} % interval {metric.ci[0]:+.3f} to "
            f"{metric.ci[1]:+.3f}, {p_words(metric.p_value)} ({metric.test}, corrected for {len(found.metrics)} scores)"
        )
        click.echo(f"    would show a change of {metric.detectable:.3f} in 80 % of cases")
        if any(metric.errored):
            click.echo(f"    items errored, counted as failed: {metric.errored[0]} → {metric.errored[1]}")
        if metric.passes:
            k, some, every = metric.passes.k, metric.passes.at_least_once, metric.passes.every_time
            click.echo(f"    pass@{k} {some[0]:.3f} → {some[1]:.3f}, pass^{k} {every[0]:.3f} → {every[1]:.3f}")
    if found.changes:
        click.echo("items that moved, strongest evidence first:")
        for change in found.changes[:20]:
            known = f"  {p_words(change.p_value)}" if change.p_value is not None else ""
            click.echo(
                f"  {plain(change.item_id)}  {plain(change.score)}  "
                f"{change.baseline:.2f} → {change.candidate:.2f}  ({change.delta:+.2f}){known}"
                f"{'  errored' if change.errored else ''}"
            )
        if len(found.changes) > 20:
            click.echo(f"  … and {len(found.changes) - 20} more (--json has all)")
    for resource in found.resources:
        interval = f", 95 % interval {resource.ci[0]:.2f} to {resource.ci[1]:.2f}" if resource.ci else ""
        ratio = f" (× {resource.ratio:.2f}{interval})" if resource.ratio is not None else ""
        click.echo(f"{resource.name} per item: {resource.baseline:.4g} → {resource.candidate:.4g}{ratio}")
    click.echo(
        f"a side-by-side view would show {found.red_items} of {found.items} items in red"
        if found.comparable
        else "nothing was compared"
    )
    for problem in found.problems:
        say(f"{'✗' if problem.blocking else '!'} {problem.code}: {plain(problem.message)}")
    click.echo(f"next: {plain(found.next)}")
