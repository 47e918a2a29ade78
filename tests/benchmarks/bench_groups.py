"""Groups of failures beside naive ways, on 200 agent runs whose tasks are known: does likeness find the task again?

`python -m tests.benchmarks.bench_groups`. The texts are scrubbed first, as the queue does; that takes most of the time.
"""

import gzip
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from datetime import timedelta
from math import comb
from pathlib import Path

from curator.draft.alike import ALIKE, Texts
from curator.gateway import rows
from curator.model import Failure, Observation, Score, ScrubPolicy, Signal, Trace
from curator.queue.groups import FailureText, group_failures, read_texts
from curator.scrub import Scrubber

TRACES = Path(__file__).parents[3] / "shared" / "traces"


class Recorded:
    """What grouping asks of a gateway, from a file."""

    def __init__(self, traces: dict[str, Trace]) -> None:
        self._traces = traces

    def traces(self, ids: Sequence[str], *, comments: bool = True) -> dict[str, Trace]:
        """Recorded traces by id."""
        return {trace_id: self._traces[trace_id] for trace_id in ids}


def recorded(folder: Path) -> dict[str, Trace]:
    """The recorded traces with their scores."""
    observations: dict[str, list[Observation]] = defaultdict(list)
    with gzip.open(folder / "airline.observations.jsonl.gz") as lines:
        for line in lines:
            one = rows.observation(json.loads(line))
            observations[one.trace_id].append(one)
    with gzip.open(folder / "airline.scores.jsonl.gz") as lines:
        scores: list[Score] = [rows.score(json.loads(line)) for line in lines]
    return {
        score.trace_id or "": Trace(
            id=score.trace_id or "", observations=tuple(observations[score.trace_id or ""]), scores=(score,)
        )
        for score in scores
    }


def failure_of(trace: Trace) -> Failure:
    """A failure of a recorded trace."""
    root, score = trace.root, trace.scores[0]
    signal = Signal(kind="score", name=score.name, value=score.value, comment=score.comment, rule="r")
    return Failure(
        trace_id=trace.id,
        observation_id=root.id,
        timestamp=root.start_time,
        name=trace.name,
        session_id=root.session_id,
        environment=root.environment,
        signals=(signal,),
    )


def quality(found: Sequence[Hashable], truth: Sequence[Hashable]) -> tuple[float, float, float]:
    """Adjusted Rand index, pair precision, pair recall."""
    pairs = lambda each: sum(comb(many, 2) for many in Counter(each).values())  # noqa: E731
    both, mine, theirs, total = pairs(zip(found, truth, strict=True)), pairs(found), pairs(truth), comb(len(truth), 2)
    chance = mine * theirs / total
    return (both - chance) / ((mine + theirs) / 2 - chance), both / max(mine, 1), both / theirs


def seen_before(texts: dict[str, FailureText], task: dict[str, str]) -> tuple[float, float]:
    """Precision and recall of failures that are held against items, over ten draws of the items."""
    right = wrong = there = 0
    for seed in range(10):
        chance, of_task = random.Random(seed), defaultdict(list)
        for key, which in task.items():
            of_task[which].append(key)
        items = [chance.choice(keys) for _, keys in sorted(of_task.items()) if chance.random() < 0.5]
        rest = [key for key in task if key not in set(items)]
        likeness = Texts([texts[key].asked for key in items]).likeness([texts[key].asked for key in rest])
        for key, row in zip(rest, likeness, strict=True):
            for item, value in zip(items, row, strict=True):
                same = task[item] == task[key]
                there += same
                right += same and value >= ALIKE
                wrong += not same and value >= ALIKE
    return right / (right + wrong), right / there


def near_duplicates(texts: Sequence[str], ratio: float) -> list[int]:
    """Groups by character ratio, as near-duplicates are usually found: chains of pairs."""
    from rapidfuzz import fuzz

    group = list(range(len(texts)))
    for one, text in enumerate(texts):
        for other in range(one):
            if fuzz.ratio(text, texts[other]) >= ratio:
                old, new = group[one], group[other]
                group = [new if each == old else each for each in group]
    return group


def main() -> None:
    """Prints the tables."""
    traces = recorded(TRACES)
    every = [failure_of(trace) for trace in traces.values()]
    began = time.perf_counter()
    with Scrubber(in_process=True) as scrubber:
        texts = read_texts(Recorded(traces), scrubber, every, lambda _: ScrubPolicy())  # type: ignore[arg-type]
    print(f"read and scrubbed {len(texts)} in {time.perf_counter() - began:.0f} s")
    until = max(one.timestamp for one in every if one.timestamp) + timedelta(seconds=1)
    for title, some in (("failed", [f for f in every if traces[f.trace_id].scores[0].value == 0]), ("all", every)):
        truth = [traces[one.trace_id].root.metadata["task_id"] for one in some]
        found = {key: group.id for group in group_failures(some, texts, until).groups for key in group.keys}
        asked = [texts[one.key].asked for one in some]
        print(f"\n{title}: {len(some)} runs of {len(set(truth))} tasks, {len(set(found.values()))} groups")
        for name, labels in (
            ("curator", [found[one.key] for one in some]),
            ("same first words", [" ".join(text.split()[:5]).lower() for text in asked]),
            ("character ratio 93", near_duplicates(asked, 93)),
            ("character ratio 60", near_duplicates(asked, 60)),
            ("all in one", [0] * len(some)),
        ):
            print("  {:<20} ARI {:.3f}  pair precision {:.2f}  recall {:.2f}".format(name, *quality(labels, truth)))
    failed = [f for f in every if traces[f.trace_id].scores[0].value == 0]
    task = {one.key: traces[one.trace_id].root.metadata["task_id"] for one in failed}
    print(f"\nseen before: one failure of half of the tasks is an item; pairs from likeness {ALIKE} on")
    print("  precision {:.2f}  recall {:.2f}".format(*seen_before(texts, task)))
    for count in (1_000, 10_000):
        chance = random.Random(1)
        many, known = [], {}
        for at in range(count):
            base = every[at % len(every)]
            many.append(base.model_copy(update={"trace_id": f"x{at}"}))
            words = texts[base.key].asked.split()
            kept = " ".join(word for word in words if chance.random() < 0.8)
            known[f"x{at}"] = FailureText(asked=kept, done=texts[base.key].done)
        began = time.perf_counter()
        grouping = group_failures(many, known, until)
        print(f"{count} failures: {time.perf_counter() - began:.1f} s, {len(grouping.groups)} groups")


if __name__ == "__main__":
    main()
