"""Reads the shell commands that a page shows."""

import re
from collections.abc import Iterator

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def blocks(text: str) -> list[str]:
    """The fenced `sh` blocks of a Markdown text."""
    return _BLOCK.findall(text)


def lines(block: str) -> Iterator[str]:
    """The command lines of a block: continued lines joined, comments and empty lines dropped."""
    for line in block.replace("\\\n", " ").splitlines():
        bare = re.sub(r"(^|\s)#.*$", "", line).strip()
        if bare:
            yield bare
