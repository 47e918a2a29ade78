"""A dataset as code: taken out as files, compared, pinned by a lock, pushed back, handed to other runners."""

from typing import TYPE_CHECKING

from curator.dataset.changes import Changes, FieldChange, ItemChange, changes, in_markdown, in_words
from curator.dataset.folder import LOCK, Lock, Snapshot, digest, lock_of, read_folder, read_lock, write_folder
from curator.dataset.sides import drift, locked, needs_server, scrubbed, side, snapshot, version_of
from curator.model.lazy import at_first_use

if TYPE_CHECKING:
    from curator.dataset.exports import RUNNERS, export
    from curator.dataset.push import Push

__getattr__ = at_first_use(__name__)
