"""`curator gate`: may this candidate be released?"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curator.cli.experiment_options import (
    ask_before_replacing,
    json_option,
    junit_option,
    open_gateway,
    perform_plan,
    plan_of,
    python_option,
    rules_option,
    run_options,
    verdict,
)
from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model.errors import UsageError

if TYPE_CHECKING:
    from curator.experiments import Decision


@click.command()
@rules_option
@click.option("--task", metavar="SPEC", help="Run this candidate now: module:function, cmd:COMMAND or an address.")
@click.option("--candidate", metavar="RUN", help="Or decide about this run (a result file, label, name or id).")
@click.option("--baseline", metavar="RUN", help="The run to compare with, usually production's.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
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
    from curator.experiments import decide, drift, find_run, look_again, present, proven
    from curator.experiments import gate_report as report
    from curator.rulebook import find_rule

    if (task is None) == (candidate is None):
        raise UsageError(
            "The gate needs exactly one of --task and --candidate.",
            code="GATE_CANDIDATE",
            remedy="--task runs the candidate now, --candidate decides about a run that there is.",
        )
    if markdown is not None and not overwrite:
        ask_before_replacing(markdown, "--markdown", as_json=as_json)
    settings = load_settings(allow_python=allow_python)
    loaded = find_rule(rule, settings)
    connection = settings.connection()
    deadline = options["deadline"]
    with open_gateway(connection) as gateway:
        before = (
            find_run(baseline, lambda: gateway, rule=loaded.rule, deadline=deadline, tell=say)
            if baseline is not None
            else None
        )
        if task is not None:
            dataset = loaded.rule.dataset.name
            plan = plan_of(task, options, allow_python=settings.allow_python, gateway=gateway, dataset=dataset)
            run, _ = perform_plan(gateway, connection, loaded.rule, plan)
        else:
            assert candidate is not None
            run = find_run(candidate, lambda: gateway, rule=loaded.rule, deadline=deadline, tell=say)
            if run.source == "curator":
                run = look_again(gateway, loaded.rule, run, deadline=deadline)
        items = present(gateway, run.dataset)
        judges = proven(gateway, loaded.rule, run) if loaded.rule.gate.judges else None
    since = drift(items, run)
    decision = decide(loaded.rule, run, before, items=items, judges=judges, notes=[since] if since else [])
    if junit is not None:
        from curator.experiments import junit as xml

        xml.write(xml.junit(loaded.rule, run, decision.reasons), junit)
    if markdown is not None:
        report.write_markdown(decision, markdown)
    if github or (github is None and os.environ.get("GITHUB_ACTIONS") == "true"):
        report.append_job_summary(decision)
        for line in report.annotations(decision):
            click.echo(line, err=True)
    if as_json:
        print_json(decision.document())
    else:
        _print(decision)
    return decision.passed is True


def _print(decision: "Decision") -> None:
    click.echo(f"{'passed' if decision.passed else 'blocked'}: {plain(decision.release_gate)}")
    for name in decision.required_scores:
        mean = f"{decision.scores[name]:.3f}" if name in decision.scores else "missing"
        click.echo(f"  {plain(name)}  {mean}")
    if decision.errors:
        errored = decision.errored_items
        shown = ", ".join(plain(item) for item in errored[:5]) + (" …" if len(errored) > 5 else "")
        click.echo(f"  {len(errored)} of {decision.items} items errored and count as failed: {shown}")
    for reason in decision.reasons:
        click.echo(f"  ✗ {reason.code}: {plain(reason.message)}")
        if reason.remedy:
            click.echo(f"    → {plain(reason.remedy)}")
    for each in decision.excused:
        how = "fixed" if each.fixed else "expired" if each.expired else "fails" if not each.passes else "flaky"
        until = f" until {each.until}" if each.until else ""
        click.echo(f"  {each.state}{until}: {plain(each.item_id)} passes {each.passes} of {each.runs} ({how})")
    for note in decision.notes:
        click.echo(f"  note: {plain(note)}")
    click.echo(f"dataset run url: {plain(decision.run_url or 'unknown')}")
    click.echo(f"next: {plain(decision.next)}")
