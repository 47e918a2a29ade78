"""`curator rules list|check|try|show|new`."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curator.cli.output import json_option, plain, print_form, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from curator.config import Settings
    from curator.draft import Trial
    from curator.rulebook import LoadedRule


@click.group()
def rules() -> None:
    """List, check, show and start rule files."""


@rules.command("list")
@json_option
def list_(as_json: bool) -> None:
    """The rules in use, with their datasets."""
    from curator.rulebook import load_rules

    loaded = load_rules(load_settings())
    if as_json:
        about = {"rule", "version", "description"}
        print_json(
            {
                "rules": [
                    each.rule.model_dump(include=about) | {"dataset": each.rule.dataset.name, "file": str(each.path)}
                    for each in loaded
                ]
            }
        )
        return
    print_form("rules", rules=[each.rule for each in loaded])


@rules.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--allow-python", is_flag=True, default=None, help="Let rules name Python paths (imports them).")
@click.option("--live", is_flag=True, help="Also try the rules on recent failures: warns of paths that never match.")
@json_option
def check(files: tuple[Path, ...], allow_python: bool | None, live: bool, as_json: bool) -> ExitCode:
    """Check rule files; every problem comes with file, line and key. Exit 2 when there is one (warnings: 0)."""
    from curator.rulebook import check_file, load_rule, rules_folder

    settings = load_settings(allow_python=allow_python)
    folder = rules_folder(settings)
    paths = list(files) or sorted(p for p in folder.glob("*.y*ml") if p.is_file())
    if not paths:
        raise UsageError(f"No rule files (*.yaml) in {folder}.", code="RULES_NONE", remedy="Name a file to check.")
    problems = [problem for path in paths for problem in check_file(path, allow_python=settings.allow_python)]
    warnings = []
    if live and not problems:
        for path in paths:
            tried = _tried(load_rule(path, allow_python=settings.allow_python), settings, None)
            warnings += [f"{path}: {what}" for what in tried.silent]
    if as_json:
        print_json({"rules": [str(path) for path in paths], "problems": problems, "warnings": warnings})
    else:
        for each in (*problems, *(f"warning: {warning}" for warning in warnings)):
            click.echo(plain(str(each)))
        say(f"{len(paths)} rule file{'s'[: len(paths) != 1]}, {len(problems)} problem{'s'[: len(problems) != 1]}")
    return ExitCode.USAGE if problems else ExitCode.YES


@rules.command("try")
@click.argument("rule")
@click.option("--since", metavar="7d|DATE", help="Failures since then.  [default: 14d]")
@json_option
def try_(rule: str, since: str | None, as_json: bool) -> None:
    """Try RULE on its recent failures: how often each field is filled, with what, and what each check says.

    Nothing is written. Examples are shown as they stand in the trace, personal values included.
    """
    from curator.rulebook import find_rule

    settings = load_settings()
    tried = _tried(find_rule(rule, settings), settings, since)
    if as_json:
        print_json(tried)
        return
    print_form("trial", tried=tried)
    for warning in tried.silent:
        say(f"warning: {plain(warning)}")


def _tried(loaded: "LoadedRule", settings: "Settings", since: str | None) -> "Trial":
    from curator.gateway import Gateway
    from curator.queue import parse_window, try_rule
    from curator.scrub import Scrubber

    window = parse_window(since or "14d", None, datetime.now().astimezone())
    with Gateway(settings.connection()) as gateway, Scrubber() as scrubber:
        return try_rule(gateway, scrubber, settings, loaded, window)


@rules.command()
@click.argument("rule")
@json_option
def show(rule: str, as_json: bool) -> None:
    """One rule, as curator understands it."""
    from curator.rulebook import find_rule

    loaded = find_rule(rule, load_settings())
    if as_json:
        document = loaded.rule.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        print_json({"file": str(loaded.path), "rules": [document], "problems": []})
        return
    click.echo(plain(loaded.path.read_text(encoding="utf-8"), keep_newlines=True))


@rules.command()
@click.argument("rule")
@click.option("--never", multiple=True, metavar="TEXT", help="This text is never personal.")
@click.option("--always", multiple=True, metavar="TEXT", help="This text is always replaced.")
@json_option
def teach(rule: str, never: tuple[str, ...], always: tuple[str, ...], as_json: bool) -> None:
    """Tell RULE which texts are never personal, or always; prints the change of its lists.

    They lie beside the rule's file, one text a line, and add to its `scrub.allow` and `scrub.deny`.

    `curator draft TRACE --never FINDING` does the same for what a draft found.
    """
    from curator.rulebook import find_rule
    from curator.rulebook import teach as write

    path = find_rule(rule, load_settings()).path
    change = write(path, never=never, always=always)
    if as_json:
        print_json({"file": str(path), "diff": change})
    else:
        click.echo(plain(change, keep_newlines=True) or f"{plain(str(path))} says so already")


@rules.command()
def schema() -> None:
    """The JSON Schema of rule files, for editors."""
    from curator.model.rule import Rule

    print_json(Rule.model_json_schema(by_alias=True))


@rules.command()
@click.argument("name")
@click.option(
    "--from", "template", default="order-status-regression", show_default=True, help="The rule to start from."
)
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("rules"), show_default=True, help="Where the rule goes."
)
def new(name: str, template: str, folder: Path) -> None:
    """Start a rule file NAME.yaml as a copy of a commented one, for a dataset of that name; never overwrites."""
    import re

    from curator.rulebook import check_new, shipped_rules, write_new

    target = check_new(folder, name)
    source = shipped_rules() / f"{template}.yaml"
    if not source.is_file():
        names = ", ".join(sorted(p.stem for p in shipped_rules().glob("*.yaml")))
        raise UsageError(
            f"There is no rule {template!r} to start from.", code="RULE_UNKNOWN", remedy=f"There are: {names}."
        )
    text = source.read_text(encoding="utf-8")
    text = re.sub(r"^rule: .*$", f"rule: {name}", text, count=1, flags=re.MULTILINE)
    # Two rules should not feed one dataset.
    text = re.sub(r"^(dataset:\n  name: ).*$", rf"\g<1>{name}", text, count=1, flags=re.MULTILINE)
    write_new(target, text)
    click.echo(str(target))
    say(f"Its dataset is {name}. Edit it, then run `curator rules check`.")
