"""What a name looks like: names from registers, titles, particles, degrees, and what only looks like one."""

from functools import cache
from importlib.resources import files

import regex

WORD = r"(?:(?:\p{Lu}['’])?\p{Lu}\p{Ll}[\p{L}\p{M}]{0,40}(?:['’\-]\p{Lu}?[\p{L}\p{M}]{1,40}){0,4})"
"""A capitalised word: Jane, O'Neill, Jean-Luc, McDonald."""
PARTICLE = (
    r"(?:de|du|des|del|della|di|da|dos|das|la|le|les|el|al|bin|ibn|ben|van|von|vom|der"
    r"|den|ter|ten|zu|zur|y|e|af|av|st\.)"
)
TITLE = (
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Sir|Dame|Lord|Lady|Madam|Mme|Mlle"
    r"|Herr|Frau|Hr|Fr|Señora?|Sra?|Don|Doña"
    r"|Captain|Capt|Sergeant|Sgt|Officer|Judge|Rev|Reverend|Father|Univ|Ing|Dipl|Mag"
    r"|DI|Ir|Drs)\b\.?(?:-?(?:Ing|Kfm|Prof)\.)?)"
)
POSTNOMINAL = (
    r"(?:,?[ ](?:MD|M\.D\.|DDS|DVM|MBA|CPA|RN|Esq|Jr|Sr|II|III|IV|Ph\.?D|B\.?Sc|M\.?Sc"
    r"|B\.?A|M\.?A|B\.?Eng|M\.?Eng|Ing|OBE|CBE|MBE|LLM|JD)\b\.?)"
)
TAIL = rf"(?:[ \t]+(?:(?:{PARTICLE}[ \t]+){{0,2}}(?!(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b)(?:{WORD}|\p{{Lu}}\.)(?![\p{{L}}])))"
NAME = rf"(?:(?:{TITLE}[ \t]?){{0,3}}{WORD}{TAIL}{{0,4}}{POSTNOMINAL}{{0,3}})"
"""One name: titles, one to five words, degrees."""


@cache
def _lines(name: str) -> tuple[str, ...]:
    text = files("curator.scrub").joinpath("data", name).read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of one file in `curator/scrub/data`."""
    return frozenset(_lines(name))


@cache
def given_names() -> frozenset[str]:
    """Given names that are nothing else."""
    return frozenset(n for n in _lines("given_names.txt") if n[0] not in "?@")


@cache
def ambiguous_names() -> frozenset[str]:
    """Given names that are also words, places or products (Grace, Austin, Jasmine)."""
    return frozenset(n[1:] for n in _lines("given_names.txt") if n[0] in "?@")


@cache
def place_names() -> frozenset[str]:
    """Given names that are places (Austin, Sydney, Georgia)."""
    return frozenset(n[1:] for n in _lines("given_names.txt") if n.startswith("@"))


@cache
def family_names() -> frozenset[str]:
    """Family names that are no ordinary words."""
    return word_list("family_names.txt")


@cache
def products() -> frozenset[str]:
    """Products and technical words that a model takes for people, lower case."""
    return word_list("products.txt")


def is_given(word: str) -> bool:
    """Whether a word is a given name, ambiguous or not; of a double name one part is enough."""
    parts = word.casefold().split("-")
    return any(p in given_names() or p in ambiguous_names() for p in parts)


def is_plain_given(word: str) -> bool:
    """Whether a word is a given name and nothing else."""
    return any(p in given_names() for p in word.casefold().split("-"))


def is_family(word: str) -> bool:
    """Whether a word is a family name and no ordinary word."""
    return any(p in family_names() for p in word.casefold().split("-"))


def is_place(word: str) -> bool:
    """Whether a given name is rather a place when it stands alone."""
    return word.casefold() in place_names()


def is_stop(word: str) -> bool:
    """Whether a capitalised word is no part of a name."""
    return word.casefold().rstrip(".") in word_list("no_names.txt")


def is_place_prefix(word: str) -> bool:
    """`Port` in Port Susan, `East` in East Daniel: what follows is a place."""
    return word.casefold().rstrip(".") in word_list("place_prefixes.txt")


def is_thing_suffix(word: str) -> bool:
    """`Hospital` in Mercy Hospital, `CI` in Travis CI: what stands before is no person."""
    return word.casefold().rstrip(".,") in word_list("thing_suffixes.txt")


def is_product(text: str) -> bool:
    """Whether the whole text is a product or a technical word."""
    return text.casefold() in products()


TITLES = regex.compile(rf"(?:{TITLE}[ \t]*)+")
WORDS = regex.compile(r"[^\s,;:!?()\[\]{}\"<>]+")
