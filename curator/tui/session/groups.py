"""Failures that look like one problem. They are read and grouped aside, never while somebody waits for rows."""

from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from curator.model import Failure, StoredItem
from curator.queue import items_of
from curator.tui.session.failures import Failures
from curator.tui.session.rooms import Report, Rooms

if TYPE_CHECKING:
    from curator.queue import FailureText, Group

UNASKED = (30, 500)
"""Open failures from which groups are made unasked, and failures up to which: each is read and scrubbed."""


class Groups:
    """The groups of the window. Failures of every state make them, so a decision moves none."""

    def __init__(self, rooms: Rooms, failures: Failures) -> None:
        self._rooms, self._failures = rooms, failures
        self._texts: dict[str, FailureText] = {}
        self.of: dict[str, Group] = {}
        """Key of a failure → its group; empty until `read`."""

    @property
    def wanted(self) -> bool:
        """Whether there are so many failures that groups help, and so few that they cost little."""
        every = self._failures.all()
        return sum(one.state == "open" for one in every) >= UNASKED[0] and len(every) <= UNASKED[1]

    def read(self, report: Report) -> int:
        """Reads failures that are new, then groups all; how many groups. Raises GatewayError, NotScrubbed."""
        from curator.queue import group_failures, read_texts, texts_file

        window, every, rooms = self._failures.window, self._failures.all(), self._rooms
        new = [one for one in every if one.key not in self._texts and not one.source_gone]
        self._texts |= read_texts(
            rooms.gateway,
            rooms.scrubber,
            new,
            lambda one: rooms.policy(self._failures.rule_of(one)),
            lambda done, total: report("reading failures to group them", done, total),
            kept=texts_file(rooms.gateway),
        )
        assert window is not None
        self._look_for_items()
        found = group_failures(every, self._texts, window.until).groups
        self.of = {key: group for group in found for key in group.keys}
        for key, group in self.of.items():
            self._failures.change(key, group=group.id)
        return len(found)

    def _look_for_items(self) -> None:
        """Says of each failure which item it resembles: it was seen before. A request per dataset."""
        from curator.draft import known_items
        from curator.gateway import NotFound
        from curator.queue import seen_before

        datasets, known = {each.rule.rule: each.rule.dataset.name for each in self._rooms.rules}, {}
        for dataset in dict.fromkeys(datasets.values()):
            with suppress(NotFound):
                known[dataset] = known_items(self._rooms.gateway, dataset)
        every = (item for items in known.values() for item in items)
        self._failures.types |= {item.id: item.failure_type for item in every if item.failure_type}
        for key, seen in seen_before(self._failures.all(), self._texts, known, datasets).items():
            self._failures.change(key, seen=seen)

    def types(self, key: str) -> dict[str, int]:
        """Failure type → how many items of the failure's group have it, the most frequent first."""
        group = self.of.get(key)
        found = [self._failures.get(each) for each in group.keys] if group is not None else []
        items = {item for one in found if one is not None for item in items_of(one)}
        return dict(Counter(kind for item in items if (kind := self._failures.types.get(item))).most_common())

    def against(self, key: str | None, item: StoredItem, rule: str | None) -> tuple[str, str] | None:
        """What an item asks and what a failure asks, both after the scrub; None when the failure was not read.

        Raises NotScrubbed.
        """
        from curator.draft import text_of

        text = self._texts.get(key or "")
        if text is None:
            return None
        policy = self._rooms.policy(rule).model_copy(update={"paths": ()})
        found = self._rooms.scrubber.scrub_value([text_of(item.input)], policy).value
        return " ".join(map(str, found if isinstance(found, list) else [])), text.asked

    def others(self, key: str) -> list[Failure]:
        """The open failures of the same group."""
        group = self.of.get(key)
        found = [self._failures.get(each) for each in group.keys if each != key] if group is not None else []
        return [one for one in found if one is not None and one.state == "open"]
