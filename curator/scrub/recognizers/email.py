"""E-mail addresses, at public and at internal domains."""

from collections.abc import Iterable

import regex
from presidio_analyzer.nlp_engine import NlpArtifacts

from curator.scrub.recognizers.base import TIMEOUT_SECONDS, RegexRecognizer

_DOMAIN = regex.compile(
    r"@(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]{0,62})\.){1,10}(?P<top>[\p{L}][\p{L}\p{N}-]{1,62})(?![\p{L}\p{N}@])"
)
_LITERAL = regex.compile(r"@\[(?:IPv6:)?[0-9a-fA-F.:]{3,45}\]")
_LOCAL = regex.compile(r"""(?:"[^"\n]{1,64}"|[\p{L}\p{N}.!\#$%&'*+/=?^_`{|}~-]{1,320})$""")
_FIELD = regex.compile(r"^[?]?[A-Za-z_]{1,30}=")
_FILES = frozenset({"png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "json", "py", "md"})
_REACH = 320


class EmailRecognizer(RegexRecognizer):
    """`local@domain.tld` with any top level, so that `jane@corp.internal` counts; no public suffix list is needed.

    Not: `git@github.com:org/repo` (a clone address), `icon@2x.png`, `pkg@1.2.3`.
    """

    ENTITY = "EMAIL_ADDRESS"

    def find(self, text: str, nlp: NlpArtifacts | None) -> Iterable[tuple[int, int, float, str]]:
        """Goes from every `@` to both sides, so that a text full of `@` costs no more than its length."""
        for pattern in (_DOMAIN, _LITERAL):
            for match in pattern.finditer(text, timeout=TIMEOUT_SECONDS):
                at = match.start()
                window = text[max(0, at - _REACH) : at]
                local = _LOCAL.search(window, timeout=TIMEOUT_SECONDS)
                if local is None:
                    continue
                # `?user=jane@x.com&…`: a field's name is no part of the address.
                name = _FIELD.sub("", local.group().rpartition("&")[2]).lstrip(".'`*=|{")
                end = match.end()
                if name.lower() == "git" and text[end : end + 1] == ":":
                    continue
                if pattern is _DOMAIN and match["top"].lower() in _FILES:
                    continue
                if name:
                    yield at - len(name), end, 0.95, "address"
