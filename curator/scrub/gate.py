"""The gate: what happens with each finding, who decided it, and what lineage records of it."""

import html
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal, Protocol

import regex
from pydantic import model_validator

from curator.model import Finding, ScrubPolicy, ScrubSummary, Value
from curator.model.draft import Action
from curator.model.errors import CuratorError, UsageError
from curator.model.json import Json
from curator.model.rule import PathPolicy
from curator.scrub.entities import SUGGESTIONS
from curator.scrub.items import Leaf, walk
from curator.scrub.media import ENTITY as MEDIA
from curator.scrub.recognizers.names import is_family, is_ordinary, is_plain_given

if TYPE_CHECKING:
    from curator.scrub.scrubber import Scrubber


class Choice(Value):
    """A reviewer's decision on one finding."""

    action: Literal["replace", "keep"]
    text: str | None = None
    """What takes its place, such as a description of a picture; None for a placeholder. Scrubbed like any text."""
    reason: str | None = None
    """Why it is kept; it is scrubbed like any text and recorded in lineage."""

    @model_validator(mode="after")
    def _complete(self) -> "Choice":
        if self.action == "keep" and not (self.reason or "").strip():
            raise ValueError("keeping a finding needs a reason")
        return self


Choices = Mapping[str, Choice]


class Finds(Protocol):
    """What looks for personal values; `Scrubber` is one."""

    def find(self, value: Json, policy: ScrubPolicy) -> list[Finding]:
        """The findings of a JSON value."""
        ...


def refuse_personal(finder: Finds, names: Mapping[str, str], policy: ScrubPolicy | None = None) -> None:
    """Refuses names of a person's own choice that stand in ids, logs and metadata, where no placeholder can: a case, a
    label, a variable, a dataset's description. `names`: what it is in words → its text.

    Raises UsageError (PII_IN_NAME) without the value, NotScrubbed.
    """
    plain = (policy or ScrubPolicy()).model_copy(update={"paths": ()})
    own = bool(plain.deny or plain.patterns)
    wanted = {what: text for what, text in names.items() if own or not _ordinary(Leaf((), text, ()))}
    if not wanted:
        return
    for finding in finder.find(list(wanted.values()), plain):
        if finding.action == "replace":
            what = list(wanted)[int(finding.path.strip("[]").split("]")[0])]
            raise UsageError(
                f"{what} holds a personal value or a secret ({finding.entity}); it would stand where nobody scrubs.",
                code="PII_IN_NAME",
            )


class Outgoing:
    """The one gate for what goes to Langfuse, reports and logs beside items: outputs, comments, texts of exceptions.

    Thread-safe. Texts of ordinary words alone pass as they are; the first other one starts the engine.
    """

    def __init__(self, policy: ScrubPolicy | None = None, scrubber: "Scrubber | None" = None) -> None:
        """`scrubber`: one that already runs and that somebody else closes."""
        policy = policy or ScrubPolicy()
        self.files = policy.results == "scrubbed"
        """Whether local result files hold what goes out, too."""
        self._policy = policy.model_copy(update={"paths": (), "strict": False})
        self._scrubber, self._own = scrubber, scrubber is None
        self._lock = threading.Lock()

    def clean(self, value: Json) -> Json:
        """The value without its personal values; a note in its place when it could not be read. Never raises."""
        try:
            if not (self._policy.deny or self._policy.patterns) and all(map(_ordinary, walk(value))):
                return value
            return self._engine().scrub_value(value, self._policy).value
        except CuratorError as error:
            return f"(not shown: {error.message})"

    def text(self, text: str) -> str:
        """As `clean`, for one text."""
        return str(self.clean(text)) if text else text

    def refuse(self, names: Mapping[str, str]) -> None:
        """As `refuse_personal`, by this gate's policy."""
        refuse_personal(self._engine(), names, self._policy)

    def picture(self, svg: str) -> str:
        """A picture of a screen (SVG as Rich writes it) with blocks where one of its texts holds a value.

        Raises NotScrubbed.
        """
        texts = [html.unescape(text).replace("\xa0", " ") for text in _SVG_TEXT.findall(svg)]
        for found in self._engine().find(list(texts), self._policy):
            if found.action == "replace":
                i = int(found.path.strip("[]"))
                texts[i] = texts[i][: found.start] + "█" * (found.end - found.start) + texts[i][found.end :]
        clean = iter(texts)
        return _SVG_TEXT.sub(lambda match: html.escape(next(clean)).replace(" ", "&#160;"), svg)

    def _engine(self) -> "Scrubber":
        from curator.scrub.scrubber import Scrubber

        with self._lock:
            self._scrubber = self._scrubber or Scrubber()
        return self._scrubber

    def close(self) -> None:
        """Ends the engine."""
        if self._scrubber is not None and self._own:
            self._scrubber.close()


_SVG_TEXT = regex.compile(r"(?<=>)[^<>]+(?=</text>)")


def _ordinary(leaf: Leaf) -> bool:
    """Whether a text is made of ordinary words and short numbers, so that nothing in it can be anybody's."""
    if leaf.number or _TELLING.search(leaf.text):
        return False
    words = regex.findall(r"\p{Lu}?[\p{Ll}\p{M}]+|\p{Lu}{2,}|[\p{Lo}]+", leaf.text)  # KeyError is Key and Error
    return len(words) < 200 and all(
        len(w) < 2 or (is_ordinary(w) and not (is_plain_given(w) or is_family(w))) for w in words
    )


_TELLING = regex.compile(
    r"[@\\%&]|://|\d{4}|\d[ .\-]\d{2}|\S{40}|(?i:pass|pwd|secret|token|key|pin|cookie|auth|bearer)\S{0,12}\s{0,3}[:= ]"
)


def action_of(
    entity: str, choice: Choice | None, rule: PathPolicy | None, *, strict: bool, review: bool, draft: bool = False
) -> tuple[Action, str | None]:
    """`(action, reason)` of a finding. A reviewer's choice comes first; `strict` accepts nothing less. Then
    the rule's word for the path; then suggestions are left alone, a reviewer (`review`) has to decide, and a command
    replaces. Media in a draft (`draft`) always wait for a person: a placeholder would make another case of it.
    """
    if choice is not None:
        return choice.action, choice.reason
    if strict:
        return "undecided", None
    if rule is not None and rule.action == "keep":
        return "keep", rule.reason
    if rule is not None and rule.action == "replace":
        return "replace", None
    if entity in SUGGESTIONS:
        return "suggest", None
    if entity == MEDIA and draft:
        return "undecided", None
    return ("undecided" if review else "replace"), None


def replaces(action: Action) -> bool:
    """Whether the text is replaced under this action; an undecided finding is, to be on the safe side."""
    return action not in ("keep", "suggest")


def summary(findings: Iterable[Finding], model: str | None) -> ScrubSummary:
    """What lineage records: entity → count, and the reasons for what was kept. Never a value."""
    counted: dict[str, Counter[str]] = {"replaced": Counter(), "kept": Counter(), "suggested": Counter()}
    reasons: Counter[tuple[str, str]] = Counter()
    places: dict[str, Counter[str]] = {}
    for finding in findings:
        what = {"keep": "kept", "suggest": "suggested", "undecided": None}.get(finding.action, "replaced")
        if what is not None:
            counted[what][finding.entity] += 1
        if what == "kept":
            reasons[finding.entity, finding.reason or ""] += 1
            places.setdefault(finding.path, Counter())[finding.entity] += 1
    return ScrubSummary(
        replaced=dict(sorted(counted["replaced"].items())),
        kept=dict(sorted(counted["kept"].items())),
        kept_at={path: dict(sorted(counts.items())) for path, counts in sorted(places.items())},
        suggested=dict(sorted(counted["suggested"].items())),
        reasons=tuple(f"{entity} x {n}: {reason}" for (entity, reason), n in sorted(reasons.items())),
        model=model,
    )
