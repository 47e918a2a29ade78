"""Result files of runs on this machine: they hold what erased items asked and demanded, and what was answered."""

import json
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from curator.experiments import ItemRun, Run, read_run, run_files, runs_folder, write_run
from curator.model.errors import CuratorError

ERASED = "erased"


class Emptied(NamedTuple):
    """What became of one result file."""

    file: str
    """Below the folder `runs` of the state folder."""
    ok: bool


def result_files(items: Collection[str]) -> tuple[str, ...]:
    """The files that hold texts of one of these items, or that are no result files any more and mention one."""
    folder = runs_folder()
    return tuple(sorted(str(path.relative_to(folder)) for path in run_files() if items and _holds(path, items)))


def empty_results(files: Iterable[str], gone: Collection[str]) -> Iterator[Emptied]:
    """Takes the texts of the items that are gone out of the files; ids, fingerprints, scores and times stay.

    So a run can still be compared and counted, and nobody can read what it was about. A file that cannot be read or
    written is left as it is, and said.
    """
    for file in files:
        path = runs_folder() / file
        try:
            write_run(_without(read_run(path), gone), path)
        except CuratorError:
            yield Emptied(file, ok=False)
        else:
            yield Emptied(file, ok=True)


def _holds(path: Path, items: Collection[str]) -> bool:
    try:
        run = read_run(path)
    except CuratorError:
        return _mentions(path, items)
    return any(_has_text(run, item) for item in items)


def _mentions(path: Path, items: Collection[str]) -> bool:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return True
    return any(json.dumps(item) in text for item in items)


def _has_text(run: Run, item_id: str) -> bool:
    """Whether there is anything to take away: a file from which it was taken already needs no second look."""
    item = run.items.get(item_id)
    if item is not None and (item.input is not None or item.expected_output is not None):
        return True
    rows = [row for repeat in run.repeats for row in repeat.items if row.item_id == item_id]
    return any(row != _bare_row(row) for row in rows)


def _without(run: Run, gone: Collection[str]) -> Run:
    items = {
        key: item.model_copy(update={"input": None, "expected_output": None}) if key in gone else item
        for key, item in run.items.items()
    }
    repeats = tuple(
        repeat.model_copy(
            update={"items": tuple(_bare_row(row) if row.item_id in gone else row for row in repeat.items)}
        )
        for repeat in run.repeats
    )
    return run.model_copy(update={"items": items, "repeats": repeats})


def _bare_row(row: ItemRun) -> ItemRun:
    """Without what was answered; comments of scores quote it, and so may errors."""
    scores = {
        name: score.model_copy(update={"comment": "", "error": ERASED if score.error else None})
        for name, score in row.scores.items()
    }
    return row.model_copy(update={"output": None, "error": ERASED if row.error else None, "scores": scores})
