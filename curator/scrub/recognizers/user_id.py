"""User names made of a person's name, and home directories."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, rule
from curator.scrub.recognizers.names import is_given, word_list

_SYSTEM = "system_users.txt"


class UserIdRecognizer(RegexRecognizer):
    """`mia_li_3668`, `jane.doe` after "user name", `/home/jane`. Ids that hold no name (`cus_N4x8`) are left alone."""

    ENTITY = "USER_ID"
    RULES = (
        rule(
            "name in an id",
            r"(?<![\p{L}\p{N}_.@/\-]) (?P<first>[\p{Ll}]{2,20})[_.\-](?P<last>[\p{Ll}]{2,20})[_.\-]?\d{2,8} "
            r"(?![\p{L}\p{N}_@(]|\.\w)",
            0.6,
        ),
        rule(
            "field",
            r"(?i:\b(?:user[ _\-]?(?:name|id)|login(?:[ _\-]?name)?|screen[ _\-]?name|handle)[\"']?"
            r"(?:[ ]?[:=][ ]?|[ ]is[ :])[\"']?@?)(?P<value>[\p{L}][\p{L}\p{N}_.\-]{1,59}[\p{L}\p{N}])"
            r"(?![\p{L}\p{N}@])",
            0.5,
        ),
        rule(
            "home directory",
            r"(?:(?<![\w])/(?:home|Users)/|[A-Za-z]:[\\/]{1,4}Users[\\/]{1,4})(?P<value>[\p{L}][\p{L}\p{N}_.\-]{"
            r"1,40})(?=[\\/\s\"':;,)]|$)",
            0.6,
        ),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """An id must hold a given name; a home directory must not be a system account's."""
        if "first" in match.re.groupindex:
            return score if is_given(match["first"]) or is_given(match["last"]) else 0
        value = match["value"].rstrip(".")
        if value.lower() in word_list(_SYSTEM):
            return 0
        if "home" in match.re.pattern:
            return score
        parts = regex.split(r"[_.\-\d]+", value.lower())
        return score if any(len(p) > 2 and is_given(p) for p in parts) else 0
