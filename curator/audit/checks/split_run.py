"""RUN004: a run is split."""

from collections import defaultdict
from collections.abc import Iterator

from curator.audit.values import AuditCheck, Evidence, Found, Run


def look(evidence: Evidence) -> Iterator[Found]:
    by_name: dict[str, list[Run]] = defaultdict(list)
    for run in evidence.runs:
        by_name[run.experiment.name].append(run)
    for name, parts in sorted(by_name.items()):
        item_sets = [{each.item_id for each in part.items} for part in parts]
        together = set().union(*item_sets) if item_sets else set()
        if len(parts) > 1 and sum(map(len, item_sets)) == len(together):
            sizes = " + ".join(str(len(s)) for s in sorted(item_sets, key=len))
            yield None, f"run {name!r} is split in {len(parts)} experiments with {sizes} items"


CHECK = AuditCheck(
    code="RUN004",
    severity="error",
    title="a run is split",
    remedy="Do not compare it. Run again with `--max-concurrency 3` (or a newer SDK).",
    look=look,
)
