"""Seeds a dataset: creates it with its schemas; writes the rule's items, or a file's, through the verified write."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from curator.experiments import no_dataset
from curator.gateway import GatewayError
from curator.help import outcomes
from curator.model.base import Value
from curator.model.draft import Problem
from curator.model.errors import CuratorError, UsageError
from curator.model.files import read_text
from curator.model.item import Item
from curator.model.json import canonical
from curator.model.lineage import content_fingerprint, slug
from curator.model.receipt import Receipt, WriteAction
from curator.model.rule import SeedItem
from curator.promote.job import Choices
from curator.rulebook import LoadedRule

if TYPE_CHECKING:
    from curator.promote.promoter import Promoter

DatasetAction = Literal["created", "updated", "none"]


class Seeded(Value):
    """What `seed` did."""

    dataset: str
    dataset_action: DatasetAction
    items: tuple["SeededItem", ...]

    @property
    def ok(self) -> bool:
        """Whether the dataset and every item are there."""
        return all(item.ok for item in self.items)


class SeededItem(Value):
    """One seed item."""

    item_id: str
    action: WriteAction
    verdict: Literal["verified", "unchanged", "kept", "refused", "failed"]
    """`kept`: the item was changed since it was seeded, and stays as it is."""
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether the item is there."""
        return self.verdict in ("verified", "unchanged", "kept")


def seed_dataset(
    promoter: "Promoter",
    loaded: LoadedRule,
    *,
    items: Sequence[SeedItem] | None = None,
    own_ids: bool = False,
    overwrite: bool = False,
) -> Seeded:
    """Makes sure that dataset, schemas and `items` (default: the rule's seed) are there. Again, it writes nothing.

    `own_ids` puts the dataset's name in front of every id: ids are unique per Langfuse project, across datasets. An
    item that somebody changed or archived in Langfuse since is left alone unless `overwrite`. Raises GatewayError when
    the dataset cannot be read or written.
    """
    action = promoter.create_dataset(loaded)
    dataset = loaded.rule.dataset.name
    given = loaded.rule.seed if items is None else items
    if own_ids:
        given = [each.model_copy(update={"id": f"{slug(dataset)}-{each.id}"[:255]}) for each in given]
    done = [_item(promoter, loaded, each, overwrite=overwrite) for each in given]
    return Seeded(dataset=dataset, dataset_action=action, items=tuple(done))


def read_items(path: Path, dataset: str) -> list[SeedItem]:
    """The items of a JSON file (a list, or an object whose `items` is one) or of a JSON Lines file.

    Each has `input`, `expected_output` (or `expectedOutput`, `expected`), and may have `metadata` and `id`; without an
    id it gets one of the dataset's name and its input, so that the same file always names the same items. Raises
    UsageError (SEED_ITEMS) that names the first item that is wrong.
    """
    text = read_text(path, code="SEED_ITEMS")
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        rows = [_line(path, number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    else:
        # A single line of JSON Lines is an item, and JSON too.
        rows = rows.get("items", [rows]) if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not rows:
        raise _wrong(path, "it holds no items")
    items = [_seed_item(path, number, row, dataset) for number, row in enumerate(rows, 1)]
    twice = [item_id for item_id, count in Counter(item.id for item in items).items() if count > 1]
    if twice:
        raise _wrong(path, f"the id {twice[0]} is there more than once")
    return items


def _line(path: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        raise _wrong(path, f"line {number} is not JSON") from None


def _seed_item(path: Path, number: int, row: Any, dataset: str) -> SeedItem:
    if not isinstance(row, dict) or "input" not in row:
        raise _wrong(path, f"item {number} has no `input`")
    expected = next((row[key] for key in ("expected_output", "expectedOutput", "expected") if key in row), None)
    if expected is None:
        raise _wrong(path, f"item {number} has no `expected_output`")
    digest = sha256(canonical(row["input"]).encode("utf-8", "surrogatepass")).hexdigest()
    item_id = str(row.get("id") or f"{slug(dataset)}-{digest[:16]}")
    try:
        return SeedItem(id=item_id, input=row["input"], expected_output=expected, metadata=row.get("metadata") or {})
    except ValidationError as error:
        first = error.errors()[0]
        raise _wrong(path, f"item {number}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _wrong(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} cannot be seeded: {why}.", code="SEED_ITEMS")


SCHEMAS = ("input_schema", "expected_output_schema")


def ensure_dataset(
    promoter: "Promoter", name: str, wanted: Mapping[str, Any], loaded: LoadedRule | None = None
) -> DatasetAction:
    """Creates the dataset with `{description, metadata, input_schema, expected_output_schema}`, or brings its schemas
    up to date: what a team wrote about an existing dataset stays theirs.

    Raises UsageError (PII_IN_NAME: a personal value in any of it), GatewayError, CuratorError.
    """
    from curator.scrub import refuse_personal

    texts = {f"The dataset's {each.replace('_', ' ')}": canonical(text) for each, text in wanted.items() if text}
    refuse_personal(promoter.scrubber, texts | {"The dataset's name": name}, promoter.policy(loaded))
    schemas = {each: schema for each in SCHEMAS if (schema := wanted[each]) is not None}
    found = promoter.gateway.dataset(name)
    if found is not None and found.model_dump(include=set(schemas)) == schemas:
        return "none"
    promoter.gateway.put_dataset(name, **(wanted if found is None else schemas))
    after = promoter.gateway.dataset(name)
    if after is None:
        raise no_dataset(name)
    if after.model_dump(include=set(schemas)) != schemas:
        raise CuratorError(
            f"The dataset {name} does not have the wanted schemas, although the server accepted them.",
            code="SEED_SCHEMAS",
        )
    return "created" if found is None else "updated"


def _item(promoter: "Promoter", loaded: LoadedRule, given: SeedItem, *, overwrite: bool) -> SeededItem:
    item = Item(
        id=given.id,
        dataset=loaded.rule.dataset.name,
        input=given.input,
        expected_output=given.expected_output,
        metadata=given.metadata,
    )
    try:
        stored = promoter.gateway.item(given.id)
    except GatewayError as error:
        problem = Problem(code=error.code, message=error.message, remedy=error.remedy)
        return SeededItem(item_id=given.id, action="none", verdict="refused", problem=problem)
    if stored is not None and stored.dataset == item.dataset and stored.status == "ACTIVE":
        if content_fingerprint(stored) == content_fingerprint(item):
            return SeededItem(item_id=given.id, action="none", verdict="unchanged")
        if not overwrite:
            return _kept(given)
    choices = Choices(remedies=frozenset({"overwrite", "unarchive"} if overwrite else ()))
    receipt = promoter.promote_item(item, loaded, choices)
    return _of(receipt)


def _kept(given: SeedItem) -> SeededItem:
    problem = Problem(
        code="SEED_KEPT",
        message=f"{given.id} differs from the item given: somebody changed it. It stays as it is.",
        remedy="--overwrite writes it anew.",
        blocking=False,
    )
    return SeededItem(item_id=given.id, action="none", verdict="kept", problem=problem)


REMEDIES = {
    outcomes.COLLISION.code: "--own-ids puts the dataset's name in front of every id; or give the item another id.",
    outcomes.TOMBSTONE.code: "--own-ids puts the dataset's name in front of every id; or give the item another id.",
    outcomes.ARCHIVED.code: "--overwrite revives it with this content.",
}
"""What helps here: `seed` has other options than `promote`."""


def _of(receipt: Receipt) -> SeededItem:
    problem = receipt.problem
    if problem is not None and problem.code in REMEDIES:
        problem = problem.model_copy(update={"remedy": REMEDIES[problem.code]})
    return SeededItem(item_id=receipt.item_id, action=receipt.action, verdict=receipt.verdict, problem=problem)
