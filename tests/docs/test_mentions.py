"""Whatever a page, the README, a message or a comment says about a command, an option, a page or a file is so."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from curator.cli.main import COMMANDS
from curator.help import pages
from curator.sandbox.faults import KINDS
from curator.scrub.entities import ENTITIES
from curator.tui.actions import ACTIONS
from tests.docs import generate
from tests.docs.shell import blocks, lines

ROOT = Path(__file__).parents[2]
PAGES = [*sorted((ROOT / "curator" / "help").rglob("*.md")), *sorted(ROOT.glob("*.md"))]
OPTIONS = {
    context.command_path: {name for each in command.params for name in (*each.opts, *each.secondary_opts)}
    for context, command in generate.commands()
}
PATHS = {" ".join(path.split()[:n]) for path in OPTIONS for n in range(1, 4)}
QUOTED = re.compile(r"(?<!`)`(curator(?: [^`\n]+)?)`(?!`)")
LINK = re.compile(r"(?<!\\)!?\[[^\]]*\]\(([^)#\s]+)[^)]*\)")


def mentions() -> Iterator[tuple[str, str]]:
    """(where, command line) of every mention of a command."""
    for path in [*PAGES, *sorted((ROOT / "curator").rglob("*.py")), *sorted((ROOT / "rules").glob("*.yaml"))]:
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(ROOT).as_posix()
        yield from ((where, found) for found in QUOTED.findall(text))
        if path.suffix == ".md":
            yield from ((where, line) for block in blocks(text) for line in lines(block) if line.startswith("curator"))
    yield from ((f"the key of {action.id}", action.twin) for action in ACTIONS if action.twin)
    for path in generate.WORKFLOWS.glob("*.yml"):
        jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
        steps = [step.get("run", "") for job in jobs for step in job["steps"]]
        assert any(step.startswith("curator") for step in steps), path.name
        yield from ((path.name, step) for step in steps if step.startswith("curator"))


def problem(line: str) -> str | None:
    """What is wrong with a mentioned command line: an unknown command, option or page; None when nothing is.

    `curator dismiss|snooze` mentions two commands.
    """
    if either := re.match(r"(curator(?: [a-z]+)?) ([a-z]+(?:\|[a-z]+)+)(.*)", line):
        each = (problem(f"{either[1]} {name}{either[3]}") for name in either[2].split("|"))
        return next((wrong for wrong in each if wrong), None)
    words = line.split()[1:]
    path = "curator"
    while words and f"{path} {words[0]}" in PATHS:
        path = f"{path} {words.pop(0)}"
    if path in PATHS - set(OPTIONS) - {"curator"} and words and words[0].islower():
        return f"{path} has no command {words[0]!r}"
    if path == "curator":
        known = {"--help", "--version", "-h"}
        return None if not words or words[0] in known or not words[0].islower() else f"no command {words[0]!r}"
    options = set().union(*(names for p, names in OPTIONS.items() if p == path or p.startswith(f"{path} ")))
    for word in words:
        name = word.strip("[](),;.…").partition("=")[0]
        if name.startswith("-") and name not in options | {"--help", "-h", "-", "--"}:
            return f"{path} has no option {name}"
    if path == "curator explain" and words and re.fullmatch(r"[a-z-]+|[A-Z]+(_[A-Z]+)+|[A-Z]{3}\d{3}", words[0]):
        return None if words[0] in {page.code for page in pages()} else f"there is no page {words[0]}"
    return None


def test_mentioned_commands_exist() -> None:
    found = list(mentions())
    assert len(found) > 100
    assert sorted({f"{where}: {line}: {wrong}" for where, line in found if (wrong := problem(line))}) == []


def test_mentioned_tests_and_scripts_exist() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    paths = {ROOT / found.rstrip(".") for found in re.findall(r"\btests/(?!ROOM)[\w/.]+", text)}
    modules = {ROOT / found.rstrip(".").replace(".", "/") for found in re.findall(r"python -m (tests[\w.]+)", text)}
    assert len(paths) > 15
    assert len(modules) > 10
    assert [path for path in sorted(paths) if not path.exists()] == []
    assert [path for path in sorted(modules) if not path.with_suffix(".py").exists() and not path.is_dir()] == []


def test_the_check_can_fail() -> None:
    assert problem("curator promot TRACE") == "no command 'promot'"
    assert problem("curator queue --sinc 7d") == "curator queue has no option --sinc"
    assert problem("curator rules chek") is not None
    assert problem("curator explain weekly-rutine") == "there is no page weekly-rutine"
    assert problem("curator promote TRACE… --rules R") is None


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(path: Path) -> None:
    targets = [t for t in LINK.findall(path.read_text(encoding="utf-8")) if not t.startswith(("http://", "https://"))]
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_named_files_are_there() -> None:
    """`curator/gateway/` and the like, in the architecture page and elsewhere."""
    named = re.compile(r"`((?:curator|tests|rules|screenshots)/[\w./-]*|\.ci/run)`")
    found = {(path.name, name) for path in PAGES for name in named.findall(path.read_text(encoding="utf-8"))}
    assert len(found) > 20
    assert sorted(each for each in found if not (ROOT / each[1]).exists()) == []


def test_the_architecture_names_every_room() -> None:
    page = (ROOT / "curator/help/topics/architecture.md").read_text(encoding="utf-8")
    rooms = [
        each.name for each in (ROOT / "curator").iterdir() if each.suffix == ".py" or (each / "__init__.py").exists()
    ]
    unnamed = [room for room in rooms if not room.startswith("__") and f"curator/{room}" not in page]
    assert unnamed == []


def test_every_topic_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    topics = [page.code for page in pages() if page.kind == "topic"]
    assert [name for name in topics if f"({generate.file_of(name)})" not in readme] == []


def test_every_command_is_explained_on_a_page() -> None:
    """Beyond the reference: at least one page, or the README, says what a command is for."""
    texts = [p.read_text(encoding="utf-8") for p in PAGES if p.name != "reference.md"]
    told = {name for name in COMMANDS if any(re.search(rf"curator {name}\b", text) for text in texts)}
    assert set(COMMANDS) - told == set()


def test_privacy_names_every_entity() -> None:
    page = (ROOT / "curator/help/topics/privacy.md").read_text(encoding="utf-8")
    assert [name for name in ENTITIES if f"`{name}`" not in page] == []


def test_sandbox_names_every_fault() -> None:
    page = (ROOT / "curator/help/topics/sandbox.md").read_text(encoding="utf-8")
    assert [name for name in KINDS if f"`{name}" not in page] == []


def test_config_names_every_setting() -> None:
    from curator.config import Settings

    page = (ROOT / "curator/help/topics/config.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"`{name}`" not in page] == []


def test_python_names_everything_public() -> None:
    import curator

    page = (ROOT / "curator/help/topics/python.md").read_text(encoding="utf-8")
    assert [name for name in curator.__all__ if f"`{name}`" not in page] == []


def test_no_key_is_an_option() -> None:
    """Keys in arguments show in process lists and shell histories: there is no place for them."""
    secret = re.compile(r"secret|(public|api|private)-?key|token|password")
    told = [f"{path} {name}" for path, names in OPTIONS.items() for name in names if secret.search(name)]
    assert told == []
    assert not any(
        isinstance(each.type, click.types.StringParamType) and each.name in {"key", "token", "password"}
        for _, command in generate.commands()
        for each in command.params
    )
