"""What a name looks like: names from registers, titles, particles, degrees, and what only looks like one."""

import unicodedata
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise

import regex

from curator.scrub.recognizers.patterns import parts

WORD, PARTICLE, TITLE, POSTNOMINAL, NAME = parts("names", "word", "particle", "title", "postnominal", "name")
"""A capitalised word; `de`, `van`; `Mr`, `Dr`; `MD`, `Jr`; one name: titles, one to five words, degrees."""


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


_LETTERS = str.maketrans({"ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})


@lru_cache(maxsize=50_000)
def bare(word: str) -> str:
    """A word as the world's lists hold it: lower case, without accents and signs around it."""
    marks = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    return "".join(c for c in marks if not unicodedata.combining(c)).strip("'’.,;:!?()\"")


@cache
def _world(name: str) -> tuple[frozenset[str], frozenset[str]]:
    """`(names, names that are ordinary words too)` of one list."""
    lines = _lines(name)
    return frozenset(n for n in lines if n[0] != "?"), frozenset(n[1:] for n in lines if n[0] == "?")


@lru_cache(maxsize=50_000)
def may_be_given(word: str, *, plain: bool = False) -> bool:
    """Whether a word is a given name somewhere in the world; `plain`: and no ordinary word, place or product."""
    if plain:
        return any(p in given_names() or p in _world("world_given.txt")[0] for p in bare(word).split("-"))
    return any(is_given(p) or any(p in names for names in _world("world_given.txt")) for p in bare(word).split("-"))


@lru_cache(maxsize=50_000)
def may_be_family(word: str, *, plain: bool = False) -> bool:
    """Whether a word is a family name somewhere in the world; `plain`: and no ordinary word."""
    some, words = _world("world_family.txt")
    return any(p in family_names() or p in some or (not plain and p in words) for p in bare(word).split("-"))


@lru_cache(maxsize=50_000)
def is_ordinary(word: str) -> bool:
    """Whether a word is an ordinary one and no common given name: lamp, green, price."""
    return bare(word) in word_list("ordinary_words.txt") or is_stop(word) or is_product(word)


def listed(words: Sequence[str]) -> bool:
    """Whether lists confirm a suggested name: a plain name among its words, or a given name with a family name."""
    if any(not is_ordinary(w) and (may_be_given(w, plain=True) or may_be_family(w, plain=True)) for w in words):
        return True
    return len(words) > 1 and is_given(words[0]) and may_be_family(words[-1]) and not is_place(words[0])


def paired(words: Sequence[str]) -> bool:
    """Whether two words next to each other are a given name and a family name, one of them no ordinary word."""
    return any(
        (may_be_given(a) and may_be_family(b, plain=True) and not is_ordinary(b))
        or (may_be_given(a, plain=True) and not is_ordinary(a) and may_be_family(b))
        for a, b in pairwise(words)
    )


@cache
def products() -> frozenset[str]:
    """Products and technical words that a model takes for people, lower case."""
    return word_list("products.txt")


@cache
def product_phrases() -> "regex.Pattern[str]":
    """Products of several words, wherever they stand: `Earl Grey` in "Earl Grey tea"."""
    several = sorted((p for p in products() if " " in p or "'" in p), key=len, reverse=True)
    return regex.compile(rf"(?<![\p{{L}}])(?:{'|'.join(map(regex.escape, several))})(?![\p{{L}}])", regex.IGNORECASE)


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


TITLES = regex.compile(rf"(?:{TITLE}[ \t]*)+", regex.VERBOSE)
WORDS = regex.compile(r"[^\s,;:!?()\[\]{}\"<>]+")
