"""`curator audit` and `curator erase` as people and pipelines call them."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from curator.cli.audit import rule_of
from curator.cli.main import cli
from curator.cli.sandbox import plant_receipts
from curator.config import Settings, load_settings, state_folder
from curator.gateway import Gateway
from curator.journal import Journal, SavedDraft
from curator.model import Item
from curator.model.errors import CuratorError, ExitCode
from curator.sandbox.demo.data import DEMO_RULE
from curator.sandbox.server import SandboxServer
from curator.tui.memory import DraftState, Memory
from tests.audit.worlds import numbered, write_items, write_results
from tests.demo.maker.audit_example import DATASET, planned, truth

Curator = Callable[..., Result]


@pytest.fixture
def curator(monkeypatch: pytest.MonkeyPatch, lasting_workers: None) -> Curator:
    """Runs a command line; errors of curator's own come as exit codes, as `main` makes them."""
    monkeypatch.setenv("CURATOR_REVIEWER", "tobias")

    def run(*arguments: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(cli, [*arguments], input=stdin)
        if isinstance(result.exception, CuratorError):
            result.exit_code = int(result.exception.exit_code)
        elif result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def point_at(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def at_example(example_server: SandboxServer, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configured project is the planted example, and this machine promoted its items."""
    point_at(example_server, monkeypatch)
    with Journal.of(load_settings().connection()) as journal:
        plant_receipts(journal, now)


@pytest.fixture
def at_small(server: SandboxServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The configured project holds two items; one lacks its rubric."""
    point_at(server, monkeypatch)
    write_items(server, 1)
    write_items(server, 1, offset=1, metadata={"rubric": None})


RULES = ("--rules", str(DEMO_RULE))


@pytest.mark.usefixtures("at_example")
def test_the_example_from_the_command_line(curator: Curator) -> None:
    result = curator("audit", DATASET, *RULES, "--json", "--fail-on", "error", "--workers", "1")
    assert result.exit_code == ExitCode.NO
    read = json.loads(result.stdout)
    # The audit is made today, and the example was planted for the demo's fixed day: ages differ, findings do not.
    said = {(finding["code"], finding["item_id"]) for finding in read["findings"]}
    assert said >= {pair for pair in truth() if pair[0] not in ("LIN004", "LIN003")}
    assert read["dataset"] == DATASET


@pytest.mark.usefixtures("at_small")
def test_a_report_for_a_ticket(curator: Curator, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    result = curator("audit", DATASET, *RULES, "--workers", "1", "--format", "html", "--output", str(page))
    assert (result.exit_code, result.stdout) == (ExitCode.YES, "")
    assert page.read_text().startswith("<!doctype html>")
    assert f"Report written to {page}." in result.stderr
    result = curator("audit", DATASET, *RULES, "--workers", "1", "--fail-on", "warning")
    assert result.exit_code == ExitCode.NO
    assert "! LIN002 lineage is incomplete (warning)" in result.stdout


@pytest.mark.usefixtures("at_small")
def test_the_dataset_as_it_was(curator: Curator) -> None:
    with Gateway(load_settings().connection()) as gateway:
        before = max(item.updated_at for item in gateway.items(DATASET)).isoformat()
        gateway.put_item(_item(numbered(0, input={"question": "Changed afterwards?", "channel": "chat"})))
    then = json.loads(curator("audit", DATASET, *RULES, "--workers", "1", "--json", "--version", before).stdout)
    assert "CON001" not in {finding["code"] for finding in then["findings"]}
    assert datetime.fromisoformat(then["version"]) == datetime.fromisoformat(before)


def _item(stored: Any) -> Item:
    fields = stored.model_dump(exclude={"dataset_id", "created_at", "updated_at", "media"})
    fields["metadata"]["fingerprints"] = {"input": "0" * 64, "expected_output": "0" * 64}
    return Item(**fields)


@pytest.mark.usefixtures("at_example")
def test_the_story_of_an_item(curator: Curator, now: datetime) -> None:
    item = next(item for item in planned(now) if item.case.plant == "CON001")
    hidden = next(item for item in planned(now) if item.case.key == "hidden-session")
    result = curator("audit", DATASET, item.id, hidden.id)
    assert result.exit_code == ExitCode.YES
    assert "Versions (2)" in result.stdout
    assert "  session       whatsapp:<PHONE_NUMBER_1>\n" in result.stdout
    assert "900142" not in result.stdout
    read = json.loads(curator("audit", DATASET, item.id, "--json").stdout)
    assert [len(version["diff"]) > 0 for version in read["versions"]] == [True, False]
    both = json.loads(curator("audit", DATASET, item.id, item.id, "--json").stdout)
    assert len(both["stories"]) == 2
    assert curator("audit", DATASET, "nobody").exit_code == ExitCode.USAGE


@pytest.mark.usefixtures("at_example")
def test_without_a_dataset_the_datasets_are_listed(curator: Curator) -> None:
    listed = curator("audit").stdout.splitlines()
    assert DATASET in listed
    assert [each["name"] for each in json.loads(curator("audit", "--json").stdout)["datasets"]] == listed


def test_the_only_rule_that_feeds_the_dataset_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("input.schema.json", "expected_output.schema.json", DEMO_RULE.name):
        (tmp_path / name).write_text(DEMO_RULE.with_name(name).read_text())
    settings = Settings(rules=str(tmp_path))
    only = rule_of(DATASET, None, settings)
    assert only is not None
    assert only.rule.rule == "audit-example"
    (tmp_path / "second.yaml").write_text(DEMO_RULE.read_text().replace("rule: audit-example", "rule: second"))
    assert rule_of(DATASET, None, settings) is None
    assert "2 rules feed this dataset" in capsys.readouterr().err
    assert rule_of("another-dataset", None, settings) is None
    named = rule_of(DATASET, "second", settings)
    assert named is not None


@pytest.mark.usefixtures("at_small")
@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (("audit", "nowhere", *RULES), ExitCode.USAGE),
        (("audit", DATASET, *RULES, "--version", "yesterday"), ExitCode.USAGE),
        (("audit", DATASET, *RULES, "--version", "2999-01-01"), ExitCode.USAGE),
        (("audit", DATASET, *RULES, "--output", "/nowhere/report.md"), ExitCode.USAGE),
        (("audit", DATASET, "--yes"), ExitCode.USAGE),
        (("audit", DATASET, "--fix", "adopt", "--json"), ExitCode.USAGE),
        (("audit", DATASET, "--fix", "adopt", "--version", "2026-01-01"), ExitCode.USAGE),
        (("audit", DATASET, "--fix", "adopt", "--format", "md"), ExitCode.USAGE),
        (("audit", "--fix", "adopt"), ExitCode.USAGE),
        (("audit", DATASET, "item", "--format", "html"), ExitCode.USAGE),
        (("erase",), ExitCode.USAGE),
        (("erase", "--trace", "a", "--session", "b"), ExitCode.USAGE),
        (("erase", "--trace", ""), ExitCode.USAGE),
        (("erase", "--trace", "a", "--json"), ExitCode.USAGE),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: tuple[str, ...], exit_code: ExitCode, curator: Curator
) -> None:
    result = curator(*arguments)
    assert result.exit_code == exit_code
    assert result.stdout == ""


@pytest.mark.usefixtures("at_small")
def test_a_fix_is_previewed_done_and_undone(curator: Curator) -> None:
    preview = curator("audit", DATASET, *RULES, "--fix", "backfill", "--dry-run")
    assert preview.exit_code == ExitCode.YES
    assert "metadata.rubric: returns-desk-v2" in preview.stdout
    done = curator("audit", DATASET, *RULES, "--fix", "backfill", "--yes", "--json")
    assert done.exit_code == ExitCode.YES
    read = json.loads(done.stdout)
    assert [receipt["verdict"] for receipt in read["receipts"]] == ["verified"]
    assert read["proposals"][0]["possible"] is True
    assert curator("undo", "--batch").exit_code == ExitCode.YES
    with Gateway(load_settings().connection()) as gateway:
        stored = gateway.item(numbered(1).id)
    assert stored is not None
    assert "rubric" not in stored.metadata


@pytest.mark.usefixtures("at_small")
def test_a_fix_asks_first_and_says_what_it_cannot_do(curator: Curator) -> None:
    said_no = CliRunner().invoke(cli, ["audit", DATASET, *RULES, "--fix", "backfill"], input="n\n")
    assert type(said_no.exception).__name__ in ("Abort", "SystemExit")
    assert "Mend 1 item?" in said_no.stderr
    result = curator("audit", DATASET, numbered(0).id, *RULES, "--fix", "adopt", "--yes")
    assert result.exit_code == ExitCode.NO
    assert "finds nothing (LIN001)" in result.stdout


@pytest.mark.usefixtures("at_small")
def test_an_erasure_from_the_command_line(curator: Curator) -> None:
    trace = numbered(0).source_trace_id or ""
    write_results("prod", numbered(0).id, numbered(1).id)
    Memory(load_settings()).keep_draft(DraftState(trace_id=trace, rule="r", edits={"input.question": "?"}))
    kept = state_folder() / "items" / "of-a-dataset.json"
    kept.parent.mkdir(parents=True)
    kept.write_text("[]")
    listed = curator("erase", "--trace", trace, "--dry-run")
    assert listed.exit_code == ExitCode.YES
    assert kept.exists()
    assert f"drafts    1\n  {trace}  edited in the terminal\n" in listed.stdout
    assert "not here  one/prod.json holds texts" in listed.stdout
    assert f"{numbered(0).id}  ACTIVE  in {DATASET}  (by source trace)" in listed.stdout
    assert not (state_folder() / "erasures").exists()
    done = curator("erase", "--trace", trace, "--mode", "delete", "--yes", "--json")
    assert done.exit_code == ExitCode.YES
    read = json.loads(done.stdout)
    assert [(each["item_id"], each["outcome"]) for each in read["erased"]] == [(numbered(0).id, "deleted")]
    assert read["emptied"] == [{"file": "one/prod.json", "ok": True}]
    record = json.loads(Path(read["record"]).read_text())
    assert (record["finished"], record["drafts"], record["result_files"]) == (True, 1, ["one/prod.json"])
    assert record["left"]["result_files"] == []
    assert not Memory(load_settings()).has_draft(trace)
    assert not kept.exists()
    nothing = curator("erase", "--trace", trace, "--yes")
    assert nothing.exit_code == ExitCode.YES
    assert "items     0" in nothing.stdout
    assert len(list((state_folder() / "erasures").iterdir())) == 1


@pytest.mark.usefixtures("at_small")
def test_a_result_file_that_cannot_be_emptied_is_a_no(curator: Curator) -> None:
    path = write_results("prod", numbered(0).id)
    path.write_text(path.read_text()[:-3])
    result = curator("erase", "--trace", numbered(0).source_trace_id or "", "--mode", "delete", "--yes")
    assert result.exit_code == ExitCode.NO
    assert "✗ texts taken out of result file one/prod.json" not in result.stdout
    assert "✗ result file one/prod.json is left" in result.stdout


@pytest.mark.usefixtures("at_small")
def test_receipts_and_saved_drafts_are_listed_one_by_one(curator: Curator) -> None:
    item = _item(numbered(0))
    with Journal.of(load_settings().connection()) as journal:
        journal.drafts.save(SavedDraft.of_item(item, rule="r2", reason="saved"))
        journal.promotions.give_up(journal.promotions.begin(item, rule="r", reviewer="mara"))
    listed = curator("erase", "--trace", item.source_trace_id or "", "--dry-run").stdout
    assert f"  {item.source_trace_id}  saved  by r2, case 1\n" in listed
    assert re.search(rf"  {item.id}  unfinished  \d{{4}}-\d\d-\d\d \d\d:\d\d  by mara\n", listed)


@pytest.mark.usefixtures("at_small")
def test_an_erasure_asks_first(curator: Curator, server: SandboxServer) -> None:
    said_no = CliRunner().invoke(cli, ["erase", "--session", "returns-1"], input="n\n")
    assert type(said_no.exception).__name__ in ("Abort", "SystemExit")
    with Gateway(load_settings().connection()) as gateway:
        assert gateway.items(DATASET).total_items == 2
    said_yes = curator("erase", "--session", "returns-1", stdin="y\n")
    assert said_yes.exit_code == ExitCode.YES
    assert said_yes.stdout.count("✓ archived") == 2
    assert "curator explain erasure" in said_yes.stderr


@pytest.mark.usefixtures("at_small")
def test_an_erasure_that_fails_is_a_no(curator: Curator, server: SandboxServer) -> None:
    server.fault("lost-write")
    result = curator("erase", "--trace", numbered(0).source_trace_id or "", "--yes")
    assert result.exit_code == ExitCode.NO
    assert "✗ failed" in result.stdout


def test_without_keys_it_is_a_matter_of_configuration(curator: Curator) -> None:
    assert curator("audit", DATASET).exit_code == ExitCode.CONFIG
    assert curator("erase", "--trace", "a").exit_code == ExitCode.CONFIG
