"""Killed anywhere, started again: nothing doubled, nothing lost, every receipt true."""

import json
import multiprocessing
import signal
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.gateway.errors import Forbidden
from curator.journal import Journal, Previous
from curator.model import ScrubPolicy, lineage
from curator.queue import decisions
from curator.sandbox.server import SandboxServer
from tests.promote.support import DATASET, QUICK, EmailFinder, connection_of, make_item, promote, resume, undo
from tests.promote.workers import OPERATIONS, PRELOAD, die_while_writing, options

TRACES = [f"{n:032x}" for n in range(1, 13)]
AFTER_A_KILL = QUICK.model_copy(update={"late": 3.0})
"""What was sent just before the kill may arrive after it, on a busy machine a good while."""


class Totals:
    """What the kills found."""

    def __init__(self) -> None:
        self.inside = self.got_away = self.verified = self.failed = self.drafts = self.shared = self.undone = 0

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in vars(self).items())


def kill_and_restart(server: SandboxServer, journal: Path, seed: int, totals: Totals) -> None:
    context = multiprocessing.get_context("forkserver")
    writing = context.Value("i", 0)
    process = context.Process(target=die_while_writing, args=(connection_of(server), journal, TRACES, seed, writing))
    process.start()
    process.join(60)
    assert process.exitcode in (0, -signal.SIGKILL)
    totals.inside += process.exitcode != 0 and writing.value == 1
    totals.got_away += writing.value != 1
    left = unfinished_rows(journal)
    with Gateway(connection_of(server)) as gateway, Journal("test", journal) as record:
        drafts_before = {draft.item_id: draft.saved_at for draft in record.drafts.all()}
        for resumed in resume(gateway, record, EmailFinder(), patience=AFTER_A_KILL):
            match resumed.outcome:
                case "verified":
                    totals.verified += 1
                case "failed":
                    totals.failed += 1
                case "draft":
                    totals.drafts += 1
                case "shared":
                    totals.shared += 1
                case "undone":
                    totals.undone += 1
        assert record.promotions.unfinished() == []
        assert record.promotions.unshared() == []
        assert record.ledger.half_undone() == []
        drafts = {draft.item_id for draft in record.drafts.all()}
        for promotion, item_id in left.items():
            known = record.promotions.get(promotion)
            assert item_id in drafts or (known is not None and known.receipt is not None), "a draft got lost"
        for item_id, saved_at in drafts_before.items():
            newer = [p for p in record.promotions.of_item(item_id) if p.receipt and p.receipt.ok]
            assert item_id in drafts or any(p.started_at > saved_at for p in newer), "a draft got lost"
        nothing_doubled(gateway)
        receipts_true(gateway, record)


def unfinished_rows(journal: Path) -> dict[str, str]:
    """Promotion → item, read past the code under test."""
    with sqlite3.connect(journal) as db:
        return dict(db.execute("SELECT id, item_id FROM promotions WHERE state <> 'done'"))


def nothing_doubled(gateway: Gateway) -> None:
    pages = gateway.items(DATASET)
    rows = list(pages)
    assert pages.total_items == len(rows) == len({row.id for row in rows})
    for row in rows:
        assert gateway.item(row.id) == row


def receipts_true(gateway: Gateway, journal: Journal) -> None:
    """The newest proved and not undone receipt of each item is what the server holds, and its decision is shared."""
    undone = {each.undoes for each in journal.ledger.entries() if each.undoes}
    newest = {}
    for entry in journal.ledger.entries():
        if entry.item_id is not None and entry.action == "promote" and entry.write not in (None, "none"):
            newest[entry.item_id] = entry
    shared = decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME]))
    for item_id, entry in newest.items():
        if entry.verdict != "verified" or entry.id in undone:
            continue
        stored = gateway.item(item_id)
        assert stored is not None, "a verified item is lost"
        assert lineage.content_fingerprint(stored) == entry.fingerprint, "a receipt is not true"
        assert entry.trace_id in shared, "a decision got lost"


def all_there_in_the_end(server: SandboxServer, journal: Path) -> None:
    """Whoever starts again simply promotes again: every item is there, once, verified, with its decision."""
    with Gateway(connection_of(server)) as gateway, Journal("test", journal) as record:
        for trace in TRACES:
            receipt = promote(
                gateway, record, EmailFinder(), make_item(trace), remedies=["unarchive", "overwrite"], **options("ada")
            )
            assert receipt.ok, receipt
        nothing_doubled(gateway)
        assert gateway.items(DATASET).total_items == len(TRACES)
        states = decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME]))
        assert {states[trace].state for trace in TRACES} == {"promoted"}
        assert record.drafts.all() == []


def kill(server: SandboxServer, folder: Path, inside: int) -> Totals:
    """Kills until so many have fallen between the first and the last write of what was under way."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(PRELOAD)
    with Gateway(connection_of(server)) as gateway:
        gateway.put_dataset(DATASET)
    totals, seed = Totals(), 0
    while totals.inside < inside:
        kill_and_restart(server, folder / "journal.sqlite3", seed, totals)
        seed += 1
        assert totals.got_away <= 20 + totals.inside, "the kills miss"
    all_there_in_the_end(server, folder / "journal.sqlite3")
    return totals


def test_killed_while_writing(server: SandboxServer, tmp_path: Path) -> None:
    assert kill(server, tmp_path, len(OPERATIONS)).inside == len(OPERATIONS)


@pytest.mark.slow
def test_killed_two_hundred_times(server: SandboxServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    totals = kill(server, tmp_path, 200)
    with capsys.disabled():
        print(f"\n{totals}; doubled 0, lost 0, false receipts 0")
    assert min(totals.verified, totals.drafts, totals.shared) > 0  # the kills hit every step


def test_the_disk_is_ahead_of_the_server(server: SandboxServer, gateway: Gateway, journal: Journal) -> None:
    """The order that a power cut relies on: each line is synced before the request after it is sent.

    Intent, then the write; its answer, then the reading back; receipt, ledger and owed decision, then its score.
    """
    seen: dict[str, object] = {}

    def read_when(request: str) -> None:
        with sqlite3.connect(journal.path) as db:
            row = db.execute("SELECT state, receipt IS NOT NULL, decision IS NOT NULL FROM promotions").fetchone()
            (lines,) = db.execute("SELECT count(*) FROM ledger").fetchone()
        seen.setdefault(request.split("/api/public/")[0] + request.rsplit("/", 1)[-1][:13], (row, lines))

    with Gateway(connection_of(server), on_request=read_when) as listened:
        assert promote(listened, journal, EmailFinder(), make_item(), **options("ada")).verdict == "verified"
    assert seen["POST dataset-items"] == (("intent", 0, 0), 0)
    assert seen["GET dataset-items"] == (("answered", 0, 0), 0)
    assert seen["POST scores"] == (("done", 1, 1), 1)
    (synchronous,) = journal.drafts._db.row("PRAGMA synchronous") or (0,)
    assert synchronous == 2  # FULL: SQLite syncs its log at every commit


def test_a_draft_that_was_never_sent_is_kept(gateway: Gateway, journal: Journal) -> None:
    other = Journal("test", journal.path)
    other.promotions.begin(make_item(), rule="order-status", reviewer="ada")
    assert journal.promotions.unfinished() == []  # its process lives
    other.close()
    requests = gateway.requests
    (resumed,) = resume(gateway, journal, EmailFinder())
    assert (resumed.outcome, gateway.requests) == ("draft", requests)
    (draft,) = journal.drafts.all()
    assert (draft.item_id, draft.input, draft.reason) == (make_item().id, make_item().input, "INTERRUPTED")
    assert promote(gateway, journal, EmailFinder(), make_item(), **options("ada")).verdict == "verified"
    assert journal.drafts.all() == []


def test_a_write_that_happened_is_verified_after_the_fact(gateway: Gateway, journal: Journal) -> None:
    from curator.journal import Previous

    with Journal("test", journal.path) as other:
        promotion = other.promotions.begin(make_item(), rule="order-status", reviewer="ada")
        other.promotions.intend(promotion, Previous())
        gateway.put_item(make_item())
    (resumed,) = resume(gateway, journal, EmailFinder(), patience=QUICK)
    assert resumed.outcome == "verified"
    assert resumed.receipt is not None
    assert (resumed.receipt.action, resumed.receipt.verdict) == ("created", "verified")
    assert [entry.verdict for entry in journal.ledger.entries()] == ["verified"]
    assert [r.outcome for r in resume(gateway, journal, EmailFinder())] == []


def test_a_write_that_did_not_happen_becomes_a_draft(gateway: Gateway, journal: Journal) -> None:
    from curator.journal import Previous

    with Journal("test", journal.path) as other:
        promotion = other.promotions.begin(make_item(), rule="order-status", reviewer="ada")
        other.promotions.intend(promotion, Previous())
    (resumed,) = resume(gateway, journal, EmailFinder(), patience=QUICK)
    assert resumed.outcome == "draft"
    assert [draft.item_id for draft in journal.drafts.all()] == [make_item().id]
    assert gateway.items(DATASET).total_items == 0


def test_promoting_again_without_resuming_takes_over(gateway: Gateway, journal: Journal) -> None:
    from curator.journal import Previous

    with Journal("test", journal.path) as other:
        promotion = other.promotions.begin(make_item(), rule="order-status", reviewer="ada")
        other.promotions.intend(promotion, Previous())
        gateway.put_item(make_item())
    receipt = promote(gateway, journal, EmailFinder(), make_item(), **options("ada"))
    assert receipt.verdict == "unchanged"
    assert journal.promotions.unfinished() == []
    states = decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME]))
    assert states[receipt.trace_id].state == "promoted"  # the crashed one could not share it


def test_the_journal_holds_nothing_that_was_not_scrubbed(gateway: Gateway, journal: Journal) -> None:
    secret = make_item(input={"query": "I am ada@home.example"})
    gateway.put_item(secret)
    promote(gateway, journal, EmailFinder(), make_item(), policy=ScrubPolicy(), rule="r", reviewer="ada")
    journal.close()
    content = b"".join(path.read_bytes() for path in journal.path.parent.glob("journal.sqlite3*"))
    assert b"ada@home" not in content
    # Of what is done the item as approved is kept, so that a later change can be named; nothing else holds its text.
    with sqlite3.connect(journal.path) as db:
        assert "delayed EU order" not in json.dumps(db.execute("SELECT receipt, answer FROM promotions").fetchall())


def test_an_update_that_arrives_after_its_sender_died_is_seen(gateway: Gateway, journal: Journal) -> None:
    """The first readings after the kill show what the update replaces; its receipt must not be believed on them."""
    assert promote(gateway, journal, EmailFinder(), make_item(TRACES[0]), **options("ada")).ok
    before = gateway.item(make_item(TRACES[0]).id)
    assert before is not None
    newer = make_item(TRACES[0], input={"query": "the better question"})
    promotion = journal.promotions.begin(newer, rule="order-status", reviewer="ada")
    journal.promotions.intend(promotion, Previous(updated_at=before.updated_at, content=before))
    journal.promotions.give_up(promotion)
    threading.Timer(0.5, gateway.put_item, (newer,)).start()
    (resumed,) = resume(gateway, journal, EmailFinder(), patience=AFTER_A_KILL)
    assert resumed.outcome == "verified"
    receipts_true(gateway, journal)


class NoScores(Gateway):
    """Its key may write items, and no scores."""

    def put_scores(self, scores: Sequence[Mapping[str, Any]]) -> None:
        raise Forbidden("Not allowed.", code="FORBIDDEN", status=403)


def test_a_decision_that_was_taken_back_before_it_was_shared_is_not_shared_later(
    server: SandboxServer, gateway: Gateway, journal: Journal
) -> None:
    with NoScores(connection_of(server)) as limited:
        receipt = promote(limited, journal, EmailFinder(), make_item(), **options("ada"))
    assert [check.ok for check in receipt.checks if check.name == "decision"] == [False]
    assert len(journal.promotions.unshared()) == 1
    assert [each.outcome for each in undo(gateway, journal, EmailFinder(), patience=QUICK)] == ["archived"]
    assert list(resume(gateway, journal, EmailFinder(), patience=QUICK)) == []
    shared = decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME]))
    assert [each.state for each in shared.values()] == ["open"]
    assert journal.promotions.unshared() == []
