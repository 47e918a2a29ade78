"""The shape of the house: rooms are entered by their face, functions take few parameters. Lists may only shrink."""

import ast
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "curator"
ROOMS = {path.parent.name for path in HOUSE.glob("*/__init__.py")}
MOST = 8
"""Parameters of a function; the options of a command are its interface and do not count."""
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
    assert more == {}


def taken(name: str, tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """What a file takes from other rooms, as `(room, module behind its face or "", name)`."""
    own = name.split("/")[0].removesuffix(".py")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            inside = [each.name.split(".") for each in node.names if each.name.startswith("curator.")]
            yield from ((parts[1], ".".join(parts[2:]), "") for parts in inside if parts[1] in ROOMS - {own})
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("curator."):
            room, *inside = node.module.split(".")[1:]
            if room in ROOMS - {own}:
                yield from ((room, ".".join(inside), each.name) for each in node.names)


def test_rooms_are_entered_by_their_face() -> None:
    past = {
        (name, room, module or wanted)
        for name, tree in sources()
        for room, module, wanted in taken(name, tree)
        if room not in OPEN_ROOMS and (module or find_spec(f"curator.{room}.{wanted}") is not None)
    }
    assert not past, "export what others need in the room's __init__ (lazily where heavy) and import it from there"


@pytest.mark.parametrize("room", sorted(ROOMS - OPEN_ROOMS))
def test_a_face_offers_what_is_asked_of_it(room: str) -> None:
    """Names that a face imports at their first use would else be missed only by who asks for them."""
    face = import_module(f"curator.{room}")
    wanted = {name for path, tree in sources() for at, module, name in taken(path, tree) if at == room and not module}
    tree = ast.parse((HOUSE / room / "__init__.py").read_text(encoding="utf-8"))
    said = {each.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for each in node.names}
    assert wanted
    assert not {name for name in wanted | said if not hasattr(face, name)}
