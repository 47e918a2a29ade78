"""Which end of a score is bad: learned from its name, its categories and its range; what nobody can know is said."""

import json
import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Literal

from curator.gateway import ScoreConfig
from curator.model import Score, Value

_WORDS = tomllib.loads(files("curator.draft").joinpath("directions.toml").read_text("utf-8"))
BAD, GOOD, NEITHER, NEGATIONS, KINDS, YES, NO = map(tuple, _WORDS.values())
SCALES = ((0.0, 1.0), (1.0, 5.0), (0.0, 10.0), (0.0, 100.0))


class SeenScore(Value):
    """One score's name as it was seen, and which end of it is bad."""

    data_type: str
    count: int
    low: float | None = None
    high: float | None = None
    range: tuple[float | None, float | None] = (None, None)
    """The lowest and highest value that the project allows, where its score config says them."""
    categories: tuple[str, ...] = ()
    """Those that were seen, and those that the project's score config names."""
    on_session: bool = False
    bad: Literal["low", "high"] | tuple[str, ...] | None = None
    """The bad end of a number (for booleans: false or true), the bad categories, or None: nobody can tell."""

    def condition(self) -> str:
        """The condition of a signal, as YAML; for an unknown direction one to start from."""
        high = self.bad == "high"
        if self.data_type == "BOOLEAN":
            return f"is: {'true' if high else 'false'}"
        if self.data_type == "CATEGORICAL":
            chosen = self.bad if isinstance(self.bad, tuple) else self.categories
            return f"in: [{', '.join(json.dumps(each, ensure_ascii=False) for each in chosen)}]"
        if self.low is None or self.high is None:
            return ""
        lowest, highest = self.range
        if lowest is not None and highest is not None:
            return f"{'above' if high else 'below'}: {(lowest + highest) / 2:g}"
        return f"{'above' if high else 'below'}: {middle(self.low, self.high):g}"

    def why(self) -> str:
        """Why this end is taken as bad, in a few words."""
        if self.bad is None:
            return "which end is bad? take away the # when you know"
        if self.data_type == "BOOLEAN":
            return f"seen {self.count} times; {'true' if self.bad == 'high' else 'false'} is bad"
        if self.data_type == "CATEGORICAL":
            left = [each for each in self.categories if each not in self.bad]
            return f"seen {self.count} times" + (f"; {len(left)} other categories are fine" if left else "")
        lowest, highest = self.range
        scale = f" of {lowest:g} to {highest:g}" if lowest is not None and highest is not None else ""
        return f"seen {self.count} times, from {self.low:g} to {self.high:g}{scale}; {self.bad} is bad"


def middle(low: float, high: float) -> float:
    """The middle of the scale that the values suggest: 0–1, 1–5, 0–10, 0–100."""
    for bottom, top in SCALES:
        if bottom <= low and high <= top:
            return (bottom + top) / 2
    return (low + high) / 2


def direction(name: str) -> Literal["low", "high"] | None:
    """Which end of a number or boolean of that name is bad; None when the name does not say."""
    words = [word.lower() for word in re.findall(r"[A-ZÀ-Þ]?[a-zß-ÿ]+|[A-ZÀ-Þ]+|\d+", name)]
    if any(word.startswith(NEITHER) for word in words):
        return None
    negated = any(word in NEGATIONS for word in words)
    for word in words:
        if word.startswith(BAD):
            return "low" if negated else "high"
    for word in words:
        if word.startswith(GOOD):
            return "high" if negated else "low"
    return None


def seen_scores(scores: Sequence[Score], configs: Sequence[ScoreConfig] = ()) -> dict[str, SeenScore]:
    """Score name → what was seen of it; curator's own decisions and corrections are left out.

    `configs` are the project's own ranges and categories; of several for one name, the newest that is in use.
    """
    # Newest first, as the server lists them; one that is in use before archived ones.
    ranges = {(one.name, one.data_type): one for one in sorted(configs, key=lambda one: one.is_archived)[::-1]}
    by_name: dict[str, list[Score]] = {}
    for score in scores:
        if score.data_type != "CORRECTION" and not score.own:
            by_name.setdefault(score.name, []).append(score)
    found = {}
    for name, group in by_name.items():
        numbers = [float(s.value) for s in group if isinstance(s.value, (int, float))]
        kind = group[0].data_type
        config = ranges.get((name, kind))
        values = {
            str(each["label"]): each.get("value") for each in (config and config.categories) or () if "label" in each
        }
        categories = tuple(sorted({str(s.value) for s in group}))[:12] if kind == "CATEGORICAL" else ()
        categories += tuple(each for each in values if each not in categories and kind == "CATEGORICAL")
        found[name] = SeenScore(
            range=(config.min_value, config.max_value) if config else (None, None),
            data_type=kind,
            count=len(group),
            low=min(numbers, default=None),
            high=max(numbers, default=None),
            categories=categories,
            on_session=all(s.subject == "session" for s in group),
            bad=(bad_categories(name, categories) or _by_order(name, values))
            if kind == "CATEGORICAL"
            else direction(name),
        )
    return found


def _by_order(name: str, values: dict[str, Any]) -> tuple[str, ...] | None:
    """The bad half of categories to which the project gave numbers, under a name that says which end is bad."""
    numbers = {label: value for label, value in values.items() if isinstance(value, (int, float))}
    bad = direction(name)
    if bad is None or len(set(numbers.values())) < 2:
        return None
    middle = (min(numbers.values()) + max(numbers.values())) / 2
    return tuple(label for label, value in numbers.items() if (value < middle if bad == "low" else value > middle))


def bad_categories(name: str, categories: Sequence[str]) -> tuple[str, ...] | None:
    """The categories that mean a failure; None when they do not say."""
    if _says_what_went_wrong(name):
        return (
            tuple(each for each in categories if direction(each) != "low" and each.lower() not in ("none", "other", ""))
            or None
        )
    if bad := tuple(each for each in categories if direction(each) == "high"):
        return bad
    yes = {"high": YES, "low": NO}.get(direction(name) or "", ())
    return tuple(each for each in categories if each.lower() in yes) or None


def _says_what_went_wrong(name: str) -> bool:
    words = re.findall(r"[a-z]+", name.lower())
    return any(word in KINDS for word in words)


def failure_types(scores: Sequence[Score]) -> tuple[str, ...]:
    """Words for what went wrong, from the categories of annotations that say so."""
    found: list[str] = []
    for score in scores:
        if score.data_type == "CATEGORICAL" and score.source == "ANNOTATION" and _says_what_went_wrong(score.name):
            text = str(score.value)
            if text and direction(text) != "low" and text.lower() not in ("none", "ok") and text not in found:
                found.append(text)
    return tuple(sorted(found)[:12])
