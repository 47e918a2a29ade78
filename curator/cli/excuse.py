"""`curator known`, `quarantine` and `require`: what an item's failure means to the gate."""

from datetime import UTC, date, datetime
from typing import Any

import click
from pydantic import ValidationError

from curator.cli.experiment_options import json_option
from curator.cli.output import plain, print_json
from curator.config import load_settings
from curator.model.errors import ExitCode, UsageError
from curator.model.item import ItemState

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
def known(**given: Any) -> None:
    """Excuse ITEM as a failure that nobody has fixed yet: the gate counts it and does not shut for it, until DAY."""
    _amend("known", **given)


@click.command()
@click.argument("dataset")
@click.argument("item")
@click.option("--evidence", required=True, metavar="TEXT", help="Why it counts as flaky, such as `passed 3 of 8`.")
@until_option
@rule_option
@json_option
def quarantine(**given: Any) -> None:
    """Excuse ITEM as flaky: its outcome says nothing, so the gate does not shut for it, until DAY."""
    _amend("quarantined", **given)


@click.command()
@click.argument("dataset")
@click.argument("item")
@rule_option
@json_option
def require(**given: Any) -> None:
    """Let ITEM decide again: the end of an excuse."""
    _amend("required", **given)


def _amend(state: str, *, dataset: str, item: str, rule: str | None, as_json: bool, **said: Any) -> None:
    from curator.promote import Promoter
    from curator.rulebook import find_rule

    stored = state_given(state, said).to_metadata() if state != "required" else None
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
    if not receipt.ok:
        click.get_current_context().exit(ExitCode.NO)


def state_given(state: str, said: dict[str, Any], *, today: date | None = None) -> ItemState:
    """The state that somebody asks for. Raises UsageError (GATE_STATE) for one that is incomplete or over already."""
    until = said["until"].date()
    if until < (today or datetime.now(UTC).date()):
        raise UsageError(f"{until} is over already.", code="GATE_STATE", remedy="Name a later day with --until.")
    try:
        return ItemState.model_validate({**{k: v.strip() or None for k, v in said.items() if k != "until"},
                                         "state": state, "until": until})  # fmt: skip
    except ValidationError as error:
        raise UsageError(
            f"The state is incomplete: {error.errors()[0]['msg'].removeprefix('Value error, ')}.",
            code="GATE_STATE",
            remedy="Give each of them a value.",
        ) from None
