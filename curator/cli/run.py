"""`curator run` and `prove`: what starts a user's tasks."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curator.cli.experiment_options import (
    junit_option,
    memory_option,
    open_gateway,
    perform_plan,
    plan_of,
    printed,
    progress_bar,
    python_option,
    rules_option,
    run_options,
    timeout_option,
    verdict,
    write_junit,
)
from curator.cli.output import json_option, plain, print_form, print_json, say
from curator.config import load_settings

if TYPE_CHECKING:
    from curator.experiments import Run
    from curator.model.rule import Rule


@click.command()
@rules_option
@click.option("--task", required=True, metavar="SPEC", help="module:function, cmd:COMMAND or an http(s) address.")
@click.option("--resume", is_flag=False, flag_value="", metavar="[FILE]",
              help="Go on with an interrupted run: this result file's, or the rule's newest.")  # fmt: skip
@run_options
@junit_option
@python_option
@json_option
@verdict
def run(*, rule: str, task: str, junit: Path | None, allow_python: bool | None, as_json: bool, **options: Any) -> bool:
    """Run an experiment, keep its results, and make sure that Langfuse has it whole.

    Exit 1 when an item errored, or when something is missing on the server.
    """
    from curator.rulebook import find_rule

    settings = load_settings(allow_python=allow_python)
    loaded = find_rule(rule, settings)
    connection = settings.connection()
    with open_gateway(connection) as gateway:
        dataset = loaded.rule.dataset.name
        plan = plan_of(task, options, allow_python=settings.allow_python, gateway=gateway, dataset=dataset)
        done, path = perform_plan(gateway, connection, loaded.rule, plan)
    document = as_document(done, path)
    if junit is not None:
        write_junit(junit, loaded.rule, done)
    if as_json:
        print_json(document)
    else:
        _print(loaded.rule, done)
    return document["integrity"]["ok"] is True


def as_document(run: "Run", path: Path | None) -> dict[str, Any]:
    """The JSON document of a run."""
    checked = [repeat.integrity for repeat in run.repeats if repeat.integrity is not None]
    return {
        "run_name": run.run_name,
        "label": run.label,
        "experiment_id": run.repeats[0].experiment_id,
        "run_url": run.repeats[0].url,
        "rule": run.rule,
        "dataset": run.dataset,
        "dataset_version": run.dataset_version.isoformat() if run.dataset_version else None,
        "items": len(run.items),
        "errors": len(run.errors()),
        "errored": [{"item_id": item_id, "reason": why} for item_id, why in run.errors()],
        "scores": run.means(),
        "integrity": {
            "ok": bool(checked) and len(checked) == len(run.repeats) and all(each.ok for each in checked),
            "problems": [problem for each in checked for problem in each.problems],
            "waited": sum(each.waited for each in checked),
        },
        "repeats": [
            {"run_name": each.run_name, "experiment_id": each.experiment_id, "run_url": each.url}
            for each in run.repeats
        ],
        "results_file": str(path) if path else None,
    }


def _print(rule: "Rule", run: "Run") -> None:
    problems = [problem for each in run.repeats if each.integrity for problem in each.integrity.problems]
    print_form("run", rule=rule, run=run, problems=problems)
    if problems:
        say(f"→ {problems[0].remedy}")


@click.command()
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@rules_option
@click.option("--production", required=True, metavar="SPEC", help="What is live: the items should fail on it.")
@click.option("--candidate", metavar="SPEC", help="What is meant to mend it: the items should pass on it.")
@click.option("--repeat", type=click.IntRange(1, 100), default=3, show_default=True, metavar="N",
              help="How often each side runs each item.")  # fmt: skip
@timeout_option
@memory_option
@python_option
@json_option
@verdict
def prove(
    items: tuple[str, ...],
    rule: str,
    production: str,
    candidate: str | None,
    repeat: int,
    timeout: float,
    memory: float,
    allow_python: bool | None,
    as_json: bool,
) -> bool:
    """Prove that items protect something: reproduced, too weak, still failing or flaky.

    Nothing is written. Exit 0 when every item is reproduced.
    """
    from curator.experiments import ProofPlan, prove_items
    from curator.rulebook import find_rule

    settings = load_settings(allow_python=allow_python)
    loaded = find_rule(rule, settings)
    total = len(items) * repeat * (2 if candidate else 1)
    connection = settings.connection()
    plan = ProofPlan(
        production=production,
        candidate=candidate,
        runs=repeat,
        timeout=timeout,
        memory=memory,
        allow_python=settings.allow_python,
    )
    with open_gateway(connection) as gateway, progress_bar("answers") as bar:
        bar.start(total)
        found = prove_items(gateway, connection, loaded.rule, items, plan, progress=bar.step, printed=printed)
    if as_json:
        print_json({"items": [proof.model_dump(mode="json") for proof in found]})
    else:
        for proof in found:
            click.echo(f"{plain(proof.item_id)}  {proof.verdict}: {plain(proof.says)}")
    return len(found) == len(items) and all(proof.verdict == "reproduced" for proof in found)
