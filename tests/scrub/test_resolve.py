"""Overlapping findings: who wins, and what is left of the loser."""

import pytest

from curator.model import ScrubPolicy
from curator.scrub.locate import Located, Passage, is_significant, outside_placeholders
from curator.scrub.places import resolve
from curator.scrub.policy import allowed, compiled


def at(text: str, part: str, entity: str, score: float = 0.8) -> Located:
    start = text.index(part)
    return Located(start, start + len(part), entity, score, "test", 0, False)


def shown(text: str, *found: Located) -> list[tuple[str, str]]:
    return [(text[each.start : each.end], each.entity) for each in resolve(text, found)]


def test_findings_of_one_entity_are_united() -> None:
    text = "call Ada Byron Lovelace now"
    found = resolve(text, [at(text, "Ada Byron", "PERSON", 0.9), at(text, "Byron Lovelace", "PERSON", 0.5)])
    assert [(text[each.start : each.end], each.score) for each in found] == [("Ada Byron Lovelace", 0.9)]


def test_the_loser_keeps_what_is_left_of_it() -> None:
    text = "Ada Lovelace, ada@example.org, Zurich"
    whole = at(text, text, "PERSON")
    assert shown(text, whole, at(text, "ada@example.org", "EMAIL_ADDRESS")) == [
        ("Ada Lovelace", "PERSON"),
        ("ada@example.org", "EMAIL_ADDRESS"),
        ("Zurich", "PERSON"),
    ]


def test_punctuation_is_nothing_that_is_left() -> None:
    text = "(ada@example.org),"
    assert shown(text, at(text, text, "PERSON"), at(text, "ada@example.org", "EMAIL_ADDRESS")) == [
        ("ada@example.org", "EMAIL_ADDRESS")
    ]


def test_a_suggestion_that_loses_is_dropped() -> None:
    text = "Example Org, ada@example.org"
    found = shown(text, at(text, text, "ORGANIZATION"), at(text, "ada@example.org", "EMAIL_ADDRESS"))
    assert found == [("ada@example.org", "EMAIL_ADDRESS")]


@pytest.mark.parametrize(
    ("text", "entity", "says"),
    [("--", "PERSON", False), ("ada", "PERSON", False), ("Ada", "PERSON", True), ("a1", "IBAN_CODE", False),
     ("a12", "IBAN_CODE", True)],
)  # fmt: skip
def test_what_still_says_something(text: str, entity: str, says: bool) -> None:
    assert is_significant(text, entity) is says


@pytest.mark.parametrize(
    ("span", "rest"),
    [((0, 3), [(0, 3)]), ((0, 8), [(0, 4)]), ((4, 10), []), ((2, 14), [(2, 4), (10, 14)]), ((11, 14), [(11, 14)])],
)
def test_placeholders_are_nobody_s_finding(span: tuple[int, int], rest: list[tuple[int, int]]) -> None:
    part = Passage(0, "ask <NAME> now", 0, (), 0, False, ((4, 10),))
    assert outside_placeholders(part, *span) == rest


@pytest.mark.parametrize(
    ("text", "part", "is_allowed"),
    [
        ("the Nimbus tent", "Nimbus", False),
        ("the nimbus pro tent", "nimbus", True),
        ("Nimbus and then Nimbus Pro", "Nimbus Pro", True),
        ("Nimbus Light", "Nimbus Light", False),
    ],
)
def test_what_is_part_of_an_allowed_text_is_allowed(text: str, part: str, is_allowed: bool) -> None:
    rules = compiled(ScrubPolicy(allow=("Nimbus Pro",)))
    assert allowed(text, at(text, part, "PERSON"), rules) is is_allowed
    assert not allowed(text, at(text, part, "PERSON"), compiled(ScrubPolicy()))
