"""What a name looks like: given and family names of the world's registers, titles, particles, and what only looks like one."""

from functools import cache
from importlib.resources import files

import regex

WORD = r"(?:(?:\p{Lu}['’])?\p{Lu}\p{Ll}[\p{L}\p{M}]*(?:['’\-]\p{Lu}?[\p{L}\p{M}]+)*)"
"""A capitalised word: Jane, O'Neill, Jean-Luc, McDonald."""
PARTICLE = r"(?:de|du|des|del|della|di|da|dos|das|la|le|les|el|al|bin|ibn|ben|van|von|vom|der|den|ter|ten|zu|zur|y|e|af|av|st\.)"
TITLE = (
    r"(?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Doctor|Sir|Dame|Lord|Lady|Madam|Mme|Mlle|Herr|Frau|Hr|Fr|Señora?|Sra?|Don|Doña"
    r"|Captain|Capt|Sergeant|Sgt|Officer|Judge|Rev|Reverend|Father|Univ|Ing|Dipl|Mag|DI|Ir|Drs)\b\.?(?:-?(?:Ing|Kfm|Prof)\.)?)"
)
POSTNOMINAL = r"(?:,?[ ](?:MD|M\.D\.|DDS|DVM|MBA|CPA|RN|Esq|Jr|Sr|II|III|IV|Ph\.?D|B\.?Sc|M\.?Sc|B\.?A|M\.?A|B\.?Eng|M\.?Eng|Ing|OBE|CBE|MBE|LLM|JD)\b\.?)"
TAIL = rf"(?:[ \t]+(?:(?:{PARTICLE}[ \t]+){{0,2}}(?!(?:Mr|Mrs|Ms|Miss|Dr|Prof)\b)(?:{WORD}|\p{{Lu}}\.)(?![\p{{L}}])))"
NAME = rf"(?:(?:{TITLE}[ \t]?){{0,3}}{WORD}{TAIL}{{0,4}}{POSTNOMINAL}{{0,3}})"
"""One name: titles, one to five words, degrees."""

_STOP = frozenset(
    """
    the a an and or but if so as at by for from in into of off on onto out over to up with without you your yours we our us they them
    their it its this that these those he she his her i my me mine who what when where why how which is are was were be been am do does
    did have has had will would can could should shall may might must not no yes ok okay please thanks thank sorry hello hi hey dear
    regards cheers sincerely best kind good great morning afternoon evening night day today tomorrow yesterday now then there here
    sure welcome well also just only let lets get got see note new old all any some more most other another each every both either
    first last next one two three four five six seven eight nine ten monday tuesday wednesday thursday friday saturday sunday
    january february march april june july august september october november december mon tue wed thu fri sat sun
    jan feb mar apr jun jul aug sep sept oct nov dec
    sir madam customer client user team support service sales everyone everybody all folks guys friend friends colleague colleagues
    ladies gentlemen world agent assistant admin administrator manager hiring committee department system bot number name email phone
    address order account card date birth id reservation flight booking ticket passenger passengers details information status policy
    however additionally furthermore unfortunately since because before after once while during until unless although though
    could would change cancel confirm check return payment economy business class round trip one-way gold silver regular certificate
    gift visa mastercard amex credit debit bank member membership company inc ltd llc gmbh corp university hospital school street road
    north south east west central what's that's it's i'm i'll i'd you're we're they're don't can't let's
    internet php python java javascript english german french spanish italian american british european indian chinese japanese
    christian muslim jewish catholic buddhist hindu none null true false unknown n/a
    error warning info debug version update api sdk url http https json sql
    summarize summarise translate write compare explain describe list show find send give make take tell ask provide update create
    delete add remove set run call open close use try click select enter submit review refund cancelled canceled shipped delivered
    order orders where's here's there's how's who's let's price total please note subject re fw fwd attn
    app web site page help center centre office region server database cluster outage incident
    """.split()
)
_PLACE_BEFORE = frozenset(
    "east west north south new lake port san santa st fort mount mt cape saint los las el upper lower great little".split()
)
_THING_AFTER = frozenset(
    """
    street road avenue lane drive boulevard court square station airport hospital university college school institute church bridge
    park bay island lake river mountain valley county city town village beach hills inc llc ltd gmbh corp corporation company group
    plan plus pro max mini ultra premium enterprise desktop desk cloud hub api sdk ci cd app apps server db studio suite sdk framework
    library edition tier model engine airlines airways bank hotel day week month season festival prize award theorem test tests runner
    law act method function class effect machine
    """.split()
)
_PRODUCTS_FILE = "products.txt"


@cache
def _lines(name: str) -> tuple[str, ...]:
    text = files("curator.scrub").joinpath("data", name).read_text("utf-8")
    return tuple(line for line in text.splitlines() if line and not line.startswith("#"))


@cache
def given_names() -> frozenset[str]:
    """Given names that are nothing else."""
    return frozenset(n for n in _lines("given_names.txt") if not n.startswith("?"))


@cache
def ambiguous_names() -> frozenset[str]:
    """Given names that are also words, places or products (Grace, Austin, Jasmine)."""
    return frozenset(n[1:] for n in _lines("given_names.txt") if n.startswith("?"))


@cache
def family_names() -> frozenset[str]:
    """Family names that are no ordinary words."""
    return frozenset(_lines("family_names.txt"))


@cache
def products() -> frozenset[str]:
    """Products and technical words that a model takes for people, lower case."""
    return frozenset(_lines(_PRODUCTS_FILE))


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


def is_stop(word: str) -> bool:
    """Whether a capitalised word is no part of a name."""
    return word.casefold().rstrip(".") in _STOP


def is_place_prefix(word: str) -> bool:
    """`Port` in Port Susan, `East` in East Daniel: what follows is a place."""
    return word.casefold().rstrip(".") in _PLACE_BEFORE


def is_thing_suffix(word: str) -> bool:
    """`Hospital` in Mercy Hospital, `CI` in Travis CI: what stands before is no person."""
    return word.casefold().rstrip(".,") in _THING_AFTER


def is_product(text: str) -> bool:
    """Whether the whole text is a product or a technical word."""
    return text.casefold() in products()


TITLES = regex.compile(rf"(?:{TITLE}[ \t]*)+")
WORDS = regex.compile(r"[^\s,;:!?()\[\]{}\"<>]+")
