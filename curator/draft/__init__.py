"""From a trace to a proposed item: mapping by a rule, edits, whether it protects anything, whether it is new.

What others need is imported at its first use: mapping and likeness load what a list of failures can do without.
"""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use

if TYPE_CHECKING:
    from curator.draft.alike import ALIKE, Texts, spread_of, views, weighted_rows, words_of
    from curator.draft.directions import seen_scores
    from curator.draft.edits import parse_assignment, value_at
    from curator.draft.effectiveness import (
        ANSWER_CODES,
        CORRECTION_FAILS,
        WEAK,
        CheckedAnswer,
        answer_in_words,
        apply_checks,
        checked_answers,
        doubts_of_answers,
    )
    from curator.draft.first_rule import loaded_text, rule_text
    from curator.draft.likeness import (
        NOVELTY_STATES,
        KnownItem,
        Novelty,
        ago,
        doubts_of_likeness,
        forget_items,
        items_folder,
        known_items,
        novelty_of,
        resemblance,
        similar_items,
        text_of,
        texts_in,
    )
    from curator.draft.mapping import reads_comments, reads_session, reshape, schema_fingerprint, validate
    from curator.draft.propose import Kind, Option, Shapes, by_workflow, sample_traces, shapes_of
    from curator.draft.terms import terms_of_difference
    from curator.draft.trials import Case, Trial, trial

__getattr__ = at_first_use(__name__)
