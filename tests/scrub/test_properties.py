"""Whatever is generated: no generated identifier survives, and scrubbing twice changes nothing more."""

import json
import random
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curator.model import ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.items import NotScrubbed
from curator.scrub.pipeline import Pipeline
from tests.scrub.secret_samples import KINDS

POLICY = ScrubPolicy()
SLOW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
FIRST = ("Omar", "Emily", "Jürgen", "Mei", "Karen", "Wojciech", "Siobhan", "Raj")
LAST = ("Davis", "Müller", "O'Neill", "Sanchez", "Jackson-Shepherd", "Garcia", "Nakamura")


def luhn(body: str) -> str:
    total = sum(sum(divmod(int(d) * (2 - i % 2), 10)) for i, d in enumerate(reversed(body)))
    return body + str(-total % 10)


digits = st.text(string.digits, min_size=9, max_size=9)
local = st.from_regex(r"[a-z][a-z0-9]{1,12}([._+-][a-z0-9]{1,8})?", fullmatch=True)
domain = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9](\.[a-z]{2,8}){1,2}", fullmatch=True)
EMAILS = st.builds("{}@{}".format, local, domain).filter(
    lambda e: (
        e.rsplit(".", 1)[1] not in ("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "json", "py", "md")
    )
)
PHONES = digits.map(lambda d: f"+49 15{d[0]} {d[1:9]}") | digits.map(
    lambda d: f"+1 {2 + int(d[0]) % 8}{d[1:3]}-{d[3:6]}-1{d[6:9]}"
)
CARDS = st.text(string.digits, min_size=14, max_size=14).map(lambda d: luhn("4" + d))
SSNS = digits.map(lambda d: f"{1 + int(d[:3]) % 898:03}-{1 + int(d[3:5]) % 98:02}-{1 + int(d[5:]) % 9998:04}")
IPS = st.ip_addresses(v=4).filter(lambda ip: not (ip.is_loopback or ip.is_unspecified or int(ip) == 2**32 - 1)).map(str)
BIRTHS = st.dates().filter(lambda d: 1920 < d.year < 2012).map(lambda d: f"{d:%Y-%m-%d}")
NAMES = st.builds("{} {}".format, st.sampled_from(FIRST), st.sampled_from(LAST))
SECRETS = st.sampled_from(sorted(k for k, (around, _) in KINDS.items() if around == "{}")).map(lambda k: KINDS[k][1]())
# Cue → generator: each value stands where people write it.
CUES = {
    "mail me at {}": EMAILS,
    "call {} please": PHONES,
    "charged on card {} twice": CARDS,
    "my ssn is {}": SSNS,
    "from ip {} we saw": IPS,
    "my date of birth is {}": BIRTHS,
    "my name is {}": NAMES,
    "the key is {}": SECRETS,
}


@st.composite
def items(draw: st.DrawFn) -> tuple[object, list[str]]:
    """An item with identifiers in it, disguised by nesting, keys, lists and JSON in strings; and the identifiers."""
    values: list[str] = []

    def sentence() -> str:
        cue = draw(st.sampled_from(sorted(CUES)))
        value = draw(CUES[cue])
        values.append(value)
        opening = draw(st.sampled_from(["Hello,", "Sure:", "note -", ""]))
        return f"{opening} {cue.format(value)}. {draw(st.sampled_from(['Thanks!', 'ORDER-924', '']))}"

    def node(depth: int) -> object:
        shape = draw(st.sampled_from(["text", "text", "list", "dict", "json"] if depth else ["text"]))
        if shape == "text":
            return sentence()
        if shape == "list":
            return [node(depth - 1) for _ in range(draw(st.integers(1, 2)))]
        if shape == "json":
            return json.dumps({"args": node(depth - 1)}, ensure_ascii=draw(st.booleans()))
        return {draw(st.sampled_from(["query", "message", "arguments", "note"])): node(depth - 1)}

    return {"input": node(3), "expected_output": {"must_mention": [node(0)]}, "metadata": {}}, values


def everything(value: object) -> str:
    """All text of a value, with the JSON in its strings unfolded."""
    if isinstance(value, dict):
        return " ".join(f"{k} {everything(v)}" for k, v in value.items())
    if isinstance(value, list):
        return " ".join(everything(v) for v in value)
    if isinstance(value, str):
        try:
            inner = json.loads(value)
        except ValueError:
            return value
        return value + " " + everything(inner) if isinstance(inner, dict | list) else value
    return str(value)


@SLOW
@given(items())
def test_no_identifier_survives_and_twice_is_once(pipeline: Pipeline, case: tuple[object, list[str]]) -> None:
    item, values = case
    once = pipeline.scrub(item, POLICY)
    text = everything(once.value)
    assert [value for value in values if value in text] == []
    assert pipeline.scrub(once.value, POLICY).value == once.value
    assert [f for f in pipeline.find(once.value, POLICY) if f.action != "suggest"] == []


@SLOW
@given(st.text(max_size=300))
def test_any_text_comes_to_rest(pipeline: Pipeline, text: str) -> None:
    once = pipeline.scrub({"q": text}, POLICY)
    assert pipeline.scrub(once.value, POLICY).value == once.value


JSONS = st.recursive(
    st.text(max_size=20) | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


@SLOW
@given(JSONS)
def test_any_json_keeps_its_shape(patterns: Engine, value: object) -> None:
    result = Pipeline(patterns).scrub(value, POLICY).value
    json.dumps(result)

    def shape(node: object) -> object:
        if isinstance(node, dict):
            return {"dict": [shape(v) for v in node.values()]}
        return [shape(v) for v in node] if isinstance(node, list) else None

    assert shape(result) == shape(value)


@SLOW
@given(
    st.sampled_from(
        ["@", ".", "[", '{"', "\\", '"', "\u200b", "1", "+1 ", "a:", "<PERSON_1>", "é", "Jane-", "\n", "=", "%40"]
    ),
    st.integers(1, 1500),
)
def test_noise_around_a_value_does_not_hide_it(patterns: Engine, noise: str, times: int) -> None:
    text = f"{noise * times} jane.doe@example.com {noise * times}"
    try:
        result = Pipeline(patterns).scrub({"q": text}, POLICY).value
    except NotScrubbed:
        return
    assert "jane.doe@example.com" not in str(result)


def test_random_ids_are_hardly_ever_taken_for_numbers_of_people(patterns: Engine) -> None:
    dice = random.Random(5)
    texts = [f"order {dice.randrange(10**9, 10**10)} shipped" for _ in range(500)]
    texts += [f"Where is {dice.randrange(10**9, 10**10)}?" for _ in range(500)]
    found = Pipeline(patterns).find(texts, POLICY)
    assert len(found) <= 5


@pytest.mark.parametrize(
    "disguise",
    ["{}", "\u200b{}", "{} ", "«{}»", "`{}`", "({})", "{}.", "{},", "<{}>", "'{}'", '"{}"', "{}\n", "x={}&y=1"],
)
def test_punctuation_around_values_does_not_hide_them(patterns: Engine, disguise: str) -> None:
    for value in (
        "jane.doe@example.com",
        "+49 151 23456789",
        "4594 1767 3850 5140",
        "143-15-5790",
        "DE89370400440532013000",
        "203.0.113.77",
    ):
        text = f"see {disguise.format(value)} there"
        assert value not in str(Pipeline(patterns).scrub({"q": text}, POLICY).value), text
