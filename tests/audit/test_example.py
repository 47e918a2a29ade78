"""The planted example: every planted case is found, and nothing else. Precision and recall are 1.0."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from curator.audit.checks import CHECKS
from curator.audit.run import audit
from curator.audit.values import AuditReport
from curator.audit.workers import Processes
from curator.cli.sandbox import plant_receipts
from curator.gateway import Gateway
from curator.help import page
from curator.journal import Journal
from curator.rulebook import LoadedRule, check_file
from curator.sandbox.demo.data import DATASETS, DEMO_RULE, plant, read
from curator.sandbox.server import SandboxServer
from curator.scrub import Scrubber
from tests.audit.support import connection_of
from tests.demo.maker import golden
from tests.demo.maker.audit_example import CASES, DATASET, SIGNALS, planned, truth

CODES = [check.code for check in CHECKS]


def pairs(report: AuditReport) -> list[tuple[str, str | None]]:
    return [(finding.code, finding.item_id) for finding in report.findings]


def without_model() -> Scrubber:
    """A scrub as on a machine without the NER model."""
    return Scrubber(use_model=False)


def test_every_planted_case_is_found_and_nothing_else(report: AuditReport) -> None:
    said = pairs(report)
    assert len(said) == len(set(said))
    hits = set(said) & truth()
    precision, recall = len(hits) / len(said), len(hits) / len(truth())
    assert (precision, recall) == (1.0, 1.0), {"missed": truth() - set(said), "wrong": set(said) - truth()}


def test_every_code_is_planted() -> None:
    assert {code for code, _ in truth()} == set(CODES)
    assert len(CODES) == len(set(CODES)) == 35


def test_clean_items_are_clean(report: AuditReport, now: datetime) -> None:
    clean = {item.id for item in planned(now) if item.case.plant is None}
    assert len(clean) == sum(case.plant is None for case in CASES) == 9
    assert not clean & {finding.item_id for finding in report.findings}


def test_without_the_model_the_same_is_found(
    example_gateway: Gateway, example_journal: Journal, example_rule: LoadedRule, moment: datetime, report: AuditReport
) -> None:
    again = audit(
        example_gateway,
        example_journal,
        DATASET,
        example_rule,
        at=moment,
        workers=Processes(1),
        scrub=without_model,
    )
    assert again == report.model_copy(update={"requests": again.requests})


def test_the_example_costs_few_requests(report: AuditReport) -> None:
    # 37 items: one for the items, one for their sources, and less than 20 for the rest.
    assert report.items == 37
    assert report.requests <= 22
    assert report.not_looked_at == ()


@pytest.mark.parametrize("check", CHECKS, ids=CODES)
def test_every_check_has_its_own_page(check: object) -> None:
    found = page(check.code)  # type: ignore[attr-defined]
    assert found.title == check.title  # type: ignore[attr-defined]
    assert f"Severity: {check.severity}" in found.text  # type: ignore[attr-defined]
    assert "**What to do.**" in found.text


def test_the_rule_of_the_example_is_valid() -> None:
    assert check_file(DEMO_RULE) == []


def test_the_example_says_what_it_is_and_repeats_nothing(now: datetime) -> None:
    assert len({case.key for case in CASES}) == len(CASES)
    items = planned(now)
    assert len({item.id for item in items}) == len(items)
    assert {item.current.metadata["signals"][0]["name"] for item in items if item.receipt} == {
        signal["name"] for signal in SIGNALS
    }


def test_the_example_moves_with_now(now: datetime) -> None:
    later = [item.id for item in planned(now + timedelta(days=400))]
    assert later == [item.id for item in planned(now)]


def test_planting_again_replaces_and_does_not_add(now: datetime, tmp_path: Path) -> None:
    moment = now + timedelta(days=3)
    with SandboxServer(clock=lambda: moment + timedelta(minutes=1)) as server:
        for at in (now, moment):
            plant(server.store, at)
        with server.store.read() as db:
            counts = {
                table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("observations", "scores", "datasets", "item_versions")
            }
        rows = read(DATASETS, now)
        assert counts["observations"] == len(rows["observations"])
        assert counts["scores"] == len(rows["scores"])
        assert counts["datasets"] == len(rows["datasets"]) == 3
        versions = sum(len(item.versions) + item.doubled for item in planned(now)) + len(golden.CASES)
        assert counts["item_versions"] == len(rows["items"]) == versions + 1
        with Gateway(connection_of(server)) as gateway, Journal("twice", tmp_path / "j.sqlite3") as journal:
            plant_receipts(journal, now)
            plant_receipts(journal, now)
            held = Counter(promotion.item_id for promotion in journal.promotions.of_dataset(DATASET))
            assert set(held.values()) == {1}
            assert journal.ledger.entries() == []
            assert {item.id for item in gateway.items(DATASET)} <= {item.id for item in planned(now)}
