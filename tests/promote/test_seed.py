"""A rule's dataset and its own items: there after the first time, untouched by the second, never taken from others."""

import pytest

from curator.config import Settings
from curator.gateway import Gateway
from curator.journal import Journal
from curator.promote import Promoter
from curator.promote.seed import Seeded, seed
from curator.rulebook import LoadedRule, find_rule
from tests.promote.support import DATASET, EmailFinder


@pytest.fixture
def rule() -> LoadedRule:
    return find_rule(DATASET, Settings())


def verdicts(seeded: Seeded) -> list[str]:
    return [item.verdict for item in seeded.items]


def test_seeding_again_changes_nothing(gateway: Gateway, journal: Journal, rule: LoadedRule) -> None:
    """The fixture's dataset is there, without schemas: those are brought up to the rule's."""
    first = seed(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule)
    assert (first.dataset_action, set(verdicts(first)), first.ok) == ("updated", {"verified"}, True)
    again = seed(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule)
    assert (again.dataset_action, set(verdicts(again)), again.ok) == ("none", {"unchanged"}, True)


def test_what_somebody_changed_stays_unless_told_otherwise(
    gateway: Gateway, journal: Journal, rule: LoadedRule
) -> None:
    seed(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule)
    stored = gateway.item(rule.rule.seed[0].id)
    assert stored is not None
    gateway.put_item(
        stored.to_write().model_copy(update={"expected_output": {**stored.expected_output, "must_mention": ["x"]}})
    )
    assert verdicts(seed(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule))[0] == "kept"
    anew = seed(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule, overwrite=True)
    assert (anew.items[0].action, anew.items[0].verdict) == ("updated", "verified")


def test_an_id_of_another_dataset_is_refused(gateway: Gateway, journal: Journal, rule: LoadedRule) -> None:
    given = rule.rule.seed[0]
    gateway.put_dataset("theirs")
    seed(Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule)
    stored = gateway.item(given.id)
    assert stored is not None
    gateway.delete_item(given.id)
    elsewhere = rule.rule.model_copy(update={"dataset": rule.rule.dataset.model_copy(update={"name": "theirs"})})
    refused = seed(
        Promoter(gateway, journal, EmailFinder(), reviewer="ada"), rule.model_copy(update={"rule": elsewhere})
    )
    assert (refused.items[0].verdict, refused.ok) == ("refused", False)
