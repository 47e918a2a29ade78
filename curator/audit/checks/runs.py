"""RUN: what experiments ran, and how."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from curator.audit.outcomes import MIN_RUNS, verdicts
from curator.audit.values import AuditCheck, Evidence, Found, Run


def never_run(evidence: Evidence) -> Iterator[Found]:
    if not evidence.runs_complete:
        return
    ran = {each.item_id for run in evidence.runs for each in run.items}
    for item in evidence.distinct():
        if evidence.runs and item.id not in ran:
            yield item.id, f"is in none of the {len(evidence.runs)} runs"
    if not evidence.runs and evidence.items:
        yield None, "no experiment has ever run over this dataset"


def never_failed(evidence: Evidence) -> Iterator[Found]:
    for item_id, outcomes in verdicts(evidence).items():
        if len(outcomes) >= MIN_RUNS and all(outcomes):
            yield item_id, f"passed in all {len(outcomes)} runs: too weak, or the failure was never reproduced"


def always_fails(evidence: Evidence) -> Iterator[Found]:
    for item_id, outcomes in verdicts(evidence).items():
        if len(outcomes) >= MIN_RUNS and not any(outcomes):
            yield item_id, f"failed in all {len(outcomes)} runs"


def split_run(evidence: Evidence) -> Iterator[Found]:
    by_name: dict[str, list[Run]] = defaultdict(list)
    for run in evidence.runs:
        by_name[run.experiment.name].append(run)
    for name, parts in sorted(by_name.items()):
        item_sets = [{each.item_id for each in part.items} for part in parts]
        together = set().union(*item_sets) if item_sets else set()
        if len(parts) > 1 and sum(map(len, item_sets)) == len(together):
            sizes = " + ".join(str(len(s)) for s in sorted(item_sets, key=len))
            yield None, f"run {name!r} is split in {len(parts)} experiments with {sizes} items"


def incomplete_run(evidence: Evidence) -> Iterator[Found]:
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


CHECKS = (
    AuditCheck(
        code="RUN001",
        severity="info",
        title="never run",
        remedy="Run an experiment over the dataset (`curator run`).",
        look=never_run,
    ),
    AuditCheck(
        code="RUN002",
        severity="info",
        title="never failed in any run",
        remedy="`curator prove ITEM` says whether it fails where it should; sharpen it if not.",
        look=never_failed,
    ),
    AuditCheck(
        code="RUN003",
        severity="warning",
        title="fails in every run",
        remedy="Look at one of its outputs: broken expectation, broken input, or a bug that nobody has fixed.",
        look=always_fails,
    ),
    AuditCheck(
        code="RUN004",
        severity="error",
        title="a run is split",
        remedy="Do not compare it. Run again with `--max-concurrency 3` (or a newer SDK).",
        look=split_run,
    ),
    AuditCheck(
        code="RUN005",
        severity="warning",
        title="a run is incomplete",
        remedy="Run again; `curator run` checks completeness by itself.",
        look=incomplete_run,
    ),
)
