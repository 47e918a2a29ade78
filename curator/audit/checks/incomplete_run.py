"""RUN005: a run is incomplete."""

from collections import Counter
from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    split = {name for name, count in Counter(run.experiment.name for run in evidence.runs).items() if count > 1}
    for run in evidence.runs:
        if run.experiment.name in split:
            continue
        ran = {each.item_id for each in run.items}
        due = {item.id for item in evidence.distinct() if item.created_at < run.experiment.start_time}
        missing = len(due - ran)
        if missing:
            yield (
                None,
                f"run {run.experiment.name!r} lacks {missing} of the {len(due)} items that existed when it started",
            )


CHECK = AuditCheck(
    code="RUN005",
    severity="warning",
    title="a run is incomplete",
    remedy="Run again; `curator run` checks completeness by itself.",
    look=look,
)
