"""How alike texts are: why the thresholds are what they are, and that looking for near ones misses none."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curator.draft import alike, likeness
from curator.draft.alike import NEAR, Texts, words_of
from curator.draft.likeness import LONGEST, known_items, text_of
from curator.gateway import Gateway
from curator.model import Item, parse_text
from curator.sandbox.server import SandboxServer
from tests.demo.truth import DemoData
from tests.promote.support import connection_of

# Twice twenty pairs of inputs, judged by hand before any ratio was looked at: the same case written down twice, and two
# cases that share most of their words.
SAME = [
    ("Where is my delayed EU order?", "Where is my delayed EU order"),
    (
        "Where is my order 4471? It should have come on Monday.",
        "Where is my order 4472? It should have come on Monday.",
    ),
    ("I opened two tins of chalk paint; the colour is wrong.", "I opened two tins of chalk paint, the color is wrong."),
    (
        "Can I return a lamp whose shade cracked after two days?",
        "Can I return a lamp whose shade cracked after 2 days?",
    ),
    ("The parcel says delivered but nothing is here.", "The parcel says “delivered” but nothing is here!"),
    (
        "Please cancel my subscription at the end of the month.",
        "Please cancel my subscription by the end of the month.",
    ),
    ("Do you ship to Norway, and what about customs?", "Do you ship to Norway and what about customs?"),
    ("My refund is 12 euros short, why?", "My refund is 12 Euros short. Why?"),
    ("I never got the confirmation mail for my exchange.", "I never got a confirmation e-mail for my exchange."),
    ("Who pays for the return of a damaged sofa?", "Who pays for returning a damaged sofa?"),
    (
        "The courier left my mirror in the rain and the frame is swollen now.",
        "The courier left my mirror in the rain, and now the frame is swollen.",
    ),
    ("hi, the tracking page shows an error since yesterday", "Hi, the tracking page shows an error since yesterday."),
    ("I was charged twice for one lamp. Please check.", "I was charged twice for one lamp, please check"),
    (
        "Which parts of the bed frame are covered by the warranty?",
        "Which parts of the bedframe are covered by warranty?",
    ),
    ("Your chat told me that I get 20 euros back. When?", "Your chat told me that I will get 20 euros back. When?"),
    (
        "Is it possible to change the delivery address of ORDER-5511 to my office?",
        "Is it possible to change the delivery adress of ORDER-5511 to my office?",
    ),
    (
        "The invoice has the wrong company name on it; I need a new one for my taxes.",
        "The invoice has the wrong company name on it. I need a new one for taxes.",
    ),
    (
        "My voucher code is not accepted at checkout although it is valid until June.",
        "My voucher code isn't accepted at checkout although it's valid until June.",
    ),
    (
        "Can I collect my order in the store instead of having it delivered?",
        "Can I collect my order in store instead of having it delivered?",
    ),
    ("Two of the four chairs have scratches on the seat.", "Two of four chairs have scratches on the seat."),
]
DIFFERENT = [
    ("Where is my delayed EU order?", "Where is my cancelled EU order?"),
    ("Can I return an opened tin of paint?", "Can I return an unopened can of oil paint?"),
    ("I want to cancel my order.", "I want to change my order."),
    (
        "My parcel was marked as delivered but it is not here.",
        "My parcel was marked as returned but I did not send it.",
    ),
    ("Is the oak stool still in stock?", "Is the oak table still in stock?"),
    ("How do I change my e-mail address?", "How do I change my postal address?"),
    ("The lamp arrived broken, what now?", "The lamp never arrived, what now?"),
    ("When will my refund arrive?", "When will my parcel arrive?"),
    ("Who pays for the return of a damaged sofa?", "Who pays for the return if I just do not like the sofa?"),
    ("Do you ship to Norway, and what about customs?", "Do you ship to Norway, and what does it cost?"),
    ("I was charged twice for one lamp. Please check.", "I was charged for two lamps but got one. Please check."),
    (
        "Can I collect my order in the store instead of having it delivered?",
        "Can I return my order in the store instead of sending it back?",
    ),
    (
        "My voucher code is not accepted at checkout although it is valid until June.",
        "My credit card is not accepted at checkout although it is valid until June.",
    ),
    (
        "Which parts of the bed frame are covered by the warranty?",
        "Which parts of the bed frame can be ordered as spares?",
    ),
    (
        "The invoice has the wrong company name on it; I need a new one for my taxes.",
        "The invoice has the wrong amount on it; I need a new one for my taxes.",
    ),
    (
        "Is it possible to change the delivery address of ORDER-5511 to my office?",
        "Is it possible to change the delivery date of ORDER-5511 to next week?",
    ),
    ("Please cancel my subscription at the end of the month.", "Please renew my subscription at the end of the month."),
    ("Two of the four chairs have scratches on the seat.", "Two of the four chairs are missing from the delivery."),
    ("hi, the tracking page shows an error since yesterday", "hi, the tracking page shows no change since yesterday"),
    ("Your chat told me that I get 20 euros back. When?", "Your chat told me that I get nothing back. Why?"),
]


def of_pairs(pairs: list[tuple[str, str]]) -> list[float]:
    texts = Texts([one for one, _ in (*SAME, *DIFFERENT)])
    return [
        float(texts.likeness([other])[0, [one for one, _ in (*SAME, *DIFFERENT)].index(one)]) for one, other in pairs
    ]


def test_the_threshold_makes_the_fewest_mistakes() -> None:
    same, different = of_pairs(SAME), of_pairs(DIFFERENT)

    def mistakes(threshold: float) -> int:
        return sum(each < threshold for each in same) + sum(each >= threshold for each in different)

    measured = {threshold / 100: mistakes(threshold / 100) for threshold in range(60, 100)}
    assert min(measured.values()) == measured[NEAR] == 3
    assert (measured[0.7], measured[0.88]) == (5, 9)
    assert max(different) < NEAR  # none of two cases is called one


def near(*texts: str) -> list[tuple[int, int]]:
    return [(one, other) for one, other, _ in Texts(texts).near_pairs()]


def test_the_demo_s_own_requests_are_all_different(demo: DemoData) -> None:
    roots = [row for row in demo.observations if row["isRootObservation"]]
    texts = {text_of(parse_text(row["input"])): row["sessionId"] for row in roots}
    assert len(texts) == 121
    ordered = list(texts)
    for one, other in near(*ordered):  # turns of one conversation repeat all that was said before
        assert texts[ordered[one]] == texts[ordered[other]]


def test_each_other_text_is_named_once_and_the_first_stands_for_all() -> None:
    text = "a question about the parcel that is long enough to differ by a character or two, number {}"
    assert near(*(text.format(number) for number in range(4))) == [(0, 1), (0, 2), (0, 3)]
    assert near() == near("one alone") == []


def question(random: Random, words: list[str]) -> str:
    return " ".join(random.choice(words) for _ in range(random.randint(6, 60)))


def changed(random: Random, text: str) -> str:
    """A small edit as people make them: a word or a few characters replaced, added or left out."""
    characters = list(text)
    for _ in range(max(1, len(text) // 60)):
        at = random.randrange(len(characters))
        characters[at : at + random.randint(0, 2)] = random.choice(["", "e", "s ", "ing", "7", "?"])
    return "".join(characters)


def test_looking_for_near_ones_finds_what_comparing_all_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(1)
    words = [
        "".join(random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(random.randint(2, 9))) for _ in range(400)
    ]
    originals = [question(random, words) for _ in range(300)]
    texts = Texts([*originals, *(changed(random, text) for text in originals[:150])])
    every = np.asarray(texts.likeness([*originals, *(changed(random, text) for text in originals[:0])]))
    assert every.shape == (300, 450)
    monkeypatch.setattr(alike, "BLOCK", 64)
    found = {(one, other) for one, other, _ in texts.near_pairs()}
    assert {(one, other + 300) for one, other in zip(*np.nonzero(every[:, 300:] >= NEAR), strict=True)} == found
    assert len(found) > 75
    again = [each for at, each in enumerate([*originals]) if at not in {other for _, other in found}]
    assert near(*again) == []


def test_many_alike_texts_stay_quick_to_compare() -> None:
    texts = [f"Where is my order ORDER-{number}? It should have been here on Monday." for number in range(2000)]
    assert len(near(*texts)) == 1999


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=30, deadline=None)
@given(json_values)
def test_any_value_has_a_text_and_is_like_itself(value: object) -> None:
    text = text_of(value)
    assert len(text) <= LONGEST
    assert text == " ".join(text.split())
    found = float(Texts([text, "where is my parcel"]).likeness([text])[0, 0])
    assert 0 <= found <= 1.000001
    assert found > 0.6 or not words_of(text)


def test_keys_in_another_order_are_the_same_text() -> None:
    assert text_of({"a": 1, "b": ["x", None]}) == text_of({"b": ["x"], "a": 1}) == "1 x"
    assert words_of("東京の天気") == ["東", "京", "の", "天", "気"]


# ── what is kept of a dataset's items ───────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        gateway.put_dataset("d")
        yield gateway


def put(gateway: Gateway, item_id: str, query: str, status: str = "ACTIVE") -> None:
    item = Item(id=item_id, dataset="d", input={"query": query}, expected_output={"outcome": "answer"}, metadata={})
    gateway.put_item(item.model_copy(update={"status": status}))


def test_items_are_read_again_only_when_they_have_changed(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    def read() -> tuple[dict[str, str], int]:
        before = gateway.requests
        return {each.id: each.text for each in known_items(gateway, "d")}, gateway.requests - before

    assert read() == ({}, 1)
    for number in range(130):
        put(gateway, f"i{number}", f"question {number}")
    every = {f"i{number}": f"question {number}" for number in range(130)}
    assert read() == (every, 2)
    assert read() == (every, 1)
    put(gateway, "i7", "another question")
    put(gateway, "new", "a new one")
    every |= {"i7": "another question", "new": "a new one"}
    assert read() == (every, 1)
    put(gateway, "i3", "question 3", "ARCHIVED")
    del every["i3"]
    assert read() == (every, 2)
    (file,) = likeness.items_folder().iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_text("[{}]")
    assert read() == (every, 2)
    likeness.forget_items()
    assert list(likeness.items_folder().iterdir()) == []


def test_how_long_ago_something_was() -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    said = [likeness.ago(now - timedelta(days=days), now) for days in (0, 1, 13, 14, 36)]
    assert said == ["today", "1 day ago", "13 days ago", "2 weeks ago", "5 weeks ago"]
