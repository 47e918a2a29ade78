"""A project without rules still has a queue: plain defaults, with the direction of each score."""

from curator.gateway import Gateway
from curator.queue import default_rule, in_words
from tests.queue.world import WEEK, World, ids


def test_plain_defaults_find_what_is_bad_and_nothing_else(world: World, gateway: Gateway) -> None:
    for trace in ("helped", "unhelpful", "invented", "sober", "slow", "queued"):
        world.trace(trace)
    world.trace("broken", level="ERROR")
    world.score("helped", "helpful", True)
    world.score("unhelpful", "helpful", False)
    world.score("invented", "hallucination", 0.9)
    world.score("sober", "hallucination", 0.1)
    world.score("slow", "latency_seconds", 0.9)
    world.queue("triage", ("TRACE", "queued"))
    world.load()
    rule = default_rule(gateway, WEEK)
    assert ids(world.look(rule)) == ["broken", "invented", "queued", "unhelpful"]
    assert "helpful, hallucination" in in_words(rule) or "hallucination, helpful" in in_words(rule)
    assert "curator init" in in_words(rule)
