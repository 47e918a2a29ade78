"""The wheel in environments of its own, away from the checkout: what a stranger gets. Bounded, some minutes."""

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tarfile
import termios
import time
from pathlib import Path

import pytest

import curator

pytestmark = pytest.mark.slow

INSTALL_SECONDS = 600
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


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


@pytest.fixture(scope="module", params=[(HERE, ""), (HERE, "[ner]"), ("3.12", "[ner]"), ("3.13", "[ner]")], ids=str)
def installed(request: pytest.FixtureRequest, distributions: dict[str, Path], tmp_path_factory: pytest.TempPathFactory):
    """(folder, bin): an empty folder, and the commands of a fresh environment with the wheel and one extra."""
    version, extra = request.param
    python = interpreter(version)
    if python is None:
        pytest.skip(f"there is no Python {version} on this machine")
    folder = tmp_path_factory.mktemp("stranger")
    subprocess.run([python, "-m", "venv", str(folder / "env")], check=True, timeout=INSTALL_SECONDS)
    pip = [str(folder / "env/bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, f"{distributions['wheel']}{extra}"], check=True, timeout=INSTALL_SECONDS, cwd=folder)
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
    """Whatever a module needs came with the wheel; extras are asked for in words, not by a traceback."""
    code = (
        "import curator, importlib, pkgutil\n"
        "from curator import *\n"
        "for each in pkgutil.walk_packages(curator.__path__, 'curator.'):\n"
        "    if not each.name.endswith('__main__'): importlib.import_module(each.name)\n"
        "print(curator.__file__)"
    )
    done = run(installed, "python", "-c", code, timeout=120)
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
    assert ("langfuse-curator[ner]" in done.stdout) == (installed[1] == "")
    assert "Traceback" not in done.stderr


def test_readme_first_command(distributions: dict[str, Path], tmp_path: Path) -> None:
    """The README's first command, to the letter, in a fresh copy of the project: it ends in the running terminal UI."""
    with tarfile.open(distributions["sdist"]) as archive:
        archive.extractall(tmp_path, filter="data")
    root = next(tmp_path.iterdir())
    command = re.findall(r"```sh\n(.*?)\n```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)[0]
    assert command.endswith("curator demo")
    screen = on_a_terminal(command, root, clean(tmp_path), until="order-status", then="q", seconds=INSTALL_SECONDS)
    assert "order-status" in screen, screen[-3000:]


def on_a_terminal(command: str, folder: Path, env: dict[str, str], *, until: str, then: str, seconds: float) -> str:
    """Runs a shell command on a terminal of 120×36; when `until` is shown, types `then`. Everything that was shown."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        os.execve("/bin/sh", ["sh", "-c", command], env | {"TERM": "xterm-256color", "LANG": "C.UTF-8"})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    shown, typed, end = b"", False, time.monotonic() + seconds
    try:
        while time.monotonic() < end:
            if not select.select([terminal], [], [], 1.0)[0]:
                continue
            try:
                shown += os.read(terminal, 65536)
            except OSError:  # the other side is gone: the program has ended
                break
            if not typed and until.encode() in shown:
                os.write(terminal, then.encode())
                typed = True
        _, status = os.waitpid(process, 0 if time.monotonic() < end else os.WNOHANG)
    finally:
        os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0, shown.decode(errors="replace")[-3000:]
    return shown.decode(errors="replace")
