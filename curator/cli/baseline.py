"""`curator baseline approve`: a run becomes what the next ones are held against."""

from pathlib import Path

import click

from curator.cli.experiment_options import ask_before_replacing, deadline_option, gateway_when_needed, json_option
from curator.cli.output import plain, print_json, say
from curator.config import load_settings


@click.group()
def baseline() -> None:
    """An approved baseline: a small file for git that the gate compares with, without any server history."""


@baseline.command()
@click.argument("run")
@click.option("--as", "name", required=True, metavar="NAME", help="What it is called, such as production.")
@click.option("--file", "path", required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="Where it goes, for git: baselines/production.json.")  # fmt: skip
@click.option("--rules", "rule", metavar="RULE", help="Look for the run in this rule's dataset only.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is there.")
@deadline_option
@json_option
def approve(run: str, name: str, path: Path, rule: str | None, overwrite: bool, deadline: float, as_json: bool) -> None:
    """Approve RUN (a result file, label, run name or experiment id) as a baseline.

    The file holds how every item did, who approved it and when, and a digest; no inputs, outputs or comments.
    """
    from curator.experiments import baseline as baselines
    from curator.experiments import find_run
    from curator.rulebook import find_rule

    if not overwrite:
        ask_before_replacing(path, "--file", as_json=as_json)
    settings = load_settings()
    the_rule = find_rule(rule, settings).rule if rule else None
    with gateway_when_needed(settings) as gateway:
        found = find_run(run, gateway, rule=the_rule, deadline=deadline, tell=say)
    made = baselines.approve(found, name=name, reviewer=settings.reviewer_name())
    baselines.write(made, path)
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
