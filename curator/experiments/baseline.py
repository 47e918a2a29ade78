"""An approved baseline: how every item did in one run, as a small file for git that a gate needs no server history for.

`{format, name, approved_by, approved_at, run, digest}`: `run` is the run without inputs, outputs and comments; `digest`
is over all the rest, so that a file that was edited by hand is refused.
"""

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from curator.config import Settings
from curator.experiments import results
from curator.experiments.results import ItemRun, Repeat, Run, Score, label_in
from curator.model.base import Value
from curator.model.errors import UsageError
from curator.model.files import write_text
from curator.model.json import canonical
from curator.model.lineage import fingerprint
from curator.scrub import Outgoing


class Baseline(Value):
    """An approved run."""

    format: Literal["curator-baseline/1"] = "curator-baseline/1"
    name: str
    approved_by: str
    approved_at: datetime
    run: Run
    digest: str
    """sha256 of the canonical JSON of everything else."""

    def document(self) -> dict[str, Any]:
        """As it stands in the file, without what is empty."""
        return self.model_dump(mode="json", exclude_defaults=True) | {"format": self.format}


def approve_baseline(run: Run, *, name: str, settings: Settings) -> Baseline:
    """The run as an approved baseline. Raises UsageError for one that is not whole (BASELINE_NOT_WHOLE), or whose names
    or variables, which may be another tool's, hold a personal value (PII_IN_NAME)."""
    problems = [p.message for r in run.repeats if r.integrity for p in r.integrity.problems if p.blocking]
    unseen = any(repeat.integrity is None for repeat in run.repeats)
    if not run.complete or not run.repeats or problems or unseen:
        why = problems[0] if problems else "it was interrupted." if not run.complete else "nobody saw that it is whole."
        raise UsageError(f"{run.run_name} cannot be a baseline: {why}", code="BASELINE_NOT_WHOLE")
    with closing(Outgoing(settings.scrub)) as gate:
        label, variables = label_in(run.run_name), canonical(run.variables)
        gate.refuse({"The baseline's name": name, "The run's name": label, "The run's variables": variables})
    items = {i: item.model_copy(update={"input": None, "expected_output": None}) for i, item in run.items.items()}
    bare = run.model_copy(
        update={
            "label": name,
            "source": "approved",
            "items": items,
            "repeats": tuple(_bare(repeat) for repeat in run.repeats),
            "environment": {},
        }
    )
    made = Baseline(name=name, approved_by=settings.reviewer_name(), approved_at=datetime.now(UTC), run=bare, digest="")
    return made.model_copy(update={"digest": _digest(made.document())})


def _bare(repeat: Repeat) -> Repeat:
    """The repeat without outputs, comments and reasons, which may hold anything."""
    items = [
        ItemRun(
            item_id=item.item_id,
            error="errored" if item.error else None,
            latency=item.latency,
            cost=item.cost,
            scores={
                name: Score(value=score.value, data_type=score.data_type)
                for name, score in item.scores.items()
                if score.value is not None
            },
        )
        for item in repeat.items
    ]
    return repeat.model_copy(update={"items": tuple(items), "integrity": None, "url": None})


def write_baseline(made: Baseline, path: Path) -> None:
    """Writes the file, lines ordered for a readable diff. Raises UsageError (RESULT_WRITE)."""
    text = json.dumps(made.document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    write_text(path, text, code="RESULT_WRITE", remedy="Choose another place with --file.")


def read_any(path: Path) -> Run:
    """The run in a baseline file or in a result file. Raises UsageError (BASELINE_FILE, RESULT_FILE)."""
    try:
        data: Any = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return results.read_run(path)  # which says what is wrong
    if not (isinstance(data, dict) and str(data.get("format", "")).startswith("curator-baseline/")):
        return results.read_run(path)
    try:
        made = Baseline.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise _no_baseline(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    if _digest(made.document()) != made.digest:
        raise _no_baseline(path, "its digest does not fit, so it was changed after it was approved")
    return made.run


def _digest(document: dict[str, Any]) -> str:
    return fingerprint({key: value for key, value in document.items() if key != "digest"})


def _no_baseline(path: Path, why: str) -> UsageError:
    return UsageError(f"{path} is no approved baseline: {why}.", code="BASELINE_FILE")
