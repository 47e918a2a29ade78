"""`curator gate`: may this candidate be released? With its `baseline`, `known`, `quarantine`, `require`."""

import os
from functools import partial
from pathlib import Path
from typing import Any

import click

from curator.cli.experiment_options import (
    ask_before_replacing,
    deadline_option,
    gateway_when_needed,
    junit_option,
    open_gateway,
    perform_plan,
    plan_of,
    python_option,
    rules_option,
    run_options,
    verdict,
    write_junit,
)
from curator.cli.output import FILE, json_option, plain, print_form, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode, UsageError
from curator.model.files import write_text
from curator.model.item import ItemState


@click.command()
@rules_option
@click.option("--task", metavar="SPEC", help="Run this candidate now: module:function, cmd:COMMAND or an address.")
@click.option("--candidate", metavar="RUN", help="Or decide about this run (a result file, label, name or id).")
@click.option("--baseline", metavar="RUN", help="The run to compare with, usually production's.")
@click.option("--markdown", type=FILE, metavar="FILE",
              help="Also write a summary for the pull request.")  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Let --markdown replace a file that is there.")
@click.option("--github/--no-github", default=None,
              help="Annotations and job summary for GitHub Actions.  [default: when it runs there]")  # fmt: skip
@run_options
@junit_option
@python_option
@json_option
@verdict
def gate(
    *,
    rule: str,
    task: str | None,
    candidate: str | None,
    baseline: str | None,
    markdown: Path | None,
    junit: Path | None,
    overwrite: bool,
    github: bool | None,
    allow_python: bool | None,
    as_json: bool,
    **options: Any,
) -> bool:
    """Decide a release by the rule's gate.

    Fails closed: exit 1, with the reasons, unless everything that the rule asks for was seen to hold.
    """
    from curator.experiments import (
        append_job_summary,
        decide,
        drift,
        find_run,
        gate_annotations,
        gate_markdown,
        present,
        proven,
        verify_again,
    )
    from curator.rulebook import find_rule

    if (task is None) == (candidate is None):
        raise UsageError("The gate needs exactly one of --task and --candidate.", code="GATE_CANDIDATE")
    if markdown is not None and not overwrite:
        ask_before_replacing(markdown, "--markdown", as_json=as_json)
    settings = load_settings(allow_python=allow_python)
    loaded = find_rule(rule, settings)
    connection = settings.connection()
    deadline = options["deadline"]
    with open_gateway(connection) as gateway:
        named = partial(find_run, gateway=lambda: gateway, rule=loaded.rule, deadline=deadline, tell=say)
        before = named(baseline) if baseline is not None else None
        if task is not None:
            dataset = loaded.rule.dataset.name
            plan = plan_of(task, options, allow_python=settings.allow_python, gateway=gateway, dataset=dataset)
            run, _ = perform_plan(gateway, connection, loaded.rule, plan)
        else:
            assert candidate is not None
            run = named(candidate)
            if run.source == "curator":
                run = verify_again(gateway, loaded.rule, run, deadline=deadline)
        items = present(gateway, run.dataset)
        judges = proven(gateway, loaded.rule, run) if loaded.rule.gate.judges else None
    since = drift(items, run)
    decision = decide(loaded.rule, run, before, items=items, judges=judges, notes=[since] if since else [])
    if junit is not None:
        excused = {each.item_id: str(each.state) for each in decision.excused if not each.expired}
        write_junit(junit, loaded.rule, run, decision.reasons, excused)
    if markdown is not None:
        remedy = "Choose another place with --markdown."
        write_text(markdown, gate_markdown(decision), code="RESULT_WRITE", remedy=remedy)
    if github or (github is None and os.environ.get("GITHUB_ACTIONS") == "true"):
        append_job_summary(decision)
        for line in gate_annotations(decision):
            click.echo(line, err=True)
    if as_json:
        print_json(decision.document())
    else:
        print_form("gate", decision=decision)
    return decision.passed is True


@click.group()
def baseline() -> None:
    """An approved baseline: a small file for git that the gate compares with, without any server history."""


@baseline.command()
@click.argument("run")
@click.option("--as", "name", required=True, metavar="NAME", help="What it is called, such as production.")
@click.option("--file", "path", required=True, type=FILE, metavar="FILE",
              help="Where it goes, for git: baselines/production.json.")  # fmt: skip
@click.option("--rules", "rule", metavar="RULE", help="Look for the run in this rule's dataset only.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@deadline_option
@json_option
def approve(run: str, name: str, path: Path, rule: str | None, overwrite: bool, deadline: float, as_json: bool) -> None:
    """Approve RUN (a result file, label, run name or experiment id) as a baseline.

    The file holds how every item did, who approved it and when, and a digest; no inputs, outputs or comments.
    """
    from curator.experiments import approve_baseline, find_run, write_baseline
    from curator.rulebook import find_rule

    if not overwrite:
        ask_before_replacing(path, "--file", as_json=as_json)
    settings = load_settings()
    the_rule = find_rule(rule, settings).rule if rule else None
    with gateway_when_needed(settings) as gateway:
        found = find_run(run, gateway, rule=the_rule, deadline=deadline, tell=say)
    made = approve_baseline(found, name=name, settings=settings)
    write_baseline(made, path)
    if as_json:
        print_json(
            {
                "file": str(path),
                "digest": made.digest,
                "name": made.name,
                "run_name": made.run.run_name,
                "dataset": made.run.dataset,
                "items": len(made.run.items),
                "approved_by": made.approved_by,
                "approved_at": made.approved_at.isoformat(),
            }
        )
        return
    click.echo(f"{plain(found.run_name)} is the baseline {plain(name)}: {path}")
    click.echo(f"commit it, then: curator gate --rules RULE --task SPEC --baseline {path}")


rule_option = click.option("--rules", "rule", metavar="RULE", help="The rule whose scrub policy counts.")
until_option = click.option(
    "--until", required=True, type=click.DateTime(["%Y-%m-%d"]), metavar="DAY", help="The last day of the excuse."
)


@click.command()
@click.argument("dataset")
@click.argument("item")
@click.option("--owner", required=True, metavar="WHO", help="Who fixes it.")
@click.option("--issue", required=True, metavar="URL", help="Where that is worked on.")
@until_option
@rule_option
@json_option
def known(**given: Any) -> ExitCode:
    """Excuse ITEM as a failure that nobody has fixed yet: the gate counts it and does not shut for it, until DAY."""
    return _amend("known", **given)


@click.command()
@click.argument("dataset")
@click.argument("item")
@click.option("--evidence", required=True, metavar="TEXT", help="Why it counts as flaky, such as `passed 3 of 8`.")
@until_option
@rule_option
@json_option
def quarantine(**given: Any) -> ExitCode:
    """Excuse ITEM as flaky: its outcome says nothing, so the gate does not shut for it, until DAY."""
    return _amend("quarantined", **given)


@click.command()
@click.argument("dataset")
@click.argument("item")
@rule_option
@json_option
def require(**given: Any) -> ExitCode:
    """Let ITEM decide again: the end of an excuse."""
    return _amend("required", **given)


def _amend(state: str, *, dataset: str, item: str, rule: str | None, as_json: bool, **said: Any) -> ExitCode:
    from curator.promote import Promoter
    from curator.rulebook import find_rule

    words = {name: value for name, value in said.items() if name != "until"}
    stored = ItemState.asked(state, said["until"].date(), words).to_metadata() if state != "required" else None
    settings = load_settings()
    with Promoter.opened(settings) as promoter:
        loaded = find_rule(rule, settings) if rule else None
        receipt = promoter.amend(dataset, item, {"gate": stored}, loaded)
    if as_json:
        print_json(receipt)
    elif receipt.ok:
        click.echo(f"✓ {plain(item)} is {state}" + (f" until {said['until']:%Y-%m-%d}" if "until" in said else ""))
    else:
        click.echo(f"! {plain(item)} is not proved to be {state}")
        if (problem := receipt.problem) is not None:
            click.echo(f"  {problem.code}: {plain(problem.message)} {plain(problem.remedy)}")
    return ExitCode.YES if receipt.ok else ExitCode.NO
