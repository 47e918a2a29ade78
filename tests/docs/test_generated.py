"""What is generated is up to date."""

from pathlib import Path

import pytest
import yaml

from tests.docs import generate

FILES = generate.files()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_up_to_date(path: Path) -> None:
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    assert there == FILES[path], "out of date: run `python -m tests.docs.generate`"


def test_links_are_absolute_once_there_is_an_address() -> None:
    text = "[page](curator/help/SKILL.md) ![picture](screenshots/a.svg) [out](https://example.com/a) [here](#top)"
    at = "https://code.example.com/team/curator"
    assert generate.linked(text, at) == (
        f"[page]({at}/blob/main/curator/help/SKILL.md) ![picture]({at}/raw/main/screenshots/a.svg)"
        " [out](https://example.com/a) [here](#top)"
    )


def test_the_skill_is_a_skill_file() -> None:
    head, page = (generate.HELP / "SKILL.md").read_text(encoding="utf-8").split("\n---\n", 1)
    skill = yaml.safe_load(head.removeprefix("---\n"))
    assert set(skill) == {"name", "description"}
    assert len(skill["description"]) < 1024
    assert page.startswith("# ")


def test_every_option_says_what_it_does() -> None:
    silent = [
        f"{context.command_path} {option.opts[-1]}"
        for context, command in generate.commands()
        for option in command.params
        if option.param_type_name == "option" and not getattr(option, "help", None)
    ]
    assert silent == []


def test_every_command_says_what_it_does() -> None:
    assert [context.command_path for context, command in generate.commands() if not command.help] == []


def test_every_command_that_prints_data_takes_json() -> None:
    without = {
        context.command_path
        for context, command in generate.commands()
        if not any("--json" in option.opts for option in command.params)
    }
    # Servers until interrupted, a schema that is JSON anyway, a file's name.
    schemas = {"curator schema", "curator rules schema"}
    assert without == {"curator sandbox", "curator serve", "curator rules new", *schemas}
