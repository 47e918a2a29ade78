"""Datasets, and the lineage of an item: the screen says what the command says, masked until asked."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from curator.audit.story import render_story
from curator.audit.values import AuditFinding, AuditReport
from curator.sandbox.server import SandboxServer
from curator.tui.document import Line, lay_out
from curator.tui.masks import Masks
from curator.tui.screens.datasets import DatasetsScreen
from curator.tui.screens.lineage import LineageScreen
from curator.tui.screens.trace import TraceScreen
from curator.tui.sections import of_audit
from curator.tui.session import Session
from curator.tui.widgets.reader import MaskedView
from curator.tui.widgets.rows import Rows
from tests.demo.maker.audit_example import DATASET, planned
from tests.tui.driver import Driver, driving


def item_id(sandbox: SandboxServer, what: str) -> str:
    """An item of the example: by its plant, or by the key of its case."""
    return next(each.id for each in planned(sandbox.store.now()) if what in (each.case.plant, each.case.key))


def test_an_audit_is_shown_by_code_the_worst_first_with_its_remedy_once() -> None:
    def finding(code: str, severity: Any, item: str | None) -> AuditFinding:
        return AuditFinding(code=code, severity=severity, item_id=item, message=f"is {code}", remedy=f"Mend {code}.")

    findings = (
        finding("DUP002", "info", "a"),
        finding("LIN001", "error", "b"),
        finding("LIN001", "error", "c"),
        finding("RUN005", "warning", None),
    )
    report = AuditReport(
        dataset="d", version=None, at=datetime.now(UTC), items=3, rule=None, findings=findings, checks=("LIN001",)
    )
    shown = [line.text for line in lay_out(of_audit(report).sections, 100, Masks())]
    at = shown.index("Findings")
    assert shown[1] == "3 items: 2 errors, 1 warning, 1 info"
    assert shown[at + 1 :] == [
        "✕ LIN001 no lineage",
        "  b: is LIN001",
        "  c: is LIN001",
        "  → Mend LIN001.",
        "",
        "▲ RUN005 a run is incomplete",
        "  the dataset: is RUN005",
        "  → Mend RUN005.",
        "",
        "· DUP002 near-duplicate",
        "  a: is DUP002",
        "  → Mend DUP002.",
    ]
    clean = lay_out(of_audit(report.model_copy(update={"findings": ()})).sections, 100, Masks())
    assert "✓ nothing was found" in [line.text for line in clean]


async def open_lineage(driver: Driver, item: str) -> MaskedView:
    rows = driver.screen.query_one("#items", Rows)
    rows.cursor = next(position for position, each in enumerate(rows.rows) if each.id == item)
    await driver.press("s")
    assert isinstance(driver.screen, LineageScreen)
    return driver.screen.query_one(MaskedView)


def words(lines: list[str]) -> list[str]:
    return [" ".join(line.replace("(", " ").replace(")", " ").split()) for line in lines if line.strip()]


@pytest.mark.slow
@pytest.mark.anyio
async def test_the_lineage_of_an_item(session: Session, sandbox: SandboxServer) -> None:
    async with driving(session, size=(200, 50)) as driver:
        await driver.press("D")
        datasets = driver.screen.query_one("#datasets", Rows)
        datasets.cursor = next(n for n, each in enumerate(datasets.rows) if each.name == DATASET)
        await driver.press("s")
        assert "Open a dataset with enter" in driver.toasts()
        await driver.press("enter")

        # A row says what its item asks, masked, and the part of its id that others do not have.
        items, asked = driver.screen.query_one("#items", Rows), driver.screen._asked
        await driver.until(lambda: all(items.rows[n].id in asked for _, n in items.rows_in_sight()), "the questions")
        shown = [items.render_line(line).text for line, _ in items.rows_in_sight()]
        assert len(shown) == 37
        assert not [row for row in shown if DATASET in row or "…" in row[:5] or "@" in row]
        own = items.rows[0].id.removeprefix(f"{DATASET}-")
        assert re.match(rf"▌ +One curtain of the pair is longer than the… +…{own[:16]}", shown[0])
        assert any("Send the label to ‹EMAIL_ADDRESS› because" in row for row in shown)

        item = item_id(sandbox, "CON001")
        view = await open_lineage(driver, item)
        lines: list[Line] = list(view.lines)
        told = render_story(session.items.story(DATASET, item)).splitlines()
        assert words([line.text for line in lines]) == words(told[2:])
        removed = [line for line in lines if line.text.strip().startswith("- ")]
        assert [line.pieces[0][0] for line in removed] == ["bad", "bad"]
        assert "● ACTIVE" in driver.text()

        await driver.press("t")
        assert isinstance(driver.screen, TraceScreen)
        await driver.press("escape", "slash")
        await driver.type("photo")
        assert "2 hits" in driver.text()
        await driver.press("enter", "ctrl+r", "escape")
        assert isinstance(driver.screen, DatasetsScreen)

        view = await open_lineage(driver, item_id(sandbox, "hidden-session"))
        assert "whatsapp:‹PHONE_NUMBER›" in driver.text()
        await driver.press("r")
        assert "whatsapp:+44 7700 900142" in driver.text()
        await driver.press("escape")

        await open_lineage(driver, item_id(sandbox, "LIN004"))
        assert "is gone" in driver.text()
        await driver.press("t")
        assert "There is no source trace to open." in driver.toasts()
        session.rooms.gateway.close()
        await driver.press("ctrl+r")
        assert "is gone" in driver.text()
        assert "retries" in driver.text()
