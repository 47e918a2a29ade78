"""The record of an erasure: that it happened, what it took, and what is left; without a personal value."""

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from curator.audit.erasure.erase import Erased, ErasureMode
from curator.audit.erasure.results import Emptied
from curator.audit.erasure.trail import Subject, Trail
from curator.config import state_folder
from curator.model.errors import ConfigError
from curator.model.files import write_private
from curator.model.lineage import RANDOM_ID

_OWN_ID = re.compile(r"[a-z0-9-]{1,60}-[A-Za-z0-9]{1,12}-\d{1,3}-[0-9a-f]{12}")


class ErasureRecord:
    """The file of one erasure: written before anything is erased, and again at the end.

    Session and user ids, and every id that a person may have made up, are digests, bound to the project (`scope`).
    """

    def __init__(self, trail: Trail, *, mode: ErasureMode, reviewer: str, at: datetime, scope: str) -> None:
        """Writes the first version into the state folder. Raises ConfigError: then nothing must be erased."""
        self._trail, self._scope = trail, scope
        self._head = {
            "format": "curator-erasure/1",
            "at": at.isoformat(timespec="seconds"),
            "by": reviewer,
            "mode": mode,
        }
        self.path = _folder() / f"{at:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.json"
        self._write([], finished=False)

    def finish(self, erased: Sequence[Erased], emptied: Sequence[Emptied] = ()) -> None:
        """Writes what became of every item and of the result files. Raises ConfigError."""
        self._write(erased, emptied, finished=True)

    def _write(self, erased: Sequence[Erased], emptied: Sequence[Emptied] = (), *, finished: bool) -> None:
        text = json.dumps(self._head | {"finished": finished} | self._body(erased, emptied), indent=2) + "\n"
        try:
            write_private(self.path, text.encode())
        except OSError as error:
            raise ConfigError(
                f"The record of the erasure cannot be written to {self.path.parent}: {error.strerror}.",
                code="ERASURE_RECORD",
                remedy="Check the folder's permissions and free space, or set CURATOR_STATE_DIR.",
            ) from None

    def _body(self, erased: Sequence[Erased], emptied: Sequence[Emptied]) -> dict[str, Any]:
        trail, kind = self._trail, self._trail.subject.kind
        done = [each.file for each in emptied if each.ok]
        ids = [self._name(i) if kind == "trace" else digest(i, self._scope) for i in trail.subject.ids]
        return {
            "subject": {"kind": kind, "ids": ids},
            "traces": [self._name(trace) for trace in trail.traces],
            "items": [
                {
                    "item_id": self._name(each.item_id),
                    "dataset": each.dataset,
                    "outcome": each.outcome,
                    "in_history": each.in_history,
                    "problem": each.problem.code if each.problem is not None else None,
                }
                for each in erased
            ],
            "drafts": len(trail.drafts) + len(trail.edited),
            "receipts": len(trail.receipts),
            "result_files": done,
            "left": {
                "run_traces": [self._name(trace) for trace in trail.run_traces],
                "possible_items": [self._name(item) for item in trail.possible],
                "result_files": [file for file in trail.result_files if file not in done],
            },
            "notes": list(trail.notes),
        }

    def _name(self, identity: str) -> str:
        plain = RANDOM_ID.fullmatch(identity) or _OWN_ID.fullmatch(identity)
        return identity if plain else digest(identity, self._scope)


def digest(identity: str, scope: str) -> str:
    """`sha256:…` of an id, bound to the project."""
    whole = f"{scope}\n{identity}"
    return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"


def earlier_traces(subject: Subject, scope: str) -> set[str]:
    """Traces that earlier erasures of the same subject found: the link from a session to traces that are gone now."""
    wanted = {*subject.ids, *(digest(identity, scope) for identity in subject.ids)}
    found: set[str] = set()
    for path in sorted(_folder().glob("*.json")):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            same = record["subject"]["kind"] == subject.kind and wanted & set(record["subject"]["ids"])
            found |= set(record["traces"]) if same else set()
        except (OSError, ValueError, KeyError, TypeError):
            continue  # not a record of ours
    return {trace for trace in found if not trace.startswith("sha256:")}


def _folder() -> Path:
    return state_folder() / "erasures"
