"""The first rule, from a workflow to a file: which one, what it makes of a real failure, save; a rule tried on many."""

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.widgets import Static

from curator.tui import actions
from curator.tui.screens.ask import AskText, Choose
from curator.tui.screens.place import Copies, Place
from curator.tui.screens.reading import SheetScreen
from curator.tui.sections import of_trial
from curator.tui.widgets.frame import content
from curator.tui.words import plural

if TYPE_CHECKING:
    from curator.draft import Trial
    from curator.queue import FirstRule, Workflow

LINES = 12
"""Of a draft that a preview shows, so that its answers stay in sight on a small terminal."""


class FirstRules(Place):
    """What leads to a first rule, for a place that then shows what the rule finds."""

    def action_new_rule(self) -> None:
        """Asks which workflow, unless there is but one."""
        self.busily("rule", "looking for failures", self.session.rooms.workflows, self._found_workflows)

    def _found_workflows(self, found: "tuple[Workflow, ...]") -> None:
        if len(found) < 2:
            self._propose(found[0].name if found else None)
            return
        answers = [(each.name, f"{each.name}  {plural(each.failures, 'failure')}") for each in found]
        note = "Failures of the last two weeks by errors, annotations, queues and scores whose bad end is known."
        self.ask(Choose("A rule for which workflow", answers, note=note), self._propose)

    def _propose(self, workflow: str | None, shape: Any = None) -> None:
        propose, words = self.session.rooms.first_rule, "looking at the project's own traces"
        self.busily("rule", words, lambda report: propose(report, workflow, shape), self._proposed)

    def _proposed(self, first: "FirstRule") -> None:
        others = [each for each in first.seen.options if each.kind != first.chosen.kind]
        answers = [("save", "Write it"), ("edit", "Read it and change it first")]
        answers += [(f"shape:{each.kind}", f"Take {each.shape} instead: {each.why}") for each in others]
        answers += [("other", "Another workflow")] if len(first.seen.names) > 1 else []
        question = Choose(f"A rule for {first.seen.name or first.rule}", answers, note=_preview(first))
        self.ask(question, partial(self._answered, first))

    def _answered(self, first: "FirstRule", answer: str) -> None:
        if answer == "save":
            self._write_rule(first.rule, first.text)
        elif answer == "edit":
            from curator.draft import loaded_text

            question = AskText(f"A rule for {first.rule}", value=first.text, check=loaded_text, suffix=".yaml")
            self.ask(question, partial(self._write_rule, first.rule))
        elif answer == "other":
            self.action_new_rule()
        else:
            self._propose(first.seen.name, answer.removeprefix("shape:"))

    def _write_rule(self, name: str, text: str) -> None:
        write = self.session.rooms.write_rule
        self.fetch("rule", lambda report: write(name, text), self._rule_written)

    def _rule_written(self, target: Path) -> None:
        self.tell([("good", "✓ "), ("text", f"Wrote {target}."), ("dim", "  T tries it on its failures")])
        self.reload()


def _preview(first: "FirstRule") -> str:
    """What a rule is made of and what it makes of one trace, scrubbed, in some lines."""
    lines = [f"From {first.seen.traces} traces: {first.chosen.shape}, {first.chosen.why}."]
    draft = first.draft
    if draft is not None:
        lines += ["", f"What it makes of {'a failure' if draft.failure else 'a trace'} ({draft.trace_id}):"]
        shown = json.dumps({"input": draft.input}, indent=2, ensure_ascii=False).splitlines()
        lines += shown[:LINES] + (["…"] if len(shown) > LINES else [])
        lines += [f"! {problem}" for problem in draft.problems]
    return "\n".join(lines)


class TrialScreen(SheetScreen):
    """See `actions.of("trial")` for its keys."""

    BINDINGS = actions.bindings("trial")
    place = "queue"
    help_places = ("trial", "text")
    waiting = "trying the rule on its failures"

    def __init__(self, rule: str) -> None:
        super().__init__()
        self._rule = rule

    def head(self) -> ComposeResult:
        title = [("strong", self._rule), ("dim", "  tried on its failures; nothing is written")]
        yield Static(content(title), id="item-title")

    def reload(self) -> None:
        attempt = self.session.rooms.try_rule
        self.fetch("trial", lambda report: attempt(report, self._rule), self._tried, self.failed)

    def _tried(self, tried: "Trial") -> None:
        self.put(of_trial(tried), self._rule)

    def copies(self) -> Copies:
        return [("the command that shows this", f"curator rules try {self._rule}")]
