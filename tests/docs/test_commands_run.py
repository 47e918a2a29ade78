"""The README is followed to the letter: every command line that it shows runs, in its order, against a sandbox.

Installing is the business of `tests/packaging`. The pages' own command lines are followed the same way, and the README
once more in a real shell (slow).
"""

import gzip
import json
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from curator.sandbox.auth import Keys
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from tests import command
from tests.docs.shell import blocks, lines
from tests.experiments.conftest import close_sdk

ROOT = Path(__file__).parents[2]
TOPICS = ROOT / "curator" / "help" / "topics"
DATASET = "order-status-regression"
SECONDS = 90
AGENT = """
def answer(item):
    wanted = item.expected_output
    return {"outcome": wanted["outcome"], "answer": " ".join(wanted["must_mention"]), "prompt_label": "production"}

def staged(item):
    return answer(item)
"""


def followed(path: Path) -> list[str]:
    """The different command lines of a document in their order, without those that only install."""
    text = path.read_text(encoding="utf-8")
    return list(dict.fromkeys(line for block in blocks(text) for line in lines(block) if "pip install" not in line))


@dataclass
class Reader:
    """Somebody with a Langfuse project, an agent, and an empty folder, who types what a document says."""

    server: SandboxServer
    folder: Path
    shell: bool = False
    """Whether every command is a process of its own; in this one they take a fifth of the time."""
    bin: Path = Path(sys.executable).parent
    """Where this reader's `curator` is."""

    def __post_init__(self) -> None:
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("LANGFUSE_", "CURATOR_"))}
        self.env |= self.server.environment() | {
            "PATH": f"{self.bin}:{os.environ['PATH']}",
            "CURATOR_CONFIG": str(self.folder / "config.toml"),
            "CURATOR_STATE_DIR": str(self.folder / "state"),
            "CURATOR_REVIEWER": "reader@example.com",
        }
        (self.folder / "my_agent.py").write_text(AGENT)
        save_rows(self.server, self.folder)

    def run(self, line: str) -> subprocess.CompletedProcess[str]:
        """Types one line; a server is interrupted when it is ready."""
        if line.startswith("curator sandbox"):
            return self._serve(line)
        if line.startswith("curator ") and not self.shell and not re.search(r"[|<>$&;`]", line):
            done = command.run(*shlex.split(line)[1:], env=self.env, folder=self.folder)
            return subprocess.CompletedProcess(line, done.returncode, done.stdout, done.stderr)
        return subprocess.run(
            ["/bin/bash", "-c", line],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
        )

    def _serve(self, line: str) -> subprocess.CompletedProcess[str]:
        server = subprocess.Popen(
            ["/bin/bash", "-c", f"exec {line}"], cwd=self.folder, env=self.env, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert server.stdout is not None
        first = [server.stdout.readline() for _ in range(3)]
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=SECONDS)
        assert all(line.startswith("LANGFUSE_") for line in first), err
        return subprocess.CompletedProcess(line, server.returncode, "".join(first) + out, err)

    def prepared(self, line: str) -> str:
        """The line with its placeholders filled in: a trace that can be promoted, another one, an item."""
        if line.startswith("export LANGFUSE_"):  # the reader's own keys are in the environment already
            return f'test -n "${re.split("[ =]", line)[1]}"'
        values = {"TRACE": self.trace, "OTHER": self.other, "ITEM": self.item, "DATASET": lambda: DATASET}
        for word, value in values.items():
            if re.search(rf"\b{word}\b", line):
                line = re.sub(rf"\b{word}\b", value(), line)
        return line

    @property
    def rule(self) -> str:
        """The rule that this reader works by: the own one, else the shipped one."""
        return "my-workflow" if (self.folder / "rules").is_dir() else "order-status-regression"

    def failures(self) -> list[str]:
        queue = self.run(f"curator queue --rules {self.rule} --json")
        return [f["trace_id"] for f in json.loads(queue.stdout)["failures"]]

    def trace(self) -> str:
        """A failure about which people have said all that the rule needs."""
        if not hasattr(self, "_trace"):
            ready = (t for t in self.failures() if self.run(f"curator draft {t} --rules {self.rule}").returncode == 0)
            self._trace = next(ready)
        return self._trace

    def other(self) -> str:
        return next(trace for trace in self.failures() if trace != self.trace())

    def item(self) -> str:
        verified = self.run(f"curator verify {DATASET} --json")
        return json.loads(verified.stdout)["items"][0]["item_id"]


@pytest.fixture
def reader(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Reader]:
    """A reader with a server of their own; in a shell when the test is a slow one."""
    slow = request.node.get_closest_marker("slow") is not None
    if not slow:
        request.getfixturevalue("lasting_workers")
    keys = Keys(public=f"pk-lf-{request.node.name}")
    with SandboxServer(keys=keys) as server:
        seed_demo(server.store, datetime.now(UTC))
        yield Reader(server, tmp_path, shell=slow)
    close_sdk(keys.public)


def save_rows(server: SandboxServer, folder: Path) -> None:
    """`observations.jsonl.gz` and `scores.jsonl.gz`, as somebody saves what the API returns."""
    import httpx

    keys = (server.public_key, server.secret_key)
    for name, path in {
        "observations": "v2/observations?fields=core,basic,io&limit=50",
        "scores": "v3/scores?limit=50",
    }.items():
        rows = httpx.get(f"{server.base_url}/api/public/{path}", auth=keys).raise_for_status().json()["data"]
        assert rows
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)


def test_readme(reader: Reader) -> None:
    for line in followed(ROOT / "README.md"):
        succeeds(reader.run(reader.prepared(line)))


@pytest.mark.slow
def test_readme_in_a_shell(reader: Reader) -> None:
    test_readme(reader)


def succeeds(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, f"{done.args}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    assert "Traceback" not in done.stderr


FOLLOWED_PAGES = ["weekly-routine", "rules", "experiments"]


@pytest.mark.slow
@pytest.mark.parametrize("page", FOLLOWED_PAGES)
def test_pages(reader: Reader, page: str) -> None:
    """1 is an answer, too: this reader's agent gives a gate or a proof nothing to find."""
    for line in followed(TOPICS / f"{page}.md"):
        done = reader.run(reader.prepared(line))
        assert done.returncode in (0, 1), f"{done.args}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr


def test_python_examples(reader: Reader) -> None:
    """The library page's examples, as they stand there."""
    page = TOPICS / "python.md"
    examples = re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert len(examples) == 2
    succeeds(reader.run(f"curator seed --rules {reader.rule}"))
    for number, example in enumerate(examples):
        file = reader.folder / f"example{number}.py"
        file.write_text(example)
        main = partial(runpy.run_path, str(file), run_name="__main__")
        done = command.call(main, [str(file)], env=reader.env, folder=reader.folder)
        assert done.returncode == 0, done.stderr
        assert re.search(r" verified \n" if number == 0 else "LANGFUSE_SECRET_KEY", done.stdout), done.stdout
