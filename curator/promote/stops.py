"""Why a promotion ends early, and what a refusal of the server means: its sentence and a read tell, not its status."""

import re

from curator.gateway.errors import Conflict, GatewayError, NotFound, Refused, ServerFailed, TooLarge
from curator.help import outcomes
from curator.help.outcomes import Outcome, Verdict
from curator.model import Change, Item, Problem, StoredItem
from curator.model.errors import CuratorError

# The sentence for an id that lives in another dataset, by server version; before 2.66 the answer was a bare 500.
_COLLISIONS = (
    re.compile(r"already exists in another dataset \(id (?P<owner>[^)\s]+)\)"),  # 3.207 and later, 409
    re.compile(r"^Dataset item with id .+ not found for project"),  # 3.140 to 3.206, 404
    re.compile(r"already exists in a dataset other than"),  # 3.43 to 3.139, 404
    re.compile(r"(?i)dataset item.* was not found in the dataset"),  # 3.5 to 3.42, 404
)
_TRANSIENT = re.compile(r"(?i)modified concurrently|retry the request")
_UNKNOWN_MEDIUM = re.compile(r"references unknown media: ([\w.-]{1,200})")
_VALIDATION = re.compile(r"Dataset item validation failed: (?P<words>.*)", re.DOTALL)


class Stop(CuratorError):
    """A promotion ends here, for a reason of the table of outcomes; the promoter makes a receipt of it."""

    def __init__(
        self, outcome: Outcome, message: str, *, path: str | None = None, changes: tuple[Change, ...] = ()
    ) -> None:
        super().__init__(message, code=outcome.code, remedy=outcome.remedy)
        self.exit_code = outcome.exit
        self.outcome = outcome
        self.changes = changes
        self.problem = Problem(code=outcome.code, message=message, path=path, remedy=outcome.remedy)

    @property
    def remedies(self) -> tuple[str, ...]:
        """What curator can do about it."""
        return (*self.outcome.remedies, "draft")


def stop_of(error: CuratorError, *, verdict: Verdict | None = None) -> Stop:
    """An error of another room (no connection, no rights) as the end of this promotion; keeps its code and words."""
    if isinstance(error, Stop):
        return error
    row = outcomes.outcome(error.code, error.remedy)
    changes = {"remedy": error.remedy or row.remedy, "verdict": verdict or row.verdict}
    return Stop(row.model_copy(update=changes), error.message)


def is_collision(error: GatewayError) -> bool:
    """Whether the server says, in the words of any version, that the id belongs to another dataset."""
    return isinstance(error, (Conflict, NotFound)) and any(p.search(error.server_message) for p in _COLLISIONS)


def is_transient(error: GatewayError) -> bool:
    """Whether a 409 is only about this moment: somebody else writes the item right now."""
    return isinstance(error, Conflict) and not is_collision(error) and bool(_TRANSIENT.search(error.server_message))


def says_no_dataset(error: GatewayError, name: str) -> bool:
    """Whether the server says that a dataset is missing: a write names it, a list does not."""
    said = (f"Dataset {name} not found", "Dataset not found")
    return isinstance(error, NotFound) and error.server_message.startswith(said)


def no_dataset(name: str) -> Stop:
    """The end of what needs a dataset that is not there."""
    return Stop(outcomes.DATASET_MISSING, f"Langfuse has no dataset named {name!r}.")


def diagnose(error: GatewayError, item: Item, stored: StoredItem | None, owner: str | None) -> Stop:
    """The named reason why a write was refused.

    `stored` is what a read of the id shows after the refusal, `owner` the name of the dataset that the server named by
    id, when it could be looked up.
    """
    elsewhere = stored is not None and stored.dataset != item.dataset
    if is_collision(error) or (isinstance(error, ServerFailed) and elsewhere):
        return taken_by(item, stored, owner)
    if says_no_dataset(error, item.dataset):
        return no_dataset(item.dataset)
    if isinstance(error, Refused) and (found := _VALIDATION.search(error.server_message)):
        words = " ".join(found["words"].split())[:300]
        return Stop(outcomes.SCHEMA_REFUSED, f"The dataset's schema refuses the item: {words}.")
    if isinstance(error, Refused) and (found := _UNKNOWN_MEDIUM.search(error.server_message)):
        return Stop(outcomes.MEDIA_UNKNOWN, f"Langfuse holds no medium {found[1]}, which the item refers to.")
    if isinstance(error, TooLarge):
        return Stop(outcomes.TOO_LARGE, error.message)
    if isinstance(error, (Conflict, NotFound, Refused)):
        return Stop(
            outcomes.SERVER_REFUSED, f"Langfuse refused the item (status {error.status}) for an unknown reason."
        )
    return stop_of(error)


def owner_id(error: GatewayError) -> str | None:
    """The dataset id that a collision names; older servers do not say it."""
    found = _COLLISIONS[0].search(error.server_message)
    return found["owner"] if found else None


def taken_by(item: Item, stored: StoredItem | None, owner: str | None = None) -> Stop:
    """The refusal of an id of another dataset, which a read shows (`stored`), or the server says, or a name of it."""
    if stored is not None and stored.dataset != item.dataset:
        return Stop(
            outcomes.COLLISION,
            f"The id {item.id} belongs to the dataset {stored.dataset!r}; item ids are unique per project.",
        )
    where = f"the dataset {owner!r}" if owner else "another dataset"
    if stored is None:
        return Stop(
            outcomes.TOMBSTONE,
            f"The id {item.id} was deleted from {where}: it cannot be read any more, and no other dataset can take it.",
        )
    return Stop(outcomes.COLLISION, f"Langfuse says that the id {item.id} belongs to {where}.")
