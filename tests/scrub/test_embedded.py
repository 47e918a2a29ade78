"""JSON in texts: every string with its keys and its exact place."""

import json

from hypothesis import given
from hypothesis import strategies as st

from curator.scrub.structure import MAX_DEPTH, Piece, pieces


def source(text: str, piece: Piece) -> str:
    """What of `text` a whole piece stands for."""
    start, end = 0, len(piece.text)
    for map_ in piece.maps:
        start, end = map_.span(start, end)
    return text[start:end]


def test_plain_text_is_one_piece() -> None:
    assert [p.text for p in pieces("just text [1] and {x}", ())] == ["just text ", "1", " and {x}"]
    assert [p.text for p in pieces("no json", ())] == ["no json"]


def test_strings_come_with_their_keys_and_numbers_are_marked() -> None:
    text = 'before {"customer": {"name": "Jane", "ids": [4915112345678, "x"]}} after'
    found = [(p.text, p.keys, p.number, p.is_key) for p in pieces(text, ("raw",))]
    assert ("Jane", ("raw", "customer", "name"), False, False) in found
    assert ("4915112345678", ("raw", "customer", "ids"), True, False) in found
    assert ("x", ("raw", "customer", "ids"), False, False) in found
    assert ("customer", ("raw",), False, True) in found
    assert found[0][0] == "before "
    assert found[-1][0] == " after"


def test_json_in_json_in_json() -> None:
    inner = json.dumps({"email": "jürgen@x.de", "note": 'say "hi"\nbye'})
    text = json.dumps({"a": json.dumps({"b": inner})})
    by_text = {p.text: p for p in pieces(text, ())}
    assert by_text["jürgen@x.de"].keys == ("a", "b", "email")
    assert by_text["jürgen@x.de"].depth == 3
    assert "rgen@x.de" in source(text, by_text["jürgen@x.de"])
    assert 'say "hi"\nbye' in by_text


def test_deeper_levels_are_read_as_text() -> None:
    text = "jane@x.com"
    for _ in range(MAX_DEPTH + 3):
        text = json.dumps({"a": text})
    assert any("jane@x.com" in p.text for p in pieces(text, ()))


def test_broken_json_is_text() -> None:
    assert [p.text for p in pieces('{"a": "Jane", "b": ', ())] == ['{"a": "Jane", "b": ']


JSONS = st.recursive(
    st.text(min_size=1, max_size=12) | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=6), inner, max_size=4),
    max_leaves=12,
)


@given(JSONS, st.booleans())
def test_every_string_is_handed_out_where_it_stands(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    for piece in pieces(text, ()):
        if piece.depth == 1 and not piece.number:
            assert json.loads(f'"{source(text, piece)}"', strict=False) == piece.text


def test_percent_signs_and_quoted_printable_are_opened_and_replaced_as_a_whole() -> None:
    for text, plain in (
        ("got %7B%22customer%22%3A%22Jane%20Hunter%22%7D back", '{"customer":"Jane Hunter"}'),
        ("see J=C3=BCrgen=20Hunter there", "Jürgen Hunter"),
    ):
        (piece,) = [p for p in pieces(text, ()) if p.text == plain]
        assert source(text, piece) == text.split(" ")[1]
