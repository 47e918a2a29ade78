"""How the scrub says no."""

from curator.model.errors import CuratorError


class NotScrubbed(CuratorError):
    """The scrub did not finish, so nothing may be stored. The message holds no text of the item."""

    def __init__(
        self, why: str, *, remedy: str = "Shorten the field, drop it in the rule, or leave this trace out."
    ) -> None:
        super().__init__(f"not scrubbed, not stored: {why}.", code="PII_NOT_SCRUBBED", remedy=remedy)
        self.why = why

    def __reduce__(self) -> tuple[type["NotScrubbed"], tuple[str]]:
        return (NotScrubbed, (self.why,))
