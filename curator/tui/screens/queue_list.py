"""What the queue lists: states, filter, what is one row, order and columns; and what is said over the list."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on

from curator.model import Failure
from curator.model.errors import CuratorError
from curator.queue import Filter, parse_filter
from curator.tui.screens.ask import Choose
from curator.tui.screens.place import Deciding, Filtered
from curator.tui.session import QueueRead
from curator.tui.text import Piece
from curator.tui.widgets.failures import COLUMNS, USUAL, FailureRows, Row, group_pieces, listed
from curator.tui.widgets.reader import FailurePreview
from curator.tui.widgets.rows import Rows
from curator.tui.widgets.text_view import TextView
from curator.tui.widgets.week_view import TABS, Shown, StateTab, WeekBar
from curator.tui.words import plural, sentences, tables

if TYPE_CHECKING:
    from curator.queue import Group


class Listing(Deciding, Filtered):
    """The list of the queue, which the screen puts beside a preview."""

    list_id = "#failures"

    def __init__(self) -> None:
        super().__init__()
        self._read: QueueRead | None = None
        self._state: Shown = "open"
        self._filter = Filter(parts=())
        self._grouped = False
        """Whether groups are shown though nobody has chosen."""
        self._inside: Group | None = None
        """The group whose failures alone are listed."""

    @property
    def failures(self) -> FailureRows:
        """The list."""
        return self.query_one("#failures", FailureRows)

    # What is one row

    @property
    def _fold(self) -> str:
        """What is one row."""
        return self.session.rooms.last_place.fold or ("group" if self._grouped else "session")

    def _group(self, *, asked: bool) -> None:
        """Groups the failures aside; the rows that are there stay until then."""
        read = self.session.groups.read
        if asked:
            self.busily("groups", "grouping", read, lambda count: self._got_groups(count, asked))
        else:
            self.fetch("groups", read, lambda count: self._got_groups(count, asked))

    def _got_groups(self, count: int, asked: bool) -> None:
        if self._fold == "group":
            self._list()
        elif not self.session.rooms.last_place.fold and not asked:
            rows = self.failures
            if rows.cursor or rows.marks or self.session.rooms.last_place.filter or not self.is_current:
                # Nothing moves under the hands of who has begun.
                self.tell([("text", f"They are {plural(count, 'group')} of like failures."), ("dim", "  x shows them")])
            else:
                self._grouped = True
                self._list()
                rows.cursor = 0

    def action_fold(self) -> None:
        folds = list(sentences("fold"))
        fold = folds[(folds.index(self._fold) + 1) % len(folds)]
        self._inside = None
        self.session.rooms.stand(fold=fold)
        self.tell([("text", sentences("fold")[fold])])
        if fold == "group" and not self.session.groups.of:
            self._group(asked=True)
        self._list()

    # What is listed

    def changed(self, *, advance: bool = False, at: str | None = None) -> None:
        """Decisions were made or taken back: lists again what this state holds; `at`: where the cursor goes."""
        rows = self.failures
        place = rows.cursor
        if advance:
            rows.marks -= {f.key for f in self.session.queue.all() if f.state != self._state}
        self._list(at=at)
        if advance:
            rows.cursor = place

    def _list(self, at: str | None = None) -> None:
        everything = self.session.queue.all()
        if self._read is None and not everything:
            return
        last, excerpts = self.session.rooms.last_place, self.session.traces.excerpts
        drafts = self.session.drafts
        if self._state == "prepared":
            chosen = drafts.prepared()
        else:
            chosen = [f for f in everything if self._state is None or f.state == self._state]
        words, problem = self.line.text.strip(), ""
        try:
            self._filter = parse_filter(words, datetime.now().astimezone(), self.session.settings.views)
        except CuratorError as error:
            problem = error.message  # not typed to its end yet: the rows stay as they were
        said = {key: "".join(part for _, part in pieces) for key, pieces in list(excerpts.items())} if words else {}
        found = [f for f in chosen if self._filter.matches(f, said.get(f.key, ""))] if words else chosen
        if self._state == "prepared":
            rows = [Row(each, by=drafts.inbox[each.key].prepared_by) for each in found]
        else:
            groups = self.session.groups.of
            if self._inside is not None:
                found = [each for each in found if each.key in self._inside.keys]
            fold = "off" if self._inside is not None else self._fold
            rows = listed(found, sort=last.sort, fold=fold, groups=groups)
        if at is not None:
            at = next((row.key for row in rows if any(at in (f.key, f.trace_id) for f in row.all)), at)
        self._choose_columns()
        self.line.note(problem or (f"{len(found):,} of {len(chosen):,}" if words else ""))
        self.failures.show(rows, at=at)
        if rows:
            self.show_panes()
        elif self._read is not None:
            self._say_why_empty(bool(words), len(everything))
            self.query_one(FailurePreview).clear()
        self._show_week()
        self._show_place()

    def _say_why_empty(self, filtered: bool, total: int) -> None:
        page = self.show_page()
        if filtered:
            page.nothing("filtered")
        elif self._state == "prepared":
            page.nothing("prepared")
        elif self._state == "open" and total:
            page.nothing("open", total=plural(total, "failure"))
        elif self._state is None or not total:
            page.nothing("window")
        else:
            page.nothing("state", state=self._state)

    def show_panes(self) -> None:
        super().show_panes()
        if self.focused is None:
            self.failures.focus()

    def _read_excerpts(self) -> None:
        known = self.session.traces.excerpts
        wanted = [f for f in self.failures.in_sight() if f.key not in known and not f.source_gone]
        if wanted:
            read = self.session.traces.read_excerpts
            self.fetch("excerpts", lambda report: read(wanted), lambda done: self.failures.redraw())

    # What stands over the list

    def _show_week(self) -> None:
        since = sentences("window").get(
            self.session.rooms.last_place.since, f"since {self.session.rooms.last_place.since}"
        )
        rule = self.session.rooms.last_place.rule
        words = f"{rule} · {since}" if rule else since
        week = self.session.queue.week
        prepared = len(self.session.drafts.inbox)
        narrow = self.app.size.width < (130 if prepared else 110)
        self.query_one(WeekBar).show(week, self._state, words, prepared=prepared, narrow=narrow)

    def _show_place(self) -> None:
        """`12/47`, and how the list is ordered."""
        rows = self.failures
        last = self.session.rooms.last_place
        total = sum(len(row.all) for row in rows.rows)
        pieces: list[Piece] = [("strong", f"{min(rows.cursor + 1, len(rows.rows))}/{len(rows.rows)}")]
        if self._inside is not None:
            pieces += [("dim", "  of the group "), ("strong", self._inside.name)]
            pieces += [("accent", "  esc"), ("dim", " leaves")]
        elif total != len(rows.rows):
            pieces.append(("dim", f"  {total} failures in {'groups' if self._fold == 'group' else 'sessions'}"))
        if self._inside is None and rows.current is not None and rows.current.group is not None:
            pieces += [("dim", f"; these {len(rows.current.all)} alike in "), *group_pieces(rows.current)]
        if self._state == "prepared" and rows.rows:
            pieces += [("accent", "  p"), ("dim", " approves"), ("accent", "  ⌫"), ("dim", " declines")]
        if self.session.queue.by_defaults:
            pieces += [("dim", "  by plain defaults "), ("accent", " N"), ("dim", " makes a rule")]
        if last.sort != "age":
            name = tables()["columns"][last.sort.removeprefix("-")]["name"]
            pieces.append(("dim", f"  by {name}{' ↑' if last.sort.startswith('-') else ' ↓'}"))
        if rows.marks:
            pieces.append(("accent", f"  ● {len(rows.marks)} marked"))
        self.say("#place", pieces, layout=False)

    def filter_by(self, text: str) -> None:
        self.session.rooms.stand(filter=text)
        self._list()

    def action_clear(self) -> None:
        if isinstance(self.focused, TextView):
            self.failures.focus()
        elif self.session.rooms.last_place.filter:
            self.drop_filter()
        elif self.failures.marks:
            self.failures.clear_marks()
        elif self._inside is not None:
            before, self._inside = self._inside, None
            self._list(at=before.representative)
        elif self.drop("queue"):
            self.curator.busy("")
            if not self.failures.rows:
                self.show_page().nothing("stopped")
            else:
                self.tell([("text", "Stopped asking; what you see is from before.")])

    # Marks and states

    def action_mark(self) -> None:
        self.failures.toggle_mark()

    def action_mark_range(self) -> None:
        self.failures.mark_range()

    def action_mark_all(self) -> None:
        self.failures.toggle_all()

    @on(Rows.MarksChanged, "#failures")
    def _marks_changed(self) -> None:
        self._show_place()

    @on(StateTab.Picked)
    def _picked(self, event: StateTab.Picked) -> None:
        self._go_to_state(event.state)

    def _go_to_state(self, state: Shown) -> None:
        self._state, self._inside = state, None
        self.session.rooms.stand(state=state or "all")
        self.failures.clear_marks()
        self._list()

    def action_next_state(self) -> None:
        waiting = self.session.drafts.inbox or self._state == "prepared"
        tabs = [tab for tab in TABS if tab != "prepared" or waiting]
        self._go_to_state(tabs[(tabs.index(self._state) + 1) % len(tabs)])

    def chosen(self) -> Sequence[Failure]:
        """What an action is about: the marked failures, else those of the row under the cursor."""
        rows = self.failures
        found = rows.marked or ([rows.current] if rows.current is not None else [])
        return [failure for row in found for failure in row.all]

    # Order and columns

    def action_sort(self) -> None:
        now = self.session.rooms.last_place.sort

        def chosen(name: str) -> None:
            self.session.rooms.stand(sort=f"-{name}" if name == now else name)
            self._list()

        answers = {name: words for name, words in _column_words().items() if name != "message"}
        self.ask(Choose("Sort by", answers, note="The same one again turns the order round."), chosen)

    def _choose_columns(self) -> None:
        grouped = self._fold == "group" and self._inside is None and self._state != "prepared"
        self.failures.choose(name for name in self._columns if grouped or name != "alike")

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.session.rooms.last_place.columns or self.session.settings.columns or USUAL

    def action_columns(self) -> None:
        shown = self._columns

        def chosen(name: str) -> None:
            left = [each for each in shown if each != name] if name in shown else [*shown, name]
            self.session.rooms.stand(columns=tuple(each for each in COLUMNS if each in left))
            self._choose_columns()
            self._read_excerpts()
            self.action_columns()

        answers = {name: f"{'✓' if name in shown else ' '} {words}" for name, words in _column_words().items()}
        self.ask(Choose("Columns of the list", answers, hints="enter shows or hides one"), chosen)


def _column_words() -> dict[str, str]:
    return {name: f"{each['name']}: {each['words']}" for name, each in tables()["columns"].items()}
