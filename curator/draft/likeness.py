"""Is a draft new? What its dataset holds under its id, and with the same, nearly the same or a like input."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter, ValidationError

from curator.config import state_folder
from curator.draft.alike import ALIKE, NEAR, Texts
from curator.experiments import history
from curator.model import Problem, ScrubbedDraft, StoredItem
from curator.model.base import Value
from curator.model.errors import ConfigError
from curator.model.failure import Seen
from curator.model.files import write_private
from curator.model.item import state_of
from curator.model.lineage import DIGEST, FAILURE_TYPE, SOURCE_SESSION_ID, approval_digest, fingerprint

if TYPE_CHECKING:
    from curator.gateway import Gateway

LONGEST = 4_000
"""Characters that are compared; of longer texts the first and the last half of that."""
NEAREST = 3
"""Similar items that are named."""
SEEN_AGAIN = "SEEN_AGAIN"
Relation = Literal["duplicate", "contradiction", "near", "alike"]


class Similar(Value):
    """Another item of the dataset whose input is alike."""

    item_id: str
    relation: Relation
    """`duplicate`: same input, same expectation. `contradiction`: same input, another expectation. `near`: the same
    case in other words. `alike`: it asks for the same thing, so the failure was seen before."""
    likeness: float
    """Of the inputs, 0 to 100."""
    promoted_at: datetime
    runs: str = ""
    """What this machine's runs say of it: `passes since run X`; empty when none scored it."""


class UnderTheId(Value):
    """What stands under the draft's id."""

    state: Literal["new", "same", "changed", "archived", "elsewhere"]
    """`same`: equal input and expectation; `changed`: other content; `elsewhere`: the id is another dataset's."""
    stored: StoredItem | None = None


class Novelty(Value):
    """What a dataset holds of a draft: under its id, and like it."""

    dataset_exists: bool
    under_id: UnderTheId
    similar: tuple[Similar, ...]


NOVELTY_STATES = {
    "new": "the id is new",
    "same": "the same item is stored already: nothing would change",
    "changed": "an item is stored already: it would be updated",
    "archived": "the stored item is archived",
    "elsewhere": "the id belongs to another dataset",
}
"""States in words."""


def novelty_of(
    gateway: "Gateway",
    scrubbed: ScrubbedDraft,
    items: "Sequence[StoredItem | KnownItem] | None" = None,
    *,
    dataset_exists: bool = True,
) -> Novelty:
    """Asks the server what a dataset holds of a draft: one request for its id, one for the items if none are given.

    `items` and `dataset_exists`: what is known of the dataset. Raises GatewayError.
    """
    from curator.gateway import NotFound

    if items is None and dataset_exists:
        try:
            items = known_items(gateway, scrubbed.draft.dataset)
        except NotFound:
            dataset_exists = False
    stored = gateway.item(scrubbed.draft.item_id)
    return Novelty(
        dataset_exists=dataset_exists, under_id=under_id(scrubbed, stored), similar=similar_items(scrubbed, items or [])
    )


def under_id(scrubbed: ScrubbedDraft, stored: StoredItem | None) -> UnderTheId:
    """What is stored under the id of a draft, and whether it says the same."""
    if stored is None:
        return UnderTheId(state="new")
    if stored.dataset != scrubbed.draft.dataset:
        return UnderTheId(state="elsewhere", stored=stored)
    if stored.status != "ACTIVE":
        return UnderTheId(state="archived", stored=stored)
    return UnderTheId(state="same" if _content(scrubbed) == _content(stored) else "changed", stored=stored)


def similar_items(scrubbed: ScrubbedDraft, items: "Sequence[StoredItem | KnownItem]") -> tuple[Similar, ...]:
    """The other items with the same or a like input, most alike first. Turns of its own session are not alike."""
    known = [known_item(each) if isinstance(each, StoredItem) else each for each in items]
    others = [each for each in known if each.id != scrubbed.draft.item_id]
    mine, session = _content(scrubbed), scrubbed.metadata.get(SOURCE_SESSION_ID)
    found = []
    for each, likeness in zip(
        others, Texts([o.text for o in others]).likeness([text_of(scrubbed.input)])[0], strict=True
    ):
        relation: Relation | None = "near" if likeness >= NEAR else "alike" if likeness >= ALIKE else None
        if each.input == mine[0]:
            relation, likeness = ("duplicate" if each.expected == mine[1] else "contradiction"), 1.0
        elif relation == "alike" and session is not None and each.session == session:
            relation = None
        if relation is not None:
            at = each.promoted_at
            found.append(
                Similar(item_id=each.id, relation=relation, likeness=round(100 * float(likeness), 1), promoted_at=at)
            )
    found.sort(key=lambda each: (-each.likeness, each.item_id))
    runs = history(scrubbed.draft.dataset, {each.item_id for each in found[:NEAREST]})
    return tuple(each.model_copy(update={"runs": runs.get(each.item_id, "")}) for each in found[:NEAREST])


def text_of(value: object) -> str:
    """All texts and numbers of a JSON value in one line, in key order, cut to what is compared."""
    text = " ".join(" ".join(word for part in texts_in(value) for word in part.split()).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}{text[-LONGEST // 2 :]}"


def texts_in(value: object) -> Iterator[str]:
    """Every text and number of a JSON value, in key order."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from texts_in(value[key])
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)
    elif value is not None:
        yield str(value)


def doubts_of_likeness(found: Sequence[Similar]) -> list[Problem]:
    """What similar items say against writing another one, under the codes that the audit would use; none blocks."""
    return [_doubt(each) for each in found]


def ago(time: datetime, now: datetime | None = None) -> str:
    """How long ago: `today`, `3 days ago`, `5 weeks ago`."""
    days = max(0, ((now or datetime.now(UTC)) - time).days)
    many, unit = (days // 7, "week") if days >= 14 else (days, "day")
    return "today" if not days else f"{many} {unit}{'s' if many != 1 else ''} ago"


def resemblance(item: Similar | Seen, now: datetime | None = None) -> str:
    """What a failure is like, in words: `like ITEM, promoted 3 weeks ago, passes since run X`."""
    runs = f", {item.runs}" if item.runs else ""
    return f"like {item.item_id}, promoted {ago(item.promoted_at, now)}{runs}"


def _doubt(each: Similar) -> Problem:
    match each.relation:
        case "duplicate":
            code, message = "DUP001", f"{each.item_id} says the same: same input, same expected output"
            remedy = "Dismiss this one as covered."
        case "contradiction":
            code = "DUP003"
            message = f"{each.item_id} has the same input and another expected output: no answer can satisfy both"
            remedy = "Decide which expectation is right, and change or archive the other."
        case "near":
            code, message = "DUP002", f"the input is {each.likeness:.0f} % like that of {each.item_id}"
            remedy = "Look at both; keep the one that says more."
        case "alike":
            code, message = SEEN_AGAIN, resemblance(each)
            remedy = "The fix did not hold, or that item is too weak: `curator audit DATASET ITEM` tells of its runs."
    return Problem(code=code, message=message, path="input", remedy=remedy, blocking=False)


def _content(item: ScrubbedDraft | StoredItem) -> tuple[str, str]:
    return fingerprint(item.input), fingerprint(item.expected_output)


# ── what is known of a dataset's items ──────────────────────────────────────────────────────────────────────────────


class KnownItem(Value):
    """What finding like items takes: texts as they stand in the dataset, so after the scrub."""

    id: str
    updated_at: datetime
    text: str
    """Of the input, as it is compared."""
    input: str
    expected: str
    """Fingerprints."""
    session: str | None = None
    """The session that it came from."""
    promoted_at: datetime
    digest: str
    """Over all that was approved."""
    sealed: str | None = None
    """What the item itself says its digest is."""
    failure_type: str | None = None
    excused_until: date | None = None
    """The last day on which it is excused as a known failure or flaky."""


_FILE = TypeAdapter(tuple[KnownItem, ...])


def known_item(item: StoredItem) -> KnownItem:
    """What is kept of an item."""
    approved = item.created_at
    with suppress(ValueError):
        time = datetime.fromisoformat(str(item.lineage.get("approved_at")))
        approved = time if time.tzinfo else approved
    return KnownItem(
        id=item.id,
        updated_at=item.updated_at,
        text=text_of(item.input),
        input=fingerprint(item.input),
        expected=fingerprint(item.expected_output),
        session=item.says(SOURCE_SESSION_ID),
        promoted_at=approved,
        digest=approval_digest(item),
        sealed=item.says(DIGEST),
        failure_type=item.says(FAILURE_TYPE),
        excused_until=state.until if (state := state_of(item.lineage)) is not None else None,
    )


def known_items(gateway: "Gateway", dataset: str) -> tuple[KnownItem, ...]:
    """The active items of a dataset, from a file of this machine that is brought up to date by their versions.

    One request when nothing has changed, one per 100 items that have; a file that is lost or does not add up is made
    anew. Raises NotFound without such a dataset, GatewayError.
    """
    pages = gateway.items(dataset)
    fresh: dict[str, KnownItem] = {}
    path, kept = None, dict[str, KnownItem]()
    for item in pages:  # newest first, so all that follows a known version is known
        if path is None:
            place = f"{gateway.base_url}/{item.dataset_id}"
            path = items_folder() / f"{hashlib.sha256(place.encode()).hexdigest()[:32]}.json"
            kept = {each.id: each for each in _read(path)}
        before = kept.get(item.id)
        if before is not None and before.updated_at == item.updated_at and pages.total_items == len(kept | fresh):
            break
        fresh.setdefault(item.id, known_item(item))
    else:
        kept = {}  # all have been read: what is not among them is archived or deleted
    if path is None:
        return ()
    found = tuple((kept | fresh).values())
    if fresh or not kept:
        with suppress(OSError):  # it is only a cache
            write_private(path, _FILE.dump_json(found))
    return found


def forget_items() -> None:
    """Drops what is kept of items and failures on this machine: an erasure must leave no text. Raises ConfigError."""
    try:
        for path in items_folder().glob("*"):
            path.unlink(missing_ok=True)
    except OSError as error:
        words = f"What is kept of items in {items_folder()} cannot be removed: {error.strerror}."
        raise ConfigError(words, code="ERASURE_RECORD", remedy="Remove the folder by hand.") from None


def items_folder() -> Path:
    """What this machine keeps of items and failures, scrubbed; `forget_items` drops all of it."""
    return state_folder() / "items"


def _read(path: Path) -> tuple[KnownItem, ...]:
    try:
        return _FILE.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return ()
