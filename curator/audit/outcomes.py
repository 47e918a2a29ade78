"""How items fared in the runs that were looked at."""

from collections import defaultdict

from curator.audit.values import Evidence
from curator.model.rule import GateScore

MIN_RUNS = 2
"""One run alone says nothing about an item."""


def verdicts(evidence: Evidence) -> dict[str, list[bool]]:
    """Item id → passed or not, per run that scored it with every required score of the rule.

    Without a rule, every numeric or boolean score counts and must be at least 1. An errored item failed.
    """
    required: dict[str, GateScore] = {}
    if evidence.rule is not None:
        required = {score.name: score for score in evidence.rule.rule.gate.required}
    found: dict[str, list[bool]] = defaultdict(list)
    for run in evidence.runs:
        for each in run.items:
            if each.level == "ERROR":
                found[each.item_id].append(False)
                continue
            values = {s.name: float(s.value) for s in each.scores if isinstance(s.value, (int, float))}
            needed = required or {name: GateScore(name=name) for name in values}
            if needed and set(needed) <= set(values):
                found[each.item_id].append(all(score.met_by(values[name]) for name, score in needed.items()))
    listed = {item.id for item in evidence.items}
    return {item_id: outcomes for item_id, outcomes in sorted(found.items()) if item_id in listed}
