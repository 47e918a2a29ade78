"""Runs, and two of them compared, as a person reads them: words, signs, sheets."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from curator.tui.sections import Sheet
from curator.tui.text import Piece
from curator.tui.words import clock, duration, plural, score_value, trend

if TYPE_CHECKING:
    from curator.experiments import Comparison, ItemChange, ItemRun, Listed, Resource, Run
    from curator.tui.session import TwoRuns

Note = tuple[Sequence[Piece], str | None]
MOST_PROBLEMS = 3
MOST_BEFORE = 15
"""Earlier runs that the history of a score shows."""


def whole_pieces(run: "Run | None") -> list[Piece]:
    """Whether a run is whole, in words and with a sign; `…` while nobody has looked."""
    from curator.experiments import flaws_in_words

    if run is None:
        return [("dim", "… not looked at")]
    wrong = flaws_in_words(run)
    if not wrong:
        return [("good", "✓ "), ("text", "whole")]
    late = wrong == ["scores late"]
    return [("warn", "◷ ") if late else ("bad", "✕ "), ("text", ", ".join(wrong))]


def of_run(listed: "Listed", run: "Run | None", before: Sequence["Run"] = ()) -> Sheet:
    """What is known of a run: is it whole, what did it score, what ran; `before`: earlier runs, oldest first."""
    sheet = Sheet()
    sheet.add_notes("Is it whole?", "integrity", list(_integrity(run)))
    means = run.means() if run is not None else {}
    width = max((len(name) for name in means), default=0) + 2
    past = [each.means() for each in before[-MOST_BEFORE:]]
    scores: list[Note] = [
        ([("text", f"{name:<{width}}"), ("strong", f"{mean:.3f}"), *_history(name, [*past, means])], None)
        for name, mean in means.items()
    ]
    for each in (score for experiment in listed.experiments for score in experiment.scores):
        scores.append(([("text", f"{each.name} of the run  "), ("strong", score_value(each.value))], each.comment))
    if scores:
        title = f"Scores, mean over items{', after those of earlier runs' if past else ''}"
        sheet.add_notes(title, "scores", scores)
    if run is not None and run.errors():
        errors: list[Note] = [([("bad", "✕ "), ("text", f"{item}  ")], why) for item, why in run.errors()[:20]]
        sheet.add_notes("Errored items", "errors", errors)
    ended = max((e.end_time for e in listed.experiments if e.end_time), default=None)
    version = run.dataset_version if run is not None else None
    sheet.add_facts(
        {
            "run": listed.reference,
            "dataset": listed.dataset.name,
            "version": version.isoformat(timespec="seconds") if version else None,
            "items": f"{listed.items} × {plural(listed.repeats, 'run')}" if listed.repeats > 1 else str(listed.items),
            "started": clock(listed.started_at),
            "ended": clock(ended) if ended else None,
            "task": run.task.name if run is not None and run.task else None,
            "rule": run.rule if run is not None else None,
            "result file": str(listed.file) if listed.file else None,
            "experiment": ", ".join(e.id for e in listed.experiments) or None,
        }
    )
    if run is not None and run.variables:
        sheet.add("Variables", "variables", run.variables)
    return sheet


def _history(name: str, means: Sequence[Mapping[str, float]]) -> list[Piece]:
    """How a score went over the runs of its dataset, this one last; nothing when only this one has it."""
    values = [each.get(name) for each in means]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return []
    drawn, range_ = trend(values), f" {min(known):.2f}–{max(known):.2f}"
    return [("dim", f"  {drawn[:-1]}"), ("accent", drawn[-1]), ("dim", range_)]


def _integrity(run: "Run | None") -> Iterator[Note]:
    if run is None:
        yield [("dim", "Looking …")], None
        return
    problems = list(
        dict.fromkeys((p.message, p.remedy) for each in run.repeats if each.integrity for p in each.integrity.problems)
    )
    if not run.complete:
        yield [("bad", "✕ "), ("text", "It was interrupted.")], None
    if not problems and run.complete:
        yield (
            [("good", "✓ "), ("text", "One experiment, every item of the dataset's version once, every score there.")],
            None,
        )
    for message, remedy in problems:
        yield [("bad", "✕ ")], message
        yield [("dim", f"  {remedy}")], None


def verdict_pieces(found: "Comparison") -> list[Piece]:
    """The verdict in one line, with its sign."""
    worse = any(metric.verdict == "worse" for metric in found.metrics)
    better = any(metric.verdict == "better" for metric in found.metrics)
    sign, role = ("✕", "bad") if worse or not found.comparable else ("✓", "good") if better else ("≈", "info")
    return [(role, f"{sign} "), ("strong", found.verdict)]


def facts_pieces(two: "TwoRuns") -> list[list[Piece]]:
    """Which runs these are, what differs between them besides the scores, what they took: a row each."""
    found = two.comparison
    before, after = len(two.baseline.repeats), len(two.candidate.repeats)
    rows: list[list[Piece]] = [
        [
            ("dim", "baseline "),
            ("text", found.baseline),
            ("dim", " → candidate "),
            ("text", found.candidate),
            ("dim", f"  {two.candidate.dataset}: {plural(found.items, 'item')}, {before} + {plural(after, 'run')}"),
            ("dim", f", side by side {found.red_items} are red" if found.comparable else ""),
        ]
    ]
    changed = [f"{c.name} {score_or_text(c.baseline)} → {score_or_text(c.candidate)}" for c in found.variables]
    if changed:
        rows.append([("dim", "changed  "), ("text", "; ".join(changed))])
    if resources := [_resource(each) for each in found.resources]:
        rows.append([("dim", "per item "), ("text", "; ".join(resources))])
    return rows


def caution_pieces(found: "Comparison") -> list[list[Piece]]:
    """What to be careful about, or why nothing was compared: a sentence each."""
    rows: list[list[Piece]] = []
    for problem in found.problems[:MOST_PROBLEMS]:
        if problem.message not in found.verdict:
            rows.append([("bad", "✕ ") if problem.blocking else ("warn", "▲ "), ("text", problem.message)])
        if problem.blocking and problem.remedy:
            rows.append([("dim", f"  → {problem.remedy}")])
    if len(found.problems) > MOST_PROBLEMS:
        rows.append([("dim", f"  and {len(found.problems) - MOST_PROBLEMS} more: curator compare tells all")])
    if found.comparable and not found.changes:
        rows.append([("good", "✓ "), ("text", "No item moved in any score: both runs scored every item alike.")])
    return rows


def score_or_text(value: object) -> str:
    """A variable's value; nothing for one that the run did not name."""
    return "–" if value is None else value if isinstance(value, str) else str(value)


def _resource(resource: "Resource") -> str:
    ratio = f" (× {resource.ratio:.2f})" if resource.ratio is not None else ""
    if resource.name == "latency":
        return f"latency {resource.baseline:.3g} s → {resource.candidate:.3g} s{ratio}"
    return f"cost ${resource.baseline:.4g} → ${resource.candidate:.4g}{ratio}"


def of_item(two: "TwoRuns", change: "ItemChange", repeat: int) -> Sheet:
    """Input, expectation and scores of an item that moved."""
    sheet = Sheet()
    notes: list[Note] = []
    names = dict.fromkeys([change.score, *(m.name for m in two.comparison.metrics)])
    width = max((len(name) for name in names), default=0) + 2
    for name in names:
        before, after = (_values(run, change.item_id, name) for run in (two.baseline, two.candidate))
        role = "strong" if name == change.score else "dim"
        notes.append(
            ([(role, f"{name:<{width}}"), ("text", f"{before} → {after}")], _comment(two, change, name, repeat))
        )
    sheet.add_notes("Scores, run by run", "scores", notes)
    item = two.candidate.items[change.item_id]
    sheet.add("Input", "input", item.input)
    sheet.add("Expected output", "expected_output", item.expected_output)
    return sheet


def _values(run: "Run", item_id: str, name: str) -> str:
    found = []
    for repeat in run.repeats:
        item = repeat.by_item().get(item_id)
        score = item.scores.get(name) if item is not None else None
        found.append(
            "✕"
            if item is not None and item.error
            else score_value(score.value)
            if score and score.value is not None
            else "–"
        )
    return " ".join(found)


def _comment(two: "TwoRuns", change: "ItemChange", name: str, repeat: int) -> str | None:
    item = run_of(two.candidate, change.item_id, repeat)
    score = item.scores.get(name) if item is not None else None
    return f"  {score.error or score.comment}" if score is not None and (score.error or score.comment) else None


def of_answer(side: str, item: "ItemRun | None") -> Sheet:
    """What a run answered to an item; `side` keeps the two answers apart."""
    sheet = Sheet()
    if item is None:
        sheet.add_notes("", side, [([("dim", "This run has no such item.")], None)])
    elif item.error:
        sheet.add_notes("", side, [([("bad", "✕ errored: ")], item.error)])
    else:
        sheet.add("", side, item.output)
    return sheet


def answer_title(run: "Run", name: str, repeat: int, item: "ItemRun | None") -> list[Piece]:
    """`candidate 2 of 4: staging  1.2 s  $0.001`."""
    which = f"{name} {repeat % len(run.repeats) + 1} of {len(run.repeats)}" if len(run.repeats) > 1 else name
    facts = [duration(item.latency), f"${item.cost:.4g}" if item.cost is not None else ""] if item is not None else []
    return [("dim", f"{which}: "), ("strong", run.label), ("dim", "  " + "  ".join(fact for fact in facts if fact))]


def run_of(run: "Run", item_id: str, repeat: int) -> "ItemRun | None":
    """The item in the repeat of that number, counted on from the first when there are fewer."""
    return run.repeats[repeat % len(run.repeats)].by_item().get(item_id)


def telling_repeat(two: "TwoRuns", change: "ItemChange") -> int:
    """The first repeat in which the item moved the way that it moved on average."""
    sides = []
    for run in (two.baseline, two.candidate):
        sides += run.table(change.score, [change.item_id], errored=run.worst(change.score) or 0.0)
    for number in range(max(map(len, sides))):
        before, after = (values[number % len(values)] for values in sides)
        if before is not None and after is not None and (after - before) * change.delta > 0:
            return number
    return 0
