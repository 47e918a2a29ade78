"""The journal: private, versioned, shared by processes and threads, and never ahead of what happened."""

import errno
import fcntl
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from curator.config import Connection
from curator.journal import Busy, Journal, Previous, SavedDraft, require_locks, scope_of
from curator.journal.locks import STRIPES
from curator.model import Decision, Item, Receipt
from curator.model.errors import ConfigError

ITEM = Item(
    id="d-1",
    dataset="d",
    input={"q": "Where is <PERSON_1>?"},
    expected_output=None,
    metadata={"case": "1"},
    source_trace_id="t-1",
)
AS_JSON = ITEM.model_dump_json()
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def receipt(**changes: object) -> Receipt:
    fields = {
        "trace_id": "t-1",
        "item_id": "d-1",
        "dataset": "d",
        "action": "created",
        "verdict": "verified",
        "at": NOW,
        "reviewer": "ada",
        "rule": "r",
    }
    return Receipt.model_validate(fields | changes)


def decision(state: str = "promoted", at: datetime = NOW, **changes: object) -> Decision:
    fields = {"trace_id": "t-1", "state": state, "reviewer": "ada", "at": at}
    return Decision.model_validate(fields | changes)


@pytest.fixture
def journal(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Journal("scope", tmp_path / "state" / "journal.sqlite3") as journal:
        yield journal


def begun(journal: Journal) -> str:
    return journal.promotions.begin(ITEM, rule="r", reviewer="ada")


# ── the file ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_its_owner_can_read_it(journal: Journal) -> None:
    begun(journal)
    files = list(journal.path.parent.rglob("*"))
    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, path


def test_a_loose_mode_is_tightened(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.touch(mode=0o644)
    with Journal("s", path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_stands_in_the_state_folder() -> None:
    with Journal("s") as journal:
        assert journal.path == Path(os.environ["CURATOR_STATE_DIR"]) / "journal.sqlite3"


def test_a_newer_format_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(ConfigError) as caught:
        Journal("s", path)
    assert caught.value.code == "JOURNAL_NEWER"


@pytest.mark.parametrize("content", [b"not a database" * 100, b"\x00" * 4096])
def test_a_broken_file_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Journal("s", path)
    assert caught.value.code == "JOURNAL_UNUSABLE"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError) as caught:
        Journal("s", tmp_path / "file" / "journal.sqlite3")
    assert caught.value.code == "JOURNAL_UNUSABLE"


def refusing(number: int) -> Callable[[int, int], None]:
    def flock(_: int, __: int) -> None:
        raise OSError(number, os.strerror(number))

    return flock


LOCKLESS: dict[str, tuple[str, Callable[[int, int], None]]] = {
    f"{name} from {call}": (call, refusing(getattr(errno, name)))
    for call, name in (("flock", "ENOLCK"), ("flock", "ENOTSUP"), ("flock", "ENOSYS"), ("lockf", "ENOLCK"))
} | {"granted to everybody": ("flock", lambda _, __: None)}


@pytest.mark.parametrize(("call", "answer"), LOCKLESS.values(), ids=LOCKLESS)
def test_a_file_system_without_locks_is_said_and_nothing_is_touched(
    call: str, answer: Callable[[int, int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal.sqlite3"
    with Journal("s", path) as journal:
        begun(journal)
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(fcntl, call, answer)
        with pytest.raises(ConfigError) as caught:
            Journal("s", path, patience=30)  # it does not wait for a lock that nobody holds
    assert caught.value.code == "STATE_NO_LOCKS"
    assert caught.value.message.startswith(f"The file system of {tmp_path / 'locks'} keeps no locks (")
    assert path.read_bytes() == before
    with Journal("s", path) as journal:
        assert len(journal.promotions.unfinished()) == 1


def test_a_lock_that_somebody_holds_is_a_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On NFS the two kinds of lock are one, so the first may be in the way of the second."""
    monkeypatch.setattr(fcntl, "lockf", refusing(errno.EAGAIN))
    require_locks(tmp_path)


def test_two_writers_without_locks_both_stop_before_they_write(tmp_path: Path) -> None:
    """One of them is refused every lock, the other is granted each."""
    code = (
        "import errno, fcntl, sys; from pathlib import Path\n"
        "def flock(_, __):\n"
        "    if sys.argv[2] == 'refused': raise OSError(errno.ENOLCK, 'No locks available')\n"
        "fcntl.flock = flock\n"
        "from curator.journal import Journal; from curator.model.errors import ConfigError\n"
        "try: Journal('s', Path(sys.argv[1]))\n"
        "except ConfigError as error: sys.exit(error.code)\n"
    )
    path = tmp_path / "journal.sqlite3"
    writers = [
        subprocess.Popen([sys.executable, "-c", code, str(path), how], stderr=subprocess.PIPE, text=True)
        for how in ("refused", "granted")
    ]
    assert [writer.communicate(timeout=60)[1].strip() for writer in writers] == ["STATE_NO_LOCKS"] * 2
    assert not path.exists()


def test_many_processes_create_it_at_once(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from curator.journal import Journal; from curator.model import Item\n"
        "ITEM = Item.model_validate_json(sys.argv[2])\n"
        "j = Journal('s', Path(sys.argv[1]))\n"
        "for _ in range(10): j.promotions.begin(ITEM, rule='r', reviewer='ada')\n"
        "j.close()"
    )
    path = tmp_path / "journal.sqlite3"
    crowd = [subprocess.Popen([sys.executable, "-c", code, str(path), AS_JSON]) for _ in range(4)]
    assert [process.wait(60) for process in crowd] == [0] * 4
    with Journal("s", path) as journal:
        assert len(journal.promotions.unfinished()) == 40


def test_threads_share_one_journal(journal: Journal) -> None:
    def work(number: int) -> None:
        promotion = journal.promotions.begin(ITEM, rule="r", reviewer=f"r{number}")
        journal.promotions.intend(promotion, Previous())
        journal.finish(promotion, receipt(reviewer=f"r{number}"), decision())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(40)))
    assert len(journal.ledger.entries()) == 40
    assert len(journal.promotions.of_dataset("d")) == 40


def test_projects_do_not_see_each_other(journal: Journal) -> None:
    begun(journal)
    journal.decide(decision("dismissed"))
    with Journal("other", journal.path) as other:
        assert (other.decisions.all(), other.ledger.entries(), other.promotions.of_item("d-1")) == ([], [], [])


def test_a_scope_holds_no_key() -> None:
    connection = Connection(public_key="pk-lf-1", secret_key=SecretStr("sk-lf-1"))
    scope = scope_of(connection)
    assert "pk-lf" not in scope
    assert scope != scope_of(connection.model_copy(update={"public_key": "pk-lf-2"}))
    assert scope == scope_of(connection.model_copy(update={"secret_key": SecretStr("sk-lf-2")}))


# ── promotions ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_each_step_is_kept_and_the_item_forgotten_in_the_end(journal: Journal) -> None:
    promotion = begun(journal)
    known = journal.promotions.get(promotion)
    assert known is not None
    assert (known.state, known.item, known.previous) == ("draft", ITEM, None)
    journal.promotions.intend(promotion, Previous(updated_at=NOW))
    known = journal.promotions.get(promotion)
    assert known is not None
    assert (known.state, known.previous) == ("intent", Previous(updated_at=NOW))
    journal.finish(promotion, receipt(), decision())
    known = journal.promotions.get(promotion)
    assert known is not None
    assert (known.state, known.item, known.receipt, known.decision) == ("done", None, receipt(), decision())
    journal.promotions.shared(promotion)
    assert journal.promotions.unshared() == []


def test_finishing_is_all_or_nothing(journal: Journal) -> None:
    promotion = begun(journal)
    with sqlite3.connect(journal.path) as db:
        db.execute("DROP TABLE ledger")
    with pytest.raises(ConfigError, match="no such table"):
        journal.finish(promotion, receipt(), decision())
    known = journal.promotions.get(promotion)
    assert known is not None
    assert (known.state, known.receipt) == ("draft", None)
    assert journal.decisions.all() == []


@pytest.mark.parametrize(
    ("table", "column", "read"),
    [
        ("promotions", "item", lambda journal: journal.promotions.unfinished()),
        ("drafts", "draft", lambda journal: journal.drafts.all()),
        ("decisions", "decision", lambda journal: journal.decisions.all()),
        ("ledger", "entry", lambda journal: journal.ledger.entries()),
    ],
)
def test_a_damaged_line_is_named_and_left_alone(
    journal: Journal, table: str, column: str, read: Callable[[Journal], object]
) -> None:
    journal.promotions.give_up(begun(journal))
    journal.finish(None, receipt(), decision("dismissed"))
    journal.drafts.save(SavedDraft.of_item(ITEM, rule="r", reason="saved"))
    with sqlite3.connect(journal.path) as db:
        db.execute(f'UPDATE {table} SET {column} = \'{{"id": "told by Ada Lovelace\'')
    with pytest.raises(ConfigError, match="damaged") as caught:
        read(journal)
    assert caught.value.code == "JOURNAL_UNUSABLE"
    assert "Ada" not in str(caught.value)
    with sqlite3.connect(journal.path) as db:
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (1,)


def test_a_full_disk_is_a_refusal_in_words(journal: Journal) -> None:
    promotion = begun(journal)
    with journal._db._lock:
        (pages,) = journal._db._db.execute("PRAGMA page_count").fetchone()
        journal._db._db.execute(f"PRAGMA max_page_count = {pages}")
    long = ITEM.model_copy(update={"input": {"q": "so " * 10_000}})
    with pytest.raises(ConfigError, match="full") as caught:
        journal.drafts.save(SavedDraft.of_item(long, rule="r", reason="saved"))
    assert caught.value.code == "JOURNAL_UNUSABLE"
    assert journal.promotions.get(promotion) is not None, "what was there can still be read"


def test_what_a_living_process_works_on_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    code = (
        "import sys; from pathlib import Path; from curator.journal import Journal; from curator.model import Item\n"
        "ITEM = Item.model_validate_json(sys.argv[2])\n"
        "j = Journal('s', Path(sys.argv[1])); j.promotions.begin(ITEM, rule='r', reviewer='ada')\n"
        "print('ready', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path), AS_JSON], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    with Journal("s", path) as journal:
        assert journal.promotions.unfinished() == []
        process.kill()
        process.wait()
        assert [p.item_id for p in journal.promotions.unfinished()] == ["d-1"]


def test_an_interrupted_thread_gives_up(journal: Journal) -> None:
    promotion = begun(journal)
    assert journal.promotions.unfinished() == []
    journal.promotions.give_up(promotion)
    assert [p.id for p in journal.promotions.unfinished()] == [promotion]


def test_rolling_back_keeps_the_draft(journal: Journal) -> None:
    promotion = begun(journal)
    known = journal.promotions.get(promotion)
    assert known is not None
    journal.roll_back(known, "INTERRUPTED")
    assert journal.promotions.get(promotion) is None
    (draft,) = journal.drafts.all()
    assert (draft.item_id, draft.input, draft.rule, draft.case) == ("d-1", ITEM.input, "r", "1")


# ── drafts and decisions ────────────────────────────────────────────────────────────────────────────────────────────


def test_drafts_survive_and_one_is_kept_per_case(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    odd = ITEM.model_copy(update={"input": {"half": "\ud83d", "n": 1e400, "deep": [[[1]]]}})
    with Journal("s", path) as journal:
        journal.drafts.save(SavedDraft.of_item(ITEM, rule="r", reason="saved"))
        journal.drafts.save(SavedDraft.of_item(odd, rule="r", reason="ITEM_UNSTORABLE_TEXT"))
        second = ITEM.model_copy(update={"metadata": {"case": "2"}})
        journal.drafts.save(SavedDraft.of_item(second, rule="r", reason="saved"))
    with Journal("s", path) as journal:
        assert [draft.case for draft in journal.drafts.all()] == ["2", "1"]
        kept = journal.drafts.get("t-1", "r")
        assert kept is not None
        assert (kept.input, kept.reason) == (odd.input, "ITEM_UNSTORABLE_TEXT")
        journal.drafts.drop("t-1", "r")
        assert journal.drafts.get("t-1", "r") is None
        assert journal.drafts.get("t-1", "r", "2") is not None


def test_an_item_replaces_the_draft_that_it_came_from_and_no_later_one(journal: Journal) -> None:
    journal.drafts.save(SavedDraft.of_item(ITEM, rule="r", reason="saved"))
    promotion = begun(journal)
    journal.finish(promotion, receipt(), approved=ITEM)
    assert journal.drafts.all() == []
    promotion = begun(journal)
    journal.drafts.save(SavedDraft.of_item(ITEM, rule="r", reason="edited meanwhile"))
    journal.finish(promotion, receipt(), approved=ITEM)
    assert [draft.reason for draft in journal.drafts.all()] == ["edited meanwhile"]


def test_the_newest_decision_of_a_trace_counts(journal: Journal) -> None:
    now = datetime.now(UTC)
    journal.decisions.remember(decision("dismissed", now))
    journal.decisions.remember(decision("snoozed", now - timedelta(hours=1)))
    journal.decisions.remember(decision("dismissed", now, trace_id="t-2"))
    assert {d.trace_id: d.state for d in journal.decisions.all()} == {"t-1": "dismissed", "t-2": "dismissed"}


def test_decisions_are_forgotten_after_a_week(journal: Journal) -> None:
    now = datetime.now(UTC)
    journal.decisions.remember(decision("dismissed", now - timedelta(days=8)))
    journal.decisions.remember(decision("dismissed", now, trace_id="t-2"))
    assert [d.trace_id for d in journal.decisions.all()] == ["t-2"]


# ── locks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_writer_per_id_between_threads(journal: Journal) -> None:
    inside, most = [0], [0]
    guard = threading.Lock()

    def work(_: int) -> None:
        with journal.item_lock("same", 10):
            with guard:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            threading.Event().wait(0.005)
            with guard:
                inside[0] -= 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    assert most == [1]


def test_waiting_for_a_writer_ends(journal: Journal) -> None:
    with journal.item_lock("same", 1), pytest.raises(Busy), journal.item_lock("same", 0.05):
        pass
    with journal.item_lock("same", 0):
        pass


def test_locks_do_not_pile_up(journal: Journal) -> None:
    for number in range(2 * STRIPES):
        with journal.item_lock(f"item-{number}", 1):
            pass
    assert len(list((journal.path.parent / "locks").iterdir())) <= STRIPES + 2
