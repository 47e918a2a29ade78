"""`curator init`: a config file and a first rule, from a look at the project's own traces."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curator.cli.output import json_option, plain, print_json, say
from curator.config import Settings, config_file, load_settings
from curator.model.errors import CuratorError, UsageError

if TYPE_CHECKING:
    from curator.draft import Case
    from curator.gateway import Gateway
    from curator.rulebook import LoadedRule

SHAPES = ("object", "messages", "query", "whole")


@click.command()
@click.argument("name", required=False)
@click.option(
    "--trace-name", metavar="NAME", help="Propose a rule for traces of this name.  [default: the most frequent]"
)
@click.option("--shape", type=click.Choice(SHAPES), help="The input's shape.  [default: the first that fits]")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=Path("rules"), show_default=True, help="Where the rule goes."
)
@click.option("--save-keys", is_flag=True, help="Also write the keys into the config file (mode 0600).")
@click.option("--yes", is_flag=True, help="Write without asking.")
@json_option
def init(
    name: str | None, trace_name: str | None, shape: Any, folder: Path, save_keys: bool, yes: bool, as_json: bool
) -> None:
    """Look at the project's traces and scores; write a config file and a first rule, every line explained.

    Shows first what the rule makes of one real failure. On a terminal it asks before it writes.
    """
    from curator.draft import loaded_text, look, rule_text, trial
    from curator.gateway import Gateway
    from curator.model.lineage import slug
    from curator.rulebook.write import check_new, write_new

    settings = load_settings()
    connection = settings.connection()
    with Gateway(connection) as gateway:
        project = gateway.project()
        seen, traces = look(gateway, now=datetime.now().astimezone(), name=trace_name)
        rule_name = name or slug(seen.name or "first-rule")
        target = check_new(folder, rule_name)
        text = rule_text(seen, rule_name, shape)
        loaded = loaded_text(text)
        cases = _cases(gateway, traces, loaded)
    tried = trial(cases, loaded)
    draft = _draft(cases[0], loaded, settings) if cases else None
    chosen = next((each for each in seen.options if each.kind == shape), seen.options[0])
    if not as_json:
        say(f"Looked at {seen.traces} traces named {plain(seen.name or '–')} in project {plain(project.name)}.")
        if seen.several_roots:
            say(f"{seen.several_roots} of them have several roots: the one that holds the content counts.")
        say(f"Input: {plain(chosen.shape)}, because {chosen.why}.")
        for each in seen.options:
            if each.kind != chosen.kind:
                say(f"  It could also be {plain(each.shape)} (--shape {each.kind}): {each.why}.")
        _say_draft(draft)
        if not yes and sys.stdin.isatty() and not click.confirm(f"Write {target}?", default=True, err=True):
            raise UsageError("Nothing was written.", code="INIT_DECLINED")
    write_new(target, text)
    config = config_file()
    written = _write_config(config, connection.base_url, connection if save_keys else None)
    if as_json:
        print_json(
            {
                "rule": rule_name,
                "file": str(target),
                "config": str(config),
                "config_written": written,
                "shape": chosen.shape,
                "why": chosen.why,
                "options": seen.options,
                "draft": draft,
                "coverage": tried.fields,
                "checks": tried.checks,
                "look": seen,
            }
        )
        return
    click.echo(str(target))
    say(f"{'Wrote' if written else 'Kept'} {config}.")
    if save_keys and not written:
        say("The keys were not saved: the file was there before. Add public_key and secret_key to it.")
    say(f"Read the rule, then: curator rules check && curator queue --rules {target} --since 14d")


def _cases(gateway: "Gateway", traces: Any, loaded: "LoadedRule") -> "list[Case]":
    """The sample as cases, failures by the proposed rule first."""
    from curator.draft import Case
    from curator.draft.mapping import reads_session
    from curator.queue.signals import counts, signal_of

    cases = []
    for trace in traces:
        signals = tuple(
            signal_of(condition, score, loaded.rule.rule)
            for condition in loaded.rule.queue.signals
            for score in trace.scores
            if counts(condition, score)
        )
        cases.append(Case(trace=trace, signals=signals))
    cases.sort(key=lambda case: not case.signals)
    if cases and reads_session(loaded.rule):
        cases[0] = cases[0].model_copy(update={"earlier": tuple(gateway.earlier_in_session(cases[0].trace))})
    return cases


def _draft(case: "Case", loaded: "LoadedRule", settings: Settings) -> dict[str, object]:
    """What the rule makes of one failure, scrubbed like everything that leaves a trace."""
    from curator.draft.mapping import reshape
    from curator.scrub import Scrubber, merged

    try:
        draft = reshape(case.trace, loaded, signals=case.signals, earlier=case.earlier)
        with Scrubber() as scrubber:
            scrubbed = scrubber.scrub(draft, merged(settings.scrub, loaded.rule.scrub))
    except CuratorError as error:
        return {"trace_id": case.trace.id, "input": None, "expected_output": None, "problems": [error.message]}
    return {
        "trace_id": case.trace.id,
        "failure": bool(case.signals),
        "input": scrubbed.input,
        "expected_output": scrubbed.expected_output,
        "problems": [f"{problem.code}: {problem.message}" for problem in scrubbed.problems],
    }


def _say_draft(draft: dict[str, object] | None) -> None:
    if draft is None:
        return
    say(f"\nWhat it makes of {'a failure' if draft.get('failure') else 'a trace'} ({draft['trace_id']}):")
    for title in ("input", "expected_output"):
        say(f"{title}: {plain(json.dumps(draft[title], indent=2, ensure_ascii=False), keep_newlines=True)}")
    problems = draft["problems"]
    for problem in problems if isinstance(problems, list) else ():
        say(f"! {plain(problem)}")
    say("")


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
