"""Proving a promoted item from its receipt: the questions, the verdict, what is remembered, what goes wrong."""

import pytest
from textual.widgets import Input

from curator.tui.memory import Tasks
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.session import Session
from tests.screenshots import receipt
from tests.tui.driver import Driver, driving

pytestmark = pytest.mark.anyio
AGENT = "curator.sandbox.demo.agent"


async def answer(driver: Driver, text: str) -> None:
    """Answers the question that lies over the screen."""
    driver.screen.query_one(Input).value = text
    await driver.press("enter")


@pytest.mark.slow
async def test_an_item_is_proved_after_its_promotion(session: Session) -> None:
    async with driving(session) as driver:
        await receipt(driver)
        assert "t Prove" in driver.text()
        await driver.does("receipt.prove", "t")
        assert "What is live? The item should fail on it." in driver.text()
        await answer(driver, f"{AGENT}:production")
        await answer(driver, f"{AGENT}:candidate")
        await driver.until(lambda: "reproduced" in driver.text(), "the verdict")
        assert "production fails it every time, the candidate passes it every time" in driver.text()
        assert "production  passed 0 of 3; failed: " in driver.text()
        assert "candidate   passed 3 of 3" in driver.text()
        remembered = Tasks(production=f"{AGENT}:production", candidate=f"{AGENT}:candidate")
        assert session.rooms.memory.tasks("order-status-regression") == remembered
        await driver.press("t")
        assert driver.screen.query_one(Input).value == f"{AGENT}:production"
        await answer(driver, "no_such_module:agent")
        await answer(driver, "")
        await driver.until(lambda: "not proved" in driver.text(), "the refusal")
        assert "no_such_module" in driver.text()
        await driver.press("t", "escape")
        assert isinstance(driver.screen, ReceiptScreen)
        assert session.rooms.memory.tasks("order-status-regression").candidate == ""
