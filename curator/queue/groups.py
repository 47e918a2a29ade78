"""Groups of like failures: what users asked, what was called and retrieved, and why it failed, after the scrub.

Failures of one workflow are compared as `curator.draft.alike` does, and joined by average linkage while their mean
likeness is at least `TOGETHER`. No personal value joins or names a group.
"""

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from curator import __version__
from curator.conversation import Conversation, conversation_of
from curator.draft import items_folder, spread_of, texts_in, views, weighted_rows, words_of
from curator.model import Failure, ScrubPolicy, State, Trace
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.model.failure import Seen
from curator.model.files import write_private
from curator.model.lineage import fingerprint
from curator.queue.decisions import items_of
from curator.scrub import installed_model

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from curator.gateway import Gateway
    from curator.scrub import Scrubber

TOGETHER = 0.36
"""Mean likeness from which failures belong together; measured by `python -m tests.benchmarks.bench_groups`."""
BLOCK = 2_000
"""Failures of one workflow that are linked pair by pair (memory grows with the square); later ones join by the mean."""
LONGEST = 4_000
"""Characters of each part of a failure that are compared."""
PAGE = 50
KEPT = 5_000
"""Texts that rest on this machine between two looks, the newest."""
SETTLED = timedelta(hours=1)
"""After that nothing of a trace is on its way to the server any more."""
_FACTS = {"trace_id", "observation_id", "reviewed", "timestamp", "latency", "name", "roots", "signals"}
NAME_WORDS = 4
MOST_WEEKS = 12
_PLAIN = set(
    "a about all also an and any are as at be been but by can could d did do does doesn don for from get give go going"  # noqa: SIM905
    " got had has have hello help hi how i if in is it its just know let like ll m make me my need no not now of on one"
    " only or our over please re s see so some still sure t tell thank thanks that the their them then there these they"
    " this to up us ve very want was we well were what when where which who will with would yes you your".split()
)
"""Words that tell nothing in a name."""


class FailureText(Value):
    """What failures are compared by, scrubbed."""

    asked: str = ""
    done: str = ""
    """Names and arguments of tool calls, ids of what was retrieved, and why it failed."""


_TEXTS = TypeAdapter(dict[str, FailureText])


class Group(Value):
    """Failures that look like one problem."""

    id: str
    """Of its oldest failure, so that it stays the same while newer ones join."""
    name: str
    """Its telling words."""
    workflow: str | None
    """The trace name that its failures share."""
    count: int
    weeks: tuple[int, ...]
    """How many failures each week brought, oldest first, counted back from the end of the window."""
    signals: tuple[str, ...]
    """Names of the signals, most frequent first."""
    representative: str
    """Key of the failure nearest to the middle that a draft can be made of."""
    keys: tuple[str, ...]
    """Keys of its failures, newest first."""
    trace_ids: tuple[str, ...]
    items: tuple[str, ...]
    """Dataset items that came from its failures, or cover one by a decision: what protects against it."""
    like: Seen | None = None
    """The item that one of its failures resembles most; filled in by `curator.queue.week`."""
    types: dict[str, int] = {}
    """Failure types of its items, most frequent first: what fits the next one; filled in by `curator.queue.week`."""


class Grouping(Value):
    """The groups of a window, largest first."""

    groups: tuple[Group, ...]
    unread: int = 0
    """Failures without a text that could be read and scrubbed; each stands for itself."""
    sampled: bool = False
    """True when a workflow has more than `BLOCK` failures: later ones were held against groups only."""

    def group(self, group_id: str) -> Group | None:
        """One group by its id."""
        return next((one for one in self.groups if one.id == group_id), None)


def read_texts(
    gateway: "Gateway",
    scrubber: "Scrubber",
    failures: Sequence[Failure],
    policy_of: Callable[[Failure], ScrubPolicy],
    progress: Callable[[int, int], None] | None = None,
    *,
    kept: Path | None = None,
) -> dict[str, FailureText]:
    """Key → scrubbed text of each failure that can be read; what cannot be scrubbed is left out, never compared raw.

    `kept`: where texts rest between two looks (`texts_file`). Requests: those of `Gateway.traces` for every `PAGE`
    failures whose text is not there. Raises GatewayError.
    """
    marks = {one.key: _mark(one, policy_of(one)) for one in failures} if kept is not None else {}
    before = _kept(kept)
    found = {key: before[mark] for key, mark in marks.items() if mark in before}
    failures, known = [one for one in failures if one.key not in found], len(found)
    for start in range(0, len(failures), PAGE):
        some = failures[start : start + PAGE]
        traces = gateway.traces(list(dict.fromkeys(one.trace_id for one in some)), comments=False)
        raw = {one.key: _parts(one, traces[one.trace_id]) for one in some if one.trace_id in traces}
        scrubber.warm(list(raw.values()))
        for one in some:
            if one.key in raw:
                try:
                    value: Any = scrubber.scrub_value(raw[one.key], policy_of(one)).value
                except CuratorError:
                    continue
                found[one.key] = FailureText(asked=_flat(value["asked"]), done=_flat(value["done"]))
        if progress is not None:
            progress(known + min(start + PAGE, len(failures)), known + len(failures))
    if kept is not None and failures:
        young = {one.key for one in failures if one.timestamp is None or one.timestamp > datetime.now(UTC) - SETTLED}
        texts = before | {marks[key]: text for key, text in found.items() if key not in young}
        with suppress(OSError):  # it is only a cache
            write_private(kept, _TEXTS.dump_json(dict(list(texts.items())[-KEPT:])))
    return found


def texts_file(gateway: "Gateway") -> Path:
    """Where a project's texts rest: scrubbed, for their owner alone, dropped by every erasure."""
    return items_folder() / f"texts-{hashlib.sha256(gateway.base_url.encode()).hexdigest()[:32]}.json"


def _kept(path: Path | None) -> dict[str, FailureText]:
    try:
        return {} if path is None else _TEXTS.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}


def _mark(failure: Failure, policy: ScrubPolicy) -> str:
    """What the text of a failure follows from: the failure with its signals, the policy, and what scrubs by it."""
    facts = failure.model_dump(mode="json", include=_FACTS), policy.model_dump(mode="json")
    return fingerprint([*facts, __version__, installed_model()])


def _parts(failure: Failure, trace: Trace) -> dict[str, list[Any]]:
    read: Conversation = conversation_of(trace, failure.reviewed_id)
    why = [
        [signal.name, signal.value if isinstance(signal.value, str) else "", signal.comment]
        for signal in failure.signals
    ]
    called = [[call.name, call.arguments] for call in read.tool_calls]
    asked = [one.text[:LONGEST] for one in read.messages if one.role == "user"]
    return {"asked": asked, "done": [called, [one.id for one in read.retrieved], why]}


def _flat(value: object) -> str:
    return " ".join(texts_in(value))[:LONGEST]


def group_failures(failures: Sequence[Failure], texts: Mapping[str, FailureText], until: datetime) -> Grouping:
    """The groups of these failures, each in exactly one. The same failures give the same groups.

    Give failures of every state, so that a decision moves no group: see `in_state`.
    """
    workflows: dict[str | None, list[Failure]] = defaultdict(list)
    for one in failures:
        workflows[one.name].append(one)
    groups, sampled = list[Group](), False
    for workflow, many in workflows.items():
        many.sort(key=lambda one: (one.timestamp or until, one.key))  # oldest first: it gives the group its id
        words = _Words([texts.get(one.key, FailureText()) for one in many])
        groups += [
            _group(workflow, [many[at] for at in sorted(members)], sorted(members), words, until)
            for members in _linked(words)
        ]
        sampled = sampled or len(many) > BLOCK
    groups.sort(key=lambda one: (-one.count, one.id))
    unread = sum(one.key not in texts for one in failures)
    return Grouping(groups=tuple(groups), unread=unread, sampled=sampled)


def in_state(grouping: Grouping, failures: Sequence[Failure], state: State, until: datetime) -> Grouping:
    """The groups with only their failures in that state; what protects against a group stays that of the whole."""
    left = {one.key: one for one in failures if one.state == state}
    groups = []
    for group in grouping.groups:
        if many := [left[key] for key in group.keys if key in left]:
            usable = [one.key for one in many if not one.source_gone] or [many[0].key]
            head = group.representative if group.representative in left else usable[0]
            groups.append(group.model_copy(update=_facts(many, until) | {"representative": head}))
    groups.sort(key=lambda one: (-one.count, one.id))
    return grouping.model_copy(update={"groups": tuple(groups)})


def _facts(newest: Sequence[Failure], until: datetime) -> dict[str, Any]:
    """What a group says of the failures that it shows, newest first."""
    signals = Counter(signal.name for one in newest for signal in one.signals)
    return {
        "count": len(newest),
        "weeks": _weeks(newest, until),
        "signals": tuple(name for name, _ in signals.most_common()),
        "keys": tuple(one.key for one in newest),
        "trace_ids": tuple(dict.fromkeys(one.trace_id for one in newest)),
    }


class _Words:
    """The failures of one workflow as vectors, one matrix for each view."""

    def __init__(self, texts: Sequence[FailureText]) -> None:
        self.asked = [words_of(text.asked) for text in texts]
        counts = [views(asked, words_of(text.done)) for asked, text in zip(self.asked, texts, strict=True)]
        # Terms of a single failure join nothing.
        weights = [
            {term: math.log((1 + len(texts)) / many) for term, many in each.items() if many > 1}
            for each in spread_of(counts)
        ]
        self.views = [weighted_rows([each[at] for each in counts], view) for at, view in enumerate(weights)]
        self.spread = Counter(word for words in self.asked for word in set(words))
        """Word → in how many failures users said it."""

    def __len__(self) -> int:
        return len(self.asked)

    def likeness(self, some: Sequence[int], others: Sequence[Sequence[int]]) -> "NDArray[Any]":
        """Mean cosine of each failure to the members of each group (of itself too): rows are failures."""
        import numpy as np
        from scipy.sparse import csr_matrix

        rows = [at for at, group in enumerate(others) for _ in group]
        columns = [member for group in others for member in group]
        shares = [1 / len(group) for group in others for _ in group]
        mean = csr_matrix((shares, (rows, columns)), shape=(len(others), len(self)))
        total = sum((view[list(some)] @ (mean @ view).T).toarray() for view in self.views)
        return np.asarray(total) / len(self.views)


def _linked(words: _Words) -> list[list[int]]:
    """Members of each group. Past `BLOCK` failures a later one joins the group that it is most like, or founds one."""
    groups, left = list[list[int]](), list(range(len(words)))
    while left:
        block, left = left[:BLOCK], left[BLOCK:]
        groups += _block(words, block)
        if left:
            found = words.likeness(left, groups)
            best, rest = found.argmax(axis=1), list[int]()
            for at, failure in enumerate(left):
                if found[at, best[at]] >= TOGETHER:
                    groups[best[at]].append(failure)
                else:
                    rest.append(failure)
            left = rest
    return groups


def _block(words: _Words, members: Sequence[int]) -> list[list[int]]:
    import numpy as np
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(members) == 1:
        return [list(members)]
    likeness = words.likeness(members, [[one] for one in members])
    distance = np.clip(1 - (likeness + likeness.T) / 2, 0, None)
    np.fill_diagonal(distance, 0)
    labels = fcluster(linkage(squareform(distance, checks=False), "average"), 1 - TOGETHER, "distance")
    groups: dict[int, list[int]] = defaultdict(list)
    for member, label in zip(members, labels, strict=True):
        groups[int(label)].append(member)
    return list(groups.values())


def _group(
    workflow: str | None, many: Sequence[Failure], members: Sequence[int], words: _Words, until: datetime
) -> Group:
    near = words.likeness(members, [members])[:, 0] if len(members) > 1 else [1.0]
    usable = [at for at, one in enumerate(many) if not one.source_gone] or list(range(len(many)))
    middle = many[max(usable, key=lambda at: (near[at], -at))]
    newest = sorted(many, key=lambda one: (one.timestamp or until, one.key), reverse=True)
    return Group(
        id=_id(workflow, many[0]),
        name=_name(members, words) or workflow or "unnamed",
        workflow=workflow,
        representative=middle.key,
        items=tuple(dict.fromkeys(item for one in newest for item in items_of(one))),
        **_facts(newest, until),
    )


def _id(workflow: str | None, oldest: Failure) -> str:
    seed = f"{workflow}\0{oldest.key}".encode("utf-8", "surrogatepass")
    return f"g-{hashlib.sha256(seed).hexdigest()[:8]}"


def _name(members: Sequence[int], words: _Words) -> str:
    """The words that most of its users said and few others did; never a word of a single failure."""
    own = Counter(word for member in members for word in set(words.asked[member]))
    common = [
        word for word, many in own.items() if words.spread[word] > 1 and word.isalpha() and many * 2 >= len(members)
    ]
    telling = {
        w: own[w] / len(members) * math.log((1 + len(words)) / words.spread[w]) for w in common if w not in _PLAIN
    }
    return " ".join(sorted(telling, key=lambda word: (-telling[word], word))[:NAME_WORDS])


def _weeks(many: Sequence[Failure], until: datetime) -> tuple[int, ...]:
    back = Counter(max(0, (until - one.timestamp) // timedelta(weeks=1)) for one in many if one.timestamp)
    last = min(max(back, default=0), MOST_WEEKS - 1)
    return tuple(back[week] for week in range(last, -1, -1))
