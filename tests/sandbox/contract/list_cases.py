"""Lists and datasets of Langfuse 4.16.0."""

from typing import Any

from contract.steps import DATASETS, ITEMS, Cases, Step, invalid, listed, put, refused

NAME_RULE = "Dataset name not valid. "


def bad_query(query: str, **issue: Any) -> Step:
    """A list that refuses one of its parameters."""
    return Step("GET", f"{ITEMS}?{query}", None, 400, invalid(**issue))


def name(text: str) -> Step:
    """A dataset name that is accepted and kept as it is."""
    return Step("POST", DATASETS, {"name": text}, 200, {"id": "<id>", "name": text})


def named(path: str, text: str) -> Step:
    """A dataset that is found under a path."""
    return Step("GET", f"{DATASETS}/{path}", answer={"name": text})


def bad_name(text: str, pattern: str, message: str) -> Step:
    """A dataset name that is refused."""
    issue = (
        '[\n  {\n    "origin": "string",\n    "code": "invalid_format",\n    "format": "regex",\n'
        f'    "pattern": "{pattern}",\n    "path": [],\n    "message": "{message}"\n  }}\n]'
    )
    return Step("POST", DATASETS, {"name": text}, 400, refused(NAME_RULE + issue))


MISSING = refused("Dataset not found", "LangfuseNotFoundError")
TOO_BIG = {"origin": "number", "code": "too_big", "inclusive": True}
TOO_SMALL = {"origin": "number", "code": "too_small"}
ANY_QUESTION = {"type": "object", "properties": {"question": {}}, "required": ["question"]}
QUESTION = {"type": "object", "properties": {"question": {"type": "string"}}}

LISTS: Cases = {
    "newest first, in pages": [
        *(put("one", f"i{number}", input=number) for number in range(5)),
        listed("datasetName=one", "i4", "i3", "i2", "i1", "i0"),
        listed("datasetName=one&limit=2", "i4", "i3", total=5),
        listed("datasetName=one&limit=2&page=3", "i0", total=5),
        listed("datasetName=one&limit=2&page=4", total=5),
        Step("GET", f"{ITEMS}?limit=2", answer={"meta": {"page": 1, "limit": 2, "totalItems": 5, "totalPages": 3}}),
        Step("GET", ITEMS, answer={"meta": {"page": 1, "limit": 50, "totalItems": 5, "totalPages": 1}}),
    ],
    "an upsert moves to the front": [
        put("one", "a", input=1),
        put("one", "b", input=1),
        put("one", "a", input=1),
        listed("datasetName=one", "a", "b"),
    ],
    "by source": [
        put("one", "a", input=1, sourceTraceId="t1", sourceObservationId="o1"),
        put("two", "b", input=1, sourceTraceId="t1"),
        put("one", "c", input=1, sourceTraceId="t2"),
        listed("sourceTraceId=t1", "b", "a"),
        listed("datasetName=one&sourceTraceId=t1", "a"),
        listed("sourceObservationId=o1", "a"),
        listed("sourceTraceId=t3"),
    ],
    "an empty list": [
        Step(
            "GET",
            f"{ITEMS}?datasetName=one",
            answer={"data": [], "meta": {"page": 1, "limit": 50, "totalItems": 0, "totalPages": 0}},
        )
    ],
    "a list of an unknown dataset": [Step("GET", f"{ITEMS}?datasetName=nope", None, 404, MISSING)],
    "wrong pages": [
        bad_query("limit=101", **TOO_BIG, maximum=100, path=["limit"], message="Too big: expected number to be <=100"),
        bad_query(
            "limit=0", **TOO_SMALL, minimum=1, inclusive=True, path=["limit"],
            message="Too small: expected number to be >=1",
        ),
        bad_query(
            "page=0", **TOO_SMALL, minimum=0, inclusive=False, path=["page"],
            message="Too small: expected number to be >0",
        ),
        bad_query(
            "limit=x", expected="number", code="invalid_type", received="NaN", path=["limit"],
            message="Invalid input: expected number, received NaN",
        ),
        bad_query(
            "page=1.5", expected="int", format="safeint", code="invalid_type", path=["page"],
            message="Invalid input: expected int, received number",
        ),
        Step("GET", f"{ITEMS}?limit=&page=", answer={"meta": {"limit": 50}}),
    ],
    "a version": [
        put("one", "a", input=1),
        listed("datasetName=one&version=2020-01-01T00:00:00Z"),
        listed("datasetName=one&version=2100-01-01T00:00:00Z", "a"),
        bad_query(
            "version=2020-01-01T00:00:00Z", code="custom", path=["datasetName"],
            message="datasetName is required when version parameter is provided",
        ),
        bad_query(
            "datasetName=one&version=soon", expected="date", code="invalid_type", received="Invalid Date",
            path=["version"], message="Invalid input: expected date, received Date",
        ),
    ],
    "dataset names": [
        name("a/b/c"),
        named("a%2Fb%2Fc", "a/b/c"),
        name("日本 é"),
        named("%E6%97%A5%E6%9C%AC%20%C3%A9", "日本 é"),
        bad_name("/a", "/^[^/]/", "Name cannot start with a slash"),
        bad_name("a/", "/^.*[^/]$/", "Name cannot end with a slash"),
        bad_name("a//b", r"/^(?!.*\\/\\/)/", "Name cannot contain consecutive slashes"),
    ],
    "dataset names that cannot be fetched": [
        name("a%2Fb"),
        Step("GET", f"{DATASETS}/a%252Fb", None, 404, MISSING),
        Step("GET", f"{ITEMS}?datasetName=a%252Fb", answer={"data": []}),
        name("100%"),
        Step("GET", f"{DATASETS}/100%25", None, 500, refused("Internal Server Error", "URI malformed")),
        name(".."),
        Step("GET", f"{ITEMS}?datasetName=..", answer={"data": []}),
    ],
    "a dataset again": [
        Step("POST", DATASETS, {"name": "d", "description": "x", "metadata": {"m": 1}}, 200, {"metadata": {"m": 1}}),
        Step("POST", DATASETS, {"name": "d", "description": "y"}, 200, {"description": "y", "metadata": {"m": 1}}),
        Step("POST", DATASETS, {"name": "d", "metadata": None}, 200, {"description": "y", "metadata": {"m": 1}}),
        Step("DELETE", f"{DATASETS}/d", None, 405, refused("Method not allowed", "MethodNotAllowedError")),
    ],
    "a schema that AJV refuses": [
        Step(
            "POST", DATASETS, {"name": "d", "inputSchema": schema}, 400,
            invalid(code="custom", path=["inputSchema"], message="Must be a valid JSON Schema"),
        )
        for schema in (
            {"type": "nonsense"},
            {"unknownKeyword": 1},
            {"$schema": "https://json-schema.org/draft/2020-12/schema"},
            {"$ref": "#/definitions/nowhere"},
            {"description": "x" * 10_000},
        )
    ],
    "a schema that the items do not hold": [
        put("one", "a", input={"question": 5}),
        Step(
            "POST", DATASETS, {"name": "one", "inputSchema": QUESTION}, 400,
            refused(
                "Schema validation failed for 1 item(s). Details: "
                '[{"datasetItemId":"a","field":"input","errors":[{"path":"/question","message":"must be string",'
                '"keyword":"type"}]}]'
            ),
        ),
        Step("GET", f"{DATASETS}/one", answer={"inputSchema": None}),
        Step("POST", DATASETS, {"name": "one", "inputSchema": ANY_QUESTION}, 200, {"name": "one"}),
        Step("POST", DATASETS, {"name": "one", "inputSchema": None}, 200, {"inputSchema": None}),
    ],
}  # fmt: skip
