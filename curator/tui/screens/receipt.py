"""The receipt: what was written, where, what the read-back proved; or what is wrong, with remedies by one key."""

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from curator.model import Failure, Receipt
from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.pieces import Piece
from curator.tui.screens.proving import Proving
from curator.tui.session import Prepared
from curator.tui.widgets.frame import Banner, Page, TopBar, content

VERDICTS = {
    "verified": ("good", "✓", "verified: it is there, once, as meant, and clean"),
    "unchanged": ("good", "✓", "unchanged: the stored item already holds exactly this"),
    "refused": ("bad", "✕", "refused: nothing was written"),
    "failed": ("bad", "✕", "failed: a write may have happened, and it is not as meant"),
}


class ReceiptScreen(Proving):
    """See `actions.of("receipt")` for its keys."""

    BINDINGS = actions.bindings("receipt")
    CSS_PATH = "receipt.tcss"
    place = "queue"
    help_places = ("receipt",)

    def __init__(self, prepared: Prepared, failure: Failure | None) -> None:
        super().__init__()
        self._prepared = prepared
        self._failure = failure
        self._remedies: tuple[str, ...] = ()
        self._receipt: Receipt | None = None

    def compose(self) -> ComposeResult:
        yield TopBar("queue")
        yield Banner()
        with Vertical(classes="page-holder", id="holder"):
            yield Page()
            with VerticalScroll(id="receipt"):
                yield Static(id="words")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._run()

    def _run(self) -> None:
        self._receipt = None
        self.query_one("#receipt").display = False
        page = self.query_one(Page)
        page.display = True
        page.waiting(f"writing {self._prepared.draft.item_id} and reading it back")
        self.curator.busy("promoting")
        prepared, remedies = self._prepared, self._remedies
        self.fetch("promote", lambda report: self.session.promote(prepared, remedies), self._done, self._not_done)

    def _done(self, receipt: Receipt) -> None:
        self._receipt = receipt
        self.curator.busy("")
        self.query_one(Page).display = False
        self.query_one("#receipt").display = True
        self.query_one("#words", Static).update(self._words(receipt))
        self.query_one("#receipt").focus()
        self.curator.queue_changed()

    def _not_done(self, error: CuratorError) -> None:
        self.curator.busy("")
        page = self.query_one(Page)
        page.display = True
        page.refused(error)

    def reload(self) -> None:
        self._run()

    def reload_after_undo(self) -> None:
        self.curator.back_to_queue()

    @property
    def receipt(self) -> Receipt | None:
        """What undo takes back here."""
        return self._receipt

    # What it says

    def _words(self, receipt: Receipt) -> Content:
        role, sign, words = VERDICTS[receipt.verdict]
        parts: list[list[Piece]] = [
            [(role, f"{sign}  "), ("strong", words)],
            [],
            [("dim", "dataset  "), ("text", receipt.dataset)],
            [("dim", "item     "), ("text", receipt.item_id)],
            [("dim", "trace    "), ("text", receipt.trace_id)],
            [("dim", "action   "), ("text", receipt.action), ("dim", f"  by {receipt.reviewer}")],
            [],
        ]
        said = receipt.problem.message if receipt.problem is not None else None
        for check in receipt.checks:
            if check.detail == said:
                continue
            parts.append(
                [
                    ("good" if check.ok else "bad", "✓ " if check.ok else "✕ "),
                    ("text", check.name),
                    ("dim", f"  {check.detail}" if check.detail else ""),
                ]
            )
        parts += [[("warn", "▲ "), ("text", warning.message)] for warning in receipt.warnings]
        if receipt.problem is not None:
            parts.append([("bad", f"✕ {receipt.problem.message}")])
            parts.append([("dim", f"  {receipt.problem.remedy}")])
            parts.append([("accent", "  e"), ("dim", f" explains {receipt.problem.code}")])
        if remedies := self.remedies():
            parts += [[], [("heading", "What curator can do")]]
            parts += [
                [("accent", f"{number}  "), ("text", name), ("dim", f"  {words}")]
                for number, (name, words) in enumerate(remedies, 1)
            ]
        if proof := self.proof_rows():
            parts += [[], [("heading", "Does it protect anything?")], *proof]
        if receipt.ok:
            parts += [
                [],
                [
                    ("accent", "enter"),
                    ("dim", " next failure   "),
                    *([("accent", "u"), ("dim", " takes it back   ")] if receipt.action != "none" else []),
                    ("accent", "t"),
                    ("dim", " proves it"),
                ],
            ]
        return Content("\n").join(content(part) for part in parts)

    def remedies(self) -> list[tuple[str, str]]:
        """Names and words of what can be done about a failure."""
        return [] if self._receipt is None else list(self.session.remedies(self._receipt))

    # Actions of the place "receipt"

    def action_explain(self) -> None:
        problem = self._receipt.problem if self._receipt is not None else None
        self.curator.explain(problem.code if problem is not None else None)

    def action_remedy(self, number: int) -> None:
        remedies = self.remedies()
        if not 0 < number <= len(remedies):
            return
        name = remedies[number - 1][0]
        self._remedies = (*self._remedies, name)
        self._run()

    def action_next(self) -> None:
        if self._receipt is None:
            return
        if not self._receipt.ok:
            self.tell([("text", "It is not written. Choose a remedy by its number, or go back with esc.")])
            return
        self.curator.back_to_queue()

    def action_back(self) -> None:
        if self._receipt is None and self.drop("promote"):
            self.tell([("text", "It goes on in the background; the log will tell.")])
        if self._receipt is not None and not self._receipt.ok:
            from curator.tui.screens.workbench import WorkbenchScreen

            self.app.switch_screen(WorkbenchScreen(self._prepared.order.trace_id, self._failure))
            return
        self.curator.back_to_queue()

    def action_prove(self) -> None:
        if self._receipt is None or not self._receipt.ok:
            self.tell([("text", "Only an item that is written can be proved.")])
            return
        self.ask_and_prove(self._prepared.loaded, self._receipt.item_id)

    def proof_changed(self) -> None:
        if self._receipt is not None:
            self.query_one("#words", Static).update(self._words(self._receipt))

    def action_copy_link(self) -> None:
        self.curator.copy_item_link(*self._item())

    def action_browse(self) -> None:
        self.curator.browse_item(*self._item())

    def _item(self) -> tuple[str, str]:
        """Dataset and id of what the receipt is about: after a collision another id than the draft's."""
        receipt, draft = self._receipt, self._prepared.draft
        return draft.dataset, receipt.item_id if receipt is not None and receipt.item_id else draft.item_id
