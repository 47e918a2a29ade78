"""User names made of a person's name, handles, and home directories."""

from collections.abc import Iterable
from itertools import pairwise

import regex

from curator.scrub.recognizers.base import TIMEOUT_SECONDS, RegexRecognizer
from curator.scrub.recognizers.names import bare, is_ordinary, may_be_family, may_be_given, paired, word_list
from curator.scrub.recognizers.patterns import rules

_SYSTEM = "system_users.txt"
_TOKEN = regex.compile(r"(?<![\p{L}\p{N}])\p{L}{2,20}(?:[_.\-+]\p{L}{2,20}){1,5}(?:[_.\-]?\d{1,8})?(?![\p{L}\p{N}@(])")
_CAMEL = regex.compile(
    r"(?<![\p{L}\p{N}])(?P<path>[/\\])?(?P<first>\p{Lu}\p{Ll}{2,20})(?P<last>\p{Lu}\p{Ll}{2,20})(?![\p{L}\p{N}(]|\.\p{L}+\()"
)
"""`JohnSmith.pdf`"""
_PART = regex.compile(r"\p{L}{2,20}")
_NUMBERED = regex.compile(r"\p{Ll}{2,20}_\p{Ll}{2,20}_\d{3,8}")
_WITH_NUMBER = regex.compile(r"\p{Ll}{6,24}\d{1,4}")
_FILE = regex.compile(r"\.\p{L}{1,5}$")


class UserIdRecognizer(RegexRecognizer):
    """`mia_li_3668`, `jane.doe`, `/home/jane`, `@janedoe7`. Ids that hold no name (`cus_N4x8`) are left alone."""

    ENTITY = "USER_ID"
    RULES = rules("user_id", "USER_ID")

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """The rules, and every dotted or dashed token in which a given and a family name stand beside each other."""
        yield from super().find(text)
        for match in _TOKEN.finditer(text, timeout=TIMEOUT_SECONDS):
            words = [m.span() for m in _PART.finditer(match.group())]
            for (a, b), (c, d) in pairwise(words):
                first, last = match.group()[a:b], match.group()[c:d]
                if match.group()[b:c] == "-" and first[0].isupper() and last[0].isupper():
                    continue  # Jean-Luc is a name
                if min(len(first), len(last)) > 2 and (_both(first, last) or _both(last, first)):
                    end = match.end() if words[-1][1] == d and not _FILE.search(match.group()) else match.start() + d
                    yield match.start() + a, end, 0.55, "name in a token"
        for match in _CAMEL.finditer(text, timeout=TIMEOUT_SECONDS):
            first, last = match["first"], match["last"]
            plain = not is_ordinary(first) and (match["path"] or not is_ordinary(last))
            if plain and (_both(first, last) or _both(last, first)):
                yield match.start("first"), match.end(), 0.55, "name in a token"

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """An id must hold a given name; a home directory must not be a system account's."""
        if "first" in match.re.groupindex:
            words = match["first"], match["last"]
            return score if any(_telling(w) for w in words) else 0
        if "tag" in match.re.groupindex:
            return score
        if "sure" in match.re.groupindex:
            bare_name = match["sure"].lower().rstrip("0123456789_-.")
            return 0 if is_ordinary(match["sure"]) or not bare_name or bare_name in word_list(_SYSTEM) else score
        if "named" in match.re.groupindex:
            first = regex.match(r"\p{L}+", match["named"])
            return score if first and not is_ordinary(first[0]) and first[0].lower() not in word_list(_SYSTEM) else 0
        if "owner" in match.re.groupindex:
            return score if _telling(match["owner"]) else 0
        value = match["value"].rstrip(".")
        if value.lower() in word_list(_SYSTEM):
            return 0
        if "home" in match.re.pattern:
            return score
        parts = [p for p in regex.split(r"[_.\-\d]+", value.lower()) if p]
        if _NUMBERED.fullmatch(value) and any(may_be_given(p) or not is_ordinary(p) for p in parts):
            return score
        mixed = len(parts) > 1 or any(c.isdigit() for c in value)
        if _WITH_NUMBER.fullmatch(value) and not is_ordinary(parts[0]):
            return score
        if mixed and match.string[match.start("value") - 2 : match.start("value")] in ("/@", "u/"):
            return score
        if "github" in match.re.pattern and (paired(parts[:2]) or paired(parts[1::-1])):
            return score
        if any(_telling(p) and (mixed or p == value) for p in parts) or _glued(parts[0]):
            return score
        initial = any(map(_with_initial, (parts[0], "".join(parts[:2]))))
        return score if initial or (len(parts) > 1 and _both(*parts[:2])) else 0


def _telling(word: str) -> bool:
    return len(word) > 2 and not is_ordinary(word) and may_be_given(word, plain=True)


def _both(given: str, family: str) -> bool:
    return (
        paired((given, family))
        and not is_ordinary(given)
        and may_be_family(family)
        and not (is_ordinary(family) and not given[0].isupper() and len(family) < 4)
    )


def _with_initial(word: str) -> bool:
    """`jfitzgerald`, `kowalskij`: a family name of five letters or more with an initial, and no word."""
    return not is_ordinary(word) and any(
        len(name) > 4 and not is_ordinary(name) and may_be_family(name, plain=True) for name in (word[1:], word[:-1])
    )


def _glued(word: str) -> bool:
    """Whether a given name and a family name stand together, four letters or more each: `janehunter`."""
    plain = bare(word)
    return any(
        may_be_given(plain[:i], plain=True) and not is_ordinary(plain[:i]) and may_be_family(plain[i:])
        for i in range(4, len(plain) - 3)
    )
