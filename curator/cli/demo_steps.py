"""The main job, step by step, through the same functions that the terminal UI and the commands call."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pydantic import JsonValue

from curator.cli.demo import demo_sandbox
from curator.draft import answer_in_words
from curator.model import Decision, Failure, parse_text
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.tui import DraftState, Field, Prepared, Session

RULE = "order-status-regression"
STEPS = ("queue", "trace", "reshape", "scrub", "mend", "dataset", "promote", "again", "stored", "dismiss")
"""The functions of `_Walk`, in order."""


class Step(Value):
    """One step and how it went."""

    name: str
    ok: bool
    detail: str = ""


class _Broken(Exception):
    """The step did not go as it should; the message says how."""


def walk() -> Iterator[Step]:
    """Walks the whole way; ends at the first step that fails."""
    walker = _Walk()
    begin = "starting the sandbox"
    try:
        with demo_sandbox() as settings:
            yield Step(name="sandbox", ok=True, detail=f"demo data at {settings.base_url}")
            walker.session = Session(settings)
            try:
                for begin in STEPS:
                    yield Step(name=begin, ok=True, detail=getattr(walker, begin)())
            finally:
                walker.session.close()
    except CuratorError as error:
        yield Step(name=begin, ok=False, detail=f"{error.message} {error.remedy}".strip())
    except _Broken as broken:
        yield Step(name=begin, ok=False, detail=str(broken))


class _Walk:
    """What one step leaves to the next."""

    session: Session
    failure: Failure
    prepared: Prepared

    def queue(self) -> str:
        read = self.session.queue.read("14d", None, lambda what, done, total: None)
        mine = [f for f in self.session.queue.all() if any(s.rule == RULE for s in f.signals) and not f.source_gone]
        _need(bool(mine), "the queue holds no order-status failure")
        # The one with most to scrub shows most.
        self.failure = max(mine, key=lambda f: (len(f.signals), f.trace_id))
        states = ", ".join(f"{count} {state}" for state, count in self._week().items() if count)
        return f"{len(self.session.queue.all())} failures in 14 days ({states}), {read.queue.requests} requests"

    def _week(self) -> dict[str, int]:
        week = self.session.queue.week
        return {str(state): count for state, count in week.states.items()} if week else {}

    def trace(self) -> str:
        trace = self.session.traces.get(self.failure.trace_id)
        return f"{trace.name}: {len(trace.observations)} observations, {len(trace.scores)} scores"

    def reshape(self) -> str:
        self.prepared = self.session.drafts.prepare(DraftState(trace_id=self.failure.trace_id, rule=RULE))
        draft = self.prepared.draft
        origins = {origin.kind for origin in draft.origins}
        return f"{draft.item_id}, fields from {', '.join(sorted(origins))}"

    def scrub(self) -> str:
        scrubbed = self.prepared.scrubbed
        model = scrubbed.summary.model or "patterns only, no model installed"
        return f"{len(scrubbed.findings)} findings, all decided ({model})"

    def mend(self) -> str:
        missing = [f for f in self.prepared.fields if f.required and not f.present]
        types = self.prepared.loaded.rule.lineage.failure_types
        changes: dict[str, object] = {"edits": {field.path: _answer(field) for field in missing}}
        if self.prepared.draft.metadata.get("failure_type") is None:
            changes["failure_type"] = types[0]
        self.prepared = self.session.drafts.prepare(self.prepared.order.model_copy(update=changes))
        left = [p.message for p in self.prepared.scrubbed.problems if p.blocking]
        _need(self.prepared.scrubbed.writable, f"the item cannot be written: {'; '.join(left)}")
        good = [answer_in_words(each) for each in self.prepared.answers if each.good]
        mended = f"the reviewer says {', '.join(f.name for f in missing)}" if missing else "nothing to mend"
        return "; ".join([mended, *good])

    def dataset(self) -> str:
        self.session.items.create_dataset(self.prepared.loaded)
        return f"{self.prepared.draft.dataset} with the rule's schemas"

    def promote(self) -> str:
        receipt = self.session.acts.promote(self.prepared)
        _need(receipt.verdict == "verified", receipt.problem.message if receipt.problem else receipt.verdict)
        return f"{receipt.action}, {receipt.verdict}: {', '.join(c.name for c in receipt.checks if c.ok)}"

    def again(self) -> str:
        receipt = self.session.acts.promote(self.prepared)
        _need(receipt.verdict == "unchanged", receipt.problem.message if receipt.problem else receipt.verdict)
        return "promoting it again changes nothing"

    def stored(self) -> str:
        stored = self.session.rooms.gateway.item(self.prepared.draft.item_id)
        if stored is None:
            raise _Broken("the server does not have the item")
        whole = {"input": stored.input, "expected_output": stored.expected_output, "metadata": stored.metadata}
        left = [
            f for f in self.session.rooms.scrubber.find(whole, self.session.rooms.policy(RULE)) if f.action != "suggest"
        ]
        _need(not left, f"the stored item holds {len(left)} personal values")
        _need(stored.source_trace_id == self.failure.trace_id, "the stored item does not name its source trace")
        source = parse_text(self.prepared.trace.root.input)
        _need(source is not None, "the source has no input")
        return "read back from the server: no personal value in it, lineage names its trace"

    def dismiss(self) -> str:
        other = next((f for f in self.session.queue.all() if f.state == "open" and not f.source_gone), None)
        if other is None:
            raise _Broken("no other open failure is left to dismiss")
        decision = Decision(
            trace_id=other.trace_id,
            state="dismissed",
            reviewer=self.session.rooms.reviewer,
            reason="demo",
            rule=other.signals[0].rule,
            at=datetime.now(UTC),
        )
        self.session.queue.share([other], [decision])
        self.session.queue.read("14d", None, lambda what, done, total: None)
        seen = self.session.queue.get(other.trace_id)
        _need(seen is not None and seen.state == "dismissed", "the dismissal is not shared")
        promoted = self.session.queue.get(self.failure.trace_id)
        _need(promoted is not None and promoted.state == "promoted", "the promotion is not shared")
        return "shared with every reviewer as a score; the queue shows both decisions"


def _answer(field: Field) -> JsonValue:
    """What a reviewer could say: the first choice, else a word that every answer about an order holds."""
    if field.choices:
        return field.choices[0]
    return ["order"] if field.kind == "lines" else "order"


def _need(condition: bool, otherwise: str) -> None:
    if not condition:
        raise _Broken(otherwise)
