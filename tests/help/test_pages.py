"""Every code that curator can say has a page, and every page has a title and text."""

import re
from pathlib import Path

import pytest

from curator.help import page, pages
from curator.model.errors import UsageError

PACKAGE = Path(__file__).parents[2] / "curator"
CODE = re.compile(r"""\bcode\s*[=:]\s*(?:str\s*=\s*)?["']([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)["']""")


def codes_in_source() -> set[str]:
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if "sandbox" in path.relative_to(PACKAGE).parts:  # the server's own error codes are not curator's
            continue
        found |= set(CODE.findall(path.read_text(encoding="utf-8")))
    return found


def test_every_code_has_a_page() -> None:
    known = {each.code for each in pages()}
    assert codes_in_source() - known == set()


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
