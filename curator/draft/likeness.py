"""Is a draft new? What its dataset holds under its id, and with the same or nearly the same input."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from curator.model import Problem, ScrubbedDraft, StoredItem
from curator.model.base import Value
from curator.model.lineage import fingerprint

if TYPE_CHECKING:
    from curator.gateway import Gateway

NEAR = 93.0
"""Ratio (0–100) from which two inputs count as near-duplicates; see the threshold test for how it was chosen."""
LONGEST = 2_000
"""Characters that are compared; of longer texts the first and the last half of that."""
NEAREST = 3
"""Similar items that are named."""
Relation = Literal["duplicate", "contradiction", "near"]


class Similar(Value):
    """Another item of the dataset whose input is alike."""

    item_id: str
    relation: Relation
    """`duplicate`: same input, same expectation. `contradiction`: same input, another expectation. `near`: alike."""
    likeness: float
    """Of the inputs, 0 to 100."""


class Standing(Value):
    """What stands under the draft's id."""

    state: Literal["new", "same", "changed", "archived", "elsewhere"]
    """`same`: equal input and expectation; `changed`: other content; `elsewhere`: the id is another dataset's."""
    stored: StoredItem | None = None


class Novelty(Value):
    """Where a draft would stand."""

    dataset_exists: bool
    standing: Standing
    similar: tuple[Similar, ...]


STANDING = {
    "new": "the id is new",
    "same": "the same item is stored already: nothing would change",
    "changed": "an item is stored already: it would be updated",
    "archived": "the stored item is archived",
    "elsewhere": "the id belongs to another dataset",
}
"""States in words."""


def look(
    gateway: "Gateway",
    scrubbed: ScrubbedDraft,
    items: Sequence[StoredItem] | None = None,
    *,
    dataset_exists: bool = True,
) -> Novelty:
    """Asks the server where a draft would stand: one request for its id, and the dataset's items unless they are given.

    `items` and `dataset_exists`: what is known of the dataset. Raises GatewayError.
    """
    from curator.gateway import NotFound

    if items is None and dataset_exists:
        try:
            items = list(gateway.items(scrubbed.draft.dataset))
        except NotFound:
            dataset_exists = False
    stored = gateway.item(scrubbed.draft.item_id)
    return Novelty(
        dataset_exists=dataset_exists,
        standing=standing(scrubbed, stored),
        similar=similar(scrubbed, items or []),
    )


def standing(scrubbed: ScrubbedDraft, stored: StoredItem | None) -> Standing:
    """How a draft stands to the item that is stored under its id."""
    if stored is None:
        return Standing(state="new")
    if stored.dataset != scrubbed.draft.dataset:
        return Standing(state="elsewhere", stored=stored)
    if stored.status != "ACTIVE":
        return Standing(state="archived", stored=stored)
    return Standing(state="same" if _content(scrubbed) == _content(stored) else "changed", stored=stored)


def similar(scrubbed: ScrubbedDraft, items: Sequence[StoredItem]) -> tuple[Similar, ...]:
    """The other items with the same or nearly the same input, most alike first; the audit measures alike."""
    from rapidfuzz import fuzz, process

    others = [item for item in items if item.id != scrubbed.draft.item_id]
    near = process.extract(
        text_of(scrubbed.input),
        [text_of(item.input) for item in others],
        scorer=fuzz.ratio,
        score_cutoff=NEAR,
        limit=NEAREST,
    )
    return tuple(
        Similar(item_id=others[at].id, relation=_relation(scrubbed, others[at]), likeness=round(likeness, 1))
        for _, likeness, at in near
    )


def text_of(value: object) -> str:
    """All texts and numbers of a JSON value in one line, in key order, cut to what is compared."""
    text = " ".join(" ".join(word for part in _parts(value) for word in part.split()).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}{text[-LONGEST // 2 :]}"


def _parts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _parts(value[key])
    elif isinstance(value, list):
        for each in value:
            yield from _parts(each)
    elif value is not None:
        yield str(value)


def doubts(found: Sequence[Similar]) -> list[Problem]:
    """What similar items say against writing another one, under the codes that the audit would use; none blocks."""
    return [_doubt(each) for each in found]


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
    return Problem(code=code, message=message, path="input", remedy=remedy, blocking=False)


def _content(item: ScrubbedDraft | StoredItem) -> tuple[str, str]:
    return fingerprint(item.input), fingerprint(item.expected_output)


def _relation(scrubbed: ScrubbedDraft, item: StoredItem) -> Relation:
    (mine, my_expectation), (its, its_expectation) = _content(scrubbed), _content(item)
    if mine != its:
        return "near"
    return "duplicate" if my_expectation == its_expectation else "contradiction"
