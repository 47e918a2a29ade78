"""The Langfuse side of a run: the SDK's own experiment runner, which records every item as a trace with its scores.

Nothing here is trusted to have arrived: `integrity` asks the server afterwards.
"""

import copy
import logging
import os
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from curator.config import Connection
from curator.experiments.checks.base import CheckResult
from curator.model.errors import ConfigError, ServerError

if TYPE_CHECKING:
    from langfuse import Langfuse
    from langfuse.experiment import Evaluation

RunTask = Callable[[Any], Awaitable[Any]]
"""Takes the SDK's dataset item; what it raises makes the item an errored one."""
RunCheck = Callable[[Any], Awaitable[list[CheckResult]]]
"""Takes the dataset item's content as keywords in a dict; gives the results to record as scores."""


class SdkRun(NamedTuple):
    """Where the SDK recorded a run."""

    experiment_id: str
    url: str | None


class Mirror:
    """One dataset version in Langfuse, ready to take experiments."""

    def __init__(self, connection: Connection, dataset: str, version: datetime) -> None:
        """Raises ConfigError (MIRROR_OFF, MIRROR_OTHER_SERVER), ServerError (MIRROR_DATASET)."""
        self._client = _client(connection)
        try:
            with _quiet():
                self._dataset = self._client.get_dataset(dataset, version=version)
        except Exception as error:  # curator has just read this dataset: whatever it is, it is on the way
            raise ServerError(
                f"Langfuse's SDK cannot read the dataset ({type(error).__name__}).", code="MIRROR_DATASET"
            ) from error

    def run(
        self,
        *,
        label: str,
        run_name: str,
        metadata: Mapping[str, Any],
        task: RunTask,
        checks: Mapping[str, RunCheck],
        max_concurrency: int,
        leave: Collection[str] = (),
    ) -> SdkRun:
        """Runs every item but those to `leave` once and sends what came out, into the experiment of that run name.

        Blocks until all was handed to the server.
        """

        async def run_task(*, item: Any, **_: object) -> Any:
            return await task(item)

        dataset = copy.copy(self._dataset)
        dataset.items = [item for item in dataset.items if item.id not in leave]
        with _quiet():
            result = dataset.run_experiment(
                name=label,
                run_name=run_name,
                task=run_task,
                evaluators=[_evaluator(name, check) for name, check in checks.items()],
                max_concurrency=max_concurrency,
                metadata=dict(metadata),
            )
        return SdkRun(result.experiment_id, result.experiment_url)

    def record_cost(self, dollars: float) -> None:
        """Puts the price that a task named into the running item's trace, where Langfuse sums costs up."""
        cost = {"total": dollars}
        with self._client.start_as_current_observation(name="task-cost", as_type="generation", cost_details=cost):
            pass


def current_trace_id() -> str | None:
    """Id of the trace that the running task is recorded in."""
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else None


def _evaluator(name: str, check: RunCheck) -> Any:
    async def evaluator(
        *, input: Any, expected_output: Any = None, metadata: Any = None, **_: object
    ) -> list["Evaluation"]:
        case = {"input": input, "expected_output": expected_output, "metadata": metadata}
        return [_evaluation(result) for result in await check(case)]

    evaluator.__name__ = name
    return evaluator


def _evaluation(result: CheckResult) -> "Evaluation":
    from langfuse.experiment import Evaluation

    value = result.value
    assert value is not None
    return Evaluation(
        name=result.name,
        value=float(value) if isinstance(value, bool) else value,
        data_type=result.data_type,
        comment=result.comment or None,
        metadata=dict(result.metadata) or None,
    )


def _client(connection: Connection) -> "Langfuse":
    """The SDK's client for this connection. One per process and public key: that is how the SDK shares it with the
    instrumentation inside a task."""
    for name, off in (("LANGFUSE_TRACING_ENABLED", "false"), ("OTEL_SDK_DISABLED", "true")):
        if os.environ.get(name, "").lower() == off:
            raise ConfigError(
                f"{name} switches tracing off, so Langfuse would not see the run.",
                code="MIRROR_OFF",
                remedy=f"Unset {name} for this command.",
            )
    from langfuse import Langfuse

    with _quiet():
        client = Langfuse(
            base_url=connection.base_url,
            public_key=connection.public_key,
            secret_key=connection.secret_key.get_secret_value(),
            timeout=max(1, round(connection.timeout)),
            sample_rate=1.0,
        )
    resources = client._resources
    if resources is None or resources.base_url != connection.base_url:
        raise ConfigError(
            "This process already records to another Langfuse server with the same public key.",
            code="MIRROR_OTHER_SERVER",
        )
    return client


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the SDK's log lines off the terminal: what they say is in the result, with its reason."""
    loggers: Sequence[logging.Logger] = [logging.getLogger(name) for name in ("langfuse", "opentelemetry")]
    before = [(logger.propagate, list(logger.handlers)) for logger in loggers]
    for logger in loggers:
        logger.propagate = False
        logger.handlers = [logging.NullHandler()]
    try:
        yield
    finally:
        for logger, (propagate, handlers) in zip(loggers, before, strict=True):
            logger.propagate = propagate
            logger.handlers = handlers
