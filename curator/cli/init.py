"""`curator init`: a config file and a first rule, from a look at the project's own traces."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curator.cli.output import json_option, plain, print_form, print_json, say
from curator.config import config_file, load_settings
from curator.model.errors import CuratorError, ExitCode, UsageError

if TYPE_CHECKING:
    from curator.queue import FirstRule

SHAPES = ("object", "messages", "query", "whole")


@click.command()
@click.argument("name", required=False)
@click.option(
    "--trace-name", metavar="NAME", help="Propose a rule for traces of this name.  [default: the most frequent]"
)
@click.option("--all", "every", is_flag=True, help="One rule for every trace name that has failures.")
@click.option("--shape", type=click.Choice(SHAPES), help="The input's shape.  [default: the first that fits]")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("rules"), show_default=True, help="Where the rule goes."
)
@click.option("--save-keys", is_flag=True, help="Also write the keys into the config file (mode 0600).")
@click.option("--yes", is_flag=True, help="Write without asking.")
@json_option
def init(
    name: str | None,
    trace_name: str | None,
    every: bool,
    shape: Any,
    folder: Path,
    save_keys: bool,
    yes: bool,
    as_json: bool,
) -> ExitCode:
    """Look at the project's traces and scores; write a config file and a first rule, every line explained.

    Shows first what the rule makes of one real failure. On a terminal it asks before it writes. With --all there is one
    rule for every workflow that has failures; one that cannot be proposed or written is named, and the exit code is 1.
    """
    from curator.gateway import Gateway
    from curator.queue import first_rule, workflows
    from curator.scrub import Scrubber

    if every and (name or trace_name):
        raise UsageError(
            "--all proposes a rule for every workflow.", code="USAGE", remedy="Leave NAME and --trace-name out."
        )
    settings = load_settings()
    connection = settings.connection()
    now = datetime.now().astimezone()
    documents: list[dict[str, object]] = []
    failed: list[dict[str, object]] = []
    with Gateway(connection) as gateway, Scrubber() as scrubber:
        project = gateway.project()
        if not as_json:
            say(f"Project {plain(project.name)}.")
        asked = workflows(gateway, now) if every else ()
        wanted: list[tuple[str | None, str | None]] = [(None, each.name) for each in asked] or [(name, trace_name)]
        for rule_name, each in wanted:
            try:
                first = first_rule(gateway, scrubber, settings, now, trace_name=each, name=rule_name, shape=shape)
                if not as_json:
                    failures = next((one.failures for one in asked if one.name == each), None)
                    print_form("first_rule", err=True, first=first, failures=failures)
                    say("")
                documents.append(_written(first, folder, ask=not (yes or as_json)))
            except CuratorError as error:
                if not every:
                    raise
                say(f"! {plain(each or '–')}: {plain(error.message)}")
                failed.append({"trace_name": each, "code": error.code, "message": error.message})
    config = config_file()
    wrote = _write_config(config, connection.base_url, connection if save_keys else None)
    about: dict[str, object] = {"config": str(config), "config_written": wrote}
    if as_json:
        print_json({"rules": documents, "failed": failed} | about if every else documents[0] | about)
    else:
        for document in documents:
            click.echo(str(document["file"]))
        say(f"{'Wrote' if wrote else 'Kept'} {config}.")
        if save_keys and not wrote:
            say("The keys were not saved: the file was there before. Add public_key and secret_key to it.")
        if not every:
            say("One rule for every workflow that has failures: curator init --all")
        say(f"Read what was written, then: curator rules check && curator queue --rules {folder} --since 14d")
    return ExitCode.NO if failed else ExitCode.YES


def _written(first: "FirstRule", folder: Path, *, ask: bool) -> dict[str, object]:
    """Writes a proposed rule; what `--json` says of it. Raises UsageError, also when somebody says no."""
    from curator.rulebook import check_new, write_new

    target = check_new(folder, first.rule)
    if ask and sys.stdin.isatty() and not click.confirm(f"Write {target}?", default=True, err=True):
        raise UsageError("Nothing was written.", code="INIT_DECLINED")
    write_new(target, first.text)
    return {
        "rule": first.rule,
        "file": str(target),
        "shape": first.chosen.shape,
        "why": first.chosen.why,
        "options": first.seen.options,
        "draft": first.draft,
        "coverage": first.tried.fields,
        "checks": first.tried.checks,
        "look": first.seen,
    }


def _write_config(path: Path, base_url: str, keys: object) -> bool:
    """Writes the config file if there is none; never overwrites. Values are TOML basic strings (JSON strings are).

    Raises UsageError when it cannot be written.
    """
    from curator.config import Connection

    if path.exists():
        return False
    lines = ["# curator's settings; `curator explain config` lists every key.", f"base_url = {json.dumps(base_url)}"]
    if isinstance(keys, Connection):
        lines.append(f"public_key = {json.dumps(keys.public_key)}")
        lines.append(f"secret_key = {json.dumps(keys.secret_key.get_secret_value())}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.",
            code="CONFIG_FILE",
            remedy="Check its folder's permissions, or name another file in CURATOR_CONFIG.",
        ) from None
    return True
