"""A text view of foreign text: masked until it was looked through, and until the reviewer asks."""

from curator.model import Finding
from curator.model.errors import CuratorError
from curator.tui.document import Note, Section
from curator.tui.masks import Masks
from curator.tui.sections import Sheet
from curator.tui.widgets.text_view import TextView


class MaskedView(TextView):
    """A text view that keeps the findings, so that `r` can show and hide the values."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._findings: tuple[Finding, ...] | None = None
        self.revealed = False

    def put(self, sheet: Sheet, findings: tuple[Finding, ...] | None, *, keep_place: bool = False) -> None:
        """Shows a sheet; `findings` None: nobody has looked for personal values yet."""
        self._findings = findings
        self.show(sheet.sections, self._masks_now(), keep_place=keep_place)

    def found(self, findings: tuple[Finding, ...]) -> None:
        """The personal values in what is shown are known now."""
        self._findings = findings
        self.remask(self._masks_now())

    def hide_again(self) -> None:
        """Another text comes: what was revealed was the text before."""
        self.revealed = False

    def toggle_reveal(self) -> None:
        """Shows personal values, or masks them again."""
        self.revealed = not self.revealed
        self.remask(self._masks_now())

    def empty(self) -> None:
        """Shows nothing."""
        self._findings = ()
        self.show([])

    def refuse(self, error: CuratorError) -> None:
        """Says why there is nothing to show."""
        self._findings = ()
        notes = (Note((("bad", f"▲ {error.message}"),)), Note((("dim", error.remedy),)))
        self.show([Section("", None, "", notes=notes)])

    def _masks_now(self) -> Masks:
        return Masks(self._findings or (), revealed=self.revealed, checked=self._findings is not None)
