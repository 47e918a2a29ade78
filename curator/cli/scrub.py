"""`curator scrub`: a file or a pipe without its personal values."""

import errno
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model.errors import UsageError
from curator.model.files import MEGABYTES, read_text

if TYPE_CHECKING:
    from curator.model import ScrubPolicy
    from curator.scrub import Scrubbed


@click.command()
@click.argument("file", metavar="[FILE|-]", default="-")
@click.option("--rules", "rule", metavar="R", help="A rule's name or file: its scrub policy.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout: `scrubbed` and `findings`.")
def scrub(file: str, rule: str | None, as_json: bool) -> None:
    """Scrub JSON, JSON lines or text from FILE or standard input; nothing is sent anywhere.

    Prints the same kind of content with placeholders in place of personal values and secrets. Every line of JSON lines
    is an item of its own. Suggestions (places, organisations) stay as they are.
    """
    from curator.scrub import Scrubber, capabilities

    values, form = _parsed(_read(file))
    policy = _policy(rule)
    able = capabilities()
    with Scrubber() as scrubber:
        if len(values) > 1:
            scrubber.warm(values)
        results = [scrubber.scrub_value(value, policy) for value in values]
    if as_json:
        print_json(_document(results, form) | {"model": able.model, "not_looked_for": able.not_looked_for})
    else:
        for result in results:
            _print(_text(result, form))
    _summarise(results)
    if able.model is None:
        say(f"No name model: not looked for are {', '.join(able.not_looked_for[:3])}. {able.remedy}.")


def _read(file: str) -> str:
    if file != "-":
        return read_text(Path(file), code="INPUT_UNREADABLE")
    try:
        if sys.stdin is None:  # closed by `<&-`
            raise OSError(errno.EBADF, "it is closed")
        data = sys.stdin.buffer.read(int(MEGABYTES * 1_000_000) + 1)
    except OSError as error:
        raise UsageError(
            f"Standard input cannot be read: {error.strerror}.",
            code="INPUT_UNREADABLE",
            remedy="Name a file, or - for a pipe.",
        ) from None
    if len(data) > MEGABYTES * 1_000_000:
        raise UsageError(
            f"Standard input is larger than {MEGABYTES:g} MB, the limit for what is scrubbed at once.",
            code="INPUT_UNREADABLE",
            remedy="Split it into parts, such as with `split -l`.",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(
            "Standard input is not UTF-8 text.", code="INPUT_UNREADABLE", remedy="Convert it first, such as with iconv."
        ) from None


def _parsed(text: str) -> tuple[list[object], str]:
    """`(values, form)`; the form is json, jsonl or text."""
    try:
        return [json.loads(text)], "json"
    except (ValueError, RecursionError):
        pass
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        values = [json.loads(line) for line in lines]
    except (ValueError, RecursionError):
        return [text], "text"
    return (values, "jsonl") if values else ([text], "text")


def _policy(rule: str | None) -> "ScrubPolicy":
    from curator.rulebook import find_rule

    settings = load_settings()
    return settings.policy(find_rule(rule, settings).rule if rule is not None else None)


def _document(results: Sequence["Scrubbed"], form: str) -> dict[str, object]:
    findings = [
        ({"line": i + 1} if form == "jsonl" else {}) | finding.model_dump(mode="json")
        for i, result in enumerate(results)
        for finding in result.findings
    ]
    scrubbed = [result.value for result in results] if form == "jsonl" else results[0].value
    return {"scrubbed": scrubbed, "findings": findings}


def _text(result: "Scrubbed", form: str) -> str:
    if form == "text":
        return str(result.value)
    indent = None if form == "jsonl" else 2
    text = json.dumps(result.value, ensure_ascii=False, indent=indent)
    if any("\ud800" <= char <= "\udfff" for char in text):  # half a character can be escaped, not written
        text = json.dumps(result.value, indent=indent)
    return f"{text}\n"


def _print(text: str) -> None:
    """A pipe gets the content as it is; a terminal gets nothing that could act on it."""
    if sys.stdout.isatty():
        click.echo(plain(text, keep_newlines=True), nl=False)
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()


def _summarise(results: Sequence["Scrubbed"]) -> None:
    """On stderr: entity and count, never a value."""
    counts = Counter((f.entity, f.action == "suggest") for result in results for f in result.findings)

    def listed(suggested: bool) -> Iterator[str]:
        return (f"{n} {entity}" for (entity, only), n in sorted(counts.items()) if only == suggested)

    say(f"replaced: {', '.join(listed(False)) or 'nothing'}")
    if left := ", ".join(listed(True)):
        say(f"left as suggestions: {left}")
