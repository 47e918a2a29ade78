"""Editing on the workbench: fields, terms, findings, the whole item in an editor. Every edit makes the draft anew."""

import json
from collections.abc import Mapping, Sequence
from functools import partial

from pydantic import JsonValue
from textual import on
from textual.widgets import OptionList

from curator.model import Finding, join_path, parse_text
from curator.model.errors import CuratorError
from curator.rulebook import type_name
from curator.tui.fields import Field, parsed
from curator.tui.memory import DraftState
from curator.tui.screens.ask import AskLine, AskText, Choose, edited
from curator.tui.screens.place import Deciding
from curator.tui.session import Prepared
from curator.tui.text import editable, unescaped, visible
from curator.tui.widgets.checks import ChecksView
from curator.tui.widgets.form import FormView
from curator.tui.words import sentences

MASK = "•••"


class Editing(Deciding):
    """A screen that edits a draft. The order is what the reviewer decided; the prepared draft follows from it."""

    def __init__(self) -> None:
        super().__init__()
        self._order: DraftState | None = None
        self._prepared: Prepared | None = None
        self._revealed = False

    def change(self, **changes: object) -> None:
        """The reviewer decided something: the draft is made anew."""
        if self._order is not None:
            self._order = self._order.model_copy(update=changes)
            self.reload()

    # Fields

    @on(OptionList.OptionSelected, "#form")
    def action_edit(self) -> None:
        field = self._field()
        if field is None or self._prepared is None:
            return
        from curator.draft import value_at

        original = {"input": self._prepared.draft.input, "expected_output": self._prepared.draft.expected_output}
        value = value_at(original, field.path) if self._revealed else field.value
        note = "; ".join(p.message for p in field.problems) or field.description
        check = partial(_value_of, field)

        def take(text: str) -> None:
            self._set(field, _value_of(field, text))

        if field.kind in ("choice", "flag"):
            answers = [(json.dumps(each), str(each)) for each in field.choices]
            self.ask(Choose(field.path, answers, note=note), lambda text: self._set(field, json.loads(text)))
        elif field.kind == "number":
            text = "" if value is None else json.dumps(value)
            self.ask(AskLine(field.path, value=text, note=note, check=check), take)
        else:
            if field.kind == "lines":
                text = "\n".join(editable(str(each)) for each in value or [])
                note = f"{note}  one per line".strip()
            elif field.kind == "text":
                text = editable(str(value or ""), newlines=True)
            else:
                text = json.dumps(value, indent=2)
            self.ask(AskText(field.path, value=text, note=note, check=check), take)

    def _field(self) -> Field | None:
        key = self.query_one(FormView).current
        if self._prepared is None or not key:
            return None
        return next((f for f in self._prepared.fields if f.path == key), None)

    def _set(self, field: Field, value: JsonValue) -> None:
        if self._order is not None and not (field.present and value == field.value):
            self.change(edits=self._order.edits | {field.path: value})

    # Terms of a correction in plain text

    def _terms_field(self) -> Field | None:
        """The list that terms go into: the one under the cursor, else the first that does not forbid them."""
        if self._prepared is None:
            return None
        lists = [f for f in self._prepared.fields if f.kind == "lines" and f.path.startswith("expected_output.")]
        here = self.query_one(FormView).current
        asking = [f for f in lists if f.path == here] or [f for f in lists if "not" not in f.name.split("_")]
        return asking[0] if asking else None

    def action_terms(self) -> None:
        """Takes a term that only the correction holds into the list, or out of it; never a personal value."""
        from curator.conversation import answer_in
        from curator.draft import terms_of_difference

        field, prepared = self._terms_field(), self._prepared
        if field is None or prepared is None or self._order is None:
            self.tell([("text", "This rule expects no list of terms.")])
            return
        trace, rule = prepared.trace, self._order.rule

        def clean() -> list[str]:
            answer, correction = answer_in(parse_text(trace.root.output)), answer_in(trace.correction)
            terms = {f"t{n}": term for n, term in enumerate(terms_of_difference(answer, correction))}
            personal = {found.path for found in self.session.traces.values_in(terms, rule)}
            return [term for n, term in terms.items() if n not in personal]

        self.fetch("terms", lambda report: clean(), lambda terms: self._pick_terms(field, terms))

    def _pick_terms(self, field: Field, terms: Sequence[str]) -> None:
        there = [str(each) for each in field.value or []]
        if not terms:
            self.tell([("text", "The correction adds no terms to pick.")])
            return

        def chosen(term: str) -> None:
            self._set(field, [each for each in there if each != term] if term in there else [*there, term])

        answers = [(term, f"{'✓' if term in there else ' '} {term}") for term in terms]
        note = "The correction says these and the recorded answer does not. A term again takes it out."
        self.ask(Choose(f"{field.name}: which term?", answers, note=note), chosen)

    def action_restore(self) -> None:
        key = self.query_one(FormView).current
        if self._order is not None and key:
            left = {
                p: v for p, v in self._order.edits.items() if not (p == key or p.startswith((f"{key}.", f"{key}[")))
            }
            if left != self._order.edits:
                self.change(edits=left)

    def action_choose(self, number: int) -> None:
        if self._prepared is None:
            return
        names = self._prepared.loaded.rule.lineage.failure_types
        if number <= len(names):
            self.change(failure_type=names[number - 1])

    def action_new_type(self) -> None:
        """Adds a failure type to the rule, and chooses it."""
        if self._order is None:
            return
        rule = self._order.rule

        def answered(name: str) -> None:
            add = self.session.rooms.add_type
            self.fetch("type", lambda report: add(rule, name), lambda done: added(name))

        def added(name: str) -> None:
            self.tell([("good", "✓ "), ("text", f"The rule {rule} has a type more: {name}")])
            self.change(failure_type=" ".join(name.split()))

        note = f"It goes to the list beside the rule {rule}; `curator types` renames and merges."
        self.ask(AskLine("A new failure type", note=note, check=_type_of), answered)

    # The whole item

    def action_editor(self) -> None:
        if self._prepared is None:
            return
        scrubbed, draft = self._prepared.scrubbed, self._prepared.draft
        shown = draft if self._revealed else scrubbed
        before = {"input": shown.input, "expected_output": shown.expected_output}
        text = editable_json(json.dumps(before, indent=2, ensure_ascii=False))
        after, error = edited(self, text, suffix=".json")
        if after is not None and not error:
            try:
                _content_of(after)
            except (ValueError, RecursionError) as wrong:
                error = f"Not taken: {wrong}."
            else:
                self._took(before, after)
                return
        # Nothing that was typed is lost: the text is there again, with what is wrong with it.
        question = AskText(
            "Input and expected output", value=text, typed=after or "", check=_content_of, error=error, suffix=".json"
        )
        self.ask(question, lambda answer: self._took(before, answer))

    def _took(self, before: Mapping[str, JsonValue], text: str) -> None:
        if self._order is not None and (edits := changes(before, _content_of(text))):
            self.change(edits=self._order.edits | edits)

    # Findings

    @on(OptionList.OptionSelected, "#checks")
    def action_accept(self) -> None:
        key = self.query_one(ChecksView).current
        if self._order is not None and key in self._order.keep:
            self.change(keep={k: v for k, v in self._order.keep.items() if k != key})
        elif key:
            self.go_to_remark(key)

    def go_to_remark(self, key: str) -> None:
        """`enter` on a remark: the field that it is about."""
        if self.query_one(FormView).go_to(key):
            self.query_one(FormView).focus()

    def _finding(self) -> Finding | None:
        key = self.query_one(ChecksView).current
        return next((f for f in self._prepared.scrubbed.findings if f.id == key), None) if self._prepared else None

    def action_keep(self) -> None:
        finding, order = self._finding(), self._order
        if order is None or finding is None:
            return

        title = f"Keep this {finding.entity} in {finding.path}: why?"
        note = "The reason is recorded in the item's lineage; the value stays readable for everybody."
        question = Choose(title, sentences("keep"), note=note, own="another reason")
        self.ask(question, lambda reason: self.change(keep=order.keep | {finding.id: reason}))

    def action_teach(self) -> None:
        """Writes beside the rule what is never, or always, personal in it, shows the change, scrubs the draft anew."""
        finding, order, prepared = self._finding(), self._order, self._prepared
        if order is None or finding is None or prepared is None:
            return

        def answered(which: str) -> None:
            teach, always = self.session.drafts.teach, which == "always"
            done = partial(taught, hidden=always and not self._revealed)
            self.fetch("teach", lambda report: teach(prepared, finding.id, always), done)

        def taught(change: str, hidden: bool) -> None:
            lines = [f"+{MASK}" if hidden and line[:1] == "+" != line[1:2] else line for line in change.splitlines()]
            self.change(keep={k: v for k, v in order.keep.items() if k != finding.id})
            note = visible("\n".join(lines), newlines=True) or "The list held it."
            self.app.push_screen(Choose("The rule knows it from now on", [("ok", "Go on")], note=note))

        note = f"It goes to a list beside the rule {order.rule}, for every trace; `git diff` shows it for review."
        self.ask(Choose(f"This {finding.entity} is…", sentences("teach"), note=note), answered)


def _value_of(field: Field, text: str) -> JsonValue:
    """What was typed into a field. Raises ValueError with the reason."""
    if field.kind == "lines":
        return [unescaped(line) for line in text.splitlines() if line.strip()]
    return unescaped(text) if field.kind == "text" else parsed(field, text)


def _content_of(text: str) -> dict[str, JsonValue]:
    """Input and expected output from JSON text. Raises ValueError with the reason."""
    found = json.loads(text)
    if not isinstance(found, dict) or set(found) != {"input", "expected_output"}:
        raise ValueError("it must hold input and expected_output, nothing else")
    return found


def editable_json(text: str) -> str:
    """JSON text in which everything unseen is an escape: still the same JSON."""
    if text.isascii():
        return text
    return "".join(c if c == "\n" or visible(c) == c else json.dumps(c)[1:-1] for c in text)


def changes(before: Mapping[str, JsonValue], after: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Path → new value for every property that was changed; a removed property replaces its whole object."""
    edits: dict[str, JsonValue] = {}
    for base, new in after.items():
        old = before[base]
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict) and set(old) <= set(new):
            for key, value in new.items():
                if key not in old or old[key] != value:
                    edits[join_path(base, key)] = value
        else:
            edits[base] = new
    return edits


def _type_of(text: str) -> str:
    try:
        return type_name(text)
    except CuratorError as error:
        raise ValueError(error.message) from None
