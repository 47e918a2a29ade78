"""The help pages: one Markdown page per code (`codes/CODE.md`) and per topic (`topics/topic.md`), and `SKILL.md`, the
topic `agents`, in the form in which assistants read skills: a front matter with name and description, then the page.

`curator explain`, the TUI's help and the README all draw on these files.
"""

import difflib
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from curator.model.base import Value
from curator.model.errors import UsageError

_FOLDER = Path(__file__).parent


class Page(Value):
    """One page. `code` is its name (`ITEM_COLLISION`, `weekly-routine`); `text` is Markdown without the title line,
    `file` the whole file."""

    code: str
    kind: Literal["code", "topic"]
    title: str
    text: str
    file: str


@lru_cache(maxsize=1)
def pages() -> tuple[Page, ...]:
    """Every page: topics first, then codes, each by name."""
    topics = {path.stem: path for path in (_FOLDER / "topics").glob("*.md")} | {"agents": _FOLDER / "SKILL.md"}
    codes = {path.stem: path for path in (_FOLDER / "codes").glob("*.md")}
    return (*_read("topic", topics), *_read("code", codes))


def _read(kind: Literal["code", "topic"], files: dict[str, Path]) -> Iterator[Page]:
    for name, path in sorted(files.items()):
        file = path.read_text(encoding="utf-8")
        head, _, text = re.sub(r"\A---\n.*?\n---\n", "", file, flags=re.DOTALL).partition("\n")
        title = head.removeprefix("#").strip().removeprefix(f"{name}:").strip()
        yield Page(code=name, kind=kind, title=title, text=text.strip(), file=file)


def page(name: str) -> Page:
    """The page of a code or topic, whatever its case. Raises UsageError that names the nearest ones."""
    by_name = {each.code.casefold(): each for each in pages()}
    wanted = name.strip().casefold()
    if wanted in by_name:
        return by_name[wanted]
    near = [by_name[match].code for match in difflib.get_close_matches(wanted, by_name, n=3, cutoff=0.6)]
    hint = f"Did you mean {', '.join(near)}? " if near else ""
    raise UsageError(
        f"There is no help page named {name!r}.",
        code="HELP_UNKNOWN",
        remedy=f"{hint}`curator explain` lists every page.",
    )


@lru_cache(maxsize=1)
def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / "schemas.json").read_text(encoding="utf-8"))
    return found


def described_commands() -> tuple[str, ...]:
    """Commands whose JSON document has a schema."""
    return tuple(sorted(_schemas()["commands"]))


def output_schema(command: str) -> dict[str, Any]:
    """The JSON Schema of what a command prints with `--json`; it names the keys to rely on, more may come.

    Raises UsageError (SCHEMA_UNKNOWN).
    """
    found = _schemas()
    if command not in found["commands"]:
        raise UsageError(
            f"There is no schema of {command!r}.",
            code="SCHEMA_UNKNOWN",
            remedy=f"There are: {', '.join(described_commands())}.",
        )
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"curator {command} --json"}
    return {**head, **found["commands"][command], "$defs": found["$defs"]}
