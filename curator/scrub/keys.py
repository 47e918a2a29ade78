"""What a dict key says about its value.

A value on its own ("Jane Hunter", 4915112345678) says little; `customer name: Jane Hunter` says much. So a short value
is read with its keys as a lead-in, and recognizers need to know only one kind of context: text.
"""

import regex

from curator.scrub.recognizers.names import word_list

_WORDS = regex.compile(r"\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\d+")
_LONGEST = 200
"""A longer value is prose and speaks for itself."""

_TELLING = word_list("telling_keys.txt")
_BLANK = frozenset({"id", "no", "number", "value"})
"""Keys that say nothing themselves, but pass on what the key above them says."""
_PARTS = frozenset({"first", "last", "middle", "full", "given", "family"})
"""Keys below `name` that say which part of it: `{"name": {"first": …, "last": …}}`."""
_NEVER = frozenset({"content", "text", "message", "messages", "query", "question", "answer", "output", "input"})


def words(key: str) -> list[str]:
    """`firstName`, `first_name`, `First-Name` → first, name."""
    return [word.lower() for word in _WORDS.findall(key)]


def lead_in(keys: tuple[str, ...], text: str) -> str:
    """What to read before a value: `customer name: `, or nothing when the keys say nothing or the value is prose."""
    if len(text) > _LONGEST or not keys:
        return ""
    own = words(keys[-1])
    if not own or len(own) > 6 or not _NEVER.isdisjoint(own):
        return ""
    if len(own) == 1 and own[0] in _PARTS and len(keys) > 1 and words(keys[-2])[-1:] == ["name"]:
        return f"{own[0]} name: "
    above = [w for w in words(keys[-2]) if w in _TELLING and w not in own] if len(keys) > 1 else []
    tells = not _TELLING.isdisjoint(own) or (above and (own[0] in _BLANK or own[0].isdigit()))
    return " ".join([*above, *own]) + ": " if tells else ""
