"""Tasks: functions, commands and addresses answer; whatever else they do becomes a reason."""

import json
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from curator.experiments.tasks import TaskFailed, parse_task
from curator.model.errors import UsageError

AGENTS = "tests.experiments.agents"
ITEM = SimpleNamespace(input={"query": "?", "prompt_label": "production", "number": 1})


def answer(spec: str, *, timeout: float = 10.0, item: Any = ITEM) -> Any:
    with parse_task(spec, timeout=timeout) as runner:
        return runner.run(item).output


def failure(spec: str, *, timeout: float = 10.0) -> str:
    with pytest.raises(TaskFailed) as caught:
        answer(spec, timeout=timeout)
    return str(caught.value)


@pytest.mark.parametrize("function", ["good", "good_async"])
def test_functions(function: str) -> None:
    assert answer(f"{AGENTS}:{function}")["outcome"] == "answer"


def test_a_function_in_langfuse_style_gets_the_item() -> None:
    assert answer(f"{AGENTS}:langfuse_style")["prompt_label"] == "production"


def test_a_task_may_name_its_price() -> None:
    with parse_task(f"{AGENTS}:priced") as runner:
        assert runner.run(ITEM).cost == 0.002


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("raises_on_odd", "KeyError: 'order_reference'"),
        ("exits", "it called sys.exit(3)"),
        ("exits_async", "it called sys.exit(3)"),
        ("not_json", "wrong shape"),
        ("nothing", "wrong shape: the task returned nothing"),
    ],
)
def test_what_goes_wrong_is_named(function: str, why: str) -> None:
    assert why in failure(f"{AGENTS}:{function}")


@pytest.mark.parametrize("function", ["hangs", "hangs_async", "blocks_the_loop"])
def test_a_task_that_hangs_is_left_behind(function: str) -> None:
    began = time.monotonic()
    assert failure(f"{AGENTS}:{function}", timeout=0.3) == "no answer within 0.3 s"
    assert time.monotonic() - began < 3


def test_after_one_that_hangs_others_still_run() -> None:
    with parse_task(f"{AGENTS}:hangs_once", timeout=1.0) as runner:
        with pytest.raises(TaskFailed):
            runner.run(SimpleNamespace(input={"hang": True}))
        assert runner.run(ITEM).output["outcome"] == "answer"  # type: ignore[index,call-overload]


def test_a_reason_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_API_KEY", "sk-very-secret-value")
    assert failure(f"{AGENTS}:leaks") == "RuntimeError: bad key ***"


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        ("agent", "TASK_SPEC"),
        ("cmd:", "TASK_SPEC"),
        ("cmd:sh -c 'x", "TASK_SPEC"),
        ("cmd:/no/such/program", "TASK_SPEC"),
        ("http:///path", "TASK_SPEC"),
        ("no_such_module:f", "PYTHON_PATH"),
        (f"{AGENTS}:no_such_function", "PYTHON_PATH"),
        (f"{AGENTS}:GOOD", "PYTHON_PATH"),
    ],
)
def test_what_is_no_task(spec: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_task(spec)
    assert caught.value.code == code


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


def command(tmp_path: Path, code: str) -> str:
    script = tmp_path / "agent.py"
    script.write_text("import json, os, sys, time\n" + textwrap.dedent(code))
    return f"cmd:{sys.executable} {script}"


def test_a_command_reads_and_writes_json(tmp_path: Path) -> None:
    spec = command(tmp_path, "json.dump({'got': json.load(sys.stdin)}, sys.stdout)")
    assert answer(spec) == {"got": ITEM.input}


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("print('hello')", "wrong shape: its standard output is not JSON"),
        ("print('boom', file=sys.stderr); sys.exit(3)", "exit status 3: boom"),
        ("sys.exit(4)", "exit status 4"),
        ("print('null')", "wrong shape: the task returned nothing"),
    ],
)
def test_commands_that_fail(tmp_path: Path, code: str, why: str) -> None:
    assert failure(command(tmp_path, code)) == why


def test_a_command_that_hangs_dies_with_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    code = f"""
    child = os.fork()
    if child == 0:
        time.sleep(60)
    open({str(pid_file)!r}, "w").write(str(child))
    time.sleep(60)
    """
    began = time.monotonic()
    assert failure(command(tmp_path, code), timeout=1.0) == "no answer within 1 s"
    assert time.monotonic() - began < 4
    status = Path(f"/proc/{pid_file.read_text()}/status")
    deadline = time.monotonic() + 3
    while status.exists() and "zombie" not in status.read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not status.exists() or "zombie" in status.read_text()


def test_a_changed_script_is_another_task(tmp_path: Path) -> None:
    before = parse_task(command(tmp_path, "print(1)")).fingerprint
    assert parse_task(command(tmp_path, "print(1)")).fingerprint == before
    assert parse_task(command(tmp_path, "print(2)")).fingerprint != before


# ── addresses ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def service() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/slow":
                time.sleep(5)
            status = {"/fails": 503}.get(self.path, 200)
            content = b"<html>" if self.path == "/html" else json.dumps({"got": json.loads(body)}).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_an_address_answers(service: str) -> None:
    assert answer(f"{service}/answer") == {"got": ITEM.input}


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("/fails", "the address answered HTTP 503"),
        ("/html", "wrong shape: the answer's body is not JSON"),
        ("/slow", "the address did not answer in time"),
    ],
)
def test_addresses_that_fail(service: str, path: str, why: str) -> None:
    assert failure(service + path, timeout=0.5) == why


def test_an_address_where_nobody_is() -> None:
    assert failure("http://127.0.0.1:9/") == "the address cannot be reached (ConnectError)"


def test_credentials_of_an_address_are_not_stored() -> None:
    task = parse_task("http://user:secret@example.org:8080/answer?key=secret")
    assert task.name == "http://example.org:8080/answer"
    task.close()


CALLS = [
    {"name": "find_order", "arguments": {"id": "1"}, "result": {"status": "late"}},
    {"name": "find_order", "arguments": {"id": "2"}, "result": {"status": "lost"}},
]


@pytest.mark.parametrize(
    ("replay", "order", "calls", "says"),
    [
        ("strict", "1", CALLS, "order late, late"),
        ("strict", "2", CALLS, "order lost, lost"),
        ("strict", "3", CALLS, "the case holds no call of the tool find_order with these arguments (replay: strict)"),
        ("strict", "1", None, "the case holds no call of the tool find_order with these arguments (replay: strict)"),
        ("order", "3", CALLS, "order late, lost"),
        ("order", "1", CALLS[:1], "the case holds no call of the tool find_order so often (replay: order)"),
        ("off", "1", CALLS, "missing 1 required positional argument: 'tools'"),
    ],
)
def test_recorded_tools_answer_as_they_did(replay: str, order: str, calls: Any, says: str) -> None:
    """An unrecorded call is an error, whatever the task makes of it."""
    item = SimpleNamespace(input={"order_reference": order}, metadata={"tool_results": calls} if calls else None)
    with parse_task("tests.experiments.agents:looks_up", replay=replay) as runner:
        try:
            said = runner.run(item).output["answer"]  # type: ignore[index,call-overload]
        except TaskFailed as error:
            said = str(error)
    assert says in str(said)
