"""The workbench: every kind of edit, findings, cases, rules, the diff, weak cases, nothing personal shown."""

import json
import re
from typing import Any

import pytest
from textual.widgets import TextArea

from curator.model import Origin, Problem
from curator.sandbox.server import SandboxServer
from curator.tui.fields import fields_of, parsed
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.screens.workbench import WorkbenchScreen
from curator.tui.screens.workbench_edit import changes, editable_json
from curator.tui.session import Session
from tests.tui.driver import Driver, driving

pytestmark = pytest.mark.anyio


async def open_bench(driver: Driver, *, with_values: bool = True) -> WorkbenchScreen:
    """Opens an order-status failure whose draft is complete, with personal values in its input."""
    session = driver.app.session
    for place, failure in enumerate(driver.listed):
        if failure.source_gone or failure.name != "order-status":
            continue
        prepared = session.drafts.prepare(session.drafts.order(failure.trace_id))
        found = [f for f in prepared.scrubbed.findings if f.action == "replace" and f.path == "input.query"]
        if prepared.scrubbed.writable and (found or not with_values):
            session.items.create_dataset(prepared.loaded)
            driver.queue.failures.cursor = place
            await driver.press("p")
            assert isinstance(driver.screen, WorkbenchScreen)
            if driver.screen._prepared.type_open:  # type: ignore[union-attr]
                await driver.press("1")
            return driver.screen
    raise AssertionError("the demo data holds no such failure")


def draft(bench: WorkbenchScreen) -> Any:
    assert bench._prepared is not None
    return bench._prepared.draft


@pytest.mark.slow
async def test_every_kind_of_field(session: Session) -> None:
    async with driving(session) as driver:
        bench = await open_bench(driver)
        form = bench.query_one("#form")
        form.go_to("expected_output.must_mention")
        await driver.press("enter")
        assert "one per line" in driver.text()
        driver.screen.query_one(TextArea).text = "refund\n\n"
        await driver.press("ctrl+s")
        assert draft(bench).expected_output["must_mention"] == ["refund"]
        bench.change(edits=bench._order.edits | {"input.query": ""})  # type: ignore[union-attr]
        await driver.settle()
        form.go_to("input.query")
        await driver.press("enter")
        assert driver.screen.query_one(TextArea).text == ""  # several lines, though nothing is there yet
        await driver.press("escape")
        form.go_to("input.region")
        await driver.press("enter", "3")
        assert draft(bench).input["region"] == "us"
        form.go_to("input.order_reference")
        await driver.press("enter", "end")
        await driver.type("x")
        await driver.press("ctrl+s")
        assert "does not match" in driver.text()
        await driver.press("backspace")
        assert "does not match" not in driver.text()
        assert draft(bench).input["region"] == "us"
        await driver.press("2")
        assert draft(bench).metadata["failure_type"] == bench._prepared.loaded.rule.lineage.failure_types[1]  # type: ignore[union-attr]
        await driver.press("i", "escape")
        await driver.press("e")
        assert "Input and expected output" in driver.text()
        await driver.press("escape", "escape")


@pytest.mark.slow
async def test_values_are_masked_until_revealed(session: Session) -> None:
    async with driving(session, (160, 48)) as driver:
        bench = await open_bench(driver)
        prepared = bench._prepared
        assert prepared is not None
        one = next(f for f in prepared.scrubbed.findings if f.path == "input.query" and f.action == "replace")
        value = prepared.draft.input["query"][one.start : one.end]  # type: ignore[index,call-overload]
        flat = "".join(driver.text().split())
        assert "".join(value.split()) not in flat
        assert "".join(value.split()) not in "".join(driver.app.export_screenshot().split())
        await driver.press("r")
        assert "".join(value.split()) in "".join(driver.text().replace("▏", "").split())
        await driver.press("r")
        assert "".join(value.split()) not in "".join(driver.text().split())


async def test_what_is_judged_is_in_sight_and_a_kept_finding_gives_its_reason(session: Session) -> None:
    async with driving(session) as driver:
        # A default is no decision: nothing is written before somebody says what kind of failure it is.
        there = [f for f in driver.listed if not f.source_gone and f.name == "order-status"][:3]
        made = [session.drafts.prepare(session.drafts.order(each.key)) for each in there]
        undecided = next(each for each in made if each.type_open)
        driver.app.open_workbench(undecided.order.trace_id)
        await driver.settle()
        assert "✕ type?" in driver.text()
        await driver.press("p")
        assert "Not written: choose the failure type by its number" in driver.toasts()
        assert isinstance(driver.screen, WorkbenchScreen)
        await driver.press("escape")

        # An edit of one field leaves what stands in another one replaced.
        number = re.compile(r"\d{5}")
        said = next(p for p in made if number.findall(p.draft.input["order_reference"])[0] in p.draft.input["query"])  # type: ignore[index,call-overload,operator]
        edited = said.order.model_copy(update={"edits": {"input.order_reference": "ORDER-1"}})
        assert not number.search(json.dumps(session.drafts.prepare(edited).scrubbed.input))

        bench = await open_bench(driver)
        checks = bench.query_one("#checks")
        prepared = bench._prepared
        assert prepared is not None
        for size in ((120, 36), (100, 30), (80, 24)):
            await driver.pilot.resize_terminal(*size)
            await driver.settle()
            shown = driver.text()
            assert all(
                each in shown for each in ("it protects", f"type      {prepared.failure_type}", "expects   outcome")
            )
            assert "p writes it" in shown
            assert checks.scroll_offset.y == 0  # its first lines, which say what is to be mended

        one = next(f for f in prepared.scrubbed.findings if f.path == "input.query" and f.action == "replace")
        await driver.press("l")
        assert checks.has_focus
        checks.go_to(one.id)
        await driver.press("x", "2")
        assert "kept: invented" in driver.text()
        await driver.press("a")
        assert "kept" not in driver.text()
        await driver.press("x", "2", "p")
        assert "verified" in driver.text() or "ITEM_NOT_CLEAN" in driver.text()
        stored = session.rooms.gateway.item(prepared.draft.item_id)
        if stored is not None:
            assert any("invented" in reason for reason in stored.metadata["scrub"]["reasons"])


@pytest.mark.slow
async def test_case_rule_json_and_difference(session: Session) -> None:
    async with driving(session) as driver:
        bench = await open_bench(driver)
        first = draft(bench).item_id
        await driver.press("c", "ctrl+a", "delete")
        await driver.type("late")
        await driver.press("enter")
        assert draft(bench).case == "late"
        assert draft(bench).item_id != first
        await driver.press("ctrl+x", "enter")
        assert draft(bench).item_id == first
        await driver.press("v")
        assert "Item as JSON" in driver.text()
        assert '"outcome": "' in driver.text()
        await driver.press("y")
        answers = [words for _, words in driver.screen._answers]
        await driver.press(str(answers.index("the item as JSON") + 1))
        assert json.loads(driver.app.clipboard)["expected_output"] == bench._prepared.scrubbed.expected_output  # type: ignore[union-attr]
        while bench._mode != "form":
            await driver.press("v")
        await driver.press("w", "1")
        assert draft(bench).rule != "order-status-regression"
        await driver.press("escape")
        assert driver.screen is driver.queue

        bench = await open_bench(driver)
        assert bench._prepared is not None
        session.items.create_dataset(bench._prepared.loaded)
        await driver.press("p")
        assert isinstance(driver.screen, ReceiptScreen)
        await driver.press("enter", "s")
        driver.queue.failures.cursor = 0
        await driver.press("p")
        again = driver.screen
        if again._prepared.type_open:
            await driver.press("1")
        assert "stored already" in driver.text()
        again.query_one("#form").go_to("input.region")
        await driver.press("enter", "1")
        while again._mode != "diff":
            await driver.press("v")
        assert "Stored → new" in driver.text()
        assert "region" in driver.text()


@pytest.mark.slow
async def test_a_case_that_protects_nothing_is_called_so(session: Session) -> None:
    async with driving(session) as driver:
        bench = await open_bench(driver)
        prepared = bench._prepared
        assert prepared is not None
        answer = json.loads(prepared.trace.root.output or "{}")
        bench.change(
            edits={
                "expected_output.outcome": answer["outcome"],
                "expected_output.must_mention": [],
                "expected_output.must_not_mention": [],
            }
        )
        await driver.settle()
        assert "it protects nothing: passes" in driver.text()


@pytest.mark.slow
async def test_dismissing_from_the_workbench(session: Session, sandbox: SandboxServer) -> None:
    async with driving(session) as driver:
        bench = await open_bench(driver)
        before = len(driver.queue.failures.rows)
        await driver.press("d", "4")
        assert driver.screen is driver.queue
        assert len(driver.queue.failures.rows) == before - 1
        assert session.queue.get(bench.trace_id).decision.reason == "out of scope"  # type: ignore[union-attr]


SCHEMA = {
    "type": "object",
    "required": ["a", "n"],
    "properties": {
        "a": {"type": "string", "description": "words"},
        "n": {"type": "integer"},
        "flag": {"type": "boolean"},
        "kind": {"enum": ["x", "y"]},
        "terms": {"type": "array", "items": {"type": "string"}},
        "deep": {"$ref": "#/$defs/deep"},
        "free": {},
    },
    "$defs": {"deep": {"type": "object", "properties": {"b": {"type": "number"}}}},
}


def test_a_form_from_a_schema() -> None:
    content = {"input": {"a": "hello", "terms": ["t"], "extra": {"k": 1}}}
    problems = [Problem(code="SCHEMA", message="input needs n", path="input")]
    origins = [Origin(path="input.a", kind="trace")]
    fields = {f.path: f for f in fields_of({"input": SCHEMA}, content, origins, problems)}
    assert [f.kind for f in fields.values()] == ["text", "number", "flag", "choice", "lines", "number", "json", "json"]
    assert fields["input.n"].problems[0].message == "input needs n"
    assert not fields["input.a"].problems
    assert fields["input.a"].origin is not None
    assert fields["input.deep.b"].required is False
    assert fields["input.extra"].value == {"k": 1}
    assert parsed(fields["input.n"], "3") == 3
    for wrong in ("x", "true", ""):
        with pytest.raises(ValueError, match="number"):
            parsed(fields["input.n"], wrong)
    with pytest.raises(ValueError, match="JSON"):
        parsed(fields["input.free"], "{")
    whole = fields_of({"input": {"type": "array"}}, {"input": [1]}, [], [])
    assert [f.path for f in whole] == ["input"]


def test_changes_of_an_editor() -> None:
    before = {"input": {"a": 1, "b": 2}, "expected_output": {"x": [1]}}
    assert changes(before, {"input": {"a": 1, "b": 3, "c": 4}, "expected_output": {"x": [1]}}) == {
        "input.b": 3,
        "input.c": 4,
    }
    assert changes(before, {"input": {"a": 1}, "expected_output": {"x": [1]}}) == {"input": {"a": 1}}
    assert changes(before, before) == {}
    assert json.loads(editable_json(json.dumps({"a": "\u202e\x1b"}, ensure_ascii=False))) == {"a": "\u202e\x1b"}
