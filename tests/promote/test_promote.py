"""The main way: what `verified`, `unchanged` and an update mean, and what they cost."""

from curator.gateway import Gateway
from curator.journal import Journal
from tests.promote.support import DATASET, Promote, make_item


def test_a_new_item_is_verified_with_five_requests(gateway: Gateway, journal: Journal, run: Promote) -> None:
    before = gateway.requests
    receipt = run(make_item())
    assert (receipt.verdict, receipt.action, receipt.problem) == ("verified", "created", None)
    assert gateway.requests - before <= 5
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert stored.input == make_item().input
    assert stored.metadata == make_item().metadata
    assert [row.id for row in gateway.items(DATASET)] == [receipt.item_id]


def test_promoting_again_is_unchanged_and_writes_nothing(gateway: Gateway, run: Promote) -> None:
    run(make_item())
    first = gateway.item(make_item().id)
    sent: list[str] = []
    gateway._wire._on_request = sent.append
    receipt = run(make_item(metadata={"approved_at": "2026-11-23T10:00:00+00:00"}))
    assert (receipt.verdict, receipt.action) == ("unchanged", "none")
    assert [line.split()[0] for line in sent] == ["GET", "GET"]
    assert gateway.item(make_item().id) == first
