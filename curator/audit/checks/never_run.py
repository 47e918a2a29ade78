"""RUN001: never run."""

from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found


def look(evidence: Evidence) -> Iterator[Found]:
    if not evidence.runs_complete:
        return
    ran = {each.item_id for run in evidence.runs for each in run.items}
    for item in evidence.distinct():
        if evidence.runs and item.id not in ran:
            yield item.id, f"is in none of the {len(evidence.runs)} runs"
    if not evidence.runs and evidence.items:
        yield None, "no experiment has ever run over this dataset"


CHECK = AuditCheck(
    code="RUN001",
    severity="info",
    title="never run",
    remedy="Run an experiment over the dataset (`curator run`).",
    look=look,
)
