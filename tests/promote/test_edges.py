"""What the server rarely does, held against the functions that name it."""

from datetime import timedelta
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.gateway.errors import Conflict, Refused, TooLarge
from curator.model import Item, ScrubPolicy, StoredItem
from curator.model.rule import PathPolicy
from curator.promote.content import leftovers
from curator.promote.one import MAX_ATTEMPTS, next_item
from curator.promote.plan import differences
from curator.promote.proof import ReadBack, proof_of
from curator.promote.stops import Stop, diagnose
from tests.promote.support import EmailFinder, Promote, make_item


@pytest.fixture
def stored(run: Promote, gateway: Gateway) -> StoredItem:
    """What stands there after a promotion of `make_item()`."""
    run(make_item())
    found = gateway.item(make_item().id)
    assert found is not None
    return found


def test_every_kind_of_difference_has_its_place(stored: StoredItem) -> None:
    item = make_item().model_copy(update={"expected_output": {"terms": ["a", "b"]}})
    other = stored.model_copy(update={"dataset": "other", "expected_output": {"terms": ["a"]}})
    found = {(each.path, each.kind) for each in differences(item, other)}
    assert {("dataset", "dataset"), ("expected_output.terms", "missing")} <= found


@pytest.mark.parametrize(
    ("change", "later", "code"),
    [
        ({"input": {"query": "another"}}, True, "ITEM_OVERWRITTEN"),
        ({"status": "ARCHIVED"}, False, "ITEM_ARCHIVED"),
        ({"input": {"query": "another"}}, False, "ITEM_REWRITTEN"),
    ],
)
def test_what_came_back_is_named(change: dict[str, Any], later: bool, code: str, stored: StoredItem) -> None:
    shown = stored.model_copy(update=change)
    if later:
        shown = shown.model_copy(update={"updated_at": stored.updated_at + timedelta(seconds=1)})
    reading = ReadBack(by_id=shown, listed=shown, rows=1, total=1, counted=True)
    with pytest.raises(Stop) as stop:
        proof_of(make_item(), reading, stored)
    assert stop.value.outcome.code == code


def refusal(kind: type[Any], words: str, status: int) -> Any:
    return kind("refused", code="X", server_message=words, status=status)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (refusal(Refused, "Dataset item validation failed: Input validation failed: x", 400), "ITEM_SCHEMA_REFUSED"),
        (refusal(TooLarge, "", 413), "TOO_LARGE"),
        (refusal(Conflict, "Item already exists in a dataset other than d", 409), "ITEM_COLLISION"),
        (refusal(Conflict, "who knows", 409), "ITEM_REFUSED"),
    ],
)
def test_refusals_of_an_id_that_reads_as_ours(error: Any, code: str, stored: StoredItem) -> None:
    assert diagnose(error, make_item(), stored, None).outcome.code == code


def test_there_is_no_next_id_for_ever() -> None:
    item = make_item()
    for _ in range(MAX_ATTEMPTS - 1):
        following = next_item(item)
        assert following is not None
        assert following.id != item.id
        item = following
    assert next_item(item) is None
    assert next_item(make_item().model_copy(update={"source_trace_id": None})) is None


def test_what_the_rule_put_there_is_no_leftover() -> None:
    """Surrogates of the policy are let through wherever they stand, other values are not."""
    policy = ScrubPolicy(paths=(PathPolicy(path="input.mails[*]", action="surrogate", surrogate="user#@home.example"),))
    content = {"mails": ["user1@home.example", 5], "note": "user1@home.example wrote"}
    item = Item(id="i", dataset="d", input=content, expected_output=None, metadata={})
    assert leftovers(item, EmailFinder(), policy) == []
    told = item.model_copy(update={"input": content | {"note": "ada@home.example wrote"}})
    assert [each.path for each in leftovers(told, EmailFinder(), policy)] == ["input.note"]
