"""Dataset items of Langfuse 4.16.0: ids, refusals, schemas.

Restated from measurements of a real server. A case starts on a fresh project with the datasets `one`, `two` and
`strict` (schemas: `question` and `answer` must be strings).
"""

from contract.steps import ITEMS, Cases, Step, get, gone, invalid, listed, put, refuse, refused, violated

NO_INPUT = refused("Dataset item validation failed: Dataset item input cannot be null")
INPUT, OUTPUT = "Input validation failed: ", "Expected output validation failed: "
GOOD = {"input": {"question": "x"}, "expectedOutput": {"answer": "y"}}

ITEMS_AND_IDS: Cases = {
    "a new id": [
        put("one", "a", input={"q": 1}, expectedOutput={"a": 1}, metadata={"m": 1}, sourceTraceId="t"),
        get("a", input={"q": 1}, status="ACTIVE", datasetName="one", sourceTraceId="t", sourceObservationId=None),
        listed("datasetName=one", "a"),
        listed("datasetName=two"),
    ],
    "a new id without input": [put("one", "a", answer={"input": None, "expectedOutput": None, "metadata": None})],
    "no id": [put("one", input={"q": 1}, answer={"id": "<id>", "input": {"q": 1}})],
    "no id and no input": [refuse(400, NO_INPUT, "one"), refuse(400, NO_INPUT, "one", input=None)],
    "no id and an empty input": [put("one", input="", answer={"id": "<id>", "input": None})],
    "an empty id": [
        refuse(
            400,
            invalid(
                origin="string",
                code="too_small",
                minimum=1,
                inclusive=True,
                path=["id"],
                message="ID must not be empty",
            ),
            *("one", ""),
        )
    ],
    "an id of 255 characters": [put("one", "i" * 255, input=1), get("i" * 255, input=1)],
    "an id of 256 characters": [
        refuse(
            400,
            invalid(
                origin="string",
                code="too_big",
                maximum=255,
                inclusive=True,
                path=["id"],
                message="ID must be at most 255 characters",
            ),
            *("one", "i" * 256),
            input=1,
        )
    ],
    "an id that needs encoding in a path": [put("one", "a/b? c#日", input=1), get("a%2Fb%3F%20c%23%E6%97%A5", input=1)],
    "NUL or a lone surrogate in an id": [
        refuse(500, refused("Internal Server Error", "An unknown error occurred"), "one", "a\0", input=1),
        refuse(500, refused("Internal Server Error", "An unknown error occurred"), "one", "a\ud800", input=1),
        Step("GET", f"{ITEMS}/a%00", None, 500, refused("Internal Server Error", "An unknown error occurred")),
    ],
    "an unknown dataset": [
        refuse(
            404,
            refused("Dataset nope not found for project curator-sandbox", "LangfuseNotFoundError"),
            *("nope", "a"),
            input=1,
        )
    ],
    "no dataset": [
        Step(
            "POST",
            ITEMS,
            {"id": "a", "input": 1},
            400,
            invalid(
                expected="string",
                code="invalid_type",
                path=["datasetName"],
                message="Invalid input: expected string, received undefined",
            ),
        )
    ],
    "a status that does not exist": [
        refuse(
            400,
            invalid(
                code="invalid_value",
                values=["ACTIVE", "ARCHIVED"],
                path=["status"],
                message='Invalid option: expected one of "ACTIVE"|"ARCHIVED"',
            ),
            *("one", "a"),
            status="OPEN",
        ),
        gone("a"),
    ],
    "an id that is a number": [
        Step(
            "POST",
            ITEMS,
            {"datasetName": "one", "id": 5, "input": 1},
            400,
            invalid(
                expected="string",
                code="invalid_type",
                path=["id"],
                message="Invalid input: expected string, received number",
            ),
        )
    ],
    "a field that does not exist": [put("one", "a", input=1, bogus=True, answer={"id": "a", "input": 1})],
    "a list as body": [
        Step(
            "POST",
            ITEMS,
            [1],
            400,
            invalid(
                expected="object",
                code="invalid_type",
                path=[],
                message="Invalid input: expected object, received array",
            ),
        )
    ],
    "methods": [
        Step("PUT", ITEMS, {}, 405, refused("Method not allowed", "MethodNotAllowedError")),
        Step("DELETE", ITEMS, None, 405, refused("Method not allowed", "MethodNotAllowedError")),
    ],
}

SCHEMAS: Cases = {
    "a good item": [put("strict", "a", **GOOD), get("a", **GOOD)],
    "a missing property": [
        refuse(400, violated(f"{INPUT}must have required property 'question'"), "strict", "a", **{**GOOD, "input": {}})
    ],
    "a wrong type": [
        refuse(400, violated(f"{INPUT}must be string"), "strict", "a", **{**GOOD, "input": {"question": 1}})
    ],
    "both wrong": [
        refuse(
            400,
            violated(f"{INPUT}must be object", f"{OUTPUT}must be object"),
            *("strict", "a"),
            input="text",
            expectedOutput=5,
        )
    ],
    "no expected output": [
        refuse(400, violated(f"{OUTPUT}must be object"), "strict", "a", input={"question": "x"}),
        refuse(400, violated(f"{OUTPUT}must be object"), "strict", input={"question": "x"}),
    ],
    "an update that violates changes nothing": [
        put("strict", "a", **GOOD),
        refuse(400, violated(f"{INPUT}must be string"), "strict", "a", input={"question": 5}),
        get("a", **GOOD),
    ],
    "an update is judged merged": [
        put("strict", "a", **GOOD),
        put("strict", "a", input={"question": "z"}),
        get("a", input={"question": "z"}, expectedOutput={"answer": "y"}),
    ],
    "clearing a field is judged too": [
        put("strict", "a", **GOOD),
        refuse(400, violated(f"{OUTPUT}must be object"), "strict", "a", expectedOutput=""),
    ],
    "a JSON text is judged parsed": [
        put("strict", "a", input='{"question": "x"}', expectedOutput='{"answer": "y"}', answer=GOOD)
    ],
}
