"""Finds personal values in texts: presidio's analyzer with an explicit registry and model, in chunks, cached.

This module and what it loads run in the worker process. Nothing here reaches the contact.
"""

import hashlib
import logging
import os
from collections import OrderedDict
from typing import Any

import regex

from curator.scrub.entities import ENTITIES, Span
from curator.scrub.items import NotScrubbed
from curator.scrub.nlp import SmallModel, installed_model
from curator.scrub.second import NAME as SECOND
from curator.scrub.second import Marked, SecondModel

REGEX_TIMEOUT_SECONDS = 2
CHUNK = 16_000
"""Characters read at once."""
OVERLAP = 4_200
"""Longer than any finding that crosses a chunk's edge: a 4096-bit private key has 3,272 characters."""
_CACHE_TEXTS = 50_000
_CAPITAL = regex.compile(r"\p{Lu}")
_SPACE = regex.compile(r"\s")


class Engine:
    """The analyzer. One per worker; `find` remembers what it found in a text, not the text."""

    def __init__(self, model: str | None = None, *, use_model: bool = True, use_second: bool = True) -> None:
        small = (model or installed_model()) if use_model else None
        self.small = SmallModel(small) if small else None
        self.second = SecondModel.installed() if use_model and use_second else None
        self.model = " + ".join(n for n in (small, SECOND if self.second else None) if n) or None
        self._analyzer, self._timeouts = _analyzer()
        self._cache: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()

    def find(self, texts: list[str]) -> list[tuple[Span, ...]]:
        """Everything found in each text at any score, in one batch through the model.

        Raises NotScrubbed when a pattern ran into its time-out: the text counts as unread.
        """
        wanted: dict[bytes, str] = {}
        keys = [_digest(text) for text in texts]
        for key, text in zip(keys, texts, strict=True):
            if key not in self._cache:
                wanted[key] = text
        fresh = dict(zip(wanted, self._read(list(wanted.values())), strict=True))
        found = [fresh[key] if key in fresh else self._cache[key] for key in keys]
        self._cache.update(fresh)
        while len(self._cache) > _CACHE_TEXTS:
            self._cache.popitem(last=False)
        return found

    def _read(self, texts: list[str]) -> list[tuple[Span, ...]]:
        chunks = [(i, offset, part) for i, text in enumerate(texts) for offset, part in chunked(text)]
        parts = [part for _, _, part in chunks]
        first = self._entities(parts)
        second = self.second.names(parts) if self.second else [None] * len(parts)
        found: list[dict[tuple[int, int, str], Span]] = [{} for _ in texts]
        for (i, offset, part), entities, names in zip(chunks, first, second, strict=True):
            for span in self._analyze(part, entities, names, offset):
                key = (span.start, span.end, span.entity)
                if key not in found[i] or found[i][key].score < span.score:
                    found[i][key] = span
        return [tuple(spans.values()) for spans in found]

    def _entities(self, texts: list[str]) -> list[list[Span]]:
        """The small model's view of each text; a text without a capital letter holds no name that counts."""
        found: list[list[Span]] = [[] for _ in texts]
        if self.small is not None:
            reads = [i for i, text in enumerate(texts) if _CAPITAL.search(text)]
            # Texts of like length share a batch: padding is what makes a mixed batch slow.
            reads.sort(key=lambda i: len(texts[i]))
            for i, entities in zip(reads, self.small.entities([texts[i] for i in reads]), strict=True):
                found[i] = entities
        return found

    def _analyze(self, text: str, small: list[Span], second: list[Marked] | None, offset: int) -> list[Span]:
        from curator.scrub.recognizers.evidence import suggested, weighed

        self._timeouts.clear()
        try:
            results = self._analyzer.analyze(text=text, language="en", score_threshold=0.01)
            if self._timeouts:
                raise TimeoutError
        except TimeoutError:
            raise NotScrubbed(f"a pattern took longer than {REGEX_TIMEOUT_SECONDS} seconds on one text") from None
        spans = [Span(r.start, r.end, r.entity_type, round(float(r.score), 3), _name(r)) for r in results]
        return [s.moved(offset) for s in weighed(text, [*spans, *suggested(text, small)], second)]


def chunked(text: str) -> list[tuple[int, str]]:
    """Overlapping chunks with their offsets, cut at blanks where there are any."""
    if len(text) <= CHUNK:
        return [(0, text)]
    chunks = []
    start = 0
    while True:
        end = min(start + CHUNK, len(text))
        if end < len(text):
            end = _blank_before(text, end, start + OVERLAP + 1)
        chunks.append((start, text[start:end]))
        if end == len(text):
            return chunks
        start = _blank_before(text, max(end - OVERLAP, start + 1), start + 1)


def _blank_before(text: str, end: int, least: int) -> int:
    """The last position after a blank in the 2,000 characters before `end`, else `end`."""
    for position in range(end, max(least, end - 2_000), -1):
        if _SPACE.match(text[position - 1]):
            return position
    return end


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _name(result: Any) -> str:
    from presidio_analyzer import RecognizerResult

    return str(result.recognition_metadata.get(RecognizerResult.RECOGNIZER_NAME_KEY, ""))


class _Timeouts(logging.Handler):
    """Hears presidio's own patterns give up: it logs a warning and goes on, which would let the text pass unread."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._heard = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps only the fact."""
        self._heard = self._heard or "timed out" in str(record.msg)

    def clear(self) -> None:
        """Forgets."""
        self._heard = False

    def __bool__(self) -> bool:
        return self._heard


def recognizers() -> list[Any]:
    """Every recognizer, also those of entities that are off by default: the policy picks among the findings."""
    from presidio_analyzer import predefined_recognizers as presidio

    from curator.scrub.recognizers import contact, evidence, identity, person_cues, secrets, user_id

    kinds = (
        secrets.SecretRecognizer, secrets.PrivateKeyRecognizer, secrets.CredentialRecognizer,
        contact.EmailRecognizer, identity.CreditCardRecognizer, identity.IbanRecognizer,
        identity.UsSsnRecognizer, identity.NationalIdRecognizer, identity.AccountRecognizer,
        identity.DocumentRecognizer, contact.IpAddressRecognizer, contact.AddressRecognizer,
        identity.BirthDateRecognizer, contact.PhoneRecognizer, user_id.UserIdRecognizer,
        person_cues.PersonCueRecognizer, evidence.PersonListRecognizer,
        # presidio's own that need no change
        presidio.CryptoRecognizer, presidio.MacAddressRecognizer, presidio.UkNinoRecognizer, presidio.NhsRecognizer,
        presidio.UsBankRecognizer, presidio.UsLicenseRecognizer, presidio.UsPassportRecognizer,
        presidio.UsItinRecognizer, presidio.MedicalLicenseRecognizer,
    )  # fmt: skip
    return [kind() for kind in kinds]


def _analyzer() -> tuple[Any, _Timeouts]:
    # presidio reads the time-out when it is imported, and its default is a minute.
    os.environ.setdefault("REGEX_TIMEOUT_SECONDS", str(REGEX_TIMEOUT_SECONDS))
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, pattern_recognizer
    from presidio_analyzer.nlp_engine import NoOpNlpEngine

    pattern_recognizer.REGEX_TIMEOUT_SECONDS = REGEX_TIMEOUT_SECONDS
    # presidio's own e-mail recognizer is not used, but nothing that is must ever fetch the public suffix list.
    offline = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    setattr(tldextract, "extract", offline)  # noqa: B010  # typed as a function
    tldextract.tldextract.TLD_EXTRACTOR = offline

    from curator.scrub.recognizers.base import WindowEnhancer

    logger = logging.getLogger("presidio-analyzer")
    logger.propagate = False
    logger.setLevel(logging.WARNING)
    timeouts = next((h for h in logger.handlers if isinstance(h, _Timeouts)), None)
    if timeouts is None:
        timeouts = _Timeouts()
        logger.addHandler(timeouts)
    registry = RecognizerRegistry(recognizers=recognizers(), supported_languages=["en"])
    # The name models are read in batches, beside presidio (see `Engine._read`).
    nothing = NoOpNlpEngine(models=[{"lang_code": "en", "model_name": "none"}])
    nothing.load()
    analyzer = AnalyzerEngine(
        registry=registry, nlp_engine=nothing, supported_languages=["en"], context_aware_enhancer=WindowEnhancer()
    )
    unknown = set(analyzer.get_supported_entities("en")) - set(ENTITIES)
    if unknown:
        raise RuntimeError(f"recognizers of entities without an entry in ENTITIES: {sorted(unknown)}")
    return analyzer, timeouts
