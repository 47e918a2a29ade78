"""`curator init`: a config file and a first rule, from a look at the project's own traces."""

import json
import os
from datetime import datetime
from pathlib import Path

import click

from curator.cli.output import plain, print_json, say
from curator.config import config_file, load_settings
from curator.model.errors import UsageError


@click.command()
@click.argument("name", required=False)
@click.option(
    "--trace-name", metavar="NAME", help="Propose a rule for traces of this name.  [default: the most frequent]"
)
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("rules"), show_default=True, help="Where the rule goes."
)
@click.option("--save-keys", is_flag=True, help="Also write the keys into the config file (mode 0600).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def init(name: str | None, trace_name: str | None, folder: Path, save_keys: bool, as_json: bool) -> None:
    """Look at the project's traces and scores; write a config file and a first rule, every line explained."""
    from curator.draft.propose import look, rule_text
    from curator.gateway import Gateway
    from curator.model.lineage import slug
    from curator.rulebook.write import check_new, write_new

    connection = load_settings().connection()
    with Gateway(connection) as gateway:
        project = gateway.project()
        seen = look(gateway, now=datetime.now().astimezone(), name=trace_name)
    rule_name = name or slug(seen.name or "first-rule")
    target = check_new(folder, rule_name)
    write_new(target, rule_text(seen, rule_name))
    config = config_file()
    written = _write_config(config, connection.base_url, connection if save_keys else None)
    if as_json:
        print_json(
            {"rule": rule_name, "file": str(target), "config": str(config), "config_written": written, "look": seen}
        )
        return
    say(f"Looked at {seen.traces} traces named {plain(seen.name or '–')} in project {plain(project.name)}.")
    click.echo(str(target))
    say(f"{'Wrote' if written else 'Kept'} {config}.")
    if save_keys and not written:
        say("The keys were not saved: the file was there before. Add public_key and secret_key to it.")
    say(f"Read the rule, then: curator rules check && curator queue --rules {target} --since 14d")


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
