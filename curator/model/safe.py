"""Text from outside, made harmless for a terminal or a report."""

import unicodedata

# Bidirectional overrides and zero-width signs can make a line read as something that it is not.
_INVISIBLE = {chr(c) for c in (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0x061C)}


def plain(text: str, *, keep_newlines: bool = False) -> str:
    """Text from outside, made harmless: control characters, bidi overrides and lone surrogates become visible signs."""
    out = []
    for char in text:
        if char == "\n" and keep_newlines:
            out.append(char)
        elif char in "\n\t":
            out.append(" ")
        elif char in _INVISIBLE or unicodedata.category(char) in ("Cc", "Cs"):
            out.append("\N{REPLACEMENT CHARACTER}")
        else:
            out.append(char)
    return "".join(out)
