"""Which languages a text is in, told offline, and for which of them nobody here looks for names.

py3langid tells 139 languages by a model of 4 MB in its own wheel. It is asked only for texts that are not plainly
English, as the worker pays 120 MB for it.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import regex

from curator.model import Draft, Problem, ScrubPolicy
from curator.scrub.items import walk
from curator.scrub.placeholders import PLACEHOLDER
from curator.scrub.recognizers.names import is_ordinary, word_list

READ = frozenset({"en", "de", "fr", "es", "it", "pt", "nl"})
"""Languages with cues, titles, lists and field names for names (the models know English best)."""
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]")
_LIKELY, _UNLIKELY = 0.5, 0.02
_LEAST_WORDS = 5
_MOST_TEXTS = 50
_MOST_CHARS = 1_000


def unread(texts: Iterable[str]) -> tuple[str, ...]:
    """English names of the languages in which names are not looked for, in the order of the texts."""
    found: dict[str, None] = {}
    for text in _prose(texts):
        odds = dict(_told_by().rank(text))
        code = max(odds, key=lambda each: odds[each])
        # Russian and its neighbours share the odds of a short text: what counts is that it is none that is read.
        if odds[code] >= _LIKELY and sum(odds.get(each, 0) for each in READ) <= _UNLIKELY and code in _names():
            found[_names()[code]] = None
    return tuple(found)


def problems(draft: Draft, policy: ScrubPolicy) -> Iterator[Problem]:
    """One problem per language; the rule says whether it blocks."""
    texts = (leaf.text for part in (draft.input, draft.expected_output) for leaf in walk(part) if not leaf.in_key)
    for language in unread(texts):
        yield Problem(
            code="PII_LANGUAGE",
            message=f"{language}: names are not looked for.",
            remedy="Read the text for names yourself, and put names into the rule's `scrub: {deny: [...]}`.",
            blocking=policy.unread_language == "block",
        )


def _prose(texts: Iterable[str]) -> Iterator[str]:
    """Texts of a few words that are not plainly English, without placeholders."""
    count = 0
    for text in texts:
        plain = PLACEHOLDER.sub(" ", text[:_MOST_CHARS])
        words = _WORD.findall(plain)
        if _UNSPACED.search(plain):
            enough = sum(map(len, words)) >= _LEAST_WORDS
        else:
            enough = len(words) >= _LEAST_WORDS and 2 * sum(map(is_ordinary, words)) < len(words)
        if enough and (count := count + 1) <= _MOST_TEXTS:
            yield plain


@cache
def _told_by() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


@cache
def _names() -> dict[str, str]:
    """ISO 639 code → English name, of languages that people write to each other in."""
    return {code: name for code, _, name in (line.partition(" ") for line in word_list("languages.txt"))}
