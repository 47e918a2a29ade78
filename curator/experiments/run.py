"""Runs an experiment: every item of a pinned dataset version through the task and the checks, once or several times.

The record is kept here, item by item, whatever the SDK or the server make of it; Langfuse mirrors it.
"""

import asyncio
import contextvars
import platform
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import JsonValue

from curator import __version__
from curator.config import Connection
from curator.experiments import integrity
from curator.experiments.checks import BUILT_IN, Checker
from curator.experiments.checks.base import CHECK, Case, CheckFailed, CheckResult
from curator.experiments.isolation import DEFAULT_MEMORY_GIB
from curator.experiments.mirror import Mirror, RunCheck, SdkRun, current_trace_id
from curator.experiments.record import Begun, Record, as_repeat, changed
from curator.experiments.results import ItemRun, Repeat, Run, Score, TaskRecord, base_name, run_name
from curator.experiments.tasks import DEFAULT_TIMEOUT_SECONDS, Task, TaskFailed
from curator.experiments.versions import Pinned
from curator.gateway import Gateway
from curator.model.base import Value
from curator.model.item import StoredItem
from curator.model.json import Json
from curator.model.rule import CheckSpec
from curator.scrub import Outgoing

DEFAULT_CONCURRENCY = 3
"""More simultaneous writes have split runs in two on older SDKs, and gain little."""

T = TypeVar("T")
Progress = Callable[[], None]
"""Called once for each item that is done, in each repeat."""
_running_item: ContextVar[str] = ContextVar("curator_running_item")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C during a run; `run` holds what was done until then (`complete` is False)."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run


class Plan(Value):
    """What to run, and how."""

    task: str
    label: str | None = None
    """Names the candidate; derived from rule and task when not given."""
    repeat: int = 1
    max_concurrency: int = DEFAULT_CONCURRENCY
    dataset_version: datetime | None = None
    variables: dict[str, JsonValue] = {}
    timeout: float = DEFAULT_TIMEOUT_SECONDS
    """Seconds for one answer of the task."""
    memory: float = DEFAULT_MEMORY_GIB
    """GiB that one answer of the task may take, the processes that it starts included."""
    deadline: float = integrity.DEFAULT_DEADLINE_SECONDS
    """Seconds to wait for what the server has not shown yet."""
    allow_python: bool = False
    """Whether the rule's checks may be Python paths. The task needs no permission: the user names it."""
    output: Path | None = None
    resume: str | None = None
    """The interrupted run to go on with, by its result file; "" for the newest one of the rule. Label, repeats,
    variables and dataset version are that run's."""


def run_experiment(
    gateway: Gateway,
    connection: Connection,
    pinned: Pinned,
    agent: Task,
    checker: Checker,
    plan: Plan,
    record: Record,
    progress: Progress | None = None,
) -> Run:
    """Runs the task over the pinned items `plan.repeat` times, each as one Langfuse experiment.

    Every step goes to `record`; what that holds from before the interruption is not run again. The result is not
    checked yet: `integrity` does that. `plan.label` names the candidate; run names add the time. Raises UsageError
    (RUN_RESUME, RESULT_WRITE), ConfigError, ServerError, Interrupted.
    """
    mirror, rule = Mirror(connection, pinned.dataset.name, pinned.version), checker.rule
    label, started = plan.label or rule.rule, datetime.now(UTC)
    before = record.before.repeats if record.before else {}
    first = before[min(before)].run_name if before else run_name(label, started, 1, plan.repeat)
    blank = Run(
        label=label,
        run_name=first,
        rule=rule.rule,
        rule_version=rule.version,
        dataset=pinned.dataset.name,
        dataset_id=pinned.dataset.id,
        dataset_version=pinned.version,
        project=pinned.project,
        task=TaskRecord(name=agent.name, fingerprint=agent.fingerprint),
        variables=plan.variables,
        checks=checker.fingerprints(),
        pass_fail=tuple(spec.name for spec in rule.checks if spec.type in BUILT_IN),
        judges=tuple(spec.name for spec in rule.checks if spec.judge),
        environment=environment(),
        complete=False,
        scales={spec.name: spec.scale for spec in rule.checks if spec.scale},
        items=pinned.record(rule.gate.group_by),
        repeats=(),
    )
    if record.before is not None and (why := changed(record.before.run, blank)):
        raise why
    record.open(blank, plan.repeat)
    repeats: list[Repeat] = []
    for number in range(1, plan.repeat + 1):
        name = base_name(first) if plan.repeat == 1 else f"{base_name(first)} ({number} of {plan.repeat})"
        begun = before.get(number) or Begun(run_name=name, started_at=datetime.now(UTC))
        if number in before and begun.finished_at is None:
            begun = _as_the_server_has_it(gateway, blank, begun)
        recorder = Recorder(mirror, agent, checker, record, number, begun, progress, plan.max_concurrency)
        if number not in before:
            record.write(repeat=number, run_name=name, started_at=begun.started_at.isoformat())
        try:
            recorded = SdkRun(begun.experiment_id or "", begun.url)
            if pinned.record().keys() - begun.items.keys():
                recorded = mirror.run(
                    label=label,
                    run_name=name,
                    metadata=experiment_metadata(blank, (number, plan.repeat)),
                    task=recorder.task,
                    checks={spec.name: recorder.check(spec) for spec in rule.checks},
                    max_concurrency=plan.max_concurrency,
                    leave=begun.items.keys(),
                )
        except KeyboardInterrupt:
            repeats.append(recorder.repeat(None, pinned))
            raise Interrupted(blank.model_copy(update={"repeats": tuple(repeats)})) from None
        if record.failed is not None:
            raise record.failed
        repeats.append(done := recorder.repeat(recorded, pinned))
        record.write(repeat=number, **done.model_dump(mode="json", include={"finished_at", "experiment_id", "url"}))
    return blank.model_copy(update={"complete": True, "repeats": tuple(repeats)})


def _as_the_server_has_it(gateway: Gateway, run: Run, begun: Begun) -> Begun:
    """Without the items that a crash kept from being sent: they are run again. Raises GatewayError.

    What it shows beyond those that are kept was cut off, or could not be written down any more.
    """
    seen = integrity.read_rows(gateway, run, [as_repeat(begun, begun.items.values(), begun.started_at)])[begun.run_name]
    there = set(seen.items())

    def arrived(item: ItemRun) -> bool:
        """With all its scores: the spans of an item may be sent seconds before what its checks said."""
        given = {name for name, score in item.scores.items() if score.value is not None}
        return item.item_id in there and given <= seen.scores.get(item.item_id, set())

    kept = {i: item for i, item in begun.items.items() if arrived(item) or (item.error and item.trace_id is None)}
    cut_off = begun.cut_off | (there - kept.keys())
    first = next(iter(seen.experiments), None)
    return begun.model_copy(update={"items": kept, "cut_off": cut_off, "experiment_id": first})


@dataclass(eq=False)
class Recorder:
    """Runs and records the items of one repeat. Its callbacks run on the SDK's event loop."""

    mirror: Mirror
    agent: Task
    checker: Checker
    record: Record
    number: int
    begun: Begun
    progress: Progress | None
    max_concurrency: int

    def __post_init__(self) -> None:
        self.items = dict(self.begun.items)
        self._outputs: dict[str, Any] = {}
        """What the checks see, by item: in memory only, as the record may be scrubbed."""
        self._lock = threading.Lock()
        # Not asyncio's own pool: that has few threads, and Ctrl-C waits for them.
        self._threads = ThreadPoolExecutor(self.max_concurrency, thread_name_prefix="curator-item")

    async def task(self, item: Any) -> Any:
        """Answers one item. Raises TaskFailed, which makes it an errored item in Langfuse, too."""
        _running_item.set(item.id)  # the SDK runs the item's evaluators in the same context
        trace_id, started = current_trace_id(), time.perf_counter()
        output, sent, cost, error, latency, cut_off = None, None, None, None, None, False
        self.record.write(repeat=self.number, begun=item.id)
        try:
            output, cost, latency = await self._apart(self.agent.run, item)
            self._outputs[item.id] = output
            sent = await self._apart(self.agent.outgoing.clean, output)
            if cost is not None:
                self.mirror.record_cost(cost)
            case = Case(input=item.input, output=output, expected_output=item.expected_output, metadata=item.metadata)
            if wrong := self.checker.wrong_shape(case):
                raise TaskFailed(f"wrong shape: {wrong}")
        except TaskFailed as failure:
            error = str(failure)
            raise
        except asyncio.CancelledError:
            error, cut_off = "interrupted", True
            raise
        finally:
            record = ItemRun(
                item_id=item.id,
                output=sent if self.agent.outgoing.files else output,
                error=error,
                latency=round(time.perf_counter() - started if latency is None else latency, 4),
                cost=cost,
                trace_id=trace_id,
                again=item.id in self.begun.cut_off,
            )
            with self._lock:
                self.items[item.id] = record
            if not cut_off:
                self.record.write(repeat=self.number, item=record.model_dump(mode="json"))
            if self.progress is not None:
                self.progress()
        return sent

    def check(self, spec: CheckSpec) -> RunCheck:
        """One check as the SDK's evaluator. A check without score raises, so that Langfuse shows it as failed."""

        async def evaluate(case: dict[str, Any]) -> list[CheckResult]:
            # Langfuse has the output without personal values; the check gets it as it was.
            case["output"] = self._outputs[_running_item.get()]
            found = await self._apart(self.checker.run, spec, Case(**case))
            found = await self._apart(_cleaned, self.agent.outgoing, spec.name, found)
            self._scored(_running_item.get(), spec.name, found)
            failed = next((result.error for result in found if result.error), None)
            if failed is not None:
                raise CheckFailed(failed)
            return [each.model_copy(update={"metadata": each.metadata | own}) for each in found]

        own = {CHECK: self.checker.fingerprints()[spec.name]}
        return evaluate

    def repeat(self, recorded: SdkRun | None, pinned: Pinned) -> Repeat:
        """The record, in the dataset's order; items that were never reached are errored ones."""
        items = [self.items.get(item.id) or _never_run(item) for item in pinned.items]
        where = {"experiment_id": recorded.experiment_id or None, "url": recorded.url} if recorded else {}
        finished = self.begun.finished_at or datetime.now(UTC)
        return as_repeat(self.begun.model_copy(update=where), items, finished)

    async def _apart(self, function: Callable[..., T], *args: Any) -> T:
        """`function(*args)` in a thread, in the trace of the item; the processes it waits for may take their time."""
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, function, *args)

    def _scored(self, item_id: str, check: str, found: list[CheckResult]) -> None:
        scores = {
            result.name: Score(
                value=result.value, comment=result.comment, data_type=result.data_type, error=result.error
            )
            for result in found
        }
        with self._lock:
            item = self.items[item_id]
            self.items[item_id] = item.model_copy(update={"scores": item.scores | scores})
        written = {name: score.model_dump(mode="json") for name, score in scores.items()}
        self.record.write(repeat=self.number, item_id=item_id, check=check, scores=written)


def _cleaned(outgoing: Outgoing, check: str, found: list[CheckResult]) -> list[CheckResult]:
    """Results as they may be sent and reported: what a check says may quote the output, in names of its own, too."""
    texts = {"comment", "error", "metadata"}
    said = [one.model_dump(include=texts) | {"score": one.name if one.name != check else None,
            "value": one.value if isinstance(one.value, str) else None} for one in found]  # fmt: skip
    clean: Any = outgoing.clean(cast("Json", said))
    if not isinstance(clean, list):
        return [one.model_copy(update={"comment": str(clean), "metadata": {}, "error": clean if one.error else None})
                for one in found if one.name == check]  # fmt: skip
    return [
        one.model_copy(
            update={key: row[key] for key in texts}
            | {"name": row["score"] or check, "value": one.value if row["value"] is None else row["value"]}
        )
        for one, row in zip(found, clean, strict=True)
    ]


def _never_run(item: StoredItem) -> ItemRun:
    why = "it was not run" if item.input is not None else "it was not run: the item has no input"
    return ItemRun(item_id=item.id, error=why)


def experiment_metadata(run: Run, number: tuple[int, int]) -> dict[str, Any]:
    """What Langfuse shows beside the experiment: the variables as they are, the rest under `curator`."""
    assert run.task is not None
    assert run.dataset_version is not None
    return {
        **run.variables,
        "curator": {
            "label": run.label,
            "rule": run.rule,
            "rule_version": run.rule_version,
            "dataset_version": run.dataset_version.isoformat(),
            "task": run.task.name,
            "task_fingerprint": run.task.fingerprint,
            "checks": run.checks,
            "repeat": f"{number[0]} of {number[1]}",
            "version": __version__,
        },
    }


def environment() -> dict[str, str]:
    """Where the run happened: versions and platform, nothing personal."""
    return {
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "curator": __version__,
        "langfuse": installed("langfuse"),
    }
