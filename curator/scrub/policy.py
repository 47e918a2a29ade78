"""A rule's scrub policy, made ready for use: which entities count, which texts never or always, what holds where."""

import json
from dataclasses import dataclass
from functools import lru_cache

import regex

from curator.model import ScrubPolicy
from curator.model.errors import UsageError
from curator.model.rule import PathPolicy
from curator.scrub.entities import DEFAULT_ENTITIES, ENTITIES
from curator.scrub.normalise import fold
from curator.scrub.walk import Steps

_STEP = regex.compile(r"\.?(?P<name>[^.\[\]\"]+)|\[(?P<index>\d+|\*)\]|\[(?P<quoted>\"(?:[^\"\\]|\\.)*\")\]")


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """`ScrubPolicy` with its defaults filled in and its paths parsed."""

    source: ScrubPolicy
    entities: frozenset[str]
    allow: frozenset[str]
    deny: tuple[str, ...]
    paths: tuple[tuple[Steps, PathPolicy], ...]

    def counts(self, entity: str, score: float) -> bool:
        """Whether a raw finding is one for this policy."""
        if entity not in self.entities:
            return False
        least = max(self.source.threshold, ENTITIES[entity].least)
        return score >= self.source.thresholds.get(entity, least)

    def at(self, steps: Steps) -> PathPolicy | None:
        """What the rule says about a place; the last matching entry wins."""
        return next((p for pattern, p in reversed(self.paths) if _covers(pattern, steps)), None)

    def exactly_at(self, steps: Steps) -> PathPolicy | None:
        """What the rule says about this very node."""
        return next((p for pattern, p in reversed(self.paths) if _matches(pattern, steps)), None)


@lru_cache(maxsize=64)
def _compiled(text: str) -> CompiledPolicy:
    policy = ScrubPolicy.model_validate_json(text)
    named = {*(policy.entities or ()), *policy.exclude, *policy.thresholds}
    unknown = sorted(named - set(ENTITIES))
    if unknown:
        raise UsageError(
            f"the scrub policy names unknown entities: {', '.join(unknown)}.",
            code="PII_UNKNOWN_ENTITY",
            remedy=f"Known are {', '.join(ENTITIES)}.",
        )
    entities = set(policy.entities) if policy.entities is not None else set(DEFAULT_ENTITIES)
    return CompiledPolicy(
        source=policy,
        entities=frozenset((entities | {"FIELD", "DENIED", "MEDIA"}) - set(policy.exclude)),
        allow=frozenset(fold(text) for text in policy.allow),
        deny=tuple(fold(text) for text in policy.deny if text.strip()),
        paths=tuple((parse_path(entry.path), entry) for entry in policy.paths),
    )


def compiled(policy: ScrubPolicy) -> CompiledPolicy:
    """Checks and prepares a policy. Raises UsageError for entities that nobody knows and for malformed paths."""
    return _compiled(policy.model_dump_json())


def merged(team: ScrubPolicy, own: ScrubPolicy) -> ScrubPolicy:
    """A rule's policy on top of the team's defaults: lists add up, single values of the rule win where it sets them."""
    return own.model_copy(
        update={
            "entities": own.entities if own.entities is not None else team.entities,
            "exclude": (*team.exclude, *own.exclude),
            "threshold": own.threshold if "threshold" in own.model_fields_set else team.threshold,
            "thresholds": team.thresholds | own.thresholds,
            "allow": (*team.allow, *own.allow),
            "deny": (*team.deny, *own.deny),
            "paths": (*team.paths, *own.paths),
            "strict": team.strict or own.strict,
        }
    )


def parse_path(path: str) -> Steps:
    """`input.messages[*].content` → ("input", "messages", "*", "content"); `**` stands for any number of steps."""
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise UsageError(
                f"the scrub path `{path}` cannot be read at character {position + 1}.",
                code="RULE_MALFORMED",
                remedy="Write it like `input.messages[*].content` or `metadata.**`.",
            )
        if match["name"]:
            steps.append(match["name"])
        elif match["index"]:
            steps.append("*" if match["index"] == "*" else int(match["index"]))
        else:
            steps.append(str(json.loads(match["quoted"])))
        position = match.end()
    return tuple(steps)


def _matches(pattern: Steps, steps: Steps) -> bool:
    if not pattern:
        return not steps
    if pattern[0] == "**":
        return any(_matches(pattern[1:], steps[i:]) for i in range(len(steps) + 1))
    if not steps or pattern[0] not in ("*", steps[0]):
        return False
    return _matches(pattern[1:], steps[1:])


def _covers(pattern: Steps, steps: Steps) -> bool:
    """Whether the pattern names the node or one above it."""
    return any(_matches(pattern, steps[:i]) for i in range(1, len(steps) + 1))
