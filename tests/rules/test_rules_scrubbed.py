"""From failure to what would be written: the shipped rules, the demo data and the scrub together."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from curator.config import Settings
from curator.draft.mapping import reshape
from curator.experiments.checks import evaluate
from curator.gateway import Gateway
from curator.model import ScrubbedDraft
from curator.queue import Window, find_failures
from curator.rulebook import load_rules, shipped_rules
from curator.sandbox.demo import agent
from curator.scrub.scrubber import Scrubber
from tests.demo.truth import DemoData

RULES = {loaded.rule.rule: loaded for loaded in load_rules(Settings(rules=str(shipped_rules())))}


@pytest.fixture(scope="module")
def scrubbed(demo_gateway: Gateway, now: datetime) -> Iterator[dict[str, list[ScrubbedDraft]]]:
    found: dict[str, list[ScrubbedDraft]] = defaultdict(list)
    window = Window(since=now - timedelta(days=14), until=now)
    with Scrubber(in_process=True) as scrubber:
        if scrubber.start().result() is None:
            pytest.skip("no language model is installed: names are not looked for")
        for name, loaded in RULES.items():
            for failure in find_failures(demo_gateway, [loaded.rule], window, now=now).failures:
                if not failure.source_gone:
                    trace = demo_gateway.trace(failure.trace_id)
                    draft = reshape(trace, loaded, signals=failure.signals)
                    found[name].append(scrubber.scrub(draft, loaded.rule.scrub))
        yield found


def contents(one: ScrubbedDraft, *, before: bool = False) -> str:
    source = one.draft if before else one
    return json.dumps([source.input, source.expected_output, source.metadata], ensure_ascii=False)


@pytest.mark.parametrize("name", RULES)
def test_no_known_personal_value_would_be_written(
    name: str, demo: DemoData, scrubbed: dict[str, list[ScrubbedDraft]]
) -> None:
    known = defaultdict(list)
    for value in demo.personal:
        known[value.trace_id].append(value)
    held = 0
    for one in scrubbed[name]:
        after, before = contents(one), contents(one, before=True)
        held += sum(value.value in before for value in known[one.draft.trace_id])
        left = [value.type for value in known[one.draft.trace_id] if value.value in after]
        assert left == []
    assert held > 0


@pytest.mark.parametrize("name", RULES)
def test_complete_drafts_are_writable_after_the_scrub(name: str, scrubbed: dict[str, list[ScrubbedDraft]]) -> None:
    for one in scrubbed[name]:
        assert one.writable == (not any(problem.blocking for problem in one.draft.problems))


def test_order_numbers_become_surrogates_everywhere(scrubbed: dict[str, list[ScrubbedDraft]]) -> None:
    for one in scrubbed["order-status-regression"]:
        assert isinstance(one.draft.input, dict)
        assert isinstance(one.input, dict)
        original, surrogate = str(one.draft.input["order_reference"]), str(one.input["order_reference"])
        assert len(surrogate) == len("ORDER-###")
        assert original not in contents(one)
        if original in str(one.draft.input["query"]):
            assert surrogate in str(one.input["query"])


def test_scrubbed_cases_still_fail_on_production_and_pass_on_the_candidate(
    scrubbed: dict[str, list[ScrubbedDraft]],
) -> None:
    rule = RULES["order-status-regression"].rule
    cases = [one for one in scrubbed["order-status-regression"] if one.writable]
    assert len(cases) >= 20
    for one in cases:
        assert isinstance(one.input, dict)
        production = evaluate(rule, one.input, agent.production(one.input), one.expected_output, {})
        candidate = evaluate(rule, one.input, agent.candidate(one.input), one.expected_output, {})
        assert not all(result.passed for result in production)
        assert all(result.passed for result in candidate)
