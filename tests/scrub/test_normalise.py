"""Disguises come off, and every position leads back to what stood there."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.scrub.normalise import fold, normalise


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("jane@x.com", "jane@x.com"),
        ("ja\u200bne\u00ad@x\ufeff.com", "jane@x.com"),
        ("ｊａｎｅ＠ｘ．ｃｏｍ", "jane@x.com"),
        ("٠١٥١ ١٢٣٤٥٦٧", "0151 1234567"),
        ("jane%40x.com", "jane@x.com"),
        ("**Name:** Jane", "Name: Jane"),
        ("Name ........ Jane", "Name: Jane"),
        (r"{\\\"guest\\\": \\\"Jane", '{"guest": "Jane'),
        ("jane%2540x.com", "jane@x.com"),
        ("jane&#64;x.com and jane&#x40;x.com and jane&commat;x.com", "jane@x.com and jane@x.com and jane@x.com"),
        ("+49\u00a0151\u00a01234", "+49 151 1234"),
        ("030\u20111234", "030-1234"),
        ("I\u2019m \u201cJane\u201d", 'I\'m "Jane"'),
        ("a\\nb\\u0040c", "a\nb@c"),
        ("Mu\u0308ller", "Müller"),
        ("&amp; &unknown; 100% &#99999999;", "& &unknown; 100% &#99999999;"),
    ],
)
def test_normalise(text: str, plain: str) -> None:
    assert normalise(text)[0] == plain


def test_positions_lead_back() -> None:
    text = "mail ja\u200bne&#64;x.com now"
    plain, back = normalise(text)
    start = plain.index("jane@x.com")
    a, b = back.span(start, start + len("jane@x.com"))
    assert text[a:b] == "ja\u200bne&#64;x.com"


@given(st.text(max_size=200))
def test_every_span_lies_in_the_text_and_in_order(text: str) -> None:
    plain, back = normalise(text)
    spans = [back.span(i, i + 1) for i in range(len(plain))]
    assert all(0 <= a < b <= len(text) for a, b in spans)
    assert all(x[0] <= y[0] and x[1] <= y[1] for x, y in pairwise(spans))


@given(st.text(alphabet=st.characters(codec="ascii", exclude_characters="%&\\"), max_size=100))
def test_plain_ascii_stays(text: str) -> None:
    assert normalise(text)[0] == text


def test_fold_makes_spellings_equal() -> None:
    assert fold("  Jürgen\u00a0MÜLLER ") == fold("ju\u0308rgen mü\u200bller")
