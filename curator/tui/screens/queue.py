"""The queue: what needs a decision, why, and a preview that follows the cursor."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static

from curator.model import Failure, Note
from curator.model.errors import CuratorError
from curator.queue import Filter, in_line, parse_filter
from curator.tui import actions
from curator.tui.screens.ask import AskLine, Choose, Confirm
from curator.tui.screens.place import Copies, Deciding
from curator.tui.screens.rules import FirstRules, TrialScreen
from curator.tui.session import Look, Report
from curator.tui.text import Piece
from curator.tui.widgets.failures import COLUMNS, USUAL, FailureRows, Row, group_pieces, listed
from curator.tui.widgets.frame import Banner, Hints, LineInput, Page, TopBar, content
from curator.tui.widgets.reader import REST, FailurePreview, MaskedView
from curator.tui.widgets.rows import Rows
from curator.tui.widgets.text_view import TextView
from curator.tui.widgets.week_view import TABS, Shown, StateTab, WeekBar
from curator.tui.words import plural

if TYPE_CHECKING:
    from curator.promote import Resumed
    from curator.queue import Group

FOLDS = {
    "group": "Like failures are one row; enter opens a group.",
    "session": "A session is one row.",
    "off": "Each failure is a row.",
}
WINDOWS = (("24h", "last 24 hours"), ("7d", "last 7 days"), ("14d", "last 14 days"), ("30d", "last 30 days"))


class QueueScreen(Deciding, FirstRules):
    """See `actions.of("queue")` for its keys."""

    BINDINGS = actions.bindings("queue")
    CSS_PATH = "queue.tcss"
    place = "queue"
    panes = "#failures"
    help_places = ("queue", "list", "text")
    AUTO_FOCUS = "#failures"

    def __init__(self) -> None:
        super().__init__()
        self._look: Look | None = None
        self._state: Shown = "open"
        self._rest: Timer | None = None
        self._filter = Filter(parts=())
        self._grouped = False
        """Whether groups are shown though nobody has chosen."""
        self._inside: Group | None = None
        """The group whose failures alone are listed."""
        self.answered = False
        """Whether the first question to the server was answered or refused."""

    # Building

    def compose(self) -> ComposeResult:
        yield TopBar("queue")
        yield WeekBar()
        yield Banner()
        with Horizontal(id="panes"):
            with Vertical(id="left", classes="pane"):
                yield Static("", id="place")
                yield FailureRows(id="failures")
                with Vertical(classes="page-holder", id="instead"):
                    yield Page()
                yield LineInput("/", "words, score<0.3, signal:…, group:…, is:seen, -tag:…, @view", id="filter")
            yield FailurePreview(id="right")
        yield Hints()

    def on_mount(self) -> None:
        standing = self.session.rooms.standing
        self._state = standing.state if standing.state != "all" else None  # type: ignore[assignment]
        self.failures.excerpts = self.session.traces.excerpts
        self._choose_columns()
        if standing.filter:
            self.query_one("#filter", LineInput).put(standing.filter)
            self.query_one("#filter", LineInput).display = True
        self.show_page().waiting("connecting")
        self._show_week()

    def start(self) -> None:
        """Called by the app after the first paint."""
        self.reload()
        self.fetch("warm", lambda report: self.session.rooms.warm(), lambda model: None, lambda error: None)

    @property
    def failures(self) -> FailureRows:
        """The list."""
        return self.query_one("#failures", FailureRows)

    @property
    def preview(self) -> MaskedView:
        """The text of the preview."""
        return self.query_one(FailurePreview).view

    # Data

    def _ask_for_everything(self, report: Report) -> Look:
        """In a thread."""
        standing = self.session.rooms.standing
        self.session.drafts.read_inbox()
        return self.session.queue.look(standing.since, standing.rule, report)

    def reload(self) -> None:
        if self._look is None:
            self.show_page().waiting("looking for failures", way_out="stops")
        self.curator.busy("asking Langfuse")
        self.fetch("queue", self._ask_for_everything, self._looked, self._not_looked, progress=self._progress)

    def _progress(self, what: str, done: int, total: int | None) -> None:
        """Rows are listed as they arrive; until the first, the page says what is being done."""
        if not self.session.queue.all():
            self.query_one(Page).waiting(what, done, total, way_out="stops")
        elif done:
            self._list(at=None if self.failures.rows else self.session.rooms.standing.trace_id)
        self.curator.busy(what)

    def _looked(self, look: Look) -> None:
        self.answered = True
        if self._look is None:
            self.fetch("resume", lambda report: self.session.acts.resume(), self._resumed, lambda error: None)
        self._look = look
        self.calm()
        self.curator.connected(look.connected)
        # Whoever has moved on while rows arrived stays where they are.
        self._list(at=None if self.failures.cursor else self.session.rooms.standing.trace_id)
        for remark in look.notes:
            self.tell([("warn", remark)])
        if self._fold == "group" or (not self.session.rooms.standing.fold and self.session.groups.wanted):
            self._group(asked=False)

    # Groups

    @property
    def _fold(self) -> str:
        """What is one row."""
        return self.session.rooms.standing.fold or ("group" if self._grouped else "session")

    def _group(self, *, asked: bool) -> None:
        """Groups the failures aside; the rows that are there stay until then."""
        if asked:
            self.curator.busy("grouping")
        progress = self._group_progress if asked else None
        read = self.session.groups.read
        self.fetch("groups", read, lambda count: self._got_groups(count, asked), self._not_grouped, progress)

    def _group_progress(self, what: str, done: int, total: int | None) -> None:
        self.curator.busy(f"{what} {done} of {total}")

    def _not_grouped(self, error: CuratorError) -> None:
        self.curator.busy("")
        self.trouble(error)

    def _got_groups(self, count: int, asked: bool) -> None:
        if asked:
            self.curator.busy("")
        if self._fold == "group":
            self._list()
        elif not self.session.rooms.standing.fold and not asked:
            rows = self.failures
            if rows.cursor or rows.marks or self.session.rooms.standing.filter or not self.is_current:
                # Nothing moves under the hands of who has begun.
                self.tell([("text", f"They are {plural(count, 'group')} of like failures."), ("dim", "  x shows them")])
            else:
                self._grouped = True
                self._list()
                rows.cursor = 0

    def action_fold(self) -> None:
        folds = list(FOLDS)
        fold = folds[(folds.index(self._fold) + 1) % len(folds)]
        self._inside = None
        self.session.rooms.stand(fold=fold)
        self.tell([("text", FOLDS[fold])])
        if fold == "group" and not self.session.groups.of:
            self._group(asked=True)
        self._list()

    def _resumed(self, resumed: "list[Resumed]") -> None:
        if resumed:
            done = sum(each.outcome in ("verified", "shared") for each in resumed)
            kept = sum(each.outcome == "draft" for each in resumed)
            said = f"{plural(len(resumed), 'promotion')} left from before: {done} finished, {kept} kept as draft."
            self.tell([("text", said), ("dim", "  L lists them")])
            self.reload()

    def _not_looked(self, error: CuratorError) -> None:
        self.answered = True
        self.curator.disconnected(error)
        if self.failures.rows:
            self.trouble(error)
        elif error.code == "RULES_NONE":
            self.show_page().nothing(
                "∅",
                "There is no rule yet: a rule says which traces are failures, and what an item is made of.",
                [[("accent", "N"), ("dim", " propose one from this project's own traces")], [("dim", error.remedy)]],
            )
        else:
            self.show_page().refused(error)

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
        if self._look is None and not everything:
            return
        line = self.query_one("#filter", LineInput)
        standing, excerpts = self.session.rooms.standing, self.session.traces.excerpts
        drafts = self.session.drafts
        if self._state == "prepared":
            chosen = drafts.prepared()
        else:
            chosen = [f for f in everything if self._state is None or f.state == self._state]
        words, problem = line.text.strip(), ""
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
            rows = listed(found, sort=standing.sort, fold=fold, groups=groups)
        if at is not None:
            at = next((row.key for row in rows if any(at in (f.key, f.trace_id) for f in row.all)), at)
        self._choose_columns()
        line.note(problem or (f"{len(found):,} of {len(chosen):,}" if words else ""))
        self.failures.show(rows, at=at)
        if rows:
            self.show_panes()
        elif self._look is not None:
            self._say_why_empty(bool(words), len(everything))
            self.query_one(FailurePreview).clear()
        self._show_week()
        self._show_place()

    def _say_why_empty(self, filtered: bool, total: int) -> None:
        page = self.show_page()
        if filtered:
            page.nothing("∅", "Nothing matches the filter.", [[("accent", "esc"), ("dim", " drops it")]])
        elif self._state == "prepared":
            hint: list[Piece] = [("text", "curator draft TRACE --rules RULE --save"), ("dim", " prepares one")]
            page.nothing("✓", "No draft waits for approval.", [hint])
        elif self._state == "open" and total:
            decided = [("dim", f"All {plural(total, 'failure')} of this window are decided.  ")]
            page.nothing(
                "✓",
                "Nothing is open.",
                [
                    decided,
                    [("accent", "s"), ("dim", " other states   "), ("accent", "t"), ("dim", " look further back")],
                ],
            )
        elif self._state is None or not total:
            page.nothing(
                "∅",
                "No rule finds a failure in this window.",
                [
                    [("accent", "t"), ("dim", " look further back   "), ("accent", "w"), ("dim", " other workflow")],
                    [("accent", "N"), ("dim", " propose a rule from this project's own traces")],
                ],
            )
        else:
            page.nothing("∅", f"Nothing is {self._state}.", [[("accent", "s"), ("dim", " other states")]])

    def show_panes(self) -> None:
        super().show_panes()
        if self.focused is None:
            self.failures.focus()

    def _show_week(self) -> None:
        since = dict(WINDOWS).get(self.session.rooms.standing.since, f"since {self.session.rooms.standing.since}")
        rule = self.session.rooms.standing.rule
        words = f"{rule} · {since}" if rule else since
        week = self.session.queue.week
        marked = len(self.failures.marks)
        prepared = len(self.session.drafts.inbox)
        narrow = self.app.size.width < (130 if prepared else 110)
        self.query_one(WeekBar).show(week, self._state, marked, words, prepared=prepared, narrow=narrow)

    def on_resize(self) -> None:
        self._show_week()

    # What follows the cursor

    @on(Rows.Moved, "#failures")
    def _moved(self, event: Rows.Moved) -> None:
        row: Row = event.row
        self._show_place()
        self.query_one(FailurePreview).follow(row.failure)
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(REST, lambda: self._rested(row))

    def _rested(self, row: Row) -> None:
        """The cursor rests: where it stands is kept, and the messages of the rows in sight are read."""
        if self._look is not None:  # until then the row of the last time may still arrive
            self.session.rooms.stand(trace_id=row.key)
        self._read_excerpts()

    def _read_excerpts(self) -> None:
        known = self.session.traces.excerpts
        wanted = [f for f in self.failures.in_sight() if f.key not in known and not f.source_gone]
        if wanted:
            self.fetch(
                "excerpts",
                lambda report: self.session.traces.read_excerpts(wanted),
                lambda done: self.failures.redraw(),
                self.trouble,
            )

    def _show_place(self) -> None:
        """`12/47`, and how the list is ordered."""
        rows = self.failures
        standing = self.session.rooms.standing
        total = sum(len(row.all) for row in rows.rows)
        pieces: list[Piece] = [("strong", f"{min(rows.cursor + 1, len(rows.rows))}/{len(rows.rows)}")]
        if self._inside is not None:
            pieces += [
                ("dim", "  of the group "),
                ("strong", self._inside.name),
                ("accent", "  esc"),
                ("dim", " leaves"),
            ]
        elif total != len(rows.rows):
            pieces.append(("dim", f"  {total} failures in {'groups' if self._fold == 'group' else 'sessions'}"))
        if self._inside is None and rows.current is not None and rows.current.group is not None:
            pieces += [("dim", f"; these {len(rows.current.all)} alike in "), *group_pieces(rows.current)]
        if self._state == "prepared" and rows.rows:
            pieces += [("accent", "  p"), ("dim", " approves"), ("accent", "  ⌫"), ("dim", " declines")]
        if standing.sort != "age":
            name = COLUMNS[standing.sort.removeprefix("-")].title
            pieces.append(("dim", f"  by {name}{' ↑' if standing.sort.startswith('-') else ' ↓'}"))
        if rows.marks:
            pieces.append(("accent", f"  ● {len(rows.marks)} marked"))
        self.query_one("#place", Static).update(content(pieces), layout=False)

    @on(Rows.Chosen, "#failures")
    def _chosen(self, event: Rows.Chosen) -> None:
        self.action_open()

    # Filter

    @on(LineInput.Typed, "#filter")
    def _filtering(self, event: LineInput.Typed) -> None:
        self.session.rooms.stand(filter=event.text)
        self._list()

    @on(LineInput.Left, "#filter")
    def _filtered(self, event: LineInput.Left) -> None:
        line = self.query_one("#filter", LineInput)
        if not event.kept or not event.text.strip():
            line.put("")
            line.display = False
            self.session.rooms.stand(filter="")
            self._list()
        self.failures.focus()

    # Marks and states

    @on(Rows.MarksChanged, "#failures")
    def _marks_changed(self) -> None:
        self._show_week()
        self._show_place()

    @on(StateTab.Picked)
    def _picked(self, event: StateTab.Picked) -> None:
        self._go_to_state(event.state)

    def _go_to_state(self, state: Shown) -> None:
        self._state, self._inside = state, None
        self.session.rooms.stand(state=state or "all")
        self.failures.clear_marks()
        self._list()

    def chosen(self) -> Sequence[Failure]:
        """What an action is about: the marked failures, else those of the row under the cursor."""
        rows = self.failures
        found = rows.marked or ([rows.current] if rows.current is not None else [])
        return [failure for row in found for failure in row.all]

    # Actions of the place "queue"

    def action_open(self) -> None:
        row = self.failures.current
        if row is not None and row.group is not None:
            self._inside = row.group
            self._list(at=row.key)
        elif row is not None and row.by:
            self.action_promote()
        elif row is not None:
            self.curator.open_trace(row.failure.trace_id, row.failure)

    def action_promote(self) -> None:
        rows = self.failures.marked or [row for row in [self.failures.current] if row is not None]
        # One item stands for a group: its representative's.
        chosen = [each for row in rows for each in ([row.failure] if row.group is not None else row.all)]
        if len(chosen) > 1:
            self.curator.open_bulk(chosen)
        elif chosen:
            self.curator.open_workbench(chosen[0].key, chosen[0])

    def action_dismiss_failure(self) -> None:
        self.ask_dismissal(self.chosen())

    def action_snooze(self) -> None:
        self.ask_snooze(self.chosen())

    def action_annotate(self) -> None:
        """Asks for a note on what is chosen, and shares it."""
        failures, me = self.chosen(), self.session.rooms.reviewer
        if not failures:
            return
        own = {in_line(note) for each in failures for note in each.notes if note.reviewer == me}

        def answered(line: str | None) -> None:
            if line is not None:
                share = self.session.queue.note
                self.fetch(f"note-{failures[0].key}", lambda report: share(failures, line), done, self.trouble)

        def done(notes: list[Note]) -> None:
            words = in_line(notes[0]) or "taken away"
            self.tell([("accent", "✎ "), ("text", f"Note on {what}: {words}")])
            self.changed()

        what = plural(len(failures), "failure") if len(failures) > 1 else failures[0].name or failures[0].trace_id[:12]
        question = AskLine(
            f"Note on {what}",
            value=own.pop() if len(own) == 1 else "",
            placeholder="what you see; with a verdict: pass: … or fail: …",
            note="Every reviewer reads it, personal values replaced. An empty one takes yours away.",
        )
        self.app.push_screen(question, answered)

    def action_item(self) -> None:
        """Opens the item that came from the failure, else the one that it resembles."""
        failure = row.failure if (row := self.failures.current) is not None else None
        like = failure.seen.item_id if failure is not None and failure.seen is not None else None
        item = failure.items[0] if failure is not None and failure.items else like
        if failure is None or item is None:
            self.tell([("text", "No item came from it, and none is known to be like it.")])
            return
        rule = self.session.queue.rule_of(failure)
        dataset = next(each.rule.dataset.name for each in self.session.rooms.rules if each.rule.rule == rule)
        self.curator.open_lineage(dataset, item, rule, like=failure.key if item == like else None)

    def action_decline(self) -> None:
        """Declines the prepared drafts of what is chosen, after a question."""
        inbox = self.session.drafts.inbox
        keys = [failure.key for failure in self.chosen() if failure.key in inbox]
        if not keys:
            self.tell([("text", "No draft was prepared here.")])
            return

        def answered(yes: str | None) -> None:
            if yes:
                decline = self.session.drafts.decline
                self.fetch("decline", lambda report: [decline(key) for key in keys], declined, self.trouble)

        def declined(done: object) -> None:
            self.tell([("text", f"Declined {plural(len(keys), 'prepared draft')}; the failures stay.")])
            self.changed(advance=True)

        by = ", ".join(dict.fromkeys(inbox[key].prepared_by for key in keys))
        title = f"Decline {plural(len(keys), 'draft')} that {by} prepared?"
        self.app.push_screen(Confirm(title, yes="Decline"), answered)

    def action_reopen(self) -> None:
        self.reopen(self.chosen())

    def action_mark(self) -> None:
        self.failures.toggle_mark()

    def action_mark_all(self) -> None:
        self.failures.toggle_all()

    def action_filter(self) -> None:
        self.query_one("#filter", LineInput).open()

    def action_clear(self) -> None:
        line = self.query_one("#filter", LineInput)
        if isinstance(self.focused, TextView):
            self.failures.focus()
        elif self.session.rooms.standing.filter:
            line.put("")
            line.display = False
            self.session.rooms.stand(filter="")
            self._list()
        elif self.failures.marks:
            self.failures.clear_marks()
        elif self._inside is not None:
            before, self._inside = self._inside, None
            self._list(at=before.representative)
        elif self.drop("queue"):
            self.curator.busy("")
            if not self.failures.rows:
                self.show_page().nothing("∅", "Stopped asking.", [[("accent", "^r"), ("dim", " asks again")]])
            else:
                self.tell([("text", "Stopped asking; what you see is from before.")])

    def action_next_state(self) -> None:
        waiting = self.session.drafts.inbox or self._state == "prepared"
        tabs = [tab for tab in TABS if tab != "prepared" or waiting]
        self._go_to_state(tabs[(tabs.index(self._state) + 1) % len(tabs)])

    def action_window(self) -> None:
        def chosen(since: str | None) -> None:
            if since:
                self.session.rooms.stand(since=since)
                self._show_week()
                self.reload()

        self.app.push_screen(Choose("How far back to look", WINDOWS, own="such as 3d, 36h or 2026-01-31"), chosen)

    def action_rules(self) -> None:
        def chosen(rule: str | None) -> None:
            if rule is not None:
                self.look_at(rule or None)

        rules = [(name, words) for name, words in self.session.rooms.rule_names()]
        self.app.push_screen(Choose("Which workflow to look at", [("", "all of them"), *rules]), chosen)

    def action_focus_preview(self) -> None:
        self.preview.focus()

    def action_focus_list(self) -> None:
        self.failures.focus()

    def action_reveal(self) -> None:
        self.preview.toggle_reveal()

    def copies(self) -> Copies:
        row = self.failures.current
        if row is None:
            return []
        failure, session = row.failure, self.session
        rule = session.queue.rule_of(failure)
        return [
            ("the trace's id", failure.trace_id),
            ("the address in Langfuse", lambda: session.traces.url(failure.trace_id)),
            ("the command that promotes it", f"curator promote {failure.key} --rules {rule}"),
            ("the command that shows it", f"curator show {failure.key}"),
            *([("the session's id", failure.session_id)] if failure.session_id else []),
        ]

    def action_browse(self) -> None:
        if (row := self.failures.current) is not None:
            self.curator.browse(row.failure.trace_id)

    def action_mark_range(self) -> None:
        self.failures.mark_range()

    def action_sort(self) -> None:
        now = self.session.rooms.standing.sort

        def chosen(name: str | None) -> None:
            if name is not None:
                self.session.rooms.stand(sort=f"-{name}" if name == now else name)
                self._list()

        answers = [(name, f"{each.title}: {each.words}") for name, each in COLUMNS.items() if name != "message"]
        self.app.push_screen(Choose("Sort by", answers, note="The same one again turns the order round."), chosen)

    def _choose_columns(self) -> None:
        grouped = self._fold == "group" and self._inside is None and self._state != "prepared"
        self.failures.choose(name for name in self._columns if grouped or name != "alike")

    @property
    def _columns(self) -> tuple[str, ...]:
        return self.session.rooms.standing.columns or self.session.settings.columns or USUAL

    def action_columns(self) -> None:
        shown = self._columns

        def chosen(name: str | None) -> None:
            if name is None:
                return
            left = [each for each in shown if each != name] if name in shown else [*shown, name]
            self.session.rooms.stand(columns=tuple(each for each in COLUMNS if each in left))
            self._choose_columns()
            self._read_excerpts()
            self.action_columns()

        answers = [
            (name, f"{'✓' if name in shown else ' '} {each.title}: {each.words}") for name, each in COLUMNS.items()
        ]
        self.app.push_screen(Choose("Columns of the list", answers, hints="enter shows or hides one"), chosen)

    def action_try_rule(self) -> None:
        row, chosen = self.failures.current, self.session.rooms.standing.rule
        rule = chosen or (self.session.queue.rule_of(row.failure) if row is not None else None)
        if rule is not None:
            self.app.push_screen(TrialScreen(rule))

    def look_at(self, rule: str | None) -> None:
        """Lists the failures of one rule, or of all."""
        self.session.rooms.stand(rule=rule)
        self.reload()
