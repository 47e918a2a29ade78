"""The gate's decision as Markdown, for a pull request or a release ticket."""

import re
from pathlib import Path

from curator.experiments.gate import Decision
from curator.model.errors import UsageError

# What could act in Markdown or HTML; names and reasons may come from a server.
_ACTIVE = re.compile(r"([\\`*_{}\[\]<>()#+!|~@])")


def markdown(decision: Decision) -> str:
    """One heading, the scores, the reasons; the same decision gives the same text."""
    lines = [
        f"## {'✅ passed' if decision.passed else '❌ blocked'}: {_text(decision.release_gate)}",
        "",
        f"Candidate **{_text(decision.candidate)}** on {_text(decision.dataset)}"
        + (f", baseline **{_text(decision.baseline)}**" if decision.baseline else "")
        + f": {decision.items} items, {decision.errors} errored.",
        "",
        "| required score | mean |" + (" compared with the baseline |" if decision.comparison else ""),
        "|---|---|" + ("---|" if decision.comparison else ""),
    ]
    says = {m.name: m.sentence for m in decision.comparison.metrics} if decision.comparison else {}
    for name in decision.required_scores:
        mean = f"{decision.scores[name]:.3f}" if name in decision.scores else "missing"
        compared = f" {_text(says.get(name, 'not compared'))} |" if decision.comparison else ""
        lines.append(f"| {_text(name)} | {mean} |{compared}")
    if decision.reasons:
        lines += ["", "### Why it is blocked", ""]
        lines += [f"- **{reason.code}** {_text(reason.message)}" for reason in decision.reasons]
    if decision.notes:
        lines += ["", *(f"Note: {_text(note)}." for note in decision.notes)]
    version = decision.dataset_version.isoformat() if decision.dataset_version else "unknown"
    lines += ["", f"Dataset version {version} · run {_text(decision.run_name)}"]
    if decision.run_url:
        lines += ["", f"<{decision.run_url}>"]
    return "\n".join(lines) + "\n"


def _text(text: str) -> str:
    """Foreign text on one line that Markdown shows as it is."""
    return _ACTIVE.sub(r"\\\1", " ".join(text.split()))


def write_markdown(decision: Decision, path: Path) -> None:
    """Writes the summary. Raises UsageError (RESULT_WRITE)."""
    try:
        path.write_text(markdown(decision), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"The summary {path} cannot be written: {error.strerror}.",
            code="RESULT_WRITE",
            remedy="Choose another place with --markdown.",
        ) from None
