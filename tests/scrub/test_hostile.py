"""Hostile strings: each is read or refused within its limit, and none passes unread."""

import json
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from curator.model import ScrubPolicy
from curator.scrub import NotScrubbed, Scrubber
from curator.scrub.engine import recognizers
from curator.scrub.items import Limits
from curator.scrub.pipeline import Pipeline
from curator.scrub.recognizers.base import _SHORT

POLICY = ScrubPolicy()
VALUE = "jane.doe@example.com"


def nested(depth: int) -> str:
    text = f'say "{VALUE}"'
    for _ in range(depth):
        text = json.dumps({"a": text})
    return text


STRINGS = {
    "dots": lambda n: "." * n,
    "dotted letters": lambda n: "a." * (n // 2),
    "quotes": lambda n: '"\\' * (n // 2),
    "brackets": lambda n: "[" * n,
    "opened objects": lambda n: '{"a":' * (n // 5),
    "digits": lambda n: "1234567890" * (n // 10),
    "zero width": lambda n: "\u200b" * n,
    "zero width between letters": lambda n: "j\u200b" * (n // 2),
    "at signs": lambda n: "@" * min(n, 10_000),
    "letters and at signs": lambda n: "a@" * (n // 2),
    "no blank anywhere": lambda n: "Ab" * (n // 2),
    "hyphens": lambda n: "Jane-" * (n // 5),
    "apostrophes": lambda n: "O'" * (n // 2),
    "key beginnings": lambda n: "-----BEGIN PRIVATE KEY-----" * (n // 27),
    "token beginnings": lambda n: "eyJ" * (n // 3),
    "assignments": lambda n: "password=" * (n // 9),
    "urls": lambda n: "http://a:b" * (n // 10),
    "combining marks": lambda n: "e\u0301" * (n // 2),
    "placeholders": lambda n: "<PERSON_1>" * (n // 10),
    "colons": lambda n: "a:" * (n // 2),
    "blanks": lambda n: " " * n,
}


def survives(pipeline: Pipeline, text: str) -> bool:
    """Whether the value is still there; False also when the text was refused. Ten seconds of the processor are enough,
    however busy the machine.
    """
    begun = time.process_time()
    try:
        return VALUE in str(pipeline.scrub({"q": text}, POLICY).value)
    except NotScrubbed:
        return False
    finally:
        took = time.process_time() - begun
        assert took < 10, f"{took:.1f} s"


@pytest.mark.parametrize("name", STRINGS)
def test_a_string_is_read_or_refused_in_time(pipeline: Pipeline, name: str) -> None:
    noise = STRINGS[name](3_000)
    assert not survives(pipeline, f"{noise} {VALUE} {noise}")


UNITS = (
    "A ", "AA ", "Aa ", "Aa-", "Aa and ", "aa ", "a1 ", "A1 ", "1 ", "1-", "12 aa rd ", "No. ", "one two ", "of the ",
    "mr ", "SIN ", "DOB ", "name: ", "my account ", "passport number ", "member no ", "password ", "Flat 1, ",
    "rue de la ", "@a", "u/", "a=", "Aa\n", "  a", "张", "가", "=20", "\\\\", '"Aa" ',
)  # fmt: skip


def test_no_recognizer_is_slow_on_a_text_that_is_read_without_a_clock() -> None:
    """The worst took 0.05 s; a pattern that tries everything takes minutes."""
    for recognizer in recognizers():
        for unit in UNITS:
            text = (unit * _SHORT)[:_SHORT]
            begun = time.process_time()
            recognizer.analyze(text, recognizer.supported_entities)
            assert time.process_time() - begun < 1, (recognizer.name, unit)


def test_nested_quotes(pipeline: Pipeline) -> None:
    for depth in (1, 3, 6, 9, 12):
        assert not survives(pipeline, nested(depth))


def test_far_too_long_is_refused_before_it_is_read(pipeline: Pipeline) -> None:
    begun = time.process_time()
    with pytest.raises(NotScrubbed, match="longer than 1,000,000"):
        pipeline.find({"q": "x" * 1_000_001}, POLICY)
    assert time.process_time() - begun < 3


@pytest.fixture(scope="module")
def scrubber() -> Iterator[Scrubber]:
    with Scrubber() as one:
        yield one


@pytest.mark.slow
@pytest.mark.parametrize("name", STRINGS)
def test_a_megabyte_is_read_or_refused_in_time(scrubber: Scrubber, name: str) -> None:
    """In the worker, which is killed at its limit."""
    noise = STRINGS[name](490_000)
    scrubber.limits = Limits()
    scrubber.start().result()
    scrubber.limits = Limits(seconds=15)
    with suppress(NotScrubbed):
        assert VALUE not in str(scrubber.scrub_value({"q": f"{noise} {VALUE} {noise}"}, POLICY).value)
