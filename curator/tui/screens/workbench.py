"""The workbench: the source beside the form beside the live checks; from here an item is written."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Footer, Static

from curator.model import Failure, Problem, parse_text
from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.escapes import editable
from curator.tui.live import doubts_of, problem_checks, protection_checks, standing_checks
from curator.tui.memory import DraftState
from curator.tui.pieces import Piece
from curator.tui.screens.ask import AskLine, Choose
from curator.tui.screens.workbench_edit import Editing
from curator.tui.sections import Sheet, of_failure
from curator.tui.session import Prepared
from curator.tui.widgets.checks import ChecksView, summary_words
from curator.tui.widgets.form import FormView
from curator.tui.widgets.frame import Banner, LineInput, Page, TopBar, content
from curator.tui.widgets.preview import MaskedView
from curator.tui.widgets.reader import Reader, SearchPane

if TYPE_CHECKING:
    from curator.draft.likeness import Novelty

PANES = ("#source-pane", "#item-pane", "#checks-pane")


class WorkbenchScreen(Editing):
    """See `actions.of("workbench")` for its keys."""

    BINDINGS = actions.bindings("workbench")
    CSS_PATH = "workbench.tcss"
    place = "queue"
    AUTO_FOCUS = "#form"

    def __init__(self, trace_id: str, failure: Failure | None = None) -> None:
        super().__init__()
        self.trace_id = trace_id
        self.failure = failure
        self._compared: Novelty | None = None
        self._mode = "form"
        self._summary: list[Piece] = []

    def compose(self) -> ComposeResult:
        yield TopBar("queue")
        yield Static("", id="bench-title")
        yield Static("", id="pane-tabs")
        yield Banner()
        with Vertical(classes="page-holder", id="instead"):
            yield Page()
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
        yield Footer(show_command_palette=False)

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
        self._to_front(1)
        self.fetch("order", lambda report: self.session.order(self.trace_id), self._ordered, self._not_prepared)

    def _ordered(self, order: DraftState) -> None:
        self._order = order
        if order.touched:
            self.tell([("text", "Your draft from before is back."), ("dim", "  ^z drops it")])
        self.reload()

    def reload(self) -> None:
        order = self._order
        if order is None:
            self.on_mount()
            return
        self.fetch("prepare", lambda report: self._prepare(order), self._got, self._not_prepared)

    def _prepare(self, order: DraftState) -> Prepared:
        """In a thread. What the reviewer decided is kept at once, so that nothing is lost however the app ends."""
        prepared = self.session.prepare(order)
        self.session.keep_order(order, prepared)
        return prepared

    def _got(self, prepared: Prepared) -> None:
        first = self._prepared is None
        self._prepared = prepared
        self.calm()
        self.show_panes()
        self._show_all()
        if first:
            self.query_one("#form").focus()
            self._show_source()
        self.fetch("compare", lambda report: self.session.compare(prepared), self._got_compared, self.trouble)

    def _got_compared(self, compared: "Novelty") -> None:
        self._compared = compared
        self._show_all()

    def _not_prepared(self, error: CuratorError) -> None:
        if self._prepared is None:
            self.show_page().refused(error)
        else:
            self.trouble(error)

    # Showing

    def _show_all(self) -> None:
        if self._prepared is None:
            return
        self._show_title(self._prepared)
        self._show_item(self._prepared)
        self._show_checks(self._prepared)

    def _show_title(self, prepared: Prepared) -> None:
        draft = prepared.draft
        case = f"case {draft.case}  " if draft.case != "1" else ""
        self.query_one("#bench-title", Static).update(
            content(
                [
                    ("strong", prepared.trace.name or "trace"),
                    ("accent", " → "),
                    ("strong", draft.dataset),
                    ("dim", f"  {case}rule {draft.rule}  id {draft.item_id}"),
                ]
            )
        )

    def _show_item(self, prepared: Prepared) -> None:
        draft, scrubbed = prepared.draft, prepared.scrubbed
        original = {"input": draft.input, "expected_output": draft.expected_output}
        chosen = draft.metadata.get("failure_type")
        self.query_one(FormView).put(
            self._fields(prepared),
            prepared.loaded.rule.lineage.failure_types,
            str(chosen) if chosen else None,
            (original, scrubbed.findings) if self._revealed else None,
        )
        form, text = self.query_one("#form"), self.query_one("#item-json", MaskedView)
        form.display = self._mode == "form"
        text.display = self._mode != "form"
        self.query_one("#item-title", Static).update(
            {"form": "Item", "json": "Item as JSON", "diff": "Changes"}[self._mode]
        )
        if self._mode == "json":
            sheet = Sheet()
            for title, name, value in (
                ("Input", "input", scrubbed.input),
                ("Expected output", "expected_output", scrubbed.expected_output),
                ("Lineage", "metadata", scrubbed.metadata),
            ):
                sheet.add(title, name, value)
            text.view = "json"
            text.put(sheet, (), keep_place=True)
        elif self._mode == "diff":
            text.put(_difference(prepared, self._compared), (), keep_place=True)

    def _show_checks(self, prepared: Prepared) -> None:
        scrubbed = prepared.scrubbed
        sections = [
            ("To mend", problem_checks(scrubbed.problems)),
            ("Does it protect?", protection_checks(prepared.judged, scrubbed.problems)),
        ]
        if self._compared is not None:
            sections.append((f"In {prepared.draft.dataset}", standing_checks(self._compared)))
        model = scrubbed.summary.model
        note = f"looked for with {model}" if model else "names and places not looked for: no model installed"
        self.query_one(ChecksView).put(sections, scrubbed.findings, note)
        self._summary = summary_words(sections, scrubbed.findings)
        self.query_one("#checks-title", Static).update(content(self._summary))
        self._show_tabs()

    def _show_source(self) -> None:
        if self._prepared is None:
            return
        trace = self._prepared.trace
        failure = self.session.failure(self.trace_id) or self.failure
        sheet = of_failure(failure, trace.root) if failure else Sheet()
        if failure is None:
            sheet.add("Input", "input", parse_text(trace.root.input))
            sheet.add("Output", "output", parse_text(trace.root.output))
        if trace.correction is not None:
            sheet.add("Corrected output", "correction", trace.correction)
        if trace.comments:
            notes = [([("accent", "✎ ")], comment.content) for comment in trace.comments]
            sheet.add_notes("Comments", "comments", notes)
        for step in trace.observations:
            if step.type in ("TOOL", "RETRIEVER") and step.output:
                sheet.add(f"{step.type.capitalize()} {step.name or ''}", f"step-{step.id}", parse_text(step.output))
        view = self.query_one("#source", MaskedView)
        view.put(sheet, None)
        rule = self._prepared.order.rule
        self.fetch("values", lambda report: self.session.values_in(sheet.foreign, rule), view.found, self.trouble)

    def changed(self, *, advance: bool = False) -> None:
        if advance:
            self.app.pop_screen()

    # Other actions of the place "workbench"

    def action_write(self) -> None:
        if self._prepared is None or self._order is None:
            return
        prepared, scrubbed = self._prepared, self._prepared.scrubbed
        doubts = doubts_of(scrubbed.problems, self._compared)
        wrong = [p for p in scrubbed.problems if p.blocking and p not in doubts]
        undecided = any(f.action == "undecided" for f in scrubbed.findings)
        if wrong or undecided:
            what = wrong[0].message if wrong else "a personal value needs a decision"
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            self.tell([("bad", f"Not written: {what}{more}.")], bad=True)
            if wrong and wrong[0].path:
                self.query_one(FormView).go_to(wrong[0].path)
        elif prepared.order != self._order:
            self.tell([("text", "Still working on your last change.")])
        elif doubts:
            note = "\n".join(f"{p.message[:1].upper()}{p.message[1:]}. {p.remedy}" for p in doubts)
            answers = [("no", "Back to the draft"), ("yes", "Write it all the same")]
            self.app.push_screen(
                Choose("Write this case?", answers, note=note), lambda answer: self._answered(answer, doubts)
            )
        else:
            self._write(prepared)

    def _answered(self, answer: str | None, doubts: Sequence[Problem]) -> None:
        if answer != "yes" or self._order is None or self._prepared is None:
            return
        overruled = tuple(p.code for p in doubts if p.blocking)
        if not overruled:
            self._write(self._prepared)
            return
        order = self._order = self._order.model_copy(update={"despite": overruled})
        self.fetch("prepare", lambda report: self.session.prepare(order), self._write, self._not_prepared)

    def _write(self, prepared: Prepared) -> None:
        from curator.tui.screens.receipt import ReceiptScreen

        self.app.switch_screen(ReceiptScreen(prepared, self.failure))

    def action_back(self) -> None:
        if self._order is not None and self._order.touched:
            self.tell([("text", "Draft kept.")])
        self.app.pop_screen()

    def action_reset(self) -> None:
        if self._order is not None and self._order.touched:
            self.session.memory.forget_draft(self.trace_id)
            self._order = DraftState(trace_id=self.trace_id, rule=self._order.rule)
            self.tell([("text", "Back to what the rule makes of the trace.")])
            self.reload()

    def action_dismiss_failure(self) -> None:
        failure = self.session.failure(self.trace_id) or self.failure
        self.ask_dismissal([failure] if failure else [])

    def action_reveal(self) -> None:
        self._revealed = not self._revealed
        self.query_one("#source", MaskedView).toggle_reveal()
        self._show_all()

    def action_other_view(self) -> None:
        stored = self._compared.standing.stored if self._compared else None
        modes = ["form", "json", *(["diff"] if stored is not None else [])]
        focused = isinstance(self.focused, (FormView, MaskedView)) and self.focused.id != "source"
        self._mode = modes[(modes.index(self._mode) + 1) % len(modes)] if self._mode in modes else "form"
        self._show_all()
        if focused:
            self.query_one("#form" if self._mode == "form" else "#item-json").focus()

    def action_rule(self) -> None:
        def chosen(rule: str | None) -> None:
            if rule and self._order is not None and rule != self._order.rule:
                self._compared = None
                self._order = DraftState(trace_id=self.trace_id, rule=rule)
                self.reload()

        self.app.push_screen(Choose("Shape the item by which rule?", self.session.rule_names()), chosen)

    def action_case(self) -> None:
        def answered(case: str | None) -> None:
            if case and case.strip():
                self._change(case=case.strip())

        note = "One trace can give several items, each with a case of its own."
        value = self._order.case if self._order else "1"
        self.app.push_screen(AskLine("Name of the case", value=editable(value), note=note), answered)

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
        words += [("accent", "h l"), ("dim", " panes  "), *self._summary]
        self.query_one("#pane-tabs", Static).update(content(words))


def _difference(prepared: Prepared, compared: "Novelty | None") -> Sheet:
    """What a promotion would change on the stored item."""
    from curator.tui.diff import difference

    sheet = Sheet()
    stored = compared.standing.stored if compared else None
    if compared is None or stored is None:
        return sheet
    scrubbed = prepared.scrubbed
    if compared.standing.state == "same":
        sheet.add_notes("Changes", "none", [([("good", "✓ the stored item holds the same")], "")])
        return sheet
    for title, name, old, new in (
        ("Input", "input", stored.input, scrubbed.input),
        ("Expected output", "expected_output", stored.expected_output, scrubbed.expected_output),
    ):
        sheet.add_notes(title, name, difference(old, new))
    return sheet
