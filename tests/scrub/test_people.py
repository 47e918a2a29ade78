"""One person is one placeholder, through titles, parts, initials and handles; the expectation follows."""

import pytest

from curator.model import ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.known import handles, named_in, persons
from curator.scrub.pipeline import Pipeline


@pytest.mark.parametrize(
    ("names", "same"),
    [
        (("Zebulon Quackenbush", "Quackenbush"), 1),
        (("Jane Hunter", "Mrs Hunter", "Hunter, Jane", "J. Hunter", "JANE HUNTER", "Jane M. Hunter"), 1),
        (("José García Márquez", "Jose Garcia", "Márquez"), 1),
        (("Kofi Asante, MD", "Dr. Asante"), 1),
        (("Jane Hunter", "Tom Hunter"), 2),
        (("Jane Hunter", "Tom Hunter", "Hunter"), 3),
        (("Jane Hunter", "J."), 2),
        (("Jane Hunter", "Omar Davis"), 2),
    ],
)
def test_which_names_are_one_person(names: tuple[str, ...], same: int) -> None:
    assert len(set(persons(names).values())) == same


def test_handles_of_a_name() -> None:
    assert {"kasante", "kofi.asante", "asante_kofi", "kofiasante", "k_asante"} <= set(handles("Mr. Kofi Asante"))
    assert not list(handles("Kofi"))


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("hazel.brennan@mail.example", {"hazel", "brennan"}),
        ("saoirsemurphy.work@mail.example", {"saoirse", "murphy"}),
        ("thandiwe77@mail.example", {"thandiwe"}),
        ("support@mail.example", set()),
        ("sales.team@mail.example", set()),
        ("no-reply.orders@mail.example", set()),
    ],
)
def test_names_in_an_address(address: str, names: set[str]) -> None:
    assert set(named_in(address)) == names


def test_an_address_tells_who_is_greeted(patterns: Engine) -> None:
    text = "To: hazel.brennan@mail.example\n\nHello Hazel,\nthe hazel shelf is on its way."
    after = Pipeline(patterns).scrub(text, ScrubPolicy()).value
    assert after == "To: <EMAIL_ADDRESS_1>\n\nHello <PERSON_1>,\nthe hazel shelf is on its way."


@pytest.mark.parametrize(
    ("query", "terms", "query_after", "terms_after"),
    [
        (
            "My name is Zebulon Quackenbush. Sincerely, Mr Quackenbush",
            ["Quackenbush"],
            "My name is <PERSON_1>. Sincerely, <PERSON_1>",
            ["<PERSON_1>"],
        ),
        ("My name is Peter Miller.", ["Miller", "peter"], "My name is <PERSON_1>.", ["<PERSON_1>", "<PERSON_1>"]),
        (
            "My name is Kofi Asante, login kasante. Dear Mr Asante!",
            ["Asante"],
            "My name is <PERSON_1>, login <USER_ID_1>. Dear <PERSON_1>!",
            ["<PERSON_1>"],
        ),
    ],
)
def test_the_expectation_follows(
    pipeline: Pipeline, query: str, terms: list[str], query_after: str, terms_after: list[str]
) -> None:
    item = {"input": {"query": query}, "expected_output": {"must_mention": terms}}
    after = pipeline.scrub(item, ScrubPolicy()).value
    assert after == {"input": {"query": query_after}, "expected_output": {"must_mention": terms_after}}
