"""Failure types that grow: in a list beside the rule, in the items of its dataset, and as what a group's items say."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.gateway import Gateway
from curator.model.errors import UsageError
from curator.rulebook import change_types, load_rule, types_file, with_types
from tests.help.test_schemas import valid
from tests.queue.test_cli import Curator, command  # noqa: F401
from tests.queue.test_week import RULE, desk, key, load  # noqa: F401
from tests.queue.world import World
from tests.queue.world import rule as desk_rule

WRONG = {"score": "q", "below": 0.5}


def types(path: Path) -> tuple[tuple[str, ...], str | None]:
    own = load_rule(path).rule.lineage
    return own.failure_types, own.default_failure_type


def test_a_rules_types_grow_in_a_list_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "desk.yaml"
    path.write_text(RULE.replace("[wrong]", "[wrong, late]"))
    assert "+rude tone" in change_types(path, "rude\n tone").splitlines()
    assert types(path) == (("wrong", "late", "rude tone"), "wrong")
    change_types(path, "wrong", "wrong_order")
    assert types(path) == (("wrong_order", "late", "rude tone"), "wrong_order")
    change_types(path, "late", "wrong_order")  # a merge: the name is there
    assert types(path) == (("wrong_order", "rude tone"), "wrong_order")
    change_types(path, "wrong_order", "wrong")  # and back again, twice
    change_types(path, "wrong", "wrong_order")
    assert types(path) == (("wrong_order", "rude tone"), "wrong_order")
    assert change_types(path, "wrong", "wrong_order") == ""
    assert path.read_text() == RULE.replace("[wrong]", "[wrong, late]")
    for name in ("", "a=b", "# a", "x" * 61):
        with pytest.raises(UsageError) as refused:
            change_types(path, name)
        assert refused.value.code == "FAILURE_TYPE"


@given(st.lists(st.tuples(st.sampled_from(["wrong", "a", "b"]), st.sampled_from(["", "a", "b", "wrong"])), max_size=6))
def test_a_type_is_there_once_and_the_default_is_one_of_them(changes: list[tuple[str, str]]) -> None:
    rule = desk_rule(WRONG)
    rule = rule.model_copy(update={"lineage": rule.lineage.model_copy(update={"default_failure_type": "wrong"})})
    for number, (old, new) in enumerate(changes, 1):
        lines = [f"{old} = {new}" if new else old for old, new in changes[:number]]
        own = with_types(rule, lines).lineage
        assert len(set(own.failure_types)) == len(own.failure_types) > 0
        assert own.default_failure_type in own.failure_types
        assert (new or old) in own.failure_types
        assert not new or new == old or old not in own.failure_types


@pytest.mark.usefixtures("lasting_workers")
def test_items_follow_their_type_provably_and_a_group_proposes_it(world: World, desk: Curator) -> None:  # noqa: F811
    rule = ("--rules", "desk")
    keys = [key(0), key(1), key(4)]
    desk("promote", *keys, *rule)
    assert desk.json("types", "list")["rules"][0]["types"] == [{"type": "wrong", "items": 3, "known": True}]
    assert "+lost parcel" in desk.json("types", "add", "lost parcel", *rule)["diff"]
    desk("types", "add", "ann.lee@corp.example", *rule, code=2)  # a type stands where nobody scrubs
    desk("types", "rename", "wrong", "lost parcel", *rule, code=2)  # two types become one only by `merge`
    desk("types", "merge", "wrong", "new", *rule, code=2)
    desk("types", "rename", "nothing", "new", *rule, code=2)

    planned = desk.json("types", "merge", "wrong", "lost parcel", *rule, "--dry-run")
    assert (len(planned["items"]), planned["receipts"], planned["diff"]) == (3, [], "")
    with Gateway(load(world)) as gateway:
        before = {item.id: item for item in gateway.items("desk")}
        # Somebody changes one of them by hand: it is not overwritten, and the old type stays until it can be.
        edited = before[planned["items"][0]]
        gateway.put_item(edited.to_write().model_copy(update={"expected_output": {"outcome": "other"}}))
        done = desk.json("types", "merge", "wrong", "lost parcel", *rule, "--yes", code=1)
        valid("types merge", done)
        refused = [each for each in done["receipts"] if each["problem"]]
        assert [(each["item_id"], each["problem"]["code"]) for each in refused] == [(edited.id, "ITEM_EDITED")]
        assert types(desk.rule)[0] == ("wrong", "lost parcel")
        gateway.put_item(edited.to_write())
        desk("types", "merge", "wrong", "lost parcel", *rule, "--yes")
        assert types(desk.rule) == (("lost parcel",), "lost parcel")
        assert types_file(desk.rule).read_text() == "lost parcel\nwrong = lost parcel\n"
        after = {item.id: item for item in gateway.items("desk")}
    for item_id, item in after.items():
        changed = {name for name in item.metadata if item.metadata[name] != before[item_id].metadata.get(name)}
        assert changed == {"failure_type", "digest"}
        assert item.metadata["failure_type"] == "lost parcel"
        assert item.expected_output == before[item_id].expected_output
    assert {each["verdict"] for each in desk.json("verify", "desk")["items"]} == {"verified"}
    listed = desk.json("types", "list", *rule)
    valid("types list", listed)
    assert listed["rules"][0]["types"] == [{"type": "lost parcel", "items": 3, "known": True}]

    shown = desk.json("queue", "--groups", "--since", "28d")
    valid("queue", shown)
    (group,) = [each for each in shown["groups"] if key(2) in each["keys"]]
    assert group["types"] == {"lost parcel": 2}
    assert len(desk.json("undo", "--batch")["entries"]) == 1
    assert len(desk.json("undo", "--batch")["entries"]) == 2
    counts = {each["type"]: each["items"] for each in desk.json("types", "list")["rules"][0]["types"]}
    assert counts == {"lost parcel": 0, "wrong": 3}
    assert "no type of the rule" in desk("types", "list").stdout
