"""The first rule file: written whole and loadable, or refused in words; nothing is overwritten."""

from pathlib import Path

import pytest

from curator.model.errors import UsageError
from curator.rulebook import check_new, load_rule, teach, write_new
from tests.rulebook.test_rulebook import GOOD


def test_a_new_rule_loads(tmp_path: Path) -> None:
    target = check_new(tmp_path / "rules", "mine")
    write_new(target, GOOD)
    assert target.read_text(encoding="utf-8") == GOOD
    with pytest.raises(UsageError, match="exists") as refused:
        check_new(tmp_path / "rules", "mine")
    assert refused.value.code == "RULE_EXISTS"


@pytest.mark.parametrize("name", ["", "A", "a b", "../x", "a/b", "-a", "a" * 65])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        check_new(tmp_path, name)
    assert refused.value.code == "RULE_NAME"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written") as refused:
        write_new(tmp_path / "file" / "rules" / "mine.yaml", GOOD)
    assert refused.value.code == "RULE_WRITE"


def test_a_rule_is_taught_by_lists_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8")
    before = load_rule(path).rule.scrub
    diff = teach(path, never=["Desk Lamp", "Desk\nLamp"], always=["Project Heron"])
    assert [line for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")] == [
        "+Desk Lamp",
        "+Project Heron",
    ]
    assert teach(path, never=["Desk Lamp"]) == ""
    after = load_rule(path).rule.scrub
    assert (after.allow, after.deny) == ((*before.allow, "Desk Lamp"), (*before.deny, "Project Heron"))
    assert path.read_text(encoding="utf-8") == GOOD
