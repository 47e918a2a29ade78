"""`required_terms_present` and `forbidden_terms_absent`: simple terms that the answer must hold or avoid."""

from curator.experiments.checks.base import (
    MISSING,
    Case,
    CheckFailed,
    CheckResult,
    answer_text,
    failed,
    find,
    passed,
)
from curator.model.rule import CheckSpec


def check_required(spec: CheckSpec, case: Case, rubric: str) -> CheckResult:
    """1.0 when the answer holds every term of `$.must_mention`, whatever its case; the comment lists missing ones."""
    answer = answer_text(spec, case).lower()
    missing = [term for term in _terms(spec, case, "$.must_mention") if term.lower() not in answer]
    if missing:
        return failed(spec.name, f"missing_terms={','.join(missing)}")
    return passed(spec.name, f"rubric={rubric}")


def check_forbidden(spec: CheckSpec, case: Case, rubric: str) -> CheckResult:
    """1.0 when the answer holds no term of `$.must_not_mention`, whatever its case; the comment lists those it does."""
    answer = answer_text(spec, case).lower()
    present = [term for term in _terms(spec, case, "$.must_not_mention") if term.lower() in answer]
    if present:
        return failed(spec.name, f"forbidden_terms={','.join(present)}")
    return passed(spec.name, f"rubric={rubric}")


def _terms(spec: CheckSpec, case: Case, default: str) -> list[str]:
    """The terms of the item; none listed means none required. Raises CheckFailed when they are no list of texts."""
    path = spec.expected_path or default
    terms = find(case.expected_output, path)
    if terms is MISSING or terms is None:
        return []
    if not isinstance(terms, list) or not all(isinstance(term, str) for term in terms):
        raise CheckFailed(f"the item's {path} is no list of texts")
    return terms
