"""What the terminal remembers between two starts: where the reviewer stood, drafts not written yet, tasks to prove on.

One folder per project in the state folder, readable by the user alone. Each draft is a file of its own and every write
replaces a file whole, so two terminals at once cannot tear each other's state.
"""

import contextlib
import hashlib
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from curator.config import Settings, state_folder
from curator.model.base import Value
from curator.model.files import write_private

Kept = TypeVar("Kept", bound=Value)


class LastPlace(Value):
    """Where the reviewer stood."""

    since: str = "7d"
    state: str = "open"
    rule: str | None = None
    filter: str = ""
    sort: str = "age"
    """A column of the queue; with `-` before it, the other way round."""
    fold: str = ""
    """What is one row: `group`, `session` or `off`; empty while nobody has chosen."""
    columns: tuple[str, ...] = ()
    """Of the queue; empty: those of the config file."""
    trace_id: str | None = None
    theme: str | None = None


class DraftState(Value):
    """What a reviewer changed in one draft; enough to make the same draft again from the trace."""

    trace_id: str
    """The failure's key."""
    rule: str
    case: str = "1"
    failure_type: str | None = None
    edits: dict[str, JsonValue] = {}
    keep: dict[str, str] = {}
    replace: dict[str, str] = {}
    despite: tuple[str, ...] = ()
    """Codes of problems that the reviewer overruled."""

    @property
    def touched(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.edits or self.keep or self.replace or self.failure_type or self.case != "1")


class Tasks(Value):
    """What items of a rule are proved on."""

    production: str = ""
    candidate: str = ""


class Memory:
    """The remembered things of one project."""

    def __init__(self, settings: Settings) -> None:
        project = hashlib.sha256(f"{settings.base_url}\n{settings.public_key}".encode()).hexdigest()[:16]
        self._folder = state_folder() / "terminal" / project

    def last_place(self) -> LastPlace:
        """Where the reviewer stood; the defaults when nothing readable is kept."""
        return _read(LastPlace, self._folder / "standing.json") or LastPlace()

    def keep_last_place(self, place: LastPlace) -> None:
        """Keeps where the reviewer stands."""
        self._write(self._folder / "standing.json", place.model_dump_json())

    def tasks(self, rule: str) -> Tasks:
        """The tasks that were last given for a rule; none when nothing readable is kept."""
        return _read(Tasks, self._tasks_file(rule)) or Tasks()

    def keep_tasks(self, rule: str, tasks: Tasks) -> None:
        """Keeps the tasks of a rule."""
        self._write(self._tasks_file(rule), tasks.model_dump_json())

    def draft(self, trace_id: str) -> DraftState | None:
        """The unwritten draft of a trace; None without one."""
        return _read(DraftState, self._draft_file(trace_id))

    def keep_draft(self, draft: DraftState) -> None:
        """Keeps a draft, or forgets it when nothing in it was changed."""
        if draft.touched:
            self._write(self._draft_file(draft.trace_id), draft.model_dump_json())
        else:
            self.forget_draft(draft.trace_id)

    def forget_draft(self, trace_id: str) -> None:
        """Drops the draft of a trace: it was written or thrown away."""
        with contextlib.suppress(OSError):
            self._draft_file(trace_id).unlink(missing_ok=True)

    def has_draft(self, trace_id: str) -> bool:
        """Whether an unwritten draft of a trace is kept, readable or not."""
        return self._draft_file(trace_id).exists()

    def _tasks_file(self, rule: str) -> Path:
        return self._folder / "tasks" / f"{draft_name(rule)}.json"

    def _draft_file(self, trace_id: str) -> Path:
        return self._folder / "drafts" / f"{draft_name(trace_id)}.json"

    def _write(self, path: Path, text: str) -> None:
        # A full disk or a read-only home must not end a review: what cannot be remembered is forgotten.
        with contextlib.suppress(OSError):
            write_private(path, text.encode("utf-8", "surrogatepass"))


def _read(kind: type[Kept], path: Path) -> Kept | None:
    """What a file holds; None when nothing readable is kept there."""
    try:
        return kind.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def draft_name(trace_id: str) -> str:
    """The file name of a trace's draft: trace ids come from outside, so they are hashed."""
    return hashlib.sha256(trace_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
