"""Few lists of scores, and every score that counts is in one of them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from curator.model import Score
from curator.model.rule import SignalRule
from curator.queue.gather import ScoreQuery, score_queries
from curator.queue.signals import counts
from tests.queue.world import rule

AT = datetime(2026, 11, 9, tzinfo=UTC)


def test_equal_conditions_share_a_request() -> None:
    rag = rule(*({"score": name, "below": 0.7} for name in ("faithfulness", "relevance", "precision")), name="rag")
    again = rule({"score": "relevance", "below": 0.7}, name="again")
    assert score_queries([rag, again]) == [
        ScoreQuery(names=("faithfulness", "relevance", "precision"), data_type="NUMERIC", value_max=0.7)
    ]


def test_the_widest_bound_of_one_name() -> None:
    rules = [rule({"score": "q", "below": 0.5}, name="a"), rule({"score": "q", "at_most": 0.8}, name="b")]
    assert score_queries(rules) == [ScoreQuery(names=("q",), data_type="NUMERIC", value_max=0.8)]
    # Another name does not get that bound: all its good scores would come along.
    rules.append(rule({"score": "r", "below": 0.1}, name="c"))
    assert len(score_queries(rules)) == 2


def test_each_respect_is_a_list_of_its_own() -> None:
    rules = [
        rule(
            {"score": "q", "below": 0.5},
            {"score": "cost", "above": 3},
            {"score": "ok", "is": False},
            {"score": "mood", "in": ["bad", "sad"]},
            {"score": "topic", "in": ["a,b"]},
            {"level": "ERROR"},
            {"annotation_queue": "triage"},
        )
    ]
    assert score_queries(rules) == [
        ScoreQuery(names=("q",), data_type="NUMERIC", value_max=0.5),
        ScoreQuery(names=("cost",), data_type="NUMERIC", value_min=3),
        ScoreQuery(names=("ok",), data_type="BOOLEAN", value="false"),
        ScoreQuery(names=("mood",), data_type="CATEGORICAL", value="bad,sad"),
        ScoreQuery(names=("topic",), data_type="CATEGORICAL"),
    ]


def test_annotations_are_fetched_once() -> None:
    rules = [rule({"annotation": True}, {"score": "q", "below": 1, "source": "ANNOTATION"})]
    assert score_queries(rules) == [ScoreQuery(source="ANNOTATION")]


def test_a_name_with_a_comma_does_not_spoil_the_others() -> None:
    rules = [rule({"score": "a,b", "below": 1}, {"score": "c", "below": 1})]
    assert [query.names for query in score_queries(rules)] == [("a,b",), ("c",)]


def listed(query: ScoreQuery, score: Score) -> bool:
    """What the server lists for a query."""
    return (
        (query.names is None or score.name in query.names)
        and query.source in (None, score.source)
        and query.data_type in (None, score.data_type)
        and (query.value_max is None or float(score.value or 0) <= query.value_max)
        and (query.value_min is None or float(score.value or 0) >= query.value_min)
        and (query.value is None or str(score.value).lower() in [v.lower() for v in query.value.split(",")])
    )


NAMES = st.sampled_from(["q", "r", "a,b"])
BOUNDS = st.sampled_from([0.0, 0.25, 0.5, 1.0])
SOURCES = st.sampled_from([None, "API", "EVAL", "ANNOTATION"])
CATEGORIES = st.sampled_from(["good", "bad", "a,b"])
CONDITIONS = st.one_of(
    st.just({"annotation": True}),
    st.builds(
        lambda name, source, condition: {"score": name, "source": source, **condition},
        NAMES,
        SOURCES,
        st.one_of(
            st.builds(
                lambda key, bound: {key: bound}, st.sampled_from(["below", "above", "at_most", "at_least"]), BOUNDS
            ),
            st.builds(lambda value: {"is": value}, st.booleans()),
            st.builds(lambda values: {"in": values}, st.lists(CATEGORIES, min_size=1, max_size=2, unique=True)),
        ),
    ),
)


@st.composite
def scores(draw: st.DrawFn) -> Score:
    value: Any = draw(st.one_of(BOUNDS, st.booleans(), CATEGORIES))
    kind = {bool: "BOOLEAN", str: "CATEGORICAL"}.get(type(value), "NUMERIC")
    source = draw(SOURCES) or "API"
    return Score(id="s", name=draw(NAMES), value=value, data_type=kind, source=source, timestamp=AT, trace_id="t")


@settings(max_examples=300, deadline=None)
@given(conditions=st.lists(CONDITIONS, min_size=1, max_size=5), score=scores())
def test_every_score_that_counts_is_asked_for(conditions: list[dict[str, Any]], score: Score) -> None:
    rules = [rule(condition, name=f"r{number}") for number, condition in enumerate(conditions)]
    wanted = any(counts(signal, score) for one in rules for signal in one.queue.signals)
    assert not wanted or any(listed(query, score) for query in score_queries(rules))
    assert len(score_queries(rules)) <= len(conditions)


def test_what_never_counts() -> None:
    any_annotation = SignalRule.model_validate({"annotation": True})
    low = SignalRule.model_validate({"score": "q", "below": 0.5})
    base = {"id": "s", "timestamp": AT, "trace_id": "t"}
    assert not counts(any_annotation, Score(**base, name="curation", value="open", source="ANNOTATION"))
    assert not counts(low, Score(**base, name="q", value=None))
    assert not counts(low, Score(**base, name="q", value="0.1", data_type="TEXT"))
    assert not counts(low, Score(**base, name="q", value=False, data_type="BOOLEAN"))
    assert not counts(low, Score(**base, name="q", value=0.1, subject="experiment"))
    assert not counts(low, Score(**base, name="q", value=0.1, subject="session"))
    assert counts(low, Score(**base, name="q", value=0.1, subject="observation"))
