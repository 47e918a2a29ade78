"""`curator types list|add|rename|merge`: the failure types of a rule, and of the items that name them."""

import uuid
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from curator.cli.output import count, json_option, plain, print_form, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from curator.gateway import Gateway

_rule = click.option("--rules", "rule", required=True, metavar="RULE", help="The rule (a name or a file).")


@click.group()
def types() -> None:
    """List, add, rename and merge failure types."""


@types.command("list")
@click.option("--rules", "rule", metavar="RULE", help="Only this rule (a name or a file).")
@json_option
def list_(rule: str | None, as_json: bool) -> None:
    """The failure types of the rules, with how many items of the dataset name each; also those of no rule."""
    from curator.gateway import Gateway
    from curator.rulebook import find_rule, load_rules

    settings = load_settings()
    found: list[dict[str, Any]] = []
    with Gateway(settings.connection()) as gateway:
        for each in [find_rule(rule, settings)] if rule else load_rules(settings):
            own = each.rule.lineage
            counts = Counter(kind for _, kind in _items(gateway, each.rule.dataset.name))
            named = [
                {"type": kind, "items": counts[kind], "known": kind in own.failure_types}
                for kind in dict.fromkeys((*own.failure_types, *sorted(counts)))
            ]
            found.append({"rule": each.rule.rule, "dataset": each.rule.dataset.name, "types": named})
        requests = gateway.requests
    if as_json:
        print_json({"rules": found, "requests": requests})
        return
    print_form("types", rules=found)


@types.command()
@click.argument("name")
@_rule
@json_option
def add(name: str, rule: str, as_json: bool) -> None:
    """Add a failure type to a rule's, in a list beside its file."""
    from curator.rulebook import change_types, find_rule
    from curator.scrub import Scrubber, refuse_personal

    loaded = find_rule(rule, load_settings())
    with Scrubber() as scrubber:
        refuse_personal(scrubber, {"The failure type": name}, loaded.rule.scrub)
    known = name in loaded.rule.lineage.failure_types
    diff = "" if known else change_types(loaded.path, name)
    if as_json:
        print_json({"rule": loaded.rule.rule, "diff": diff})
    else:
        click.echo(plain(diff, keep_newlines=True) or f"{plain(loaded.rule.rule)} has it already")


def _moving(name: str, words: str) -> None:
    """Adds a command that makes one failure type another."""

    @types.command(name, help=f"{words} in the rule and in every item; `curator undo --batch` takes items back.")
    @click.argument("old")
    @click.argument("new")
    @_rule
    @click.option("--dry-run", is_flag=True, help="Only say what would change.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @json_option
    def move(**given: Any) -> ExitCode:
        return _move(merging=name == "merge", **given)


_moving("rename", "Give the failure type OLD the name NEW, which is none yet,")
_moving("merge", "Make the failure type OLD the same as NEW, another one of the rule,")


def _move(*, merging: bool, old: str, new: str, rule: str, dry_run: bool, yes: bool, as_json: bool) -> ExitCode:
    """NEW comes first, so that no item ever names a type of nobody's; OLD goes when no item names it any more."""
    from curator.promote import Promoter
    from curator.rulebook import change_types, find_rule
    from curator.scrub import refuse_personal

    settings = load_settings()
    loaded = find_rule(rule, settings)
    known = loaded.rule.lineage.failure_types
    if old == new or merging != (new in known):
        words = f"{new!r} is {'no other' if merging else 'already a'} failure type of the rule {loaded.rule.rule}."
        raise UsageError(words, code="FAILURE_TYPE", remedy=f"It has: {', '.join(known)}; `merge` joins two of them.")
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json needs --yes or --dry-run.")
    diff, batch = "", uuid.uuid4().hex
    with Promoter.opened(settings) as promoter:
        refuse_personal(promoter.scrubber, {"The failure type": new}, promoter.policy(loaded))
        dataset = loaded.rule.dataset.name
        items = [item_id for item_id, kind in _items(promoter.gateway, dataset) if kind == old]
        if not items and old not in known:
            words = f"Neither the rule nor an item of {dataset} has the failure type {old!r}."
            raise UsageError(words, code="FAILURE_TYPE", remedy="`curator types list` shows them.")
        say(f"{old} → {new}: {count(len(items), 'item')} of {dataset}, and the rule {loaded.rule.rule}.")
        if not (dry_run or yes):
            click.confirm("Change them?", abort=True, err=True)
        receipts = []
        if not dry_run:
            diff = "" if merging else change_types(loaded.path, new)
            receipts = [promoter.amend(dataset, each, {"failure_type": new}, loaded, batch=batch) for each in items]
            if all(receipt.ok for receipt in receipts):
                diff = change_types(loaded.path, old, new)
        requests = promoter.gateway.requests
    left = [receipt for receipt in receipts if not receipt.ok]
    if as_json:
        found = {"old": old, "new": new, "items": items, "receipts": receipts, "diff": diff, "dry_run": dry_run}
        print_json(found | {"requests": requests})
    elif not dry_run:
        click.echo(plain(diff, keep_newlines=True))
        for receipt in left:
            problem = receipt.problem
            click.echo(f"✗ {plain(receipt.item_id)}  {plain(problem.message if problem else receipt.verdict)}")
        say(
            f"{count(len(receipts) - len(left), 'item')} changed and read back; `curator undo --batch` takes them back."
        )
    if left:
        say(f"{old} stays a type of the rule until its {count(len(left), 'item')} can be changed: then run this again.")
    return ExitCode.NO if left else ExitCode.YES


def _items(gateway: "Gateway", dataset: str) -> list[tuple[str, str]]:
    """(id, failure type) of each active item that names one; none without the dataset. Raises GatewayError."""
    from curator.gateway import NotFound

    found = {}
    with suppress(NotFound):
        found = {item.id: kind for item in gateway.items(dataset) if (kind := item.says("failure_type")) is not None}
    return list(found.items())
