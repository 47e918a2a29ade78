"""Every action of the table, by its key, with what it must lead to; `test_actions` sees that none is left out."""

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from textual.widgets import Static

from curator.rulebook import shipped_rules
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.screens.ask import Choose
from curator.tui.screens.bulk import BulkScreen
from curator.tui.screens.compare import CompareScreen
from curator.tui.screens.help import Menu, PageScreen
from curator.tui.screens.jump import JumpScreen
from curator.tui.screens.lineage import LineageScreen
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.screens.runs import RunsScreen
from curator.tui.screens.trace import TraceScreen
from curator.tui.screens.workbench import WorkbenchScreen
from curator.tui.session import Session
from curator.tui.widgets.form import FormView
from curator.tui.widgets.reader import MaskedView
from curator.tui.widgets.rows import Rows
from tests.demo.maker import audit_example
from tests.tui.driver import Driver, driving, settings_for

pytestmark = pytest.mark.anyio


def complete(driver: Driver, name: str = "order-status") -> int:
    """The first failure of that name whose draft is complete."""
    session = driver.app.session
    for place, failure in enumerate(driver.listed):
        if failure.name == name and not failure.source_gone:
            prepared = session.drafts.prepare(session.drafts.order(failure.trace_id))
            if prepared.scrubbed.writable and any(f.action == "replace" for f in prepared.scrubbed.findings):
                return place
    raise AssertionError("the demo data holds no such failure")


@pytest.mark.slow
async def test_everywhere_and_lists(session: Session, tmp_path: Path) -> None:
    suspended: list[bool] = []
    async with driving(session) as driver:
        await driver.does("app.help", "question_mark")
        assert isinstance(driver.screen, Menu)
        await driver.type("LIN001")
        await driver.press("enter")
        assert isinstance(driver.screen, PageScreen)
        await driver.until(lambda: "LIN001" in driver.text(), "the page")
        await driver.press("j", "ctrl+d", "k", "ctrl+u", "escape")
        assert driver.screen is driver.queue
        await driver.does("app.command-palette", "ctrl+p")
        assert isinstance(driver.screen, Menu)
        await driver.type("fail")
        assert len(driver.screen._shown) > 5  # what its help and its traces say, not its titles alone
        await driver.press("ctrl+u")
        await driver.type("suspend")
        assert "^z" in driver.text()  # with its keys
        await driver.press("escape")
        await driver.does("app.command", "colon")
        await driver.type("explain gate")
        await driver.press("enter")
        assert isinstance(driver.screen, PageScreen)
        await driver.press("escape")
        driver.app.action_suspend_process = lambda: suspended.append(True)  # type: ignore[method-assign]
        await driver.does("app.suspend-process", "ctrl+z")
        assert suspended
        await driver.does("app.zoom", "f")
        assert driver.screen.maximized is not None
        await driver.press("f")
        assert driver.screen.maximized is None
        await driver.does("app.jump", "semicolon")
        assert isinstance(driver.screen, JumpScreen)
        await driver.press("escape")
        for action, key, mode in (
            ("app.go-datasets", "D", "datasets"),
            ("app.go-runs", "R", "runs"),
            ("app.go-log", "L", "log"),
            ("app.go-queue", "Q", "queue"),
        ):
            await go(driver, action, key)
            assert driver.app.current_mode == mode
        await driver.does("app.undo", "u")
        assert "nothing to take back" in driver.toasts()
        await driver.does("app.redo", "U")
        assert "Nothing was taken back here" in driver.toasts()
        looked = session.queue.window
        await driver.does("app.refresh", "ctrl+r")
        assert session.queue.window != looked
        theme = driver.app.theme
        await driver.does("app.cycle-theme", "ctrl+t")
        assert driver.app.theme != theme
        driver.app.deliver_text = lambda *a, **k: (tmp_path / "seen").touch()  # type: ignore[assignment,method-assign]
        await driver.does("app.screenshot", "ctrl+s")
        await driver.until((tmp_path / "seen").exists, "the picture")

        rows = driver.queue.failures
        await driver.does("list.down", "j")
        assert rows.cursor == 1
        await driver.does("list.up", "k")
        assert rows.cursor == 0
        await driver.does("list.last", "G")
        assert rows.cursor == len(rows.rows) - 1
        await driver.does("list.first", "g")
        await driver.does("list.page-down", "ctrl+d")
        assert rows.cursor > 5
        await driver.does("list.page-up", "ctrl+u")
        assert rows.cursor == 0
        await driver.does("app.quit", "q")
        assert driver.app._exit


async def copied(driver: Driver, text: str) -> None:
    """Copies the first of what the screen offers."""
    await driver.press("y", "1")
    assert driver.app.clipboard
    assert text in driver.app.clipboard


async def go(driver: Driver, action: str, key: str) -> None:
    """The same action under four ids: named here so that the table's test sees them."""
    if action == "app.go-datasets":
        await driver.does("app.go-datasets", key)
    elif action == "app.go-runs":
        await driver.does("app.go-runs", key)
    elif action == "app.go-log":
        await driver.does("app.go-log", key)
    else:
        await driver.does("app.go-queue", key)


@pytest.mark.slow
async def test_text(session: Session) -> None:
    async with driving(session, (80, 24)) as driver:
        driver.queue.failures.cursor = complete(driver)
        await driver.until(lambda: driver.queue.preview.hit_count is not None and "Why" in driver.text(), "the preview")
        await driver.does("queue.focus-preview", "l")
        view = driver.queue.preview
        await driver.until(lambda: len(view.lines) > 12, "the whole preview")
        await driver.does("text.down", "j")
        assert view.scroll_offset.y == 1
        await driver.does("text.up", "k")
        assert view.scroll_offset.y == 0
        await driver.does("text.last", "G")
        assert view.scroll_offset.y > 1
        await driver.does("text.first", "g")
        assert view.scroll_offset.y == 0
        await driver.does("text.page-down", "ctrl+d")
        assert view.scroll_offset.y > 1
        await driver.does("text.page-up", "ctrl+u")
        assert view.scroll_offset.y == 0
        await driver.does("text.search", "slash")
        await driver.type("order")
        await driver.press("enter")
        first, count = view.hit_count
        assert count > 1
        await driver.does("text.next-hit", "n")
        assert view.hit_count[0] != first
        await driver.does("text.previous-hit", "N")
        assert view.hit_count[0] == first
        await driver.does("app.copy", "y")
        await driver.press("1")
        assert "query" in driver.app.clipboard
        await driver.does("queue.focus-list", "h")
        assert driver.queue.failures.has_focus


@pytest.mark.slow
async def test_queue(session: Session) -> None:
    async with driving(session) as driver:
        rows = driver.queue.failures
        rows.cursor = complete(driver)
        await driver.settle()
        trace_id = driver.under_cursor.trace_id  # type: ignore[union-attr]
        await driver.press("y", "2")
        assert trace_id in driver.app.clipboard
        assert driver.app.clipboard.startswith("http")
        await driver.does("queue.browse", "b")
        assert trace_id in driver.app.opened[-1]
        await driver.until(lambda: "‹" in driver.text(), "masks")
        await driver.does("queue.reveal", "r")
        assert driver.queue.preview.revealed
        await driver.does("queue.open", "enter")
        assert isinstance(driver.screen, TraceScreen)
        await driver.press("escape")
        await driver.does("queue.promote", "p")
        assert isinstance(driver.screen, WorkbenchScreen)
        await driver.press("escape")
        await driver.does("queue.mark", "space")
        assert len(rows.marks) == 1
        assert "1 marked" in driver.text()
        await driver.does("queue.clear", "escape")
        assert not rows.marks
        await driver.does("queue.mark-all", "asterisk")
        assert len(rows.marks) == len(rows.rows)
        await driver.press("escape", "g", "space", "j", "j")
        await driver.does("queue.mark-range", "v")
        assert len(rows.marks) >= 3
        await driver.press("escape")
        await driver.does("queue.fold", "x")
        assert "Each failure is a row" in driver.toasts()
        await driver.does("queue.item", "i")
        assert "none is known to be like it" in driver.toasts()
        await driver.does("queue.decline", "backspace")
        assert "No draft was prepared here" in driver.toasts()
        await driver.does("queue.annotate", "a")
        await driver.type("pass")
        await driver.press("enter")
        assert "Note on" in driver.toasts()
        await driver.does("queue.sort", "S")
        await driver.press("2")
        assert [f.name or "" for f in driver.listed] == sorted(f.name or "" for f in driver.listed)
        assert "by workflow" in driver.text()
        await driver.press("S", "1")
        await driver.does("queue.columns", "c")
        await driver.press("j", "j", "j", "j", "j", "j", "j", "j", "j", "enter", "escape")
        assert "took" in driver.text()
        await driver.does("queue.filter", "slash")
        await driver.type("rag")
        await driver.press("enter")
        assert {f.name for f in driver.listed} == {"help-centre-rag", None}
        await driver.press("escape")
        await driver.does("queue.window", "t")
        assert isinstance(driver.screen, Choose)
        await driver.press("1")
        assert session.rooms.last_place.since == "24h"
        await driver.does("queue.rules", "w")
        assert isinstance(driver.screen, Choose)
        await driver.press("1")
        first = driver.under_cursor
        await driver.does("queue.snooze", "z")
        await driver.press("1")
        assert session.queue.get(first.trace_id).state == "snoozed"  # type: ignore[union-attr]
        second = driver.under_cursor
        await driver.does("queue.dismiss-failure", "d")
        await driver.press("1")
        assert session.queue.get(second.trace_id).state == "dismissed"  # type: ignore[union-attr]
        await driver.does("queue.next-state", "s")
        await driver.press("s")
        assert [f.trace_id for f in driver.listed] == [second.trace_id]  # type: ignore[union-attr]
        await driver.does("queue.reopen", "o")
        assert session.queue.get(second.trace_id).state == "open"  # type: ignore[union-attr]


async def test_a_rule_from_the_projects_own_traces(sandbox: SandboxServer, scrubber: Scrubber, tmp_path: Path) -> None:
    settings = settings_for(sandbox).model_copy(update={"rules": str(tmp_path)})
    async with driving(Session(settings, scrubber)) as driver:
        await driver.until(lambda: "There is no rule yet" in driver.text(), "the page")
        await driver.does("queue.new-rule", "N")
        assert "A rule for which workflow" in driver.text()
        assert re.search(r"1 +\S+ +\d+ failures", driver.text())
        await driver.press("1")
        await driver.until(lambda: "What it makes of a failure" in driver.text(), "the preview")
        assert '"input"' in driver.text()
        assert "A rule for" in driver.text()
        await driver.press("2")  # read it first
        await driver.press("ctrl+s")
        (written,) = tmp_path.glob("*.yaml")
        assert f"Wrote {written}" in driver.toasts()
        assert driver.queue.failures.rows
        await driver.does("queue.try-rule", "T")
        await driver.until(lambda: "of their drafts lack nothing" in driver.text(), "the trial")
        assert re.search(r"input\.\w+ +\d+ of \d+  \S", driver.text())
        assert "required_terms_present" in driver.text()
        await driver.does("trial.reveal", "r")
        await driver.does("trial.back", "escape")
        assert driver.screen is driver.queue


@pytest.mark.slow
async def test_trace(session: Session) -> None:
    async with driving(session) as driver:
        await driver.press("slash")
        await driver.type("order-st")
        await driver.press("enter", "enter")
        first = driver.screen
        assert isinstance(first, TraceScreen)
        await driver.does("trace.next-pane", "l")
        assert isinstance(driver.screen.focused, MaskedView)
        await driver.until(lambda: "+" in driver.text(), "a call as one line")
        closed = len(first.view.lines)
        await driver.press("semicolon")
        codes = [code for code, (_, go) in driver.screen._targets.items() if first.view in getattr(go, "args", ())]
        await driver.press(*codes[0])
        assert first.view.has_focus
        assert len(first.view.lines) > closed  # the letters of a call open it
        await driver.press("space")
        assert len(first.view.lines) == closed
        await driver.does("text.fold", "space")
        assert len(first.view.lines) > closed
        await driver.press("space")
        assert len(first.view.lines) == closed
        await driver.does("trace.previous-pane", "h")
        assert isinstance(driver.screen.focused, Rows)
        await driver.does("trace.open", "enter")
        assert isinstance(driver.screen.focused, MaskedView)
        await driver.does("trace.other-view", "v")
        assert first.view.view == "json"
        await driver.does("trace.reveal", "r")
        assert first.view.revealed
        await driver.press("h")
        await copied(driver, first.trace_id)
        await driver.does("trace.browse", "b")
        assert first.trace_id in driver.app.opened[-1]
        await driver.does("trace.next", "right_square_bracket")
        assert driver.screen.trace_id != first.trace_id
        await driver.does("trace.previous", "left_square_bracket")
        assert driver.screen.trace_id == first.trace_id
        await driver.does("trace.promote", "p")
        assert isinstance(driver.screen, WorkbenchScreen)
        await driver.press("escape")
        await driver.does("trace.snooze", "z")
        await driver.press("1")
        assert session.queue.get(first.trace_id).state == "snoozed"  # type: ignore[union-attr]
        second = driver.screen.trace_id
        await driver.does("trace.dismiss-failure", "d")
        await driver.press("1")
        assert session.queue.get(second).state == "dismissed"  # type: ignore[union-attr]
        await driver.does("trace.back", "escape")
        assert driver.screen is driver.queue


async def test_workbench_and_receipt(
    session: Session, sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    own = shutil.copytree(shipped_rules(), tmp_path, dirs_exist_ok=True)  # a type is added to one of them
    session.rooms.settings = session.settings.model_copy(update={"rules": str(own)})
    async with driving(session) as driver:
        driver.queue.failures.cursor = complete(driver)
        await driver.press("p")
        bench = driver.screen
        assert isinstance(bench, WorkbenchScreen)
        form = bench.query_one(FormView)
        types = bench._prepared.loaded.rule.lineage.failure_types  # type: ignore[union-attr]
        await driver.does("workbench.choose-1", "1")
        await driver.does("workbench.choose-2", "2")
        await driver.does("workbench.choose-3", "3")
        await driver.does("workbench.choose-4", "4")
        await driver.does("workbench.choose-5", "5")
        assert chosen(bench) == types[4]
        await driver.does("workbench.choose-6", "6")
        await driver.does("workbench.choose-7", "7")
        await driver.does("workbench.choose-8", "8")
        await driver.does("workbench.choose-9", "9")
        assert chosen(bench) == types[4]
        await driver.does("workbench.new-type", "n")
        await driver.type("a=b")
        await driver.press("enter")
        assert "is no name of a failure type" in driver.text()
        await driver.press(*["backspace"] * 3)
        await driver.type("wrong carrier")
        await driver.press("enter")
        assert chosen(bench) == "wrong carrier"
        assert (tmp_path / "order-status-regression.failure-types.txt").read_text() == "wrong carrier\n"
        await driver.press("5")

        form.go_to("input.region")
        before = bench._prepared.scrubbed.input["region"]  # type: ignore[union-attr,index,call-overload]
        await driver.does("form.edit", "enter")
        await driver.press("1" if before != "eu" else "2")
        assert bench._prepared.scrubbed.input["region"] != before  # type: ignore[union-attr,index,call-overload]
        await driver.does("form.restore", "backspace")
        assert bench._prepared.scrubbed.input["region"] == before  # type: ignore[union-attr,index,call-overload]

        await driver.does("workbench.next-pane", "l")
        checks = bench.query_one("#checks")
        assert checks.has_focus
        replaced = next(f for f in bench._prepared.scrubbed.findings if f.action == "replace")  # type: ignore[union-attr]
        checks.go_to(replaced.id)
        await driver.does("checks.keep", "x")
        await driver.press("2")
        assert [f.action for f in bench._prepared.scrubbed.findings if f.id == replaced.id] == ["keep"]  # type: ignore[union-attr]
        assert "1 kept" in driver.text()
        await driver.does("checks.accept", "a")
        assert "kept" not in driver.text()
        await driver.does("checks.teach", "m")
        await driver.press("1")
        assert "order-status-regression.never-personal.txt" in driver.text()
        await driver.press("enter")
        assert replaced.id not in {f.id for f in bench._prepared.scrubbed.findings}  # type: ignore[union-attr]
        taught = (tmp_path / "order-status-regression.never-personal.txt").read_text()
        assert taught.strip() in json.dumps(bench._prepared.scrubbed.metadata)  # type: ignore[union-attr]
        await driver.does("workbench.previous-pane", "h")
        assert form.has_focus

        await driver.does("workbench.other-view", "v")
        assert "Item as JSON" in driver.text()
        await driver.press("slash")
        await driver.type("region")
        await driver.press("enter")
        assert bench.query_one("#item-json").hit_count[1] == 1
        await driver.press("v")
        await driver.does("workbench.reveal", "r")
        assert bench._revealed
        await driver.press("r")
        script = tmp_path / "editor"
        script.write_text("#!/bin/sh\ntrue\n")
        script.chmod(0o700)
        monkeypatch.setenv("EDITOR", str(script))
        await driver.does("workbench.editor", "e")  # a test has no terminal to lend: the text is asked for here
        assert '"expected_output"' in driver.text()
        await driver.press("escape")
        await driver.does("workbench.case", "c")
        await driver.press("escape")
        await driver.does("workbench.rule", "w")
        await driver.press("escape")
        await driver.does("workbench.terms", "t")
        assert "correction" in driver.toasts()
        await driver.does("workbench.next-point", "tab")
        await driver.does("workbench.previous-point", "shift+tab")
        await driver.does("workbench.reset", "ctrl+x")
        await driver.press("enter")
        assert chosen(bench) != types[4]
        await driver.does("workbench.back", "escape")
        assert driver.screen is driver.queue

        await driver.press("p", "1")
        dataset = driver.screen._prepared.draft.dataset
        # Known a moment ago, and gone now: the receipt says so, with what can be done.
        session.items._known[dataset] = (time.monotonic(), [])
        await driver.does("workbench.write", "p")
        assert isinstance(driver.screen, ReceiptScreen)
        assert "DATASET_MISSING" in driver.text()
        assert (
            foot(driver) == "1 create-dataset  2 draft  esc Back  e Explain  y Copy  f Zoom  ; Jump  ^p Palette  ? Help"
        )
        await driver.does("receipt.explain", "e")
        assert isinstance(driver.screen, PageScreen)
        await driver.press("escape")
        await driver.does("receipt.back", "escape")
        assert isinstance(driver.screen, WorkbenchScreen)
        session.items._known[dataset] = (time.monotonic(), [])
        await driver.press("p")
        await driver.does("receipt.remedy-6", "6")
        await driver.does("receipt.remedy-5", "5")
        await driver.does("receipt.remedy-4", "4")
        await driver.does("receipt.remedy-3", "3")
        assert "DATASET_MISSING" in driver.text()
        await driver.does("receipt.remedy-2", "2")
        assert len(session.rooms.journal.drafts.all()) == 1
        await driver.does("receipt.remedy-1", "1")
        assert "verified" in driver.text()
        assert foot(driver).startswith(
            "enter Next failure  n Next draft  esc Back  t Prove  b Browser  s State  u Undo"
        )
        receipt = driver.screen._receipt
        await driver.does("receipt.cover", "c")
        assert "No other open failure of its group is known" in driver.toasts()
        await driver.does("receipt.state", "s")
        await driver.press("2", "enter")  # known; the reviewer mends it
        await driver.type("https://example.org/1")
        await driver.press("enter", "enter")
        assert "The gate knows the item's new state" in driver.toasts()
        stored = session.rooms.gateway.item(receipt.item_id)
        assert stored is not None
        assert stored.metadata["gate"]["owner"] == "maya"
        await copied(driver, receipt.item_id)
        await driver.does("receipt.browse", "b")
        assert receipt.item_id in driver.app.opened[-1]
        await driver.does("receipt.next", "enter")
        assert driver.screen is driver.queue

        await driver.press("p")
        second = driver.screen.trace_id
        await driver.does("workbench.dismiss-failure", "d")
        await driver.press("1")
        assert session.queue.get(second).state == "dismissed"  # type: ignore[union-attr]

        await driver.press("L")
        await driver.does("log.explain", "j", "e")
        assert "Nothing went wrong here" in driver.toasts()
        await driver.does("log.filter", "slash")
        await driver.type("action:promote by:maya")
        assert {entry.action for entry in driver.screen.rows.rows} == {"promote"}
        await driver.type(' "')
        assert "a quotation mark is not closed" in driver.text()
        assert {entry.action for entry in driver.screen.rows.rows} == {"promote"}
        await driver.press("backspace", "enter")
        assert "action:promote by:maya" in driver.text()
        await driver.press("escape")
        await driver.does("log.resume", "p")
        assert "Nothing was interrupted" in driver.toasts()
        await driver.does("log.open", "enter")
        assert isinstance(driver.screen, TraceScreen)
        await driver.press("escape")
        await driver.does("log.back", "escape")
        assert driver.screen is driver.queue


def foot(driver: Driver) -> str:
    """The keys that the foot of the screen offers."""
    return driver.text().splitlines()[-1].strip()


def chosen(bench: WorkbenchScreen) -> object:
    assert bench._prepared is not None
    return bench._prepared.draft.metadata["failure_type"]


@pytest.mark.slow
async def test_several_at_once(session: Session) -> None:
    async with driving(session) as driver:
        driver.queue.failures.cursor = complete(driver)
        await driver.press("space")
        await driver.press("space", "p")
        assert isinstance(driver.screen, BulkScreen)
        await driver.until(lambda: "preparing" not in driver.text(), "the drafts")
        bulk = driver.screen
        await driver.does("bulk.open", "enter")
        assert isinstance(driver.screen, WorkbenchScreen)  # enter opens, it writes nothing
        await driver.press("escape")
        assert driver.screen is bulk
        await driver.until(lambda: "preparing" not in driver.text(), "the draft")
        await driver.does("bulk.leave-out", "space")
        assert "1 left out" in driver.text()
        await driver.press("k", "space")
        assert "left out" not in driver.text()
        await driver.does("bulk.start", "p")
        assert "Promote 2 items?" in driver.text()
        assert not session.rooms.journal.ledger.entries()
        await driver.press("1")
        assert "promoted" in driver.text()
        await driver.does("bulk.back", "escape")
        assert driver.screen is driver.queue


@pytest.mark.slow
async def test_weak_cases_are_asked_about(session: Session) -> None:
    """One by one on the workbench, and among several."""
    async with driving(session) as driver:
        place = complete(driver)
        driver.queue.failures.cursor = place
        await driver.press("p")
        bench = driver.screen
        session.items.create_dataset(bench._prepared.loaded)
        answer = json.loads(bench._prepared.trace.root.output)
        weak = {"outcome": answer["outcome"], "must_mention": ["e"], "must_not_mention": []}
        bench.change(edits={f"expected_output.{name}": value for name, value in weak.items()})
        await driver.settle()
        assert "▲ it protects nothing" in driver.text()
        if bench._prepared.type_open:
            await driver.press("1")
        await driver.press("p")
        assert "Write this case?" in driver.text()
        await driver.press("1")
        assert driver.screen is bench

        await driver.press("escape", "space", "space", "p")
        await driver.until(lambda: "preparing" not in driver.text(), "the drafts")
        await driver.press("p")
        assert "would protect nothing" in driver.text()
        await driver.press("escape", "escape", "escape")
        assert driver.screen is driver.queue

        driver.queue.failures.clear_marks()
        driver.queue.failures.cursor = place
        await driver.press("p")
        if driver.screen._prepared.type_open:
            await driver.press("1")
        await driver.press("p", "2")
        assert isinstance(driver.screen, ReceiptScreen)
        assert "verified" in driver.text()
        assert "▲ the recorded answer passes every check" in driver.text()


@pytest.mark.slow
async def test_datasets_and_lineage(session: Session) -> None:
    async with driving(session) as driver:
        await driver.press("D")
        datasets = driver.screen.query_one("#datasets", Rows)
        datasets.cursor = next(n for n, each in enumerate(datasets.rows) if each.name == audit_example.DATASET)
        await driver.does("datasets.audit", "a")
        assert "37 items" in driver.text()
        await driver.press("escape")
        await driver.does("datasets.open", "enter")
        items = driver.screen.query_one("#items", Rows)
        assert items.has_focus
        items.cursor = next(n for n, each in enumerate(items.rows) if each.source_trace_id)
        item = items.current
        assert item is not None
        title = driver.screen.query_one("#detail-title", Static)
        await driver.until(lambda: str(title.content) == item.id, "the item beside the list")
        await driver.does("datasets.verify", "v")
        assert item.id in driver.toasts() or "Not as approved" in driver.text()
        await copied(driver, item.id)
        await driver.does("datasets.browse", "b")
        assert item.id in driver.app.opened[-1]
        view = driver.screen.query_one(MaskedView)
        await driver.does("datasets.reveal", "r")
        assert view.revealed
        await driver.does("datasets.source", "t")
        assert isinstance(driver.screen, TraceScreen)
        await driver.press("escape")
        await driver.does("datasets.lineage", "s")
        assert isinstance(driver.screen, LineageScreen)
        view = driver.screen.query_one(MaskedView)
        await driver.does("lineage.reveal", "r")
        assert view.revealed
        await driver.press("y", "2")
        assert driver.app.clipboard == item.id
        await driver.does("lineage.browse", "b")
        assert item.id in driver.app.opened[-1]
        await driver.does("lineage.source", "t")
        assert isinstance(driver.screen, TraceScreen)
        await driver.press("escape")
        await driver.does("lineage.back", "escape")
        assert items.has_focus
        await driver.does("datasets.back", "escape")
        assert datasets.has_focus


@pytest.mark.slow
async def test_runs_and_two_compared(session: Session) -> None:
    async with driving(session, (120, 40)) as driver:
        await driver.press("R")
        await driver.until(lambda: "… looking" not in driver.text() and "whole?" in driver.text(), "the runs")
        runs = driver.screen
        assert isinstance(runs, RunsScreen)
        text = runs.query_one(MaskedView)
        await driver.does("runs.next-pane", "l")
        assert text.has_focus
        await driver.does("runs.previous-pane", "h")
        assert runs.rows.has_focus
        await driver.does("runs.open", "enter")
        assert text.has_focus
        await driver.does("runs.reveal", "r")
        assert text.revealed
        await driver.does("runs.clear", "escape")
        assert runs.rows.has_focus
        await copied(driver, "")
        await driver.does("runs.mark", "space")
        assert len(runs.rows.marks) == 1
        await driver.does("runs.compare", "c")
        await driver.until(lambda: "baseline" in driver.text(), "the comparison")
        compare = driver.screen
        assert isinstance(compare, CompareScreen)
        first = compare.focused
        await driver.does("compare.next-pane", "l")
        assert compare.focused is not first
        await driver.does("compare.previous-pane", "h")
        assert compare.focused is first
        assert "candidate 1 of 4" in driver.text()
        await driver.does("compare.next-repeat", "right_square_bracket")
        assert "candidate 2 of 4" in driver.text()
        await driver.does("compare.previous-repeat", "left_square_bracket")
        assert "candidate 1 of 4" in driver.text()
        await driver.does("compare.browse", "b")
        assert driver.app.opened
        view = compare.reader("candidate").view
        await driver.does("compare.other-view", "v")
        assert view.view == "json"
        await driver.does("compare.reveal", "r")
        assert view.revealed
        await driver.does("compare.open", "enter")
        assert compare.focused is not first
        await driver.press("escape")
        await driver.does("compare.swap", "x")
        await driver.until(lambda: "baseline staging" in driver.text(), "the other way round")
        await driver.does("compare.back", "escape")
        assert driver.screen is runs
