"""`curator gate`: may this candidate be released?"""

from pathlib import Path
from typing import Any

import click

from curator.cli.experiment_options import (
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
from curator.cli.output import plain, print_json
from curator.config import load_settings
from curator.model.errors import UsageError


@click.command()
@rules_option
@click.option("--task", metavar="SPEC", help="Run this candidate now: module:function, cmd:COMMAND or an address.")
@click.option("--candidate", metavar="RUN", help="Or decide about this run (a result file, label, name or id).")
@click.option("--baseline", metavar="RUN", help="The run to compare with, usually production's.")
@click.option("--markdown", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Also write a summary for the pull request.")  # fmt: skip
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
    allow_python: bool | None,
    as_json: bool,
    **options: Any,
) -> bool:
    """Decide a release by the rule's gate.

    Fails closed: exit 1, with the reasons, unless everything that the rule asks for was seen to hold.
    """
    from curator.experiments.gate import decide
    from curator.experiments.perform import find_run, look_again
    from curator.experiments.versions import drift
    from curator.rulebook import find_rule

    if (task is None) == (candidate is None):
        raise UsageError(
            "The gate needs exactly one of --task and --candidate.",
            code="GATE_CANDIDATE",
            remedy="--task runs the candidate now, --candidate decides about a run that there is.",
        )
    settings = load_settings(allow_python=allow_python)
    loaded = find_rule(rule, settings)
    connection = settings.connection()
    deadline = options["deadline"]
    with open_gateway(connection) as gateway:
        before = find_run(baseline, lambda: gateway, rule=loaded.rule, deadline=deadline) if baseline else None
        if task is not None:
            dataset = loaded.rule.dataset.name
            plan = plan_of(task, options, allow_python=settings.allow_python, gateway=gateway, dataset=dataset)
            run, _ = perform_plan(gateway, connection, loaded.rule, plan)
        else:
            assert candidate is not None
            run = find_run(candidate, lambda: gateway, rule=loaded.rule, deadline=deadline)
            if run.source == "curator":
                run = look_again(gateway, loaded.rule, run, deadline=deadline)
        since = drift(gateway, run)
    decision = decide(loaded.rule, run, before, notes=[since] if since else [])
    if junit is not None:
        from curator.experiments import junit as xml

        xml.write(xml.junit(loaded.rule, run, decision.reasons), junit)
    if markdown is not None:
        from curator.experiments.gate_report import write_markdown

        write_markdown(decision, markdown)
    if as_json:
        print_json(decision.document())
    else:
        click.echo(f"{'passed' if decision.passed else 'blocked'}: {plain(decision.release_gate)}")
        for name in decision.required_scores:
            mean = f"{decision.scores[name]:.3f}" if name in decision.scores else "missing"
            click.echo(f"  {plain(name)}  {mean}")
        for reason in decision.reasons:
            click.echo(f"  ✗ {reason.code}: {plain(reason.message)}")
            if reason.remedy:
                click.echo(f"    → {plain(reason.remedy)}")
        for note in decision.notes:
            click.echo(f"  note: {plain(note)}")
        click.echo(f"dataset run url: {plain(decision.run_url or 'unknown')}")
    return decision.passed is True
