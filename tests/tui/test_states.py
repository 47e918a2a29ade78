"""Waiting, refusals, nothing there, two reviewers, coming back: states of a screen, never a crash."""

import os
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from curator.model import Decision, Failure
from curator.model.errors import ConfigError
from curator.model.lineage import to_item
from curator.queue.decisions import put_decision
from curator.rulebook import shipped_rules
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.memory import LastPlace, Memory
from curator.tui.screens.log import KEPT
from curator.tui.screens.trace import TraceScreen
from curator.tui.screens.workbench import WorkbenchScreen
from curator.tui.session import Session
from curator.tui.widgets.frame import Page, PlaceLabel
from curator.tui.widgets.rows import Rows
from curator.tui.widgets.week_view import StateTab
from tests.command import run
from tests.queue.world import World
from tests.tui.driver import Driver, Listening, driving, go_elsewhere, settings_for
from tests.tui.terminal import Terminal

pytestmark = pytest.mark.anyio


async def test_offline_at_the_start_then_retry(scrubber: Scrubber, sandbox: SandboxServer) -> None:
    settings = settings_for(sandbox)
    session = Session(settings.model_copy(update={"base_url": "http://127.0.0.1:9"}), scrubber)
    async with driving(session) as driver:
        await driver.until(lambda: "try again" in driver.text(), "the refusal")
        assert "No connection to 127.0.0.1:9" in driver.text()
        refusal = driver.app._lost
        assert refusal is not None
        for size in ((100, 30), (80, 24), (120, 36)):  # what to do is read whole at every width
            await driver.pilot.resize_terminal(*size)
            await driver.settle()
            assert refusal.remedy in flat(driver)
        go_elsewhere(session, settings)
        await driver.press("ctrl+r")
        assert len(driver.queue.failures.rows) > 20


@pytest.mark.slow
async def test_wrong_keys_are_named(scrubber: Scrubber, sandbox: SandboxServer) -> None:
    settings = settings_for(sandbox).model_copy(update={"secret_key": SecretStr("sk-lf-wrong")})
    async with driving(Session(settings, scrubber)) as driver:
        await driver.until(lambda: "try again" in driver.text(), "the refusal")
        assert "sk-lf-wrong" not in driver.text()
        assert "key" in driver.text().lower()


async def test_missing_keys_end_the_app_with_the_reason(scrubber: Scrubber, sandbox: SandboxServer) -> None:
    def refuse() -> Session:
        raise ConfigError("No keys.", code="CONFIG_KEYS_MISSING")

    app = Listening(refuse)
    async with app.run_test() as pilot:
        while app._exit is False:
            await pilot.pause(0.02)
    assert isinstance(app.return_value, ConfigError)


async def test_a_failing_server_leaves_the_data_on_screen(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(tmp_path / "nowhere"))
    async with driving(session) as driver:
        await driver.press("ctrl+s")
        said = f"No picture was saved: No such file or directory: {tmp_path / 'nowhere'}"
        await driver.until(lambda: said in driver.toasts(), "why no picture was saved")
        rows = len(driver.queue.failures.rows)
        go_elsewhere(session, session.settings.model_copy(update={"base_url": "http://127.0.0.1:9"}))
        await driver.press("ctrl+r")
        await driver.until(lambda: "retries" in driver.text(), "the banner")
        assert len(driver.queue.failures.rows) == rows
        first = driver.under_cursor
        assert first is not None
        await driver.press("d", "1")
        await driver.until(lambda: session.queue.get(first.trace_id).state == "open", "the decision to be taken back")  # type: ignore[union-attr]
        assert len(driver.queue.failures.rows) == rows
        await driver.press("enter")
        assert "try again" in driver.text()


async def test_a_picture_holds_no_value(session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DOWNLOAD_DIR", str(tmp_path))
    drawn = '<svg><text x="1">chat&#160;with&#160;Jane&#160;Miller</text><text x="2">a&#160;&lt;&#160;b</text></svg>'
    async with driving(session) as driver:
        await driver.press("ctrl+s")
        await driver.until(lambda: any(p.stat().st_size for p in tmp_path.glob("*.svg")), "the picture")
        (first,) = tmp_path.glob("*.svg")
        assert "Queue" in first.read_text("utf-8")
        first.unlink()
        monkeypatch.setattr(driver.app, "export_screenshot", lambda: drawn)
        await driver.press("ctrl+s")
        await driver.until(lambda: any(p.stat().st_size for p in tmp_path.glob("*.svg")), "the picture")
        (second,) = tmp_path.glob("*.svg")
        assert second.read_text("utf-8") == drawn.replace("Jane&#160;Miller", "█" * 11)


@pytest.mark.slow
async def test_a_wait_for_the_server_is_said(session: Session, sandbox: SandboxServer) -> None:
    async with driving(session) as driver:
        sandbox.fault("http-429", "every:9")
        await driver.pilot.press("ctrl+r")
        await driver.until(lambda: "trying again in" in " ".join(driver.app.waits), "the notice")
        assert len(driver.queue.failures.rows) > 20


@pytest.mark.slow
async def test_nothing_to_do_is_said(scrubber: Scrubber) -> None:
    with SandboxServer() as server:
        async with driving(Session(settings_for(server), scrubber)) as driver:
            assert "No rule finds a failure in this window" in driver.text()
            await driver.press("j", "p", "d", "z", "o", "space", "enter", "y", "b", "r")
            assert driver.screen is driver.queue
            await driver.press("D")
            assert "no dataset yet" in driver.text()
            await driver.press("escape", "R")
            assert "No experiment ran" in driver.text()
            await driver.press("escape", "L")
            assert "Nothing was done yet" in driver.text()
            await driver.press("u")
            assert "nothing to take back" in driver.toasts()
            await driver.press("escape")
            assert driver.screen is driver.queue


async def test_a_project_without_rules_has_a_queue_by_plain_defaults_and_a_key_for_a_rule(
    scrubber: Scrubber, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traces that no shipped rule knows: the terminal lists what `curator queue` lists, and says why."""
    monkeypatch.chdir(tmp_path)
    with SandboxServer() as server:
        session = Session(settings_for(server).model_copy(update={"rules": None}), scrubber)
        world = World(server, session.rooms.gateway, tmp_path)
        for trace, answer in (("helped", "Within 30 days."), ("unhelpful", "I cannot say."), ("invented", "Never.")):
            world.trace(trace, name="lamp-shop", input={"question": "When is a refund paid?"}, output=answer)
        world.trace("broken", name="lamp-shop", level="ERROR", input={"question": "Hello?"})
        world.score("helped", "helpful", True)
        world.score("unhelpful", "helpful", False)
        world.score("invented", "hallucination", 0.9)
        world.load()
        printed = run("queue", "--json", env=server.environment() | {"CURATOR_RULES": ""}, folder=tmp_path)
        wanted = {failure["trace_id"] for failure in printed.document["failures"]}
        assert wanted == {"broken", "invented", "unhelpful"}, printed
        async with driving(session) as driver:
            assert {each.trace_id for each in driver.listed} == wanted
            assert "by plain defaults  N makes a rule" in driver.text()
            assert "helpful" in driver.toasts()
            assert "plain defaults count as failures" in driver.toasts()
            assert "names the annotation queue" not in driver.toasts() + printed.stderr
            await driver.press("T")
            assert "no rule yet to try" in driver.toasts()
            await driver.press("p")
            await driver.until(lambda: "found by plain defaults" in driver.text(), "the refusal")
            await driver.press("escape", "N")
            assert "A rule for lamp-shop" in driver.text()
            await driver.press("enter")
            assert (tmp_path / "rules" / "lamp-shop.yaml").is_file()
            assert {each.trace_id for each in driver.listed} == wanted
            assert "plain defaults" not in driver.text()
            await driver.press("p")
            assert session.drafts.order("unhelpful").rule == "lamp-shop"


@pytest.mark.slow
async def test_filter_states_window_and_workflow(session: Session) -> None:
    async with driving(session) as driver:
        rows = driver.queue.failures
        total = len(rows.rows)
        await driver.press("slash")
        await driver.type("zzzz")
        assert "Nothing matches the filter" in driver.text()
        await driver.press("escape")
        assert len(rows.rows) == total
        await driver.press("slash")
        await driver.type("helpfulness<0.3 -is:seen")
        assert 0 < len(rows.rows) < total
        assert all(any(s.name == "helpfulness" and s.value < 0.3 for s in f.signals) for f in driver.listed)  # type: ignore[operator]
        await driver.type(" is:nonsense")
        assert "is:nonsense is nothing that a failure can be" in driver.text()
        assert 0 < len(rows.rows) < total
        await driver.press("escape")
        await driver.press("t", "3")
        assert len(rows.rows) > total
        await driver.press("w", "3")
        names = {s.rule for f in driver.listed for s in f.signals}
        assert len(names) == 1
        await driver.press("s")
        assert "Nothing is promoted" in driver.text()
        await driver.press("s", "s", "s", "s")
        assert session.rooms.last_place.state == "open"


@pytest.mark.slow
async def test_it_resumes_where_one_stopped(session: Session, sandbox: SandboxServer, scrubber: Scrubber) -> None:
    async with driving(session) as driver:
        await driver.press("slash")
        await driver.type("order-st")
        await driver.press("enter", "j", "j", "ctrl+t")
        chosen = driver.under_cursor
        theme = driver.app.theme
    async with driving(Session(settings_for(sandbox), scrubber)) as driver:
        assert driver.app.theme == theme != "curator-dark"
        assert driver.under_cursor == chosen
        assert all("order-st" in (f.name or "") for f in driver.listed if not f.source_gone)
        await driver.press("escape")
        assert len(driver.queue.failures.rows) > 20


@pytest.mark.slow
async def test_a_draft_outlives_the_app(session: Session, sandbox: SandboxServer, scrubber: Scrubber) -> None:
    async with driving(session) as driver:
        await driver.press("p")
        trace_id = driver.screen.trace_id
        types = driver.screen._prepared.loaded.rule.lineage.failure_types
        await driver.press("2", "q")
        assert driver.app._exit
    async with driving(Session(settings_for(sandbox), scrubber)) as driver:
        await driver.press("p")
        assert driver.screen.trace_id == trace_id
        assert "Your draft from before is back" in driver.toasts()
        assert driver.screen._prepared.draft.metadata["failure_type"] == types[1]


@pytest.mark.slow
async def test_the_mouse(session: Session) -> None:
    async with driving(session) as driver:
        rows = driver.queue.failures
        await driver.pilot.click(Rows, offset=(10, 4))
        await driver.settle()
        assert rows.cursor == 3  # the first line holds the titles
        promoted = next(tab for tab in driver.screen.query(StateTab) if tab.state == "promoted")
        await driver.pilot.click(promoted)
        await driver.settle()
        assert "Nothing is promoted" in driver.text()
        datasets = next(label for label in driver.screen.query(PlaceLabel) if label.place == "datasets")
        await driver.pilot.click(datasets)
        await driver.settle()
        assert driver.app.current_mode == "datasets"


def flat(driver: Driver) -> str:
    """What is on screen in one line: a sentence that is wrapped can be found."""
    return " ".join(driver.text().replace("▏", " ").split())


def left_unwritten(sandbox: SandboxServer, scrubber: Scrubber) -> str:
    """A process begins to promote and is gone; the key of what it left."""
    killed = Session(settings_for(sandbox), scrubber)
    killed.queue.read("7d", None, lambda what, done, total: None)
    prepare, order = killed.drafts.prepare, killed.drafts.order
    there = (failure for failure in killed.queue.all() if not failure.source_gone)
    left = next(made for made in (prepare(order(failure.key)) for failure in there) if made.scrubbed.writable)
    item = to_item(left.scrubbed, reviewer="maya", approved_at=datetime.now(UTC))
    killed.rooms.journal.promotions.begin(item, rule=left.loaded.rule.rule, reviewer="maya")
    killed.close()  # its sign of life ends with it, as with a kill
    return left.order.trace_id


@pytest.mark.slow
async def test_two_terminals_at_once(session: Session, sandbox: SandboxServer, scrubber: Scrubber) -> None:
    """What somebody else decided is told before it is overwritten; what a killed process left is listed."""
    left = left_unwritten(sandbox, scrubber)
    tom = Session(settings_for(sandbox).model_copy(update={"reviewer": "tom"}), scrubber)
    async with driving(session, fold="off") as one:
        await one.until(lambda: "0 finished, 1 kept as draft" in one.toasts(), "what is said of it")
        await one.press("L")
        assert "not written" in one.text()
        assert "nothing was written, its draft is kept: p opens it, e says why" in flat(one)
        await one.press("p")
        assert isinstance(one.screen, WorkbenchScreen)
        assert one.screen.key == left
        await one.press("escape", "Q")
        rows, whole = one.queue.failures, [f for f in one.listed if not f.source_gone and f.key != left]
        ready = [f for f in whole if session.drafts.prepare(session.drafts.order(f.key)).scrubbed.writable][:2]
        first, second = [f for f in whole if f not in ready][:2]

        async def on(driver: Driver, failure: Failure, *keys: str) -> None:
            driver.queue.failures.cursor = [each.key for each in driver.listed].index(failure.key)
            await driver.press(*keys)

        def said(of: Session, failure: Failure) -> str:
            now = of.queue.get(failure.key)
            assert now is not None
            return f"{now.state} by {now.decision.reviewer}" if now.decision else now.state

        async with driving(tom, fold="off") as other:
            await on(one, first, "d", "1")
            await on(other, first, "z", "2")
            assert "Somebody has decided meanwhile" in other.text()
            assert "dismissed by maya 0m ago (not a failure)" in flat(other)
            await other.press("1")
            assert said(tom, first) == "dismissed by maya"
            await on(other, second, "d", "1")
            await on(one, second, "z", "2", "2")
            assert said(session, second) == "snoozed by maya"

            # On the workbench, among several, and for an undo.
            await on(other, ready[0], "z", "1")
            await on(one, ready[0], "space")
            await on(one, ready[1], "space", "p")
            await one.until(lambda: "preparing" not in one.text(), "the drafts")
            await one.press("p")
            assert "Promote 1 item?" in one.text()
            await one.press("escape")
            assert "meanwhile snoozed by tom" in flat(one)
            assert [each.failure.key for each in one.screen.entries if each.takes_part] == [ready[1].key]
            await one.press("escape")
            rows.clear_marks()
            await on(one, ready[1], "p")
            if one.screen._prepared.type_open:
                await one.press("1")
            await on(other, ready[1], "d", "2")
            await one.press("p")
            if "Write this case?" in one.text():
                await one.press("2")
            assert "Meanwhile it was dismissed by tom" in flat(one)
            await one.press("escape", "escape")
        third = next(f for f in one.listed if f.key not in (left, *(f.key for f in (first, second, *ready))))
        await on(one, third, "d", "1")
        put_decision(session.rooms.gateway, _elsewhere(third))  # on another machine: only the server knows
        await one.press("u")
        assert "Meanwhile it was snoozed by tom" in flat(one)
        await one.press("escape")
        assert said(session, third) == "dismissed by maya"


@pytest.mark.slow
async def test_killed_among_many_the_log_lists_what_is_written_and_what_is_not(
    sandbox: SandboxServer, scrubber: Scrubber
) -> None:
    state = {"CURATOR_STATE_DIR": os.environ["CURATOR_STATE_DIR"], "CURATOR_RULES": str(shipped_rules())}
    state |= {"COLUMNS": "120", "LINES": "36"}
    Memory(settings_for(sandbox)).keep_last_place(LastPlace(since="14d", filter="order-st", fold="off"))
    with Terminal([sys.executable, "-m", "curator"], sandbox.environment() | state) as terminal:
        terminal.wait_for("decided")
        for keys, seen in (("*", "marked"), ("p", "promotes"), ("p", "a new dataset")):
            terminal.send(keys)
            terminal.wait_for(seen)
        sandbox.fault("slow", "0.4")
        terminal.send("\r")
        terminal.wait_for(*(f"writing {some} of" for some in range(3, 9)))
        os.kill(terminal.process, signal.SIGKILL)
    sandbox.settings.faults.switch_off("slow")

    session = Session(settings_for(sandbox), scrubber)
    begun = {each.item_id for each in session.rooms.journal.promotions.unfinished()}
    assert len(begun) >= 15
    async with driving(session) as driver:
        await driver.until(lambda: "left from before" in driver.toasts(), "what is said of it")
        await driver.press("L")
        rows = driver.screen.rows.rows
        written = {each.item_id for each in rows if each.verdict == "verified"}
        kept = {each.item_id for each in rows if each.verdict == KEPT}
        assert written | kept == begun
        assert not written & kept
        assert {each.item_id for each in rows if each.item_id not in written and each.verdict != KEPT} <= kept
        assert written == {each.id for each in session.items.of(rows[0].dataset, lambda *_: None)}
        assert len(written) >= 3
        assert f"{len(written)} finished, {len(kept)} kept as draft" in driver.toasts()
        assert "its draft is kept: p opens it, e says why" in flat(driver)


def _elsewhere(failure: Failure) -> Decision:
    now = datetime.now(UTC)
    return Decision(
        trace_id=failure.trace_id,
        observation_id=failure.reviewed_id,
        state="snoozed",
        reviewer="tom",
        until=now + timedelta(days=1),
        at=now,
    )


@pytest.mark.slow
async def test_a_broken_memory_is_a_fresh_start(sandbox: SandboxServer, scrubber: Scrubber) -> None:
    settings = settings_for(sandbox)
    memory = Memory(settings)
    memory._folder.mkdir(parents=True)
    (memory._folder / "standing.json").write_text('{"since": 7')
    async with driving(Session(settings, scrubber)) as driver:
        assert len(driver.queue.failures.rows) > 20


@pytest.mark.slow
async def test_a_wait_can_be_given_up(session: Session, sandbox: SandboxServer) -> None:
    async with driving(session) as driver:
        rows = len(driver.queue.failures.rows)
        sandbox.fault("slow", "1.5")
        await driver.pilot.press("ctrl+r")
        await driver.pilot.pause()
        await driver.pilot.press("escape")
        await driver.until(lambda: "Stopped asking" in driver.toasts(), "the message")
        assert len(driver.queue.failures.rows) == rows
        assert driver.screen is driver.queue


@pytest.mark.slow
async def test_unknown_trace_and_gone_source(session: Session) -> None:
    async with driving(session) as driver:
        driver.app.open_trace("0" * 32)
        await driver.settle()
        assert isinstance(driver.screen, TraceScreen)
        assert driver.screen.query_one(Page).has_class("-error")
        await driver.press("escape")
        gone = next(i for i, f in enumerate(driver.listed) if f.source_gone)
        driver.queue.failures.cursor = gone
        await driver.press("p")
        assert driver.screen is driver.queue
        assert "The trace is not there any more" in driver.toasts()


@pytest.mark.slow
async def test_datasets_runs_and_log(session: Session, sandbox: SandboxServer) -> None:
    async with driving(session) as driver:
        failure = next(f for f in session.queue.all() if f.name == "order-status" and not f.source_gone)
        prepared = next(
            p
            for p in (
                session.drafts.prepare(session.drafts.order(f.trace_id))
                for f in session.queue.all()
                if f.name == failure.name
            )
            if p.scrubbed.writable
        )
        session.items.create_dataset(prepared.loaded)
        receipt = session.acts.promote(prepared)
        assert receipt.ok
        await driver.press("D")
        assert prepared.draft.dataset in driver.text()
        await driver.press("enter")
        await driver.until(lambda: "query" in driver.text(), "the item")
        await driver.press("v")
        assert "as it was approved" in driver.toasts()
        await driver.press("s")
        await driver.until(lambda: "by maya" in driver.text(), "the lineage")
        await driver.press("escape", "a")
        assert "1 item:" in driver.text()
        assert "Findings" in driver.text() or "no finding" in driver.text()
        await driver.press("escape", "t")
        assert isinstance(driver.screen, TraceScreen)
        await driver.press("escape", "escape", "escape", "L")
        await driver.until(lambda: "verified" in driver.text(), "the log")
        await driver.press("u", "ctrl+r")
        assert "undo" in driver.text()
        await driver.press("R")
        await driver.until(lambda: "run" in driver.text(), "the runs")
        await driver.press("j", "escape", "Q")
        assert driver.screen is driver.queue


@pytest.mark.slow
def test_seeded_now(scrubber: Scrubber) -> None:
    """The demo's week is this week, whenever it is."""
    with SandboxServer() as server:
        seed_demo(server.store, datetime.now(UTC))
        session = Session(settings_for(server), scrubber)
        session.queue.read("24h", None, lambda what, done, total: None)
        assert session.queue.all()
        session.close()
