"""A sandbox with a dataset of odd items."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from curator.config import Connection
from curator.gateway import Gateway
from curator.model import Item
from curator.sandbox.server import SandboxServer

DATASET = "odd/cases ü"


def connection_of(server: SandboxServer) -> Connection:
    return Connection(base_url=server.base_url, public_key=server.public_key, secret_key=SecretStr(server.secret_key))


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer() as server:
        yield server


@pytest.fixture
def gateway(sandbox: SandboxServer) -> Iterator[Gateway]:
    with Gateway(connection_of(sandbox)) as gateway:
        gateway.put_dataset(DATASET, description="odd")
        yield gateway


def odd_items(count: int) -> list[Item]:
    """Items as people make them: texts with line breaks and odd signs, lists, numbers, archived ones, no metadata."""
    inputs: list[object] = [
        {"q": "two\nlines"}, "plain", ["a", {"b": None}], {"yes": "no", "1": 1.5}, "x\u2028y",
        {"n": 2**53, "big": "9" * 30},
        {"t": " edge \n"}, {"messages": [{"role": "user", "content": "hi\n\nthere"}]}, 7, True,
    ]  # fmt: skip
    return [
        Item(
            id=f"odd-{n:04}",
            dataset=DATASET,
            input=inputs[n % len(inputs)],
            expected_output={"n": n, "text": f"line\n{n}"} if n % 3 else f"2026-01-{n % 28 + 1:02}",
            metadata={"case": str(n), "nested": {"deep": [n, None, "é"]}} if n % 4 else {},
            source_trace_id=f"{n:032x}" if n % 2 else None,
        )
        for n in range(count)
    ]
