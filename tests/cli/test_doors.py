"""The doors of this machine: `serve` opens to its token alone, and nothing that a command started outlives it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from curator.cli.web_server import _origin

PATIENCE = 60
CURATOR = [sys.executable, "-m", "curator"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LANGFUSE_", "CURATOR_"))}
    return kept | {"CURATOR_STATE_DIR": str(folder / "state"), "TMPDIR": str(folder)}


Served = tuple[str, str, "subprocess.Popen[str]"]


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """(address, token, process) of a running `curator serve --demo`."""
    command = [*CURATOR, "serve", "--demo", "--port", str(free_port())]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(folder)) as process:
        try:
            assert process.stderr is not None
            said = next(line for line in process.stderr if "?token=" in line)
            found = re.search(r"(http://\S+)/\?token=(\S+)", said)
            assert found is not None, said
            yield found[1], found[2], process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


def shake_hands(address: str, **headers: str) -> int:
    """The status that a WebSocket handshake gets: 101 when the door is open."""
    host = address.removeprefix("http://")
    fixed = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    sent = {"Host": host, **fixed, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **headers}
    name, _, port = host.rpartition(":")
    with socket.create_connection((name, int(port)), timeout=PATIENCE) as line:
        text = "".join(f"{key}: {value}\r\n" for key, value in sent.items())
        line.sendall(f"GET /ws HTTP/1.1\r\n{text}\r\n".encode())
        return int(line.recv(64).split()[1])


def test_the_page_needs_the_token_once(served: Served) -> None:
    address, token, _ = served
    with httpx.Client(base_url=address, follow_redirects=True) as browser:
        assert browser.get("/").status_code == 403
        assert browser.get("/static/css/xterm.css").status_code == 403
        assert browser.get("/", params={"token": token[:-1]}).status_code == 403
        page = browser.get("/", params={"token": token})
        assert (page.status_code, str(page.url)) == (200, f"{address}/")
        assert token not in page.text
        assert "keys().focus()" in page.text  # of the terminal: its keys work before a click
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert browser.get("/").status_code == 200
        cookie = page.history[0].headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie


HEADERS = [
    ({"Host": "rebound.example"}, "another name that leads here"),
    ({"Host": "127.0.0.1:99999"}, "a port that is none"),
    ({"Host": "[::1"}, "half an address"),
    ({"Origin": "http://evil.example"}, "a page of somebody else"),
    ({"Origin": "null"}, "a page without an origin"),
    ({"Origin": "http://127.0.0.1:port"}, "a port that is no number"),
    ({"Origin": "http://[half"}, "an address that is none"),
]


@pytest.mark.parametrize("headers", [each for each, _ in HEADERS], ids=[name for _, name in HEADERS])
def test_foreign_names_and_origins_are_refused(served: Served, headers: dict[str, str]) -> None:
    address, token, _ = served
    cookies = {f"curator-{address.rpartition(':')[2]}": token}
    assert httpx.get(address, headers=headers, cookies=cookies).status_code == 403
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    assert shake_hands(address, **({"Origin": address, "Cookie": cookie} | headers)) == 403


def test_a_session_needs_token_and_origin(served: Served) -> None:
    address, token, _ = served
    cookie = f"curator-{address.rpartition(':')[2]}={token}"
    assert shake_hands(address, Origin=address) == 403
    assert shake_hands(address, Cookie=cookie) == 403
    assert shake_hands(address, Cookie=cookie[:-1], Origin=address) == 403


@pytest.mark.parametrize("url", ["", "null", "http://", "//x", "http://a:b", "http://[", "data:x", "http://a:99999"])
def test_what_is_no_origin_is_none(url: str) -> None:
    assert _origin(url) is None or not _origin(url)[0]


def test_serving_ends_with_its_terminal(tmp_path: Path) -> None:
    with serving(tmp_path) as (address, _, process):
        process.send_signal(signal.SIGHUP)
        assert process.wait(PATIENCE) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)


def alive(marker: str) -> list[int]:
    """Processes whose environment holds the marker; those that only wait to be reaped do not count."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if marker.encode() in (each / "environ").read_bytes() and "Z" not in (each / "stat").read_text().split()[2]:
                found.append(int(each.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="finds processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGKILL], ids=lambda number: number.name)
def test_however_the_demo_ends_its_sandbox_ends(number: signal.Signals, tmp_path: Path) -> None:
    command = [*CURATOR, "demo", "--check"]
    marker = f"MARKER={tmp_path}"
    env = environment(tmp_path) | {"MARKER": str(tmp_path)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stdout is not None
        assert "sandbox" in process.stdout.readline()  # it runs: the first step says so
        assert len(alive(marker)) >= 2
        process.send_signal(number)
        process.communicate(timeout=PATIENCE)
        end = time.monotonic() + PATIENCE
        while alive(marker) and time.monotonic() < end:
            time.sleep(0.05)
        assert not alive(marker)
    if number != signal.SIGKILL:
        assert not list(tmp_path.glob("curator-demo-*"))
