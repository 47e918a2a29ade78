"""The lineage of one item as a story: trace ← session, signals → decisions → versions → runs and their scores.

`story_of` reads it, `chapters` tells it in rows: the terminal and the command line show the same rows, each in its way.
"""

import difflib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from curator.audit.gather import SINCE
from curator.audit.values import BACKFILLED, RESCRUBBED, trace_of
from curator.gateway import ExperimentItem, Gateway
from curator.journal import Journal, LedgerEntry
from curator.model import Observation, Receipt, Score, ScrubPolicy, StoredItem, Value
from curator.model.errors import UsageError
from curator.model.forms import template

if TYPE_CHECKING:
    from curator.scrub import Scrubber

MAX_VERSIONS = 10
"""Versions that are looked up, newest first; each costs a request."""
LOOKED_THROUGH = 300
"""Rows that are looked through for an older version of an item that names no source trace: three pages."""
PARTS = ("status", "input", "expected_output", "metadata")
"""What of an item differences are shown of."""
TEXT_TYPES = ("TEXT", "CORRECTION")
"""Score types whose value is free text."""


class ItemVersion(Value):
    """One version of an item and how it differs from the one before."""

    at: datetime
    item: StoredItem
    first: bool | None = False
    """Whether it is the first version; None when nobody looked for one before it."""
    changed: tuple[str, ...] = ()
    """Which of status, input, expected_output and metadata differ from the version before."""
    diff: tuple[str, ...] = ()
    """Lines of a unified diff of the pretty JSON, `⋯` between its parts; empty for the first version."""


class Story(Value):
    """Everything that can be told about where one item came from and what became of it."""

    item: StoredItem
    lineage: dict[str, Any]
    source: Observation | None
    """Root of the source trace, without input, output and user; None when it is gone."""
    scores: tuple[Score, ...]
    """Scores of the source trace as they are today, without comments and texts."""
    promotions: tuple[Receipt, ...]
    """Receipts of this machine's journal, oldest first."""
    draft: bool
    """Whether this machine keeps a draft of the source trace."""
    ledger: tuple[LedgerEntry, ...]
    """What this machine's ledger knows of the trace and the item, oldest first."""
    versions: tuple[ItemVersion, ...]
    """Newest first, at most `MAX_VERSIONS`."""
    older_versions: bool
    """Whether there are, or may be, versions before those."""
    runs: tuple[ExperimentItem, ...]
    """Newest first."""


def story_of(gateway: Gateway, journal: Journal | None, dataset: str, item_id: str, *, at: datetime) -> Story:
    """The lineage of one item, in about five requests and one per version.

    Raises UsageError when the dataset holds no such item, GatewayError.
    """
    item = gateway.item(item_id)
    if item is None or item.dataset != dataset:
        where = "it is in another dataset" if item is not None else "it does not exist, or was deleted"
        raise UsageError(
            f"The dataset holds no item of that id: {where}.",
            code="ITEM_UNKNOWN",
            remedy="`curator verify DATASET` lists the items; an id belongs to one dataset only.",
        )
    trace_id = trace_of(item)
    source, scores = _source(gateway, trace_id)
    states, older = _states(gateway, item)
    runs = gateway.experiment_items(from_=at - SINCE, item_id=item_id)
    return Story(
        item=item,
        lineage=item.lineage,
        source=source,
        scores=scores,
        **_journalled(journal, item_id, trace_id),
        versions=tuple(_versions(states, older)),
        older_versions=older,
        runs=tuple(sorted(runs, key=lambda each: (each.start_time, each.id), reverse=True)),
    )


def _source(gateway: Gateway, trace_id: str | None) -> tuple[Observation | None, tuple[Score, ...]]:
    if trace_id is None:
        return None, ()
    roots = sorted(gateway.observations(trace_ids=[trace_id], roots_only=True), key=lambda o: (o.start_time, o.id))
    if not roots:
        roots = sorted(gateway.observations(trace_ids=[trace_id]), key=lambda o: (o.start_time, o.id))
    source = roots[0].model_copy(update={"user_id": None, "metadata": {}}) if roots else None
    scores = sorted(gateway.scores(trace_ids=[trace_id]), key=lambda s: (s.timestamp, s.id))
    return source, tuple(_without_texts(score) for score in scores)


def _without_texts(score: Score) -> Score:
    """What people wrote may be personal, and the story is told without it."""
    value = None if score.data_type in TEXT_TYPES else score.value
    return score.model_copy(update={"value": value, "comment": None, "metadata": {}})


def _journalled(journal: Journal | None, item_id: str, trace_id: str | None) -> dict[str, Any]:
    if journal is None:
        return {"promotions": (), "draft": False, "ledger": ()}
    of_trace = trace_id or object()
    return {
        "promotions": tuple(p.receipt for p in journal.promotions.of_item(item_id) if p.receipt is not None),
        "draft": any(draft.trace_id == of_trace for draft in journal.drafts.all()),
        "ledger": tuple(e for e in journal.ledger.entries() if e.item_id == item_id or e.trace_id == of_trace),
    }


def _states(gateway: Gateway, item: StoredItem) -> tuple[list[StoredItem], bool]:
    """The versions, newest first, and whether older ones may be left.

    Walks back: the state just before each version became current. An archived state is not listed, and ends the walk.
    """
    states = [item]
    while len(states) < MAX_VERSIONS:
        # The server keeps whole milliseconds, and a version counts from the very one in which it was written.
        before = states[-1].updated_at - timedelta(milliseconds=1)
        rows = iter(gateway.items(item.dataset, source_trace_id=item.source_trace_id or None, version=before))
        earlier = next((row for row in islice(rows, LOOKED_THROUGH) if row.id == item.id), None)
        if earlier is None or earlier.updated_at >= states[-1].updated_at:
            return states, earlier is None and next(rows, None) is not None
        states.append(earlier)
    return states, True


def _versions(states: Sequence[StoredItem], older: bool) -> Iterator[ItemVersion]:
    for state, before in zip(states, [*states[1:], None], strict=True):
        if before is None:
            yield ItemVersion(at=state.updated_at, item=state, first=None if older else True)
        else:
            changed = tuple(name for name in PARTS if getattr(before, name) != getattr(state, name))
            yield ItemVersion(at=state.updated_at, item=state, changed=changed, diff=tuple(_diff(before, state)))


def _diff(old: StoredItem, new: StoredItem) -> Iterator[str]:
    lines = difflib.unified_diff(_pretty(old), _pretty(new), lineterm="", n=1)
    for position, line in enumerate(islice(lines, 2, None)):  # without the two names of files
        if not line.startswith("@@"):
            yield line
        elif position:
            yield " ⋯"


def _pretty(item: StoredItem) -> Sequence[str]:
    content = {name: getattr(item, name) for name in PARTS}
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


# ── in five chapters: source, reasons, draft decisions, versions, runs ──────────────────────────────────────────────


NONE = "–"
Kind = Literal["fact", "moment", "same", "added", "removed"]
_SIGNS: dict[str, Kind] = {"+": "added", "-": "removed"}


class StoryRow(NamedTuple):
    """One row of a chapter."""

    kind: Kind
    """A named fact, something that happened at a time, or a line of a difference."""
    name: str = ""
    """Of a fact: what it is. Of a moment: when."""
    own: str = ""
    """Ids, numbers, names of scores and runs, curator's own words."""
    text: str = ""
    """What people wrote or what an item holds: it may be personal."""


class Chapter(NamedTuple):
    """Rows under a title; `note` says how many, where something is listed."""

    title: str
    rows: tuple[StoryRow, ...]
    note: str = ""


def chapters(story: Story) -> tuple[Chapter, ...]:
    """From the source to the runs; versions and runs newest first."""
    older = " or more" if story.older_versions else ""
    return (
        Chapter("Source", tuple(_source_rows(story))),
        Chapter("Why it is here", tuple(_reasons(story.lineage))),
        Chapter("Draft decisions", tuple(_decisions(story))),
        Chapter("Versions", tuple(_version_rows(story.versions)), f"{len(story.versions)}{older}"),
        Chapter("Runs", tuple(_runs(story)), str(len(story.runs))),
    )


def masked_chapters(parts: Sequence[Chapter], scrub: "Scrubber", policy: ScrubPolicy) -> tuple[Chapter, ...]:
    """The same with every personal value replaced that the scrub of today finds. Raises CuratorError."""
    texts = [row.text for part in parts for row in part.rows]
    # The rule's paths are paths of the item, not of these rows.
    found: Any = scrub.scrub_value(texts, policy.model_copy(update={"paths": ()})).value
    clean = iter(found)
    return tuple(part._replace(rows=tuple(row._replace(text=next(clean)) for row in part.rows)) for part in parts)


def _source_rows(story: Story) -> Iterator[StoryRow]:
    source = story.source
    if source is None:
        named = trace_of(story.item)
        yield StoryRow("fact", "trace", f"{named} is gone" if named else "none is named")
    else:
        yield StoryRow("fact", "trace", source.trace_id)
        yield StoryRow("fact", "", f"{source.trace_name or source.name or NONE}, {when(source.start_time)}")
        if story.item.source_observation_id:
            yield StoryRow("fact", "observation", story.item.source_observation_id)
        yield StoryRow("fact", "session", text=source.session_id or NONE)
        yield StoryRow("fact", "environment", source.environment or NONE)
    for score in story.scores:
        value = "(text)" if score.value is None else number(score.value)
        yield StoryRow("fact", "score", f"{score.name} {value}  ({score.source}, {when(score.timestamp)})")


def _reasons(lineage: dict[str, Any]) -> Iterator[StoryRow]:
    signals = lineage.get("signals")
    for signal in signals if isinstance(signals, list) else []:
        if isinstance(signal, dict):
            by = f", annotator {signal['annotator']}" if signal.get("annotator") else ""
            value, source = signal.get("value"), signal.get("source", signal.get("kind", NONE))
            counted = f" {number(value)}" if isinstance(value, (int, float)) else ""
            said = [value] if isinstance(value, str) else []
            said += [signal["comment"]] if signal.get("comment") else []
            yield StoryRow(
                "fact", "signal", f"{signal.get('name', NONE)}{counted}  ({source}{by})", "  ".join(map(str, said))
            )
    for name, key in (("failure type", "failure_type"), ("rubric", "rubric"), ("risk", "risk")):
        yield StoryRow("fact", name, str(lineage.get(key, NONE)))


def _decisions(story: Story) -> Iterator[StoryRow]:
    lineage = story.lineage
    reviewer, at = lineage.get("reviewer", NONE), lineage.get("approved_at", NONE)
    yield StoryRow("fact", "approved", f"by {reviewer}, {_time(at)}")
    yield StoryRow("fact", "rule", f"{lineage.get('rule', NONE)}, version {lineage.get('rule_version', NONE)}")
    yield StoryRow("fact", "content", str(lineage.get("source_policy", NONE)))
    scrub = lineage.get("scrub")
    for what in ("replaced", "kept"):
        counts = scrub.get(what) if isinstance(scrub, dict) else None
        if isinstance(counts, dict):
            said = ", ".join(f"{count} {entity}" for entity, count in sorted(counts.items()))
            yield StoryRow("fact", what, said or "nothing")
    reasons = scrub.get("reasons") if isinstance(scrub, dict) else None
    for reason in reasons if isinstance(reasons, list) else []:
        yield StoryRow("fact", "reason", text=str(reason))
    if isinstance(added := lineage.get(BACKFILLED), list) and added:
        yield StoryRow("fact", "backfilled", ", ".join(map(str, added)))
    if RESCRUBBED in lineage:
        yield StoryRow("fact", "re-scrubbed", _time(lineage[RESCRUBBED]))
    receipts, draft = len(story.promotions), "a draft is kept" if story.draft else "no draft"
    yield StoryRow("fact", "this machine", f"{receipts} receipt{'' if receipts == 1 else 's'}, {draft}")
    for entry in story.ledger:
        outcome = ", ".join(word for word in (entry.verdict, entry.write) if word and word != "none")
        yield StoryRow(
            "moment", when(entry.at), f"{entry.action}{f' ({outcome})' if outcome else ''} by {entry.reviewer}"
        )


def _version_rows(versions: Sequence[ItemVersion]) -> Iterator[StoryRow]:
    for version in versions:
        yield StoryRow("moment", when(version.at), _what_changed(version))
        for line in version.diff:
            yield StoryRow(_SIGNS.get(line[:1], "same"), text=line[1:])


def _what_changed(version: ItemVersion) -> str:
    if version.first is None:
        return "older versions were not looked up"
    if version.first:
        return "first version"
    return f"changed: {', '.join(version.changed)}" if version.changed else "written again, nothing changed"


def _runs(story: Story) -> Iterator[StoryRow]:
    width = max((len(run.experiment_name) for run in story.runs), default=0)
    for run in story.runs:
        scores = ", ".join(f"{s.name} {number(s.value)}" for s in sorted(run.scores, key=lambda s: s.name))
        error = "ERROR  " if run.level == "ERROR" else ""
        yield StoryRow(
            "moment", when(run.start_time), f"{run.experiment_name:<{min(width, 40)}}  {error}{scores or 'no scores'}"
        )


def number(value: object) -> str:
    """`1` for 1.0."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def when(time: datetime) -> str:
    """A moment in the reader's own time zone, to the minute."""
    return f"{time.astimezone():%Y-%m-%d %H:%M}"


def _time(value: object) -> str:
    try:
        return when(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)


# ── as plain text ───────────────────────────────────────────────────────────────────────────────────────────────────


def render_story(story: Story, parts: Sequence[Chapter] | None = None) -> str:
    """The whole way, one row per line; foreign text made harmless. `parts` are the chapters, masked by now."""
    text = template("curator.audit", "story.txt.j2").render(item=story.item, chapters=parts or chapters(story))
    return text.rstrip("\n") + "\n"
