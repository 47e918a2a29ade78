"""Text from outside, made fit for a terminal or a report: nothing in it can act, hide or reorder what is read.

The one sanitiser of the command line, the reports and the terminal UI. Every foreign string (trace names, inputs,
comments, sentences of a server) passes `visible` before it is shown.
"""

import re

_NAMES = {
    0x00AD: "SHY", 0x061C: "ALM", 0x200B: "ZWSP", 0x200C: "ZWNJ", 0x200D: "ZWJ", 0x200E: "LRM", 0x200F: "RLM",
    0x2028: "LS", 0x2029: "PS", 0x202A: "LRE", 0x202B: "RLE", 0x202C: "PDF", 0x202D: "LRO", 0x202E: "RLO",
    0x2060: "WJ", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xFEFF: "BOM",
}  # fmt: skip
# Format characters, invisible fillers, variation selectors, tags, lone surrogates: they show nothing and change much.
_UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\ud800-\udfff"
)
_CONTROLS = "\x00-\x1f\x7f-\x9f"
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_CARE = re.compile(f"[{_CONTROLS}{_UNSEEN}]|[{_MARKS}]{{3,}}")
ACTS = re.compile(f"[{_CONTROLS}{_UNSEEN}]")
"""One character that a terminal could act on or that nobody sees."""
# An emoji's presentation selector says nothing that a reader could miss.
_PRESENTATION = re.compile("(?<=[\u203c-\u3299\U0001f000-\U0001faff])\ufe0f")
TAB = "    "


def visible(text: str, *, limit: int | None = None, newlines: bool = False) -> str:
    """`text` with every control, bidi, zero-width and other unseen character shown as a sign such as `␛` or `‹RLO›`.

    `limit` bounds the characters of `text` that are looked at; the cut is shown as `…`. Newlines become `↵` unless
    `newlines`; tabs become blanks. Printable text comes back as it is.
    """
    if limit is not None and len(text) > limit:
        return visible(text[:limit], newlines=newlines) + "…"
    if not _CARE.search(text):
        return text
    text = _PRESENTATION.sub("", text).replace("\r\n", "\n").replace("\t", TAB)
    return _CARE.sub(_shown_with_newlines if newlines else _shown, text)


def _shown(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) > 1:
        return f"{found[:2]}‹+{len(found) - 2} marks›"
    code = ord(found)
    if found == "\n":
        return "↵"
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if name := _NAMES.get(code):
        return f"‹{name}›"
    return f"‹U+{code:04X}›"


def _shown_with_newlines(match: re.Match[str]) -> str:
    return "\n" if match[0] == "\n" else _shown(match)
