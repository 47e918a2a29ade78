"""What became of a promotion or a request, by code: the one table behind receipts, exit codes, remedies and help pages.

A code is stable and has a page (`codes/CODE.md`). The gateway takes its errors' next step and exit code from here,
`curator.promote` its refusals, both front ends what they offer. Codes that only ever end a command (a malformed rule,
a missing key) are not listed: their exception carries the exit code.
"""

from collections.abc import Iterable
from typing import Literal

from curator.model.base import Value
from curator.model.errors import ExitCode

Verdict = Literal["refused", "failed"]

REMEDIES: dict[str, str] = {
    "next-id": "Take the next deterministic id, and say so in lineage.",
    "unarchive": "Make the archived item ACTIVE again.",
    "clear-stale": "Empty the fields that the stored item has and this one does not.",
    "keep-theirs": "Approve what stands in Langfuse now instead of the draft.",
    "overwrite": "Write the draft over what stands in Langfuse now.",
    "adopt": "Take their input and expected output into the draft, check it again and write it.",
    "create-dataset": "Create the dataset with the rule's schemas, then promote.",
    "complete-queue": "Complete the annotation-queue entries that are left open.",
    "repair": "Delete the superfluous rows of this id, then verify.",
    "strip": "Take out the control characters before writing.",
    "as-text": "Write numbers that would change as text.",
    "wait": "Wait longer: for the rate limit, for late readings, for other writers.",
    "draft": "Keep the scrubbed draft in the journal.",
}
"""What curator can do, by one key or `--remedy NAME`; every failure offers `draft`."""


class Outcome(Value):
    """One way in which something ends other than well."""

    code: str
    verdict: Verdict = "refused"
    """`refused`: nothing was written; `failed`: a write happened or may have happened. A refusal that comes after a
    write counts as failed, whatever stands here."""
    remedy: str
    """What a person does next, in one sentence."""
    remedies: tuple[str, ...] = ()
    """What curator can do; names of `REMEDIES`."""
    exit: ExitCode = ExitCode.NO
    """How a command ends that this stopped."""
    connection: bool = False
    """The way to Langfuse failed: nothing is said about the item, and later it may work."""


# ── the way to Langfuse ─────────────────────────────────────────────────────────────────────────────────────────────
UNAUTHORISED = Outcome(
    code="UNAUTHORISED",
    remedy="Check LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, and that LANGFUSE_BASE_URL is their server.",
    exit=ExitCode.CONFIG,
    connection=True,
)
FORBIDDEN = Outcome(
    code="FORBIDDEN",
    remedy="Use a project's API key; an organisation key or a restricted key does not do.",
    exit=ExitCode.CONFIG,
    connection=True,
)
SERVER_TOO_OLD = Outcome(
    code="SERVER_TOO_OLD",
    remedy="Upgrade Langfuse, use Langfuse Cloud, or correct LANGFUSE_BASE_URL.",
    exit=ExitCode.CONFIG,
    connection=True,
)
UNREACHABLE = Outcome(
    code="UNREACHABLE",
    remedy="Try again; check LANGFUSE_BASE_URL, the network, the proxy and the server when it stays.",
    remedies=("wait",),
    exit=ExitCode.SERVER,
    connection=True,
)
RATE_LIMITED = Outcome(
    code="RATE_LIMITED",
    remedy="Wait a minute and try again, or look at a shorter window.",
    remedies=("wait",),
    exit=ExitCode.SERVER,
    connection=True,
)
SERVER_FAILED = Outcome(
    code="SERVER_FAILED",
    remedy="Try again later; the server's log says more.",
    remedies=("wait",),
    exit=ExitCode.SERVER,
    connection=True,
)
NO_ANSWER = Outcome(
    code="NO_ANSWER",
    verdict="failed",
    remedy="Read back before writing again; `curator verify` does.",
    remedies=("wait",),
    exit=ExitCode.SERVER,
    connection=True,
)
BAD_ANSWER = Outcome(
    code="BAD_ANSWER",
    remedy="Check that LANGFUSE_BASE_URL names a Langfuse server and that no proxy answers in its place.",
    exit=ExitCode.SERVER,
    connection=True,
)
LIMIT_ANSWER = Outcome(
    code="LIMIT_ANSWER",
    remedy="Look at a shorter window, or raise `answer_megabytes` under `[limits]` in the config.",
    exit=ExitCode.SERVER,
    connection=True,
)
LIMIT_PAGES = Outcome(
    code="LIMIT_PAGES",
    remedy="Look at a shorter window, or raise `pages` under `[limits]` in the config.",
    exit=ExitCode.SERVER,
    connection=True,
)
LIMIT_COMMAND = Outcome(
    code="LIMIT_COMMAND",
    remedy="Give it more with --timeout SECONDS, or `command_seconds` under `[limits]` in the config.",
    exit=ExitCode.SERVER,
    connection=True,
)
NOTHING_READABLE = Outcome(
    code="NOTHING_READABLE",
    remedy="Check with `curator doctor` which server answers; upgrade curator or Langfuse when they are far apart.",
    exit=ExitCode.SERVER,
    connection=True,
)
TRACE_UNREADABLE = Outcome(
    code="TRACE_UNREADABLE",
    remedy="Look at its rows with `curator show TRACE`; upgrade curator or Langfuse when they are far apart.",
    exit=ExitCode.SERVER,
)
NOT_FOUND = Outcome(code="NOT_FOUND", remedy="Check the name, and that the keys are those of the right project.")
CONFLICT = Outcome(code="CONFLICT", remedy="Try again in a moment: somebody may be writing it.", remedies=("wait",))
REFUSED = Outcome(code="REFUSED", remedy="Check the ids, names and times that were given.")

# ── refused before the write: what would be lost ────────────────────────────────────────────────────────────────────
CONTROL = Outcome(
    code="ITEM_CONTROL_CHARACTERS",
    remedy="Take them out (--remedy strip), or edit the text.",
    remedies=("strip",),
)
NUMBER = Outcome(
    code="ITEM_NUMBER_CHANGES",
    remedy="Write the number as text (--remedy as-text), or edit it.",
    remedies=("as-text",),
)
NOT_FINITE = Outcome(
    code="ITEM_NOT_FINITE",
    remedy="Edit it, such as --set PATH=null: JSON knows neither NaN nor infinity.",
)
TOO_DEEP = Outcome(code="ITEM_TOO_DEEP", remedy="Flatten the value, or keep only the part that matters.")
UNSTORABLE = Outcome(code="ITEM_UNSTORABLE_TEXT", remedy="Edit that text or key.")
KEY_DROPPED = Outcome(code="ITEM_KEY_DROPPED", remedy="Rename the key.")
PARSED = Outcome(
    code="ITEM_STRING_PARSED",
    remedy='Put the string into an object, such as {"text": …}; Langfuse leaves nested strings alone.',
)
TOO_LARGE = Outcome(code="TOO_LARGE", remedy="Shorten input, expected output or metadata.")
NOT_SCRUBBED = Outcome(code="ITEM_NOT_SCRUBBED", remedy="Scrub the draft again; keep a finding only with a reason.")
BAD_ID = Outcome(code="ITEM_BAD_ID", remedy="Use 1 to 255 of A-Z a-z 0-9 . _ - in the rule's pinned id.")
INCOMPLETE = Outcome(code="DRAFT_INCOMPLETE", remedy="Mend it (--set PATH=VALUE), then promote again.")
SOURCE_GONE = Outcome(
    code="SOURCE_GONE",
    remedy="Dismiss the failure, or write the case by hand: there is nothing left to copy.",
)

# ── refused because of what is there ────────────────────────────────────────────────────────────────────────────────
COLLISION = Outcome(
    code="ITEM_COLLISION",
    remedy="Take the next id (--remedy next-id), or promote into the dataset that owns this one.",
    remedies=("next-id",),
)
TOMBSTONE = Outcome(code="ITEM_TOMBSTONE", remedy="Take the next id (--remedy next-id).", remedies=("next-id",))
ARCHIVED = Outcome(
    code="ITEM_ARCHIVED",
    remedy="Revive it (--remedy unarchive), or leave it archived and dismiss the failure.",
    remedies=("unarchive",),
)
STALE_FIELDS = Outcome(
    code="ITEM_STALE_FIELDS",
    remedy="Empty them on the server too (--remedy clear-stale), or fill them in.",
    remedies=("clear-stale",),
)
DATASET_MISSING = Outcome(
    code="DATASET_MISSING",
    remedy="Create it (--remedy create-dataset, or `curator seed --rules R`), or correct the rule's dataset name.",
    remedies=("create-dataset",),
)
SCHEMA_REFUSED = Outcome(
    code="ITEM_SCHEMA_REFUSED",
    remedy="Mend the item, or bring the dataset's schemas up to date with `curator seed --rules R`.",
)
SERVER_REFUSED = Outcome(code="ITEM_REFUSED", remedy="Look at the item; the server's log says more.")
EDITED = Outcome(
    code="ITEM_EDITED",
    remedy="Look at the changes, then keep theirs, overwrite them, or adopt them into the draft (--remedy).",
    remedies=("keep-theirs", "overwrite", "adopt"),
)
NEEDS_PERSON = Outcome(
    code="APPROVAL_NEEDS_PERSON",
    remedy="`curator draft TRACE --save` prepares it; approve it in `curator` or as CURATOR_REVIEWER.",
)
BUSY = Outcome(
    code="ITEM_BUSY",
    remedy="Wait for the other curator on this machine (--remedy wait), then promote again.",
    remedies=("wait",),
)
MODIFIED = Outcome(
    code="ITEM_MODIFIED_CONCURRENTLY",
    remedy="Promote again in a moment (--remedy wait): somebody is writing this very item.",
    remedies=("wait",),
)
DRY_RUN = Outcome(code="DRY_RUN", remedy="Leave --dry-run out to write it.")
INTERRUPTED = Outcome(code="INTERRUPTED", remedy="Promote it again; what was done is in `curator log`.")

# ── failed: written, or maybe written, and not as meant ─────────────────────────────────────────────────────────────
LOST_WRITE = Outcome(
    code="ITEM_LOST_WRITE",
    verdict="failed",
    remedy="Promote again: it reads first, so nothing is doubled. --remedy wait gives late readings more time.",
    remedies=("wait",),
)
UNANSWERED = Outcome(
    code="WRITE_UNANSWERED",
    verdict="failed",
    remedy="Promote again later: it reads first, so nothing is doubled.",
    remedies=("wait",),
)
STALE_READ = Outcome(
    code="ITEM_STALE_READ",
    verdict="failed",
    remedy="Read again later: `curator verify DATASET ITEM`, or promote again with --remedy wait.",
    remedies=("wait",),
)
REWRITTEN = Outcome(
    code="ITEM_REWRITTEN",
    verdict="failed",
    remedy="Compare with `curator verify`; undo the write (`curator undo`) and report the server's version.",
)
OVERWRITTEN = Outcome(
    code="ITEM_OVERWRITTEN",
    verdict="failed",
    remedy="Talk to the other reviewer; promote again to write your version over theirs.",
)
DUPLICATES = Outcome(
    code="ITEM_DUPLICATE_ROWS",
    verdict="failed",
    remedy="Repair it (--remedy repair): superfluous rows are deleted, then the item is verified.",
    remedies=("repair",),
)
NOT_CLEAN = Outcome(
    code="ITEM_NOT_CLEAN",
    verdict="failed",
    remedy="Take the write back (`curator undo`), scrub the draft again, promote again.",
)

# ── later: when items are verified or taken back ────────────────────────────────────────────────────────────────────
MISSING = Outcome(
    code="ITEM_MISSING",
    verdict="failed",
    remedy="Promote it again, or take the promotion back (`curator undo`) if the deletion was meant.",
)
CHANGED = Outcome(
    code="ITEM_CHANGED",
    remedy="Look at its versions in Langfuse; promote it again, or approve the change by hand.",
)
UNPROVEN = Outcome(
    code="ITEM_UNPROVEN",
    verdict="failed",
    remedy="Verify on the machine that promoted it, or against a ledger kept in git (--ledger FILE).",
)
QUEUE_ENTRY_LEFT = Outcome(
    code="QUEUE_ENTRY_LEFT",
    remedy="Complete it too (--complete-queue, --remedy complete-queue), or leave it for what it is about.",
    remedies=("complete-queue",),
)
NO_LINEAGE = Outcome(
    code="ITEM_NO_LINEAGE",
    verdict="failed",
    remedy="`curator audit` can adopt an item that was made by hand.",
)
UNRESTORABLE = Outcome(
    code="UNDO_IMPOSSIBLE",
    remedy="Restore it by hand from the item's versions in Langfuse, or archive the item there.",
)

OUTCOMES: dict[str, Outcome] = {each.code: each for each in list(globals().values()) if isinstance(each, Outcome)}


def outcome(code: str, remedy: str = "") -> Outcome:
    """The row of a code; one with `remedy` and nothing that curator can do for a code that is not in the table."""
    return OUTCOMES.get(code) or Outcome(code=code, remedy=remedy)


def exit_code(codes: Iterable[str]) -> ExitCode:
    """How a command ends that these stopped: as the one of them, NO when they differ, YES when there are none."""
    exits = {outcome(code).exit for code in codes}
    return exits.pop() if len(exits) == 1 else ExitCode.NO if exits else ExitCode.YES


def offered(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Remedies by name with their words, in the order of the table."""
    wanted = set(names)
    return tuple((name, words) for name, words in REMEDIES.items() if name in wanted)
