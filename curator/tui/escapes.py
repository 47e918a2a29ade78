"""Foreign text in an editor line: what cannot be seen is written as a JSON escape, and read back as it was."""

import json
import re

from curator.tui.text import visible


def editable(text: str, *, newlines: bool = False) -> str:
    """`text` with unseen characters as escapes such as `\\u202e`; newlines stay when `newlines`."""
    if "\\" not in text and visible(text, newlines=newlines) == text:
        return text
    return "".join(_escaped(char, newlines) for char in text)


def _escaped(char: str, newlines: bool) -> str:
    if char == "\\":
        return "\\\\"
    if visible(char, newlines=newlines) == char:
        return char
    return json.dumps(char)[1:-1]


def unescaped(text: str) -> str:
    """What `editable` was given. Raises ValueError for an escape that JSON does not know."""
    if "\\" not in text:
        return text
    tokens = re.findall(r"\\.|.", text, re.DOTALL)
    result: str = json.loads('"' + "".join('\\"' if token == '"' else token for token in tokens) + '"', strict=False)
    return result
