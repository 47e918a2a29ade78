"""One experiment from beginning to end: pin, run, save, look at the server, save again. And finding runs again."""

from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue

from curator.config import Connection
from curator.experiments import integrity, record, results, versions
from curator.experiments.checks import Checker
from curator.experiments.isolation import Printed, apart_of
from curator.experiments.results import Run
from curator.experiments.run import Interrupted, Plan, run_experiment
from curator.experiments.tasks import outgoing_of, parse_task
from curator.experiments.versions import Pinned
from curator.gateway import Gateway
from curator.model.errors import UsageError
from curator.model.lineage import slug
from curator.model.rule import Rule


def perform_experiment(
    gateway: Gateway,
    connection: Connection,
    rule: Rule,
    plan: Plan,
    *,
    started: Callable[[Pinned], None] | None = None,
    progress: Callable[[], None] | None = None,
    saved: Callable[[Path], None] | None = None,
    printed: Printed | None = None,
) -> tuple[Run, Path]:
    """Runs the experiment and says whether it is whole.

    The result file is written (and `saved` called) before the server is asked, and again with its integrity.

    Until then each step is kept in `FILE.part`, from which `plan.resume` goes on. Raises UsageError and ConfigError
    before anything runs, GatewayError, and Interrupted after Ctrl-C, when the file holds what was done until then.
    """
    before, path = (
        record.find(plan.resume, rule.rule, rule.dataset.name, versions.project_of(gateway))
        if plan.resume is not None
        else (None, None)
    )
    if before is not None:
        plan = plan.model_copy(
            update={
                "label": before.run.label,
                "repeat": before.repeat,
                "dataset_version": before.run.dataset_version,
                "variables": before.run.variables,
            }
        )
    plan = plan.model_copy(update={"label": plan.label or default_label(rule, plan.task)})
    path = path or plan.output or results.default_path(rule.dataset.name, str(plan.label), datetime.now(UTC))
    apart = apart_of(connection, plan.memory, printed)
    agent = parse_task(plan.task, timeout=plan.timeout, apart=apart, outgoing=outgoing_of(rule), replay=rule.replay)
    kept = record.Record(path, before)
    with agent, closing(kept), closing(Checker(rule, allow_python=plan.allow_python, apart=apart)) as checker:
        agent.outgoing.refuse(
            {"The label": str(plan.label)}
            | {f"Variable {i}": f"{k}={v}" for i, (k, v) in enumerate(plan.variables.items(), 1)}
        )
        try:
            pinned = versions.pin(gateway, rule.dataset.name, plan.dataset_version)
            if started is not None:
                started(pinned)
            run = run_experiment(gateway, connection, pinned, agent, checker, plan, kept, progress)
        except Interrupted as interrupted:
            _save(interrupted.run, path, saved)
            raise
    _save(run, path, saved)
    kept.close(done=True)
    run = integrity.verify(gateway, run, required=[each.name for each in rule.gate.required], deadline=plan.deadline)
    return run, results.write_run(run, path)


def default_label(rule: Rule, task: str) -> str:
    """`rule-function`, `rule-host` or `rule-command`: what a run is called when nobody names it."""
    if task.startswith("cmd:"):
        words = task.removeprefix("cmd:").split()
        last = Path(words[0]).name if words else "command"
    elif task.startswith(("http://", "https://")):
        last = task.split("//", 1)[1].split("/", 1)[0].rsplit("@", 1)[-1]
    else:
        last = task.rpartition(":")[2]
    return f"{rule.rule}-{slug(last)}"


def variables_of(pairs: Collection[str]) -> Mapping[str, JsonValue]:
    """`KEY=VALUE` pairs. Raises UsageError (RUN_VARIABLE)."""
    found: dict[str, JsonValue] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals or key == "curator" or key.startswith("curator."):
            raise UsageError(f"{key!r} is no variable of a run.", code="RUN_VARIABLE")
        found[key] = value
    return found


def _save(run: Run, path: Path, saved: Callable[[Path], None] | None) -> None:
    results.write_run(run, path)
    if saved is not None:
        saved(path)
