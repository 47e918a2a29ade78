"""What the screens have in common: the frame, the session, how errors and waits are shown."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.screen import Screen

from curator.model.errors import CuratorError
from curator.tui import actions
from curator.tui.fetch import Fetching
from curator.tui.pieces import Piece
from curator.tui.widgets.frame import Banner, Page, TopBar

if TYPE_CHECKING:
    from curator.tui.app import CuratorApp
    from curator.tui.session import Session


class Place(Screen[None], Fetching):
    """A full screen of the app."""

    place: ClassVar[str] = "queue"
    """Which entry of the top bar is lit."""
    panes: ClassVar[str] = "#panes"
    """What a page stands in for while it is not there."""
    help_places: ClassVar[tuple[actions.Place, ...]] = ()
    """Places of the action table that the help of this screen lists first."""

    @property
    def curator(self) -> "CuratorApp":
        """The app."""
        return cast("CuratorApp", self.app)

    @property
    def session(self) -> "Session":
        """The project that is open."""
        return self.curator.session

    @property
    def narrow(self) -> bool:
        """Whether panes stand below each other instead of side by side."""
        return self.app.size.width < 100

    def help_for_focus(self) -> tuple[actions.Place, ...]:
        """Places of the action table that the help lists first: those of the pane that has the focus."""
        return self.help_places

    def on_screen_resume(self) -> None:
        self.show_connection()

    def on_resize(self) -> None:
        # How much of the server's name there is room for.
        self.show_connection()

    def show_connection(self) -> None:
        """The project, and whether its server answers."""
        for bar in self.query(TopBar):
            bar.show_connection(self.curator.connection_words(), busy=self.curator.is_busy)

    def show_page(self) -> Page:
        """Puts the page in the place of the panes, and gives it, to be told why."""
        self.query_one("#instead").display = True
        self.query_one(self.panes).display = False
        return self.query_one(Page)

    def show_panes(self) -> None:
        """Puts the panes in the place of the page."""
        self.query_one("#instead").display = False
        self.query_one(self.panes).display = True

    def trouble(self, error: CuratorError) -> None:
        """The last call failed, but older data is still on screen."""
        self.query_one(Banner).show(error)

    def calm(self) -> None:
        """The last call went well."""
        self.query_one(Banner).clear()

    def reload(self) -> None:
        """Asks the server again."""

    def reload_after_undo(self) -> None:
        """An action was taken back while this screen was open."""
        self.reload()

    def tell(self, pieces: Sequence[Piece], *, bad: bool = False) -> None:
        """A short message that goes away by itself."""
        self.curator.tell(pieces, bad=bad)
