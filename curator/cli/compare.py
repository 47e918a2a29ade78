"""`curator runs`, `compare`, `judges`: which runs there are, what two of them tell, what a judge's word is worth."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from curator.cli.experiment_options import deadline_option, gateway_when_needed, moment, open_gateway
from curator.cli.output import json_option, plain, print_form, print_json, say
from curator.cli.run import as_document
from curator.config import load_settings
from curator.model.errors import ExitCode

if TYPE_CHECKING:
    from curator.experiments import Comparison, Listed, Run


@click.command()
@click.argument("baseline")
@click.argument("candidate")
@click.option("--rules", "rule", metavar="RULE", help="Whose judges and required scores to respect.")
@click.option("--since", metavar="DATE", help="How far back to look in Langfuse.  [default: 90 days]")
@deadline_option
@json_option
def compare(
    baseline: str,
    candidate: str,
    rule: str | None,
    since: str | None,
    deadline: float,
    as_json: bool,
) -> ExitCode:
    """Compare two runs item by item: is the change real?

    A run is a result file, a label, a run name or an experiment id, of curator or of any other tool that recorded an
    experiment in Langfuse. Exit 1 when a score is worse, or when the runs cannot be compared.
    """
    from curator.experiments import compare_runs as compare_runs
    from curator.experiments import find_runs
    from curator.rulebook import find_rule

    settings = load_settings()
    the_rule = find_rule(rule, settings).rule if rule else None
    judges = {check.name for check in the_rule.checks if check.judge} if the_rule else set()
    look_back = moment(since, "--since") if since else None
    with gateway_when_needed(settings) as gateway:
        names = [baseline, candidate]
        runs = find_runs(names, gateway, rule=the_rule, deadline=deadline, since=look_back, tell=say)
    scales = {check.name: check.scale for check in the_rule.checks if check.scale} if the_rule else {}
    found = compare_runs(*runs, judges=judges, scales=scales)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)
    worse = any(metric.verdict == "worse" for metric in found.metrics)
    return ExitCode.YES if found.comparable and not worse else ExitCode.NO


def _print(found: "Comparison") -> None:
    from curator.experiments import p_words

    print_form("compare", found=found, p_words=p_words)
    for problem in found.problems:
        say(f"{'✗' if problem.blocking else '!'} {problem.code}: {plain(problem.message)}")
    click.echo(f"next: {plain(found.next)}")


LOOK_BACK = timedelta(days=90)


@click.command()
@click.argument("dataset", required=False)
@click.option("--since", metavar="DATE", help="How far back to look.  [default: 90 days]")
@json_option
def runs(dataset: str | None, since: str | None, as_json: bool) -> None:
    """List experiment runs, of one dataset or of all, and say of each whether it is whole.

    Runs of other tools are among them; repeats of one run are one row.
    """
    from curator.experiments import flaws_in_words, foreseen, with_integrity
    from curator.experiments import runs as all_runs
    from curator.rulebook import load_rules

    settings = load_settings()
    rules = [loaded.rule for loaded in load_rules(settings)]
    look_back = moment(since, "--since") if since else datetime.now(UTC) - LOOK_BACK
    with open_gateway(settings.connection()) as gateway:
        listed = all_runs(gateway, since=look_back, dataset=dataset)
        checked = with_integrity(gateway, listed, rules=rules)
    if as_json:
        print_json({"runs": [_run_document(each, checked.get(each.reference)) for each in listed]})
        return
    if not listed:
        say("No experiment ran in that time.")
    print_form("runs", listed=listed, checked=checked, flaws_in_words=flaws_in_words, foreseen=foreseen)


def _run_document(listed: "Listed", run: "Run | None") -> dict[str, Any]:
    """The document of `curator run`; `integrity` is null for a run that lies too far back to be checked at at once."""
    from curator.experiments import foreseen

    known = run.model_copy(update={"run_name": listed.reference}) if run is not None else None
    return {
        **({"run_name": listed.reference, "integrity": None} if known is None else as_document(known, listed.file)),
        "detectable": foreseen(known) if known is not None else None,
        "label": listed.label,
        "dataset": listed.dataset.name,
        "started_at": listed.started_at.isoformat(),
        "items": listed.items,
        "repeat": listed.repeats,
    }


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
        print_form("judge", judge=each)
