"""Datasets, their items, and where each item came from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Static

from curator.draft import text_of
from curator.model import Dataset, StoredItem
from curator.model.lineage import FAILURE_TYPE, REQUIRED_KEYS, slug
from curator.tui import actions
from curator.tui.screens.place import Copies
from curator.tui.screens.reading import Reading
from curator.tui.sections import Sheet, of_audit, of_stored
from curator.tui.session import Excerpt
from curator.tui.session.traces import asked_in
from curator.tui.text import Piece
from curator.tui.widgets.reader import REST, Reader
from curator.tui.widgets.rows import Column, Rows
from curator.tui.words import age, clock, plural

if TYPE_CHECKING:
    from curator.audit import AuditReport
    from curator.promote import Verified


class DatasetsScreen(Reading):
    """See `actions.of("datasets")` for its keys."""

    BINDINGS = actions.bindings("datasets")
    CSS_PATH = "datasets.tcss"
    place = "datasets"
    help_places = ("datasets", "list", "text")
    AUTO_FOCUS = "#datasets"

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[str, int] = {}
        self._open: Dataset | None = None
        self._rest: Timer | None = None
        self._asked: dict[str, Excerpt] = {}
        """Item → what it asks, masked, as far as it was in sight."""

    def body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="left", classes="pane"):
                yield Static("", classes="pane-title", id="left-title")
                yield Rows(
                    [
                        Column(lambda d: [("text", d.name)], share=3, title="dataset"),
                        Column(self._count, width=7, right=True, title="items"),
                        Column(lambda d: [("dim", age(d.updated_at))], width=4, right=True, title="ago"),
                    ],
                    key=lambda d: d.id,
                    id="datasets",
                    header=True,
                )
                yield Rows(
                    [
                        Column(self._asks, share=7, title="asks"),
                        Column(self._short_id, share=3, most=34, title="item", from_width=56),
                        Column(_failure_type, share=2, most=22, title="failure type", from_width=90),
                        Column(_lineage, width=8, title="lineage"),
                        Column(lambda i: [("dim", age(i.updated_at))], width=4, right=True, title="ago"),
                    ],
                    key=lambda i: i.id,
                    id="items",
                    header=True,
                )
            yield Reader("detail", id="right")

    def on_mount(self) -> None:
        self.query_one("#items").display = False
        self.show_page().waiting("fetching datasets")
        self.reload()

    @property
    def rows(self) -> Rows[Any]:
        return self._list if self._open is None else self._items

    @property
    def _list(self) -> Rows[Dataset]:
        return self.query_one("#datasets", Rows)

    @property
    def _items(self) -> Rows[StoredItem]:
        return self.query_one("#items", Rows)

    # Data

    def reload(self) -> None:
        if self._open is None:
            self.fetch("datasets", lambda report: self.session.items.datasets(), self._fetched, self.failed)
        else:
            self._fetch_items(self._open)

    def _fetched(self, datasets: list[Dataset]) -> None:
        self.calm()
        if not datasets:
            self.show_page().nothing("datasets")
            return
        self.show_panes()
        self._list.show(datasets)
        self._say_how_many()
        self._list.focus()
        self.fetch("counts", lambda report: self.session.items.counts(datasets[:50]), self._counted)

    def _say_how_many(self) -> None:
        self.say("#left-title", [("text", plural(len(self._list.rows), "dataset"))])

    def _counted(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._list.redraw()

    def _fetch_items(self, dataset: Dataset) -> None:
        read = self.session.items.of
        self.busily("items", "fetching items", lambda report: read(dataset.name, report), self._fetched_items)

    def _fetched_items(self, items: list[StoredItem]) -> None:
        self.calm()
        self._items.show(items)
        if self._open is not None:
            words = plural(len(items), "active item")
            self.say("#left-title", [("strong", self._open.name), ("dim", f"  {words}")])
        if not items:
            self.view.empty()

    def _asks(self, item: StoredItem) -> Sequence[Piece]:
        return self._asked.get(item.id, [("dim", "…")])

    def _short_id(self, item: StoredItem) -> list[Piece]:
        """The id, without what it has in common with every other one."""
        own = f"{slug(item.dataset)}-"
        return [("dim", f"…{item.id.removeprefix(own)}" if item.id.startswith(own) else item.id)]

    def _count(self, dataset: Dataset) -> list[Piece]:
        count = self._counts.get(dataset.name)
        return [("dim", "…")] if count is None else [("strong", f"{count:,}")]

    # What is beside the list

    @on(Rows.Moved, "#datasets")
    def _dataset_moved(self, event: Rows.Moved) -> None:
        dataset: Dataset = event.row
        if isinstance(event, Rows.Chosen):
            self.action_open()
            return
        sheet = Sheet()
        if dataset.description:
            sheet.add("Description", "description", dataset.description)
        sheet.add_facts({"created": clock(dataset.created_at), "updated": clock(dataset.updated_at), "id": dataset.id})
        if dataset.metadata:
            sheet.add("Metadata", "metadata", dataset.metadata)
        sheet.add("Input schema", "input_schema", dataset.input_schema)
        sheet.add("Expected output schema", "expected_output_schema", dataset.expected_output_schema)
        self.reader.title([("text", dataset.name)])
        self.view.put(sheet, ())

    @on(Rows.Moved, "#items")
    def _item_moved(self, event: Rows.Moved) -> None:
        if self._rest is not None:
            self._rest.stop()
        item: StoredItem = event.row
        self._rest = self.set_timer(REST, lambda: self._show_item(item))

    def on_resize(self) -> None:
        super().on_resize()
        self.call_after_refresh(self._read_asked)  # more rows may be in sight

    def _read_asked(self) -> None:
        shown: list[StoredItem] = [self._items.rows[number] for _, number in self._items.rows_in_sight()]
        new = {each.id: asked_in(each.input) or text_of(each.input) for each in shown if each.id not in self._asked}
        if new:
            read = self.session.traces.excerpts_of
            self.fetch("asked", lambda report: read(new), self._read)

    def _show_item(self, item: StoredItem) -> None:
        self._read_asked()
        sheet = of_stored(item)
        self.reader.title([("text", item.id)])
        self.view.hide_again()
        self.put_masked(self.view, sheet, item.says("rule"))

    def _read(self, asked: dict[str, Excerpt]) -> None:
        self._asked |= asked
        self._items.redraw()

    # Actions of the place "datasets"

    @property
    def _item(self) -> StoredItem | None:
        """The item under the cursor; None while no dataset is open."""
        return self._items.current if self._open is not None else None

    def action_open(self) -> None:
        if self._open is None:
            dataset = self._list.current
            if dataset is None:
                return
            self._open = dataset
            self._list.display = False
            self._items.display = True
            self._items.show([])
            self._items.focus()
            self.say("#left-title", [("strong", dataset.name), ("dim", "  fetching …")])
            self._fetch_items(dataset)
        else:
            self.view.focus()

    async def action_back(self) -> None:
        if self.back_to_list():
            return
        if self._open is not None:
            self._open = None
            self._items.display = False
            self._list.display = True
            self._list.focus()
            if (dataset := self._list.current) is not None:
                self._dataset_moved(Rows.Moved(self._list, dataset))
            self._say_how_many()
        else:
            await self.curator.action_go("queue")

    def action_verify(self) -> None:
        if (item := self._chosen_item()) is not None:
            verify, rule = self.session.items.verify, item.says("rule")
            self.busily("verify", "verifying", lambda report: verify(item.dataset, item.id, rule), self._verified)

    def _chosen_item(self) -> StoredItem | None:
        if self._item is None:
            self.tell([("text", "Open a dataset with enter, then choose an item.")])
        return self._item

    def _verified(self, verified: "Verified") -> None:
        if verified.verdict == "verified":
            self.tell([("good", "✓ "), ("text", f"{verified.item_id} is as it was approved.")])
            return
        sheet = Sheet()
        notes: list[tuple[list[Piece], str | None]] = [
            ([("bad", "✕ "), ("text", p.message), ("dim", f"  {p.remedy}")], None) for p in verified.differences
        ]
        sheet.add_notes("Not as approved", "differences", notes)
        self.view.put(sheet, ())
        self.tell([("bad", f"✕ {verified.item_id}: {plural(len(verified.differences), 'difference')}.")], bad=True)

    def action_audit(self) -> None:
        if (dataset := self._open or self._list.current) is not None:
            self.audit(dataset.name)

    def audit(self, dataset: str) -> None:
        """Audits a dataset, whatever is chosen."""
        look = self.session.items.audit
        self.busily("audit", f"auditing {dataset}", lambda report: look(dataset, report), self._audited, self.failed)

    def _audited(self, report: "AuditReport") -> None:
        self.reader.title([("text", f"audit of {report.dataset}")])
        self.view.put(of_audit(report), ())
        if self.is_current:
            self.view.focus()

    def action_lineage(self) -> None:
        if (item := self._chosen_item()) is not None:
            self.curator.open_lineage(item.dataset, item.id, item.says("rule"))

    def action_source(self) -> None:
        item = self._item
        if item is None or not item.source_trace_id:
            self.tell([("text", "No source trace is recorded here.")])
            return
        self.curator.open_trace(item.source_trace_id)

    def action_browse(self) -> None:
        if (item := self._item) is not None:
            self.curator.browse_item(item.dataset, item.id)

    def copies(self) -> Copies:
        dataset = self._open or self._list.current
        found: Copies = [("the dataset's name", dataset.name)] if dataset else []
        return found if self._item is None else self.item_copies(self._item.dataset, self._item.id) + found


def _failure_type(item: StoredItem) -> list[Piece]:
    return [("dim", item.says(FAILURE_TYPE) or "")]


def _lineage(item: StoredItem) -> list[Piece]:
    """Whether an item says where it came from."""
    known = sum(key in item.lineage for key in REQUIRED_KEYS)
    if known == len(REQUIRED_KEYS):
        return [("good", "✓ whole")]
    if known or item.source_trace_id:
        return [("warn", "▲ part")]
    return [("bad", "✕ none")]
