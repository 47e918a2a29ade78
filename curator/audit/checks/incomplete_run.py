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
        # An upsert renews the time: these existed for certain, others perhaps too.
        due = {item.id for item in evidence.distinct() if item.created_at < run.experiment.start_time}
        if missing := len(due - ran):
            items = "an item" if missing == 1 else f"{missing} items"
            yield None, f"run {run.experiment.name!r} lacks {items} that existed when it started; it holds {len(ran)}"


CHECK = AuditCheck(
    code="RUN005",
    severity="warning",
    title="a run is incomplete",
    remedy="Run again; `curator run` checks completeness by itself.",
    look=look,
)
