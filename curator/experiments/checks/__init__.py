"""Checks: what a rule asks of an output. `content` and `tools` hold the built-in ones.

Importing this package imports neither langfuse nor scipy: the workbench asks here whether a recorded failure fails.
"""

import hashlib
from collections.abc import Callable
from contextlib import closing

from curator.experiments.checks import content, python_check, tools
from curator.experiments.checks.base import Case, CheckFailed, CheckResult, ShapeWrong, verdict
from curator.experiments.isolation import Apart, Pool
from curator.experiments.worker import reason
from curator.model.errors import UsageError
from curator.model.json import canonical
from curator.model.rule import CheckSpec, Rule
from curator.rulebook import CHECK_REMEDIES, wrong_in

__all__ = ["BUILT_IN", "CheckResult", "Checker", "evaluate", "fingerprint"]

BuiltIn = Callable[[CheckSpec, Case], str | None]
"""What is wrong with the output, in a word or two ("" for nothing to add); None when it passes. Raises CheckFailed."""

BUILT_IN: dict[str, BuiltIn] = {
    "expected_outcome": content.expected_outcome,
    "required_terms_present": content.required_terms,
    "forbidden_terms_absent": content.forbidden_terms,
    "json_schema": content.json_schema,
    "regex": content.matches,
    "jsonpath_equals": content.jsonpath_equals,
    "numeric_tolerance": content.numeric_tolerance,
    "tools_called": tools.called,
    "tools_not_called": tools.not_called,
    "tools_in_order": tools.in_order,
    "tool_arguments": tools.arguments,
}
PYTHON_TIMEOUT_SECONDS = 60.0


class Checker:
    """The checks of one rule, ready to run: complete, compiled, Python paths loaded. Thread-safe; `close` it."""

    def __init__(
        self,
        rule: Rule,
        *,
        allow_python: bool = False,
        timeout: float = PYTHON_TIMEOUT_SECONDS,
        apart: Apart = Apart(),  # noqa: B008 (nobody can change it)
    ) -> None:
        """`apart` is for the evaluators' processes.

        Raises UsageError (CHECK_INCOMPLETE, CHECK_PATH, CHECK_PATTERN, PYTHON_NOT_ALLOWED, PYTHON_PATH).
        """
        self.rule = rule
        self._timeout = timeout
        self._pool = Pool(apart)
        self._fingerprints: dict[str, str] = {}
        try:
            for spec in rule.checks:
                require_complete(spec)
                if spec.type == "python":
                    self._fingerprints[spec.name] = python_check.load(spec, self._pool, allow_python)
        except BaseException:
            self._pool.close()
            raise

    def close(self) -> None:
        """Ends the processes of evaluators."""
        self._pool.close()

    def run(self, spec: CheckSpec, case: Case) -> list[CheckResult]:
        """What one check says; a check that cannot say anything is a result with `error`, never an exception."""
        try:
            if spec.type == "python":
                found = python_check.run(spec, self._pool, case, self._timeout)
            else:
                wrong = BUILT_IN[spec.type](spec, case)
                comment = wrong or f"rubric={self.rule.lineage.rubric}"
                found = [CheckResult(name=spec.name, value=float(wrong is None), passed=None, comment=comment)]
        except CheckFailed as error:
            found = [_without_score(spec, str(error))]
        except Exception as error:  # a check of ours met what it does not know: it is no pass
            found = [_without_score(spec, f"the check raised {reason(error)}")]
        return [result.model_copy(update={"passed": verdict(self.rule, result.name, result.value)}) for result in found]

    def evaluate(self, case: Case) -> list[CheckResult]:
        """What every check of the rule says, in the rule's order."""
        return [result for spec in self.rule.checks for result in self.run(spec, case)]

    def wrong_shape(self, case: Case) -> str | None:
        """Why this output is not what the checks can look at at all; None when it is."""
        for spec in self.rule.checks:
            if spec.type in BUILT_IN:
                try:
                    BUILT_IN[spec.type](spec, case)
                except ShapeWrong as error:
                    return f"{error} ({spec.name} looks there)"
                except CheckFailed:
                    continue
        return None

    def fingerprints(self) -> dict[str, str]:
        """Check name → fingerprint: equal fingerprints judge alike."""
        return {spec.name: fingerprint(spec, self._fingerprints.get(spec.name)) for spec in self.rule.checks}


def evaluate(
    rule: Rule, input: object, output: object, expected_output: object, metadata: object, *, allow_python: bool = False
) -> list[CheckResult]:
    """What the rule's checks say of one output: `passed` per check, `error` where one could not say anything.

    Without `allow_python` (Settings.allow_python) checks of type python are not run: they answer with an error.
    Raises UsageError for a rule whose checks are incomplete.
    """
    runnable = [spec for spec in rule.checks if allow_python or spec.type != "python"]
    by = rule.model_copy(update={"checks": tuple(runnable)})
    with closing(Checker(by, allow_python=allow_python)) as checker:
        found = checker.evaluate(Case(input=input, output=output, expected_output=expected_output, metadata=metadata))
    left_out = [spec for spec in rule.checks if spec not in runnable]
    return found + [_without_score(spec, "names a Python path, and rules may not run code here") for spec in left_out]


def fingerprint(spec: CheckSpec, source: str | None = None) -> str:
    """sha256 (hex, 16 characters) of what a check does: its specification, and `source`, the sha256 of its module."""
    parts = [canonical(spec.model_dump(mode="json", by_alias=True))]
    if source is not None:
        parts.append(source)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def require_complete(spec: CheckSpec) -> None:
    """Raises UsageError when the check lacks what its type needs, or when a path, pattern or schema is malformed."""
    for wrong in wrong_in(spec):
        where = f" ({wrong.key})" if wrong.key else ""
        raise UsageError(
            f"The check {spec.name}{where}: {wrong.message}.", code=wrong.code, remedy=CHECK_REMEDIES[wrong.code]
        )


def _without_score(spec: CheckSpec, why: str) -> CheckResult:
    return CheckResult(name=spec.name, value=None, passed=None, error=why)
