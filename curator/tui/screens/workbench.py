"""The workbench: what must be judged, over the source, the form and the live checks; from here an item is written."""

import json
from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from curator.draft import Novelty
from curator.model import Failure, Finding, Problem, split_key
from curator.tui import actions
from curator.tui.differences import of_answer, of_update
from curator.tui.live import (
    Point,
    decision_rows,
    doubts_of,
    open_points,
    problem_checks,
    protection_checks,
    under_id_checks,
)
from curator.tui.masks import Masks
from curator.tui.memory import DraftState
from curator.tui.screens.ask import AskLine, Choose, Confirm
from curator.tui.screens.place import Copies
from curator.tui.screens.workbench_edit import Editing
from curator.tui.sections import Sheet, add_content, of_failure
from curator.tui.session import Prepared, says_of
from curator.tui.text import Piece, editable
from curator.tui.widgets.cards import hanging
from curator.tui.widgets.checks import ChecksView
from curator.tui.widgets.form import FormView
from curator.tui.widgets.frame import LineInput
from curator.tui.widgets.reader import MaskedView, Reader, SearchPane
from curator.tui.words import plural, sentences

PANES = ("#source-pane", "#item-pane", "#checks-pane")


class WorkbenchScreen(Editing):
    """See `actions.of("workbench")` for its keys."""

    BINDINGS = actions.bindings("workbench")
    CSS_PATH = "workbench.tcss"
    place = "queue"
    AUTO_FOCUS = "#form"

    def __init__(self, key: str, failure: Failure | None = None, *, only_edit: bool = False) -> None:
        """`only_edit`: it was opened from among several; those are written together."""
        super().__init__()
        self.key = key
        self.trace_id = split_key(key)[0]
        self.failure = failure
        self._only_edit = only_edit
        self._compared: Novelty | None = None
        self._mode = "form"
        self._points: list[Point] = []
        self._found: tuple[Finding, ...] | None = None
        self._walked = -1

    def head(self) -> ComposeResult:
        yield Static("", id="bench-title")
        yield Static("", id="decide")
        yield Static("", id="pane-tabs")

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            yield Reader("source", id="source-pane", title="Source")
            with Vertical(id="bench"):
                with SearchPane(id="item-pane", classes="pane"):
                    yield Static("Item", classes="pane-title", id="item-title")
                    yield FormView(id="form")
                    yield MaskedView(id="item-json")
                    yield LineInput("/", "search in this item", id="item-search")
                with Vertical(id="checks-pane", classes="pane"):
                    yield Static("Checks", classes="pane-title", id="checks-title")
                    yield ChecksView(id="checks")

    def help_for_focus(self) -> tuple[actions.Place, ...]:
        if isinstance(self.focused, FormView):
            return ("workbench", "form", "list")
        if isinstance(self.focused, ChecksView):
            return ("workbench", "checks", "list")
        return ("workbench", "text", "form", "checks")

    # Data: the order is what the reviewer decided; everything else follows from it

    def on_mount(self) -> None:
        self.show_page().waiting("preparing the draft", way_out="goes back")
        self.query_one("#item-json").display = False
        self.query_one("#decide").display = False
        self._to_front(1)
        self.fetch("order", lambda report: self.session.drafts.order(self.key), self._ordered, self.failed)

    def _ordered(self, order: DraftState) -> None:
        self._order = order
        if self.key in self.session.drafts.inbox:
            self.tell([("accent", "✍ "), ("text", "A prepared draft: p approves it, d dismisses the failure.")])
        elif order.touched:
            self.tell([("text", "Your draft from before is back."), ("dim", "  ^x drops it")])
        self.reload()

    def reload(self) -> None:
        order = self._order
        if order is None:
            self.on_mount()
            return
        self.fetch("prepare", lambda report: self._prepare(order), self._got, self.failed)

    def _prepare(self, order: DraftState) -> Prepared:
        """In a thread. What the reviewer decided is kept at once, so that nothing is lost however the app ends."""
        prepared = self.session.drafts.prepare(order)
        self.session.drafts.keep(order, prepared)
        return prepared

    def _got(self, prepared: Prepared) -> None:
        first, here = self._prepared is None, self._here()
        stood_on = self._points[here] if here >= 0 else None
        self._prepared = prepared
        self.calm()
        self.show_panes()
        self._show_all()
        if first:
            self._show_source()
            self._stand_on_the_first()
        elif stood_on is not None and stood_on not in self._points and (point := self._first_below()) is not None:
            self._go_to(point)  # decided: on to the next one
        self.fetch("compare", lambda report: self.session.drafts.compare(prepared), self._got_compared)

    def _got_compared(self, compared: Novelty) -> None:
        self._compared = compared
        self._show_all()

    # Open points

    def _doubts(self, prepared: Prepared) -> list[Problem]:
        return doubts_of(prepared.scrubbed.problems, self._compared)

    def _first_below(self) -> Point | None:
        """The first open point that the cursor can stand on; the type is chosen by its number, wherever it stands."""
        return next((point for point in self._points if point.kind in ("field", "finding")), None)

    def _stand_on_the_first(self) -> None:
        """The cursor stands on what is to be decided first, else on what is expected, with which the form begins."""
        self.query_one(FormView).focus()
        if (point := self._first_below()) is not None:
            self._go_to(point)

    def _go_to(self, point: Point) -> None:
        if point.kind == "finding":
            self._to_front(2)
            checks = self.query_one(ChecksView)
            checks.focus()
            checks.go_to(point.key)
            return
        self._to_front(1)
        if self._mode != "form":
            self._mode = "form"
            self._show_all()
        form = self.query_one(FormView)
        form.focus()
        if point.kind == "field":
            near = [f.path for f in self._prepared.fields] if self._prepared is not None else []
            # A problem of an object stands at the first of its fields that is missing, else at its first.
            missing = next((p for p in near if p.startswith(point.key) and p.rpartition(".")[2] in point.words), None)
            path = missing or next((p for p in near if p == point.key or p.startswith(f"{point.key}.")), point.key)
            form.go_to(path)

    def _here(self) -> int:
        """Which open point the cursor stands on; -1 for none of them."""
        form, checks = self.query_one(FormView), self.query_one(ChecksView)
        key = checks.current if checks.has_focus else form.current if form.has_focus else None
        return next(
            (n for n, p in enumerate(self._points) if key and (p.key == key or key.startswith(f"{p.key}."))), -1
        )

    def action_next_point(self) -> None:
        self._walk(1)

    def action_previous_point(self) -> None:
        self._walk(-1)

    def _walk(self, by: int) -> None:
        if not self._points:
            self.tell([("good", "✓ "), ("text", "Nothing is open."), ("dim", "  p writes it")])
            return
        here = self._here()
        there = (here + by if here >= 0 or by < 0 else self._walked + by) % len(self._points)
        self._walked = there
        point = self._points[there]
        self._go_to(point)
        if point.kind in ("type", "item"):
            self.tell([("text", f"{point.words[:1].upper()}{point.words[1:]}.")])

    # Showing

    def _show_all(self) -> None:
        if self._prepared is None:
            return
        doubts = self._doubts(self._prepared)
        self._points = open_points(self._prepared, doubts)
        self._show_title(self._prepared)
        self._show_decision(self._prepared)
        self._show_item(self._prepared)
        self._show_checks(self._prepared)

    def on_resize(self) -> None:
        if self._prepared is not None:
            self._show_decision(self._prepared)

    def _show_title(self, prepared: Prepared) -> None:
        draft = prepared.draft
        case = f"case {draft.case}  " if draft.case != "1" else ""
        waiting = self.session.drafts.inbox.get(self.key)
        by = f"prepared by {waiting.prepared_by}  " if waiting is not None else ""
        pieces: list[Piece] = [
            ("accent", by),
            ("strong", prepared.trace.name or "trace"),
            ("accent", " → "),
            ("strong", draft.dataset),
            ("dim", f"  {case}rule {draft.rule}  id {draft.item_id}"),
        ]
        self.say("#bench-title", pieces)

    def _show_decision(self, prepared: Prepared) -> None:
        """What must be judged, in sight at every size: two rows at most for each, as the form scrolls."""
        doubts = [p for p in prepared.scrubbed.problems if not p.blocking]
        extra = [p for p in self._doubts(prepared) if p not in doubts]
        types = self.session.groups.types(self.key)
        rows = decision_rows(prepared, self._points, len(doubts) + len(extra), self._compared, types)
        width = max(self.app.size.width - 2, 20)
        pieces: list[Piece] = []
        for row in rows:
            lines = hanging(row, width, indent=" " * 10, first="")
            pieces += [("text", "\n" if pieces else ""), *_at_most(lines, 2)]
        self.query_one("#decide").display = True
        self.say("#decide", pieces)

    def _show_item(self, prepared: Prepared) -> None:
        draft, scrubbed = prepared.draft, prepared.scrubbed
        original = {"input": draft.input, "expected_output": draft.expected_output}
        self.query_one(FormView).put(prepared.fields, (original, scrubbed.findings) if self._revealed else None)
        form, text = self.query_one("#form"), self.query_one("#item-json", MaskedView)
        form.display = self._mode == "form"
        text.display = self._mode != "form"
        self.query_one("#item-title", Static).update(sentences("view")[self._mode])
        if self._mode == "json":
            sheet = Sheet()
            sheet.add("", "item", _whole(prepared))
            text.view = "json"
            text.put(sheet, (), keep_place=True)
        elif self._mode == "answer":
            masks = Masks(self._found or (), revealed=self._revealed, checked=self._found is not None)
            text.put(of_answer(prepared.trace, masks), (), keep_place=True)
        elif self._mode == "diff":
            text.put(of_update(prepared.scrubbed, self._compared), (), keep_place=True)

    def _show_checks(self, prepared: Prepared) -> None:
        scrubbed = prepared.scrubbed
        sections = [
            ("To mend", problem_checks(scrubbed.problems)),
            ("Does it protect?", protection_checks(prepared.answers, scrubbed.problems)),
        ]
        if self._compared is not None:
            sections.append((f"In {prepared.draft.dataset}", under_id_checks(self._compared)))
        model = scrubbed.summary.model
        note = f"looked for with {model}" if model else "names and places not looked for: no model installed"
        self.query_one(ChecksView).put(sections, scrubbed.findings, note)
        self._show_tabs()

    def _show_source(self) -> None:
        if self._prepared is None:
            return
        trace = self._prepared.trace
        failure = self.session.queue.get(self.key) or self.failure
        sheet = of_failure(failure, trace) if failure else Sheet()
        if failure is None:
            add_content(sheet, trace, self._prepared.proposal.source.observation_id)
        if trace.correction is not None:
            sheet.add("Corrected output", "correction", trace.correction)
        if trace.comments:
            notes = [([("accent", "✎ ")], comment.content) for comment in trace.comments]
            sheet.add_notes("Comments", "comments", notes)
        view = self.query_one("#source", MaskedView)
        view.put(sheet, None)
        rule = self._prepared.order.rule

        def found(findings: tuple[Finding, ...]) -> None:
            self._found = findings
            view.found(findings)
            if self._mode == "answer":
                self._show_all()

        self.fetch("values", lambda report: self.session.traces.values_in(sheet.foreign, rule), found)

    def changed(self, *, advance: bool = False, at: str | None = None) -> None:
        if advance:
            self.app.pop_screen()

    # Other actions of the place "workbench"

    def action_write(self) -> None:
        if self._prepared is None or self._order is None:
            return
        prepared = self._prepared
        if self._points:
            point = self._points[0]
            more = f" (and {len(self._points) - 1} more)" if len(self._points) > 1 else ""
            self.tell([("bad", f"Not written: {point.words}{more}.")], bad=True)
            self._go_to(point)
        elif prepared.order != self._order:
            self.tell([("text", "Still working on your last change.")])
        elif self._only_edit:
            self.tell([("text", "It is ready."), ("dim", "  esc goes back to the others; p there writes them all")])
        elif doubts := self._doubts(prepared):
            note = "\n".join(f"{p.message[:1].upper()}{p.message[1:]}. {p.remedy}" for p in doubts)
            answers = {"no": "Back to the draft", "yes": "Write it all the same"}
            self.ask(Choose("Write this case?", answers, note=note), lambda answer: self._answered(answer, doubts))
        else:
            self._write(prepared)

    def _answered(self, answer: str, doubts: Sequence[Problem]) -> None:
        if answer != "yes" or self._order is None or self._prepared is None:
            return
        overruled = tuple(p.code for p in doubts if p.blocking)
        if not overruled:
            self._write(self._prepared)
            return
        order = self._order = self._order.model_copy(update={"despite": overruled})
        self.fetch("prepare", lambda report: self.session.drafts.prepare(order), self._write, self.failed)

    def _write(self, prepared: Prepared) -> None:
        """Writes; asks first where the dataset would have to be made, and where somebody decided meanwhile."""
        failure = self.session.queue.get(self.key)

        def look() -> tuple[bool, str]:
            others = self.session.queue.elsewhere([failure] if failure is not None else [])
            return self.session.items.lately(prepared.draft.dataset) is None, says_of(others)

        def looked(found: tuple[bool, str]) -> None:
            missing, meanwhile = found
            go_on = self._ask_to_create if missing else self._receipt
            if not meanwhile:
                go_on(prepared)
                return
            question = Confirm("Write it all the same?", yes="Write it", note=f"Meanwhile it was {meanwhile}.")
            self.ask(question, lambda yes: go_on(prepared))

        self.fetch("before", lambda report: look(), looked)

    def _ask_to_create(self, prepared: Prepared) -> None:
        loaded = prepared.loaded
        sides = {"input": loaded.input_schema, "expected_output": loaded.expected_output_schema}
        said = [f"{side}: {', '.join(schema.get('properties', {})) or 'any'}" for side, schema in sides.items()]
        note = "\n".join(["It holds the schemas of the rule, which Langfuse then demands of every item:", *said])
        title = f"Create the dataset {prepared.draft.dataset} with these schemas?"

        def answered(yes: str) -> None:
            create, words = self.session.items.create_dataset, f"creating {prepared.draft.dataset}"
            self.busily("dataset", words, lambda report: create(loaded), lambda _: self._receipt(prepared))

        self.ask(Confirm(title, yes="Create it, then write the item", note=note), answered)

    def _receipt(self, prepared: Prepared) -> None:
        from curator.tui.screens.receipt import ReceiptScreen

        self.app.switch_screen(ReceiptScreen(prepared, self.failure))

    def action_back(self) -> None:
        if self._order is not None and self._order.touched:
            self.tell([("text", "Draft kept.")])
        self.dismiss(None)

    def action_reset(self) -> None:
        if self._order is None or not self._order.touched:
            return
        order = self._order

        def answered(yes: str) -> None:
            self.session.rooms.memory.forget_draft(self.key)
            self._order = DraftState(trace_id=self.key, rule=order.rule)
            self.tell([("text", "Back to what the rule makes of the trace.")])
            self.reload()

        note = f"You changed {', '.join(self._changed(order))}."
        self.ask(Confirm("Drop this draft?", yes="Drop it", note=note), answered)

    @staticmethod
    def _changed(order: DraftState) -> list[str]:
        """What the reviewer decided about a draft: what would be lost with it."""
        return [
            *order.edits,
            *(["the failure type"] if order.failure_type else []),
            *([plural(len(order.keep), "kept value")] if order.keep else []),
            *(["the name of the case"] if order.case != "1" else []),
        ]

    def action_dismiss_failure(self) -> None:
        failure = self.session.queue.get(self.key) or self.failure
        self.ask_dismissal([failure] if failure else [])

    def action_reveal(self) -> None:
        self._revealed = not self._revealed
        self.query_one("#source", MaskedView).toggle_reveal()
        self._show_all()

    def action_other_view(self) -> None:
        stored = self._compared.under_id.stored if self._compared else None
        correction = self._prepared is not None and self._prepared.trace.correction is not None
        modes = ["form", "json", *(["answer"] if correction else []), *(["diff"] if stored is not None else [])]
        focused = isinstance(self.focused, (FormView, MaskedView)) and self.focused.id != "source"
        self._mode = modes[(modes.index(self._mode) + 1) % len(modes)] if self._mode in modes else "form"
        self._show_all()
        if focused:
            self.query_one("#form" if self._mode == "form" else "#item-json").focus()

    def action_rule(self) -> None:
        def chosen(rule: str) -> None:
            if self._order is None or rule == self._order.rule:
                return
            if self._order.touched:
                note = f"You changed {', '.join(self._changed(self._order))}; another rule shapes other fields."
                question = Confirm("Drop this draft?", yes=f"Shape it by {rule}", note=note)
                self.ask(question, lambda yes: by(rule))
            else:
                by(rule)

        def by(rule: str) -> None:
            self._compared = None
            self._order = DraftState(trace_id=self.key, rule=rule)
            self.reload()

        self.ask(Choose("Shape the item by which rule?", self.session.rooms.rule_names()), chosen)

    def action_case(self) -> None:
        def answered(case: str) -> None:
            if case.strip():
                self.change(case=case.strip())

        note = "One trace can give several items, each with a case of its own."
        value = self._order.case if self._order else "1"
        self.ask(AskLine("Name of the case", value=editable(value), note=note), answered)

    def copies(self) -> Copies:
        found: Copies = [("the trace's id", self.trace_id)]
        if self._prepared is not None:
            rule = self._prepared.order.rule
            found.insert(0, ("the item's id", self._prepared.draft.item_id))
            found.append(("the item as JSON", json.dumps(_whole(self._prepared), indent=2, ensure_ascii=False)))
            found.append(("the command that promotes it", f"curator promote {self.key} --rules {rule}"))
        return found

    def action_next_pane(self) -> None:
        self._go_to_pane(1)

    def action_previous_pane(self) -> None:
        self._go_to_pane(-1)

    def _go_to_pane(self, by: int) -> None:
        here = next((i for i, p in enumerate(PANES) if self.query_one(p).has_focus_within), 1)
        place = max(0, min(here + by, len(PANES) - 1))
        there = self.query_one(PANES[place])
        self._to_front(place)
        target = next((w for w in there.query("*") if isinstance(w, Widget) and w.focusable and w.display), None)
        if target is not None:
            target.focus()

    def _to_front(self, place: int) -> None:
        """On a narrow terminal one pane is seen at a time."""
        for index, name in enumerate(("-source", "-item", "-checks")):
            self.set_class(index == place, name)
        self._show_tabs()

    def _show_tabs(self) -> None:
        words: list[Piece] = []
        for name in ("Source", "Item", "Checks"):
            here = self.has_class(f"-{name.lower()}")
            words += [("underline" if here else "dim", name), ("dim", "  ")]
        words += [("accent", "h l"), ("dim", " panes")]
        self.say("#pane-tabs", words)


def _whole(prepared: Prepared) -> dict[str, object]:
    """The item as it would be written."""
    scrubbed = prepared.scrubbed
    return {"input": scrubbed.input, "expected_output": scrubbed.expected_output, "metadata": scrubbed.metadata}


def _at_most(pieces: Sequence[Piece], rows: int) -> list[Piece]:
    """The first rows of pieces; what is left out is shown as `…`."""
    found: list[Piece] = []
    for role, text in pieces:
        if text.startswith("\n"):
            rows -= 1
            if rows == 0:
                return [*found, ("dim", " …")]
        found.append((role, text))
    return found
