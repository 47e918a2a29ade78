"""Applies a reviewed folder to a dataset: a plan first, then each item through the promoter, proved one by one.

Nothing is deleted. What somebody changed in Langfuse since the pull is a conflict, not something to write over.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import JsonValue

from curator.dataset.folder import HEAD_FIELDS, LOCK, digest, first_of, read_folder, read_lock
from curator.model import Item, Receipt, StoredItem, Value
from curator.model.errors import UsageError
from curator.model.lineage import APPROVALS, APPROVED_BY, DIGEST, content_fingerprint, fingerprints, item_id
from curator.promote import Choices, Promoter

Step = Literal["create", "update", "archive", "unchanged", "conflict", "left"]
MAP = "ids.json"
"""Old item id → the id of its copy in another project or dataset, by target; kept in the folder."""


class Planned(Value):
    """What would be done with one item."""

    item_id: str
    """Its id in the target."""
    source_id: str
    """Its id in the folder."""
    step: Step
    why: str = ""


class PushPlan(Value):
    """What a push would do, before anything is written."""

    dataset: str
    copies: bool
    """Whether the target is another project or dataset than the one of the lock: then ids are derived anew."""
    new_dataset: bool
    """Whether the dataset has to be created, with the folder's schemas."""
    items: tuple[Planned, ...]

    @property
    def conflicts(self) -> tuple[Planned, ...]:
        """Items that somebody changed in Langfuse since the pull."""
        return tuple(each for each in self.items if each.step == "conflict")


class Push:
    """A folder on its way into a dataset."""

    def __init__(self, promoter: Promoter, folder: Path, *, to: str | None = None, archive: bool = False) -> None:
        """`to` names another dataset; `archive` also archives what the folder no longer holds.

        Raises UsageError (a folder that cannot be used, PUSH_SCRUBBED), GatewayError.
        """
        self._promoter, self._archive, self._folder = promoter, archive, folder
        self._here = read_folder(folder)
        if self._here.content == "scrubbed":
            raise UsageError(
                "The folder was pulled with --scrub: its items are not those of the dataset.", code="PUSH_SCRUBBED"
            )
        self._lock = read_lock(folder) if (folder / LOCK).exists() else None
        gateway = promoter.gateway
        self._target = to or self._here.name
        project = gateway.project().id
        self._copies = self._lock is not None and (self._lock.project_id != project or self._target != self._here.name)
        self._copies = self._copies or (self._lock is None and self._target != self._here.name)
        self._key = f"{project}/{self._target}"
        found = gateway.dataset(self._target)
        rows = gateway.items(self._target) if found is not None else ()
        self._live: dict[str, StoredItem] = {row.id: row for row in rows}
        self.plan = self._planned(new=found is None)

    def apply(self, *, overwrite: bool = False) -> Iterator[Receipt]:
        """Writes what the plan says; a receipt for each item that is not as the folder says already.

        Conflicts are refused unless `overwrite`. All of it is one action for `curator undo`. Interrupted, it goes on
        where it stopped when it is called again. Raises UsageError (PUSH_CONFLICT), GatewayError.
        """
        if self.plan.conflicts and not overwrite:
            raise _conflict(self.plan)
        wanted = {each: getattr(self._here, each) for each in HEAD_FIELDS}
        wanted["metadata"] = wanted["metadata"] if isinstance(wanted["metadata"], dict) else None
        self._promoter.ensure_dataset(self._target, wanted)
        batch = uuid.uuid4().hex
        # The plan has held what stands there against the lock: it is not somebody's later edit that is written over.
        choices = Choices(remedies=frozenset({"overwrite", "clear-stale", "unarchive"}), batch=batch)
        for planned in self.plan.items:
            if planned.step == "archive":
                yield self._promoter.archive(self._live[planned.item_id], Choices(batch=batch))
            elif planned.step in ("create", "update", "conflict"):
                item = self._item(self._here.items[planned.source_id], planned.item_id)
                yield self._promoter.promote_item(item, None, choices)
        if self._copies:
            self._write_map()

    def _planned(self, *, new: bool) -> PushPlan:
        planned = []
        for source_id, item in self._here.items.items():
            target = self._id(item)
            planned.append(self._step(source_id, target, item))
        targets = {each.item_id for each in planned}
        locked = self._lock.items if self._lock is not None and not self._copies else {}
        for item_id_ in sorted(self._live.keys() - targets):
            if item_id_ not in locked:
                planned.append(_gone(item_id_, "left", "it is not from this folder"))
            elif not self._archive:
                planned.append(_gone(item_id_, "left", "its file is gone; --archive takes it out of the runs"))
            elif digest(self._live[item_id_].to_write()) != locked[item_id_]:
                planned.append(_gone(item_id_, "conflict", "changed since"))
            else:
                planned.append(_gone(item_id_, "archive", "its file is gone"))
        return PushPlan(dataset=self._target, copies=self._copies, new_dataset=new, items=tuple(planned))

    def _step(self, source_id: str, target: str, item: Item) -> Planned:
        def of(step: Step, why: str = "") -> Planned:
            return Planned(item_id=target, source_id=source_id, step=step, why=why)

        live = self._live.get(target)
        if item.status == "ARCHIVED":
            if live is None:
                return of("unchanged")
            return (
                of("archive", "its file says so") if self._unmoved(source_id, live) else of("conflict", "changed since")
            )
        if live is None:
            return of("create")
        if self._copies:
            same = content_fingerprint(live) == content_fingerprint(item)
            return of("unchanged") if same else of("update", "the copy differs from the folder")
        if digest(live.to_write()) == digest(item):
            return of("unchanged")
        return of("update") if self._unmoved(source_id, live) else of("conflict", "it was changed in Langfuse since")

    def _unmoved(self, source_id: str, live: StoredItem) -> bool:
        """Whether the item is as it was when it was pulled."""
        return self._lock is not None and self._lock.items.get(source_id) == digest(live.to_write())

    def _id(self, item: Item) -> str:
        """The id in the target: the same, or for a copy one that is a function of the target and of the old id."""
        if not self._copies:
            return item.id
        case = str(item.metadata.get("case", "1")) if isinstance(item.metadata, dict) else "1"
        return item_id(self._target, item.source_trace_id or item.id, item.source_observation_id or item.id, case)

    def _item(self, item: Item, target: str) -> Item:
        """The item as it is written: who approved this change and when, over which content."""
        metadata: dict[str, JsonValue] = dict(item.metadata) if isinstance(item.metadata, dict) else {}
        if metadata:
            prints = fingerprints(item.input, item.expected_output)
            changed = metadata.get("fingerprints") not in (None, prints)
            if "fingerprints" in metadata:
                metadata["fingerprints"] = prints
            if changed or self._copies:
                metadata |= {
                    "reviewer": self._promoter.reviewer,
                    "approved_at": datetime.now(UTC).isoformat(timespec="seconds"),
                }
                for approval in (APPROVED_BY, APPROVALS):
                    metadata.pop(approval, None)  # whoever approved the case before did not see this
                metadata |= self._promoter.approval()
            if self._copies:
                metadata["copied_from"] = f"{self._here.project_id}/{self._here.name}/{item.id}"
            metadata.pop(DIGEST, None)  # sealed anew by the promoter
        return item.model_copy(update={"id": target, "dataset": self._target, "metadata": metadata})

    def _write_map(self) -> None:
        path = self._folder / MAP
        known: dict[str, Mapping[str, str]] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        known[self._key] = {each.source_id: each.item_id for each in self.plan.items if each.step != "left"}
        path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _gone(item_id_: str, step: Step, why: str) -> Planned:
    """What is done with an item of the dataset that the folder does not hold."""
    return Planned(item_id=item_id_, source_id=item_id_, step=step, why=why)


def _conflict(plan: PushPlan) -> UsageError:
    names = [each.item_id for each in plan.conflicts]
    return UsageError(
        f"Somebody changed {first_of(names)} in Langfuse since the folder was pulled. Nothing was written.",
        code="PUSH_CONFLICT",
    )
