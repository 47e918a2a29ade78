"""The server around the application: start, stop, keep, forget; its own routes; many clients at once."""

import multiprocessing
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from curator.sandbox import control
from curator.sandbox.app import resource_modules
from curator.sandbox.errors import SandboxProblem
from curator.sandbox.server import SandboxServer
from curator.sandbox.store import Store
from tests.sandbox.openapi import BODIES, QUERIES, describe

ITEMS, DATASETS = "/api/public/dataset-items", "/api/public/v2/datasets"


def client_of(server: SandboxServer) -> httpx.Client:
    return httpx.Client(base_url=server.base_url, auth=(server.public_key, server.secret_key), timeout=30)


def test_a_free_port_and_the_three_variables() -> None:
    with SandboxServer() as one, SandboxServer() as other:
        assert one.base_url != other.base_url
        assert one.environment() == {
            "LANGFUSE_PUBLIC_KEY": one.public_key,
            "LANGFUSE_SECRET_KEY": one.secret_key,
            "LANGFUSE_BASE_URL": one.base_url,
        }
        assert httpx.get(f"{other.base_url}/api/public/health").status_code == 200


def test_a_port_that_is_taken_is_said_in_words() -> None:
    with SandboxServer() as running:
        port = int(running.base_url.rpartition(":")[2])
        with pytest.raises(SandboxProblem, match=f"Port {port} of 127.0.0.1 cannot be used"):
            SandboxServer(port=port)


def test_stop_closes_the_port_and_forgets(tmp_path: Path) -> None:
    with SandboxServer() as server:
        folder = server.store.path.parent
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.base_url}/api/public/health")
    server.stop()  # once more does no harm


def test_a_folder_keeps_what_was_sent(tmp_path: Path) -> None:
    for run in range(2):
        with SandboxServer(data=tmp_path / "kept") as server, client_of(server) as client:
            client.post(DATASETS, json={"name": "d"}).raise_for_status()
            client.post(ITEMS, json={"datasetName": "d", "id": f"i{run}", "input": run}).raise_for_status()
            rows = client.get(ITEMS).json()["data"]
            assert [row["input"] for row in rows] == list(range(run, -1, -1))


def test_requests_are_counted_per_route(http: httpx.Client) -> None:
    http.get(f"{ITEMS}/a")
    http.get(f"{ITEMS}/b")
    http.get(ITEMS, auth=("x", "wrong"))
    counted = httpx.get(http.base_url.join("/__sandbox__/requests")).json()
    assert counted == {"total": 3, "routes": {f"GET {ITEMS}": 1, f"GET {ITEMS}/{{id}}": 2}}
    assert http.delete("/__sandbox__/requests").json()["total"] == 0


def test_the_description_names_every_route() -> None:
    document = describe([*(route for module in resource_modules() for route in module.routes), *control.routes])
    described = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    for module in resource_modules():
        for route in module.routes:
            assert f"{sorted(route.methods - {'HEAD'})[0]} {route.path.replace(':segment', '')}" in described
    assert {*QUERIES, *BODIES} <= described, "nothing is described that does not exist"
    assert all(operation["summary"] for methods in document["paths"].values() for operation in methods.values())


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path, "CREATE TABLE IF NOT EXISTS t (x INTEGER UNIQUE)")
    with store.write() as db:
        db.execute("INSERT INTO t VALUES (1)")
        with store.write() as inner, store.read() as reader:
            inner.execute("INSERT INTO t VALUES (2)")
            assert reader.execute("SELECT count(*) FROM t").fetchone()[0] == 2, "a writer reads what it wrote"
    with pytest.raises(sqlite3.IntegrityError), store.write() as db:
        db.executemany("INSERT INTO t VALUES (?)", [(3,), (1,)])
    with store.read() as db:
        assert [row["x"] for row in db.execute("SELECT x FROM t ORDER BY x")] == [1, 2]
    store.close()


def test_readers_do_not_wait_for_a_writer(tmp_path: Path) -> None:
    store = Store(tmp_path, "CREATE TABLE IF NOT EXISTS t (x INTEGER)")
    seen: list[int] = []

    def read() -> None:
        with store.read() as db:
            seen.append(db.execute("SELECT count(*) FROM t").fetchone()[0])

    with store.write() as db:
        db.execute("INSERT INTO t VALUES (1)")
        thread = threading.Thread(target=read)
        thread.start()
        thread.join(5)
        assert seen == [0], "what is not committed is not seen"
    read()
    assert seen == [0, 1]
    store.close()


def test_concurrent_writes_of_one_id_leave_one_row(http: httpx.Client) -> None:
    """Without the fault the sandbox serialises; every version is kept and one is current."""
    http.post(DATASETS, json={"name": "d"}).raise_for_status()

    def write(number: int) -> int:
        return http.post(ITEMS, json={"datasetName": "d", "id": "i", "input": number}).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(write, range(64))) == {200}
    listed = http.get(ITEMS).json()
    assert listed["meta"]["totalItems"] == 1
    assert listed["data"] == [http.get(f"{ITEMS}/i").json()]


def _client_process(base_url: str, number: int, results: "multiprocessing.Queue[list[int]]") -> None:
    """Write and read 10 items of one's own."""
    with httpx.Client(base_url=base_url, auth=("pk", "sk-lf-curator-sandbox"), timeout=60) as client:
        answers = []
        for item in range(10):
            body = {"datasetName": "d", "id": f"{number}-{item}", "input": {"n": item}, "sourceTraceId": f"t{number}"}
            answers.append(client.post(ITEMS, json=body).status_code)
            answers.append(client.get(f"{ITEMS}/{number}-{item}").status_code)
        listed = client.get(ITEMS, params={"datasetName": "d", "sourceTraceId": f"t{number}", "limit": 100}).json()
        results.put([*answers, len(listed["data"])])


@pytest.mark.slow
def test_twenty_client_processes(http: httpx.Client) -> None:
    http.post(DATASETS, json={"name": "d"}).raise_for_status()
    context = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[list[int]] = context.Queue()
    clients = [
        context.Process(target=_client_process, args=(str(http.base_url), number, results)) for number in range(20)
    ]
    for client in clients:
        client.start()
    gathered = [results.get(timeout=60) for _ in clients]
    for client in clients:
        client.join(10)
    assert all(answers == [200] * 20 + [10] for answers in gathered)
    assert http.get(ITEMS, params={"limit": 1}).json()["meta"]["totalItems"] == 200
