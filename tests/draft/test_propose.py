"""The proposed rule loads as it is and finds failures in the very traces that it was proposed from."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from curator.draft.mapping import reshape
from curator.draft.propose import Look, SeenScore, look, rule_text
from curator.gateway import Gateway
from curator.model.errors import CuratorError
from curator.queue import Window, find_failures
from curator.rulebook import load_rule
from curator.sandbox.server import SandboxServer
from tests.promote.support import connection_of
from tests.queue.world import NOW, World


@pytest.mark.parametrize("name", ["order-status", "help-centre-rag", "support-conversation"])
def test_proposed_rule_works_on_its_traces(demo_gateway: Gateway, now: datetime, tmp_path: Path, name: str) -> None:
    seen = look(demo_gateway, now=now, name=name)
    path = tmp_path / "rule.yaml"
    path.write_text(rule_text(seen, "proposed"))
    loaded = load_rule(path)
    window = Window(since=now - timedelta(days=14), until=now)
    found = find_failures(demo_gateway, [loaded.rule], window, now=now)
    there = [f for f in found.failures if not f.source_gone]
    assert there
    draft = reshape(demo_gateway.trace(there[0].trace_id), loaded, signals=there[0].signals)
    assert not [p for p in draft.problems if p.path and p.path.startswith("input")], draft.problems


def test_a_look_costs_few_requests(demo_gateway: Gateway, now: datetime) -> None:
    before = demo_gateway.requests
    look(demo_gateway, now=now)
    assert demo_gateway.requests - before <= 8


def test_traces_of_experiments_are_not_looked_at(tmp_path: Path) -> None:
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway:
        world = World(server, gateway, tmp_path)
        world.trace("real", traceName="agent", input='{"query": "?"}')
        for n in range(3):
            world.trace(f"run-{n}", traceName="experiment", environment="sdk-experiment")
        world.load()
        assert look(gateway, now=NOW).names == {"agent": 1}


def test_no_traces(demo_gateway: Gateway, now: datetime) -> None:
    with pytest.raises(CuratorError) as caught:
        look(demo_gateway, now=now, name="no such name")
    assert caught.value.code == "INIT_NO_TRACES"


@pytest.mark.parametrize("odd", ['a"b', "x: y", "# no", "yes", "naïve — ключ", "it's", "{}", "\x1b[31m", "on"])
def test_odd_names_stay_data(tmp_path: Path, odd: str) -> None:
    seen = Look(
        traces=1,
        name=odd,
        names={odd: 1},
        input_keys={odd: ("string", 1.0)},
        input_kind="object",
        output_keys={},
        scores={odd: SeenScore(data_type="CATEGORICAL", count=1, categories=(odd,))},
        annotated=False,
        queues=(odd,),
    )
    path = tmp_path / "rule.yaml"
    path.write_text(rule_text(seen, "odd"))
    rule = load_rule(path).rule
    assert rule.queue.filters.names == (odd,)
    assert rule.queue.signals[0].score == odd
    assert list(rule.input.fields) == [odd]


@pytest.mark.parametrize("kind", ["messages", "text", "none"])
def test_other_shapes_load(tmp_path: Path, kind: str) -> None:
    seen = Look(
        traces=3,
        name=None,
        names={},
        input_keys={},
        input_kind=kind,
        output_keys={},
        scores={},
        annotated=True,
        queues=(),
    )
    path = tmp_path / "rule.yaml"
    path.write_text(rule_text(seen, "shape"))
    assert load_rule(path).rule.queue.signals[0].annotation
