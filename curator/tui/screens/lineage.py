"""The lineage of one item on one screen: source, reasons, draft decisions, versions with differences, runs."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Static

from curator.tui import actions
from curator.tui.differences import difference
from curator.tui.screens.place import Copies
from curator.tui.screens.reading import SheetScreen
from curator.tui.sections import of_story
from curator.tui.widgets.frame import content

if TYPE_CHECKING:
    from curator.audit import Story


class LineageScreen(SheetScreen):
    """See `actions.of("lineage")` for its keys."""

    BINDINGS = actions.bindings("lineage")
    place = "datasets"
    help_places = ("lineage", "text")
    waiting = "fetching the lineage"

    def __init__(self, dataset: str, item_id: str, rule: str | None, like: str | None = None) -> None:
        """`rule`: by whose policy personal values are looked for; `like`: key of a failure that resembles the item."""
        super().__init__()
        self._dataset, self._item_id, self._rule, self._like = dataset, item_id, rule, like
        self._story: Story | None = None

    def head(self) -> ComposeResult:
        yield Static(content([("strong", self._item_id), ("dim", f"  in {self._dataset}")]), id="item-title")

    def reload(self) -> None:
        self.fetch("story", lambda report: self._tell_story(), self._told, self.failed)

    def _tell_story(self) -> "tuple[Story, tuple[str, str] | None]":
        """In a thread."""
        story = self.session.items.story(self._dataset, self._item_id)
        return story, self.session.groups.against(self._like, story.item, self._rule)

    def _told(self, found: "tuple[Story, tuple[str, str] | None]") -> None:
        story, asked = found
        again = self._story is not None
        self._story = story
        status = ("good", "● ACTIVE") if story.item.status == "ACTIVE" else ("warn", f"○ {story.item.status}")
        title = [("strong", story.item.id), ("text", "  "), status, ("dim", f" in {story.item.dataset}")]
        self.say("#item-title", title)
        sheet = of_story(story)
        if asked is not None:
            sheet.add_notes("What the item asks → what the failure asks", "like", difference(*asked))
            sheet.sections.insert(0, sheet.sections.pop())
        self.put(sheet, self._rule, keep_place=again)

    # Actions of the place "lineage"

    def action_source(self) -> None:
        trace_id = self._story.item.source_trace_id if self._story is not None else None
        if self._story is None or not trace_id or self._story.source is None:
            self.tell([("text", "There is no source trace to open.")])
            return
        self.curator.open_trace(trace_id)

    def action_browse(self) -> None:
        self.curator.browse_item(self._dataset, self._item_id)

    def copies(self) -> Copies:
        shows = ("the command that shows this", f"curator audit {self._dataset} {self._item_id}")
        return [*self.item_copies(self._dataset, self._item_id), shows]
