"""Every way in which a promotion can fail, with its remedies: the table behind diagnosis, help pages and front ends.

Failures of the connection keep the gateway's codes (`UNREACHABLE`, `RATE_LIMITED` …); the rest is named here.
"""

from typing import Literal

from curator.model import Problem
from curator.model.base import Value
from curator.model.errors import CuratorError

Remedy = Literal["next-id", "unarchive", "clear-stale", "repair", "strip", "as-text", "wait", "draft"]

REMEDIES: dict[str, str] = {
    "next-id": "Take the next deterministic id, and say so in lineage.",
    "unarchive": "Make the archived item ACTIVE again.",
    "clear-stale": "Empty the fields that the stored item has and this one does not.",
    "repair": "Delete the superfluous rows of this id, then verify.",
    "strip": "Take out the control characters before writing.",
    "as-text": "Write numbers that would change as text.",
    "wait": "Wait longer: for the rate limit, for late readings, for other writers.",
    "draft": "Keep the scrubbed draft in the journal.",
}
"""What curator can do about a failure, by one key or `--remedy NAME`; every failure offers `draft`."""

Verdict = Literal["refused", "failed"]


class Way(Value):
    """One way to fail. `verdict` is `refused` when nothing was written, `failed` when a write may have happened."""

    code: str
    verdict: Verdict
    remedy: str
    remedies: tuple[Remedy, ...] = ()


# ── refused before the write: what would be lost ────────────────────────────────────────────────────────────────────
CONTROL = Way(
    code="ITEM_CONTROL_CHARACTERS",
    verdict="refused",
    remedy="Take them out (--remedy strip), or edit the text.",
    remedies=("strip",),
)
NUMBER = Way(
    code="ITEM_NUMBER_CHANGES",
    verdict="refused",
    remedy="Write the number as text (--remedy as-text), or edit it.",
    remedies=("as-text",),
)
NOT_FINITE = Way(
    code="ITEM_NOT_FINITE",
    verdict="refused",
    remedy="Edit it, such as --set PATH=null: JSON knows neither NaN nor infinity.",
)
TOO_DEEP = Way(code="ITEM_TOO_DEEP", verdict="refused", remedy="Flatten the value, or keep only the part that matters.")
UNSTORABLE = Way(code="ITEM_UNSTORABLE_TEXT", verdict="refused", remedy="Edit that text or key.")
KEY_DROPPED = Way(code="ITEM_KEY_DROPPED", verdict="refused", remedy="Rename the key.")
PARSED = Way(
    code="ITEM_STRING_PARSED",
    verdict="refused",
    remedy='Put the string into an object, such as {"text": …}; Langfuse leaves nested strings alone.',
)
TOO_LARGE = Way(code="TOO_LARGE", verdict="refused", remedy="Shorten input, expected output or metadata.")
NOT_SCRUBBED = Way(
    code="ITEM_NOT_SCRUBBED", verdict="refused", remedy="Scrub the draft again; keep a finding only with a reason."
)
BAD_ID = Way(code="ITEM_BAD_ID", verdict="refused", remedy="Use 1 to 255 of A-Z a-z 0-9 . _ - in the rule's pinned id.")
INCOMPLETE = Way(code="DRAFT_INCOMPLETE", verdict="refused", remedy="Mend it (--set PATH=VALUE), then promote again.")
SOURCE_GONE = Way(
    code="SOURCE_GONE",
    verdict="refused",
    remedy="Dismiss the failure, or write the case by hand: there is nothing left to copy.",
)

# ── refused because of what is there ────────────────────────────────────────────────────────────────────────────────
COLLISION = Way(
    code="ITEM_COLLISION",
    verdict="refused",
    remedy="Take the next id (--remedy next-id), or promote into the dataset that owns this one.",
    remedies=("next-id",),
)
TOMBSTONE = Way(
    code="ITEM_TOMBSTONE", verdict="refused", remedy="Take the next id (--remedy next-id).", remedies=("next-id",)
)
ARCHIVED = Way(
    code="ITEM_ARCHIVED",
    verdict="refused",
    remedy="Revive it (--remedy unarchive), or leave it archived and dismiss the failure.",
    remedies=("unarchive",),
)
STALE_FIELDS = Way(
    code="ITEM_STALE_FIELDS",
    verdict="refused",
    remedy="Empty them on the server too (--remedy clear-stale), or fill them in.",
    remedies=("clear-stale",),
)
DATASET_MISSING = Way(
    code="DATASET_MISSING",
    verdict="refused",
    remedy="Create it with `curator seed --rules R`, or correct the rule's dataset name.",
)
SCHEMA_REFUSED = Way(
    code="ITEM_SCHEMA_REFUSED",
    verdict="refused",
    remedy="Mend the item, or bring the dataset's schemas up to date with `curator seed --rules R`.",
)
SERVER_REFUSED = Way(code="ITEM_REFUSED", verdict="refused", remedy="Look at the item; the server's log says more.")
BUSY = Way(
    code="ITEM_BUSY",
    verdict="refused",
    remedy="Wait for the other curator on this machine (--remedy wait), then promote again.",
    remedies=("wait",),
)
MODIFIED = Way(
    code="ITEM_MODIFIED_CONCURRENTLY",
    verdict="refused",
    remedy="Promote again in a moment (--remedy wait): somebody is writing this very item.",
    remedies=("wait",),
)
DRY_RUN = Way(code="DRY_RUN", verdict="refused", remedy="Leave --dry-run out to write it.")
INTERRUPTED = Way(code="INTERRUPTED", verdict="refused", remedy="Promote it again; what was done is in `curator log`.")

# ── failed: written, or maybe written, and not as meant ─────────────────────────────────────────────────────────────
LOST_WRITE = Way(
    code="ITEM_LOST_WRITE",
    verdict="failed",
    remedy="Promote again: it reads first, so nothing is doubled. --remedy wait gives late readings more time.",
    remedies=("wait",),
)
UNANSWERED = Way(
    code="WRITE_UNANSWERED",
    verdict="failed",
    remedy="Promote again later: it reads first, so nothing is doubled.",
    remedies=("wait",),
)
STALE_READ = Way(
    code="ITEM_STALE_READ",
    verdict="failed",
    remedy="Read again later: `curator verify DATASET ITEM`, or promote again with --remedy wait.",
    remedies=("wait",),
)
REWRITTEN = Way(
    code="ITEM_REWRITTEN",
    verdict="failed",
    remedy="Compare with `curator verify`; undo the write (`curator undo`) and report the server's version.",
)
OVERWRITTEN = Way(
    code="ITEM_OVERWRITTEN",
    verdict="failed",
    remedy="Talk to the other reviewer; promote again to write your version over theirs.",
)
DUPLICATES = Way(
    code="ITEM_DUPLICATE_ROWS",
    verdict="failed",
    remedy="Repair it (--remedy repair): superfluous rows are deleted, then the item is verified.",
    remedies=("repair",),
)
NOT_CLEAN = Way(
    code="ITEM_NOT_CLEAN",
    verdict="failed",
    remedy="Take the write back (`curator undo`), scrub the draft again, promote again.",
)

# ── later: when items are verified or taken back ────────────────────────────────────────────────────────────────────
MISSING = Way(
    code="ITEM_MISSING",
    verdict="failed",
    remedy="Promote it again, or take the promotion back (`curator undo`) if the deletion was meant.",
)
CHANGED = Way(
    code="ITEM_CHANGED",
    verdict="refused",
    remedy="Look at its versions in Langfuse; promote it again, or approve the change by hand.",
)
NO_LINEAGE = Way(
    code="ITEM_NO_LINEAGE",
    verdict="failed",
    remedy="`curator audit` can adopt an item that was made by hand.",
)
UNRESTORABLE = Way(
    code="UNDO_IMPOSSIBLE",
    verdict="refused",
    remedy="Restore it by hand from the item's versions in Langfuse, or archive the item there.",
)

WAYS: tuple[Way, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Way))

_GATEWAY_REMEDIES: dict[str, tuple[Remedy, ...]] = {
    "RATE_LIMITED": ("wait",),
    "SERVER_FAILED": ("wait",),
    "UNREACHABLE": ("wait",),
}


class Stop(Exception):
    """A promotion ends here, for a reason with a name. Caught by `promote`, which makes a receipt of it."""

    def __init__(self, way: Way, message: str, *, path: str | None = None) -> None:
        super().__init__(message)
        self.way = way
        self.problem = Problem(code=way.code, message=message, path=path, remedy=way.remedy)

    @property
    def remedies(self) -> tuple[str, ...]:
        """What curator can do about it."""
        return (*self.way.remedies, "draft")


def stop_of(error: CuratorError, *, verdict: Verdict = "refused") -> Stop:
    """A refusal of another room (no connection, no rights) as the end of this promotion; keeps its code and words."""
    way = Way(code=error.code, verdict=verdict, remedy=error.remedy, remedies=_GATEWAY_REMEDIES.get(error.code, ()))
    return Stop(way, error.message)
