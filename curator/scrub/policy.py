"""A rule's scrub policy, made ready for use: which entities count, which texts never or always, what holds where, and
whole fields that are dropped, constant or replaced by a surrogate.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import regex
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from curator.model import Finding, ScrubPolicy, Value, split_path
from curator.model.draft import Action
from curator.model.errors import UsageError
from curator.model.files import read_text
from curator.model.rule import PathPolicy, PatternSpec
from curator.scrub.entities import DEFAULT_ENTITIES, ENTITIES
from curator.scrub.items import Leaf, Steps, path_of
from curator.scrub.known import KnownValues
from curator.scrub.locate import Located, Passage, outside_placeholders
from curator.scrub.normalise import fold
from curator.scrub.placeholders import fits, made_from
from curator.scrub.recognizers.patterns import tells


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """`ScrubPolicy` with its defaults filled in and its paths parsed."""

    source: ScrubPolicy
    entities: frozenset[str]
    allow: frozenset[str]
    deny: tuple[str, ...]
    paths: tuple[tuple[Steps, PathPolicy], ...]
    surrogates: frozenset[str]
    """Entities whose values keep their form."""
    templates: dict[str, str]
    """Name of a pattern → its surrogate's form."""

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
        entities=frozenset((entities | {"FIELD", "DENIED", "MEDIA", "CUSTOM"}) - set(policy.exclude)),
        allow=frozenset(fold(text) for text in policy.allow),
        deny=tuple(fold(text) for text in policy.deny if text.strip()),
        paths=tuple((parse_path(entry.path), entry) for entry in policy.paths),
        surrogates=frozenset((*policy.surrogates, *(["USER_ID"] if policy.user_ids == "surrogate" else []))),
        templates={spec.name: spec.surrogate for spec in policy.patterns if spec.surrogate is not None},
    )


def compiled(policy: ScrubPolicy) -> CompiledPolicy:
    """Checks and prepares a policy. Raises UsageError for entities that nobody knows and for malformed paths."""
    return _compiled(policy.model_dump_json())


class _PatternFile(Value):
    patterns: tuple[PatternSpec, ...]


def patterns_of(path: Path) -> tuple[PatternSpec, ...]:
    """Recognizers of one's own from a TOML or YAML file whose only key is `patterns`.

    Raises UsageError (SCRUB_PATTERNS) with file and line.
    """
    text = read_text(path, code="SCRUB_PATTERNS", megabytes=1)
    # A TOML file is read for its lines once more: tomllib knows none.
    heads = [n for n, line in enumerate(text.splitlines(), 1) if regex.match(r"\s*\[\[\s*patterns\s*\]\]", line)]
    try:
        if path.suffix == ".toml":
            body = tomllib.loads(text)
        else:
            body = YAML(typ="rt", pure=True).load(text)
            heads = [line + 1 for line, _ in (body["patterns"].lc.data[i] for i in range(len(body["patterns"])))]
        return _PatternFile.model_validate(body).patterns
    except tomllib.TOMLDecodeError as error:
        line, says = int("".join(regex.findall(r"line (\d+)", str(error))[:1]) or 1), f"is no TOML: {error}"
    except ValidationError as error:
        first = error.errors()[0]
        steps = [*map(str, first["loc"]), ""]
        line = heads[int(steps[1])] if steps[1].isdigit() and int(steps[1]) < len(heads) else 1
        says = f"{'.'.join(filter(None, steps))}: {first['msg'].removeprefix('Value error, ')}"
    except MarkedYAMLError as error:
        line, says = (error.problem_mark.line + 1 if error.problem_mark else 1), f"is no YAML: {error.problem}"
    except (AttributeError, KeyError, TypeError):
        line, says = 1, "is no table with a list `patterns`"
    raise UsageError(
        f"{path}:{line}: {says}.",
        code="SCRUB_PATTERNS",
        remedy="Each pattern has `name` and `pattern`, and may have `context` and `surrogate`.",
    )


def merged(team: ScrubPolicy, own: ScrubPolicy) -> ScrubPolicy:
    """A rule's policy on top of the team's defaults: lists add up, single values of the rule win where it sets them."""
    lists = ("exclude", "allow", "deny", "paths", "patterns", "surrogates")
    both: dict[str, object] = {name: (*getattr(team, name), *getattr(own, name)) for name in lists}
    for name in ("threshold", "user_ids"):
        both[name] = getattr(own if name in own.model_fields_set else team, name)
    both |= {
        "entities": own.entities if own.entities is not None else team.entities,
        "thresholds": team.thresholds | own.thresholds,
        "strict": team.strict or own.strict,
        "results": "scrubbed" if "scrubbed" in (team.results, own.results) else "raw",
        "unread_language": "block" if "block" in (team.unread_language, own.unread_language) else "warn",
    }
    return own.model_copy(update=both)


def parse_path(path: str) -> Steps:
    """`input.messages[*].content` → ("input", "messages", "*", "content"); `**` stands for any number of steps."""
    try:
        return tuple(split_path(path, wild=True))
    except ValueError as error:
        raise UsageError(
            f"the scrub path `{path}` cannot be read at character {error}.",
            code="RULE_MALFORMED",
            remedy="Write it like `input.messages[*].content` or `metadata.**`.",
        ) from None


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


def pruned(value: object, rules: CompiledPolicy, base: Steps, findings: list[Finding]) -> object:
    """`value` without what the rule drops (an element of a list becomes null, so that the others keep their places),
    and with its constants in place. Each change is appended to `findings`.
    """
    if not any(p.action in ("drop", "constant") for _, p in rules.paths):
        return value
    return _pruned(value, rules, base, findings)


def _pruned(value: object, rules: CompiledPolicy, base: Steps, findings: list[Finding]) -> object:
    rule = rules.exactly_at(base)
    if rule is not None and rule.action == "constant":
        if value != rule.constant:
            findings.append(_whole(base, "constant"))
        return rule.constant
    if rule is not None and rule.action == "drop":
        if value is not None:
            findings.append(_whole(base, "drop"))
        return None
    if isinstance(value, dict):
        kept = {}
        for key, child in value.items():
            here = (*base, key)
            inner = rules.exactly_at(here)
            if inner is not None and inner.action == "drop":
                findings.append(_whole(here, "drop"))
            else:
                kept[key] = _pruned(child, rules, here, findings)
        return kept
    if isinstance(value, list | tuple):
        return [_pruned(child, rules, (*base, i), findings) for i, child in enumerate(value)]
    return value


def _whole(steps: Steps, action: Action) -> Finding:
    path = path_of(steps)
    return Finding(
        id=f"{action}:{path}", path=path, start=0, end=0, entity="FIELD", score=1, action=action, recognizer="rule"
    )


def settled(leaf: Leaf, rules: CompiledPolicy) -> bool:
    """Whether the rule has the last word on a leaf's text: a constant, or a surrogate that is in place already."""
    rule = rules.at(leaf.steps)
    if rule is None or leaf.in_key:
        return False
    return rule.action == "constant" or (
        rule.action == "surrogate" and rule.surrogate is not None and fits(rule.surrogate, leaf.text)
    )


def template(leaf: Leaf, rules: CompiledPolicy) -> str | None:
    """The surrogate that stands for a leaf's whole text."""
    rule = rules.at(leaf.steps)
    return rule.surrogate if rule is not None and rule.action == "surrogate" and not leaf.in_key else None


def declared(leaf: Leaf) -> Located:
    """A leaf's whole text as a finding."""
    return Located(0, len(leaf.text), "FIELD", 1.0, "rule")


def denied(parts: list[Passage], rules: CompiledPolicy) -> list[tuple[int, Located]]:
    """Every place of a text on the deny list, and of what the rule's own patterns fit."""
    deny = KnownValues()
    for text in rules.deny:
        deny.add(text, "DENIED", 1.0)
    return [*deny.places(parts, ()), *_custom(parts, rules)]


def _custom(parts: list[Passage], rules: CompiledPolicy) -> Iterator[tuple[int, Located]]:
    for spec in rules.source.patterns:
        pattern = regex.compile(spec.pattern)
        group = "value" if "value" in pattern.groupindex else 0
        for part in parts:
            for match in pattern.finditer(part.text, timeout=2):
                start, end = match.span(group)
                start = max(start, part.lead)
                if spec.surrogate is not None and made_from(spec.surrogate, part.text[start:end]):
                    continue
                if start >= end or outside_placeholders(part, start, end) != [(start, end)]:
                    continue
                place = part.locate(start, end)
                if place and (not spec.context or tells(part.text, match.start(), spec.context)):
                    yield part.leaf, Located(*place, "CUSTOM", 1.0, spec.name, part.depth, part.quote)


def allowed(text: str, item: Located, rules: CompiledPolicy) -> bool:
    """Whether a finding is on the allow list, or part of something that is ("Nimbus" in "Nimbus Pro")."""
    if not rules.allow:
        return False
    value = fold(text[item.start : item.end])
    for term in rules.allow:
        if value == term:
            return True
        if value and value in term:
            reach = len(term) + 8
            window = text[max(0, item.start - reach) : item.end + reach]
            offset = item.start - max(0, item.start - reach)
            for match in regex.finditer(regex.escape(term), window, regex.IGNORECASE):
                if match.start() <= offset and match.end() >= offset + item.end - item.start:
                    return True
    return False
