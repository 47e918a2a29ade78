"""Brings a fresh sandbox to the state that a recording began in."""

import gzip
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from contract.exchanges import RECORDINGS, Player, read
from contract.steps import DATASETS, ITEMS
from curator.sandbox.load import load_files
from curator.sandbox.server import SandboxServer

SCHEMAS = {
    "inputSchema": {"type": "object", "required": ["question"], "properties": {"question": {"type": "string"}}},
    "expectedOutputSchema": {"type": "object", "required": ["answer"], "properties": {"answer": {"type": "string"}}},
}
Stage = Callable[[SandboxServer, Player, Path], None]


def datasets(server: SandboxServer, player: Player, _folder: Path, file: str) -> None:
    """The datasets whose names the file uses; `c-schema-…` have schemas."""
    text = (RECORDINGS / f"{file}.json").read_text()
    for name in sorted(set(re.findall(r"c-(?:ds2?|schema)-\d+", text))):
        body = {"name": name, **(SCHEMAS if "schema" in name else {})}
        player.post(DATASETS, body)


def telemetry(server: SandboxServer, player: Player, _folder: Path) -> None:
    """Seeded observations and scores, and what the set-up posts; the scores that it posts are among the seeded ones."""
    load_files(server.store, [RECORDINGS / "seed.observations.jsonl.gz", RECORDINGS / "seed.scores.jsonl.gz"])
    for exchange in read("00_seed_setup"):
        if not exchange.label.startswith("score with configId"):
            player.play(exchange)


def project(server: SandboxServer, player: Player, folder: Path) -> None:
    """What the project held when the keys were tried: 299 items, the newest known, and two observations."""
    player.post(DATASETS, {"name": "plain-ds"})
    player.post(DATASETS, {"name": "c-list-1795360803"})
    for number in range(298):
        player.post(ITEMS, {"datasetName": "plain-ds", "id": f"old-{number}", "input": number})
    newest = {"datasetName": "c-list-1795360803", "id": "lnew-1795360803", "input": 1}
    player.post(ITEMS, newest)
    seen = next(e.answer for e in read("15_auth") if "v2/observations" in e.path and e.status == 200)["data"][0]
    rows = [seen, {**seen, "id": "0" * 16, "startTime": "2026-11-01T00:00:00.000Z"}]
    file = folder / "observations.jsonl.gz"
    with gzip.open(file, "wt") as lines:
        lines.writelines(json.dumps(row) + "\n" for row in rows)
    assert load_files(server.store, [file]).observations == 2


def values(server: SandboxServer, player: Player, _folder: Path) -> None:
    """One generation per kind of value, sent by the SDK."""
    script = Path(__file__).with_name("send_values.py")
    command = [sys.executable, str(script), server.base_url, server.public_key, server.secret_key]
    environment = {**os.environ, "OTEL_SERVICE_NAME": "unknown_service:python"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120, env=environment)
    sent = json.loads(done.stdout)
    for exchange in read("18_otel_io_sdk_5.0.4"):
        here = sent[exchange.label.split()[-1]]
        there = re.search(r"traceId=([0-9a-f]{32})", exchange.path)
        assert there is not None
        player.ids[there[1]] = here["trace"]
        player.ids[re.search(r'"id": ?"([0-9a-f]{16})"', _text(exchange.answer))[1]] = here["observation"]


def _text(answer: object) -> str:
    return answer["head"] if isinstance(answer, dict) and "head" in answer else json.dumps(answer)


STAGES: dict[str, Stage] = {
    "11_observations_v2": telemetry,
    "12_scores_v3": telemetry,
    "13_annotation_queues": telemetry,
    "15_auth": project,
    "18_otel_io_sdk_5.0.4": values,
}


def set_stage(file: str, server: SandboxServer, player: Player, folder: Path) -> None:
    """Prepare the server for the file."""
    datasets(server, player, folder, file)
    if file in STAGES:
        STAGES[file](server, player, folder)
