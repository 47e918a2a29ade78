"""The story of an item in five chapters: source, reasons, draft decisions, versions, runs.

The terminal and the command line both show these rows, each in its own way: neither knows more than the other.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from curator.audit.examine import Scrub
from curator.audit.fixes.lineage import BACKFILLED
from curator.audit.fixes.rescrub import RESCRUBBED
from curator.audit.story import ItemVersion, Story
from curator.audit.values import trace_of
from curator.model import ScrubPolicy

NONE = "–"
Kind = Literal["fact", "moment", "same", "added", "removed"]
_SIGNS: dict[str, Kind] = {"+": "added", "-": "removed"}


class Row(NamedTuple):
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
    rows: tuple[Row, ...]
    note: str = ""


def chapters(story: Story) -> tuple[Chapter, ...]:
    """From the source to the runs; versions and runs newest first."""
    older = " or more" if story.older_versions else ""
    return (
        Chapter("Source", tuple(_source(story))),
        Chapter("Why it is here", tuple(_reasons(story.lineage))),
        Chapter("Draft decisions", tuple(_decisions(story))),
        Chapter("Versions", tuple(_versions(story.versions)), f"{len(story.versions)}{older}"),
        Chapter("Runs", tuple(_runs(story)), str(len(story.runs))),
    )


def masked(parts: Sequence[Chapter], scrub: Scrub, policy: ScrubPolicy) -> tuple[Chapter, ...]:
    """The same with every personal value replaced that the scrub of today finds. Raises CuratorError."""
    texts = [row.text for part in parts for row in part.rows]
    # The rule's paths are paths of the item, not of these rows.
    clean = iter(scrub.scrub_value(texts, policy.model_copy(update={"paths": ()})).value)
    return tuple(part._replace(rows=tuple(row._replace(text=next(clean)) for row in part.rows)) for part in parts)


def _source(story: Story) -> Iterator[Row]:
    source = story.source
    if source is None:
        named = trace_of(story.item)
        yield Row("fact", "trace", f"{named} is gone" if named else "none is named")
    else:
        yield Row("fact", "trace", source.trace_id)
        yield Row("fact", "", f"{source.trace_name or source.name or NONE}, {when(source.start_time)}")
        if story.item.source_observation_id:
            yield Row("fact", "observation", story.item.source_observation_id)
        yield Row("fact", "session", text=source.session_id or NONE)
        yield Row("fact", "environment", source.environment or NONE)
    for score in story.scores:
        value = "(text)" if score.value is None else number(score.value)
        yield Row("fact", "score", f"{score.name} {value}  ({score.source}, {when(score.timestamp)})")


def _reasons(lineage: dict[str, Any]) -> Iterator[Row]:
    signals = lineage.get("signals")
    for signal in signals if isinstance(signals, list) else []:
        if isinstance(signal, dict):
            by = f", annotator {signal['annotator']}" if signal.get("annotator") else ""
            value, source = signal.get("value"), signal.get("source", signal.get("kind", NONE))
            counted = f" {number(value)}" if isinstance(value, (int, float)) else ""
            said = [value] if isinstance(value, str) else []
            said += [signal["comment"]] if signal.get("comment") else []
            yield Row(
                "fact", "signal", f"{signal.get('name', NONE)}{counted}  ({source}{by})", "  ".join(map(str, said))
            )
    for name, key in (("failure type", "failure_type"), ("rubric", "rubric"), ("risk", "risk")):
        yield Row("fact", name, str(lineage.get(key, NONE)))


def _decisions(story: Story) -> Iterator[Row]:
    lineage = story.lineage
    reviewer, at = lineage.get("reviewer", NONE), lineage.get("approved_at", NONE)
    yield Row("fact", "approved", f"by {reviewer}, {_time(at)}")
    yield Row("fact", "rule", f"{lineage.get('rule', NONE)}, version {lineage.get('rule_version', NONE)}")
    yield Row("fact", "content", str(lineage.get("source_policy", NONE)))
    scrub = lineage.get("scrub")
    for what in ("replaced", "kept"):
        counts = scrub.get(what) if isinstance(scrub, dict) else None
        if isinstance(counts, dict):
            said = ", ".join(f"{count} {entity}" for entity, count in sorted(counts.items()))
            yield Row("fact", what, said or "nothing")
    reasons = scrub.get("reasons") if isinstance(scrub, dict) else None
    for reason in reasons if isinstance(reasons, list) else []:
        yield Row("fact", "reason", text=str(reason))
    if isinstance(added := lineage.get(BACKFILLED), list) and added:
        yield Row("fact", "backfilled", ", ".join(map(str, added)))
    if RESCRUBBED in lineage:
        yield Row("fact", "re-scrubbed", _time(lineage[RESCRUBBED]))
    receipts, draft = len(story.promotions), "a draft is kept" if story.draft else "no draft"
    yield Row("fact", "this machine", f"{receipts} receipt{'' if receipts == 1 else 's'}, {draft}")
    for entry in story.ledger:
        outcome = ", ".join(word for word in (entry.verdict, entry.write) if word and word != "none")
        yield Row("moment", when(entry.at), f"{entry.action}{f' ({outcome})' if outcome else ''} by {entry.reviewer}")


def _versions(versions: Sequence[ItemVersion]) -> Iterator[Row]:
    for version in versions:
        yield Row("moment", when(version.at), _what_changed(version))
        for line in version.diff:
            yield Row(_SIGNS.get(line[:1], "same"), text=line[1:])


def _what_changed(version: ItemVersion) -> str:
    if version.first is None:
        return "older versions were not looked up"
    if version.first:
        return "first version"
    return f"changed: {', '.join(version.changed)}" if version.changed else "written again, nothing changed"


def _runs(story: Story) -> Iterator[Row]:
    width = max((len(run.experiment_name) for run in story.runs), default=0)
    for run in story.runs:
        scores = ", ".join(f"{s.name} {number(s.value)}" for s in sorted(run.scores, key=lambda s: s.name))
        error = "ERROR  " if run.level == "ERROR" else ""
        yield Row(
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
