"""What counts as a failure in a project without rules: plain defaults, and how they become a rule."""

from itertools import islice
from typing import TYPE_CHECKING, Any

from curator.config import Settings
from curator.model import Rule

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.queue import Window

SCORES = 2_000
"""Scores that the directions are learned from."""
NAME = "defaults"


def without_rules(settings: Settings) -> bool:
    """Whether only the rules that ship with curator are there: they look for the demo's traces."""
    from curator.rulebook import rules_folder, shipped_rules

    return rules_folder(settings) == shipped_rules()


def default_rule(gateway: "Gateway", window: "Window") -> Rule:
    """Errors, annotations and corrections, every annotation queue, and each score whose bad end its name says.

    Requests: some pages of scores, one of annotation queues. Raises GatewayError.
    """
    from ruamel.yaml import YAML

    from curator.draft.directions import seen_scores

    scores = list(islice(gateway.scores(from_=window.since, to=window.until), SCORES))
    signals: list[dict[str, Any]] = [{"annotation": True}, {"level": "ERROR"}]
    signals += [{"annotation_queue": queue.name} for queue in gateway.annotation_queues()]
    for name, seen in seen_scores(scores).items():
        if seen.bad is not None and (condition := seen.condition()):
            on = {"on": "session"} if seen.on_session else {}
            signals.append({"score": name} | on | YAML(typ="safe", pure=True).load(condition))
    shape = {"schema": {"type": "object"}}
    return Rule.model_validate(
        {
            "rule": NAME,
            "dataset": {"name": NAME},
            "queue": {"signals": signals},
            "input": shape,
            "expected_output": shape,
            "lineage": {"failure_types": ["other"], "rubric": NAME},
        }
    )


def in_words(rule: Rule) -> str:
    """What the defaults count, and how to make them a rule."""
    scores = ", ".join(dict.fromkeys(one.score for one in rule.queue.signals if one.score is not None))
    bad = f", bad values of {scores}" if scores else ""
    return (
        "There are no rules for this project, so these plain defaults count as failures: errors, annotations and "
        f"corrections, entries of annotation queues{bad}. `curator init` makes a rule of them; promoting needs one."
    )
