"""Several failures at once: each is prepared and judged, then all that are ready are promoted in one go."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Footer, ProgressBar, Static

from curator.draft.effectiveness import WEAK
from curator.model import Failure, Receipt
from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.pieces import Piece
from curator.tui.screens.ask import Choose
from curator.tui.screens.place import Place
from curator.tui.session import Prepared, Report
from curator.tui.widgets.frame import Banner, TopBar, content
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import plural, why_pieces

Stage = Literal["waiting", "ready", "doubtful", "incomplete", "written", "refused"]
SIGNS: dict[Stage, tuple[str, str]] = {
    "waiting": ("dim", "◌"),
    "ready": ("info", "○"),
    "doubtful": ("warn", "▲"),
    "incomplete": ("bad", "✕"),
    "written": ("good", "✓"),
    "refused": ("bad", "✕"),
}


@dataclass(frozen=True)
class Entry:
    """One failure on its way."""

    failure: Failure
    stage: Stage = "waiting"
    words: str = ""
    prepared: Prepared | None = None


class BulkScreen(Place):
    """See `actions.of("bulk")` for its keys."""

    BINDINGS = actions.bindings("bulk")
    CSS_PATH = "bulk.tcss"
    place = "queue"
    help_places = ("bulk", "list")
    AUTO_FOCUS = "#entries"

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__()
        self._entries = {f.key: Entry(f) for f in failures}
        self._stop = threading.Event()
        self._remedies: dict[str, str] = {}
        self._under_way = False
        self._all_done = False

    def compose(self) -> ComposeResult:
        yield TopBar("queue")
        yield Static("", id="bulk-title")
        yield Banner()
        with Horizontal(id="bulk-progress"):
            yield ProgressBar(show_eta=False, id="bar")
        yield Rows(
            [
                Column(_stage, width=1),
                Column(lambda e: [("text", e.failure.name or e.failure.trace_id[:12])], share=2),
                Column(lambda e: why_pieces(e.failure), share=3, from_width=90),
                Column(lambda e: [(SIGNS[e.stage][0], e.words)], share=5),
            ],
            key=lambda e: e.failure.key,
            id="entries",
        )
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._show()
        failures = [entry.failure for entry in self._entries.values()]
        self.fetch(
            "prepare",
            lambda report: self.session.prepare_many(failures, self._hear),
            lambda done: self._show(),
            self.trouble,
        )

    def _hear(self, failure: Failure, outcome: Prepared | CuratorError) -> None:
        """Called in the thread that prepares."""
        self.app.call_from_thread(self._prepared, failure, outcome)

    def _prepared(self, failure: Failure, outcome: Prepared | CuratorError) -> None:
        entry = self._entries[failure.key]
        if isinstance(outcome, CuratorError):
            entry = replace(entry, stage="incomplete", words=outcome.message)
        elif not outcome.scrubbed.writable:
            wrong = next((p.message for p in outcome.scrubbed.problems if p.blocking), "a finding needs a decision")
            entry = replace(entry, stage="incomplete", words=wrong, prepared=outcome)
        else:
            doubt = next((problem.message for problem in outcome.scrubbed.problems), "")
            entry = replace(
                entry, stage="doubtful" if doubt else "ready", words=doubt or outcome.draft.item_id, prepared=outcome
            )
        self._entries[failure.key] = entry
        self._show()

    def _ready(self) -> list[Prepared]:
        entries = self._entries.values()
        return [e.prepared for e in entries if e.stage in ("ready", "doubtful") and e.prepared is not None]

    def reload_after_undo(self) -> None:
        self.app.pop_screen()

    # Showing

    def _show(self) -> None:
        self.query_one("#entries", Rows).show(list(self._entries.values()))
        counts = {stage: sum(e.stage == stage for e in self._entries.values()) for stage in SIGNS}
        total = len(self._entries)
        bar = self.query_one("#bar", ProgressBar)
        pieces: list[Piece]
        if self._under_way or self._all_done:
            done = counts["written"] + counts["refused"]
            whole = done + counts["ready"] + counts["doubtful"]
            bar.update(total=max(whole, 1), progress=done)
            pieces = [("strong", f"{counts['written']} of {whole} promoted")]
            pieces += [("bad", f"  {counts['refused']} refused")] if counts["refused"] else []
            pieces += [("dim", "  esc goes back, u takes all of them back")] if self._all_done else []
        elif counts["waiting"]:
            bar.update(total=total, progress=total - counts["waiting"])
            pieces = [("text", f"preparing {total - counts['waiting']} of {total}")]
        else:
            bar.update(total=1, progress=1)
            ready = counts["ready"] + counts["doubtful"]
            pieces = [("strong", f"{ready} of {total} ready")]
            pieces += [("warn", f"  ▲ {plural(counts['doubtful'], 'doubt')}")] if counts["doubtful"] else []
            pieces += [("bad", f"  ✕ {counts['incomplete']} incomplete")] if counts["incomplete"] else []
            pieces += [("accent", "  p"), ("dim", f" promotes {ready}")] if ready else []
        self.query_one("#bulk-title", Static).update(content(pieces))

    # Actions of the place "bulk"

    def action_start(self) -> None:
        if self._under_way or self._all_done:
            if self._all_done:
                self.action_back()
            return
        ready = self._ready()
        if any(e.stage == "waiting" for e in self._entries.values()):
            self.tell([("text", "Still preparing.")])
        elif not ready:
            self.tell([("warn", "None of them is ready; enter on one in the queue mends it.")])
        elif weak := [each for each in ready if any(p.code == WEAK for p in each.scrubbed.problems)]:
            self._ask(ready, weak)
        else:
            self._begin(ready)

    def _ask(self, ready: list[Prepared], weak: list[Prepared]) -> None:
        """Weak cases are not written in passing."""
        sound = [each for each in ready if each not in weak]
        answers = [("sound", f"Promote the other {len(sound)}")] if sound else []
        answers.append(("all", f"Promote all {len(ready)}"))

        def answered(answer: str | None) -> None:
            if answer is not None:
                self._begin(sound if answer == "sound" else ready)

        title = f"{plural(len(weak), 'case')} of these would protect nothing"
        note = "The recorded answer passes every check; enter on one sharpens its expectation."
        self.app.push_screen(Choose(title, answers, note=note), answered)

    def _begin(self, ready: Sequence[Prepared], remedies: Sequence[str] = ()) -> None:
        self._under_way, self._all_done = True, False
        self._remedies.clear()
        self._show()
        go = lambda report: self._promote(ready, report, remedies)  # noqa: E731
        self.fetch("promote", go, lambda done: self._done(ready), self._failed, self._progress)

    def _promote(self, ready: Sequence[Prepared], report: Report, remedies: Sequence[str]) -> None:
        """In a thread."""
        for receipt in self.session.promote_many(ready, self._stop, report, remedies):
            self.app.call_from_thread(self._received, receipt)

    def _received(self, receipt: Receipt) -> None:
        entry = self._entries.get(receipt.key)
        self._remedies.update(self.session.remedies(receipt))
        if entry is not None:
            words = f"{receipt.verdict}  {receipt.item_id}" if receipt.ok else ""
            words = words or (receipt.problem.message if receipt.problem else receipt.verdict)
            self._entries[receipt.key] = replace(entry, stage="written" if receipt.ok else "refused", words=words)
            self._show()

    def _progress(self, what: str, done: int, total: int | None) -> None:
        self.curator.busy(f"{what} {done} of {total}")

    def _done(self, ready: Sequence[Prepared]) -> None:
        self._under_way, self._all_done = False, True
        self.curator.busy("")
        self._show()
        if "create-dataset" in self._remedies:
            self._ask_for_dataset(ready)
        else:
            self.curator.queue_changed(unmark=True)

    def _ask_for_dataset(self, ready: Sequence[Prepared]) -> None:
        """A dataset is not created in passing."""
        refused = [each for each in ready if self._entries[each.order.trace_id].stage == "refused"]

        def answered(answer: str | None) -> None:
            if answer is not None:
                self._begin(refused, [answer])

        answers = [("create-dataset", self._remedies["create-dataset"])]
        self.app.push_screen(Choose(f"There is no dataset {refused[0].draft.dataset}", answers), answered)

    def _failed(self, error: CuratorError) -> None:
        self._done([])
        self.trouble(error)

    @on(Rows.Chosen, "#entries")
    def _chosen(self, event: Rows.Chosen) -> None:
        entry: Entry = event.row
        self.curator.open_workbench(entry.failure.key, entry.failure)

    def action_back(self) -> None:
        if self._under_way:
            self._stop.set()
            self.tell([("text", "Stopping after the writes that are under way.")])
        else:
            self.drop("prepare")
            self.app.pop_screen()


def _stage(entry: Entry) -> list[Piece]:
    return [SIGNS[entry.stage]]
