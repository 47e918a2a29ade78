"""Dataset items of Langfuse 4.16.0 over time: upsert, merge, collision, tombstone, archive."""

from contract.steps import Cases, Step, collision, delete, get, gone, listed, put, refuse, refused

HISTORY: Cases = {
    "an upsert replaces what it names": [
        put("one", "a", input={"q": 1}, expectedOutput={"a": 1}, metadata={"m": 1}),
        put("one", "a", input={"q": 2}, expectedOutput={"a": 2}, metadata={"n": 2}),
        get("a", input={"q": 2}, expectedOutput={"a": 2}, metadata={"n": 2}),
        listed("datasetName=one", "a"),
    ],
    "what is left out stays": [
        put("one", "a", input={"q": 1}, expectedOutput={"a": 1}, metadata={"m": 1, "k": 2}, sourceTraceId="t"),
        put("one", "a", input={"q": 2}),
        get("a", input={"q": 2}, expectedOutput={"a": 1}, metadata={"k": 2, "m": 1}, sourceTraceId="t"),
        put("one", "a", expectedOutput={"a": 9}),
        get("a", input={"q": 2}, expectedOutput={"a": 9}),
    ],
    "null is left out too": [
        put("one", "a", input={"q": 1}, expectedOutput={"a": 1}, metadata={"m": 1}, sourceTraceId="t"),
        put(
            *("one", "a"),
            input={"q": 3},
            expectedOutput=None,
            metadata=None,
            sourceTraceId=None,
            answer={"input": {"q": 3}, "expectedOutput": {"a": 1}, "metadata": {"m": 1}, "sourceTraceId": "t"},
        ),
    ],
    "metadata is replaced whole": [
        put("one", "a", input=1, metadata={"m": 1, "k": 2}),
        put("one", "a", metadata={"z": 1}),
        get("a", input=1, metadata={"z": 1}),
        put("one", "a", metadata=[1, 2]),
        put("one", "a", metadata={}),
        get("a", metadata={}),
    ],
    "an empty string clears": [
        put("one", "a", input=1, expectedOutput={"a": 1}, metadata={"m": 1}, sourceTraceId="t"),
        put("one", "a", expectedOutput="", metadata="", answer={"expectedOutput": None, "metadata": None, "input": 1}),
        put("one", "a", sourceTraceId="", answer={"sourceTraceId": ""}),
        get("a", input=1, expectedOutput=None, metadata=None, sourceTraceId=""),
    ],
    "an id of another dataset": [
        put("one", "a", input=1),
        refuse(409, collision("a"), "two", "a", input=2),
        get("a", input=1, datasetName="one"),
        listed("datasetName=two"),
    ],
    "a deleted item": [
        put("one", "a", input=1, metadata={"m": 1}),
        delete("a"),
        gone("a"),
        listed("datasetName=one"),
        Step(
            "DELETE",
            "/api/public/dataset-items/a",
            None,
            404,
            refused("Dataset item with id a not found for project curator-sandbox", "LangfuseNotFoundError"),
        ),
    ],
    "a deleted id begins anew in its dataset": [
        put("one", "a", input=1, metadata={"m": 1}, sourceTraceId="t", status="ARCHIVED"),
        delete("a"),
        put(
            *("one", "a"),
            input=2,
            answer={"input": 2, "metadata": None, "sourceTraceId": None, "status": "ACTIVE"},
        ),
        listed("datasetName=one", "a"),
    ],
    "a deleted id stays with its dataset": [
        put("one", "a", input=1),
        delete("a"),
        refuse(409, collision("a"), "two", "a", input=2),
        gone("a"),
        listed("datasetName=two"),
        put("one", "a", input=4),
    ],
    "an archived item": [
        put("one", "a", input=1),
        put("one", "a", status="ARCHIVED", answer={"status": "ARCHIVED", "input": 1}),
        listed("datasetName=one"),
        get("a", status="ARCHIVED"),
    ],
    "an archived item stays archived": [
        put("one", "a", input=1, status="ARCHIVED"),
        put("one", "a", input=2, answer={"input": 2, "status": "ARCHIVED"}),
        put("one", "a", input=3, status=None, answer={"input": 3, "status": "ARCHIVED"}),
        listed("datasetName=one"),
        put("one", "a", status="ACTIVE", answer={"input": 3, "status": "ACTIVE"}),
        listed("datasetName=one", "a"),
    ],
}
