"""Gathering over HTTP: what is read, in how many requests, and what is said to be left out."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from curator.audit.gather import BATCH, READS_BY_ID, Gathering, promoted_items, runs_of
from curator.audit.run import collect_evidence, report_of
from curator.audit.values import Evidence
from curator.audit.workers import Processes
from curator.cli.sandbox import plant_receipts
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item
from curator.model.errors import UsageError
from curator.sandbox.server import SandboxServer
from tests.audit.support import EXAMPLE_RULE, QuickScrub, connection_of, make_item, promoted
from tests.audit.worlds import numbered, write_items, write_observations
from tests.demo.maker.audit_example import DATASET

NOW = datetime.now(UTC)


def look(gateway: Gateway, journal: Journal | None = None, **options: Any) -> Evidence:
    rule = options.pop("rule", EXAMPLE_RULE)
    return collect_evidence(
        gateway,
        journal,
        options.pop("dataset", DATASET),
        rule,
        at=options.pop("at", datetime.now(UTC)),
        workers=Processes(1),
        scrub=QuickScrub,
        **options,
    )


class Routes:
    """Counts requests per route."""

    def __init__(self, server: SandboxServer) -> None:
        self.counts: Counter[str] = Counter()
        self.gateway = Gateway(connection_of(server), on_request=self._count)

    def _count(self, request: str) -> None:
        self.counts[request.removeprefix("GET ").partition("?")[0].rpartition("/public/")[2]] += 1


@pytest.fixture
def routes(server: SandboxServer) -> Iterator[Routes]:
    routes = Routes(server)
    yield routes
    routes.gateway.close()


def test_an_unknown_dataset_is_a_usage_error(gateway: Gateway) -> None:
    with pytest.raises(UsageError) as caught:
        look(gateway, dataset="nowhere")
    assert caught.value.code == "DATASET_UNKNOWN"


def test_a_small_dataset_costs_a_handful_of_requests(server: SandboxServer, routes: Routes) -> None:
    write_items(server, 3)
    evidence = look(routes.gateway)
    assert routes.counts == {
        "v2/datasets/audit-example": 1,
        "dataset-items": 1,
        "v2/observations": 1,
        "projects": 1,
        "experiments": 1,
    }
    assert evidence.requests == 5
    assert len(evidence.items) == len(evidence.facts) == len(evidence.sources) == 3


def test_an_empty_dataset_is_fine(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 0)
    evidence = look(gateway)
    assert evidence.items == ()
    assert report_of(evidence).items == 0


@pytest.mark.parametrize(("items", "traces"), [(250, 250), (450, 450), (450, 9)])
def test_pages_of_items_and_batches_of_sources(server: SandboxServer, routes: Routes, items: int, traces: int) -> None:
    write_items(server, items, traces=traces)
    evidence = look(routes.gateway)
    assert {item.id for item in evidence.items} == set(evidence.facts)
    assert len(evidence.items) == items
    assert len(evidence.sources) == traces
    assert routes.counts["dataset-items"] == -(-items // 100)
    assert evidence.requests <= -(-items // 100) + -(-traces // 200) + 20


def test_content_is_forgotten_and_lineage_is_kept(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 1, metadata={"huge": "x" * 10_000})
    evidence = look(gateway)
    item = evidence.items[0]
    assert (item.input, item.expected_output) == (None, None)
    assert item.metadata["reviewer"] == "mara"
    assert "huge" not in item.metadata
    source = next(iter(evidence.sources.values()))
    assert (source.input, source.output, source.metadata) == (None, None, {})


def test_batches_come_as_a_stream(server: SandboxServer, routes: Routes) -> None:
    write_items(server, 350)
    gathering = Gathering(routes.gateway, None, DATASET, None, at=NOW)
    batches = gathering.batches()
    first = next(batches)
    assert len(first.items) == BATCH
    assert routes.counts["dataset-items"] == 1
    assert sum(len(batch.items) for batch in batches) == 350 - BATCH


def test_recorded_outputs_are_read_while_they_are_affordable(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 2, output={"outcome": "refuse", "answer": "opened"})
    assert {facts.recorded_passes for facts in look(gateway).facts.values()} == {True}
    assert {facts.recorded_passes for facts in look(gateway, rule=None).facts.values()} == {None}


def test_recorded_outputs_of_many_items_are_left_out_and_said(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 301, output={"outcome": "refuse", "answer": "opened"})
    evidence = look(gateway)
    assert {facts.recorded_passes for facts in evidence.facts.values()} == {None}
    assert any("recorded failures" in each for each in evidence.not_looked_at)
    deep = look(gateway, deep=True)
    assert {facts.recorded_passes for facts in deep.facts.values()} == {True}
    assert deep.not_looked_at == ()


def test_a_trace_without_its_root_is_not_gone(server: SandboxServer, gateway: Gateway) -> None:
    items = write_items(server, 2, sources=False)
    traces = [item.source_trace_id or "" for item in items]
    write_observations(server, [traces[0]], parent="somewhere-else")
    evidence = look(gateway)
    assert set(evidence.sources) == {traces[0]}
    said = [f for f in report_of(evidence).findings if f.code == "LIN004"]
    assert [f.item_id for f in said] == [items[1].id]


def test_observations_other_than_the_root_are_looked_up(server: SandboxServer, gateway: Gateway) -> None:
    items = write_items(server, 2, observation="step")
    write_observations(server, [items[0].source_trace_id or ""], observation="step", parent="root")
    evidence = look(gateway)
    assert evidence.source_observations is not None
    assert "step" in evidence.source_observations
    assert not [f for f in report_of(evidence).findings if f.code == "LIN005"]


def test_two_rows_of_one_new_id_are_found(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 4)
    server.fault("duplicate-rows")
    write_items(server, 1, offset=4)
    said = [f for f in report_of(look(gateway)).findings if f.code == "IDN002"]
    assert [f.item_id for f in said] == [numbered(4).id]


def test_a_doubled_row_among_many_newer_ones_is_said_of_the_dataset(server: SandboxServer, gateway: Gateway) -> None:
    server.fault("duplicate-rows")
    write_items(server, 1)
    server.settings.faults.switch_off("duplicate-rows")
    write_items(server, 20, offset=1)
    evidence = look(gateway)
    assert len(evidence.by_id) == READS_BY_ID
    said = [f for f in report_of(evidence).findings if f.code == "IDN002"]
    assert [f.item_id for f in said] == [None]
    assert any("current more than once" in each for each in evidence.not_looked_at)
    deep = [f for f in report_of(look(gateway, deep=True)).findings if f.code == "IDN002"]
    assert [f.item_id for f in deep] == [numbered(0).id]


def test_a_dataset_that_changes_while_it_is_read_is_no_finding(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 120)
    gathering = Gathering(gateway, None, DATASET, None, at=NOW)
    batches = gathering.batches()
    next(batches)
    gateway.delete_item(numbered(0).id)
    list(batches)
    evidence = gathering.evidence({})
    assert evidence.uncounted == 0
    assert any("changed while it was read" in each for each in evidence.not_looked_at)


def test_an_earlier_version_is_audited_as_it_was(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 2)
    before = max(item.updated_at for item in gateway.items(DATASET))
    changed = numbered(0)
    gateway.put_item(_writable(changed, input={"question": "Changed?", "channel": "chat"}))
    now_report, then_report = report_of(look(gateway)), report_of(look(gateway, version=before))
    assert [f.item_id for f in now_report.findings if f.code == "CON001"] == [changed.id]
    assert not [f for f in then_report.findings if f.code == "CON001"]
    assert then_report.version == before
    assert any("as of today" in each for each in then_report.not_looked_at)
    assert any("REC001, REC002, CON002" in each for each in then_report.not_looked_at)


def _writable(stored: Any, **changes: Any) -> Item:
    fields = stored.model_dump(exclude={"dataset_id", "created_at", "updated_at", "media"})
    return Item(**(fields | changes))


def test_retention_comes_from_the_dataset_when_the_server_does_not_say(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 1)
    assert look(gateway).retention_days is None
    for days, read in ((30, 30), (True, None), (0, None), ("30", None)):
        gateway.put_dataset(DATASET, metadata={"retention_days": days})
        assert look(gateway).retention_days == read


def test_runs_beyond_the_budget_are_left_out_and_said(
    example_gateway: Gateway, example_journal: Journal, moment: datetime
) -> None:
    evidence = look(example_gateway, example_journal, at=moment)
    assert len(evidence.runs) == 5
    assert evidence.runs_complete
    left_out: list[str] = []
    allowed = iter([True, True, False, True, False])
    runs, complete = runs_of(example_gateway, evidence.dataset, moment, lambda requests: next(allowed), left_out)
    assert (len(runs), complete) == (3, False)
    assert left_out == ["2 of 5 runs (--deep looks at all)"]


def test_runs_after_the_version_do_not_count(example_gateway: Gateway, moment: datetime) -> None:
    evidence = look(example_gateway, at=moment, version=moment - timedelta(days=10))
    assert [run.experiment.name for run in evidence.runs] == ["returns-agent 3.7"]


def test_receipts_of_items_that_are_not_listed_are_read_one_by_one(
    server: SandboxServer, gateway: Gateway, journal: Journal, planted: datetime
) -> None:
    plant_receipts(journal, planted)
    evidence = look(gateway, journal)
    listed = {item.id for item in evidence.items}
    assert sorted(str(each and each.status) for item, each in evidence.by_id.items() if item not in listed) == [
        "ARCHIVED",
        "None",
    ]


def test_more_absent_receipts_than_affordable_are_said(
    server: SandboxServer, gateway: Gateway, journal: Journal
) -> None:
    write_items(server, 1)
    for number in range(20, 32):
        item = _writable(make_item(id=f"absent-{number}"))
        promotion = journal.promotions.begin(item, rule="r", reviewer="mara")
        journal.promotions.finish(promotion, promoted(make_item(id=item.id)).receipt, None)
    assert len(promoted_items(journal, DATASET)) == 12
    evidence = look(gateway, journal)
    assert len(evidence.by_id) == READS_BY_ID
    assert "4 of 12 promoted items that are not listed (--deep looks)" in evidence.not_looked_at
