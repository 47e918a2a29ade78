"""Keys and tokens by their form, and credentials that only their surroundings give away: URLs, headers, assignments."""

import math
from collections import Counter
from collections.abc import Iterable

import regex

from curator.scrub.recognizers.base import RegexRecognizer, alike
from curator.scrub.recognizers.patterns import Rule, expanded, rules, table


class SecretRecognizer(RegexRecognizer):
    """Keys and tokens of about ninety kinds by prefix and length: never by entropy, which takes hashes for keys."""

    ENTITY = "SECRET"
    RULES = tuple(
        Rule(
            provider,
            regex.compile(rf"(?<![A-Za-z0-9_])(?:{expanded('secrets', form)})(?![A-Za-z0-9])", regex.VERBOSE),
            0.9,
        )
        for provider, form in table("secrets")["forms"].items()
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """`sk-xxxxxxxxxxxx` in a manual is no key: a key has at least six different characters after its prefix."""
        return score if len(set(match.group()[4:])) >= 6 else 0


class PrivateKeyRecognizer(RegexRecognizer):
    """From the opening line to the closing one, or as far as the armour goes when the closing line was cut off."""

    ENTITY = "SECRET"
    RULES = rules("secrets", "PRIVATE_KEY")


class CredentialRecognizer(RegexRecognizer):
    """What follows `password:`, `Authorization:`, `Cookie:`, `?token=` or stands before the `@` of a URL."""

    ENTITY = "SECRET"
    RULES = rules("credentials", "SECRET")
    _FREE = frozenset(
        {"named key", "signed URL", "key header", "command line", "named key in a sentence", "named key, right after"}
    )
    _WORDY = frozenset(
        {"password", "password in a sentence", "password right after its word", "password before its word"}
    )

    def find(self, text: str) -> Iterable[tuple[int, int, float, str]]:
        """As the base does, with the sieve that fits the rule."""
        for start, end, score, name in super().find(text):
            value = text[start:end]
            if name in self._FREE and not _is_random(value):
                continue
            if name in self._WORDY:
                value = value.rstrip(".,?:;)")
                end = start + len(value)
                least = 3 if name == "password right after its word" else 2
                if not _is_password(value, least, spoken=name != "password", assigned=text[start - 1 : start] == "="):
                    continue
            if name in ("bearer token", "basic credentials", "authorization header") and not _is_random(value, 2.5):
                continue
            if name == "user and password in a URL" and value.endswith(":"):
                continue
            yield start, end, score, name
            if name.startswith("code of"):
                yield from ((a, b, score, name) for a, b in alike(text, start, end))


_PLACEHOLDER = regex.compile(
    r"(?i)^[<\[{(*$%]|^(?:x{3,}|\*{3,}|\.{3,}|null|none|true|false|undefined|string|str"
    r"|changeme|redacted|your[_-].*|my[_-].*|example.*|placeholder|secret|password|token"
    r"|required|optional|incorrect|invalid|wrong|expired|missing|field|reset)$"
)


_PATH = regex.compile(r"[~/][\w./\-]*")
"""`PWD=/srv/app` is the folder of a process."""


def _is_random(value: str, least: float = 2.8) -> bool:
    """Letters and digits mixed, no placeholder, and more bits per character than a word or a counter has."""
    if _PLACEHOLDER.search(value) or len(value) < 8:
        return False
    if not (any(c.isdigit() for c in value) and any(c.isalpha() for c in value)) and not (
        len(value) >= 20 and value != value.lower() and value != value.upper()
    ):
        return False
    return entropy(value) >= least


def _is_password(value: str, least: int, *, spoken: bool, assigned: bool) -> bool:
    """A password is no placeholder; one named in a sentence must not be an ordinary word, unless right after a `=`."""
    if len(value) < 4 or _PLACEHOLDER.search(value) or "://" in value or _PATH.fullmatch(value):
        return False
    mixed = sum(regex.search(kind, value) is not None for kind in (r"\p{Ll}", r"\p{Lu}", r"\d", r"[^\p{L}\p{N}]"))
    if assigned and len(value) >= 8:
        return True
    return mixed >= least and (not spoken or any(not c.isalpha() and c not in "-'’" for c in value))


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
