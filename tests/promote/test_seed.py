"""A rule's dataset and its own items: there after the first time, untouched by the second, never taken from others."""

import json
from pathlib import Path

import pytest

from curator.cli.promote import seed as command
from curator.config import Settings
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model.errors import UsageError
from curator.promote import Promoter
from curator.promote.seed import Seeded, read_items, seed_dataset
from curator.rulebook import LoadedRule, find_rule
from tests.promote.support import DATASET, EmailFinder


@pytest.fixture
def rule() -> LoadedRule:
    return find_rule(DATASET, Settings())


def verdicts(seeded: Seeded) -> list[str]:
    return [item.verdict for item in seeded.items]


def test_seeding_again_changes_nothing(gateway: Gateway, journal: Journal, rule: LoadedRule) -> None:
    """The fixture's dataset is there, without schemas: those are brought up to the rule's."""
    first = seed_dataset(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule)
    assert (first.dataset_action, set(verdicts(first)), first.ok) == ("updated", {"verified"}, True)
    again = seed_dataset(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule)
    assert (again.dataset_action, set(verdicts(again)), again.ok) == ("none", {"unchanged"}, True)


def test_what_somebody_changed_stays_unless_told_otherwise(
    gateway: Gateway, journal: Journal, rule: LoadedRule
) -> None:
    seed_dataset(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule)
    stored = gateway.item(rule.rule.seed[0].id)
    assert stored is not None
    gateway.put_item(
        stored.to_write().model_copy(update={"expected_output": {**stored.expected_output, "must_mention": ["x"]}})
    )
    assert verdicts(seed_dataset(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule))[0] == "kept"
    anew = seed_dataset(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule, overwrite=True)
    assert (anew.items[0].action, anew.items[0].verdict) == ("updated", "verified")


def test_an_id_of_another_dataset_is_refused(gateway: Gateway, journal: Journal, rule: LoadedRule) -> None:
    given = rule.rule.seed[0]
    gateway.put_dataset("theirs")
    seed_dataset(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule)
    stored = gateway.item(given.id)
    assert stored is not None
    gateway.delete_item(given.id)
    elsewhere = rule.rule.model_copy(update={"dataset": rule.rule.dataset.model_copy(update={"name": "theirs"})})
    refused = seed_dataset(
        Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule.model_copy(update={"rule": elsewhere})
    )
    assert (refused.items[0].verdict, refused.ok) == ("refused", False)
    assert refused.items[0].problem is not None
    # The remedy names an option that `seed` has, and which helps; again, nothing is written.
    option = next(word for word in refused.items[0].problem.remedy.split() if word.startswith("--"))
    assert option in {name for each in command.params for name in each.opts}
    for verdict in ("verified", "unchanged"):
        done = seed_dataset(
            Promoter(gateway, journal, EmailFinder(), reviewer="ada"),
            rule.model_copy(update={"rule": elsewhere}),
            own_ids=True,
        )
        assert (done.items[0].item_id, done.items[0].verdict) == (f"theirs-{given.id}", verdict)


GOLDEN = [
    {"id": f"{number:03d}", "input": {"query": f"{number}?"}, "expectedOutput": {"outcome": "answer"}}
    for number in range(1, 41)
]


@pytest.mark.parametrize("form", ["list", "object", "lines"])
def test_a_golden_set_is_a_file(tmp_path: Path, form: str) -> None:
    file = tmp_path / "golden"
    text = {
        "list": json.dumps(GOLDEN),
        "object": json.dumps({"items": GOLDEN}),
        "lines": "\n".join(map(json.dumps, GOLDEN)) + "\n\n",
    }
    file.write_text(text[form])
    items = read_items(file, "d/e")
    assert [item.id for item in items] == [row["id"] for row in GOLDEN]
    assert items[3].expected_output == {"outcome": "answer"}


def test_items_without_ids_get_the_same_ones_again(tmp_path: Path) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text('{"input": {"b": 1, "a": 2}, "expected": 1}')
    [first] = read_items(file, "d/e")
    file.write_text('[{"input": {"a": 2, "b": 1}, "expected_output": 2}]')
    assert first.id == read_items(file, "d/e")[0].id
    assert first.id.startswith("d-e-")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it holds no items"),
        ("[]", "it holds no items"),
        ("3", "it holds no items"),
        ('{"input": 1, "expected": 1}\n{"input": 2', "line 2 is not JSON"),
        ('[{"input": 1, "expected": 1}, {"expected": 1}]', "item 2 has no `input`"),
        ('[{"input": 1}]', "item 1 has no `expected_output`"),
        ('[{"id": "a b", "input": 1, "expected": 1}]', "item 1: id: String should match"),
        ('[{"id": "a", "input": 1, "expected": 1}, {"id": "a", "input": 2, "expected": 1}]', "more than once"),
    ],
)
def test_a_file_that_cannot_be_seeded(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "golden.json"
    file.write_text(text)
    with pytest.raises(UsageError, match="cannot be seeded") as caught:
        read_items(file, "d")
    assert caught.value.code == "SEED_ITEMS"
    assert why in caught.value.message


def test_a_seeded_file_goes_through_the_verified_write(
    gateway: Gateway, journal: Journal, rule: LoadedRule, tmp_path: Path
) -> None:
    given = rule.rule.seed[0].model_dump(mode="json")
    file = tmp_path / "golden.jsonl"
    file.write_text("\n".join(json.dumps({**given, "id": f"golden-{number}"}) for number in range(2)))
    with_mail = {**given, "id": "golden-9", "input": {**given["input"], "query": "mail ada@shop.example"}}
    file.write_text(file.read_text() + "\n" + json.dumps(with_mail))
    done = seed_dataset(
        Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule, items=read_items(file, rule.rule.dataset.name)
    )
    assert verdicts(done) == ["verified", "verified", "refused"]  # personal values do not get past it
