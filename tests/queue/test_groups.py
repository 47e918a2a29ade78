"""Groups of like failures: each failure in one, stable ids, names without personal values, bounded work."""

from datetime import UTC, datetime, timedelta

import pytest

from curator.model import Failure, Signal, State
from curator.queue import groups
from curator.queue.groups import FailureText, group_failures, in_state, words_of

UNTIL = datetime(2026, 11, 16, tzinfo=UTC)
REFUND = (
    "please refund my order, the parcel never arrived",
    "refund the parcel that never arrived please",
    "my parcel never arrived, I want a refund of the order",
)
PRINTER = (
    "the printer shows a paper jam error in the tray",
    "paper jam error, the printer tray is empty",
    "printer says paper jam but the tray has no paper",
)


def failures(texts: dict[str, str], state: State = "open") -> list[Failure]:
    """Failures an hour apart, oldest first."""
    return [
        Failure(
            trace_id=key,
            observation_id=None,
            timestamp=UNTIL - timedelta(days=8) + timedelta(hours=at),
            name="support",
            session_id=None,
            environment=None,
            signals=(Signal(kind="score", name="ok", value=False, rule="r"),),
            state=state,
        )
        for at, key in enumerate(texts)
    ]


def asked(*texts: str, prefix: str = "t") -> dict[str, str]:
    return {f"{prefix}{at}": text for at, text in enumerate(texts)}


def texts_of(texts: dict[str, str]) -> dict[str, FailureText]:
    return {key: FailureText(asked=text) for key, text in texts.items()}


def members(texts: dict[str, str]) -> set[frozenset[str]]:
    found = group_failures(failures(texts), texts_of(texts), UNTIL)
    assert sorted(key for group in found.groups for key in group.keys) == sorted(texts)
    return {frozenset(group.keys) for group in found.groups}


def test_likeness_decides_who_belongs_together() -> None:
    mixed = asked(*(text for pair in zip(REFUND, PRINTER, strict=True) for text in pair))
    assert members(mixed) == {frozenset({"t0", "t2", "t4"}), frozenset({"t1", "t3", "t5"})}


def test_a_group_says_what_it_is_about_and_keeps_its_id() -> None:
    texts = asked(*REFUND, *PRINTER)
    before = group_failures(failures(texts), texts_of(texts), UNTIL)
    refund = next(group for group in before.groups if "t0" in group.keys)
    assert {"refund", "parcel"} <= set(refund.name.split())
    assert (refund.count, refund.weeks, refund.signals) == (3, (3, 0), ("ok",))
    assert refund.representative in refund.keys
    assert before == group_failures(failures(texts)[::-1], texts_of(texts), UNTIL)
    more = texts | {"new": "where is my refund, the parcel never arrived"}
    after = group_failures(failures(more), texts_of(more), UNTIL)
    grown = after.group(refund.id)
    assert grown is not None
    assert set(grown.keys) == {*refund.keys, "new"}


def test_a_decision_moves_no_group() -> None:
    texts = asked(*REFUND)
    many = failures(texts)
    (whole,) = group_failures(many, texts_of(texts), UNTIL).groups
    many[0] = many[0].model_copy(update={"state": "dismissed"})
    (left,) = in_state(group_failures(many, texts_of(texts), UNTIL), many, "open", UNTIL).groups
    assert (left.id, set(left.keys)) == (whole.id, {"t1", "t2"})


def test_no_personal_value_joins_or_names_a_group() -> None:
    text = (
        "<PERSON_1> wrote to <EMAIL_ADDRESS_1> about 4421486123, card certificate_7504069, flight HAT136 on 2024-05-20"
    )
    assert words_of(text) == ["wrote", "to", "about", "card", "certificate", "flight", "hat136", "on", "2024-05-20"]
    apart = asked("<PERSON_1> <PERSON_2> 99887766 cancels", "<PERSON_1> <PERSON_2> 99887766 complains")
    assert len(members(apart)) == 2


@pytest.mark.parametrize("block", [2, 3, 100])
def test_many_failures_are_held_against_groups(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(groups, "BLOCK", block)
    texts = asked(*REFUND, *PRINTER)
    found = group_failures(failures(texts), texts_of(texts), UNTIL)
    assert sorted(key for group in found.groups for key in group.keys) == sorted(texts)
    assert found.sampled == (block < len(texts))
    assert {frozenset(g.keys) for g in found.groups} == {frozenset({"t0", "t1", "t2"}), frozenset({"t3", "t4", "t5"})}


def test_what_could_not_be_read_stands_for_itself() -> None:
    texts = asked(*REFUND)
    known = texts_of(texts)
    del known["t1"], known["t2"]
    found = group_failures(failures(texts), known, UNTIL)
    assert (len(found.groups), found.unread) == (3, 2)
