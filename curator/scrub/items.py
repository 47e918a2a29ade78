"""An item as the scrub reads it: how much of one it takes on, how it says no, and every text in it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from curator.model import Value, join_path
from curator.model.errors import CuratorError
from curator.scrub.recognizers.names import word_list


class NotScrubbed(CuratorError):
    """The scrub did not finish, so nothing may be stored. The message holds no text of the item."""

    def __init__(
        self, why: str, *, remedy: str = "Shorten the field, drop it in the rule, or leave this trace out."
    ) -> None:
        super().__init__(f"not scrubbed, not stored: {why}.", code="PII_NOT_SCRUBBED", remedy=remedy)
        self.why = why

    def __reduce__(self) -> tuple[type["NotScrubbed"], tuple[str]]:
        return (NotScrubbed, (self.why,))


class Limits(Value):
    """Hard limits. Sizes are checked before reading; the worker is killed when an item takes longer than `seconds`."""

    string_chars: int = 1_000_000
    """Characters of one string; spaCy itself refuses more."""
    item_chars: int = 4_000_000
    """Characters of all strings of one item."""
    leaves: int = 200_000
    """Strings, numbers and keys of one item."""
    seconds: float = 60.0
    """Processor time of the worker for one item."""
    start_seconds: float = 90.0
    """Processor time of the worker to load its engine."""


MAX_DEPTH = 200
_MAX_DIGITS = 1_000
_MIN_DIGITS = 7
"""Integers with fewer digits are no telephone, card or account number."""

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A string, a long number or a dict key: where it is, its text, and the keys above it."""

    steps: Steps
    """Steps from the item's root, e.g. `("input", "messages", 0, "content")`; of a key: those of its value."""
    text: str
    keys: tuple[str, ...]
    in_key: bool = False
    number: bool = False


def walk(value: object, base: Steps = ()) -> Iterator[Leaf]:
    """Every leaf of `value` in reading order, dict keys before their values.

    Raises NotScrubbed for values nested deeper than 200 levels and for anything that is not JSON.
    """
    stack: list[tuple[object, Steps]] = [(value, base)]
    while stack:
        node, steps = stack.pop()
        if isinstance(node, str):
            if node:
                yield Leaf(steps, node, _keys(steps))
        elif node is None or isinstance(node, bool):
            continue
        elif isinstance(node, int | float):
            text = _digits(node)
            if text:
                yield Leaf(steps, text, _keys(steps), number=True)
        elif len(steps) > MAX_DEPTH:
            raise NotScrubbed(f"a value is nested deeper than {MAX_DEPTH} levels")
        elif isinstance(node, dict):
            stack.extend(_entries(node, steps))
        elif isinstance(node, list | tuple):
            stack.extend((child, (*steps, i)) for i, child in reversed(list(enumerate(node))))
        elif isinstance(node, Leaf):
            yield node
        else:
            raise NotScrubbed(f"a value of type {type(node).__name__} is not JSON")


def path_of(steps: Steps, shown: Mapping[Steps, str] | None = None) -> str:
    """The printable path of steps. `shown` gives the scrubbed form of dict keys, by the steps of their values."""
    path = ""
    for i, step in enumerate(steps):
        if shown and isinstance(step, str):
            step = shown.get(steps[: i + 1], step)
        path = join_path(path, step)
    return path


def _entries(node: dict[object, object], steps: Steps) -> Iterator[tuple[object, Steps]]:
    """A dict's children for the stack (last first), every key before its value."""
    for (key, child), says in reversed(list(zip(node.items(), renamed(node, node.values()), strict=True))):
        if not isinstance(key, str):
            raise NotScrubbed("a dict key is not a string")
        here = (*steps, key)
        thing = says != key and isinstance(child, str) and child
        yield Leaf(here, str(child), (*_keys(steps), says)) if thing else child, here
        if key:
            yield Leaf(here, key, _keys(steps), in_key=True), here


_SIGNS = str.maketrans("", "", "_- .")


_SLOTS = frozenset(
    {"slot", "field", "key", "name", "label", "attribute", "parameter", "question", "column", "property"}
)
_FILLS = frozenset({"value", "answer", "newvalue"})


def renamed(keys: Iterable[object], values: Iterable[object] = ()) -> list[str]:
    """The keys of one object, with `name` as `product name` when the others say that it is a thing's, and `value` as
    what its slot says: `{"field": "surname", "value": …}`.
    """
    said = list(map(str, keys))
    slot = next((v for k, v in zip(said, values, strict=False) if k.casefold() in _SLOTS and isinstance(v, str)), "")
    if slot and len(slot) <= 40:
        said = [slot if k.casefold().translate(_SIGNS) in _FILLS else k for k in said]
    if not any(f"?{k.casefold().translate(_SIGNS)}" in word_list("thing_keys.txt") for k in said):
        return said
    return ["product name" if k.casefold() in ("name", "nombre", "nom", "nome") else k for k in said]


def names_a_thing(key: str) -> bool:
    """Whether a key says that its value is a thing: `brand`, `product name`, `Farbe`."""
    return key.casefold().translate(_SIGNS) in word_list("thing_keys.txt")


def _keys(steps: Steps) -> tuple[str, ...]:
    return tuple(step for step in steps if isinstance(step, str))


def _digits(number: int | float) -> str:
    """A number's digits when it is long enough to be an identifier; spreadsheets turn those into floats."""
    if isinstance(number, float):
        if not number.is_integer() or abs(number) > 2**53:
            return ""
        number = int(number)
    if abs(number) >= 10**_MAX_DIGITS:
        raise NotScrubbed(f"a number has more than {_MAX_DIGITS} digits")
    text = str(number)
    return text if len(text.lstrip("-")) >= _MIN_DIGITS else ""
