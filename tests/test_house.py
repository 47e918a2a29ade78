"""The shape of the house: rooms are entered by their face, functions take few parameters. Lists may only shrink."""

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "curator"
ROOMS = {path.parent.name for path in HOUSE.glob("*/__init__.py")}
MOST = 8
"""Parameters of a function; the options of a command are its interface and do not count."""
LONG = {
    "experiments/prove.py prove_items": 12,
    "experiments/run.py run_experiment": 10,
    "gateway/traces.py observations": 11,
}
"""Functions with more, of old; each that becomes shorter leaves the list."""
PAST_THE_FACE = {
    "audit": 22,
    "dataset": 3,
    "draft": 27,
    "experiments": 37,
    "journal": 2,
    "promote": 9,
    "queue": 6,
    "rulebook": 13,
    "sandbox": 7,
    "scrub": 8,
    "tui": 7,
}
"""Imports from other rooms into a module behind a room's `__init__`, by the room that is entered."""
OPEN_ROOMS = {"api", "cli", "conversation", "gateway", "help", "model"}
"""Their modules are their face: values by their noun (`model.rule`), errors, the table of outcomes."""


def sources() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(HOUSE.rglob("*.py")):
        yield str(path.relative_to(HOUSE)), ast.parse(path.read_text(encoding="utf-8"))


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return sum(each.arg not in ("self", "cls") for each in every)


def is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("command" in ast.unparse(each) for each in node.decorator_list)


def test_functions_take_few_parameters() -> None:
    found = {
        f"{name} {node.name}": parameters(node)
        for name, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_command(node)
    }
    more = {name: count for name, count in found.items() if count > MOST}
    assert not {name: count for name, count in more.items() if count > LONG.get(name, MOST)}
    assert set(more) == set(LONG), "the list may only shrink: take out what has become shorter"


def entered(name: str, tree: ast.Module) -> Iterator[str]:
    """Modules behind the face of another room that a file imports from."""
    own = name.split("/")[0].removesuffix(".py")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("curator."):
            room, *inside = node.module.split(".")[1:]
            if room in ROOMS - OPEN_ROOMS - {own} and inside:
                yield room


def test_rooms_are_entered_by_their_face() -> None:
    found = Counter(room for name, tree in sources() for room in entered(name, tree))
    assert not {room: count for room, count in found.items() if count > PAST_THE_FACE.get(room, 0)}, (
        "export what others need in the room's __init__ (lazily where heavy) and import it from there"
    )


@pytest.mark.parametrize("room", ["promote", "journal"])
def test_nobody_above_the_writing_room_goes_past_its_face(room: str) -> None:
    """Front ends know a remedy, a default or a rule only through the Promoter."""
    behind = {
        name for name, tree in sources() if name.startswith(("cli/", "tui/", "api")) and room in entered(name, tree)
    }
    assert behind <= {"cli/log.py"}
