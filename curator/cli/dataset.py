"""`curator pull`, `diff`, `push`, `export`: a dataset as files that a team reviews."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from curator.cli.experiment_options import open_gateway
from curator.cli.output import count, json_option, plain, print_form, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode, UsageError
from curator.model.files import write_text

if TYPE_CHECKING:
    from curator.dataset import Snapshot
    from curator.model.rule import CheckSpec


@click.command()
@click.argument("dataset")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--scrub", is_flag=True, help="Replace what the scrub finds in the items; such a folder is to read only.")
@click.option("--rules", "rule", metavar="RULE", help="With --scrub: the rule whose policy counts.")
@click.option("--overwrite", is_flag=True, help="Drop changes of the folder that were not pushed.")
@json_option
def pull(dataset: str, folder: Path | None, scrub: bool, rule: str | None, overwrite: bool, as_json: bool) -> None:
    """Write a dataset as one YAML file per item, with a lock that pins its version and every item's digest.

    DIR is a folder named like the dataset when it is left out. Pulling again touches only files that changed.
    """
    from curator import dataset as datasets
    from curator.model.lineage import slug

    settings = load_settings()
    connection = settings.connection()
    with open_gateway(connection) as gateway:
        found = datasets.snapshot(gateway, dataset)
        requests = gateway.requests
    if scrub:
        found = _scrubbed(found, rule)
    target = folder or Path(slug(dataset))
    lock = datasets.write_folder(found, target, overwrite=overwrite)
    if as_json:
        print_json(
            {"dataset": dataset, "folder": str(target), "version": lock.version.isoformat(), "content": lock.content,
             "items": lock.items, "requests": requests}
        )  # fmt: skip
    else:
        click.echo(
            f"{plain(str(target))}: {count(len(lock.items), 'item')}, {lock.content}, at {lock.version.isoformat()}"
        )
        say(
            "as stored: `--scrub` replaces what the scrub of today finds" if not scrub else "scrubbed: not to be pushed"
        )


@click.command()
@click.argument("old")
@click.argument("new")
@click.option("--markdown", is_flag=True, help="Markdown for a pull request.")
@click.option("--fail", "fail", is_flag=True, help="Exit 1 when anything changed.")
@json_option
def diff(old: str, new: str, markdown: bool, fail: bool, as_json: bool) -> ExitCode:
    """Show what changed between two states of a dataset, and what that means for the gate.

    OLD and NEW are each a folder of `curator pull`, a lock file, DATASET (as it is now) or DATASET@TIME.
    """
    from curator import dataset as datasets

    if datasets.needs_server(old) or datasets.needs_server(new):
        with open_gateway(load_settings().connection()) as gateway:
            sides = datasets.side(gateway, old), datasets.side(gateway, new)
    else:
        sides = datasets.side(None, old), datasets.side(None, new)
    found = datasets.changes(*sides, names=(old, new))
    if as_json:
        print_json({"changes": found, "unchanged": found.unchanged})
    elif markdown:
        click.echo(datasets.in_markdown(found), nl=False)
    else:
        print_form("changes", found=found, in_words=datasets.in_words)
        say(f"{count(len(found.items), 'item')} changed, {found.unchanged} unchanged")
    return ExitCode.NO if fail and found else ExitCode.YES


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--to", metavar="DATASET", help="Another dataset: its items get ids of their own.")
@click.option("--archive", is_flag=True, help="Archive items whose file is gone; nothing is ever deleted.")
@click.option("--overwrite", is_flag=True, help="Also write over what somebody changed in Langfuse since the pull.")
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
@json_option
def push(folder: Path, to: str | None, archive: bool, overwrite: bool, dry_run: bool, as_json: bool) -> ExitCode:
    """Apply a reviewed folder to its dataset, each item written, read back and proved; `curator undo` takes it back.

    With the keys of another project, or --to, the items are copied under ids of their own; ids.json maps them.
    """
    from curator import dataset as datasets
    from curator.dataset import Push
    from curator.promote import Promoter

    with Promoter.opened(load_settings(), via="files") as promoter:
        pushing = Push(promoter, folder, to=to, archive=archive)
        plan = pushing.plan
        if not as_json:
            for each in plan.items:
                if each.step not in ("unchanged",):
                    say(f"{each.step:<9} {each.item_id}{f'  ({each.why})' if each.why else ''}")
        receipts = [] if dry_run else list(pushing.apply(overwrite=overwrite))
        bad = [each for each in receipts if not each.ok]
        if receipts and not bad and not plan.copies:
            datasets.write_folder(datasets.snapshot(promoter.gateway, plan.dataset), folder, overwrite=True)
        requests = promoter.gateway.requests
    if as_json:
        print_json({"plan": plan, "receipts": receipts, "requests": requests})
    else:
        for receipt in receipts:
            click.echo(f"{'✓' if receipt.ok else '✗'} {receipt.verdict:<9} {plain(receipt.item_id)}")
            if receipt.problem is not None:
                say(f"  {receipt.problem.code}: {receipt.problem.message} {receipt.problem.remedy}")
        unchanged = sum(each.step == "unchanged" for each in plan.items)
        say(f"{count(len(receipts), 'item')} written, {unchanged} unchanged" if not dry_run else "nothing was written")
    return ExitCode.NO if bad or (dry_run and plan.conflicts) else ExitCode.YES


@click.command()
@click.argument("dataset", metavar="DATASET|DIR|LOCK")
@click.option(
    "--to", "runner", required=True, metavar="RUNNER", help="promptfoo, pytest, openai-evals, hf, inspect or deepeval."
)
@click.option("--rules", "rule", metavar="RULE", help="The rule whose checks are translated.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=".",
    metavar="DIR",
    help="Where the files go.  [default: here]",
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there.")
@json_option
def export(
    dataset: str, runner: str, rule: str | None, output: Path, overwrite: bool, as_json: bool
) -> None:  # fmt: skip
    """Write a dataset in the shape of another runner, with the checks that it can express; the others are named."""
    from curator import dataset as datasets
    from curator.dataset import RUNNERS
    from curator.dataset import export as export_to

    if runner not in RUNNERS:
        raise UsageError(
            f"{plain(runner)!r} is no runner that curator writes for.",
            code="EXPORT_RUNNER",
            remedy=f"Choose one of {', '.join(RUNNERS)}.",
        )
    settings = load_settings()
    checks = _checks(rule)
    if datasets.needs_server(dataset):
        with open_gateway(settings.connection()) as gateway:
            found = datasets.side(gateway, dataset)
    else:
        found = datasets.side(None, dataset)
    done = export_to(found, runner, checks)  # type: ignore[arg-type]  # held against RUNNERS above
    paths = _write_files(done.files, output, overwrite)
    if as_json:
        print_json({"file": str(paths[0]), "files": [str(path) for path in paths], "items": done.items,
                    "untranslated": done.untranslated})  # fmt: skip
        return
    for path in paths:
        click.echo(plain(str(path)))
    say(f"{count(done.items, 'item')} for {runner}")
    for each in done.untranslated:
        say(f"not translated: {each.check}: {each.why}")


def _checks(rule: str | None) -> "tuple[CheckSpec, ...]":
    from curator.rulebook import find_rule

    return () if rule is None else find_rule(rule, load_settings()).rule.checks


def _scrubbed(found: "Snapshot", rule: str | None) -> "Snapshot":
    from curator import dataset as datasets
    from curator.rulebook import find_rule, load_rules, rule_feeding
    from curator.scrub import Scrubber

    settings = load_settings()
    loaded = find_rule(rule, settings) if rule else rule_feeding(found.name, load_rules(settings))
    policy = settings.policy(loaded.rule if loaded is not None else None)
    # A surrogate that stands there is one of an earlier scrub already.
    policy = policy.model_copy(update={"paths": tuple(p for p in policy.paths if p.action != "surrogate")})
    with Scrubber() as scrubber:
        return datasets.scrubbed(found, lambda texts: scrubber.scrub_value(texts, policy).value)


def _write_files(files: dict[str, str], folder: Path, overwrite: bool) -> list[Path]:
    paths = [folder / name for name in files]
    if not overwrite and (there := next((path for path in paths if path.exists()), None)):
        raise UsageError(f"{there} exists.", code="EXPORT_EXISTS")
    for path in paths:
        write_text(path, files[path.name], code="EXPORT_WRITE")
    return paths
