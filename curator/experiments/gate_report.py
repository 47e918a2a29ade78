"""The gate's decision for people: Markdown for a pull request or a job summary, annotations for GitHub Actions."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from curator.experiments.gate import Decision, Excused
from curator.model.files import write_text

# What could act in Markdown or HTML; names and reasons may come from a server.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>()#+!|~@])")
LONGEST = 60_000
"""Characters: a comment on GitHub holds 65,536."""
MOST_EXCUSED = 30


def gate_markdown(decision: Decision) -> str:
    """One heading, the scores, the reasons; the same decision gives the same text."""
    lines = [
        f"## {'✅ passed' if decision.passed else '❌ blocked'}: {_text(decision.release_gate)}",
        "",
        f"Candidate **{_text(decision.candidate)}** on {_text(decision.dataset)}"
        + (f", baseline **{_text(decision.baseline)}**" if decision.baseline else "")
        + f": {decision.items} items, {decision.required_items} of them required, "
        + (f"**{len(decision.errored_items)} errored** (they count as failed)." if decision.errors else "0 errored."),
        "",
        "| required score | mean |" + (" compared with the baseline |" if decision.comparison else ""),
        "|---|---|" + ("---|" if decision.comparison else ""),
    ]
    says = {m.name: m.sentence for m in decision.comparison.metrics} if decision.comparison else {}
    for name in decision.required_scores:
        mean = f"{decision.scores[name]:.3f}" if name in decision.scores else "missing"
        compared = f" {_text(says.get(name, 'not compared'))} |" if decision.comparison else ""
        lines.append(f"| {_text(name)} | {mean} |{compared}")
    for each in decision.comparison.resources if decision.comparison else ():
        interval = f" (95 % interval {each.ci[0]:.2f} to {each.ci[1]:.2f})" if each.ci else ""
        ratio = f"× {each.ratio:.2f}{interval}" if each.ratio is not None else "not comparable"
        lines.append(f"| {each.name} per item | {each.candidate:.4g} | {ratio} |")
    if decision.reasons:
        lines += ["", "### Why it is blocked", ""]
        lines += [
            f"- **{reason.code}** {_text(reason.message)}" + (f" *{_text(reason.remedy)}*" if reason.remedy else "")
            for reason in decision.reasons
        ]
    if decision.excused:
        lines += ["", "### Excused", "", "| item | state | until | owner | passes |", "|---|---|---|---|---|"]
        lines += [_excused(each) for each in decision.excused[:MOST_EXCUSED]]
        if len(decision.excused) > MOST_EXCUSED:
            lines.append(f"| and {len(decision.excused) - MOST_EXCUSED} more | | | | |")
    if decision.notes:
        lines += ["", *(f"Note: {_text(note)}." for note in decision.notes)]
    version = decision.dataset_version.isoformat() if decision.dataset_version else "unknown"
    lines += [
        "",
        f"**Next:** {_text(decision.next)}",
        "",
        f"Dataset version {version} · run {_text(decision.run_name)}",
    ]
    if decision.run_url:
        lines += ["", f"<{decision.run_url}>"]
    text = "\n".join(lines) + "\n"
    return text if len(text) <= LONGEST else f"{text[:LONGEST].rsplit(chr(10), 1)[0]}\n\n… cut; `--json` has all.\n"


def _excused(each: Excused) -> str:
    state = f"{each.state}, **fixed**" if each.fixed else f"{each.state}, **expired**" if each.expired else each.state
    owner = _text(each.owner or "–")
    return f"| {_text(each.item_id)} | {state} | {each.until} | {owner} | {each.passes} of {each.runs} |"


def _text(text: str) -> str:
    """Foreign text on one line that Markdown shows as it is."""
    return _ACTIVE.sub(r"\\\1", " ".join(text.split()))


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
