"""The week in groups: what is new, what grows, what came back though a case protects against it, what has been decided.

`read_week` reads it once; `coverage` and `digest` are functions of what it found, and hold no text of a failure.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from curator.draft import ALIKE, KnownItem, Texts, known_items, resemblance
from curator.experiments import history
from curator.model import Decision, Failure, Queue, Rule, ScrubPolicy, State
from curator.model.base import Value
from curator.model.failure import Seen
from curator.model.forms import template
from curator.queue.find import find_failures
from curator.queue.gather import Hears, silent
from curator.queue.groups import FailureText, Group, Grouping, group_failures, in_state, read_texts, texts_file
from curator.queue.window import Window
from curator.scrub import Outgoing

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.scrub import Scrubber

Items = Mapping[str, Sequence[KnownItem]]
"""Dataset → its active items."""


class Week(Value):
    """The failures of a window in every state, with their groups, and the items of the datasets that they go to."""

    window: Window
    queue: Queue
    """Each failure names its group and the item that it resembles."""
    grouping: Grouping
    items: dict[str, tuple[KnownItem, ...]]

    def groups(self, state: State | None) -> Grouping:
        """The groups with only their failures in that state."""
        if state is None:
            return self.grouping
        return in_state(self.grouping, self.queue.failures, state, self.window.until)


def read_week(
    gateway: "Gateway",
    scrubber: "Scrubber",
    rules: Sequence[Rule],
    window: Window,
    *,
    policy_of: Callable[[Failure], ScrubPolicy],
    decisions: Sequence[Decision] = (),
    progress: Callable[[str], None] | None = None,
    note: Callable[[str], None] | None = None,
) -> Week:
    """Reads failures of every state (so a decision moves no group), groups them, and holds them against the items.

    Requests: those of `find_failures`, of `read_texts`, and one per dataset whose items have not changed. Raises
    GatewayError.
    """
    from curator.gateway import NotFound

    began = gateway.requests
    hears = Hears(progress or silent, note or silent)
    found = find_failures(gateway, rules, window, state=None, decisions=decisions, hears=hears, now=window.until)

    def said(done: int, total: int) -> None:
        if progress is not None:
            progress(f"{done} of {total} failures read and scrubbed")

    texts = read_texts(gateway, scrubber, found.failures, policy_of, said, kept=texts_file(gateway))
    items: dict[str, tuple[KnownItem, ...]] = {}
    for dataset in dict.fromkeys(rule.dataset.name for rule in rules):
        try:
            items[dataset] = known_items(gateway, dataset)
        except NotFound:
            items[dataset] = ()
    seen = seen_before(found.failures, texts, items, {rule.rule: rule.dataset.name for rule in rules})
    grouping = group_failures(found.failures, texts, window.until)
    of = {key: group.id for group in grouping.groups for key in group.keys}
    failures = tuple(
        one.model_copy(update={"group": of.get(one.key), "seen": seen.get(one.key)}) for one in found.failures
    )
    groups = []
    named: Any = [[group.name, group.workflow] for group in grouping.groups]  # by words and trace names as they came
    outgoing = Outgoing(policy_of(found.failures[0]) if found.failures else None, scrubber)
    shown: Any = plain if isinstance(plain := outgoing.clean(named), list) else [[plain, None]] * len(named)
    for group, (name, workflow) in zip(grouping.groups, shown, strict=True):
        like = [seen[key] for key in group.keys if key in seen]
        best = max(like, key=lambda each: each.likeness, default=None)
        more = {"like": best, "types": types_in(group.items, items), "name": name, "workflow": workflow}
        groups.append(group.model_copy(update=more))
    queue = found.model_copy(update={"failures": failures, "requests": gateway.requests - began})
    return Week(window=window, queue=queue, grouping=grouping.model_copy(update={"groups": tuple(groups)}), items=items)


def seen_before(
    failures: Sequence[Failure], texts: Mapping[str, FailureText], items: Items, datasets: Mapping[str, str]
) -> dict[str, Seen]:
    """Key → the item that a failure resembles most, of those that were promoted before it happened.

    `datasets`: rule → dataset. An item that came from the failure itself, or from its session, is not like it. Each
    says what this machine's runs say of its item.
    """
    found: dict[str, Seen] = {}
    for dataset, known in items.items():
        mine = [one for one in failures if one.key in texts and dataset in {datasets.get(s.rule) for s in one.signals}]
        if not mine or not known:
            continue
        likeness = Texts([each.text for each in known]).likeness([texts[one.key].asked for one in mine])
        runs = history(dataset, {each.id for each in known})
        for one, row in zip(mine, likeness, strict=True):
            for at in row.argsort()[::-1]:
                item = known[at]
                if row[at] < ALIKE:
                    break
                own = item.id in one.items or (item.session is not None and item.session == one.session_id)
                if not own and one.timestamp is not None and item.promoted_at < one.timestamp:
                    seen = Seen(
                        item_id=item.id,
                        likeness=round(100 * float(row[at]), 1),
                        promoted_at=item.promoted_at,
                        runs=runs.get(item.id, ""),
                    )
                    found[one.key] = max(found.get(one.key, seen), seen, key=lambda each: each.likeness)
                    break
    return found


def types_in(chosen: Collection[str], items: Items) -> dict[str, int]:
    """The failure types of the chosen items, most frequent first."""
    kinds = (each.failure_type for known in items.values() for each in known if each.id in chosen)
    return dict(Counter(kind for kind in kinds if kind is not None).most_common())


# ── coverage: which groups an item protects against, and which items protect against what is gone ──────────────────


class ItemSeen(Value):
    """An item, and when a failure that it protects against was seen last."""

    item_id: str
    dataset: str
    promoted_at: datetime
    last_seen: datetime | None
    """None when none was seen in the window."""


class Coverage(Value):
    """What the items of the datasets protect against, of what happened in the window."""

    covered: tuple[Group, ...]
    """Groups with an item: one that came from a failure of theirs, that covers one, or that one resembles."""
    uncovered: tuple[Group, ...]
    items: tuple[ItemSeen, ...]
    quiet: tuple[ItemSeen, ...]
    """Items of which nothing was seen for that many weeks, and which are older themselves."""


def coverage(week: Week, quiet_weeks: int) -> Coverage:
    """Groups with and without an item, and the items whose group was not seen for `quiet_weeks` weeks."""
    last: dict[str, datetime] = {}
    failures = {one.key: one for one in week.queue.failures}
    for group in week.grouping.groups:
        times = [time for key in group.keys if (time := failures[key].timestamp) is not None]
        for item_id in {*group.items, *([group.like.item_id] if group.like else [])} if times else ():
            last[item_id] = max(*times, last.get(item_id, times[0]))
    items = [
        ItemSeen(item_id=each.id, dataset=dataset, promoted_at=each.promoted_at, last_seen=last.get(each.id))
        for dataset, known in sorted(week.items.items())
        for each in sorted(known, key=lambda each: each.id)
    ]
    since = week.window.until - timedelta(weeks=quiet_weeks)
    has = {group.id: bool(group.items or group.like) for group in week.grouping.groups}
    return Coverage(
        covered=tuple(group for group in week.grouping.groups if has[group.id]),
        uncovered=tuple(group for group in week.grouping.groups if not has[group.id]),
        items=tuple(items),
        quiet=tuple(each for each in items if max(each.last_seen or each.promoted_at, each.promoted_at) < since),
    )


def in_lines(found: Coverage) -> Iterator[str]:
    """The coverage for a report, a line for each gap; no text of a failure."""
    groups = (*found.covered, *found.uncovered)
    yield f"{len(found.covered)} of {len(groups)} groups of failures have an item"
    for group in found.uncovered:
        name = f"{group.name} ({group.workflow})" if group.workflow else group.name
        yield f"{group.id} {name}: {group.count} failures, no item"
    for item in found.quiet:
        seen = f"seen last on {item.last_seen:%Y-%m-%d}" if item.last_seen else "not seen in the window"
        yield f"{item.item_id}: {seen}"


# ── digest: for the weekly meeting, and for a scheduler ─────────────────────────────────────────────────────────────


class Digest(Value):
    """What happened in the window, and what waits for a person. Groups are those with open failures."""

    new: tuple[Group, ...]
    """First seen in the last week of the window."""
    growing: tuple[Group, ...]
    """Older, and more in the last week than in the one before."""
    recurring: tuple[Group, ...]
    """An item protects against them, and they are still open: the fix did not hold, or the item is too weak."""
    decided: dict[str, int]
    """State → failures of the window in it."""
    prepared: tuple[str, ...] = ()
    """Keys of drafts of this machine that wait for a person's approval."""
    expired: tuple[str, ...] = ()
    """Items that are excused as known failures or flaky, until a day that is past."""
    drift: tuple[str, ...] = ()
    """Items that are not as they were approved."""
    judges: tuple[str, ...] = ()
    """Judges that have not shown what a rule asks of them."""

    @property
    def needs_somebody(self) -> bool:
        """Whether anything here waits for a person."""
        return any((self.new, self.growing, self.recurring, self.prepared, self.expired, self.drift, self.judges))


def digest(week: Week) -> Digest:
    """What the failures say; what waits elsewhere is added by whoever knows of it."""
    whole = {group.id: group for group in week.grouping.groups}
    opened = week.groups("open").groups
    recurring = tuple(group for group in opened if group.items or group.like)
    rest = [group for group in opened if group not in recurring]
    new = tuple(group for group in rest if not sum(whole[group.id].weeks[:-1]))
    growing = [g for g in rest if g not in new and whole[g.id].weeks[-1] > whole[g.id].weeks[-2]]
    states = Counter(one.state for one in week.queue.failures)
    return Digest(new=new, growing=tuple(growing), recurring=recurring, decided=dict(sorted(states.items())))


def drifted(items: Items, journal: "Journal") -> list[str]:
    """Items that are not as they were approved: by this machine's receipts, else by the digest in the item."""
    from curator.journal import last_approvals

    found = []
    for dataset, known in sorted(items.items()):
        receipts = {item_id: each.receipt.digest for item_id, each in last_approvals(journal, dataset).items()}
        for each in known:
            approved = receipts.get(each.id) or each.sealed
            if approved is not None and approved != each.digest:
                found.append(each.id)
    return found


def in_markdown(found: Digest, window: Window) -> str:
    """The digest as Markdown; names from outside cannot act in it, and no text of a failure is in it."""
    groups = (*found.new, *found.growing, *found.recurring)
    like = {group.id: resemblance(group.like, window.until) if group.like else "" for group in groups}
    return template("curator.queue", "digest.md.j2").render(found=found, window=window, like=like)
