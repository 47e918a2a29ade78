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
def lines(name: str) -> tuple[str, ...]:
    """The lines of one file in `curator/scrub/data`, in order, without its comments."""
    text = files("curator.scrub").joinpath("data", name).read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def word_list(name: str) -> frozenset[str]:
    """The words of one file in `curator/scrub/data`."""
    return frozenset(lines(name))


@cache
def marked(name: str, marks: str = "") -> frozenset[str]:
    """The words of a list of names whose line begins with one of `marks`, or those without a mark.

    `?` is a name that is a word or a product, too (Grace, Jasmine), `@` one that is a place (Austin, Sydney).
    """
    return frozenset(n.lstrip("?@") for n in lines(name) if (n[0] in marks if marks else n[0] not in "?@"))


_GIVEN, _FAMILY, _WORLD_GIVEN, _WORLD_FAMILY, _MORE_GIVEN, _MORE_FAMILY = (
    f"{name}.txt"
    for name in ("given_names", "family_names", "world_given", "world_family", "more_given", "more_family")
)
PARTICLES = regex.compile(PARTICLE, regex.VERBOSE)
_INITIAL = regex.compile(r"\p{Lu}\.")
(_NOUN,) = (regex.compile(part, regex.VERBOSE) for part in parts("names", "noun"))
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "'": "", "’": ""}
)


@lru_cache(maxsize=50_000)
def bare(word: str) -> str:
    """A word as the world's lists hold it: lower case, without accents and signs around it."""
    marks = unicodedata.normalize("NFKD", word.casefold().translate(_LETTERS))
    return "".join(c for c in marks if not unicodedata.combining(c)).strip("'’.,;:!?()\"")


@lru_cache(maxsize=50_000)
def may_be_given(word: str, *, plain: bool = False) -> bool:
    """Whether a word is a given name somewhere in the world; `plain`: and no ordinary word, place or product."""
    lists = [marked(name) for name in (_GIVEN, _WORLD_GIVEN, _MORE_GIVEN)]
    if not plain:
        lists += marked(_GIVEN, "?@"), marked(_WORLD_GIVEN, "?")
    return any(part in each for part in bare(word).split("-") for each in lists)


@lru_cache(maxsize=50_000)
def may_be_family(word: str, *, plain: bool = False) -> bool:
    """Whether a word is a family name somewhere in the world; `plain`: and no ordinary word."""
    lists = [word_list(_FAMILY), marked(_WORLD_FAMILY), word_list(_MORE_FAMILY)]
    if not plain:
        lists.append(marked(_WORLD_FAMILY, "?"))
    return any(part in each for part in bare(word).split("-") for each in lists)


@lru_cache(maxsize=50_000)
def is_ordinary(word: str) -> bool:
    """Whether a word is an ordinary one and no common given name: lamp, green, price."""
    plain = bare(word)
    if (plain in word_list("ordinary_words.txt") and word.isascii()) or plain in word_list("foreign_words.txt"):
        return True
    return is_stop(word) or is_product(word) or (_NOUN.fullmatch(word) is not None and not may_be_family(word))


def listed(words: Sequence[str]) -> bool:
    """Whether lists confirm a suggested name: a plain name among its words, or a given name with a family name."""
    telling = (w for w in words if not is_ordinary(w) and not PARTICLES.fullmatch(w))
    if any(may_be_given(w, plain=True) or may_be_family(w, plain=True) for w in telling):
        return True
    return len(words) > 1 and is_given(words[0]) and may_be_family(words[-1]) and not is_place(words[0])


def paired(words: Sequence[str]) -> bool:
    """Whether two words next to each other are a given name and a family name, one of them no ordinary word."""
    return any(
        (may_be_given(a) and may_be_family(b, plain=True) and not is_ordinary(b))
        or (may_be_given(a, plain=True) and not is_ordinary(a) and may_be_family(b))
        for a, b in pairwise(words)
    )


_TWO_NAMES = regex.compile(r"\p{Lu}[\p{L}'’.\-]+(?:[ ]\p{L}[\p{L}'’.\-]*){1,4}")


def of_two_names(value: str) -> bool:
    """Whether a value could be a whole name: two to five words, not all ordinary or else a given and a family name."""
    words = value.split()
    return _TWO_NAMES.fullmatch(value) is not None and (
        not all(map(is_ordinary, words)) or (may_be_given(words[0]) and may_be_family(words[-1]))
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
    return any(p in marked(_GIVEN) or p in marked(_GIVEN, "?@") for p in parts)


def is_plain_given(word: str) -> bool:
    """Whether a word is a given name and nothing else."""
    return any(p in marked(_GIVEN) for p in word.casefold().split("-"))


def is_family(word: str) -> bool:
    """Whether a word is a family name and no ordinary word."""
    return any(p in word_list(_FAMILY) for p in word.casefold().split("-"))


def is_place(word: str) -> bool:
    """Whether a word is rather a place when it stands alone: a town, or a given name that is one."""
    return word.casefold() in marked(_GIVEN, "@") or bare(word) in word_list("towns.txt")


def is_stop(word: str) -> bool:
    """Whether a capitalised word is no part of a name."""
    return word.casefold().rstrip(".") in word_list("no_names.txt") and not _INITIAL.fullmatch(word)


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
