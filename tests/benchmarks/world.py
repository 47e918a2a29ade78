"""Servers for benchmarks: the sandbox in a process of its own, counted from outside."""

import contextlib
import gzip
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from curator.config import Connection

COMMAND = [sys.executable, "-m", "curator", "sandbox", "--lag", "0"]


@dataclass(frozen=True)
class World:
    """A running sandbox."""

    environment: dict[str, str]
    folder: Path

    @property
    def connection(self) -> Connection:
        """How curator reaches it."""
        return Connection(
            base_url=self.environment["LANGFUSE_BASE_URL"],
            public_key=self.environment["LANGFUSE_PUBLIC_KEY"],
            secret_key=SecretStr(self.environment["LANGFUSE_SECRET_KEY"]),
        )

    def sdk(self) -> Any:
        """The Langfuse SDK's client of the REST API, as its documentation makes it."""
        from langfuse.api import LangfuseAPI

        keys = self.connection
        return LangfuseAPI(
            base_url=keys.base_url, username=keys.public_key, password=keys.secret_key.get_secret_value(), timeout=60
        )

    def requests(self) -> int:
        """Requests that the server has answered so far."""
        return int(httpx.get(f"{self.environment['LANGFUSE_BASE_URL']}/__sandbox__/requests").json()["total"])

    def variables(self) -> dict[str, str]:
        """The environment of a process that works on it."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("LANGFUSE_", "CURATOR_"))}
        own = {"CURATOR_CONFIG": os.devnull, "CURATOR_STATE_DIR": str(self.folder / "state")}
        return clean | self.environment | own


@contextlib.contextmanager
def world(rows: Iterable[dict[str, Any]] | None = None) -> Iterator[World]:
    """A sandbox with the demo data, or with these rows, until the end of the block."""
    with tempfile.TemporaryDirectory() as name:
        folder, what = Path(name), ["--seed", "demo"]
        if rows is not None:
            file = folder / "rows.jsonl.gz"
            with gzip.open(file, "wt", compresslevel=1) as lines:
                lines.writelines(json.dumps(row) + "\n" for row in rows)
            what = ["--load", str(file)]
        process = subprocess.Popen([*COMMAND, *what], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            assert process.stdout is not None
            yield World(dict(process.stdout.readline().strip().split("=", 1) for _ in range(3)), folder)
        finally:
            process.terminate()
            process.wait(10)
