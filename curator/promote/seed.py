"""Seeds a dataset: creates it with its schemas, and writes the rule's own items through the verified write."""

from typing import TYPE_CHECKING, Literal

from curator.experiments.versions import no_dataset
from curator.gateway import Gateway, GatewayError
from curator.model.base import Value
from curator.model.draft import Problem
from curator.model.errors import CuratorError
from curator.model.item import Dataset, Item
from curator.model.lineage import content_fingerprint
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


def seed(promoter: "Promoter", loaded: LoadedRule, *, overwrite: bool = False) -> Seeded:
    """Makes sure that dataset, schemas and seed items are there. Running it again writes nothing.

    An item that somebody changed in Langfuse since is left alone unless `overwrite`. Raises GatewayError when the
    dataset cannot be read or written.
    """
    action = ensure_dataset(promoter.gateway, loaded)
    items = [_item(promoter, loaded, each, overwrite=overwrite) for each in loaded.rule.seed]
    return Seeded(dataset=loaded.rule.dataset.name, dataset_action=action, items=tuple(items))


def ensure_dataset(gateway: Gateway, loaded: LoadedRule) -> DatasetAction:
    """Creates the dataset, or brings its schemas up to the rule's. Raises GatewayError, CuratorError."""
    spec = loaded.rule.dataset
    found = gateway.dataset(spec.name)
    if found is not None and _schemas(found) == (loaded.input_schema, loaded.expected_output_schema):
        return "none"
    gateway.put_dataset(
        spec.name,
        # What a team wrote about an existing dataset stays theirs; only the schemas are the rule's.
        description=spec.description if found is None else None,
        metadata=dict(spec.metadata) if found is None else None,
        input_schema=loaded.input_schema,
        expected_output_schema=loaded.expected_output_schema,
    )
    after = gateway.dataset(spec.name)
    if after is None:
        raise no_dataset(spec.name)
    if _schemas(after) != (loaded.input_schema, loaded.expected_output_schema):
        raise CuratorError(
            f"The dataset {spec.name} does not have the rule's schemas, although the server accepted them.",
            code="SEED_SCHEMAS",
            remedy="Look at the dataset in Langfuse; another rule may feed it with other schemas.",
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
    choices = Choices(remedies=frozenset({"overwrite"} if overwrite else ()))
    receipt = promoter.promote_item(item, loaded, choices)
    return _of(receipt)


def _kept(given: SeedItem) -> SeededItem:
    problem = Problem(
        code="SEED_KEPT",
        message=f"{given.id} differs from the rule's seed item: somebody changed it. It stays as it is.",
        remedy="--overwrite writes the rule's version.",
        blocking=False,
    )
    return SeededItem(item_id=given.id, action="none", verdict="kept", problem=problem)


def _of(receipt: Receipt) -> SeededItem:
    return SeededItem(item_id=receipt.item_id, action=receipt.action, verdict=receipt.verdict, problem=receipt.problem)


def _schemas(dataset: Dataset) -> tuple[object, object]:
    return dataset.input_schema, dataset.expected_output_schema
