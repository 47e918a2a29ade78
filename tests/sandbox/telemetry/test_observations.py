"""GET /api/public/v2/observations over real HTTP."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from langfuse.api import LangfuseAPI

Row = dict[str, Any]
Load = Callable[[list[Row]], None]
PATH = "/v2/observations"
CORE = {"id", "traceId", "startTime", "endTime", "projectId", "parentObservationId", "type"}
ALWAYS = {"latency", "timeToFirstToken", "modelId", "inputPrice", "outputPrice", "totalPrice"}
BASIC = {
    "name",
    "level",
    "statusMessage",
    "version",
    "environment",
    "userId",
    "sessionId",
    "isRootObservation",
    "bookmarked",
    "public",
}
GROUPS = {
    "core": set(),
    "basic": BASIC,
    "time": {"completionStartTime", "createdAt", "updatedAt"},
    "io": {"input", "output"},
    "metadata": {"metadata"},
    "model": {"model", "internalModelId", "modelParameters"},
    "usage": {
        "usageDetails",
        "costDetails",
        "inputUsage",
        "outputUsage",
        "totalUsage",
        "inputCost",
        "outputCost",
        "totalCost",
        "usagePricingTierId",
        "usagePricingTierName",
    },
    "prompt": {"promptId", "promptName", "promptVersion"},
    "metrics": set(),
    "trace_context": {"traceName", "release", "tags"},
}


def rows_of(web: httpx.Client, **query: Any) -> list[Row]:
    answer = web.get(PATH, params=query)
    assert answer.status_code == 200, answer.text
    rows: list[Row] = answer.json()["data"]
    return rows


def ids_of(web: httpx.Client, filters: list[Row], **query: Any) -> set[int]:
    return {int(row["id"], 16) for row in rows_of(web, filter=json.dumps(filters), limit=1000, **query)}


@pytest.mark.parametrize("group", GROUPS)
def test_a_field_group_adds_exactly_its_fields(web: httpx.Client, store_rows: Load, helpers: Any, group: str) -> None:
    store_rows([helpers.observation(0)])
    assert set(rows_of(web, fields=group)[0]) == CORE | ALWAYS | GROUPS[group]


def test_without_fields_core_and_basic_are_shown_and_unknown_groups_are_ignored(
    web: httpx.Client, store_rows: Load, helpers: Any
) -> None:
    store_rows([helpers.observation(0)])
    assert set(rows_of(web)[0]) == CORE | ALWAYS | BASIC
    assert set(rows_of(web, fields="")[0]) == CORE | ALWAYS | BASIC
    assert set(rows_of(web, fields="bogus")[0]) == CORE | ALWAYS
    assert set(rows_of(web, fields="io,bogus")[0]) == CORE | ALWAYS | GROUPS["io"]


def test_empty_texts_are_empty_and_empty_io_is_null(web: httpx.Client, store_rows: Load, helpers: Any) -> None:
    store_rows([helpers.observation(0, name=None, input="", userId=None)])
    row = rows_of(web, fields="basic,io,prompt,trace_context")[0]
    assert (row["name"], row["userId"], row["statusMessage"], row["promptName"]) == ("", "", "", "")
    assert (row["input"], row["output"], row["promptVersion"], row["traceName"]) == (None, None, None, None)


def test_the_trace_is_named_after_its_root_when_it_has_no_name(
    web: httpx.Client, store_rows: Load, helpers: Any
) -> None:
    store_rows([helpers.observation(0, name="root"), helpers.observation(1, traceName="given")])
    names = {row["id"][-1]: row["traceName"] for row in rows_of(web, fields="trace_context")}
    assert names == {"0": "root", "1": "given"}


def test_metadata_is_cut_unless_io_or_an_expansion_is_asked_for(
    web: httpx.Client, store_rows: Load, helpers: Any
) -> None:
    long = "x" * 500
    store_rows([helpers.observation(0, metadata={"long": long, "short": "y", "n": 1, "scope.name": "sdk"})])
    cut = rows_of(web, fields="metadata")[0]["metadata"]
    # The cut goes through the JSON text that SDK 5 wrote, so the opening quote is part of it.
    assert cut == {"long": '"' + "x" * 199, "short": "y", "n": 1, "scope.name": "sdk"}
    assert rows_of(web, fields="metadata,io")[0]["metadata"]["long"] == long
    assert rows_of(web, fields="metadata", expandMetadata="long")[0]["metadata"]["long"] == long


def test_latency_of_zero_counts_as_unknown_only_as_a_metric(web: httpx.Client, store_rows: Load, helpers: Any) -> None:
    start = helpers.observation(0)["startTime"]
    store_rows([helpers.observation(0, endTime=start), helpers.observation(1, endTime="2026-11-01T10:00:03.500Z")])
    assert [row["latency"] for row in rows_of(web)] == [2.5, 0]
    assert [row["latency"] for row in rows_of(web, fields="metrics")] == [2.5, None]


def test_usage_and_cost_are_summed_by_name(web: httpx.Client, store_rows: Load, helpers: Any) -> None:
    usage = {"input": 3, "input_cached_tokens": 2, "output": 4, "total": 9}
    store_rows([helpers.observation(0, usageDetails=usage, costDetails={"input": 0.5, "total": 0.5})])
    row = rows_of(web, fields="usage")[0]
    assert (row["inputUsage"], row["outputUsage"], row["totalUsage"]) == (5, 4, 9)
    assert (row["inputCost"], row["outputCost"], row["totalCost"]) == (0.5, None, 0.5)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 40))
def test_pages_of_any_size_join_to_the_whole(web: httpx.Client, store_rows: Load, helpers: Any, limit: int) -> None:
    # Many rows share a millisecond: the cursor must not lose or repeat one of them.
    rows = [helpers.observation(n, startTime=f"2026-11-01T10:00:00.{n % 4:03d}Z") for n in range(60)]
    store_rows(rows)
    whole = [row["id"] for row in rows_of(web, limit=1000)]
    pages, cursor = [], None
    while True:
        query = {"limit": limit} | ({"cursor": cursor} if cursor else {})
        answer = web.get(PATH, params=query).json()
        pages += [row["id"] for row in answer["data"]]
        cursor = answer["meta"].get("cursor")
        if cursor is None:
            break
    assert pages == whole
    assert sorted(whole) == sorted(row["id"] for row in rows)


def test_newest_first_then_by_the_traces_hash(web: httpx.Client, store_rows: Load, helpers: Any) -> None:
    # The order of these three traces was recorded; it is neither theirs nor its reverse, but that of xxHash32.
    traces = [
        "31fc3a837619ae4208ac79c334323744",
        "dacb9d20441041f224db58667c9f6dcd",
        "2b78408f2bdb8d146bb38c269637d388",
    ]
    store_rows([helpers.observation(0, id=trace[:16], traceId=trace) for trace in reversed(traces)])
    store_rows([helpers.observation(0, id="f" * 16, startTime="2026-11-02T00:00:00Z")])
    shown = [row["traceId"] for row in rows_of(web)]
    assert shown[0] == f"{0:032x}"
    assert shown.index(traces[0]) < shown.index(traces[1])


def test_limits_and_malformed_parameters_are_refused_in_zods_words(web: httpx.Client, helpers: Any) -> None:
    def message(**query: Any) -> str:
        return str(helpers.issues(web.get(PATH, params=query))[0]["message"])

    assert message(limit=1001) == "Too big: expected number to be <=1000"
    assert message(limit=-1) == "Too small: expected number to be >=0"
    assert message(limit="x") == "Invalid input: expected number, received NaN"
    assert message(type="generation").startswith('Invalid option: expected one of "GENERATION"|"SPAN"')
    assert message(level="BAD") == 'Invalid option: expected one of "DEBUG"|"DEFAULT"|"WARNING"|"ERROR"'
    assert message(fromStartTime="2026-01-01T00:00:00") == "Invalid ISO datetime"
    assert message(isRootObservation="1") == 'Invalid option: expected one of "true"|"false"'
    assert message(parseIoAsJson="true").startswith("parseIoAsJson=true is no longer supported")
    assert message(traceId=["a", "b"]) == "Invalid input: expected string, received array"
    assert message(filter="{}") == "Invalid input: expected array, received object"
    assert message(cursor=base64.b64encode(b'{"a":1}').decode()) == "Invalid input: expected date, received Date"
    assert helpers.refusal(web.get(PATH, params={"cursor": "nope"})) == "Invalid cursor format"
    assert helpers.refusal(web.get(PATH, params={"filter": "{nope"})) == "Invalid JSON in filter parameter"


def test_several_wrong_parameters_are_named_together(web: httpx.Client, helpers: Any) -> None:
    found = helpers.issues(web.get(PATH, params={"limit": "x", "type": "x", "fromStartTime": "x"}))
    assert [issue["path"] for issue in found] == [["limit"], ["type"], ["fromStartTime"]]


def test_zero_rows_and_unknown_parameters_are_fine(web: httpx.Client, store_rows: Load, helpers: Any) -> None:
    store_rows([helpers.observation(0)])
    assert web.get(PATH, params={"limit": 0}).json() == {"data": [], "meta": {}}
    assert len(rows_of(web, bogus=1)) == 1


SIMPLE = [
    ({"type": "GENERATION"}, lambda n: n % 3 != 0),
    ({"name": "step-1"}, lambda n: n % 5 == 1),
    ({"traceId": f"{1:032x}"}, lambda n: n // 3 == 1),
    ({"traceId": f"{1:032x},{2:032x}"}, lambda n: False),
    ({"isRootObservation": "true"}, lambda n: n % 3 == 0),
    ({"isRootObservation": "false"}, lambda n: n % 3 != 0),
    ({"parentObservationId": ""}, lambda n: n % 3 == 0),
    ({"parentObservationId": f"{3:016x}"}, lambda n: n in (4, 5)),
    ({"userId": "user-1"}, lambda n: n % 2 == 1),
    ({"sessionId": "s-0"}, lambda n: n < 10),
    ({"level": "ERROR"}, lambda n: n == 7),
    ({"environment": "prod,staging"}, lambda n: n % 4 in (0, 1)),
    ({"version": "v2"}, lambda n: n >= 20),
    ({"fromStartTime": "2026-11-01T10:00:10Z"}, lambda n: n >= 10),
    ({"toStartTime": "2026-11-01T10:00:10Z"}, lambda n: n < 10),
    ({"fromStartTime": "2026-11-01T12:00:10+02:00"}, lambda n: n >= 10),
]
FILTERS: list[tuple[Row, Callable[[int], bool]]] = [
    ({"type": "string", "column": "name", "operator": "=", "value": "step-1"}, lambda n: n % 5 == 1),
    ({"type": "string", "column": "Name", "operator": "contains", "value": "-1"}, lambda n: n % 5 == 1),
    ({"type": "string", "column": "name", "operator": "does not contain", "value": "1"}, lambda n: n % 5 != 1),
    ({"type": "string", "column": "name", "operator": "starts with", "value": "step-2"}, lambda n: n % 5 == 2),
    ({"type": "string", "column": "name", "operator": "ends with", "value": "-3"}, lambda n: n % 5 == 3),
    ({"type": "string", "column": "name", "operator": "ends with", "value": ""}, lambda n: True),
    ({"type": "stringOptions", "column": "type", "operator": "any of", "value": ["AGENT", "X"]}, lambda n: n % 3 == 0),
    ({"type": "stringOptions", "column": "type", "operator": "none of", "value": ["AGENT"]}, lambda n: n % 3 != 0),
    (
        {"type": "stringOptions", "column": "traceId", "operator": "any of", "value": [f"{1:032x}", f"{2:032x}"]},
        lambda n: n // 3 in (1, 2),
    ),
    ({"type": "arrayOptions", "column": "tags", "operator": "any of", "value": ["vip", "x"]}, lambda n: n % 2 == 0),
    ({"type": "arrayOptions", "column": "traceTags", "operator": "none of", "value": ["vip"]}, lambda n: n % 2 == 1),
    ({"type": "arrayOptions", "column": "tags", "operator": "all of", "value": ["vip", "eu"]}, lambda n: n % 6 == 0),
    ({"type": "arrayOptions", "column": "tags", "operator": "none of", "value": []}, lambda n: True),
    (
        {"type": "datetime", "column": "startTime", "operator": ">", "value": "2026-11-01T10:00:10Z"},
        lambda n: n > 10,
    ),
    ({"type": "number", "column": "totalCost", "operator": ">=", "value": 0.02}, lambda n: n >= 20),
    ({"type": "number", "column": "latency", "operator": "=", "value": 1.5}, lambda n: n == 5),
    ({"type": "number", "column": "inputTokens", "operator": "<", "value": 3}, lambda n: n < 3),
    ({"type": "boolean", "column": "isRootObservation", "operator": "=", "value": True}, lambda n: n % 3 == 0),
    ({"type": "boolean", "column": "hasParentObservation", "operator": "<>", "value": True}, lambda n: n % 3 == 0),
    ({"type": "boolean", "column": "hasOutput", "operator": "=", "value": True}, lambda n: n == 8),
    ({"type": "null", "column": "parentObservationId", "operator": "is null", "value": ""}, lambda n: n % 3 == 0),
    ({"type": "null", "column": "endTime", "operator": "is not null", "value": ""}, lambda n: n == 5),
    ({"type": "stringObject", "column": "metadata", "key": "k", "operator": "=", "value": '"a1"'}, lambda n: n == 1),
    (
        {"type": "stringObject", "column": "metadata", "key": "k", "operator": "contains", "value": "a1"},
        lambda n: n in {1, *range(10, 20)},
    ),
    (
        {"type": "stringObject", "column": "metadata", "key": "none", "operator": "contains", "value": ""},
        lambda n: False,
    ),
    (
        {"type": "stringObject", "column": "metadata", "key": "k", "operator": "matches", "value": "a1"},
        lambda n: n == 1,
    ),
    ({"type": "string", "column": "input", "operator": "matches", "value": "QUESTION 7"}, lambda n: n == 7),
    ({"type": "string", "column": "input", "operator": "matches", "value": "quest"}, lambda n: False),
    ({"type": "string", "column": "input", "operator": "=", "value": "Question 7?"}, lambda n: n == 7),
    ({"type": "positionInTrace", "column": "x", "key": "root", "operator": "="}, lambda n: True),
]


def many(helpers: Any) -> list[Row]:
    return [
        helpers.observation(
            n,
            userId=f"user-{n % 2}",
            sessionId=f"s-{n // 10}",
            level="ERROR" if n == 7 else "DEFAULT",
            environment=["prod", "staging", "dev", "test"][n % 4],
            version="v2" if n >= 20 else "v1",
            tags=[*(["vip"] if n % 2 == 0 else []), *(["eu"] if n % 3 == 0 else [])],
            metadata={"k": f"a{n}"},
            input=f"Question {n}?",
            output="yes" if n == 8 else None,
            endTime="2026-11-01T10:00:06.500Z" if n == 5 else None,
            costDetails={"total": n / 1000},
            usageDetails={"input": n, "total": n},
        )
        for n in range(30)
    ]


def test_simple_filters_choose_the_rows_they_name(web: httpx.Client, store_rows: Load, helpers: Any) -> None:
    store_rows(many(helpers))
    for query, wanted in SIMPLE:
        found = {int(row["id"], 16) for row in rows_of(web, limit=1000, **query)}
        assert found == {n for n in range(30) if wanted(n)}, query


def test_json_filters_choose_the_rows_they_name(web: httpx.Client, store_rows: Load, helpers: Any) -> None:
    store_rows(many(helpers))
    for one, wanted in FILTERS:
        assert ids_of(web, [one]) == {n for n in range(30) if wanted(n)}, one


def test_filters_are_joined_and_a_json_filter_replaces_the_simple_one_of_its_column(
    web: httpx.Client, store_rows: Load, helpers: Any
) -> None:
    store_rows(many(helpers))
    root = {"type": "boolean", "column": "isRootObservation", "operator": "=", "value": True}
    name = {"type": "string", "column": "name", "operator": "=", "value": "step-1"}
    assert ids_of(web, [root, name]) == {n for n in range(30) if n % 3 == 0 and n % 5 == 1}
    assert ids_of(web, [name], name="step-2", type="AGENT") == {n for n in range(30) if n % 3 == 0 and n % 5 == 1}


REFUSED = [
    (
        {"type": "string", "column": "bogus", "operator": "=", "value": "x"},
        "Column bogus does not match a UI / CH table mapping.",
    ),
    (
        {"type": "numberObject", "column": "scores_avg", "key": "q", "operator": "<", "value": 1},
        "Column scores_avg does not match a UI / CH table mapping.",
    ),
    (
        {"type": "string", "column": "isRootObservation", "operator": "=", "value": "true"},
        "Invalid filter type 'string' for column 'isRootObservation'. Expected filter type 'boolean'.",
    ),
    (
        {"type": "string", "column": "input", "operator": "contains", "value": "x"},
        "Input/output filters require at least one `matches` or `=` operator.",
    ),
    (
        {"type": "null", "column": "output", "operator": "is null", "value": ""},
        "Input/output filters only support filter type `string`.",
    ),
    (
        {"type": "string", "column": "name", "operator": "matches", "value": "x"},
        "`matches` is only supported for input, output, and metadata filters.",
    ),
    (
        {"type": "string", "column": "input", "operator": "matches", "value": "?!"},
        "`matches` requires at least one search token.",
    ),
]


@pytest.mark.parametrize(("one", "sentence"), REFUSED)
def test_a_filter_that_does_not_fit_is_refused(web: httpx.Client, helpers: Any, one: Row, sentence: str) -> None:
    assert helpers.refusal(web.get(PATH, params={"filter": json.dumps([one])})) == sentence


MALFORMED: list[tuple[Any, list[Any], str]] = [
    (5, ["filter", 0], "Invalid input: expected object, received number"),
    ({"type": "nope"}, ["filter", 0, "type"], "Invalid input"),
    ({"type": "string", "column": "name", "operator": "~", "value": ""}, ["filter", 0, "operator"], "Invalid input"),
    (
        {"type": "number", "column": "latency", "operator": "=", "value": "1"},
        ["filter", 0, "value"],
        "Invalid input: expected number, received string",
    ),
    (
        {"type": "stringOptions", "column": "name", "operator": "any of", "value": []},
        ["filter", 0, "value"],
        "Invalid input",
    ),
    (
        {"type": "stringObject", "column": "metadata", "operator": "=", "value": "x"},
        ["filter", 0, "key"],
        "Invalid input: expected string, received undefined",
    ),
    (
        {"type": "datetime", "column": "startTime", "operator": ">", "value": "soon"},
        ["filter", 0, "value"],
        "Invalid input: expected date, received Date",
    ),
    (
        {"type": "null", "column": "name", "operator": "is null"},
        ["filter", 0, "value"],
        'Invalid input: expected ""',
    ),
]


@pytest.mark.parametrize(("one", "path", "message"), MALFORMED)
def test_a_malformed_filter_is_named(web: httpx.Client, helpers: Any, one: Any, path: list[Any], message: str) -> None:
    issue = helpers.issues(web.get(PATH, params={"filter": json.dumps([one])}))[0]
    assert (issue["path"], issue["message"]) == (path, message)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    filters=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["type", "column", "operator", "value", "key"]), inner)
        ),
        max_leaves=12,
    )
)
def test_no_filter_whatsoever_breaks_the_server(web: httpx.Client, filters: Any) -> None:
    assert web.get(PATH, params={"filter": json.dumps(filters)}).status_code in (200, 400)


def test_the_sdk_reads_a_queue_of_roots(api: LangfuseAPI, store_rows: Load, helpers: Any) -> None:
    store_rows(many(helpers))
    traces = [f"{n:032x}" for n in range(10)]
    one = {"type": "stringOptions", "column": "traceId", "operator": "any of", "value": traces}
    page = api.observations.get_many(
        filter=json.dumps([one]), is_root_observation=True, fields="core,basic,trace_context,metadata,io", limit=1000
    )
    assert [row.trace_id for row in page.data] == sorted(traces, reverse=True)
    assert page.data[0].input == "Question 27?"
    assert page.meta.cursor is None


def test_a_url_beyond_sixteen_kilobytes_is_refused_and_four_hundred_ids_pass(web: httpx.Client) -> None:
    def query(count: int) -> httpx.Response:
        one = {"type": "stringOptions", "column": "traceId", "operator": "any of"}
        return web.get(PATH, params={"filter": json.dumps([{**one, "value": [f"{n:032x}" for n in range(count)]}])})

    assert query(250).status_code == 200
    assert query(1000).status_code == 431
