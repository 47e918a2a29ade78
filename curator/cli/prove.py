"""`curator prove`: do items fail where they should and pass where they should?"""

import click

from curator.cli.experiment_options import (
    json_option,
    memory_option,
    open_gateway,
    printed,
    progress_bar,
    python_option,
    rules_option,
    timeout_option,
    verdict,
)
from curator.cli.output import plain, print_json
from curator.config import load_settings


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
    from curator.experiments.prove import prove_items
    from curator.rulebook import find_rule

    settings = load_settings(allow_python=allow_python)
    loaded = find_rule(rule, settings)
    total = len(items) * repeat * (2 if candidate else 1)
    connection = settings.connection()
    with open_gateway(connection) as gateway, progress_bar("answers") as bar:
        bar.start(total)
        found = prove_items(
            gateway,
            connection,
            loaded.rule,
            items,
            production=production,
            candidate=candidate,
            runs=repeat,
            timeout=timeout,
            memory=memory,
            allow_python=settings.allow_python,
            progress=bar.step,
            printed=printed,
        )
    if as_json:
        print_json({"items": [proof.model_dump(mode="json") for proof in found]})
    else:
        for proof in found:
            click.echo(f"{plain(proof.item_id)}  {proof.verdict}: {plain(proof.says)}")
    return len(found) == len(items) and all(proof.verdict == "reproduced" for proof in found)
