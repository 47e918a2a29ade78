"""The threat model's promises, kept by the running program: keys, files, ports, rules."""

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from curator.sandbox.auth import Keys
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from tests import command
from tests.command import Done

PUBLIC, SECRET = "pk-lf-1f0e9d8c-visible", "sk-lf-7c3b-never-to-be-seen"
pytestmark = pytest.mark.usefixtures("lasting_workers")

RULE = "order-status-regression"
CURATOR = [sys.executable, "-m", "curator"]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(keys=Keys(public=PUBLIC, secret=SECRET)) as running:
        seed_demo(running.store, datetime.now(UTC))
        yield running


@pytest.fixture
def env(server: SandboxServer, tmp_path: Path) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LANGFUSE_", "CURATOR_"))}
    own = {"CURATOR_CONFIG": str(tmp_path / "config" / "config.toml"), "CURATOR_STATE_DIR": str(tmp_path / "state")}
    return clean | server.environment() | own


@pytest.fixture(autouse=True)
def open_umask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Everybody may read what this user writes without saying otherwise; modules of the own folder can be imported."""
    monkeypatch.syspath_prepend(tmp_path)
    before = os.umask(0)
    yield
    os.umask(before)
    for module in ("agent", "canary_module"):
        sys.modules.pop(module, None)


def run(env: dict[str, str], folder: Path, *args: str) -> Done:
    return command.run(*args, env=env, folder=folder)


def a_trace(env: dict[str, str], folder: Path) -> str:
    queue = run(env, folder, "queue", "--rules", RULE, "--json").document
    return next(f["trace_id"] for f in queue["failures"] if f["observation_id"])


def test_what_is_written_is_for_its_owner_only(env: dict[str, str], tmp_path: Path) -> None:
    """After a promotion, a decision, a run, and keys saved on request: no file and no folder is open to others."""
    (tmp_path / "agent.py").write_text("def answer(case):\n    return {'outcome': 'answer', 'answer': ''}\n")
    trace = a_trace(env, tmp_path)
    assert run(env, tmp_path, "seed", "--rules", RULE).returncode == 0
    said = {"outcome": "answer", "must_mention": '["order"]', "must_not_mention": "[]"}
    sets = [word for name, value in said.items() for word in ("--set", f"expected_output.{name}={value}")]
    done = run(env, tmp_path, "promote", trace, "--rules", RULE, "--failure-type", "wrong_route", *sets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert run(env, tmp_path, "dismiss", trace, "--reason", "seen").returncode == 0
    assert run(env, tmp_path, "run", "--rules", RULE, "--task", "agent:answer", "--json").returncode in (0, 1)
    assert run(env, tmp_path, "init", "--save-keys").returncode == 0
    places = [tmp_path / "state", *(tmp_path / "state").rglob("*"), tmp_path / "config" / "config.toml"]
    assert SECRET in places[-1].read_text()
    assert {"journal.sqlite3", "runs"} <= {place.name for place in places}
    opened = {
        str(place.relative_to(tmp_path)): oct(stat.S_IMODE(place.stat().st_mode))
        for place in places
        if stat.S_IMODE(place.stat().st_mode) & 0o077
    }
    assert opened == {}


def test_no_key_shows_in_the_process_list(server: SandboxServer, env: dict[str, str], tmp_path: Path) -> None:
    """Neither in the arguments of a command nor in those of the processes that it starts (the scrub's worker)."""
    server.fault("slow", "0.2")
    try:
        process = subprocess.Popen(
            [*CURATOR, "draft", "0" * 32, "--rules", RULE],
            env=env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        seen: set[str] = set()
        while process.poll() is None:
            seen |= arguments(process.pid)
            time.sleep(0.01)
    finally:
        server.settings.faults.switch_off("slow")
    assert any("draft" in each for each in seen)
    assert not [each for each in seen if SECRET in each or PUBLIC in each]


def arguments(pid: int) -> set[str]:
    """Command lines of a process and of everything below it, as any user of the machine can read them."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            lines[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:  # it has ended meanwhile
            continue
    family = {pid}
    while grown := {child for child, parent in parents.items() if parent in family} - family:
        family |= grown
    return {lines[each] for each in family if each in lines}


@pytest.mark.parametrize("args", [("doctor",), ("queue",)])
def test_no_key_is_ever_printed(env: dict[str, str], tmp_path: Path, args: tuple[str, ...]) -> None:
    """With good keys, with wrong ones, without a server, and with a config file that is broken beside the key."""
    config = Path(env["CURATOR_CONFIG"])
    config.parent.mkdir()
    for change in (
        {},
        {"LANGFUSE_SECRET_KEY": f"{SECRET}-wrong"},
        {"LANGFUSE_BASE_URL": "http://127.0.0.1:9"},
        {"LANGFUSE_BASE_URL": f"http://{PUBLIC}:{SECRET}@127.0.0.1:9"},
    ):
        done = run(env | change, tmp_path, *args)
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
    keyless = {name: value for name, value in env.items() if not name.startswith("LANGFUSE_")}
    for broken in (f"secret_key = {SECRET}\n", f"secret_key = ['{SECRET}']\n", f"secret_kee = '{SECRET}'\n"):
        config.write_text(broken)
        done = run(keyless, tmp_path, *args)
        assert done.returncode == 2
        assert SECRET not in done.stdout + done.stderr


def test_the_sandbox_is_on_the_loopback_only(env: dict[str, str], tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*CURATOR, "sandbox"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        address = [process.stdout.readline() for _ in range(3)][2].strip().partition("=")[2]
        port = int(address.rpartition(":")[2])
        assert listening(port) == {"127.0.0.1"}
        with socket.socket() as outside:
            outside.settimeout(5)
            other = next((ip for ip in own_addresses() if not ip.startswith("127.")), None)
            if other is not None:
                assert outside.connect_ex((other, port)) != 0
    finally:
        process.terminate()
        process.communicate(timeout=20)


def listening(port: int) -> set[str]:
    """Addresses of this machine that listen on a port. Source: proc(5), /proc/net/tcp."""
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        if state == "0A" and int(local.partition(":")[2], 16) == port:
            found.add(socket.inet_ntoa(bytes.fromhex(local.partition(":")[0])[::-1]))
    for line in Path("/proc/net/tcp6").read_text().splitlines()[1:]:
        if line.split()[3] == "0A" and int(line.split()[1].partition(":")[2], 16) == port:
            found.add("::")
    return found


def own_addresses() -> list[str]:
    try:
        return [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    except OSError:
        return []


EVIL = {
    "a YAML tag": "rule: !!python/object/apply:os.system ['touch canary']\n",
    "a Python model": "rule: evil\ndataset: {name: d}\ninput: {python: 'canary_module:Model'}\n",
    "a Python check": "CHECKED",
    "a schema outside the folder": "rule: evil\ndataset: {name: d}\ninput: {schema_file: ../../../../etc/passwd}\n",
}


@pytest.mark.parametrize("what", EVIL)
@pytest.mark.parametrize(
    "command", [("rules", "check"), ("rules", "list"), ("queue",), ("draft", "x", "--rules", "evil")]
)
def test_rules_run_no_code(env: dict[str, str], tmp_path: Path, what: str, command: tuple[str, ...]) -> None:
    """Somebody else's rule file is refused, or its code is left alone, whatever is done with it."""
    text = EVIL[what]
    if text == "CHECKED":
        shipped = (Path(__file__).parents[2] / "rules" / f"{RULE}.yaml").read_text(encoding="utf-8")
        own = "checks:\n  - {name: evil, type: python, python: 'canary_module:check'}\n"
        text = shipped.replace("checks:\n", own, 1).replace(f"rule: {RULE}", "rule: evil", 1)
        assert "canary_module" in text
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "evil.yaml").write_text(text)
    (tmp_path / "canary_module.py").write_text("open('canary', 'w').write('ran')\n")
    done = run(env, tmp_path, *command)
    assert not (tmp_path / "canary").exists(), f"{what} ran code in curator {' '.join(command)}"
    assert "Traceback" not in done.stderr
    assert "root:" not in done.stdout + done.stderr
