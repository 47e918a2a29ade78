"""What Langfuse 4.16.0 changes silently on the way in, over real HTTP."""

import json
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.steps import DATASETS, ITEMS

KEPT = object()
# What is sent at top level -> what is stored. KEPT: unchanged.
VALUES: list[tuple[Any, Any]] = [
    # a text that is JSON is parsed …
    ('{"a":1}', {"a": 1}),
    (' {"a":1} ', {"a": 1}),
    ("[1,2]", [1, 2]),
    ("123", 123),
    ("1.50", 1.5),
    ("true", True),
    ("null", None),
    ('"quoted"', "quoted"),
    ("1e3", 1000),
    # … unless a number would lose digits, then that number stays text
    ("12345678901234567890", "12345678901234567890"),
    ("1e999", "1e999"),
    ('{"n": 12345678901234567890}', {"n": "12345678901234567890"}),
    ("9007199254740992", 9007199254740992),
    # … and what is not JSON stays
    ("007", KEPT),
    ("2026-01-01", KEPT),
    ("hello", KEPT),
    ("  ", KEPT),
    ("{'a': 1}", KEPT),
    ("NaN", KEPT),
    # only "" is nothing
    ("", None),
    # nested texts are never parsed
    ({"s": '{"a":1}'}, KEPT),
    (["123", "", "null"], KEPT),
    # control characters go, at any depth, but tab, newline, form feed and carriage return stay
    ("a\x00b", "ab"),
    ("a\x85b\x7fc", "abc"),
    ({"k": "a\x00b", "l": ["\x01\x07\x1b[0m"]}, {"k": "ab", "l": ["[0m"]}),
    ("a\tb\nc\rd\x0ce", KEPT),
    ("a\x0bb", "ab"),
    ('"\\u0000x"', "x"),
    # numbers are doubles
    (1.0, 1),
    (-0.0, 0),
    (1.5, KEPT),
    (2**53 + 1, 2**53),
    (12345678901234567890, 12345678901234570000),
    (0, KEPT),
    # the rest is kept
    (True, KEPT),
    (False, KEPT),
    ({}, KEPT),
    ([], KEPT),
    ({"a": None}, KEPT),
    ([1, "2", None], KEPT),
    ("🙂 日本 é e\u0301", KEPT),
    ("<b>&amp;</b>", KEPT),
    ("a\u2028b", KEPT),
    ({"__proto__": {"x": 1}, "constructor": 1}, {"constructor": 1}),
]


@pytest.fixture
def items(http: httpx.Client) -> httpx.Client:
    http.post(DATASETS, json={"name": "d"}).raise_for_status()
    return http


def store(http: httpx.Client, text: str) -> httpx.Response:
    """POST an item whose input, expected output and nested metadata are the JSON text."""
    body = f'{{"datasetName":"d","id":"i","input":{text},"expectedOutput":{text},"metadata":{{"v":{text}}}}}'
    return http.post(ITEMS, content=body, headers={"content-type": "application/json"})


def same(got: Any, want: Any) -> bool:
    """Equal, and of one type: 1 is not 1.0 and not true."""
    return json.dumps(got, sort_keys=True) == json.dumps(want, sort_keys=True)


@pytest.mark.parametrize(("sent", "kept"), VALUES, ids=[json.dumps(sent)[:40] for sent, _ in VALUES])
def test_values(items: httpx.Client, sent: Any, kept: Any) -> None:
    kept = sent if kept is KEPT else kept
    answer = store(items, json.dumps(sent))
    assert answer.status_code == 200, answer.text
    for item in (answer.json(), items.get(f"{ITEMS}/i").json()):
        assert same(item["input"], kept)
        assert same(item["expectedOutput"], kept)
        assert same(item["metadata"]["v"], nested(sent))


def nested(value: Any) -> Any:
    """What becomes of a value below the top level: no parsing, no emptying."""
    if isinstance(value, str):
        return "".join(c for c in value if c in "\t\n\x0c\r" or not (ord(c) < 32 or 127 <= ord(c) < 160))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and abs(value) > 2**53:
        return 2**53 if value == 2**53 + 1 else 12345678901234570000
    if isinstance(value, list):
        return [nested(item) for item in value]
    if isinstance(value, dict):
        return {key: nested(item) for key, item in value.items() if key != "__proto__"}
    return value


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ('{"t":"a\\ud800b"}', "An unknown error occurred"),
        ('"a\\udfffb"', "An unknown error occurred"),
        ('{"a\\u0000b":1}', "unsupported Unicode escape sequence"),
        ("[" * 2000 + "]" * 2000, "Maximum call stack size exceeded"),
    ],
    ids=["surrogate", "surrogate at top level", "NUL in a key", "2,000 levels"],
)
def test_crashes_store_nothing(items: httpx.Client, text: str, detail: str) -> None:
    answer = store(items, text)
    assert (answer.status_code, answer.json()) == (500, {"message": "Internal Server Error", "error": detail})
    assert items.get(f"{ITEMS}/i").status_code == 404


@pytest.mark.parametrize("body", ["{not json", '{"n": NaN}', '{"n": Infinity}', "[1,]", "'a'", "\ufeff{}"])
def test_malformed_json_is_refused_in_plain_text(items: httpx.Client, body: str) -> None:
    answer = items.post(ITEMS, content=body.encode(), headers={"content-type": "application/json"}, auth=("x", "y"))
    assert (answer.status_code, answer.text) == (400, "Invalid JSON")
    assert "content-type" not in answer.headers


def test_a_number_that_is_too_large_is_null(items: httpx.Client) -> None:
    assert store(items, '{"n":1e400}').json()["input"] == {"n": None}


def test_bytes_that_are_not_utf_8_become_signs(items: httpx.Client) -> None:
    body = b'{"datasetName":"d","id":"i","input":"a\xff\xfeb"}'
    answer = items.post(ITEMS, content=body, headers={"content-type": "application/json"})
    assert answer.json()["input"] == "a\ufffd\ufffdb"


def test_twenty_thousand_levels_are_lost_silently(items: httpx.Client) -> None:
    deep = "[" * 20_000 + "]" * 20_000
    body = f'{{"datasetName":"d","id":"i","input":{deep},"expectedOutput":{{"kept":"]["}},"metadata":{{"a":[{{}}]}}}}'
    answer = items.post(ITEMS, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200
    assert answer.json()["input"] is None
    assert answer.json()["expectedOutput"] == {"kept": "]["}
    assert answer.json()["metadata"] == {"a": [{}]}


def test_keys_come_back_by_length_then_bytes(items: httpx.Client) -> None:
    store(items, '{"bb":1,"a":2,"ab":3,"é":4,"B":5}')
    assert list(items.get(f"{ITEMS}/i").json()["input"]) == ["B", "a", "ab", "bb", "é"]


def test_a_body_that_is_not_called_json_is_text(items: httpx.Client) -> None:
    answer = items.post(ITEMS, content='{"datasetName":"d"}', headers={"content-type": "text/plain"})
    assert answer.json()["error"][0]["message"] == "Invalid input: expected object, received string"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
KEYS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TREES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda t: st.lists(t, max_size=4) | st.dictionaries(KEYS, t, max_size=4),
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TREES)
def test_what_came_back_is_stored_unchanged(items: httpx.Client, value: Any) -> None:
    """The rewrites are a projection below the top level: storing the answer again changes nothing more."""
    first = store(items, json.dumps({"v": value})).json()["input"]
    second = store(items, json.dumps(first)).json()["input"]
    assert same(second, first)
    assert same(items.get(f"{ITEMS}/i").json()["input"], first)
