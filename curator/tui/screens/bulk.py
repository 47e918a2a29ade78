"""Several failures at once: each is prepared, then all that are ready are promoted in one go, after one question."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import ProgressBar, Static

from curator.draft import WEAK
from curator.model import Failure, Receipt
from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.screens.ask import Choose
from curator.tui.screens.place import Copies, Place
from curator.tui.session import Prepared, Report, says_of
from curator.tui.text import Piece
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import plural, sentences, signs, why_pieces

Stage = Literal["waiting", "ready", "doubtful", "incomplete", "left out", "written", "refused"]


@dataclass(frozen=True)
class Entry:
    """One failure on its way."""

    failure: Failure
    stage: Stage = "waiting"
    words: str = ""
    prepared: Prepared | None = None

    @property
    def takes_part(self) -> bool:
        """Whether `p` would write it."""
        return self.stage in ("ready", "doubtful") and self.prepared is not None


class BulkScreen(Place):
    """See `actions.of("bulk")` for its keys."""

    BINDINGS = actions.bindings("bulk")
    CSS_PATH = "bulk.tcss"
    place = "queue"
    panes = "#entries"
    help_places = ("bulk", "list")
    list_id = "#entries"
    AUTO_FOCUS = "#entries"

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__()
        self._entries = {f.key: Entry(f) for f in failures}
        self._stop = threading.Event()
        self._under_way = False
        self._all_done = False

    def head(self) -> ComposeResult:
        yield Static("", id="bulk-title")

    def body(self) -> ComposeResult:
        with Horizontal(id="bulk-progress"):
            yield ProgressBar(show_eta=False, id="bar")
        yield Rows(
            [
                Column(lambda e: [signs("stage")[e.stage]], width=1),
                Column(lambda e: [("text", e.failure.name or e.failure.trace_id[:12])], share=3, title="workflow"),
                Column(_type, share=3, most=22, title="failure type"),
                Column(_expects, share=5, title="expected output", from_width=110),
                Column(lambda e: why_pieces(e.failure), share=3, most=34, from_width=130, title="why"),
                Column(lambda e: [(signs("stage")[e.stage][0], e.words)], share=6, title="what is to be known"),
            ],
            key=lambda e: e.failure.key,
            id="entries",
            header=True,
        )

    @property
    def entries(self) -> list[Entry]:
        """Every failure on its way."""
        return list(self._entries.values())

    def on_mount(self) -> None:
        self.show_panes()
        self._show()
        self._prepare([entry.failure for entry in self.entries], "prepare")

    def _prepare(self, failures: Sequence[Failure], group: str) -> None:
        prepare = self.session.drafts.prepare_many
        self.fetch(group, lambda report: prepare(failures, self._hear), lambda done: self._show())

    def _hear(self, failure: Failure, outcome: Prepared | CuratorError) -> None:
        """Called in the thread that prepares."""
        self.app.call_from_thread(self._prepared, failure, outcome)

    def _prepared(self, failure: Failure, outcome: Prepared | CuratorError) -> None:
        entry = self._entries[failure.key]
        if isinstance(outcome, CuratorError):
            entry = replace(entry, stage="incomplete", words=outcome.message, prepared=None)
        elif not outcome.scrubbed.writable:
            wrong = next((p.message for p in outcome.scrubbed.problems if p.blocking), "a finding needs a decision")
            entry = replace(entry, stage="incomplete", words=wrong, prepared=outcome)
        else:
            doubt = next((problem.message for problem in outcome.scrubbed.problems), "")
            words = doubt or _protects(outcome)
            entry = replace(entry, stage="doubtful" if doubt else "ready", words=words, prepared=outcome)
        self._entries[failure.key] = entry
        self._show()

    def reload_after_undo(self) -> None:
        self.app.pop_screen()

    # Showing

    def _show(self) -> None:
        entries = self.entries
        self.rows.show(entries)
        counts = Counter(entry.stage for entry in entries)
        total = len(entries)
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
            pieces += [("dim", f"  – {counts['left out']} left out")] if counts["left out"] else []
            pieces += [("dim", "   enter opens one")]
            pieces += [("accent", "   p"), ("dim", f" promotes {ready}, asks first")] if ready else []
        self.say("#bulk-title", pieces, layout=False)

    # Actions of the place "bulk"

    @on(Rows.Chosen, "#entries")
    def action_open(self) -> None:
        """Opens the draft of the row; whatever was changed there counts when one comes back."""
        entry = self.rows.current
        if entry is None or self._under_way or self._all_done:
            return

        def back(_: None) -> None:
            self._entries[entry.failure.key] = replace(entry, stage="waiting", words="")
            self._show()
            self._prepare([entry.failure], f"prepare-{entry.failure.key}")

        self.curator.open_workbench(entry.failure.key, entry.failure, only_edit=True, then=back)

    def action_leave_out(self) -> None:
        entry = self.rows.current
        if entry is None or self._under_way or self._all_done or entry.stage == "waiting":
            return
        if entry.stage == "left out" and entry.prepared is not None:
            self._prepared(entry.failure, entry.prepared)
        else:
            self._entries[entry.failure.key] = replace(entry, stage="left out", words="left out")
            self._show()
        self.rows.cursor += 1

    def action_start(self) -> None:
        if self._under_way or self._all_done:
            self.tell([("text", "All of it is written." if self._all_done else "Writing is under way.")])
            return
        ready = [entry.prepared for entry in self.entries if entry.takes_part and entry.prepared is not None]
        if any(entry.stage == "waiting" for entry in self.entries):
            self.tell([("text", "Still preparing.")])
        elif not ready:
            self.tell([("warn", "None of them is ready; enter opens one to mend it.")])
        else:
            self.fetch("before", lambda report: self._look(ready), lambda found: self._ask(*found))

    def _look(self, ready: Sequence[Prepared]) -> tuple[list[Prepared], list[str], dict[str, str]]:
        """In a thread: what nobody has decided meanwhile, datasets that do not exist yet, what others have decided."""
        others = self.session.queue.elsewhere([entry.failure for entry in self.entries if entry.takes_part])
        said = {failure.key: says_of([(failure, decision)]) for failure, decision in others}
        self.session.queue.learned([decision for _, decision in others])
        names = dict.fromkeys(each.draft.dataset for each in ready)
        missing = [name for name in names if self.session.items.lately(name) is None]
        return [each for each in ready if each.order.trace_id not in said], missing, said

    def _ask(self, ready: list[Prepared], missing: Sequence[str], others: Mapping[str, str]) -> None:
        """One question about everything that would be written: how many of what type, where, what is weak."""
        for key, words in others.items():
            self._entries[key] = replace(self._entries[key], stage="left out", words=f"meanwhile {words}")
        if others:
            self._show()
            self.tell([("warn", f"{plural(len(others), 'failure')} decided by others meanwhile: left out.")])
        if not ready:
            return
        weak = [each for each in ready if any(p.code == WEAK for p in each.scrubbed.problems)]
        sound = [each for each in ready if each not in weak]
        types = Counter((each.failure_type or "none", each.type_from) for each in ready)
        said = [f"{count} × {name}{_nobody_chose(by)}" for (name, by), count in types.most_common()]
        into = Counter(each.draft.dataset for each in ready)
        said += [f"into {name}: {count}{', a new dataset' if name in missing else ''}" for name, count in into.items()]
        if weak:
            said.append(f"{plural(len(weak), 'case')} would protect nothing: the recorded answer passes every check")
        doubts = sum(bool(each.scrubbed.problems) for each in ready) - len(weak)
        if doubts > 0:
            said.append(f"{plural(doubts, 'other')} with a doubt")
        answers = [("all", f"Promote {'all ' if weak else ''}{len(ready)}")]
        if weak and sound:
            answers.insert(0, ("sound", f"Promote the {len(sound)} that protect something"))

        question = Choose(f"Promote {plural(len(ready), 'item')}?", answers, note="\n".join(said))
        self.ask(question, lambda answer: self._begin(sound if answer == "sound" else ready, missing))

    def _begin(self, ready: Sequence[Prepared], missing: Sequence[str]) -> None:
        self._under_way = True
        self._show()
        remedies = ["create-dataset"] if missing else []
        promote = self._promote
        self.busily("promote", "writing", lambda r: promote(ready, remedies, r), self._done, self._failed)

    def _promote(self, ready: Sequence[Prepared], remedies: Sequence[str], report: Report) -> None:
        """In a thread."""
        for receipt in self.session.acts.promote_many(ready, self._stop, report, remedies):
            self.app.call_from_thread(self._received, receipt)

    def _received(self, receipt: Receipt) -> None:
        entry = self._entries.get(receipt.key)
        if entry is not None:
            words = f"{receipt.verdict}  {receipt.item_id}" if receipt.ok else ""
            words = words or (receipt.problem.message if receipt.problem else receipt.verdict)
            self._entries[receipt.key] = replace(entry, stage="written" if receipt.ok else "refused", words=words)
            self._show()

    def _done(self, done: None) -> None:
        self._under_way, self._all_done = False, True
        self._show()
        self.curator.queue_changed(unmark=True)

    def _failed(self, error: CuratorError) -> None:
        self._done(None)
        self.trouble(error)

    def action_back(self) -> None:
        if self._under_way:
            self._stop.set()
            self.tell([("text", "Stopping after the writes that are under way.")])
        else:
            self.drop("prepare")
            self.app.pop_screen()

    def copies(self) -> Copies:
        ids = " ".join(entry.failure.key for entry in self.entries)
        return [("their trace ids", ids)]


def _type(entry: Entry) -> list[Piece]:
    if entry.prepared is None:
        return []
    name = entry.prepared.failure_type
    return [("warn" if entry.prepared.type_open else "text", name or "– none –")]


def _nobody_chose(type_from: str) -> str:
    """A failure type that no reviewer of this one chose is said to be so."""
    return f" ({sentences('type')[type_from]})" if type_from in ("prepared", "default") else ""


def _expects(entry: Entry) -> list[Piece]:
    from curator.tui.live import expectation_words

    return [("dim", expectation_words(entry.prepared.scrubbed.expected_output))] if entry.prepared else []


def _protects(prepared: Prepared) -> str:
    from curator.tui.live import protection_words

    return protection_words(prepared.answers, len(prepared.loaded.rule.checks))[1]
