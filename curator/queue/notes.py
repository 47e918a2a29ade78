"""Notes: what people saw in a failure before anybody has a name for it, shared as the score `curation-note`.

Each reviewer has one note about a failure; writing again replaces it. The score is categorical (`pass`, `fail` or
`note`), its comment is the text. Whoever types may name a customer: `write_note` scrubs before anything is sent.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from curator.model.failure import Failure, Note, NoteVerdict
from curator.model.trace import Score

if TYPE_CHECKING:
    from curator.gateway import Gateway
    from curator.scrub import Outgoing

NOTE_NAME = "curation-note"
_VERDICTS: Mapping[str, NoteVerdict] = {"pass": "pass", "fail": "fail", "note": "note"}
_LINE = re.compile(r"\s*(?:(pass|fail)\s*(?::|$))?\s*(.*)", re.IGNORECASE | re.DOTALL)


def read_note(line: str) -> tuple[NoteVerdict, str]:
    """What somebody typed on one line: `fail: cites another order` → (`fail`, …); without a verdict it is a `note`."""
    found = _LINE.fullmatch(line)
    assert found is not None  # every part may be empty
    return _VERDICTS[(found[1] or "note").lower()], " ".join(found[2].split())


def in_line(note: Note) -> str:
    """A note as `read_note` reads it."""
    return note.text if note.verdict == "note" else f"{note.verdict}: {note.text}".rstrip(" :")


def write_note(gateway: "Gateway", outgoing: "Outgoing", note: Note) -> Note:
    """Shares a note in place of the reviewer's last one about the failure, and returns it as it was shared: scrubbed.

    One without verdict and text takes the last one away. Readable after the server's lag (about 6 s). Raises
    GatewayError.
    """
    note = note.model_copy(update={"text": outgoing.text(note.text)})
    score_id = f"{NOTE_NAME}-{hashlib.sha256(f'{note.key} {note.reviewer}'.encode()).hexdigest()[:32]}"
    if note.empty:
        gateway.delete_score(score_id)
        return note
    gateway.put_score(
        id=score_id,
        name=NOTE_NAME,
        value=note.verdict,
        data_type="CATEGORICAL",
        trace_id=note.trace_id,
        observation_id=note.observation_id,
        comment=note.text or None,
        metadata={"reviewer": note.reviewer},
    )
    return note


def notes_in(scores: Iterable[Score]) -> dict[str, tuple[Note, ...]]:
    """Key of a failure → its notes, oldest first; scores that are no notes are passed over."""
    found: dict[str, list[Note]] = {}
    for score in scores:
        if score.name == NOTE_NAME and score.trace_id is not None and score.value in _VERDICTS:
            note = Note(
                trace_id=score.trace_id,
                observation_id=score.observation_id,
                verdict=_VERDICTS[cast("str", score.value)],
                text=score.comment or "",
                reviewer=str(score.metadata.get("reviewer") or score.author_user_id or ""),
                at=score.timestamp,
            )
            found.setdefault(note.key, []).append(note)
    return {key: tuple(sorted(notes, key=lambda each: each.at)) for key, notes in found.items()}


def noted(failure: Failure, note: Note) -> Failure:
    """The failure with a note in place of the reviewer's last one; an empty one takes that away."""
    others = tuple(each for each in failure.notes if each.reviewer != note.reviewer)
    return failure.model_copy(update={"notes": others if note.empty else (*others, note)})
