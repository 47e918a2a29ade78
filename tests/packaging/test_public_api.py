"""`from curator import …`: the names are a promise, they are typed, and they cost nothing until they are used."""

import subprocess
import sys
from pathlib import Path

import pytest

import curator

# Written out, so that a name can neither go nor come unnoticed: a change there is a line in the CHANGELOG.
PUBLIC = set((Path(__file__).parent / "public_names.txt").read_text(encoding="utf-8").split())


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_names_are_as_promised() -> None:
    assert set(curator.__all__) == PUBLIC
    assert set(dir(curator)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_name_is_there_and_documented(name: str) -> None:
    thing = getattr(curator, name)
    assert thing.__doc__, f"{name} has no docstring"
    assert thing.__module__.startswith("curator.")


def test_names_never_mean_rooms() -> None:
    """A room that was imported first does not hide a function, whatever the order of imports."""
    rooms = "import curator.promote, curator.audit, curator.draft, curator.queue, curator.rulebook, curator.journal\n"
    names = "import curator\nprint([n for n in curator.__all__ if type(getattr(curator, n)).__name__ == 'module'])"
    assert python(rooms + names) == "[]"
    assert python("from curator import promote, queue; print(promote.__name__)") == "curator.promote"


def test_import_curator_is_light() -> None:
    loaded = python("import sys; old = set(sys.modules); import curator; print(sorted(set(sys.modules) - old))")
    foreign = [name for name in eval(loaded) if name.partition(".")[0] not in {"curator", *sys.stdlib_module_names}]
    assert foreign == []
    assert "curator.api" not in loaded


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'promter'"):
        curator.promter  # noqa: B018  # looking is the test


@pytest.mark.slow
def test_users_get_types(tmp_path: Path) -> None:
    """A type checker sees the real signatures through the lazy import (and `py.typed` says that there are some)."""
    script = tmp_path / "script.py"
    script.write_text(
        "from curator import Gateway, Promoter, Receipt, find_failures\n"
        "def use(receipt: Receipt) -> str:\n    return receipt.item_id\n"
        "wrong: int = Gateway\nPromoter(1)\n"
    )
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--follow-imports=silent", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    lines = [line for line in done.stdout.splitlines() if "error:" in line]
    assert {line.split(":")[1] for line in lines} == {"4", "5"}, done.stdout
