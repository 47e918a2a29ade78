"""One table feeds keys, footer, help, palette and documentation; every row of it works."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from curator.cli.main import COMMANDS
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui import actions
from curator.tui.app import CuratorApp
from curator.tui.screens.bulk import BulkScreen
from curator.tui.screens.compare import CompareScreen
from curator.tui.screens.datasets import DatasetsScreen
from curator.tui.screens.help import Menu
from curator.tui.screens.lineage import LineageScreen
from curator.tui.screens.log import LogScreen
from curator.tui.screens.queue import QueueScreen
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.screens.rules import TrialScreen
from curator.tui.screens.runs import RunsScreen
from curator.tui.screens.trace import TraceScreen
from curator.tui.screens.workbench import WorkbenchScreen
from curator.tui.session import Session
from curator.tui.widgets.rows import Rows
from curator.tui.widgets.text_view import TextView
from tests.docs.generate import key_tables
from tests.tui.driver import driving, settings_for

OWNERS: dict[str, type[Any]] = {
    "app": CuratorApp,
    "list": Rows,
    "text": TextView,
    "queue": QueueScreen,
    "trace": TraceScreen,
    "workbench": WorkbenchScreen,
    "form": WorkbenchScreen,
    "checks": WorkbenchScreen,
    "receipt": ReceiptScreen,
    "bulk": BulkScreen,
    "datasets": DatasetsScreen,
    "trial": TrialScreen,
    "lineage": LineageScreen,
    "runs": RunsScreen,
    "compare": CompareScreen,
    "log": LogScreen,
}


def test_every_action_is_pressed_by_a_test() -> None:
    """`driver.does("queue.open", "enter")` presses a key and sees that this action ran."""
    tests = Path(__file__).parent.glob("test_*.py")
    pressed = {
        name for path in tests for name in re.findall(r'\.does\(\s*"([\w.-]+)"', path.read_text(encoding="utf-8"))
    }
    assert sorted({action.id for action in actions.ACTIONS} - pressed) == []
    assert sorted(pressed - {action.id for action in actions.ACTIONS}) == []


def test_ids_are_unique() -> None:
    ids = [action.id for action in actions.ACTIONS]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("action", actions.ACTIONS, ids=lambda action: action.id)
def test_every_action_is_carried_out_by_its_place(action: actions.Action) -> None:
    assert hasattr(OWNERS[action.place], f"action_{action.name.partition('(')[0]}")


def test_no_key_means_two_things_in_one_place() -> None:
    for place in actions.PLACES:
        keys = [key for action in actions.of(place) for key in action.keys.split(",")]
        assert len(set(keys)) == len(keys), place


def test_every_twin_is_a_command() -> None:
    for action in actions.ACTIONS:
        if action.twin:
            assert action.twin.split()[0] == "curator"
            assert action.twin.split()[1] in COMMANDS


def test_documentation_names_every_action() -> None:
    text = key_tables()
    assert all(action.help in text for action in actions.ACTIONS)


def test_importing_the_app_imports_nothing_heavy() -> None:
    heavy = ("pydantic", "langfuse", "presidio_analyzer", "spacy", "scipy", "pyarrow", "httpx", "jsonschema", "sqlite3")
    modules = "curator.cli.main, curator.cli.tui, curator.tui.app"
    code = f"import sys, {modules}; print([m for m in {heavy!r} if m in sys.modules])"
    # Measuring coverage in the child would import sqlite3 by itself.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.anyio
async def test_keys_can_be_changed_and_help_and_palette_know(sandbox: SandboxServer, scrubber: Scrubber) -> None:
    keys = {"queue.dismiss-failure": "X", "queue.promot": "P"}
    async with driving(Session(settings_for(sandbox, keys=keys), scrubber)) as driver:
        assert "queue.promot" in driver.toasts()
        await driver.press("d")
        assert driver.screen is driver.queue
        await driver.press("X")
        assert "why?" in driver.text()
        await driver.press("escape", "question_mark")
        assert isinstance(driver.screen, Menu)
        await driver.type("dismiss")
        assert "X  " in driver.text()
        await driver.press("ctrl+u")
        await driver.type("snooze")
        assert "Put it off until later" in driver.text()
        assert "Go to the datasets" not in driver.text()
        await driver.press("escape", "ctrl+p")
        assert isinstance(driver.screen, Menu)
        await driver.type("mark all")
        await driver.press("enter")
        await driver.until(lambda: bool(driver.queue.failures.marks), "the marks")
        assert len(driver.queue.failures.marks) == len(driver.queue.failures.rows)


def test_every_place_has_a_name() -> None:
    assert set(actions.PLACES) == set(get_args(actions.Place))
