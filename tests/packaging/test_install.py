"""The wheel in environments of its own, away from the checkout: what a stranger gets. Bounded, some minutes."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

import curator
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from tests.docs.test_commands_run import ROOT, Reader, followed, succeeds
from tests.tui import terminal

pytestmark = pytest.mark.slow

INSTALL_SECONDS = 600
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
NEWEST, TESTED, LOWEST = "newest", "as .ci/constraints.txt", "lowest"
ENVIRONMENTS = [
    *((HERE, "", NEWEST), (HERE, "[ner]", NEWEST), (HERE, "[web]", NEWEST)),
    *(("3.12", "[ner,cluster]", NEWEST), ("3.13", "[ner,web,cluster]", NEWEST)),
    *((HERE, "[ner]", TESTED), (HERE, "[ner]", LOWEST)),
]
"""Python, extra, and which versions of what is installed along."""


def interpreter(version: str) -> str | None:
    """A Python of that version on this machine, or None."""
    if version == HERE:
        return sys.executable
    found = shutil.which(f"python{version}")
    if found and subprocess.run([found, "-c", ""], capture_output=True, check=False).returncode == 0:
        return found
    pyenv = sorted((Path.home() / ".pyenv/versions").glob(f"{version}.*/bin/python3"))
    return str(pyenv[-1]) if pyenv else None


def clean(home: Path) -> dict[str, str]:
    """An environment in which nothing of this checkout, its virtual environment or its user shows."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LANGFUSE_", "CURATOR_", "PYTHON", "VIRTUAL_ENV"))}
    return kept | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "XDG_STATE_HOME": str(home / "state")}


@pytest.fixture(scope="module", params=ENVIRONMENTS, ids=str)
def installed(request: pytest.FixtureRequest, distributions: dict[str, Path], tmp_path_factory: pytest.TempPathFactory):
    """(folder, extra): an empty folder with the commands of a fresh environment, with the wheel and one extra."""
    version, extra, versions = request.param
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    folder = tmp_path_factory.mktemp("stranger")
    subprocess.run([python, "-m", "venv", str(folder / "env")], check=True, timeout=INSTALL_SECONDS)
    pip = [str(folder / "env/bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    more = {TESTED: ["--constraint", str(ROOT / ".ci/constraints.txt")], LOWEST: ["--requirement", "lowest.txt"]}
    if versions == LOWEST:
        # pip has no way to choose them: the lowest version of each line of pyproject, and what goes with them.
        compile_ = ["uv", "pip", "compile", "--quiet", "--resolution", "lowest-direct", f"--extra={extra[1:-1]}"]
        chosen = [*compile_, "--python", sys.executable, "--output-file", "lowest.txt", str(ROOT / "pyproject.toml")]
        subprocess.run([sys.executable, "-m", *chosen], check=True, timeout=INSTALL_SECONDS, cwd=folder)
    wheel = [*more.get(versions, []), f"{distributions['wheel']}{extra}"]
    subprocess.run([*pip, *wheel], check=True, timeout=INSTALL_SECONDS, cwd=folder)
    return folder, extra


def run(where: tuple[Path, str], *args: str, timeout: float = 60, **more: str) -> subprocess.CompletedProcess[str]:
    folder, _ = where
    command = [str(folder / "env/bin" / args[0]), *args[1:]]
    env = clean(folder) | more
    return subprocess.run(
        command,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )


def test_version_and_help(installed: tuple[Path, str]) -> None:
    assert run(installed, "curator", "--version").stdout.strip().endswith(curator.__version__)
    done = run(installed, "curator", "--help")
    assert done.returncode == 0
    assert "promote" in done.stdout


def test_rules_and_pages_came_along(installed: tuple[Path, str]) -> None:
    assert "order-status-regression" in run(installed, "curator", "rules", "list").stdout
    assert run(installed, "curator", "rules", "check").returncode == 0
    assert "weekly-routine" in run(installed, "curator", "explain").stdout
    assert run(installed, "curator", "explain", "guarantees").returncode == 0


def test_every_command_starts(installed: tuple[Path, str]) -> None:
    from curator.cli.main import COMMANDS

    for name in COMMANDS:
        done = run(installed, "curator", name, "--help")
        assert done.returncode == 0, f"{name}: {done.stderr}"


def test_every_module_imports(installed: tuple[Path, str]) -> None:
    """Whatever a module needs came with the wheel, unless it is one that works for an extra."""
    code = (
        "import curator, importlib, pkgutil, sys\n"
        "from curator import *\n"
        "for each in pkgutil.walk_packages(curator.__path__, 'curator.'):\n"
        "    if not each.name.endswith(('.__main__', *sys.argv[1:])): importlib.import_module(each.name)\n"
        "print(curator.__file__)"
    )
    left_out = ["curator.pytest_plugin"] + ([] if "web" in installed[1] else ["curator.cli.web_server"])
    done = run(installed, "python", "-c", code, *left_out, timeout=120)
    assert done.returncode == 0, done.stderr
    assert str(installed[0]) in done.stdout


def test_the_main_job(installed: tuple[Path, str]) -> None:
    done = run(installed, "curator", "demo", "--check", timeout=180)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✕" not in done.stdout


def test_doctor_says_what_is_missing(installed: tuple[Path, str]) -> None:
    done = run(installed, "curator", "doctor")
    assert done.returncode == 3
    assert "LANGFUSE_PUBLIC_KEY" in done.stdout
    assert ("langfuse-curator[ner]" in done.stdout) == ("ner" not in installed[1])
    assert "Traceback" not in done.stderr


def test_the_readme_is_followed(installed: tuple[Path, str], tmp_path: Path) -> None:
    """Every command line of the README, in its order, with what the wheel installed."""
    if "ner" not in installed[1]:
        pytest.skip("the README installs the extra `ner`")
    with SandboxServer() as server:
        seed_demo(server.store, datetime.now(UTC))
        reader = Reader(server, tmp_path, installed[0] / "env/bin")
        for line in followed(ROOT / "README.md"):
            succeeds(reader.run(reader.prepared(line)))


def test_readme_first_command(distributions: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The README's first command, to the letter, in a fresh copy of the project: it ends in the running terminal UI."""
    with tarfile.open(distributions["sdist"]) as archive:
        archive.extractall(tmp_path, filter="data")
    root = next(tmp_path.iterdir())
    command = re.findall(r"```sh\n(.*?)\n```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    assert command.endswith("curator demo")
    monkeypatch.setattr(terminal, "PATIENCE", INSTALL_SECONDS)
    with terminal.Terminal(["/bin/sh", "-c", f"cd '{root}' && {command}"], clean(tmp_path)) as shown:
        shown.wait_for("order-status")
        shown.send("q")
        shown.wait_end()
