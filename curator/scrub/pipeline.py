"""The whole scrub of one item: walk, read, decide, number, replace, and look again until nothing more is found."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import regex

from curator.model import Finding, Json, ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.entities import SUGGESTIONS
from curator.scrub.gate import Choices, action_of, replaces
from curator.scrub.items import Leaf, Limits, NotScrubbed, Steps, path_of, walk
from curator.scrub.known import TERMS, KnownValues, persons
from curator.scrub.locate import Located, locate, passages
from curator.scrub.media import ENTITY as MEDIA
from curator.scrub.media import content_parts, media_in
from curator.scrub.normalise import fold
from curator.scrub.placeholders import PLACEHOLDER, Placeholders, fits, same
from curator.scrub.places import Decided, at_origin, by_leaf, changed, edited, finding_id, hidden_keys, rebuild, resolve
from curator.scrub.policy import CompiledPolicy, allowed, compiled, declared, denied, pruned, settled, template

_ROUNDS = 6
"""Replacing a value changes its sentence, and the model may now see what it missed: so the result is read again."""
_PERSONS = frozenset({"PERSON", "POSSIBLE_NAME"})
_NAMES = frozenset({"PERSON", "USER_ID"})


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """A scrubbed JSON value with its findings, in reading order."""

    value: Json
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A value that was found in the item before an edit."""

    text: str
    entity: str
    score: float
    template: str | None = None
    """The surrogate's form when the rule replaces the field."""
    chosen: str | None = None
    """What the reviewer put in its place in that form: it stands for the value everywhere else, too."""


@contextmanager
def _unread_in_time() -> Iterator[None]:
    """A pattern that ran into its time-out has not read the text to its end."""
    try:
        yield
    except TimeoutError:
        raise NotScrubbed("a pattern took longer than its limit on one text") from None


class Pipeline:
    """The scrub, over one engine. Not thread-safe: the worker runs one at a time."""

    def __init__(self, engine: Engine, limits: Limits | None = None) -> None:
        self.engine = engine
        self.limits = limits or Limits()

    @_unread_in_time()
    def warm(self, values: Iterable[object]) -> None:
        """Reads many values in one batch, so that scrubbing each of them finds its texts already read."""
        parts = [p for value in values for p in passages(self._leaves(value, ()))]
        self.engine.find(list(dict.fromkeys(p.text for p in parts)))

    @_unread_in_time()
    def find(self, value: object, policy: ScrubPolicy, base: Steps = ()) -> list[Finding]:
        """Every finding in a value, unreplaced; what placeholders, surrogates and the rule's paths cover is none."""
        rules = compiled(policy)
        value = pruned(value, rules, base, [])
        leaves = self._leaves(value, base)
        found = self._found(leaves, rules, frozenset(), content_parts(value, base), declare=False)
        decided = [
            Decided(i, item, "suggest" if item.entity in SUGGESTIONS else "replace")
            for i, items in enumerate(found)
            for item in items
            if (rule := rules.at(leaves[i].steps)) is None or rule.action != "keep"
        ]
        return list(_findings(leaves, decided))

    @_unread_in_time()
    def scrub(
        self,
        value: object,
        policy: ScrubPolicy,
        *,
        choices: Choices | None = None,
        review: bool = False,
        draft: bool = False,
        earlier: object = None,
        untouched: frozenset[str] = frozenset(),
    ) -> Scrubbed:
        """Scrubs a JSON value. `untouched` are ids of curator's own (trace, observation, item) that name nobody.

        `draft`: it is a proposed item, whose media wait for a person's decision. `earlier`: the value before somebody
        edited it; what is found there is found here, too.

        Raises NotScrubbed when a limit is exceeded or the text does not come to rest.
        """
        rules, choices = compiled(policy), choices or {}
        whole: list[Finding] = []
        value = pruned(value, rules, (), whole)
        leaves = self._leaves(value, ())
        skip = frozenset(i for i, leaf in enumerate(leaves) if leaf.text in untouched)
        decided: list[Decided] = []
        files = content_parts(value)
        seen = self._seen(earlier, leaves, rules, untouched)
        found = self._found(leaves, rules, skip, files, seen)
        for _ in range(_ROUNDS):
            hidden = hidden_keys(leaves, (*(d.leaf for d in decided), *(i for i, items in enumerate(found) if items)))
            fresh = self._decided(leaves, found, rules, choices, (review, draft), hidden)
            if not fresh:
                break
            decided = _numbered(leaves, _joined(decided, fresh), rules, seen)
            found = self._found_after(leaves, decided, rules, skip, files)
        else:
            raise NotScrubbed("each replacement brings another finding to light")
        typed = policy.model_copy(update={"paths": (), "strict": False})
        self._clean_reasons(leaves, decided, typed)
        self._describe(leaves, decided, choices, typed)
        return Scrubbed(rebuild(value, *edited(leaves, decided)), (*_findings(leaves, decided), *whole))

    def _seen(
        self, earlier: object, leaves: Sequence[Leaf], rules: CompiledPolicy, untouched: frozenset[str]
    ) -> list[Seen]:
        """What is found in the value before it was edited."""
        if earlier is None:
            return []
        old = self._leaves(earlier, ())
        skip = frozenset(i for i, leaf in enumerate(old) if leaf.text in untouched)
        now = {leaf.steps: leaf.text for leaf in leaves if not leaf.in_key}
        seen = []
        for leaf, items in zip(old, self._found(old, rules, skip, content_parts(earlier)), strict=True):
            rule = rules.at(leaf.steps)
            for item in items if rule is None or rule.action != "keep" else ():
                text = leaf.text[item.start : item.end]
                if item.entity == "FIELD":
                    form = template(leaf, rules)
                    new = now.get(leaf.steps, "")
                    chosen = new if form is not None and new != text and fits(form, new) else None
                    seen.append(Seen(text, item.entity, item.score, form, chosen))
                elif item.entity != MEDIA:
                    seen.append(Seen(text, item.entity, item.score))
        return seen

    def _leaves(self, value: object, base: Steps) -> list[Leaf]:
        leaves: list[Leaf] = []
        total = 0
        for leaf in walk(value, base):
            size = len(leaf.text)
            total += size
            if size > self.limits.string_chars:
                raise NotScrubbed(f"a text of {size:,} characters is longer than {self.limits.string_chars:,}")
            if total > self.limits.item_chars:
                raise NotScrubbed(f"the item is longer than {self.limits.item_chars:,} characters")
            leaves.append(leaf)
            if len(leaves) > self.limits.leaves:
                raise NotScrubbed(f"the item has more than {self.limits.leaves:,} texts")
        return leaves

    def _found(
        self,
        leaves: Sequence[Leaf],
        rules: CompiledPolicy,
        skip: frozenset[int],
        files: Mapping[Steps, str],
        seen: Sequence[Seen] = (),
        *,
        declare: bool = True,
    ) -> list[list[Located]]:
        """Per leaf what counts under the policy, without overlaps. `declare`: also fields that the rule replaces.

        `files` are the places that content parts name, `seen` values that are known from elsewhere.
        """
        fields = {i: declared(leaf) for i, leaf in enumerate(leaves) if declare and template(leaf, rules)}
        closed = skip | {i for i, leaf in enumerate(leaves) if settled(leaf, rules)}
        media = {i: m for i, leaf in enumerate(leaves) if i not in closed and (m := media_in(leaf, files))}
        parts = passages(leaves, closed, media)
        found = [
            [
                f
                for f in raw
                if rules.counts(f.entity, f.score)
                and not allowed(leaf.text, f, rules)
                and not (f.entity in _NAMES and _names_a_reviewer(leaf))
            ]
            for leaf, raw in zip(leaves, locate(self.engine, parts, len(leaves)), strict=True)
        ]
        for i, media_of_leaf in media.items():
            found[i] += [Located(m.start, m.end, MEDIA, 1.0, m.says()) for m in media_of_leaf]
        for i, item in (*fields.items(), *denied(parts, rules)):
            found[i].append(item)
        known = KnownValues()
        for each in seen:
            known.add(each.text, each.entity, each.score)
        for leaf, items in zip(leaves, found, strict=True):
            for item in items:
                if item.entity == MEDIA:
                    continue
                known.add(leaf.text[item.start : item.end], item.entity, item.score)
        terms = [i for i, leaf in enumerate(leaves) if not TERMS.isdisjoint(leaf.keys)]
        for i, item in known.places(parts, terms):
            if not allowed(leaves[i].text, item, rules):
                found[i].append(item)
        return [resolve(leaf.text, items) for leaf, items in zip(leaves, found, strict=True)]

    def _found_after(
        self,
        leaves: Sequence[Leaf],
        decided: Sequence[Decided],
        rules: CompiledPolicy,
        skip: frozenset[int],
        files: Mapping[Steps, str],
    ) -> list[list[Located]]:
        """What is found in the scrubbed texts, at its place in the original ones."""
        changes = edited(leaves, decided)
        if not any(changes):
            return []
        found = self._found(changed(leaves, changes), rules, skip, files, declare=False)
        earlier = by_leaf(decided)
        fresh: list[list[Located]] = []
        for i, (leaf, items) in enumerate(zip(leaves, found, strict=True)):
            placed = [b for item in items for b in at_origin(item, leaf.text, earlier.get(i, []))]
            fresh.append([p for p in placed if not _suggested(p, earlier.get(i, []))])
        return fresh

    def _decided(
        self,
        leaves: Sequence[Leaf],
        found: Sequence[Sequence[Located]],
        rules: CompiledPolicy,
        choices: Choices,
        asked: tuple[bool, bool],
        hidden: Mapping[Steps, str],
    ) -> list[Decided]:
        decided = []
        review, draft = asked
        texts = (leaves[i].text[f.start : f.end] for i, fs in enumerate(found) for f in fs if f.entity in _PERSONS)
        people = persons(texts) if choices else {}

        def value(i: int, item: Located) -> tuple[str, str]:
            form = same(item.entity, leaves[i].text[item.start : item.end])
            return item.entity, people.get(form, form) if item.entity in _PERSONS else form

        kept = {
            value(i, item): choice
            for i, items in enumerate(found)
            for item in items
            if choices and (choice := choices.get(finding_id(leaves, i, item, hidden))) and choice.action == "keep"
        }
        for i, items in enumerate(found):
            rule = rules.at(leaves[i].steps)
            for item in items:
                choice = choices.get(finding_id(leaves, i, item, hidden))
                if kept and choice is None:  # a keep holds for the value, and for the person, wherever it stands
                    choice = kept.get(value(i, item))
                if item.entity == "FIELD" and choice is None:
                    decided.append(Decided(i, item, "surrogate"))
                    continue
                action, reason = action_of(
                    item.entity, choice, rule, strict=rules.source.strict, review=review, draft=draft
                )
                decided.append(Decided(i, item, action, reason))
        return decided

    def _describe(
        self, leaves: Sequence[Leaf], decided: Sequence[Decided], choices: Choices, policy: ScrubPolicy
    ) -> None:
        """Puts a person's own words where they were chosen instead of a placeholder; they are scrubbed, too."""
        hidden = hidden_keys(leaves, (d.leaf for d in decided))
        for d in decided:
            choice = choices.get(finding_id(leaves, d.leaf, d.item, hidden)) if choices else None
            if choice is not None and choice.text is not None and d.action == "replace":
                words = self.scrub({"text": choice.text}, policy).value
                d.replacement = str(cast("dict[str, Json]", words)["text"])

    def _clean_reasons(self, leaves: Sequence[Leaf], decided: Sequence[Decided], policy: ScrubPolicy) -> None:
        """A reason is stored: it may neither repeat the value that it keeps nor name somebody else."""
        cleaned: dict[str, str] = {}
        kept = {leaves[d.leaf].text[d.item.start : d.item.end]: d.item.entity for d in decided if d.action == "keep"}
        for d in decided:
            if d.reason is None:
                continue
            if d.reason not in cleaned:
                text = d.reason
                for value, entity in kept.items():
                    text = regex.sub(regex.escape(value), f"<{entity}_1>", text, flags=regex.IGNORECASE)
                cleaned[d.reason] = str(cast("dict[str, Json]", self.scrub({"reason": text}, policy).value)["reason"])
            d.reason = cleaned[d.reason]


def _names_a_reviewer(leaf: Leaf) -> bool:
    """Whether a leaf is the place that says who decided, annotated or mends a failure: written as it is, by design."""
    at = leaf.steps
    return at in (("metadata", "reviewer"), ("metadata", "gate", "owner")) or (
        at[:2] == ("metadata", "signals") and at[-1:] == ("annotator",)
    )


def _suggested(item: Located, earlier: Sequence[Decided]) -> bool:
    """Whether a suggestion only repeats one that is known."""
    return item.entity in SUGGESTIONS and any(d.item.start < item.end and d.item.end > item.start for d in earlier)


def _joined(decided: Sequence[Decided], fresh: Sequence[Decided]) -> list[Decided]:
    """Both, in reading order. A suggestion gives way to a new finding in its place."""
    new = by_leaf(fresh)
    stays = [
        d
        for d in decided
        if d.item.entity not in SUGGESTIONS
        or not any(f.item.start < d.item.end and f.item.end > d.item.start for f in new.get(d.leaf, ()))
    ]
    return sorted((*stays, *fresh), key=lambda d: (d.leaf, d.item.start))


def _numbered(
    leaves: Sequence[Leaf], decided: list[Decided], rules: CompiledPolicy, seen: Sequence[Seen] = ()
) -> list[Decided]:
    """Gives every finding that is replaced its replacement, from left to right."""
    named = (leaves[d.leaf].text[d.item.start : d.item.end] for d in decided if d.item.entity in _PERSONS)
    placeholders = Placeholders((leaf.text for leaf in leaves), persons(named), rules.surrogates)
    templates = {fold(leaf.text): t for leaf in leaves if (t := template(leaf, rules)) is not None}
    for each in seen:
        if each.template is not None:
            templates.setdefault(fold(each.text), each.template)
            placeholders.choose(each.template, each.text, each.chosen)
    originals = frozenset(leaf.text for leaf in leaves if template(leaf, rules) is not None)
    for d in decided:
        value = leaves[d.leaf].text[d.item.start : d.item.end]
        if not replaces(d.action):
            d.replacement = None
        elif d.item.entity == "FIELD":
            d.replacement = placeholders.surrogate(templates[fold(value)], value, originals)
        elif d.item.entity == "CUSTOM" and (form := rules.templates.get(d.item.recognizer)) is not None:
            d.replacement = placeholders.surrogate(form, value, originals)
            d.action = "surrogate" if d.action == "replace" else d.action
        else:
            d.replacement = placeholders.of(d.item.entity, value)
            if d.action == "replace" and not PLACEHOLDER.fullmatch(d.replacement):
                d.action = "surrogate"
    return decided


def _findings(leaves: Sequence[Leaf], decided: Sequence[Decided]) -> tuple[Finding, ...]:
    shown = _shown(leaves, decided)
    hidden = hidden_keys(leaves, (d.leaf for d in decided))
    return tuple(
        Finding(
            id=finding_id(leaves, d.leaf, d.item, hidden),
            path=path_of(leaves[d.leaf].steps, shown),
            in_key=leaves[d.leaf].in_key,
            start=d.item.start,
            end=d.item.end,
            entity=d.item.entity,
            score=d.item.score,
            action=d.action,
            replacement=d.replacement,
            reason=d.reason,
            recognizer=d.item.recognizer,
        )
        for d in decided
    )


def _shown(leaves: Sequence[Leaf], decided: Sequence[Decided]) -> dict[Steps, str]:
    """Names for keys in which something was found, kept or not: a path is printed, a personal value is not."""
    hidden = [  # what stays has no number: the second look at the item has to come to the same path
        Decided(d.leaf, d.item, d.action, None, d.replacement or f"<{d.item.entity}>")
        for d in decided
        if leaves[d.leaf].in_key
    ]
    return edited(leaves, hidden)[1]
