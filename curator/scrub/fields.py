"""What a rule says about whole fields: dropped, constant, or replaced by a surrogate, whatever stands in them."""

import regex

from curator.model import Finding
from curator.model.scrub import Action
from curator.scrub.known import KnownValues
from curator.scrub.locate import Located, Reading
from curator.scrub.placeholders import fits
from curator.scrub.policy import CompiledPolicy
from curator.scrub.walk import Leaf, Steps, path_of


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


def denied(parts: list[Reading], rules: CompiledPolicy) -> list[tuple[int, Located]]:
    """Every place of a text on the deny list."""
    deny = KnownValues()
    for text in rules.deny:
        deny.add(text, "DENIED", 1.0)
    return list(deny.again(parts, ()))


def allowed(text: str, item: Located, rules: CompiledPolicy) -> bool:
    """Whether a finding is on the allow list, or part of something that is ("Nimbus" in "Nimbus Pro")."""
    from curator.scrub.normalise import fold

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
