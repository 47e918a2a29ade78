"""How good and how fast the scrub is. Run: `python -m tests.benchmarks.bench_scrub [--quick] [SECTION …]`.

Sections: families, own, shared, traces, presidio, secrets, speed, hostile. What cannot run says why.

- `shared` and `traces` read labelled texts and traces in `../shared` (or `--shared DIR`).
- `presidio` fills presidio-evaluator's templates and compares with presidio's defaults, datafog and scrubadub, all in
  one run, places and dates left out. None is a dependency: `pip install --no-deps presidio-evaluator` and
  `pip install datafog scrubadub`, best into an environment of their own whose site-packages `--packages DIR` names.
"""

import argparse
import gzip
import importlib.util
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from curator.model import ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.items import walk
from curator.scrub.locate import passages
from curator.scrub.nlp import installed_model
from curator.scrub.pipeline import Pipeline
from tests.benchmarks.scrub_measure import Measure, left
from tests.benchmarks.scrub_texts import Labelled, from_jsonl, from_markup, presidio_templates

ROOT = Path(__file__).parents[2]
POLICY = ScrubPolicy()
Finder = Callable[[list[str]], list[list[tuple[int, int]]]]


def table(title: str, head: Sequence[str], body: Sequence[Sequence[object]]) -> None:
    """Prints a table in plain text."""
    rows = [[str(c) for c in row] for row in (head, *body)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    print(f"\n{title}")
    for row in rows:
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def curator_finder(pipeline: Pipeline) -> Finder:
    def find(texts: list[str]) -> list[list[tuple[int, int]]]:
        pipeline.warm(texts)
        return [[(f.start, f.end) for f in pipeline.find(t, POLICY) if f.action != "suggest"] for t in texts]

    return find


def measured(find: Finder, texts: list[Labelled]) -> tuple[Measure, float]:
    begun = time.perf_counter()
    found = find([t.text for t in texts])
    seconds = time.perf_counter() - begun
    measure = Measure()
    for text, spans in zip(texts, found, strict=True):
        measure.add(text, spans)
    return measure, len(texts) / seconds


def show(title: str, measure: Measure, rate: float) -> None:
    body = [(label, n, percent(measure.gone[label] / n)) for label, n in measure.labelled.most_common()]
    body += [
        ("all direct identifiers", "", percent(measure.identifiers)),
        ("all names", "", percent(measure.names)),
        ("other characters touched", measure.other, percent(measure.collateral)),
        ("texts per second", "", f"{rate:.0f}"),
    ]
    table(title, ("label", "labelled", "gone"), body)


def negatives(title: str, pipeline: Pipeline, path: Path) -> None:
    texts = [t for t in path.read_text("utf-8").splitlines() if t and not t.startswith("#")]
    changed = [t for t in texts if pipeline.scrub(t, POLICY).value != t]
    table(title, ("texts", "changed"), [(len(texts), f"{len(changed)}  {changed}")])


def own(pipelines: dict[str, Pipeline], args: argparse.Namespace) -> None:
    data = ROOT / "tests" / "scrub" / "data"
    for name, pipeline in pipelines.items():
        show(f"invented texts, {name}", *measured(curator_finder(pipeline), from_markup(data / "labelled.txt")))
        negatives(f"invented harmless texts, {name}", pipeline, data / "negatives.txt")


def shared(pipelines: dict[str, Pipeline], args: argparse.Namespace) -> None:
    folder = args.shared / "pii"
    if not folder.is_dir():
        print(f"\nshared: {folder} is not here")
        return
    for name, pipeline in pipelines.items():
        show(f"support texts, {name}", *measured(curator_finder(pipeline), from_jsonl(folder / "support.jsonl")))
        negatives(f"harmless texts, {name}", pipeline, folder / "negatives.txt")


def rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def traces(pipelines: dict[str, Pipeline], args: argparse.Namespace) -> None:
    folder = args.shared / "traces"
    if not folder.is_dir():
        print(f"\ntraces: {folder} is not here")
        return
    scores = {r["subject"]["id"]: r["value"] for r in rows(folder / "airline.scores.jsonl.gz")}
    known = {r["traceId"]: r["values"] for r in rows(folder / "airline.pii.jsonl.gz")}
    observations = rows(folder / "airline.observations.jsonl.gz")
    failing = {trace for trace, score in scores.items() if score <= 0.5}
    pipeline = next(iter(pipelines.values()))
    roots = {r["traceId"]: [[r["input"], r["output"]]] for r in observations if r["isRootObservation"]}
    whole: dict[str, list[Any]] = {}
    for r in observations:
        whole.setdefault(r["traceId"], []).append([r["input"], r["output"]])
    for title, content in (("root input and output", roots), ("every observation", whole)):
        if content is whole and args.quick:
            continue
        there: Counter[str] = Counter()
        still: Counter[str] = Counter()
        begun = time.perf_counter()
        for trace in sorted(failing):
            before = json.dumps(content[trace], ensure_ascii=False)
            after = json.dumps(pipeline.scrub(content[trace], POLICY).value, ensure_ascii=False)
            for value in known[trace]:
                if left(value["value"], before):
                    there[value["type"]] += 1
                    still[value["type"]] += left(value["value"], after)
        body = [(kind, n, still[kind], percent(still[kind] / n)) for kind, n in there.most_common()]
        seconds = time.perf_counter() - begun
        table(f"{len(failing)} failing traces, {title} ({seconds:.0f} s)", ("type", "values", "left", "share"), body)


def presidio(pipelines: dict[str, Pipeline], args: argparse.Namespace) -> None:
    texts = presidio_templates(300 if args.quick else 1500)
    if isinstance(texts, str):
        print(f"\npresidio: {texts}")
        return
    finders: dict[str, Finder | str] = {f"curator, {n}": curator_finder(p) for n, p in pipelines.items()}
    finders |= {
        "presidio defaults": args.presidio_defaults,
        "datafog": datafog(),
        "scrubadub": scrubadub(),
    }
    labels = (
        "PERSON",
        "STREET_ADDRESS",
        "PHONE_NUMBER",
        "EMAIL_ADDRESS",
        "CREDIT_CARD",
        "IBAN_CODE",
        "US_SSN",
        "IP_ADDRESS",
    )
    body = []
    for name, find in finders.items():
        if isinstance(find, str):
            body.append((name, find, *[""] * (len(labels) + 2)))
            continue
        measure, rate = measured(find, texts)
        shares = [percent(measure.share({label})) for label in labels]
        body.append((name, percent(measure.identifiers), *shares, percent(measure.collateral), f"{rate:.0f}"))
    head = ("tool", "identifiers", *(label.split("_")[0].lower() for label in labels), "touched", "texts/s")
    table(f"presidio-evaluator's templates, {len(texts)} sentences", head, body)


def presidio_defaults(model: str | None) -> Finder | str:
    if model is None:
        return "no name model is installed"
    import spacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Loaded(SpacyNlpEngine):
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": model}])
            self.nlp = {"en": spacy.load(model)}

    engine = Loaded()
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(nlp_engine=engine)
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine)
    hints = {"LOCATION", "ORGANIZATION", "NRP", "DATE_TIME", "URL"}

    def find(texts: list[str]) -> list[list[tuple[int, int]]]:
        found = [analyzer.analyze(text, language="en", score_threshold=0.4) for text in texts]
        return [[(r.start, r.end) for r in results if r.entity_type not in hints] for results in found]

    return find


def second_model() -> Finder | str:
    """The second name model by itself: every name, number and address part that it marks."""
    from curator.scrub.second import SecondModel

    model = SecondModel.installed()
    if model is None:
        return "is not installed"
    return lambda texts: [[(n.start, n.end) for n in names] for names in model.names(texts)]


def datafog() -> Finder | str:
    if importlib.util.find_spec("datafog") is None:
        return "is not installed"
    from datafog import DataFog

    fog = DataFog()

    def find(texts: list[str]) -> list[list[tuple[int, int]]]:
        found = []
        for text in texts:
            values = [v for vs in fog.detect(text).values() for v in vs if v]
            found.append([(text.find(v), text.find(v) + len(v)) for v in values if v in text])
        return found

    return find


def scrubadub() -> Finder | str:
    if importlib.util.find_spec("scrubadub") is None:
        return "is not installed"
    import scrubadub as tool

    scrubber = tool.Scrubber()
    return lambda texts: [[(f.beg, f.end) for f in scrubber.iter_filth(t)] for t in texts]


def secrets(pipelines: dict[str, Pipeline], args: argparse.Namespace) -> None:
    from tests.scrub.secret_samples import NO_SECRETS, samples

    engine = list(pipelines.values())[-1].engine
    pipeline = Pipeline(engine)
    only = ScrubPolicy(entities=("SECRET",))
    kinds = samples()
    missed = [kind for kind, text, secret in kinds if secret in str(pipeline.scrub(text, only).value)]
    alarms = [text for text in NO_SECRETS if pipeline.find(text, only)]
    table(
        "secrets",
        ("kinds", "found", "missed", "harmless texts", "false alarms"),
        [(len(kinds), len(kinds) - len(missed), missed, len(NO_SECRETS), alarms)],
    )


def speed(pipelines: dict[str, Pipeline], args: argparse.Namespace) -> None:
    """The obvious loop (the model and presidio's analyzer once per string) beside the engine with cache and batches."""
    folder = args.shared / "traces"
    if not folder.is_dir():
        print(f"\nspeed: {folder} is not here")
        return
    observations = rows(folder / "airline.observations.jsonl.gz")[: 200 if args.quick else 1200]
    parts = passages(list(walk([[_parsed(o["input"]), _parsed(o["output"])] for o in observations])))
    texts = [p.text for p in parts]
    body = []
    looped: float = 0
    loop: list[tuple[Any, ...]] = []
    for name, second in (("small model", False), ("both models", True)):
        fresh = Engine(use_second=second)
        fresh.find(["Warm up with Jane Doe."])
        begun = time.process_time()
        ours = fresh.find(texts)
        batched = time.process_time() - begun
        if not second:
            begun = time.process_time()
            loop = [fresh._read([t])[0] for t in texts]
            looped = time.process_time() - begun
        same = sum(
            {(s.start, s.end, s.entity) for s in a} == {(s.start, s.end, s.entity) for s in b}
            for a, b in zip(ours, loop, strict=True)
        )
        body.append((name, f"{looped:.1f} s", f"{batched:.1f} s", f"{looped / batched:.1f}", f"{same} of {len(texts)}"))
    table(
        f"speed on {len(observations)} observations: {len(texts)} strings, {len(set(texts))} different; processor time",
        ("engine", "obvious loop", "curator", "times faster", "strings with the same findings"),
        body,
    )


def _parsed(text: str | None) -> object:
    try:
        return json.loads(text or "null")
    except ValueError:
        return text


def hostile(pipelines: dict[str, Pipeline], args: argparse.Namespace) -> None:
    from curator.scrub import NotScrubbed, Scrubber
    from curator.scrub.items import Limits
    from tests.scrub.test_hostile import STRINGS, VALUE

    size = 20_000 if args.quick else 450_000
    limit = 15.0
    body = []
    with Scrubber(limits=Limits(seconds=limit)) as scrubber:
        for name, make in STRINGS.items():
            scrubber.start().result()
            noise = make(size)
            begun = time.perf_counter()
            try:
                value = scrubber.scrub_value({"q": f"{noise} {VALUE} {noise}"}, POLICY).value
                outcome = "PASSED UNSCRUBBED" if VALUE in str(value) else "scrubbed"
            except NotScrubbed as error:
                outcome = f"refused: {error.why}"
            body.append((name, f"{2 * len(noise):,}", f"{time.perf_counter() - begun:.1f} s", outcome))
    table(f"hostile strings, limit {limit:g} s an item", ("string", "characters", "took", "outcome"), body)


def families(pipelines: dict[str, Pipeline], args: argparse.Namespace) -> None:
    """Every set by family, beside presidio's defaults and the second model alone."""
    from tests.benchmarks.scrub_families import report

    finders: dict[str, Finder | str] = {name: curator_finder(p) for name, p in pipelines.items()}
    if not args.only_own:
        finders |= {"presidio defaults": args.presidio_defaults, "second model alone": second_model()}
    report(finders, pipelines, args.shared, args.half, args.show)


SECTIONS = (families, own, shared, traces, presidio, secrets, speed, hostile)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(s.__name__ for s in SECTIONS))
    parser.add_argument("--quick", action="store_true", help="smaller samples")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared", help="labelled texts and traces")
    parser.add_argument("--half", default="all", choices=("all", "tuned", "held"), help="of the texts by family")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="misses of the first engine, N a family")
    parser.add_argument("--only-own", action="store_true", help="no other tools in the table by family")
    parser.add_argument("--packages", type=Path, help="site-packages with presidio-evaluator, datafog, scrubadub")
    args = parser.parse_args()
    if args.packages:
        sys.path.append(str(args.packages))
    # presidio looks its recognizers up by class name among all that are loaded: its own have to come first.
    wants_it = not args.only_own and (not args.sections or {"presidio", "families"} & set(args.sections))
    args.presidio_defaults = presidio_defaults(installed_model()) if wants_it else "not asked for"
    pipelines = {}
    engine = Engine()
    if engine.second:
        pipelines["both models"] = Pipeline(engine)
    if engine.model:
        pipelines["small model"] = Pipeline(Engine(use_second=False))
    pipelines["patterns only"] = Pipeline(Engine(use_model=False))
    for section in SECTIONS:
        if not args.sections or section.__name__ in args.sections:
            section(pipelines, args)


if __name__ == "__main__":
    main()
