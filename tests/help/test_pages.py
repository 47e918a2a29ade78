"""Every code that curator can say has a page, and every page has a title and text."""

import ast
import re
from pathlib import Path

import pytest

from curator.experiments.results import flaws
from curator.help import outcomes, page, pages
from curator.model.errors import UsageError, remedies

PACKAGE = Path(__file__).parents[2] / "curator"
CODE = re.compile(r"""\bcode\s*[=:]\s*(?:str\s*=\s*)?["']([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)["']""")


def codes_in_source() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if "sandbox" in path.relative_to(PACKAGE).parts:  # the server's own error codes are not curator's
            continue
        found |= set(CODE.findall(path.read_text(encoding="utf-8")))
    return found | set(outcomes.OUTCOMES) | set(flaws())


def text_of_the_house() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))


def test_every_code_has_a_page() -> None:
    known = {each.code for each in pages()}
    assert codes_in_source() - known == set()


def test_every_code_that_is_named_is_in_its_table() -> None:
    """The tables are data: what the types would say of a name that is not there, this says."""
    text = text_of_the_house()
    named = re.findall(r"\boutcomes\.([A-Z][A-Z_]+)\b", text)
    assert len(named) > 50
    assert {name for name in named if not hasattr(outcomes, name)} == set()
    flawed = re.findall(r"\bflaw\(\s*\"([A-Z_]+)\"", text)
    assert len(flawed) > 30
    assert set(flawed) - set(flaws()) == set()


def test_every_remedy_is_one_of_an_error_that_names_none() -> None:
    """`remedies.toml` is read by code alone: a code that nobody raises so has no place in it."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")]
    calls = [node.keywords for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [{one.arg: ast.unparse(one.value).strip("'") for one in keywords} for keywords in calls]
    assert set(remedies()) - {call.get("code") for call in named if "remedy" not in call} == set()
    assert UsageError("No.", code="EXPORT_EXISTS").remedy == remedies()["EXPORT_EXISTS"]
    assert UsageError("No.", code="EXPORT_EXISTS", remedy="Do.").remedy == "Do."


@pytest.mark.parametrize("each", pages(), ids=lambda p: p.code)
def test_pages_are_pages(each: object) -> None:
    assert each.title  # type: ignore[attr-defined]
    assert len(each.text) > 80  # type: ignore[attr-defined]


def test_page_is_found_in_any_case() -> None:
    assert page("config_keys_missing").code == "CONFIG_KEYS_MISSING"


def test_unknown_page_names_the_nearest() -> None:
    with pytest.raises(UsageError) as caught:
        page("CONFIG_KEYS")
    assert "CONFIG_KEYS_MISSING" in caught.value.remedy
