"""`curator prove`: do items fail where they should and pass where they should?"""

from typing import TYPE_CHECKING

import click

from curator.cli.experiment_options import (
    json_option,
    open_gateway,
    prints_to_stderr,
    python_option,
    rules_option,
    timeout_option,
)
from curator.cli.output import plain, print_json
from curator.config import load_settings
from curator.errors import CuratorError, ExitCode

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.model.item import StoredItem


@click.command()
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@rules_option
@click.option("--production", required=True, metavar="SPEC", help="What is live: the items should fail on it.")
@click.option("--candidate", metavar="SPEC", help="What is meant to mend it: the items should pass on it.")
@click.option("--repeat", type=click.IntRange(1, 100), default=3, show_default=True, metavar="N",
              help="How often each side runs each item.")  # fmt: skip
@timeout_option
@python_option
@json_option
@click.pass_context
def prove(
    ctx: click.Context,
    items: tuple[str, ...],
    rule: str,
    production: str,
    candidate: str | None,
    repeat: int,
    timeout: float,
    allow_python: bool | None,
    as_json: bool,
) -> None:
    """Prove that items protect something: reproduced, too weak, still failing or flaky.

    Nothing is written. Exit 0 when every item is reproduced.
    """
    from curator.experiments.checks import Checker
    from curator.experiments.prove import prove as prove_items
    from curator.experiments.tasks import Runner, parse_task
    from curator.rulebook import find_rule

    settings = load_settings(allow_python=allow_python)
    loaded = find_rule(rule, settings)
    checker = Checker(loaded.rule, allow_python=settings.allow_python, timeout=timeout)
    tasks = [parse_task(spec, timeout=timeout) for spec in (production, candidate) if spec]
    with open_gateway(settings.connection()) as gateway:
        stored = [_stored(gateway, item, loaded.rule.dataset.name) for item in items]
    runners = [Runner(task, timeout=timeout) for task in tasks]
    with prints_to_stderr():
        try:
            found = prove_items(
                loaded.rule, stored, runners[0], runners[1] if len(runners) > 1 else None, checker, runs=repeat
            )
        finally:
            for runner in runners:
                runner.close()
            checker.close()
    if as_json:
        print_json({"items": [proof.model_dump(mode="json") for proof in found]})
    else:
        for proof in found:
            click.echo(f"{plain(proof.item_id)}  {proof.verdict}: {plain(proof.says)}")
    if any(proof.verdict != "reproduced" for proof in found):
        ctx.exit(ExitCode.NO)


def _stored(gateway: "Gateway", item_id: str, dataset: str) -> "StoredItem":
    found = gateway.item(item_id)
    if found is None or found.dataset != dataset:
        raise CuratorError(
            f"There is no item {item_id} in the dataset {dataset}.",
            code="PROVE_ITEM",
            remedy="Name an item of the rule's dataset; `curator audit` lists them.",
        )
    return found
