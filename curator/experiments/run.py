"""Runs an experiment: every item of a pinned dataset version through the task and the checks, once or several times.

The record is kept here, item by item, whatever the SDK or the server make of it; Langfuse mirrors it.
"""

import asyncio
import contextvars
import platform
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import UTC, datetime
from importlib.metadata import version as installed
from typing import Any, TypeVar

from pydantic import JsonValue

from curator import __version__
from curator.config import Connection
from curator.experiments.checks import BUILT_IN, Checker
from curator.experiments.checks.base import Case, CheckFailed, CheckResult
from curator.experiments.mirror import Mirror, RunCheck, current_trace_id
from curator.experiments.names import run_name
from curator.experiments.results import ItemRun, Repeat, Run, Score, TaskRecord
from curator.experiments.tasks import Runner, TaskFailed
from curator.experiments.versions import Pinned
from curator.model.item import StoredItem
from curator.model.rule import CheckSpec, Rule

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


def run_experiment(
    connection: Connection,
    rule: Rule,
    pinned: Pinned,
    runner: Runner,
    checker: Checker,
    *,
    label: str,
    repeat: int = 1,
    max_concurrency: int = DEFAULT_CONCURRENCY,
    variables: Mapping[str, JsonValue] | None = None,
    progress: Progress | None = None,
) -> Run:
    """Runs the task over the pinned items `repeat` times, each as one Langfuse experiment.

    The result is not checked yet: `integrity` does that. `label` names the candidate; run names add the time. Raises
    ConfigError, ServerError, Interrupted.
    """
    mirror = Mirror(connection, pinned.dataset.name, pinned.version)
    variables = dict(variables or {})
    started = datetime.now(UTC)
    repeats: list[Repeat] = []
    task = TaskRecord(name=runner.task.name, fingerprint=runner.task.fingerprint)

    def result(complete: bool) -> Run:
        return Run(
            label=label,
            run_name=repeats[0].run_name if repeats else run_name(label, started, 1, repeat),
            rule=rule.rule,
            rule_version=rule.version,
            dataset=pinned.dataset.name,
            dataset_id=pinned.dataset.id,
            dataset_version=pinned.version,
            task=task,
            variables=variables,
            checks=checker.fingerprints(),
            pass_fail=tuple(spec.name for spec in rule.checks if spec.type in BUILT_IN),
            judges=tuple(spec.name for spec in rule.checks if spec.judge),
            environment=environment(),
            complete=complete,
            items=pinned.record(),
            repeats=tuple(repeats),
        )

    for number in range(1, repeat + 1):
        name = run_name(label, started, number, repeat)
        recorder = Recorder(mirror, runner, checker, progress, max_concurrency)
        begun = datetime.now(UTC)
        try:
            recorded = mirror.run(
                label=label,
                run_name=name,
                metadata=experiment_metadata(rule, label, task, pinned, checker, variables, (number, repeat)),
                task=recorder.task,
                checks={spec.name: recorder.check(spec) for spec in rule.checks},
                max_concurrency=max_concurrency,
            )
        except KeyboardInterrupt:
            repeats.append(recorder.repeat(name, None, None, begun, pinned))
            raise Interrupted(result(complete=False)) from None
        repeats.append(recorder.repeat(name, recorded.experiment_id, recorded.url, begun, pinned))
    return result(complete=True)


class Recorder:
    """Runs and records the items of one repeat. Its callbacks run on the SDK's event loop."""

    def __init__(
        self, mirror: Mirror, runner: Runner, checker: Checker, progress: Progress | None, max_concurrency: int
    ) -> None:
        self.items: dict[str, ItemRun] = {}
        self._mirror = mirror
        self._runner = runner
        self._checker = checker
        self._progress = progress
        self._lock = threading.Lock()
        # Not asyncio's own pool: that has few threads, and Ctrl-C waits for them.
        self._threads = ThreadPoolExecutor(max_concurrency, thread_name_prefix="curator-item")

    async def task(self, item: Any) -> Any:
        """Answers one item. Raises TaskFailed, which makes it an errored item in Langfuse, too."""
        _running_item.set(item.id)  # the SDK runs the item's evaluators in the same context
        trace_id, started = current_trace_id(), time.perf_counter()
        output, cost, error, latency = None, None, None, None
        try:
            output, cost, latency = await self._apart(self._runner.run, item)
            if cost is not None:
                self._mirror.record_cost(cost)
            case = Case(input=item.input, output=output, expected_output=item.expected_output, metadata=item.metadata)
            if wrong := self._checker.wrong_shape(case):
                raise TaskFailed(f"wrong shape: {wrong}")
        except TaskFailed as failure:
            error = str(failure)
            raise
        except asyncio.CancelledError:
            error = "interrupted"
            raise
        finally:
            record = ItemRun(
                item_id=item.id,
                output=output,
                error=error,
                latency=round(time.perf_counter() - started if latency is None else latency, 4),
                cost=cost,
                trace_id=trace_id,
            )
            with self._lock:
                self.items[item.id] = record
            if self._progress is not None:
                self._progress()
        return output

    def check(self, spec: CheckSpec) -> RunCheck:
        """One check as the SDK's evaluator. A check without score raises, so that Langfuse shows it as failed."""

        async def evaluate(case: dict[str, Any], output: Any) -> list[CheckResult]:
            found = await self._apart(self._checker.run, spec, Case(output=output, **case))
            self._scored(_running_item.get(), found)
            failed = next((result.error for result in found if result.error), None)
            if failed is not None:
                raise CheckFailed(failed)
            return found

        return evaluate

    def repeat(
        self, name: str, experiment_id: str | None, url: str | None, started: datetime, pinned: Pinned
    ) -> Repeat:
        """The record, in the dataset's order; items that were never reached are errored ones."""
        items = [self.items.get(item.id) or _never_run(item) for item in pinned.items]
        return Repeat(
            run_name=name,
            experiment_id=experiment_id,
            url=url,
            started_at=started,
            finished_at=datetime.now(UTC),
            items=tuple(items),
        )

    async def _apart(self, function: Callable[..., T], *args: Any) -> T:
        """`function(*args)` in a thread, in the trace of the item; the processes it waits for may take their time."""
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, context.run, function, *args)

    def _scored(self, item_id: str, found: list[CheckResult]) -> None:
        with self._lock:
            item = self.items[item_id]
            scores = {
                result.name: Score(
                    value=result.value, comment=result.comment, data_type=result.data_type, error=result.error
                )
                for result in found
            }
            self.items[item_id] = item.model_copy(update={"scores": item.scores | scores})


def _never_run(item: StoredItem) -> ItemRun:
    why = "it was not run" if item.input is not None else "it was not run: the item has no input"
    return ItemRun(item_id=item.id, error=why)


def experiment_metadata(
    rule: Rule,
    label: str,
    task: TaskRecord,
    pinned: Pinned,
    checker: Checker,
    variables: Mapping[str, JsonValue],
    number: tuple[int, int],
) -> dict[str, Any]:
    """What Langfuse shows beside the experiment: the variables as they are, the rest under `curator`."""
    return {
        **variables,
        "curator": {
            "label": label,
            "rule": rule.rule,
            "rule_version": rule.version,
            "dataset_version": pinned.version.isoformat(),
            "task": task.name,
            "task_fingerprint": task.fingerprint,
            "checks": checker.fingerprints(),
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
