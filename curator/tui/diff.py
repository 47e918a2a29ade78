"""What changes between two JSON values, as lines."""

import difflib
import json

from curator.tui.pieces import Piece


def difference(old: object, new: object) -> list[tuple[list[Piece], str | None]]:
    """Notes with the changed lines and two lines around them; one note when nothing changes."""
    before = json.dumps(old, indent=2, ensure_ascii=False, sort_keys=True).split("\n")
    after = json.dumps(new, indent=2, ensure_ascii=False, sort_keys=True).split("\n")
    notes: list[tuple[list[Piece], str | None]] = []
    for line in list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]:
        if line.startswith("@@"):
            if notes:
                notes.append(([("dim", "⋯")], None))
        elif line.startswith("+"):
            notes.append(([("good", f"+ {line[1:]}")], None))
        elif line.startswith("-"):
            notes.append(([("bad", f"− {line[1:]}")], None))
        else:
            notes.append(([("dim", f"  {line[1:]}")], None))
    return notes or [([("dim", "no change")], None)]
