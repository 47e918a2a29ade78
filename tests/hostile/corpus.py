"""The corpus of things that do not cooperate, run by `python -m tests.hostile`, which prints what became of it."""

import json
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from ruamel.yaml import YAML

from tests.command import Done, run
from tests.gateway.servers import Answering

CORPUS = Path(__file__).with_name("corpus.yaml")
COMMAND_SECONDS = 20
"""What each command is given (`--timeout`); a case that needs three times as long hangs."""
UNTIMED = ("log", "rules", "scrub", "explain", "sandbox", "serve", "nonsense")
WITHOUT_JSON = ("explain", "sandbox", "serve", "nonsense", "push", "undo", "scrub", "log", "rules")


@dataclass(frozen=True)
class Case:
    """One run of one command against one thing; `exits` are the exit codes that tell no lie."""

    mode: str
    name: str
    arguments: tuple[str, ...]
    exits: tuple[int, ...] = (2, 3, 4)
    answer: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    content: str | None = None
    """Of the file that the command is given."""


@dataclass(frozen=True)
class Outcome:
    """What became of a case; the words of `wrong` are empty when nothing is."""

    case: Case
    code: str
    seconds: float
    hang: bool = False
    unforeseen: bool = False
    false_claim: bool = False
    silent: bool = False
    """Without the one JSON document."""

    @property
    def wrong(self) -> str:
        """What is wrong, in words."""
        kinds = ("hang", "unforeseen", "false_claim", "silent")
        return ", ".join(kind for kind in kinds if getattr(self, kind))


@cache
def corpus() -> tuple[Case, ...]:
    """Every case of `corpus.yaml`."""
    data = YAML(typ="safe").load(CORPUS)
    return tuple(_cases(data))


def _cases(data: dict[str, Any]) -> Iterator[Case]:
    for answer in data["answers"]:
        for command in data["commands"]:
            exits = tuple(answer.get("exits", (3, 4)))
            yield Case("server", f"{command[0]}: {answer['name']}", tuple(command), exits, answer)
    for number, variables in enumerate(data["environments"]):
        for command in (["queue"], ["doctor"]):
            name = f"{command[0]}: {', '.join(variables)} {number}"
            yield Case("environment", name, tuple(command), environment=variables)
    for number, line in enumerate(data["arguments"]):
        yield Case("argument", f"{' '.join(line)[:40]!r} {number}", tuple(line), (1, 2, 3, 4))
    for number, content in enumerate(data["rules"]):
        yield Case("file", f"rules check {content[:30]!r} {number}", ("rules", "check"), (1, 2), content=content)


def play(case: Case) -> Outcome:
    """Runs one case in this process, on a state folder of its own."""
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = Answering()
        answer = case.answer or {"body": "hello"}
        body = answer["latin"].encode("latin-1") if "latin" in answer else answer["body"] * answer.get("repeat", 1)
        server.answer(answer.get("status", 200), body, **answer.get("headers", {}))
        stack.enter_context(server.running())
        arguments = [each.replace("FOLDER", str(folder)) for each in case.arguments]
        if case.content is not None:
            (folder / "rule.yaml").write_text(case.content, encoding="utf-8")
            arguments.append(str(folder / "rule.yaml"))
        if arguments[0] not in WITHOUT_JSON:
            arguments.append("--json")
        if arguments[0] not in UNTIMED and "--timeout" not in arguments:
            arguments += ["--timeout", str(COMMAND_SECONDS)]
        environment = {
            "LANGFUSE_BASE_URL": server.base_url,
            "LANGFUSE_PUBLIC_KEY": "pk-lf-x",
            "LANGFUSE_SECRET_KEY": "sk-lf-x",
            "CURATOR_STATE_DIR": str(folder),
        }
        done = _within(3 * COMMAND_SECONDS, arguments, environment | dict(case.environment))
    seconds = time.monotonic() - began
    if done is None:
        return Outcome(case, "", seconds, hang=True)
    code, silent = "", False
    if "--json" in arguments:
        try:
            document = json.loads(done.stdout)
            code = document["error"]["code"] if "error" in document else ""
        except (ValueError, TypeError, KeyError):
            silent = True
    return Outcome(
        case,
        code,
        seconds,
        unforeseen="UNEXPECTED" in done.stdout + done.stderr or "Traceback" in done.stderr,
        false_claim=done.returncode not in case.exits or "verified" in done.stdout,
        silent=silent,
    )


class _Hangs(BaseException):
    """Nobody may catch it as an error of the command."""


def _within(seconds: int, arguments: list[str], environment: Mapping[str, str]) -> Done | None:
    def stop(_: int, __: FrameType | None) -> None:
        raise _Hangs

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        return run(*arguments, env=environment)
    except _Hangs:
        return None
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
