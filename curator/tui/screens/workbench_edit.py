"""Editing on the workbench: fields, findings, the whole item in an editor. Every edit makes the draft anew."""

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue
from textual import on
from textual.app import SuspendNotSupported
from textual.widgets import OptionList

from curator.model import join_path
from curator.tui.decide import Deciding
from curator.tui.escapes import editable, unescaped
from curator.tui.fields import Field, fields_of, parsed
from curator.tui.memory import DraftState
from curator.tui.screens.ask import AskLine, AskText, Choose
from curator.tui.session import Prepared
from curator.tui.text import visible
from curator.tui.widgets.checks import ChecksView
from curator.tui.widgets.form import FormView

KEEP_REASONS = (
    ("public information", "Public information (a company, a product, a place)"),
    ("invented", "Invented: the name of an example"),
    ("needed for the case", "The case cannot be reproduced without it"),
    ("not personal", "Not personal: the detector is wrong"),
)


class Editing(Deciding):
    """A screen that edits a draft. The order is what the reviewer decided; the prepared draft follows from it."""

    def __init__(self) -> None:
        super().__init__()
        self._order: DraftState | None = None
        self._prepared: Prepared | None = None
        self._revealed = False

    def _change(self, **changes: object) -> None:
        """The reviewer decided something: the draft is made anew."""
        if self._order is not None:
            self._order = self._order.model_copy(update=changes)
            self.reload()

    def _fields(self, prepared: Prepared) -> list[Field]:
        scrubbed = prepared.scrubbed
        return fields_of(
            {"input": prepared.loaded.input_schema, "expected_output": prepared.loaded.expected_output_schema},
            {"input": scrubbed.input, "expected_output": scrubbed.expected_output},
            prepared.draft.origins,
            scrubbed.problems,
        )

    # Editing

    @on(OptionList.OptionSelected, "#form")
    def action_edit(self) -> None:
        field = self._field()
        if field is None or self._prepared is None:
            return
        original = {"input": self._prepared.draft.input, "expected_output": self._prepared.draft.expected_output}
        from curator.draft.edits import value_at

        value = value_at(original, field.path) if self._revealed else field.value
        note = "; ".join(p.message for p in field.problems) or field.description
        if field.kind in ("choice", "flag"):
            answers = [(json.dumps(each), str(each)) for each in field.choices]
            self.app.push_screen(Choose(field.path, answers, note=note), lambda t: self._edited(field, t, as_json=True))
        elif field.kind == "lines":
            text = "\n".join(editable(str(each)) for each in value or [])
            note = f"{note}  one per line".strip()
            self.app.push_screen(AskText(field.path, value=text, note=note), lambda t: self._edited(field, t))
        elif field.kind == "text" and (value is None or ("\n" not in str(value) and len(str(value)) < 100)):
            text = editable(str(value or ""))
            self.app.push_screen(AskLine(field.path, value=text, note=note), lambda t: self._edited(field, t))
        elif field.kind == "number":
            text = "" if value is None else json.dumps(value)
            self.app.push_screen(AskLine(field.path, value=text, note=note), lambda t: self._edited(field, t))
        else:
            is_text = field.kind == "text"
            text = editable(str(value or ""), newlines=True) if is_text else json.dumps(value, indent=2)
            self.app.push_screen(AskText(field.path, value=text, note=note), lambda t: self._edited(field, t))

    def _field(self) -> Field | None:
        key = self.query_one(FormView).current
        if self._prepared is None or not key:
            return None
        return next((f for f in self._fields(self._prepared) if f.path == key), None)

    def _edited(self, field: Field, text: str | None, *, as_json: bool = False) -> None:
        if text is None or self._order is None:
            return
        try:
            value: JsonValue
            if as_json:
                value = json.loads(text)
            elif field.kind == "lines":
                value = [unescaped(line) for line in text.splitlines() if line.strip()]
            elif field.kind == "text":
                value = unescaped(text)
            else:
                value = parsed(field, text)
        except ValueError as error:
            self.tell([("bad", f"Not changed: {error}.")], bad=True)
            return
        if not (field.present and value == field.value):
            self._change(edits=self._order.edits | {field.path: value})

    def action_restore(self) -> None:
        key = self.query_one(FormView).current
        if self._order is not None and key:
            left = {
                p: v for p, v in self._order.edits.items() if not (p == key or p.startswith((f"{key}.", f"{key}[")))
            }
            if left != self._order.edits:
                self._change(edits=left)

    def action_choose(self, number: int) -> None:
        if self._prepared is None:
            return
        names = self._prepared.loaded.rule.lineage.failure_types
        if number <= len(names):
            self._change(failure_type=names[number - 1])

    def action_editor(self) -> None:
        if self._prepared is None:
            return
        scrubbed, draft = self._prepared.scrubbed, self._prepared.draft
        shown = draft if self._revealed else scrubbed
        before = {"input": shown.input, "expected_output": shown.expected_output}
        text = json.dumps(before, indent=2, ensure_ascii=False)
        text = editable_json(text)
        try:
            with self.app.suspend():
                after = _in_editor(text)
        except SuspendNotSupported:
            self.app.push_screen(
                AskText("Input and expected output", value=text), lambda answer: self._took(before, answer)
            )
            return
        self._took(before, after)

    def _took(self, before: Mapping[str, JsonValue], text: str | None) -> None:
        if text is None or self._order is None:
            return
        try:
            after = json.loads(text)
            if not isinstance(after, dict) or set(after) != {"input", "expected_output"}:
                raise ValueError("it must hold input and expected_output, nothing else")
        except (ValueError, RecursionError) as error:
            self.tell([("bad", f"Not changed: {error}.")], bad=True)
            return
        edits = changes(before, after)
        if edits:
            self._change(edits=self._order.edits | edits)

    # Findings

    @on(OptionList.OptionSelected, "#checks")
    def action_accept(self) -> None:
        key = self.query_one(ChecksView).current
        if self._order is not None and key in self._order.keep:
            self._change(keep={k: v for k, v in self._order.keep.items() if k != key})

    def action_keep(self) -> None:
        key = self.query_one(ChecksView).current
        if self._order is None or self._prepared is None or not key:
            return
        finding = next((f for f in self._prepared.scrubbed.findings if f.id == key), None)
        if finding is None:
            return
        order = self._order

        def answered(reason: str | None) -> None:
            if reason:
                self._change(keep=order.keep | {key: reason})

        title = f"Keep this {finding.entity} in {finding.path}: why?"
        note = "The reason is recorded in the item's lineage; the value stays readable for everybody."
        self.app.push_screen(Choose(title, KEEP_REASONS, note=note, own="another reason"), answered)


def editable_json(text: str) -> str:
    """JSON text in which everything unseen is an escape: still the same JSON."""

    return (
        "".join(c if c == "\n" or visible(c) == c else json.dumps(c)[1:-1] for c in text)
        if not text.isascii()
        else text
    )


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


def _in_editor(text: str) -> str | None:
    """The text as the user's editor left it; None when the editor failed. The file is readable by the user alone."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="curator-") as folder:
        path = Path(folder) / "item.json"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(editor), str(path)], check=False)
        except OSError:
            return None
        if done.returncode != 0:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
