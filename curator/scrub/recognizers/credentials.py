"""Credentials that only their surroundings give away: in URLs, headers, cookies, connection strings, assignments."""

import math
from collections import Counter

import regex

from curator.scrub.recognizers.base import RegexRecognizer, rule

_I = regex.IGNORECASE
_NAME = (
    r"(?:(?:api[_\-. ]?key|apikey|secret(?:[_\-. ]?(?:key|access[_\-. ]?key))?"
    r"|access[_\-. ]?key|auth[_\-. ]?token|access[_\-. ]?token"
    r"|refresh[_\-. ]?token|id[_\-. ]?token|session[_\-. ]?(?:token|key)|private[_\-. ]?key"
    r"|client[_\-. ]?secret|encryption[_\-. ]?key|signing[_\-. ]?key"
    r"|bearer|credentials?|token|webhook[_\-. ]?secret|connection[_\-. ]?string))"
)
_PASSWORD = (
    r"(?:(?:password|passwort|passwd|passphrase|pwd|pass[_\-]?code"
    r"|kennwort)|(?<![a-z])pass|(?<![a-z])pin(?:[ ]code)?)"
)
_ASSIGN = r"[\"']?\s{0,3}(?:=>|:=|=|:)\s{0,3}[\"'`]?"


class CredentialRecognizer(RegexRecognizer):
    """What follows `password:`, `Authorization:`, `Cookie:`, `?token=` or stands before the `@` of a URL."""

    ENTITY = "SECRET"
    RULES = (
        rule(
            "user and password in a URL",
            r"\b[a-z][a-z0-9+.\-]{1,30}://(?P<value>[^\s:/?\#@\"'<>\[\]]{0,128}:[^\s/?\#@\"'<>]{1,256})@"
            r"(?=[\w\[])",
            0.9,
            _I,
        ),
        rule(
            "signed URL",
            r"[?&;](?:sig|signature|x-amz-signature|x-amz-security-token|x-goog-signature|token"
            r"|access_token|auth|api[_-]?key|apikey|key|secret|password|pwd|code|sas)=(?P<value>[A-Za-z0-9%+/=_\-"
            r".~]{8,2000})",
            0.85,
            _I,
        ),
        rule(
            "authorization header",
            r"\b(?:proxy-)?authorization[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?:(?:bearer|basic|token"
            r"|digest|negotiate|apikey|ssws|aws4-hmac-sha256|key)[ ]+)?(?P<value>[A-Za-z0-9+/=_\-.~:]{6,4000})",
            0.9,
            _I,
        ),
        rule("bearer token", r"\bbearer[ ]+(?P<value>[A-Za-z0-9+/=_\-.~]{12,4000})", 0.7, _I),
        rule("basic credentials", r"\bbasic[ ]+(?P<value>[A-Za-z0-9+/]{12,400}={0,2})(?![\w])", 0.6, _I),
        rule(
            "key header",
            r"\b(?:x-)?(?:api-key|apikey|auth-token|access-token|amz-security-token|goog-api-key"
            r"|csrf-token|xsrf-token|functions-key|shopify-access-token|gitlab-token|vault-token)[\"']?\s{0,3}[:"
            r"=]\s{0,3}[\"']?(?P<value>[A-Za-z0-9+/=_\-.~]{8,2000})",
            0.85,
            _I,
        ),
        rule(
            "cookie header",
            r"\b(?:set-)?cookies?[\"']?\s{0,3}:\s{0,3}[\"']?(?P<value>[\w\-.]{1,80}=[^;\s\"']{4,4000}"
            r"(?:;[ ]?[\w\-.]{1,80}=[^;\s\"']{1,4000}){0,60})",
            0.9,
            _I,
        ),
        rule(
            "session cookie",
            r"\b(?:(?:[a-z]+[._\-]?)?sess(?:ion)?[._\-]?id|sid|connect\.sid|phpsessid|jsessionid"
            r"|asp\.net_sessionid|csrftoken|xsrf-token|remember_token|laravel_session|_session)[\"']?\s?=\s?[\"'"
            r"]?(?P<value>[A-Za-z0-9%+/=_\-.]{16,2000})",
            0.8,
            _I,
        ),
        rule("named key", rf"{_NAME}{_ASSIGN}(?P<value>[A-Za-z0-9+/=_\-.~$!@%^&*:]{{8,2000}})", 0.75, _I),
        rule(
            "named key in a sentence",
            r"\b(?:api[ _-]?key|secret[ _-]?key|access[ _-]?(?:key|token)|auth[ _-]?token|token"
            r"|client[ _-]?secret)(?:[ ](?:is|was|are|lautet|ist))[ :]{1,2}[\"'`]?(?P<value>[A-Za-z0-9+/=_\-.~"
            r"]{12,500})",
            0.75,
            _I,
        ),
        rule("password", rf"{_PASSWORD}{_ASSIGN}(?P<value>[^\s\"'`,;<>{{}}\[\]()]{{4,256}})", 0.75, _I),
        rule(
            "password in a sentence",
            r"\b(?:password|passwort|passphrase|passcode|pin|pwd)(?:[ ](?:is|was|ist|lautet|to"
            r"|should[ ]be))[ :]{1,2}[\"'`]?(?P<value>[^\s\"'`<>]{4,128})",
            0.7,
            _I,
        ),
        rule(
            "PIN",
            r"\b(?:pin|passcode)(?:[ ](?:code|number))?(?:[ ]is|[ ]?[:=])[ ]{0,3}(?P<value>\d{4,8})"
            r"(?![\d.,]\d|\w)",
            0.7,
            _I,
        ),
        rule(
            "card verification",
            r"\b(?:cvv2?|cvc2?|security[ ]code)(?:[ ]is|[ ]?[:=])?[ ]{1,3}(?P<value>\d{3,4})"
            r"(?![\d.,]\d|\w)",
            0.7,
            _I,
        ),
        rule(
            "command line",
            r"(?<=\s)(?:--password|--passwd|--token|--api-key|--secret|-p)[= ](?P<value>(?=[^\s]*\d)[^\s\"'`-][^"
            r"\s\"'`]{5,200})",
            0.6,
        ),
        rule(
            "curl user",
            r"\bcurl\b[^\n]{0,400}?\s(?:-u|--user)[ =]?[\"']?(?P<value>[^\s:\"']{1,80}:[^\s\"']{3,200})",
            0.8,
        ),
    )
    _FREE = frozenset({"named key", "signed URL", "key header", "command line", "named key in a sentence"})
    _WORDY = frozenset({"password", "password in a sentence"})

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """Weighs the value by its rule: see `_is_random` and `_is_password`."""
        return score

    def find(self, text, nlp):  # type: ignore[no-untyped-def]
        """As the base does, with the sieve that fits the rule."""
        for start, end, score, name in super().find(text, nlp):
            value = text[start:end]
            if name in self._FREE and not _is_random(value):
                continue
            if name in self._WORDY:
                value = value.rstrip(".,?:;")
                end = start + len(value)
                if not _is_password(value, spoken=name != "password", assigned=text[start - 1 : start] == "="):
                    continue
            if name in ("bearer token", "basic credentials", "authorization header") and not _is_random(value, 2.5):
                continue
            if name == "user and password in a URL" and value.endswith(":"):
                continue
            yield start, end, score, name


_PLACEHOLDER = regex.compile(
    r"(?i)^[<\[{(*$%]|^(?:x{3,}|\*{3,}|\.{3,}|null|none|true|false|undefined|string|str"
    r"|changeme|redacted|your[_-].*|my[_-].*|example.*|placeholder|secret|password|token"
    r"|required|optional|incorrect|invalid|wrong|expired|missing|field|reset)$"
)


def _is_random(value: str, least: float = 2.8) -> bool:
    """Letters and digits mixed, no placeholder, and more bits per character than a word or a counter has."""
    if _PLACEHOLDER.search(value) or len(value) < 8:
        return False
    if not (any(c.isdigit() for c in value) and any(c.isalpha() for c in value)) and not (
        len(value) >= 20 and value != value.lower() and value != value.upper()
    ):
        return False
    return entropy(value) >= least


def _is_password(value: str, *, spoken: bool, assigned: bool) -> bool:
    """A password is no placeholder; one named in a sentence must not be an ordinary word, unless right after a `=`."""
    if len(value) < 4 or _PLACEHOLDER.search(value) or "://" in value:
        return False
    mixed = sum(
        (
            any(c.islower() for c in value),
            any(c.isupper() for c in value),
            any(c.isdigit() for c in value),
            any(not c.isalnum() for c in value),
        )
    )
    if assigned and len(value) >= 8:
        return True
    return mixed >= 2 and (not spoken or any(not c.isalpha() and c not in "-'’" for c in value))


def entropy(text: str) -> float:
    """Shannon entropy in bits per character."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())
