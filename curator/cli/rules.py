"""`curator rules list|check|show|new`."""

from pathlib import Path

import click

from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode, UsageError

_json = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")


@click.group()
def rules() -> None:
    """List, check, show and start rule files."""


@rules.command("list")
@_json
def list_(as_json: bool) -> None:
    """The rules in use, with their datasets."""
    from curator.rulebook import load_rules

    loaded = load_rules(load_settings())
    if as_json:
        print_json(
            {
                "rules": [
                    {
                        "rule": each.rule.rule,
                        "version": each.rule.version,
                        "dataset": each.rule.dataset.name,
                        "description": each.rule.description,
                        "file": str(each.path),
                    }
                    for each in loaded
                ]
            }
        )
        return
    width = max(len(each.rule.rule) for each in loaded)
    for each in loaded:
        description = " ".join(plain(each.rule.description).split())
        click.echo(f"{each.rule.rule:<{width}}  → {plain(each.rule.dataset.name)}")
        if description:
            click.echo(f"{'':<{width}}    {description[:90]}")


@rules.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--allow-python", is_flag=True, default=None, help="Let rules name Python paths (imports them).")
@_json
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], allow_python: bool | None, as_json: bool) -> None:
    """Check rule files; every problem comes with file, line and key. Exit 2 when there is one."""
    from curator.rulebook import check_file, rules_folder

    settings = load_settings(allow_python=allow_python)
    folder = rules_folder(settings)
    paths = list(files) or sorted(p for p in folder.glob("*.y*ml") if p.is_file())
    if not paths:
        raise UsageError(f"No rule files (*.yaml) in {folder}.", code="RULES_NONE", remedy="Name a file to check.")
    problems = [problem for path in paths for problem in check_file(path, allow_python=settings.allow_python)]
    if as_json:
        print_json({"rules": [str(path) for path in paths], "problems": problems})
    else:
        for problem in problems:
            click.echo(plain(str(problem)))
        say(f"{len(paths)} rule file{'s'[: len(paths) != 1]}, {len(problems)} problem{'s'[: len(problems) != 1]}")
    if problems:
        ctx.exit(ExitCode.USAGE)


@rules.command()
@click.argument("rule")
@_json
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

    from curator.rulebook import shipped_rules
    from curator.rulebook.write import check_new, write_new

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
