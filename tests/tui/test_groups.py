"""Groups of like failures, and drafts that were prepared: what waits as more than a row each."""

from datetime import UTC, datetime, timedelta

import pytest

from curator.model import Signal
from curator.model.failure import Seen
from curator.promote import Order
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.screens.workbench import WorkbenchScreen
from curator.tui.session import Session
from tests.demo.maker.recurrence import AGAIN, ITEM
from tests.tui.driver import Driver, driving, settings_for

pytestmark = pytest.mark.anyio


async def choose(driver: Driver, key: str, answer: str) -> None:
    """Opens a question with a key and takes the answer that stands for a value."""
    await driver.press(key)
    values = [value for value, _ in driver.screen._answers]
    await driver.press(*["down"] * values.index(answer), "enter")


async def test_groups_unasked_and_one_item_that_covers_one(session: Session) -> None:
    """From thirty failures on; a group opens, is decided whole, and one item covers it."""
    async with driving(session, fold="") as driver:
        rows = driver.queue.failures
        await driver.until(lambda: bool(session.groups.of), "the groups")
        large = rows.rows[0]
        assert large.group is not None
        assert len(large.all) == max(len(row.all) for row in rows.rows) > 2
        # Of the demo's week one failure came back after an item was made of its like.
        assert {one.key: one.seen.item_id for one in session.queue.all() if one.seen} == {AGAIN: ITEM}
        total = sum(len(row.all) for row in rows.rows)
        assert f"{total} failures in groups" in driver.text()
        # What its heading says stands in the column: the user's words; the group's own words stand over the list.
        rows.cursor = 0
        await driver.until(lambda: large.key in session.traces.excerpts, "the user's words")
        said = "".join(text for _, text in session.traces.excerpts[large.key])
        for size in ((120, 36), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.settle()
            assert said[:12] in driver.text()
            assert f"these {len(large.all)} alike in {large.group.name[:20]}" in driver.text()
        await driver.pilot.resize_terminal(180, 40)
        await driver.settle()
        row = next(line for line in driver.text().splitlines() if f"{len(large.all)} × " in line)
        assert large.group.name[:12] in row
        assert said[:12] in row
        assert "alike in" in driver.text()

        # What was seen before, and what reviewers disagree about, can be listed first and has columns.
        old, last = rows.rows[-2].failure, rows.rows[-1].failure
        seen = Seen(item_id="item-1", likeness=90, promoted_at=datetime.now(UTC) - timedelta(days=20))
        said = [Signal(kind="score", name="tone", value=v, source="ANNOTATION", annotator=v, rule="r") for v in "ab"]
        session.queue.change(old.key, seen=seen)
        session.queue.change(last.key, signals=(*last.signals, *said))
        for name, key, cell in (("seen", old.key, "↻ 20d"), ("disputed", last.key, "≠ yes")):
            await choose(driver, "S", name)
            assert rows.rows[0].key == key
            await choose(driver, "c", name)
            await driver.press("escape")
            assert cell in driver.text()
        await choose(driver, "S", "age")
        session.rooms.stand(columns=())

        await driver.press("enter")
        assert {row.key for row in rows.rows} == {one.key for one in large.all}
        assert "of the group" in driver.text()
        await driver.press("escape")
        assert rows.current is not None
        assert rows.current.key == large.key

        # The whole group with one decision, its count in sight, and one undo.
        await driver.press("d")
        assert f"Dismiss {len(large.all)} failures" in driver.text()
        await driver.press("2")
        assert {session.queue.get(one.key).state for one in large.all} == {"dismissed"}  # type: ignore[union-attr]
        await driver.press("u")
        assert {session.queue.get(one.key).state for one in large.all} == {"open"}  # type: ignore[union-attr]

        ready = (
            (number, row)
            for number, row in enumerate(rows.rows)
            if row.group is not None and row.failure.name == "order-status" and not row.failure.source_gone
            if session.drafts.prepare(session.drafts.order(row.key)).scrubbed.writable
        )
        number, row = next(ready)
        session.items.create_dataset(session.drafts.prepare(session.drafts.order(row.key)).loaded)
        rows.cursor = number
        others = len(row.all) - 1
        await driver.press("p")
        assert isinstance(driver.screen, WorkbenchScreen)
        assert driver.screen.key == row.group.representative  # type: ignore[union-attr]
        if driver.screen._prepared.type_open:  # type: ignore[union-attr]
            await driver.press("1")
        await driver.press("p")
        if not isinstance(driver.screen, ReceiptScreen):
            await driver.press("2")
        assert f"covers the {others} other open failure" in driver.text()
        item = driver.screen.receipt.item_id
        driver.app.open_lineage("order-status-regression", item, like=row.all[-1].key)
        await driver.until(lambda: "What the item asks → what the failure asks" in driver.text(), "the difference")
        await driver.press("escape", "c")
        decided = [session.queue.get(one.key) for one in row.all if one.key != row.key]
        assert {one.decision.item_id for one in decided} == {item}  # type: ignore[union-attr]
        assert {one.decision.reason for one in decided} == {f"covered by {item}"}  # type: ignore[union-attr]
        assert sum(session.groups.types(row.all[-1].key).values()) == 1  # proposed for the next one of the group
        await driver.press("u")  # first what was covered, then the promotion
        assert {session.queue.get(one.key).state for one in decided} == {"open"}  # type: ignore[union-attr]
        assert session.queue.get(row.key).state == "promoted"  # type: ignore[union-attr]


async def test_prepared_drafts_are_approved_or_declined(sandbox: SandboxServer, scrubber: Scrubber) -> None:
    first = Session(settings_for(sandbox), scrubber)
    first.queue.read("7d", None, lambda what, done, total: None)
    keys = []
    for failure in first.queue.all():
        if failure.name == "order-status" and not failure.source_gone and len(keys) < 2:
            made = first.drafts.prepare(first.drafts.order(failure.key))
            order = Order(failure_type=made.loaded.rule.lineage.failure_types[1])
            proposal = first.rooms.promoter.draft(made.proposal.source, made.loaded, order)
            if proposal.complete and not proposal.scrubbed.problems:
                first.rooms.promoter.save(proposal, "agent-7")
                keys.append(failure.key)
                first.items.create_dataset(made.loaded)
    first.close()
    assert len(keys) == 2

    session = Session(settings_for(sandbox), scrubber)
    async with driving(session) as driver:
        assert "Prepared 2" in driver.text()
        await driver.press("s", "s", "s", "s")
        assert {one.key for one in driver.listed} == set(keys)
        assert "✍ agent-7" in driver.text()
        await driver.press("enter")
        assert isinstance(driver.screen, WorkbenchScreen)
        assert "prepared by agent-7" in driver.text()
        assert "as prepared" in driver.text()
        await driver.press("p")
        receipt = driver.screen.receipt
        assert receipt.ok
        stored = session.rooms.gateway.item(receipt.item_id)
        assert stored is not None
        assert (stored.metadata["prepared_by"], stored.metadata["approved_by"]) == ("agent-7", "maya")
        assert stored.metadata["approved_via"] == "terminal"
        await driver.press("enter")
        assert len(driver.listed) == 1
        await driver.press("backspace")
        assert "Decline 1 draft that agent-7 prepared?" in driver.text()
        await driver.press("enter")
        assert "No draft waits for approval" in driver.text()
        assert session.rooms.journal.drafts.prepared() == []
        assert session.queue.get(next(k for k in keys if k != receipt.key)).state == "open"  # type: ignore[union-attr]
