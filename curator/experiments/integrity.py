"""Is a run whole on the server? One experiment, every item once, every score there; late is told from missing."""

import time
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from curator.experiments.results import Integrity, ItemRun, Repeat, Run, flaw, flaws, some
from curator.gateway import ExperimentItem, Gateway
from curator.model.draft import Problem

DEFAULT_DEADLINE_SECONDS = 60.0
"""How long to wait for what the server has not shown yet; Langfuse usually needs seconds, under load minutes."""
INGESTION_LIMIT = timedelta(minutes=10)
"""What has not arrived so long after the run has been lost."""
# Spans carry the client's clock, and the list's start time is compared with theirs.
CLOCK_MARGIN = timedelta(minutes=5)
NAMES_AT_ONCE = 20
"""Run names per request: they stand in its address."""


class Seen(NamedTuple):
    """What the server shows of one run name."""

    experiments: dict[str, list[str]]
    """Experiment id → ids of its items."""
    scores: dict[str, set[str]]
    """Item id → names of its scores."""
    ended: dict[str, datetime]
    """Trace id → when the task had answered; what came later belongs to the checks."""

    def items(self) -> list[str]:
        """Ids of all items, as often as they are there."""
        return [item for ids in self.experiments.values() for item in ids]


def flaws_in_words(run: Run) -> list[str]:
    """What keeps a run from being whole, the worst first; empty when it is whole. Of a run that was looked at."""
    found = {problem.code for each in run.repeats if each.integrity for problem in each.integrity.problems}
    return [
        *([] if run.complete else ["interrupted"]),
        *(row["words"] for code, row in flaws().items() if code in found and "words" in row),
    ]


def verify(
    gateway: Gateway,
    run: Run,
    *,
    required: Collection[str] = (),
    deadline: float = DEFAULT_DEADLINE_SECONDS,
    seen: Mapping[str, Seen] | None = None,
) -> Run:
    """The run with each repeat's integrity, and with the costs that Langfuse knows of.

    Expected are all items of the run and, of every item that did not error, the scores that were given plus those of
    `required`. Waits up to `deadline` seconds (for all repeats together) for what may still be on its way. `seen` is
    what somebody has just seen under each run name. Raises GatewayError.
    """
    until = time.monotonic() + deadline
    now = dict(seen) if seen is not None else read_rows(gateway, run, run.repeats)
    waited = dict.fromkeys(now, 0.0)
    pause, server = 0.5, None
    while True:
        judged = {each.run_name: problems_in(run, each, now[each.run_name], required) for each in run.repeats}
        late = [each for each in run.repeats if judged[each.run_name][1]]
        if late and any(each.code == "INTEGRITY_SCORE_LATE" for r in late for each in judged[r.run_name][0]):
            server = server or gateway.version()
            if server.refuses_scores:  # the SDK only logs that
                judged = {name: (_refused(found, server.version), False) for name, (found, _) in judged.items()}
                break
        if not late or time.monotonic() + pause > until:
            break
        began = time.monotonic()
        time.sleep(pause)
        pause = min(pause * 1.5, 5.0)
        now |= read_rows(gateway, run, late)
        for each in late:
            waited[each.run_name] += time.monotonic() - began
    repeats = []
    for each in _with_costs(gateway, run, now):
        problems = judged[each.run_name][0]
        whole = Integrity(ok=not problems, problems=tuple(problems), waited=round(waited[each.run_name], 1))
        repeats.append(each.model_copy(update={"integrity": whole}))
    return run.model_copy(update={"repeats": tuple(repeats)})


def read_rows(gateway: Gateway, run: Run, repeats: Sequence[Repeat]) -> dict[str, Seen]:
    """What the server shows under the name of each of these repeats: one request per 100 items."""
    names = [each.run_name for each in repeats]
    started = min((each.started_at for each in repeats), default=datetime.now(UTC))
    return {name: seen_of(those) for name, those in rows(gateway, names, run.dataset_id, started).items()}


def seen_of(found: Iterable[ExperimentItem]) -> Seen:
    """Rows of one run name as what `problems_in` looks at."""
    seen = Seen({}, {}, {})
    for row in found:
        seen.experiments.setdefault(row.experiment_id, []).append(row.item_id)
        seen.scores.setdefault(row.item_id, set()).update(score.name for score in row.scores)
        if row.end_time is not None:
            seen.ended[row.trace_id] = row.end_time
    return seen


def rows(
    gateway: Gateway,
    names: Sequence[str],
    dataset_id: str | None,
    started: datetime,
    *,
    fields: Sequence[str] = ("dataset", "scores"),
) -> dict[str, list[ExperimentItem]]:
    """Each of these names with the rows of the experiments over that dataset that bear it."""
    found: dict[str, list[ExperimentItem]] = {name: [] for name in names}
    # The API takes a comma-separated list of names, so a name with a comma cannot be asked for.
    asked = [names[at : at + NAMES_AT_ONCE] for at in range(0, len(names), NAMES_AT_ONCE)]
    for few in [None] if any("," in name for name in names) else asked:
        for row in gateway.experiment_items(
            from_=started - CLOCK_MARGIN,
            experiment_name=",".join(few) if few else None,
            dataset_id=dataset_id,
            fields=fields,
        ):
            if row.experiment_name in found and row.dataset_id in (dataset_id, None):
                found[row.experiment_name].append(row)
    return found


def problems_in(run: Run, repeat: Repeat, seen: Seen, required: Collection[str]) -> tuple[list[Problem], bool]:
    """What is wrong with the run as seen, and whether waiting may still mend some of it."""
    items = repeat.by_item()
    late = datetime.now(UTC) - repeat.finished_at < INGESTION_LIMIT
    # An item that never got as far as a trace is an errored one; the server cannot know of it.
    untraced = {item.item_id for item in repeat.items if item.error and item.trace_id is None}
    absent = sorted(run.items.keys() - set(seen.items()) - untraced)
    scores, waiting = _scores(run, items, seen, required, late)
    problems = [*_experiments(repeat, seen), *_items(run, repeat, seen, absent, late), *_errors(items), *scores]
    return problems, late and (bool(absent) or waiting)


def _experiments(repeat: Repeat, seen: Seen) -> Iterator[Problem]:
    if len(seen.experiments) < 2:
        return
    groups = [set(ids) for ids in seen.experiments.values()]
    sizes = " + ".join(str(len(group)) for group in sorted(groups, key=len))
    if sum(map(len, groups)) == len(set().union(*groups)):
        yield flaw(
            "INTEGRITY_SPLIT_RUN", f"Langfuse shows this run in {len(groups)} parts ({sizes} items) under one name."
        )
    else:
        yield flaw(
            "INTEGRITY_NAME_REUSED",
            f"{len(groups)} experiments over this dataset bear the name {repeat.run_name!r} ({sizes} items).",
        )


def _items(run: Run, repeat: Repeat, seen: Seen, absent: Sequence[str], late: bool) -> Iterator[Problem]:
    counts = Counter(seen.items())
    # Of an item that was cut off and run again, the first attempt may be there too.
    again = {item.item_id for item in repeat.items if item.again}
    if absent:
        yield flaw(
            "INTEGRITY_ITEM_MISSING",
            f"{len(absent)} of {len(run.items)} items of the dataset version are not in the run on the server"
            f"{' yet' if late else ''}: {some(absent)}.",
            remedy="Look again in some minutes." if late else "Run it again.",
        )
    twice = [item for item, count in counts.items() if count > 1 and item in run.items and item not in again]
    if twice:
        yield flaw(
            "INTEGRITY_ITEM_TWICE",
            f"{len(twice)} of {len(run.items)} items are in the run more than once: {some(twice)}.",
        )
    foreign = [item for item in counts if item not in run.items]
    if foreign:
        yield flaw(
            "INTEGRITY_ITEM_FOREIGN",
            f"{len(foreign)} of {len(counts)} items are not of the run's dataset version: {some(foreign)}.",
        )


def _errors(items: Mapping[str, ItemRun]) -> Iterator[Problem]:
    errored = [item for item in items.values() if item.error]
    if errored:
        reasons = Counter(item.error for item in errored)
        reason, count = reasons.most_common(1)[0]
        yield flaw(
            "INTEGRITY_ITEM_ERRORED",
            f"{len(errored)} of {len(items)} items errored: {some([item.item_id for item in errored])} "
            f"({count} × {reason}).",
        )


def _scores(
    run: Run, items: Mapping[str, ItemRun], seen: Seen, required: Collection[str], late: bool
) -> tuple[list[Problem], bool]:
    """Scores that are missing, told apart by why; and whether some may still arrive."""
    never: dict[str, list[str]] = {}
    not_there: dict[str, list[str]] = {}
    there = set(seen.items())
    for item in items.values():
        if item.error:
            continue
        given = {name for name, score in item.scores.items() if score.value is not None}
        # Of an item that is not there itself, that is what is told.
        for name in {*given, *required} if item.item_id in there else {*required} - given:
            if name not in seen.scores.get(item.item_id, set()):
                # Only of its own runs can curator know that a score was never given; others' may still be on its way.
                on_its_way = name in given or (late and run.source == "langfuse")
                (not_there if on_its_way else never).setdefault(name, []).append(item.item_id)
    problems = []
    for name, ids in sorted(never.items()):
        errors = Counter(e for i in ids if (s := items[i].scores.get(name)) and (e := s.error))
        why = f" ({errors.most_common(1)[0][0]})" if errors else ""
        problems.append(
            flaw(
                "INTEGRITY_SCORE_MISSING",
                f"{len(ids)} of {len(items)} items were given no score {name}{why}: {some(ids)}.",
            )
        )
    for name, ids in sorted(not_there.items()):
        code = "INTEGRITY_SCORE_LATE" if late else "INTEGRITY_SCORE_LOST"
        state = "has not arrived on the server yet" if late else "never arrived on the server"
        problems.append(
            flaw(
                code,
                f"the score {name} of {len(ids)} of {len(items)} items {state}: {some(ids)}.",
                remedy="Look again in some minutes; a longer --deadline waits for them." if late else "Run it again.",
                blocking=False,
            )
        )
    return problems, late and bool(not_there)


def _refused(problems: Sequence[Problem], version: str) -> list[Problem]:
    """Scores that such a server has not taken are not late: they will never come."""
    return [
        flaw(
            "INTEGRITY_SCORE_REFUSED",
            f"{each.message.split(' has not arrived')[0]} was refused: this server ({version}) does not"
            " take the scores of Langfuse's SDK 5; 4.59 or later does.",
        )
        if each.code == "INTEGRITY_SCORE_LATE"
        else each
        for each in problems
    ]


def _with_costs(gateway: Gateway, run: Run, seen: Mapping[str, Seen]) -> list[Repeat]:
    """The repeats with the costs that Langfuse computed from the task's generations, where the task named none.

    What an LLM judge costs stands in the same trace, after the task's end, and is not the candidate's.
    """
    unknown = [i for r in run.repeats for i in r.items if i.cost is None and i.trace_id and not i.error]
    if not unknown:
        return list(run.repeats)
    ended = {trace_id: end for each in seen.values() for trace_id, end in each.ended.items()}
    costs: dict[str | None, float] = {}
    priced = {"type": "number", "column": "totalCost", "operator": ">", "value": 0}
    since = min(each.started_at for each in run.repeats) - CLOCK_MARGIN
    traces = [item.trace_id for item in unknown if item.trace_id]
    for observation in gateway.observations(trace_ids=traces, from_=since, filters=[priced], costs=True):
        end = ended.get(observation.trace_id)
        if observation.total_cost and (end is None or observation.start_time <= end):
            costs[observation.trace_id] = costs.get(observation.trace_id, 0.0) + observation.total_cost

    def priced_item(item: ItemRun) -> ItemRun:
        known = item.cost is None and item.trace_id in costs
        return item.model_copy(update={"cost": costs[item.trace_id]}) if known else item

    return [each.model_copy(update={"items": tuple(map(priced_item, each.items))}) for each in run.repeats]
