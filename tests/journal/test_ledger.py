"""The ledger: lines are added and never changed, and the exported file is made for git."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curator.journal import Journal, LedgerEntry
from curator.journal.export import export_ledger, lines_of, read_ledger
from curator.model.errors import UsageError
from tests.journal.test_journal import begun, decision, receipt

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def entry(number: int, **changes: object) -> LedgerEntry:
    fields = {"id": f"{number:032x}", "at": START + timedelta(seconds=number), "action": "promote", "trace_id": "t"}
    return LedgerEntry.model_validate(fields | changes)


def test_every_outcome_is_a_line(tmp_path: Path) -> None:
    with Journal("s", tmp_path / "j.sqlite3") as journal:
        journal.finish(begun(journal), receipt())
        problem = {"code": "ITEM_COLLISION", "message": "the id belongs to 'x'"}
        journal.finish(None, receipt(verdict="refused", action="none", problem=problem))
        journal.decide(decision("dismissed", reason="told by Ada Lovelace"))
        entries = journal.ledger.entries()
    assert [(e.action, e.verdict, e.problem) for e in entries] == [
        ("promote", "verified", None),
        ("promote", "refused", "ITEM_COLLISION"),
        ("dismiss", None, None),
    ]
    assert "Lovelace" not in "".join(lines_of(entries))


def test_reasons_are_forgotten_off_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite3"
    with Journal("s", path) as journal:
        for trace in ("mine", "other"):
            journal.decide(
                decision("dismissed", reason=f"told by Ada of {trace}").model_copy(update={"trace_id": trace})
            )
        kept = len(journal.ledger.entries())
        journal.ledger.forget_reasons(["mine"])
        reasons = {
            r.entry.trace_id: r.restore.decision and r.restore.decision.reason for r in journal.ledger.recorded()
        }
        assert reasons == {"mine": "", "other": "told by Ada of other"}
        assert len(journal.ledger.entries()) == kept
        first = journal.ledger.recorded()[0].entry.id
        found = journal.ledger.get(first)
        assert found is not None
        assert found.entry.id == first
        assert journal.ledger.get("nothing") is None
        journal.compact()


def test_the_newest_that_can_be_taken_back(tmp_path: Path) -> None:
    with Journal("s", tmp_path / "j.sqlite3") as journal:
        for number in range(3):
            journal.finish(begun(journal), receipt(item_id=f"d-{number}"), batch="b" if number else "")
        journal.finish(None, receipt(verdict="refused", action="none"))
        journal.finish(begun(journal), receipt(verdict="unchanged", action="none"))
        assert [r.entry.item_id for r in journal.ledger.last(1)] == ["d-2"]
        assert [r.entry.item_id for r in journal.ledger.last(1, whole_batch=True)] == ["d-2", "d-1"]
        (last,) = journal.ledger.last(1)
        journal.undo(entry(1, action="undo", undoes=last.entry.id), None)
        journal.undo(entry(2, action="undo", undoes=last.entry.id), None)  # twice is once
        assert [r.entry.item_id for r in journal.ledger.last(5)] == ["d-1", "d-0"]
        assert [e.action for e in journal.ledger.entries()].count("undo") == 1
        assert len(journal.ledger.entries(2)) == 2


@given(st.permutations(range(6)), st.integers(0, 6))
def test_files_of_reviewers_merge_into_the_same_text(order: list[int], cut: int) -> None:
    import tempfile

    entries = [entry(number) for number in range(6)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        export_ledger(path, [entries[number] for number in order[:cut]])
        assert export_ledger(path, [entries[number] for number in order]) == 6
        assert path.read_text().splitlines() == lines_of(entries)
        assert read_ledger(path) == entries
        before = path.read_bytes()
        export_ledger(path, entries)
        assert path.read_bytes() == before


def test_an_export_adds_lines_and_changes_none(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "ledger.jsonl"
    export_ledger(path, [entry(1), entry(2)])
    before = path.read_text()
    export_ledger(path, [entry(3)])
    assert path.read_text().startswith(before)
    assert all(json.loads(line)["id"] for line in path.read_text().splitlines())


def test_a_merge_conflict_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    export_ledger(path, [entry(1)])
    path.write_text(path.read_text() + "<<<<<<< ours\n")
    before = path.read_bytes()
    with pytest.raises(UsageError) as caught:
        export_ledger(path, [entry(2)])
    assert (caught.value.code, f"{path}:2" in caught.value.message) == ("LEDGER_LINE", True)
    assert path.read_bytes() == before


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="UTF-8") as refused:
        export_ledger(path, [])
    assert refused.value.code == "LEDGER_FILE"
    assert path.read_bytes() == b"\xff\xfe"
