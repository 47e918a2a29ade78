"""A reviewer's way from the queue to the receipt, with keys alone, against a server."""

import re
from collections.abc import Callable

import pytest

from curator.sandbox.server import SandboxServer
from curator.tui.screens.ask import Confirm
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.screens.trace import TraceScreen
from curator.tui.screens.workbench import WorkbenchScreen
from curator.tui.session import Session
from curator.tui.widgets.form import FormView
from curator.tui.widgets.frame import Spinner
from tests.tui.driver import Driver, driving

pytestmark = pytest.mark.anyio


async def to_a_failure(driver: Driver, wanted: Callable[[list[str]], bool]) -> str:
    """Puts the cursor on the first failure whose draft has such blocking problems; its trace id."""
    session = driver.app.session
    for place, failure in enumerate(driver.listed):
        if failure.source_gone:
            continue
        prepared = session.drafts.prepare(session.drafts.order(failure.trace_id))
        if wanted([p.message for p in prepared.scrubbed.problems if p.blocking]):
            driver.queue.failures.cursor = place
            await driver.settle()
            return failure.trace_id
    raise AssertionError("the demo data holds no such failure")


async def to_a_complete_failure(driver: Driver) -> str:
    """Puts the cursor on a failure whose draft needs at most its type from the reviewer; its trace id."""
    return await to_a_failure(driver, lambda wrong: not wrong)


async def choose_type(driver: Driver) -> None:
    """On a workbench: says what kind of failure it is, unless a reviewer did so in Langfuse."""
    if driver.screen._prepared.type_open:
        await driver.press("1")


async def test_promote_with_three_keys(session: Session, sandbox: SandboxServer) -> None:
    async with driving(session) as driver:
        open_before = len(driver.queue.failures.rows)
        assert open_before > 20
        trace_id = await to_a_complete_failure(driver)
        rule = session.drafts.prepare(session.drafts.order(trace_id)).loaded
        session.items.create_dataset(rule)

        driver.app.animation_level = "full"
        await driver.press("p")
        assert isinstance(driver.screen, WorkbenchScreen)
        assert [each for each in driver.screen.query(Spinner) if each.auto_refresh] == []  # unseen, it costs nothing
        driver.app.animation_level = "none"
        await choose_type(driver)
        assert "ready" in driver.text()
        await driver.press("p")
        assert isinstance(driver.screen, ReceiptScreen)
        assert "verified: it is there, once, as meant, and clean" in driver.text()
        await driver.press("enter")

        assert driver.screen is driver.queue
        assert len(driver.queue.failures.rows) == open_before - 1
        failure = session.queue.get(trace_id)
        assert failure is not None
        assert failure.state == "promoted"
        stored = session.rooms.gateway.item(failure.items[0])
        assert stored is not None
        assert stored.source_trace_id == trace_id
        assert stored.metadata["reviewer"] == "maya"

        await driver.press("u")
        assert session.queue.get(trace_id).state == "open"  # type: ignore[union-attr]
        assert len(driver.queue.failures.rows) == open_before
        assert session.rooms.gateway.item(stored.id).status == "ARCHIVED"  # type: ignore[union-attr]


@pytest.mark.slow
async def test_missing_dataset_is_created_by_one_key(session: Session) -> None:
    async with driving(session) as driver:
        await to_a_complete_failure(driver)
        await driver.press("p")
        await choose_type(driver)
        dataset = driver.screen._prepared.draft.dataset
        await driver.press("p")
        assert f"Create the dataset {dataset} with these schemas?" in " ".join(driver.text().split())
        assert session.rooms.gateway.dataset(dataset) is None
        await driver.press("escape")
        assert isinstance(driver.screen, WorkbenchScreen)
        assert session.rooms.gateway.dataset(dataset) is None
        await driver.press("p")
        assert isinstance(driver.screen, Confirm)
        await driver.does("receipt.next-draft", "enter", "n")  # the draft of the next failure, which waits for its `p`
        following = driver.under_cursor
        assert following is not None
        assert isinstance(driver.screen, WorkbenchScreen)
        assert driver.screen.key == following.key
        assert following.state == "open"
        assert len(session.items.of(dataset, lambda *_: None)) == 1
        await driver.press("escape")
        assert driver.screen is driver.queue


@pytest.mark.slow
async def test_incomplete_draft_is_named_then_mended(session: Session) -> None:
    async with driving(session) as driver:
        await to_a_failure(driver, lambda wrong: wrong == ["expected_output needs outcome"])
        await driver.press("p")
        bench = driver.screen
        assert isinstance(bench, WorkbenchScreen)
        await choose_type(driver)
        assert "1 open point" in driver.text()
        form = bench.query_one("#form")
        assert form.has_focus
        assert form.current == "expected_output.outcome"  # where it has to be decided
        form.go_to("input.region")
        await driver.press("p")
        assert driver.screen is bench
        assert "Not written: expected_output needs outcome" in driver.toasts()
        assert form.current == "expected_output.outcome"  # a refusal leads to its reason
        await driver.press("enter", "1")
        assert "ready" in driver.text()
        assert bench._prepared is not None
        assert bench._prepared.draft.expected_output["outcome"]  # type: ignore[index,call-overload]

        # Leaving keeps the draft; coming back finds it, and ^x drops it, after a question.
        await driver.press("escape", "p")
        assert "Your draft from before is back" in driver.toasts()
        assert "ready" in driver.text()
        await driver.press("ctrl+x", "escape")
        assert "ready" in driver.text()
        await driver.press("ctrl+x", "enter")
        assert "open point" in driver.text()


@pytest.mark.slow
async def test_an_edit_leads_to_the_next_open_point(session: Session) -> None:
    async with driving(session) as driver:
        await to_a_failure(driver, lambda wrong: wrong == ["expected_output needs outcome, must_mention"])
        await driver.press("p")
        bench = driver.screen
        assert isinstance(bench, WorkbenchScreen)
        await choose_type(driver)
        form = bench.query_one("#form", FormView)
        first = form.current
        await driver.press("enter", "1")
        assert form.current != first
        assert form.current == bench._points[0].key or form.current.startswith(f"{bench._points[0].key}.")
        await driver.press("up")
        stood = form.current
        await driver.press("p")
        assert "Not written" in driver.toasts()
        assert form.current != stood


async def test_dismiss_with_two_keys_snooze_and_reopen(session: Session, sandbox: SandboxServer) -> None:
    async with driving(session) as driver:
        first, second = driver.listed[0], driver.listed[1]
        await driver.press("d", "1")
        assert driver.under_cursor is not None
        assert driver.under_cursor.trace_id == second.trace_id
        await driver.press("z", "2")
        assert session.queue.get(second.trace_id).state == "snoozed"  # type: ignore[union-attr]
        week = session.queue.week
        assert week is not None
        assert week.part_decided == pytest.approx(1 / week.total)  # what is put off is not decided

        # A second reviewer sees both.
        other = Session(session.settings, session.rooms.scrubber)
        other.queue.read("7d", None, lambda what, done, total: None)
        assert other.queue.get(first.trace_id).state == "dismissed"  # type: ignore[union-attr]
        assert other.queue.get(first.trace_id).decision.reason == "not a failure"  # type: ignore[union-attr]
        assert other.queue.get(second.trace_id).state == "snoozed"  # type: ignore[union-attr]
        other.close()

        # A note stays with its failure, scrubbed, and is seen without leaving the list.
        await driver.does("queue.annotate", "a")
        await driver.type("fail: writes to mia.berg@corp.example")
        await driver.press("enter")
        (note,) = session.queue.get(driver.under_cursor.key).notes  # type: ignore[union-attr]
        assert (note.verdict, note.text) == ("fail", "writes to <EMAIL_ADDRESS_1>")
        await driver.until(lambda: "fail: writes to <EMAIL_ADDRESS_1>" in driver.text(), "the note in the preview")
        session.queue.read("7d", None, lambda what, done, total: None)
        assert session.queue.get(note.trace_id).notes[0].text == note.text  # type: ignore[union-attr]
        await driver.press("a", *["backspace"] * 50, "enter")
        assert session.queue.get(note.trace_id).notes == ()  # type: ignore[union-attr]

        await driver.press("s", "s")
        assert [f.trace_id for f in driver.listed] == [first.trace_id]
        await driver.press("o")
        assert session.queue.get(first.trace_id).state == "open"  # type: ignore[union-attr]


async def test_marked_failures_are_promoted_together(session: Session) -> None:
    async with driving(session) as driver:
        await driver.press("slash")
        await driver.type("order-st")
        await driver.press("enter", "space", "space", "space", "space")
        assert "4 marked" in driver.text()
        await driver.press("p")
        assert "of 4 ready" in driver.text()
        assert re.search("failure type +expected output +what is to be known", driver.text())
        await driver.press("p")
        assert "a new dataset" in driver.text()  # nothing is created without a word
        await driver.press("1")
        assert "promoted" in driver.text()
        written = [e for e in driver.screen._entries.values() if e.stage == "written"]
        assert written
        await driver.press("escape")
        assert {session.queue.get(e.failure.trace_id).state for e in written} == {"promoted"}  # type: ignore[union-attr]
        assert not driver.queue.failures.marks
        await driver.press("u")
        assert {session.queue.get(e.failure.trace_id).state for e in written} == {"open"}  # type: ignore[union-attr]


@pytest.mark.slow
async def test_bulk_dismissal_says_the_count(session: Session) -> None:
    async with driving(session) as driver:
        before = len(driver.queue.failures.rows)
        count = sum(len(row.all) for row in driver.queue.failures.rows[:3])  # a session is one row
        await driver.press("space", "space", "space", "d")
        assert f"Dismiss {count} failures" in driver.text()
        await driver.press("tab")
        await driver.type("load test")
        await driver.press("enter")
        assert len(driver.queue.failures.rows) == before - 3
        assert f"Dismissed {count} failures" in driver.toasts()
        await driver.press("asterisk")
        assert len(driver.queue.failures.marks) == before - 3


@pytest.mark.slow
async def test_trace_and_its_steps(session: Session) -> None:
    async with driving(session) as driver:
        await driver.press("slash")
        await driver.type("support-c")
        await driver.press("enter", "enter")
        screen = driver.screen
        assert isinstance(screen, TraceScreen)
        kinds = {step.kind for step in screen.rows.rows}
        assert {"observation", "scores", "session", "sibling"} <= kinds
        await driver.press("j")
        assert "Input" in driver.text()
        await driver.press("l")
        assert screen.view.has_focus
        await driver.press("slash")
        await driver.type("in")
        await driver.press("enter", "n", "n", "N")
        assert screen.view.hit_count[0] == 2
        await driver.press("v")
        assert screen.view.view == "json"
        await driver.press("escape")
        assert screen.rows.has_focus
        rows = sum(len(row.all) for row in driver.queue.failures.rows)
        before = screen.trace_id
        await driver.press("d", "1")
        assert sum(len(row.all) for row in driver.queue.failures.rows) == rows - 1
        assert driver.screen.trace_id != before
        before = driver.screen.trace_id
        await driver.press("right_square_bracket")
        assert driver.screen.trace_id != before
        await driver.press("left_square_bracket")
        assert driver.screen.trace_id == before
        await driver.press("escape")
        assert driver.screen is driver.queue
