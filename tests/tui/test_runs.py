"""Runs and two of them compared, as a reviewer sees them: whole or not, the verdict, what moved, the answers."""

import json
import re

import pytest
from textual.widgets import Static

from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.screens.compare import CompareScreen
from curator.tui.screens.runs import RunsScreen
from curator.tui.session import Session
from curator.tui.widgets.reader import Reader
from tests.demo.maker import golden
from tests.tui.driver import Driver, driving, go_elsewhere, settings_for
from tests.tui.hostile import CONTROLS, ESCAPES, MARKUP, UNSEEN
from tests.tui.test_hostile import look

pytestmark = pytest.mark.anyio
ITEM = f"{golden.DATASET}-02"


async def to_runs(driver: Driver) -> RunsScreen:
    await driver.press("R")
    await driver.until(lambda: "… looking" not in driver.text() and "whole?" in driver.text(), "the runs")
    assert isinstance(driver.screen, RunsScreen)
    return driver.screen


async def to_compare(driver: Driver) -> CompareScreen:
    """Compares the two runs at the top: the demo's staging and production."""
    await to_runs(driver)
    await driver.does("runs.mark", "space")
    await driver.does("runs.compare", "c")
    await driver.until(lambda: "baseline" in driver.text(), "the comparison")
    assert isinstance(driver.screen, CompareScreen)
    return driver.screen


@pytest.mark.slow
async def test_each_run_says_whether_it_is_whole(session: Session) -> None:
    async with driving(session) as driver:
        screen = await to_runs(driver)
        rows = {line[3:].split("  ")[0]: line for line in driver.text().splitlines() if "ago" not in line}
        assert "✓ whole" in rows["production"]
        assert "28 × 4" in rows["production"]
        assert "✕ split" in rows["returns-agent 3.9"]
        assert "✕ items missing" in rows["nightly smoke"]
        assert "every item of the dataset's" in driver.text()
        assert "tone" in driver.text()
        await driver.does("runs.open", "j", "j", "enter")
        assert screen.focused is screen.query_one(Reader).view
        assert "in 2 parts" in driver.text()
        assert "Run it again with --max-concurrency 3" in driver.text()
        await driver.does("runs.clear", "escape")
        assert screen.focused is screen.rows
        await driver.does("runs.next-pane", "l")
        assert screen.focused is screen.query_one(Reader).view
        await driver.does("runs.previous-pane", "h")
        assert screen.focused is screen.rows
        await driver.does("runs.reveal", "r")
        assert screen.query_one(Reader).view.revealed
        await driver.press("y", "1")
        assert driver.app.clipboard == "returns-agent 3.9"


async def test_two_runs_are_compared_with_their_answers_side_by_side(session: Session) -> None:
    async with driving(session, (120, 40)) as driver:
        await to_runs(driver)
        # The run under the cursor beside the earlier one of its dataset: where each score came from.
        assert re.search(r"short +(\d\.\d\d)\d  █▁ \1–0\.54", driver.text())
        await driver.press("Q")
        screen = await to_compare(driver)
        text = driver.text()
        assert "✕ worse: short; better: expected_outcome, required_terms_present, forbidden_terms_absent" in text
        assert "prompt_label production → staging" in text
        assert "28 items, 4 + 4 runs" in text
        assert "≈ no change" in text
        assert "better +1" in text
        assert "side by side 13 are red" in text
        first = screen.moved.current
        assert first is not None
        assert (first.item_id, first.score, first.delta) == (ITEM, "short", -1.0)
        assert "1 1 1 1 → 0 0 0 0" in text
        sides = {side: "\n".join(row.text for row in screen.reader(side).view.lines) for side in ("item", "baseline")}
        assert "has not arrived" in sides["item"]
        assert "must_mention" in sides["item"]
        assert "dispatched" in sides["baseline"]
        candidate = "\n".join(row.text for row in screen.reader("candidate").view.lines)
        assert "is delayed" in candidate.replace("\n", " ").replace("  ", "")
        assert "candidate 1 of 4" in text
        await driver.does("compare.next-repeat", "right_square_bracket")
        assert "candidate 2 of 4" in driver.text()
        await driver.does("compare.previous-repeat", "left_square_bracket", "left_square_bracket")
        assert "candidate 4 of 4" in driver.text()
        await driver.does("compare.next-pane", "tab", "tab")
        assert screen.focused is screen.reader("baseline").view
        await driver.does("compare.previous-pane", "shift+tab")
        assert screen.focused is screen.reader("item").view
        await driver.does("compare.other-view", "v")
        assert screen.reader("candidate").view.view == "json"
        opened: list[str] = []
        driver.app.open_url = opened.append  # type: ignore[method-assign,assignment]
        await driver.does("compare.browse", "b")
        assert "/traces/" in opened[0]
        await driver.does("compare.back", "escape", "escape")
        assert isinstance(driver.screen, RunsScreen)


@pytest.mark.slow
async def test_the_other_run_as_baseline(session: Session) -> None:
    async with driving(session) as driver:
        await to_compare(driver)
        await driver.does("compare.swap", "x")
        await driver.until(lambda: "baseline staging" in driver.text(), "the other way round")
        assert (
            "✕ worse: expected_outcome, required_terms_present, forbidden_terms_absent; better: short" in driver.text()
        )


@pytest.mark.slow
async def test_in_a_small_terminal_the_answers_take_the_place_of_the_list(session: Session) -> None:
    async with driving(session, (80, 24)) as driver:
        screen = await to_compare(driver)
        assert "✕ worse" in driver.text()
        assert "┊" in driver.text()
        assert screen.moved.size.height >= 5
        assert not screen.query_one("#right").display
        await driver.does("compare.open", "enter")
        assert screen.query_one("#right").display
        assert "Scores, run by run" in driver.text()
        assert "candidate 1 of 4" in driver.text()
        await driver.press("escape")
        assert not screen.query_one("#right").display
        assert "✕ worse" in driver.text()


@pytest.mark.slow
async def test_runs_that_cannot_be_compared_say_why(session: Session) -> None:
    async with driving(session) as driver:
        screen = await to_runs(driver)
        await driver.press("space", "space", "space")
        assert len(screen.rows.marks) == 2  # the first of three marks was dropped
        await driver.press("c")
        await driver.until(lambda: "not comparable" in driver.text(), "the refusal")
        assert "the runs used different datasets" in driver.text()
        assert "Compare runs over one dataset." in driver.text()
        await driver.press("enter", "tab", "right_square_bracket", "b", "escape", "escape")
        assert isinstance(driver.screen, RunsScreen)
        await driver.press("escape")
        assert driver.screen is driver.queue


@pytest.mark.slow
async def test_one_run_is_compared_with_nothing(session: Session) -> None:
    async with driving(session) as driver:
        await to_runs(driver)
        await driver.press("c")
        assert "Mark a run with space" in driver.toasts()


@pytest.mark.slow
async def test_hostile_names_and_answers_do_nothing(sandbox: SandboxServer, session: Session) -> None:
    payload = " ".join((ESCAPES[18], ESCAPES[21], CONTROLS[0], UNSEEN[0], MARKUP[0]))
    with sandbox.store.write() as db:
        db.execute("UPDATE scores SET name = ? WHERE name = 'short'", (f"short {payload}"[:90],))
        db.execute("UPDATE scores SET comment = ? WHERE name = 'tone'", (payload,))
        db.execute(
            "UPDATE observations SET output = ?, experiment_metadata = ? WHERE experiment_name LIKE 'staging%'",
            (json.dumps({"answer": payload}), json.dumps({"prompt_label": payload, "curator.label": payload})),
        )
    async with driving(session, (160, 60)) as driver:
        await to_runs(driver)
        look(driver)
        await driver.press("space", "c")
        await driver.until(lambda: "baseline" in driver.text(), "the comparison")
        look(driver)
        await driver.press("enter", "v", "r")
        look(driver)
        assert "TITLE" in driver.text()


@pytest.mark.slow
async def test_personal_values_in_answers_are_masked(sandbox: SandboxServer, session: Session) -> None:
    answer = {"answer": "Write to maria.lopez@example.com, please.", "outcome": "answer"}
    with sandbox.store.write() as db:
        db.execute(
            "UPDATE observations SET output = ? WHERE experiment_name LIKE 'staging%' AND experiment_item_id = ?",
            (json.dumps(answer), ITEM),
        )
    async with driving(session, (140, 45)) as driver:
        screen = await to_compare(driver)
        view = screen.reader("candidate").view
        await driver.until(lambda: any("‹EMAIL_ADDRESS›" in line.text for line in view.lines), "the mask")
        assert "maria.lopez" not in driver.text()
        await driver.does("compare.reveal", "r")
        assert "maria.lopez@example.com" in driver.text()
        await driver.press("j")
        assert not view.revealed


@pytest.mark.slow
async def test_a_server_that_goes_away_is_said(session: Session) -> None:
    async with driving(session) as driver:
        await to_runs(driver)
        go_elsewhere(session, session.settings.model_copy(update={"base_url": "http://127.0.0.1:9"}))
        await driver.press("ctrl+r")
        await driver.until(lambda: "retries" in driver.text(), "the banner")
        assert "✓ whole" in driver.text()
        await driver.press("space", "c")
        await driver.until(lambda: "try again" in driver.text(), "the refusal")
        await driver.press("escape")
        assert isinstance(driver.screen, RunsScreen)


@pytest.mark.slow
async def test_no_run_at_all(scrubber: Scrubber) -> None:
    with SandboxServer() as server:
        async with driving(Session(settings_for(server), scrubber)) as driver:
            await driver.press("R")
            await driver.until(lambda: "No experiment ran" in driver.text(), "the page")
            assert "curator run --rules R --task module:function" in driver.text()
            await driver.press("c", "space", "enter", "y", "escape")
            assert driver.screen is driver.queue


@pytest.mark.slow
async def test_without_colour_signs_say_it(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with driving(session) as driver:
        screen = await to_compare(driver)
        assert "✕ worse" in driver.text()
        assert "●" in str(screen.query_one("#plot", Static).render())
