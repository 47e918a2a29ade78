"""One table over every labelled set, by family, for several engines in one run: what is gone, what harmless changed.

`python -m tests.benchmarks.bench_scrub families [--half tuned|held]`: each text belongs to one half by a checksum of
it, each invented frame by its place, so that what was tuned on one half is measured on the other.
"""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curator.model import ScrubPolicy
from curator.scrub.pipeline import Pipeline
from tests.benchmarks.scrub_forms import forms
from tests.benchmarks.scrub_measure import left
from tests.benchmarks.scrub_texts import Labelled, from_jsonl

POLICY = ScrubPolicy()
Finder = Callable[[list[str]], list[list[tuple[int, int]]]]
NAMES = frozenset({"NAME", "PERSON"})
FREE = frozenset({"CITY", "OTHER"})


@dataclass
class Family:
    """Texts of one kind."""

    name: str
    texts: list[Labelled] = field(default_factory=list)


def half_of(text: str) -> str:
    """`tuned` or `held`."""
    return "held" if zlib.crc32(text.encode()) % 2 else "tuned"


def families(shared: Path, half: str = "all") -> list[Family]:
    """Every labelled family; what is not here is left out."""
    found: dict[str, Family] = {}

    def add(name: str, text: Labelled, belongs: str) -> None:
        if half in ("all", belongs):
            found.setdefault(name, Family(name)).texts.append(text)

    folder = shared / "pii"
    if (folder / "fresh.jsonl").is_file():
        for line in (folder / "fresh.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            add(row["family"], Labelled(row["text"], tuple(map(tuple, row["spans"]))), half_of(row["text"]))
        for text in from_jsonl(folder / "support.jsonl"):
            add("support", text, half_of(text.text))
    made = forms()
    if isinstance(made, str):
        print(f"forms: {made}")
    else:
        for name, frame, text in made:
            add(name, text, "held" if frame % 2 else "tuned")
    return list(found.values())


def harmless(shared: Path, half: str = "all") -> list[str]:
    """Texts in which nothing may change."""
    path = shared / "pii" / "hard_negatives.jsonl"
    texts = [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
    return [t for t in texts if half in ("all", half_of(t))]


def shares(find: Finder, texts: Sequence[Labelled]) -> tuple[Counter[str], Counter[str], list[str]]:
    """Labelled and gone, by `names` and `identifiers`; and the values that were missed."""
    labelled: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    missed = []
    for text, spans in zip(texts, find([t.text for t in texts]), strict=True):
        covered = {i for a, b in spans for i in range(a, b)}
        for label, start, end in text.spans:
            if label in FREE:
                continue
            kind = "names" if label in NAMES else "identifiers"
            labelled[kind] += 1
            if all(i in covered or not text.text[i].isalnum() for i in range(start, end)):
                gone[kind] += 1
            else:
                missed.append(f"{text.text[start:end]!r} in {text.text[:140]!r}")
    return labelled, gone, missed


def retail(pipeline: Pipeline, shared: Path, half: str = "all") -> dict[str, Any]:
    """Whole conversations: which personal values are left, which products changed, which PERSON is false."""
    path = shared / "pii" / "retail.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []
    values: Counter[str] = Counter()
    still: Counter[str] = Counter()
    products = changed = persons = false = 0
    wrong: list[str] = []
    for row in rows:
        text = json.dumps(row["messages"], ensure_ascii=False)
        if half not in ("all", half_of(text)):
            continue
        result = pipeline.scrub(row["messages"], POLICY)
        after = json.dumps(result.value, ensure_ascii=False)
        own = {part.casefold() for _, v in row["values"] for part in v.replace("_", " ").replace("@", " ").split()}
        for kind, value in row["values"]:
            if left(value, text):
                values[kind] += 1
                still[kind] += left(value, after)
        names = {n for m in row["messages"] for n in _products(m["content"])}
        products += len(names)
        lost = [n for n in names if n not in after]
        changed += len(lost)
        wrong += lost
        for f in result.findings:
            if f.entity == "PERSON" and f.action == "replace":
                leaf = row["messages"][int(f.path.split("]")[0][1:])]["content"] if f.path.startswith("[") else ""
                found = leaf[f.start : f.end]
                persons += 1
                if not any(w.strip(".,'").casefold() in own for w in found.split()):
                    false += 1
                    wrong.append(found)
    return {
        "values": dict(values), "left": {k: n for k, n in still.items() if n}, "products": products,
        "products changed": changed, "persons": persons, "false persons": false, "wrong": wrong,
    }  # fmt: skip


def _products(content: str) -> list[str]:
    import regex

    return [m[1] for m in regex.finditer(r'"name": "([^"]+)", "product_id"', content or "")]


def report(
    finders: dict[str, Finder | str], pipelines: dict[str, Pipeline], shared: Path, half: str, show: int
) -> None:
    """Prints the tables."""
    from tests.benchmarks.bench_scrub import percent, table

    groups = families(shared, half)
    rows: dict[str, list[str]] = defaultdict(list)
    totals: dict[str, tuple[Counter[str], Counter[str]]] = {}
    for engine, find in finders.items():
        if isinstance(find, str):
            print(f"{engine}: {find}")
            continue
        totals[engine] = Counter(), Counter()
        for group in groups:
            labelled, gone, missed = shares(find, group.texts)
            if group.name != "support":
                totals[engine][0].update(labelled)
                totals[engine][1].update(gone)
            for kind in ("names", "identifiers"):
                if labelled[kind]:
                    rows[f"{group.name}: {kind}"].append(percent(gone[kind] / labelled[kind]))
            for miss in missed[:show] if engine == next(iter(finders)) else ():
                print(f"  {group.name}: {miss}")
        for kind in ("names", "identifiers"):
            labelled, gone = totals[engine]
            rows[f"ALL but support: {kind}"].append(percent(gone[kind] / max(1, labelled[kind])))
        texts = harmless(shared, half)
        hits = [t for t, spans in zip(texts, find(texts), strict=True) if spans]
        rows["hard negatives changed"].append(f"{len(hits)} of {len(texts)}")
        for text in hits if show and engine == next(iter(finders)) else ():
            print(f"  hard negative changed: {text}")
    table(f"by family ({half})", ("family", *totals), [(name, *cells) for name, cells in rows.items()])
    body = []
    for name, pipeline in pipelines.items():
        result = retail(pipeline, shared, half)
        wrong = Counter(result.pop("wrong"))
        body.append((name, *result.values(), dict(wrong.most_common(12 if show else 0))))
    head = ("engine", "values", "left", "products", "changed", "persons", "false", "wrong")
    table(f"retail conversations ({half})", head, body)
