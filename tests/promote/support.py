"""What the tests of this room share: items, connections, and a scrub that is quick to start."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from curator.config import Connection
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Finding, Item, Receipt, ScrubPolicy, lineage
from curator.promote import Choices, Job, Patience, PersonalFinder, Promoter, Resumed, Undone, Verified
from curator.promote.bulk import Candidate, promote_all
from curator.promote.one import promote_one
from curator.promote.resume import resume as resume_job
from curator.promote.verify import verify as verify_job
from curator.sandbox.server import SandboxServer
from curator.scrub import NotScrubbed

DATASET = "order-status-regression"
QUICK = Patience(lock=5, late=1.2, limit=5, conflict=1.5, repair=0.5)
EMAIL = re.compile(r"[a-z]+@[a-z]+\.example")


class EmailFinder:
    """A `PersonalFinder`: e-mail addresses of `.example`, nothing else."""

    def find(self, value: Any, policy: ScrubPolicy) -> list[Finding]:
        return list(self._walk(value, ""))

    def _walk(self, value: Any, path: str) -> Iterator[Finding]:
        if path.count("[") + path.count(".") > 200:
            raise NotScrubbed("a value is nested too deep")
        if isinstance(value, str):
            for hit in EMAIL.finditer(value):
                yield Finding(id=path, path=path, start=hit.start(), end=hit.end(), entity="EMAIL_ADDRESS", score=1)
        elif isinstance(value, dict):
            for key, each in value.items():
                yield from self._walk(each, f"{path}.{key}" if path else key)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                yield from self._walk(each, f"{path}[{index}]")


def connection_of(server: SandboxServer, public_key: str | None = None) -> Connection:
    return Connection(
        base_url=server.base_url, public_key=public_key or server.public_key, secret_key=server.secret_key
    )


def make_item(trace_id: str = "4bf92f3577b34da6a3ce929d0e0e4736", dataset: str = DATASET, **fields: Any) -> Item:
    """An item as `lineage.to_item` makes it."""
    input_ = fields.pop("input", {"query": "Where is my delayed EU order?", "region": "eu"})
    expected = fields.pop("expected_output", {"outcome": "answer", "must_mention": ["order"]})
    metadata = {
        "source": "reviewed-failure",
        "source_trace_id": trace_id,
        "failure_type": "wrong-answer",
        "case": "1",
        "reviewer": "ada",
        "approved_at": "2026-11-22T10:00:00+00:00",
        "scrub": {"replaced": {}, "kept": {}, "reasons": [], "model": None},
        "fingerprints": {"input": lineage.fingerprint(input_), "expected_output": lineage.fingerprint(expected)},
    }
    return Item(
        id=fields.pop("id", lineage.item_id(dataset, trace_id, "00f067aa0ba902b7")),
        dataset=dataset,
        input=input_,
        expected_output=expected,
        metadata=metadata | fields.pop("metadata", {}),
        source_trace_id=trace_id,
        source_observation_id=fields.pop("source_observation_id", "00f067aa0ba902b7"),
        **fields,
    )


Promote = Callable[..., Receipt]


def code(receipt: Receipt) -> str | None:
    """The code of what went wrong."""
    return None if receipt.problem is None else receipt.problem.code


# ── items by themselves, without a draft: what lies under a Promoter ────────────────────────────────────────────────
def job_of(gateway: Gateway, journal: Journal, finder: PersonalFinder, **options: Any) -> Job:
    """A promoter at work under a policy and a rule of the test's choice."""
    patience, reviewer = options.pop("patience", None) or Patience(), options.pop("reviewer", "ada")
    promoter = Promoter(gateway, journal, finder, reviewer=reviewer, patience=patience)
    choices = Choices(remedies=frozenset(options.pop("remedies", ())), batch=options.pop("batch", ""))
    return Job(promoter, options.pop("policy", ScrubPolicy()), options.pop("rule", ""), choices)


def promote(gateway: Gateway, journal: Journal, finder: PersonalFinder, item: Item, **options: Any) -> Receipt:
    entries = options.pop("entries", ())
    return promote_one(job_of(gateway, journal, finder, **options), item, entries)


def promote_many(
    gateway: Gateway, journal: Journal, finder: PersonalFinder, items: Iterable[Item], **options: Any
) -> Iterator[Receipt]:
    new, entries = options.pop("new_ids", ()), options.pop("entries", {})
    how = {name: options.pop(name) for name in ("stop", "progress", "concurrency") if name in options}
    candidates = [Candidate(item, entries.get(item.id, ()), item.id in new) for item in items]
    return promote_all(job_of(gateway, journal, finder, **options), candidates, **how)


def undo(gateway: Gateway, journal: Journal, finder: PersonalFinder, **options: Any) -> Iterator[Undone]:
    how = {name: options.pop(name) for name in ("whole_batch", "delete", "receipt") if name in options}
    count = options.pop("count", 1)
    return job_of(gateway, journal, finder, **options).by.undo(count, **how)


def verify(
    gateway: Gateway, journal: Journal, finder: PersonalFinder, dataset: str, ids: Sequence[str] = (), **options: Any
) -> Iterator[Verified]:
    ledger = options.pop("ledger", None)
    return verify_job(job_of(gateway, journal, finder, **options), dataset, ids, ledger=ledger)


def resume(gateway: Gateway, journal: Journal, finder: PersonalFinder, **options: Any) -> Iterator[Resumed]:
    policies = options.pop("policies", {})
    by = job_of(gateway, journal, finder, **options).by
    return resume_job(lambda rule, choices: Job(by, policies.get(rule, ScrubPolicy()), rule, choices), journal)
