"""The terminal in a browser: served on loopback, to its own page alone."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from curator.sandbox.server import SandboxServer

aiohttp = pytest.importorskip("aiohttp", reason="the extra [web] is not installed")
pytest.importorskip("textual_serve", reason="the extra [web] is not installed")
pytestmark = pytest.mark.anyio
PATIENCE = 60


@pytest.fixture
def address(sandbox: SandboxServer) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from curator.cli.tui import serve; serve(['--port', '{port}'])"
    import os

    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | sandbox.environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    assert f"127.0.0.1:{port}" in process.stderr.readline()
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)
    process.stderr.close()


async def test_only_its_own_page_may_use_it(address: str) -> None:
    async with aiohttp.ClientSession() as browser:
        for _ in range(100):
            try:
                page = await browser.get(address)
                break
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
        assert page.status == 200
        assert "<title>curator</title>" in await page.text()
        # A browser asks nobody else for anything, and shows the page in no other page.
        policy = page.headers["Content-Security-Policy"]
        assert "style-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        for headers in (
            {"Host": "evil.example"},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": address.replace("http:", "https:")},
        ):
            assert (await browser.get(f"{address}/", headers=headers)).status == 403
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await browser.ws_connect(f"{address}/ws", headers=headers)
            assert refused.value.status == 403

        shown = b""
        async with asyncio.timeout(PATIENCE):
            async with browser.ws_connect(f"{address}/ws?width=100&height=30", origin=address) as own:
                async for message in own:
                    shown += message.data if isinstance(message.data, bytes) else message.data.encode()
                    if b"order-status" in shown:
                        break
        assert b"Queue" in shown
