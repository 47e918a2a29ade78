"""`regex`: the output's text matches a pattern."""

import json

import regex

from curator.experiments.checks.base import Case, CheckFailed, CheckResult, failed, in_output, passed
from curator.model.rule import CheckSpec

# A pattern that needs longer on one output backtracks without end: `re` could not be stopped, `regex` can.
TIMEOUT_SECONDS = 2.0


def check(spec: CheckSpec, case: Case, rubric: str) -> CheckResult:
    """1.0 when `pattern` is found anywhere in the text at `path` (default: `$.answer`, else the whole output).

    A value that is no text is searched in its JSON form.
    """
    assert spec.pattern is not None
    value = case.output
    if spec.path is not None:
        value = in_output(case, spec.path)
    elif isinstance(value, dict) and isinstance(value.get("answer"), str):
        value = value["answer"]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    try:
        found = regex.search(spec.pattern, text, timeout=TIMEOUT_SECONDS)
    except TimeoutError:
        raise CheckFailed(f"the pattern took longer than {TIMEOUT_SECONDS:.0f} s on this output") from None
    return passed(spec.name, f"rubric={rubric}") if found else failed(spec.name, "pattern=not found")
