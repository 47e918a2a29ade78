"""The receipt: what was written, where, what the read-back proved; or what is wrong, with remedies by one key."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Center, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from curator.model import Failure, Receipt
from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.memory import Tasks
from curator.tui.screens.ask import AskLine, Choose
from curator.tui.screens.place import Copies, Place
from curator.tui.session import Prepared
from curator.tui.text import Piece
from curator.tui.widgets.frame import content
from curator.tui.words import plural, sentences, signs

if TYPE_CHECKING:
    from curator.experiments import Proof, Side
    from curator.rulebook import LoadedRule


QUESTIONS = {"required": (), "known": ("owner", "issue", "until"), "quarantined": ("evidence", "until")}
KINDS = "module:function, cmd:COMMAND or an http(s) address"


class Proving(Place):
    """A screen that can prove one item, and shows `proof_rows` among its words."""

    _proof: "Proof | None" = None
    _proof_refused: CuratorError | None = None
    _proving: str = ""

    def ask_and_prove(self, loaded: "LoadedRule", item_id: str) -> None:
        """Asks for the two tasks (the last answers are remembered for the rule), then proves."""
        kept = self.session.rooms.memory.tasks(loaded.rule.rule)

        def production_given(production: str) -> None:
            if production:
                question = AskLine(
                    "What is meant to mend it? The item should pass on it.",
                    value=kept.candidate,
                    note="Leave it empty to look at production alone.",
                    placeholder=KINDS,
                )
                self.ask(question, lambda candidate: both_given(production, candidate))

        def both_given(production: str, candidate: str) -> None:
            self._prove(loaded, item_id, Tasks(production=production.strip(), candidate=candidate.strip()))

        question = AskLine(
            "What is live? The item should fail on it.",
            value=kept.production,
            note="It runs here, three times, with the item's input; nothing is written.",
            placeholder=KINDS,
        )
        self.ask(question, production_given)

    def _prove(self, loaded: "LoadedRule", item_id: str, tasks: Tasks) -> None:
        self.session.rooms.memory.keep_tasks(loaded.rule.rule, tasks)
        self._proof, self._proof_refused = None, None
        self._proof_said("…")
        self.fetch(
            "prove",
            lambda report: self.session.runs.prove(loaded, item_id, tasks, report),
            self._proved,
            self._not_proved,
            progress=lambda what, done, total: self._proof_said(f"{done} of {total}"),
        )

    def _proof_said(self, waited: str) -> None:
        self._proving = waited
        self.proof_changed()

    def _proved(self, proof: "Proof") -> None:
        self._proof = proof
        self._proof_said("")

    def _not_proved(self, error: CuratorError) -> None:
        self._proof_refused = error
        self._proof_said("")

    def proof_changed(self) -> None:
        """There is other news about the proof."""

    def proof_rows(self) -> list[list[Piece]]:
        """What is known about the proof, a row each; none before it was asked for."""
        if self._proving:
            words = f"proving: answers of production and of the candidate  {self._proving}"
            return [[("info", "◌ "), ("text", words)]]
        if self._proof_refused is not None:
            error = self._proof_refused
            return [[("bad", "✕ "), ("text", f"not proved: {error.message}")], [("dim", f"  {error.remedy}")]]
        if self._proof is None:
            return []
        proof = self._proof
        role, sign = signs("proof")[proof.verdict]
        rows: list[list[Piece]] = [[(role, f"{sign} "), ("strong", proof.verdict), ("text", f": {proof.says}")]]
        sides = (("production", proof.production), ("candidate", proof.candidate))
        return rows + [[("dim", f"  {name:<10}  {_counted(side)}")] for name, side in sides if side is not None]


def _counted(side: "Side") -> str:
    failed = f"; failed: {', '.join(side.failed_checks)}" if side.failed_checks else ""
    return f"passed {side.passed} of {side.runs}{failed}"


class ReceiptScreen(Proving):
    """See `actions.of("receipt")` for its keys."""

    BINDINGS = actions.bindings("receipt")
    CSS_PATH = "receipt.tcss"
    place = "queue"
    panes = "#receipt"
    help_places = ("receipt",)

    def __init__(self, prepared: Prepared, failure: Failure | None) -> None:
        super().__init__()
        self._prepared = prepared
        self._failure = failure
        self._remedies: tuple[str, ...] = ()
        self._receipt: Receipt | None = None
        self._covered = False

    def body(self) -> ComposeResult:
        with Center(id="holder"), VerticalScroll(id="receipt"):
            yield Static(id="words")

    def on_mount(self) -> None:
        self._run()

    def _run(self) -> None:
        self._receipt = None
        self.show_page().waiting(f"writing {self._prepared.draft.item_id} and reading it back")
        self.refresh_bindings()
        prepared, remedies, promote = self._prepared, self._remedies, self.session.acts.promote
        self.busily("promote", "promoting", lambda report: promote(prepared, remedies), self._done, self.failed)

    def _done(self, receipt: Receipt) -> None:
        self._receipt = receipt
        self.show_panes()
        self.proof_changed()
        self.query_one("#receipt").focus()
        self.curator.queue_changed()

    def reload(self) -> None:
        self._run()

    def reload_after_undo(self) -> None:
        self.curator.back_to_queue()

    @property
    def receipt(self) -> Receipt | None:
        """What undo takes back here; after others were covered, those first."""
        return None if self._covered else self._receipt

    # What it says

    def _words(self, receipt: Receipt) -> Content:
        role, sign = signs("receipt")[receipt.verdict]
        parts: list[list[Piece]] = [
            [(role, f"{sign}  "), ("strong", sentences("receipt")[receipt.verdict])],
            [],
            [("dim", "dataset  "), ("text", receipt.dataset)],
            [("dim", "item     "), ("text", receipt.item_id)],
            [("dim", "trace    "), ("text", receipt.trace_id)],
            [("dim", "action   "), ("text", receipt.action), ("dim", f"  by {receipt.reviewer}")],
            [],
        ]
        if others := self._others(receipt):
            covers = f" covers the {plural(len(others), 'other open failure')} of its group with it"
            parts += [[("accent", "c"), ("text", covers)], []]
        said = receipt.problem.message if receipt.problem is not None else None
        for check in receipt.checks:
            if check.detail == said:
                continue
            mark = ("good", "✓ ") if check.ok else ("bad", "✕ ")
            parts.append([mark, ("text", check.name), ("dim", f"  {check.detail}" if check.detail else "")])
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
        if receipt.ok and receipt.proposes == "known":
            parts += [[], [("accent", "s"), ("dim", " says that this failure is known until somebody has mended it")]]
        return Content("\n").join(content(part) for part in parts)

    def _others(self, receipt: Receipt) -> list[Failure]:
        """The open failures of its group, which the item can cover with it."""
        return [] if self._covered or not receipt.ok else self.session.groups.others(receipt.key)

    def remedies(self) -> list[tuple[str, str]]:
        """Names and words of what can be done about a failure."""
        return [] if self._receipt is None else list(self.session.rooms.promoter.remedies(self._receipt))

    def hint(self, action: actions.Action) -> str:
        receipt, name = self._receipt, action.name
        if name.startswith("remedy"):
            return dict(zip("123456", [each for each, _ in self.remedies()], strict=False)).get(action.keys, "")
        if receipt is None:
            return action.label if name in ("back", "help", "command_palette") else ""
        applies = {
            **dict.fromkeys(("next", "next_draft", "prove", "state"), receipt.ok),
            "cover": bool(self._others(receipt)),
            "explain": receipt.problem is not None,
            "undo": self._covered or (receipt.ok and receipt.action != "none"),
            "browse": receipt.ok or receipt.action != "none",
        }
        return action.label if applies.get(name, True) else ""

    # Actions of the place "receipt"

    def _written(self, otherwise: str) -> Receipt | None:
        """The receipt of an item that is written; without one says `otherwise`."""
        if self._receipt is not None and self._receipt.ok:
            return self._receipt
        self.tell([("text", otherwise)])
        return None

    def action_explain(self) -> None:
        problem = self._receipt.problem if self._receipt is not None else None
        self.curator.explain(problem.code if problem is not None else None)

    def action_remedy(self, number: int) -> None:
        names = [name for name, _ in self.remedies()]
        if number <= len(names):
            self._remedies = (*self._remedies, names[number - 1])
            self._run()

    def action_next(self) -> None:
        if self._written("It is not written. Choose a remedy by its number, or go back with esc."):
            self.curator.back_to_queue()

    def action_next_draft(self) -> None:
        self.action_next()
        if self._receipt is not None and self._receipt.ok:
            self.curator.queue_screen.action_promote()

    def action_back(self) -> None:
        if self._receipt is None and self.drop("promote"):
            self.tell([("text", "It goes on in the background; the log will tell.")])
        if self._receipt is not None and not self._receipt.ok:
            from curator.tui.screens.workbench import WorkbenchScreen

            self.app.switch_screen(WorkbenchScreen(self._prepared.order.trace_id, self._failure))
            return
        self.curator.back_to_queue()

    def action_prove(self) -> None:
        if receipt := self._written("Only an item that is written can be proved."):
            self.ask_and_prove(self._prepared.loaded, receipt.item_id)

    def action_cover(self) -> None:
        """Decides about the other open failures of the group: this item protects against them too."""
        receipt = self._receipt
        others = [] if receipt is None else self._others(receipt)
        if receipt is None or not others:
            self.tell([("text", "No other open failure of its group is known.")])
            return
        self._covered = True
        cover = self.session.acts.cover
        self.fetch("cover", lambda report: cover(receipt, others), self._done_covering)

    def _done_covering(self, done: tuple[int, str]) -> None:
        count, others = done
        kept = f" What others decided meanwhile stays: {others}." if others else ""
        said = f"It covers {plural(count, 'failure')}.{kept}"
        self.tell([("good", "✓ "), ("text", said), ("dim", "  u takes that back")])
        self.curator.queue_changed()
        self.proof_changed()

    def action_state(self) -> None:
        """Asks what the gate shall do with the item, then for what that takes, one line each."""
        if receipt := self._written("Only an item that is written has a state."):
            question = Choose("What shall the gate do when this item fails?", sentences("gate"))
            self.ask(question, lambda state: self._ask_for_state(receipt, state, QUESTIONS[state], {}))

    def _ask_for_state(self, receipt: Receipt, state: str, open_: Sequence[str], said: dict[str, str]) -> None:
        if open_:
            name, later = open_[0], (datetime.now(UTC) + timedelta(days=14)).date()
            value = str(later) if name == "until" else self.session.rooms.reviewer if name == "owner" else ""
            question = AskLine(
                sentences("asked")[name], value=value, check=date.fromisoformat if name == "until" else None
            )
            self.ask(question, lambda text: self._ask_for_state(receipt, state, open_[1:], said | {name: text}))
            return
        words = dict(said)
        until = date.fromisoformat(words.pop("until", "9999-12-31"))
        set_state = self.session.acts.set_state
        self.fetch("state", lambda report: set_state(receipt, state, until, words), self._state_set)

    def _state_set(self, receipt: Receipt) -> None:
        if receipt.ok:
            words = "The gate knows the item's new state."
            self.tell([("good", "✓ "), ("text", words), ("dim", "  u in the queue undoes")])
        elif receipt.problem is not None:
            self.tell([("bad", f"{receipt.problem.message} {receipt.problem.remedy}")], bad=True)

    def proof_changed(self) -> None:
        if self._receipt is not None:
            self.query_one("#words", Static).update(self._words(self._receipt))
            self.refresh_bindings()

    def copies(self) -> Copies:
        if self._receipt is None:
            return []
        found = self.item_copies(self._receipt.dataset, self._receipt.item_id)
        return [*found, ("this receipt as JSON", self._receipt.model_dump_json(indent=2))]

    def action_browse(self) -> None:
        if self._receipt is not None:
            self.curator.browse_item(self._receipt.dataset, self._receipt.item_id)
