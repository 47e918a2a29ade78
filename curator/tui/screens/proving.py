"""Proving an item that was just written: the two questions, the wait, the verdict."""

from typing import TYPE_CHECKING

from curator.model.errors import CuratorError
from curator.tui.memory import Tasks
from curator.tui.pieces import Piece
from curator.tui.screens.ask import AskLine
from curator.tui.screens.place import Place

if TYPE_CHECKING:
    from curator.experiments.prove import Proof, Side
    from curator.rulebook import LoadedRule

SIGNS = {
    "reproduced": ("good", "✓"),
    "too weak": ("bad", "✕"),
    "still failing": ("warn", "▲"),
    "flaky": ("warn", "▲"),
    "errored": ("bad", "✕"),
}
KINDS = "module:function, cmd:COMMAND or an http(s) address"


class Proving(Place):
    """A screen that can prove one item, and shows `proof_rows` among its words."""

    _proof: "Proof | None" = None
    _proof_refused: CuratorError | None = None
    _proving: str = ""

    def ask_and_prove(self, loaded: "LoadedRule", item_id: str) -> None:
        """Asks for the two tasks (the last answers are remembered for the rule), then proves."""
        kept = self.session.memory.tasks(loaded.rule.rule)

        def production_given(production: str | None) -> None:
            if production:
                question = AskLine(
                    "What is meant to mend it? The item should pass on it.",
                    value=kept.candidate,
                    note="Leave it empty to look at production alone.",
                    placeholder=KINDS,
                )
                self.app.push_screen(question, lambda candidate: candidate_given(production, candidate))

        def candidate_given(production: str, candidate: str | None) -> None:
            if candidate is not None:
                self._prove(loaded, item_id, Tasks(production=production.strip(), candidate=candidate.strip()))

        question = AskLine(
            "What is live? The item should fail on it.",
            value=kept.production,
            note="It runs here, three times, with the item's input; nothing is written.",
            placeholder=KINDS,
        )
        self.app.push_screen(question, production_given)

    def _prove(self, loaded: "LoadedRule", item_id: str, tasks: Tasks) -> None:
        self.session.memory.keep_tasks(loaded.rule.rule, tasks)
        self._proof, self._proof_refused = None, None
        self._proof_said("0 s")
        self.fetch(
            "prove",
            lambda report: self.session.prove(loaded, item_id, tasks, report),
            self._proved,
            self._not_proved,
            progress=lambda what, done, total: self._proof_said(f"{done} s"),
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
            words = f"proving: three answers of production, three of the candidate  {self._proving}"
            return [[("info", "◌ "), ("text", words)]]
        if self._proof_refused is not None:
            error = self._proof_refused
            return [[("bad", "✕ "), ("text", f"not proved: {error.message}")], [("dim", f"  {error.remedy}")]]
        if self._proof is None:
            return []
        proof = self._proof
        role, sign = SIGNS[proof.verdict]
        rows: list[list[Piece]] = [[(role, f"{sign} "), ("strong", proof.verdict), ("text", f": {proof.says}")]]
        sides = (("production", proof.production), ("candidate", proof.candidate))
        return rows + [[("dim", f"  {name:<10}  {_counted(side)}")] for name, side in sides if side is not None]


def _counted(side: "Side") -> str:
    failed = f"; failed: {', '.join(side.failed_checks)}" if side.failed_checks else ""
    return f"passed {side.passed} of {side.runs}{failed}"
