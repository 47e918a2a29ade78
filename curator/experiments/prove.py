"""Does an item do its job? It should fail on production and pass on the candidate, every time."""

import contextlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from curator.config import Connection
from curator.experiments.checks import Checker
from curator.experiments.checks.base import Case, CheckResult
from curator.experiments.isolation import DEFAULT_MEMORY_GIB, Printed, apart_of
from curator.experiments.tasks import DEFAULT_TIMEOUT_SECONDS, Task, TaskFailed, outgoing_of, parse_task
from curator.gateway import Gateway
from curator.model.base import Value
from curator.model.errors import CuratorError
from curator.model.item import StoredItem
from curator.model.rule import Rule

ProofVerdict = Literal["reproduced", "too weak", "still failing", "flaky", "errored"]
DEFAULT_RUNS = 3


class ProofPlan(Value):
    """What items are held against, and how."""

    production: str
    """Specification of the task that is live: items should fail on it."""
    candidate: str | None = None
    """Of the one that is meant to mend it: items should pass on it."""
    runs: int = DEFAULT_RUNS
    """How often each side answers each item."""
    timeout: float = DEFAULT_TIMEOUT_SECONDS
    """Seconds for one answer."""
    memory: float = DEFAULT_MEMORY_GIB
    """GiB that one answer may take."""
    allow_python: bool = False
    """Whether the rule's checks may be Python paths."""


class Side(Value):
    """How one task did on one item."""

    runs: int
    passed: int
    """Runs in which every check that counts passed."""
    errors: tuple[str, ...] = ()
    """Why runs gave no verdict: the task failed, or a check could not say anything."""
    failed_checks: tuple[str, ...] = ()
    """Checks that failed in any run."""

    @property
    def always(self) -> bool:
        """Passed every time."""
        return self.passed == self.runs

    @property
    def never(self) -> bool:
        """Failed every time (without errors)."""
        return self.passed == 0 and not self.errors


class Proof(Value):
    """Whether one item protects anything."""

    item_id: str
    production: Side
    candidate: Side | None
    verdict: ProofVerdict
    says: str


def prove(
    items: Iterable[StoredItem],
    production: Task,
    candidate: Task | None,
    checker: Checker,
    *,
    runs: int = DEFAULT_RUNS,
    max_concurrency: int = 3,
    progress: Callable[[], None] | None = None,
) -> list[Proof]:
    """Runs each item `runs` times on both sides. Nothing is written anywhere, to Langfuse neither.

    `progress` is called after each answer, from several threads.
    """

    def one(item: StoredItem) -> Proof:
        both = [task for task in (production, candidate) if task is not None]
        live, *others = [_side(item, task, checker, runs, progress) for task in both]
        other = others[0] if others else None
        verdict, says = verdict_on(live, other)
        return Proof(item_id=item.id, production=live, candidate=other, verdict=verdict, says=says)

    pool = ThreadPoolExecutor(max_concurrency, thread_name_prefix="curator-prove")
    try:
        return list(pool.map(one, items))
    finally:
        # After Ctrl-C nobody waits for items that have not begun; closing the tasks ends those that have.
        pool.shutdown(wait=False, cancel_futures=True)


def prove_items(
    gateway: Gateway,
    connection: Connection,
    rule: Rule,
    items: Sequence[str],
    plan: ProofPlan,
    *,
    progress: Callable[[], None] | None = None,
    printed: Printed | None = None,
) -> list[Proof]:
    """`prove` by item ids and a plan; `progress` is called after each answer of a task, `printed` with
    what tasks and evaluators print.

    Raises UsageError before anything runs, CuratorError (PROVE_ITEM), GatewayError.
    """
    apart = apart_of(connection, plan.memory, printed)
    with contextlib.ExitStack() as stack:
        checker = Checker(rule, allow_python=plan.allow_python, timeout=plan.timeout, apart=apart)
        stack.enter_context(contextlib.closing(checker))

        def task(spec: str) -> Task:
            outgoing = outgoing_of(rule)
            found = parse_task(spec, timeout=plan.timeout, apart=apart, outgoing=outgoing, replay=rule.replay)
            return stack.enter_context(found)

        live, other = task(plan.production), task(plan.candidate) if plan.candidate else None
        stored = [_stored(gateway, item, rule.dataset.name) for item in items]
        return prove(stored, live, other, checker, runs=plan.runs, progress=progress)


def _stored(gateway: Gateway, item_id: str, dataset: str) -> StoredItem:
    found = gateway.item(item_id)
    if found is None or found.dataset != dataset:
        raise CuratorError(f"There is no item {item_id} in the dataset {dataset}.", code="PROVE_ITEM")
    return found


def verdict_on(production: Side, candidate: Side | None) -> tuple[ProofVerdict, str]:
    """The verdict and one sentence. An error is no failure: it proves nothing about the case."""
    errors = [*production.errors, *(candidate.errors if candidate else ())]
    if errors:
        return "errored", f"there was no verdict: {errors[0]}."
    if production.always:
        return "too weak", "production passes it: the case is too weak, or the failure was not reproduced."
    if not production.never:
        return "flaky", f"production passed {production.passed} of {production.runs} runs."
    if candidate is None:
        return "reproduced", "production fails it every time."
    if candidate.always:
        return "reproduced", "production fails it every time, the candidate passes it every time."
    if candidate.never:
        return "still failing", "production fails it, and so does the candidate."
    return "flaky", f"the candidate passed {candidate.passed} of {candidate.runs} runs."


def _side(item: StoredItem, task: Task, checker: Checker, runs: int, progress: Callable[[], None] | None) -> Side:
    passed, errors, failed = 0, [], []
    for _ in range(runs):
        try:
            output = task.run(item).output
        except TaskFailed as error:
            errors.append(str(error))
            continue
        finally:
            if progress is not None:
                progress()
        case = Case(input=item.input, output=output, expected_output=item.expected_output, metadata=item.metadata)
        counted = _that_count(checker.rule, checker.evaluate(case))
        errors += [f"{result.name}: {result.error}" for result in counted if result.error]
        bad = [result.name for result in counted if result.passed is False]
        failed += [name for name in bad if name not in failed]
        # A check that says neither yes nor no proves nothing; without any that passes, nothing passed.
        passed += bool(counted) and all(result.passed for result in counted)
    return Side(runs=runs, passed=passed, errors=tuple(dict.fromkeys(errors)), failed_checks=tuple(failed))


def _that_count(rule: Rule, results: Sequence[CheckResult]) -> list[CheckResult]:
    """The scores that the gate requires; all that can pass or fail when it requires none."""
    required = {score.name for score in rule.gate.required}
    if required:
        return [result for result in results if result.name in required]
    return [result for result in results if result.passed is not None or result.error]
