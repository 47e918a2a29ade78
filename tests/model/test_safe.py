"""The one sanitiser: nothing from outside acts, hides or reorders, and what can be seen stays as it is."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.model.safe import visible

UNSEEN_KINDS = {"Cc", "Cf", "Cs", "Zl", "Zp"}
SEEN_FORMATS = {*range(0x0600, 0x0606), 0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD}
"""Format characters that are drawn: Arabic, Syriac and Kaithi signs."""
UNSEEN = (
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u180e\u200b\u200d\u200e\u2028\u2029\u202a\u202e\u2060\u2066\u2069\u2800",
    *"\u3164\ufe0f\ufeff\uffa0\ufff9\U0001d173\U000e0001\U000e0041\U000e007f\U000e0100\ud800\x00\x07\x08\x1b\x7f\x85\x9b",
)


@given(st.text(st.characters(), max_size=200))
def test_no_text_acts_or_hides(text: str) -> None:
    for newlines in (False, True):
        shown = visible(text, newlines=newlines)
        left = {
            c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and ord(c) not in SEEN_FORMATS
        }
        assert left <= ({"\n"} if newlines else set())
        assert visible(shown, newlines=newlines) == shown
    assert visible(text, newlines=True).count("\n") == text.count("\n")


@pytest.mark.parametrize("char", UNSEEN, ids=lambda char: f"U+{ord(char):04X}")
def test_an_unseen_character_is_named_or_gone(char: str) -> None:
    assert char not in visible(f"a{char}b")
    assert visible(f"a{char}b") != "ab"


@pytest.mark.parametrize("text", ["Grüße, 世界", "naïve café", "e\u0301", "100 %", "⚠ ✗ →", "अनुच्छेद", "‹›"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == text


def test_an_emoji_loses_only_its_presentation() -> None:
    assert visible("⚠\ufe0f") == "⚠"
