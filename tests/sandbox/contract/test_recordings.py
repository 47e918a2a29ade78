"""Replays every recorded exchange of a real Langfuse 4.16.0 and holds the sandbox's answers against it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from contract.exchanges import RECORDINGS, Player, basic, read
from contract.excused import reason
from contract.stage import set_stage
from curator.sandbox.auth import Keys
from curator.sandbox.server import SandboxServer

pytestmark = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings (../shared) are not here")

PUBLIC, SECRET = "pk-lf-real", "sk-lf-real"
KEYS = Keys(PUBLIC, SECRET, "sk-lf-organization")
VALID = basic(PUBLIC, SECRET)
WRONG = basic("pk-lf-wrong", "sk-lf-wrong")
# What the label of an exchange with other keys means.
OTHER_KEYS = {
    "wrong secret": basic(PUBLIC, "sk-lf-wrong"),
    "wrong public, right secret": basic("pk-lf-wrong", SECRET),
    "both wrong": WRONG,
    "401 wins over validation": WRONG,
    "empty secret": basic(PUBLIC, ""),
    "garbage Basic": {"authorization": "Basic !!!garbage!!!"},
    "unknown scheme": {"authorization": f"Token {SECRET}"},
    "Bearer secret": {"authorization": f"Bearer {SECRET}"},
    "Bearer public key": {"authorization": f"Bearer {PUBLIC}"},
    "organization key": basic("pk-lf-organization", KEYS.organization),
}
# What the recording project is called, and what the sandbox's is.
IDENTITY = {
    "proj-real": "curator-sandbox",
    "Real Project": "Curator sandbox",
    "org-real": "curator-sandbox-org",
    "Real Org": "Curator",
}
# 19_schemas holds schemas with their answers, no exchanges: `tests/sandbox/test_ajv.py` plays it.
FILES = sorted(path.stem for path in RECORDINGS.glob("[0-9]*.json") if path.stem != "19_schemas")
MAX_EXCUSED = 0.10


@dataclass
class Parity:
    """The count of one file."""

    exchanges: int = 0
    equal: int = 0
    excused: dict[str, str] = field(default_factory=dict)
    different: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def report() -> dict[str, Parity]:
    """What the replays of this run found, by file."""
    return {}


@pytest.fixture
def server() -> Iterator[SandboxServer]:
    with SandboxServer(keys=KEYS) as running:
        yield running


@pytest.mark.parametrize("file", FILES)
def test_replay(file: str, server: SandboxServer, tmp_path: Path, report: dict[str, Parity]) -> None:
    player = Player(server.base_url, {"pk-lf-real": VALID, "none": {}}, dict(IDENTITY))
    set_stage(file, server, player, tmp_path)
    parity = report[file] = Parity()
    exchanges = read(file)
    for exchange, following in zip(exchanges, [*exchanges[1:], None], strict=True):
        parity.exchanges += 1
        excuse = reason(file, exchange.label)
        if excuse is not None:
            parity.excused[exchange.name] = excuse
            continue
        if exchange.auth == "other":
            known = next((keys for begin, keys in OTHER_KEYS.items() if exchange.label.startswith(begin)), None)
            assert known is not None, f"{exchange.label}: which keys are these?"
            player.headers["other"] = known
        if exchange.failure is not None:  # the recorder met the reset of the request before
            exchange.auth, exchange.body = "pk-lf-real", b"{}"
        different = player.play(exchange)
        if exchange.status == 413 and following is not None and following.failure is None:
            player.reconnect()
        if different is None:
            parity.equal += 1
        else:
            parity.different.append(f"{exchange.name} | {exchange.method} {exchange.path[:90]}\n       {different}")
    assert not parity.different, "\n".join(parity.different[:20])


def test_report(report: dict[str, Parity], capsys: pytest.CaptureFixture[str]) -> None:
    if set(report) != set(FILES):
        pytest.skip("only a part of the recordings was replayed")
    exchanges = sum(parity.exchanges for parity in report.values())
    equal = sum(parity.equal for parity in report.values())
    excused = {name: why for parity in report.values() for name, why in parity.excused.items()}
    with capsys.disabled():
        print("\n\nParity with Langfuse 4.16.0: file, exchanges, equal, excused")
        for file, parity in report.items():
            print(f"  {file:28} {parity.exchanges:4} {parity.equal:4} {len(parity.excused):4}")
        print(f"  {'all':28} {exchanges:4} {equal:4} {len(excused):4}")
        for why in dict.fromkeys(excused.values()):
            names = [name for name, text in excused.items() if text == why]
            print(f"  excused {len(names)}: {why}")
    assert len(excused) / exchanges < MAX_EXCUSED
