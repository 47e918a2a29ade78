"""promote, verify, undo and log as a user runs them: on demo data, with the real scrub."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from curator.cli.main import main
from curator.gateway import Gateway
from curator.queue import decisions
from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from tests.demo.truth import DemoData
from tests.promote.support import connection_of

RULE = "order-status-regression"
MEND = [
    f"--rules={RULE}",
    "--failure-type=wrong_route",
    "--set=expected_output.outcome=answer",
    '--set=expected_output.must_mention=["order"]',
    "--set=expected_output.must_not_mention=[]",
    "--set=input.region=eu",
    "--set=input.order_reference=ORDER-924",
    "--despite=CORRECTION_FAILS",
]


@pytest.fixture
def traces(demo: DemoData) -> list[str]:
    return [t.trace_id for t in demo.traces if t.workflow == "order-status" and t.failure][:6]


@pytest.fixture
def shop(now: datetime) -> Iterator[SandboxServer]:
    with SandboxServer(clock=lambda: now) as server:
        seed_demo(server.store, now)
        with Gateway(connection_of(server)) as gateway:
            gateway.put_dataset(RULE)
        yield server


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "curator", *arguments]


Curator = Callable[..., tuple[int, Any, str]]


@pytest.fixture
def curator(
    shop: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    lasting_workers: None,
) -> Curator:
    """Runs a command in this process: exit code, the JSON document (stdout without `--json`), stderr."""

    def curator(*arguments: str, **environment: str) -> tuple[int, Any, str]:
        with monkeypatch.context() as patch:
            for name, value in (shop.environment() | environment).items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["curator", *arguments])
            capsys.readouterr()
            with pytest.raises(SystemExit) as ended:
                main()
            stdout, stderr = capsys.readouterr()
        return int(ended.value.code or 0), json.loads(stdout) if "--json" in arguments else stdout, stderr

    return curator


def test_the_way_of_five_traces(curator: Curator, shop: SandboxServer, traces: list[str], tmp_path: Path) -> None:
    chosen = traces[:5]
    code, dry, _ = curator("promote", *chosen, *MEND, "--dry-run", "--json")
    assert (code, {r["problem"]["code"] for r in dry["receipts"]}) == (0, {"DRY_RUN"})
    assert curator("log", "--json")[1]["entries"] == []

    code, first, _ = curator("promote", *chosen, *MEND, "--json")
    assert code == 0
    assert [r["verdict"] for r in first["receipts"]] == ["verified"] * 5
    assert {r["trace_id"] for r in first["receipts"]} == set(chosen)
    assert all({"name", "ok", "detail"} <= set(check) for r in first["receipts"] for check in r["checks"])

    code, again, _ = curator("promote", *chosen, *MEND, "--json")
    assert (code, {r["verdict"] for r in again["receipts"]}) == (0, {"unchanged"})
    ids = [r["item_id"] for r in first["receipts"]]

    code, verified, _ = curator("verify", RULE, "--json")
    assert (code, {i["item_id"]: i["verdict"] for i in verified["items"]}) == (0, dict.fromkeys(ids, "verified"))

    code, undone, _ = curator("undo", "2", "--json")
    assert (code, [e["outcome"] for e in undone["entries"]]) == (0, ["archived", "archived"])
    with Gateway(connection_of(shop)) as gateway:
        assert gateway.items(RULE).total_items == 3
        states = decisions.decisions_in(gateway.scores(names=[decisions.SCORE_NAME]))
    assert sorted(states[trace].state for trace in chosen) == ["open"] * 2 + ["promoted"] * 3

    ledger = tmp_path / "ledger.jsonl"
    assert curator("log", "--export", str(ledger))[0] == 0
    lines = ledger.read_text().splitlines()
    code, log, _ = curator("log", "--json")
    assert [json.loads(line)["id"] for line in lines] == [e["id"] for e in log["entries"]]
    assert sum(e["undone"] for e in log["entries"]) == 2
    chosen = curator("log", "--filter", "action:undo", "--limit", "1", "--json")[1]["entries"]
    assert [e["id"] for e in chosen] == [[e["id"] for e in log["entries"] if e["action"] == "undo"][-1]]


def test_an_incomplete_draft_and_an_unknown_trace_are_receipts(curator: Curator, traces: list[str]) -> None:
    code, out, _ = curator("promote", traces[0], "f" * 32, f"--rules={RULE}", "--failure-type=x", "--json")
    assert code == 1
    assert [(r["verdict"], r["problem"]["code"]) for r in out["receipts"]] == [
        ("refused", "DRAFT_INCOMPLETE"),
        ("refused", "TRACE_NOT_FOUND"),
    ]


def test_a_source_that_is_gone_is_named(curator: Curator, shop: SandboxServer, traces: list[str]) -> None:
    with Gateway(connection_of(shop)) as gateway:
        shop.fault("expire-traces", "0")
        gateway.put_score(id="left", name="helpfulness", value=0.1, data_type="NUMERIC", trace_id=traces[0])
    code, out, _ = curator("promote", traces[0], *MEND, "--json")
    assert (code, out["receipts"][0]["problem"]["code"]) == (1, "SOURCE_GONE")


@pytest.mark.parametrize(
    ("environment", "code", "exit_code"),
    [
        ({"LANGFUSE_SECRET_KEY": "sk-lf-wrong"}, "UNAUTHORISED", 3),
        ({"LANGFUSE_BASE_URL": "http://127.0.0.1:9"}, "UNREACHABLE", 4),
        ({"LANGFUSE_SECRET_KEY": ""}, "CONFIG_KEYS_MISSING", 3),
    ],
)
def test_what_stops_everything_has_its_exit_code(
    environment: dict[str, str], code: str, exit_code: int, curator: Curator, traces: list[str]
) -> None:
    found, _, words = curator("promote", traces[0], *MEND, **environment)
    assert found == exit_code
    assert code in words
    assert "sk-lf-wrong" not in words


@pytest.mark.parametrize(
    "arguments",
    [
        ["promote"],
        ["promote", "t"],
        ["promote", "t", f"--rules={RULE}", "--keep=x"],
        ["promote", "t", f"--rules={RULE}", "--remedy=pray"],
        ["undo", "0"],
        ["verify"],
    ],
)
def test_misuse_is_exit_2(arguments: list[str], curator: Curator) -> None:
    assert curator(*arguments)[0] == 2


def test_queue_entries_follow_promotion_and_undo(curator: Curator, shop: SandboxServer, demo: DemoData) -> None:
    entry = next(e for e in demo.queue_entries if e["status"] == "PENDING" and e["objectId"] in order_status(demo))
    code, out, _ = curator("promote", entry["objectId"], *MEND, "--complete-queue", "--json")
    assert (code, out["receipts"][0]["verdict"]) == (0, "verified")
    assert status_of(shop, entry["id"]) == "COMPLETED"
    assert curator("undo", "--delete")[0] == 0
    assert status_of(shop, entry["id"]) == "PENDING"


def order_status(demo: DemoData) -> set[str]:
    return {t.trace_id for t in demo.traces if t.workflow == "order-status"}


def status_of(server: SandboxServer, entry_id: str) -> str:
    with Gateway(connection_of(server)) as gateway:
        for queue in gateway.annotation_queues():
            for status in ("PENDING", "COMPLETED"):
                if any(entry.id == entry_id for entry in gateway.queue_entries(queue, status)):
                    return status
    return "gone"


@pytest.mark.slow
def test_ctrl_c_finishes_what_was_sent_and_reports_the_rest(
    curator: Curator, shop: SandboxServer, demo: DemoData
) -> None:
    wanted = [t.trace_id for t in demo.traces if t.workflow == "order-status"]
    process = subprocess.Popen(
        command("promote", *wanted, *MEND, "--json"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | shop.environment(),
        start_new_session=True,
    )
    shop.fault("slow", "0.15")
    with Gateway(connection_of(shop)) as gateway:
        deadline = time.monotonic() + 60
        while gateway.items(RULE).total_items < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        shop.settings.faults.switch_off("slow")
        assert process.returncode == 130, stderr
        receipts = json.loads(stdout)["receipts"]
        verified = {r["item_id"] for r in receipts if r["verdict"] == "verified"}
        assert {row.id for row in gateway.items(RULE)} == verified
    assert "Traceback" not in stderr
    assert len(receipts) == len(wanted)
    assert 3 <= len(verified) < len(wanted)
    assert {r["problem"]["code"] for r in receipts if r["verdict"] != "verified"} == {"INTERRUPTED"}
    log = curator("log", "--json")[1]
    assert len(log["drafts"]) == len(wanted) - len(verified)


def test_a_program_prepares_and_what_waits_is_listed_and_approved(curator: Curator, traces: list[str]) -> None:
    (trace, *_) = traces
    assert (
        curator("draft", trace, f"--rules={RULE}", "--set=input.region=nowhere", "--save", "--json")[1]["saved"]
        is False
    )
    done, document, _ = curator("draft", trace, *MEND, "--save", "--prepared-by=triage 1.2", "--json")
    assert (done, document["saved"], document["prepared_by"]) == (0, True, "triage 1.2")
    _, document, _ = curator("queue", "--state=prepared", "--json")
    assert [(each["trace_id"], each["prepared_by"]) for each in document["prepared"]] == [(trace, "triage 1.2")]
    done, document, _ = curator("promote", trace, f"--rules={RULE}", "--json")
    assert (done, document["receipts"][0]["verdict"]) == (0, "verified"), document
    assert curator("queue", "--state=prepared", "--json")[1]["prepared"] == []
