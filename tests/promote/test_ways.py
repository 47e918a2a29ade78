"""Every way to fail has a name: the table, row by row, against the sandbox; `test_situations` has those of drafts."""

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from curator.gateway import Gateway
from curator.gateway.errors import GatewayError
from curator.help import outcomes, pages
from curator.journal import Journal
from curator.model import Item, StoredItem, lineage
from curator.model.lineage import content_fingerprint
from curator.promote.proof import Late, ReadBack, proof_of
from curator.promote.stops import diagnose, is_collision
from curator.sandbox.server import SandboxServer
from tests.promote.between import Between, Meddle, answers, follows, rewrites
from tests.promote.support import DATASET, QUICK, EmailFinder, Promote, code, connection_of, make_item, verify

OTHER = "rag-answer-quality"
WORDINGS = {"4.16": None, "3.140": "3.140", "3.43": "3.43", "3.5": "3.5"}


@pytest.fixture
def elsewhere(gateway: Gateway) -> Item:
    """An item whose id another dataset owns."""
    gateway.put_dataset(OTHER)
    item = make_item()
    gateway.put_item(item.model_copy(update={"dataset": OTHER}))
    return item


# ── ids ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_foreign_id_names_its_owner(elsewhere: Item, run: Promote, gateway: Gateway) -> None:
    receipt = run(elsewhere)
    assert (receipt.verdict, code(receipt), receipt.action) == ("refused", "ITEM_COLLISION", "none")
    assert OTHER in receipt.problem.message
    assert receipt.remedies == ("next-id", "draft")
    stored = gateway.item(elsewhere.id)
    assert stored is not None
    assert stored.dataset == OTHER
    assert list(gateway.items(DATASET)) == []


@pytest.mark.parametrize("age", WORDINGS)
def test_a_tombstone_is_told_from_a_live_owner(
    age: str, elsewhere: Item, run: Promote, gateway: Gateway, server: SandboxServer
) -> None:
    gateway.delete_item(elsewhere.id)
    if WORDINGS[age]:
        server.fault("collision-404", WORDINGS[age])
    receipt = run(elsewhere)
    assert (receipt.verdict, code(receipt)) == ("refused", "ITEM_TOMBSTONE")
    assert "next-id" in receipt.remedies
    if WORDINGS[age] is None:
        assert OTHER in receipt.problem.message


@pytest.mark.parametrize("age", [*WORDINGS, "2.60"])
def test_every_historic_wording_is_a_collision(
    age: str, elsewhere: Item, gateway: Gateway, server: SandboxServer
) -> None:
    """The write itself is refused (a preflight would have seen it): each version's words lead to the same name."""
    if age != "4.16":
        server.fault("collision-404", age)
    with pytest.raises(GatewayError) as caught:
        gateway.put_item(elsewhere)
    assert is_collision(caught.value) == (age != "2.60")  # a bare 500: only the read tells
    stop = diagnose(caught.value, elsewhere, gateway.item(elsewhere.id), None)
    assert stop.problem.code == "ITEM_COLLISION"


def test_next_id_is_taken_and_recorded(elsewhere: Item, run: Promote, gateway: Gateway) -> None:
    receipt = run(elsewhere, remedies=["next-id"])
    assert (receipt.verdict, receipt.action) == ("verified", "created")
    assert receipt.item_id != elsewhere.id
    stored = gateway.item(receipt.item_id)
    assert stored is not None
    assert stored.metadata["id_attempt"] == 2
    again = run(elsewhere, remedies=["next-id"])
    assert (again.verdict, again.item_id) == ("unchanged", receipt.item_id)


def test_a_missing_dataset_is_named(run: Promote) -> None:
    receipt = run(make_item(dataset="nowhere"))
    assert (receipt.verdict, code(receipt)) == ("refused", "DATASET_MISSING")
    assert "nowhere" in receipt.problem.message


@pytest.mark.parametrize("bad", ["", ".", "..", "a/b", "a b", "ä", "x" * 256])
def test_an_id_that_could_never_be_read_back_is_refused(bad: str, run: Promote, gateway: Gateway) -> None:
    before = gateway.requests
    assert code(run(make_item(id=bad))) == "ITEM_BAD_ID"
    assert gateway.requests == before


# ── what is there ───────────────────────────────────────────────────────────────────────────────────────────────────


def archive(gateway: Gateway, item: Item) -> None:
    gateway.put_item(item.model_copy(update={"status": "ARCHIVED"}))


def test_an_archived_item_is_left_alone_unless_asked(run: Promote, gateway: Gateway) -> None:
    item = make_item()
    run(item)
    archive(gateway, item)
    before = gateway.item(item.id)
    receipt = run(item)
    assert (receipt.verdict, code(receipt)) == ("refused", "ITEM_ARCHIVED")
    assert gateway.item(item.id) == before
    assert "unarchive" in receipt.remedies
    revived = run(item, remedies=["unarchive"])
    assert (revived.verdict, revived.action) == ("verified", "updated")
    assert [row.id for row in gateway.items(DATASET)] == [item.id]


def test_stale_fields_are_refused_or_cleared(run: Promote, gateway: Gateway) -> None:
    run(make_item())
    bare = make_item(expected_output=None)
    receipt = run(bare)
    assert (receipt.verdict, code(receipt), receipt.problem.path) == ("refused", "ITEM_STALE_FIELDS", "expected_output")
    cleared = run(bare, remedies=["clear-stale"])
    assert (cleared.verdict, cleared.action) == ("verified", "updated")
    stored = gateway.item(bare.id)
    assert stored is not None
    assert stored.expected_output is None


def test_stale_source_ids_are_cleared_too(run: Promote, gateway: Gateway) -> None:
    item = make_item()
    run(item)
    bare = item.model_copy(update={"source_observation_id": None})
    assert code(run(bare)) == "ITEM_STALE_FIELDS"
    assert run(bare, remedies=["clear-stale"]).verdict == "verified"


def test_a_schema_refusal_says_what_is_wrong(run: Promote, gateway: Gateway) -> None:
    gateway.put_dataset(
        DATASET, input_schema={"type": "object", "required": ["question"], "properties": {"question": {}}}
    )
    receipt = run(make_item())
    assert (receipt.verdict, code(receipt)) == ("refused", "ITEM_SCHEMA_REFUSED")
    assert "question" in receipt.problem.message
    assert gateway.item(make_item().id) is None


def test_personal_values_are_refused_before_the_write(run: Promote, gateway: Gateway, journal: Journal) -> None:
    before = gateway.requests
    receipt = run(make_item(input={"query": "write to ada@home.example"}))
    assert (receipt.verdict, code(receipt), receipt.problem.path) == ("refused", "ITEM_NOT_SCRUBBED", "input.query")
    assert gateway.requests == before
    assert "ada@home" not in receipt.model_dump_json()
    assert b"ada@home" not in b"".join(p.read_bytes() for p in journal.path.parent.glob("journal*"))


def test_what_was_kept_with_a_reason_passes(run: Promote) -> None:
    kept = {"scrub": {"replaced": {}, "kept": {"EMAIL_ADDRESS": 1}, "reasons": ["a role address"], "model": None}}
    assert run(make_item(input={"query": "help@shop.example"}, metadata=kept)).verdict == "verified"
    twice = make_item(input={"query": "help@shop.example ada@home.example"}, metadata=kept)
    assert code(run(twice)) == "ITEM_NOT_SCRUBBED"


# ── what would be lost ──────────────────────────────────────────────────────────────────────────────────────────────


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


LOSSES = {
    "control characters": ({"t": "a\x1b[0mb"}, "ITEM_CONTROL_CHARACTERS"),
    "NUL": ({"t": "a\x00b"}, "ITEM_CONTROL_CHARACTERS"),
    "large integer": ({"n": 12345678901234567890}, "ITEM_NUMBER_CHANGES"),
    "2^53 + 1": ({"n": 2**53 + 1}, "ITEM_NUMBER_CHANGES"),
    "infinite": ({"n": float("inf")}, "ITEM_NOT_FINITE"),
    "NaN": ({"n": float("nan")}, "ITEM_NOT_FINITE"),
    "10^400": ({"n": 10**400}, "ITEM_NUMBER_CHANGES"),
    "nesting": ({"v": nested(230)}, "ITEM_TOO_DEEP"),
    "lone surrogate": ({"t": "a\ud800b"}, "ITEM_UNSTORABLE_TEXT"),
    "lone surrogate in a key": ({"a\udfff": 1}, "ITEM_UNSTORABLE_TEXT"),
    "NUL in a key": ({"a\x00b": 1}, "ITEM_UNSTORABLE_TEXT"),
    "__proto__": ({"__proto__": {"x": 1}}, "ITEM_KEY_DROPPED"),
    "JSON text": ('{"a": 1}', "ITEM_STRING_PARSED"),
    "number text": ("123", "ITEM_STRING_PARSED"),
    "null text": (" null ", "ITEM_STRING_PARSED"),
    "quoted text": ('"q"', "ITEM_STRING_PARSED"),
    "empty text": ("", "ITEM_STRING_PARSED"),
    "deep JSON text": ("[" * 5000 + "]" * 5000, "ITEM_STRING_PARSED"),
    "4.5 MiB": ({"t": "ä" * int(2.25 * 2**20)}, "TOO_LARGE"),
}


@pytest.mark.parametrize("case", LOSSES)
def test_losses_are_refused_before_anything_is_sent(case: str, run: Promote, gateway: Gateway) -> None:
    value, expected = LOSSES[case]
    before = gateway.requests
    receipt = run(make_item().model_copy(update={"expected_output": value}))
    assert (receipt.verdict, code(receipt)) == ("refused", expected)
    assert gateway.requests == before


def test_strip_and_as_text_write_what_stays(run: Promote, gateway: Gateway) -> None:
    item = make_item(input={"t": "a\x07b\tc", "n": 12345678901234567890})
    assert code(run(item, remedies=["strip"])) == "ITEM_NUMBER_CHANGES"
    receipt = run(item, remedies=["strip", "as-text"])
    assert receipt.verdict == "verified"
    stored = gateway.item(item.id)
    assert stored is not None
    assert stored.input == {"t": "ab\tc", "n": "12345678901234567890"}
    assert receipt.fingerprint == content_fingerprint(stored)


# ── the server and the network ──────────────────────────────────────────────────────────────────────────────────────


def test_a_lost_update_is_not_verified(run: Promote, server: SandboxServer) -> None:
    run(make_item())
    server.fault("lost-write")
    receipt = run(make_item(input={"query": "another"}))
    assert (receipt.verdict, code(receipt)) == ("failed", "ITEM_LOST_WRITE")


def test_a_truncated_answer_is_settled_by_reading(run: Promote, server: SandboxServer) -> None:
    server.fault("truncate-body", "every:2")  # the first read passes, the write's answer does not
    assert run(make_item()).verdict == "verified"


def test_a_late_reading_is_waited_for(run: Promote, server: SandboxServer) -> None:
    server.fault("stale-read", "0.6")
    began = time.monotonic()
    receipt = run(make_item(), patience=QUICK.model_copy(update={"late": 30}))  # a busy machine takes its time, too
    assert receipt.verdict == "verified"
    assert time.monotonic() - began >= 0.5


def test_a_reading_that_stays_late_is_not_verified(run: Promote, server: SandboxServer) -> None:
    server.fault("stale-read", "60")
    receipt = run(make_item())
    assert (receipt.verdict, code(receipt)) == ("failed", "ITEM_LOST_WRITE")
    assert "wait" in receipt.remedies


def test_a_transient_conflict_is_tried_again(run: Promote, server: SandboxServer) -> None:
    run(make_item())
    server.fault("http-409", "every:2")
    assert run(make_item(input={"query": "one"})).verdict == "verified"
    receipt = run(make_item(input={"query": "two"}))
    assert (receipt.verdict, receipt.action) == ("verified", "updated")


def test_duplicate_rows_of_a_new_item_are_repaired(run: Promote, server: SandboxServer, gateway: Gateway) -> None:
    server.fault("duplicate-rows", "every:1")
    stopper = threading.Timer(0.3, lambda: server.settings.faults.switch_off("duplicate-rows"))
    stopper.start()
    receipt = run(make_item())
    assert (receipt.verdict, receipt.action) == ("verified", "created")
    server.settings.faults.switch_off("duplicate-rows")
    listed = gateway.items(DATASET, source_trace_id=make_item().source_trace_id)
    assert (listed.total_items, len(list(listed))) == (1, 1)
    assert run(make_item(input={"query": "later"})).verdict == "verified"


def test_duplicate_rows_found_are_repaired_only_when_asked(
    run: Promote, server: SandboxServer, gateway: Gateway
) -> None:
    server.fault("duplicate-rows")
    gateway.put_item(make_item())
    server.settings.faults.switch_off("duplicate-rows")
    receipt = run(make_item())
    assert code(receipt) == "ITEM_DUPLICATE_ROWS"
    assert "repair" in receipt.remedies
    repaired = run(make_item(input={"query": "other"}), remedies=["repair"])
    assert repaired.verdict == "verified"
    assert gateway.items(DATASET).total_items == 1


def test_rate_limits_are_waited_for(run: Promote, server: SandboxServer) -> None:
    server.fault("http-429", "every:3")
    assert run(make_item()).verdict == "verified"


def test_single_server_failures_are_survived(run: Promote, server: SandboxServer) -> None:
    server.fault("http-500", "every:3")
    assert run(make_item()).verdict == "verified"


def test_wrong_keys_are_named(run: Promote, server: SandboxServer, gateway: Gateway) -> None:
    connection = connection_of(server).model_copy(update={"secret_key": "sk-wrong"})
    connection = type(connection).model_validate(connection.model_dump() | {"secret_key": "sk-wrong"})
    with Gateway(connection) as stranger:
        receipt = run(make_item(), gateway=stranger)
    assert (receipt.verdict, code(receipt)) == ("refused", "UNAUTHORISED")
    assert "sk-wrong" not in receipt.model_dump_json()


# ── somebody else ───────────────────────────────────────────────────────────────────────────────────────────────────


class Meddling(Gateway):
    """A gateway beside which somebody else acts right after our write."""

    after_write: Callable[[Gateway, Item], None] = staticmethod(lambda gateway, item: None)

    def put_item(self, item: Item, **options: Any) -> StoredItem:
        answer = super().put_item(item, **options)
        meddle, self.after_write = self.after_write, staticmethod(lambda gateway, item: None)
        meddle(self, item)
        return answer


def approve_too(gateway: Gateway, item: Item) -> None:
    gateway.put_item(item.model_copy(update={"metadata": item.metadata | {"reviewer": "grace"}}))


MEDDLERS = {
    "archived": (archive, "failed", "ITEM_OVERWRITTEN"),
    "deleted": (lambda gateway, item: gateway.delete_item(item.id), "failed", "ITEM_LOST_WRITE"),
    "approved by another reviewer": (approve_too, "verified", None),
}


@pytest.mark.parametrize("case", MEDDLERS)
def test_what_others_do_meanwhile_is_said(case: str, run: Promote, server: SandboxServer, gateway: Gateway) -> None:
    meddle, verdict, expected = MEDDLERS[case]
    with Meddling(connection_of(server)) as meddling:
        meddling.after_write = meddle
        receipt = run(make_item(), gateway=meddling)
    assert (receipt.verdict, code(receipt)) == (verdict, expected)
    if verdict == "verified":
        assert receipt.action == "created"  # the receipt says who created and who approved last
        assert "grace" in next(check.detail for check in receipt.checks if check.name == "equal")


# ── answers that nobody expects ─────────────────────────────────────────────────────────────────────────────────────
GET_ITEM, LIST, WRITE = r"GET .*/dataset-items/", r"GET .*/dataset-items\?", r"POST .*/dataset-items"


def of_another(body: Any) -> Any:
    return body | {"id": "another", "input": {"query": "somebody else's"}}


def moved(server: SandboxServer) -> Meddle:
    def move() -> None:
        with server.store.write() as db:
            db.execute("UPDATE item_versions SET dataset_id = (SELECT id FROM datasets WHERE name = ?)", (OTHER,))

    return follows(WRITE, move)


def without_its_dataset(server: SandboxServer) -> Meddle:
    def drop() -> None:
        with server.store.write() as db:
            db.execute("DELETE FROM datasets")

    return follows(WRITE, drop)


STRANGE: dict[str, tuple[Callable[[SandboxServer], Meddle], tuple[object, ...]]] = {
    "a cache knows another item": (
        lambda _: rewrites(GET_ITEM, of_another, answer=True), ("failed", "created", "BAD_ANSWER", "another item")
    ),
    "an answer about another item": (
        lambda _: rewrites(WRITE, of_another, answer=True), ("verified", "created", None, "")
    ),
    "another item was written": (
        lambda _: rewrites(WRITE, of_another), ("failed", "unknown", "WRITE_UNANSWERED", "another item")
    ),
    "it redirects": (
        lambda _: answers(WRITE, 307, location="/"), ("failed", "unknown", "WRITE_UNANSWERED", "redirects")
    ),
    "it wants to be paid": (lambda _: answers(WRITE, 402), ("refused", "none", "ITEM_REFUSED", "402")),
    "wait until 2099": (
        lambda _: answers(WRITE, 429, retry_after="Thu, 31 Dec 2099 23:59:59 GMT"),
        ("refused", "none", "RATE_LIMITED", ""),
    ),
    "moved to another dataset": (moved, ("failed", "created", "ITEM_OVERWRITTEN", OTHER)),
    "its dataset is gone": (without_its_dataset, ("failed", "created", "DATASET_MISSING", DATASET)),
    "totals that are no numbers": (
        lambda _: rewrites(LIST, lambda body: body | {"meta": {"totalItems": "1"}}, answer=True),
        ("failed", "created", "BAD_ANSWER", "how many pages"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", STRANGE)
def test_answers_that_nobody_expects_are_named(
    case: str, run: Promote, server: SandboxServer, gateway: Gateway
) -> None:
    meddle, expected = STRANGE[case]
    gateway.put_dataset(OTHER)
    with Between(server.base_url).running() as between:
        connection = connection_of(server).model_copy(update={"base_url": between.base_url})
        with Gateway(connection, patience=0.3) as strange:
            between.meddle = meddle(server)
            receipt = run(make_item(), gateway=strange, patience=QUICK.model_copy(update={"late": 0.2, "limit": 0.2}))
    problem = receipt.problem.message if receipt.problem else ""
    assert (receipt.verdict, receipt.action, code(receipt)) == expected[:3]
    assert str(expected[3]) in problem


def test_a_value_too_deep_that_somebody_wrote_is_shown_kept_out_and_overwritten(run: Promote, gateway: Gateway) -> None:
    item = make_item()
    run(item)
    gateway.put_item(item.model_copy(update={"input": {"query": nested(260)}}))
    refused = run(item)
    assert code(refused) == "ITEM_EDITED"
    assert [each.new for each in refused.changes if each.path == "input.query"] == ["(it could not be looked through)"]
    assert code(run(item, remedies=["keep-theirs"])) == "ITEM_TOO_DEEP"
    assert run(item, remedies=["overwrite"]).verdict == "verified"


def test_an_id_that_cannot_be_fetched_keeps_no_other_from_being_verified(
    run: Promote, gateway: Gateway, journal: Journal
) -> None:
    run(make_item())
    found = verify(gateway, journal, EmailFinder(), DATASET, [".", make_item().id])
    assert [(each.verdict, [d.code for d in each.differences]) for each in found] == [
        ("failed", ["REFUSED"]), ("verified", []),
    ]  # fmt: skip


@pytest.mark.parametrize("by_id", [True, False])
def test_two_readings_that_disagree_are_named(by_id: bool, run: Promote, gateway: Gateway) -> None:
    """A replica behind: one of the two readings shows the write, the other nothing yet."""
    item = lineage.sealed(make_item())
    assert run(item).verdict == "verified"
    stored = gateway.item(item.id)
    shown, hidden = (stored, None) if by_id else (None, stored)
    with pytest.raises(Late) as late:
        proof_of(item, ReadBack(by_id=shown, listed=hidden, rows=0, total=0, counted=True), stored)
    assert late.value.outcome.code == "ITEM_STALE_READ"


# ── the table itself ────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_row_of_the_table_has_a_page_and_known_remedies() -> None:
    known = {page.code for page in pages()}
    for each in outcomes.OUTCOMES.values():
        assert each.code in known
        assert set(each.remedies) <= set(outcomes.REMEDIES)
        assert each.remedy.endswith(".")


def test_the_gateway_s_errors_end_a_command_as_the_table_says() -> None:
    for kind in GatewayError.__subclasses__():
        code = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).upper().replace("OVER_LIMIT", "LIMIT_PAGES")
        error = kind("It failed.", code=code)
        assert (error.exit_code, error.remedy) == (kind.exit_code, outcomes.OUTCOMES[code].remedy)
