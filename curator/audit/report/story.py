"""The lineage of one item as plain text: source, reasons, decisions, versions, runs."""

from collections.abc import Iterator
from datetime import datetime

from curator.audit.story import Story
from curator.audit.values import trace_of
from curator.model.safe import plain

NONE = "–"


def render(story: Story) -> str:
    """One screen, from the source to the runs; foreign text made harmless."""
    return "".join(f"{plain(line)}\n" for line in _lines(story))


def _lines(story: Story) -> Iterator[str]:
    item, lineage = story.item, story.lineage
    yield f"{item.id}  {item.status}  in {item.dataset}"
    yield ""
    yield "source"
    yield from _source(story)
    yield ""
    yield "why it is here"
    signals = lineage.get("signals")
    for signal in signals if isinstance(signals, list) else []:
        if isinstance(signal, dict):
            value = f" = {signal['value']}" if "value" in signal else ""
            by = f", by {signal['annotator']}" if signal.get("annotator") else ""
            yield f"  {signal.get('name', NONE)}{value}  ({signal.get('source', signal.get('kind', NONE))}{by})"
    yield f"  failure type {lineage.get('failure_type', NONE)}, rubric {lineage.get('rubric', NONE)}"
    yield (
        f"  approved by {lineage.get('reviewer', NONE)} at {lineage.get('approved_at', NONE)}"
        f" under {lineage.get('rule', NONE)} v{lineage.get('rule_version', NONE)}"
    )
    yield from _scrub(lineage.get("scrub"))
    yield ""
    yield f"on this machine ({len(story.promotions)} receipts, {'a draft' if story.draft else 'no draft'})"
    for entry in story.ledger:
        yield f"  {_when(entry.at)}  {entry.action}  {entry.verdict or entry.write or ''}  by {entry.reviewer or NONE}"
    yield ""
    yield f"versions ({len(story.versions)}{' or more' if story.older_versions else ''})"
    for version in story.versions:
        yield f"  {_when(version.at)}"
        yield from (f"      {line}" for line in version.diff)
    yield ""
    yield f"runs ({len(story.runs)})"
    for run in story.runs:
        scores = ", ".join(f"{s.name} {_number(s.value)}" for s in sorted(run.scores, key=lambda s: s.name))
        yield f"  {_when(run.start_time)}  {run.experiment_name}  {run.level}  {scores or 'no scores'}"


def _source(story: Story) -> Iterator[str]:
    source = story.source
    if source is None:
        named = trace_of(story.item)
        yield f"  trace {named}: gone" if named else "  none named"
        return
    yield f"  trace {source.trace_id}  {source.trace_name or source.name or NONE}  {_when(source.start_time)}"
    yield f"  session {source.session_id or NONE}  environment {source.environment or NONE}"
    for score in story.scores:
        value = NONE if score.value is None else _number(score.value)
        yield f"  score {score.name} {value}  ({score.source})"


def _scrub(scrub: object) -> Iterator[str]:
    if not isinstance(scrub, dict):
        return
    for what in ("replaced", "kept"):
        counts = scrub.get(what)
        if isinstance(counts, dict) and counts:
            yield f"  {what}: {', '.join(f'{count} {entity}' for entity, count in sorted(counts.items()))}"


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _when(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"
