"""The list of failures: any length, a cursor that stays, marks by key."""

import time
from datetime import UTC, datetime

import pytest
from textual.app import App, ComposeResult

from curator.queue import parse_filter
from curator.tui.widgets.failures import FailureRows, Row
from curator.tui.widgets.rows import Rows
from tests.benchmarks.bench_terminal import failures

pytestmark = pytest.mark.anyio
MANY = 100_000


class ListApp(App[None]):
    def compose(self) -> ComposeResult:
        yield FailureRows(id="failures")

    @property
    def rows(self) -> FailureRows:
        return self.query_one(FailureRows)


@pytest.mark.slow
async def test_a_hundred_thousand_rows_are_as_quick_as_a_hundred() -> None:
    data = [Row(failure) for failure in failures(MANY)]
    app = ListApp()
    async with app.run_test(size=(120, 36)) as pilot:
        begin = time.process_time()  # of this process: a busy machine makes it wait, not work
        app.rows.show(data)
        await pilot.pause()
        assert time.process_time() - begin < 2, "generous: Textual's own table takes some 20 s"
        assert "workflow-0" in "".join(s.text for s in app.rows.render_line(1))
        await pilot.press("G")
        assert app.rows.cursor == MANY - 1
        await pilot.press("k", "ctrl+u", "g", "ctrl+d")
        assert app.rows.cursor == app.rows.size.height // 2
        begin = time.process_time()
        wanted = parse_filter("workflow-3 signal:score-2", datetime.now(UTC))
        found = [row for row in data if wanted.matches(row.failure)]
        assert 0 < len(found) < MANY
        assert time.process_time() - begin < 3


async def test_cursor_and_marks_stay_with_their_rows() -> None:
    data = [Row(failure) for failure in failures(30)]
    app = ListApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.rows.show(data)
        app.rows.cursor = 7
        app.rows.toggle_mark()
        await pilot.pause()
        assert app.rows.cursor == 8
        app.rows.show(data[5:])
        assert app.rows.current == data[8]
        assert app.rows.marked == [data[7]]
        app.rows.show([f for f in data[5:] if f != data[8]])
        assert app.rows.current == data[9]
        app.rows.show([])
        assert app.rows.current is None
        await pilot.press("j", "G", "space")
        app.rows.show(data, at=data[20].key)
        assert app.rows.cursor == 20
        await pilot.click(Rows, offset=(10, 2))
        assert app.rows.cursor != 20
