"""The gate's decision for people: Markdown for a pull request or a job summary, annotations for GitHub Actions."""

import os
from collections.abc import Iterator
from pathlib import Path

from curator.experiments.gate import Decision
from curator.model.files import write_text
from curator.model.forms import template

LONGEST = 60_000
"""Characters: a comment on GitHub holds 65,536."""
MOST_EXCUSED = 30


def gate_markdown(decision: Decision) -> str:
    """One heading, the scores, the reasons; the same decision gives the same text."""
    found = decision.comparison
    says = {metric.name: metric.sentence for metric in found.metrics} if found else {}
    page = template("curator.experiments", "gate.md.j2")
    text = page.render(decision=decision, sentences=says, most=MOST_EXCUSED)
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rsplit(chr(10), 1)[0]}\n\n… cut; `--json` has all.\n"


def gate_annotations(decision: Decision) -> Iterator[str]:
    """GitHub's workflow commands, a line each: reasons as errors, fixed and excused items as notices.

    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    for reason in decision.reasons:
        yield _annotation("error", reason.code, f"{reason.message} {reason.remedy}".strip())
    for item in decision.fixed:
        yield _annotation("notice", "fixed", f"{item} passed every run: `curator require {decision.dataset} {item}`.")
    failing = [each.item_id for each in decision.excused if not each.fixed and not each.expired]
    if failing:
        yield _annotation("warning", "excused", f"{len(failing)} excused items still fail: {', '.join(failing[:10])}.")


def _annotation(kind: str, title: str, message: str) -> str:
    def safe(text: str) -> str:
        return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

    name = safe(f"curator gate: {title}").replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={name}::{safe(message)}"


def append_job_summary(decision: Decision) -> None:
    """Adds the summary to the job's page on GitHub; elsewhere does nothing. Raises UsageError (RESULT_WRITE)."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        write_text(Path(path), gate_markdown(decision), code="RESULT_WRITE", remedy="Check that file.", append=True)
