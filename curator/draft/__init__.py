"""From a trace to a proposed item: mapping by a rule, edits, whether it protects anything, whether it is new.

What others need is imported at its first use: mapping and likeness load what a list of failures can do without.
"""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use

if TYPE_CHECKING:
    from curator.draft.alike import ALIKE, Texts
    from curator.draft.edits import value_at
    from curator.draft.first_rule import loaded_text, rule_text
    from curator.draft.likeness import (
        KnownItem,
        Novelty,
        ago,
        forget_items,
        items_folder,
        known_items,
        resemblance,
        text_of,
    )
    from curator.draft.propose import Option, Shapes, sample_traces, shapes_of
    from curator.draft.trials import Case, Trial, trial

__getattr__ = at_first_use(__name__)
