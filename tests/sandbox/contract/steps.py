"""The words in which the cases are written: a case is a list of steps, each with the answer that it must get."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

ITEMS, DATASETS = "/api/public/dataset-items", "/api/public/v2/datasets"
SERVER_MADE = re.compile(r"\b(c[a-z0-9]{24}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\b")


@dataclass(frozen=True)
class Step:
    """One request. `answer` must be part of the JSON answer (every key that it names), or the text itself.

    `<id>` in it stands for an id that the server made.
    """

    method: str
    path: str
    body: Any = None
    status: int = 200
    answer: Any = field(default_factory=dict)


Cases = dict[str, list[Step]]


def put(dataset: str, item: str | None = None, /, *, answer: Any = None, **fields: Any) -> Step:
    """A POST of an item that is accepted. Without `answer` the fields must come back as they were sent."""
    body = {"datasetName": dataset, **({} if item is None else {"id": item}), **fields}
    return Step("POST", ITEMS, body, 200, fields if answer is None else answer)


def refuse(status: int, answer: Any, dataset: str, item: str | None = None, /, **fields: Any) -> Step:
    """A POST of an item that is refused."""
    body = {"datasetName": dataset, **({} if item is None else {"id": item}), **fields}
    return Step("POST", ITEMS, body, status, answer)


def get(item: str, /, **answer: Any) -> Step:
    """A GET of an item that is there."""
    return Step("GET", f"{ITEMS}/{item}", answer=answer)


def gone(item: str) -> Step:
    """A GET of an item that is not there."""
    return Step("GET", f"{ITEMS}/{item}", None, 404, refused("Dataset item not found", "LangfuseNotFoundError"))


def delete(item: str) -> Step:
    """A DELETE of an item that is there."""
    return Step("DELETE", f"{ITEMS}/{item}", answer={"message": "Dataset item successfully deleted"})


def listed(query: str, *ids: str, total: int | None = None) -> Step:
    """The ids that a list shows, newest first, and its total."""
    data, items = [{"id": each} for each in ids], len(ids) if total is None else total
    return Step("GET", f"{ITEMS}?{query}", answer={"data": data, "meta": {"totalItems": items}})


def refused(message: str, kind: str = "InvalidRequestError") -> dict[str, str]:
    """The body of a refusal."""
    return {"message": message, "error": kind}


def invalid(**issue: Any) -> dict[str, Any]:
    """The body of a malformed request with one issue."""
    return {"message": "Invalid request data", "error": [issue]}


def collision(item: str) -> dict[str, str]:
    """The permanent conflict."""
    return refused(
        f"Dataset item id {item} already exists in another dataset (id <id>) in this project; "
        "item ids are unique per project across datasets. Use a different id or target dataset <id>.",
        "LangfuseConflictError",
    )


def violated(*parts: str) -> dict[str, str]:
    """The refusal of an item that its dataset's schemas do not allow."""
    return refused(f"Dataset item validation failed: {'; '.join(parts)}")


def walk(client: httpx.Client, steps: list[Step]) -> None:
    """Send the steps and compare."""
    for number, step in enumerate(steps, start=1):
        content = None if step.body is None else json.dumps(step.body)  # ASCII, so that lone surrogates can be sent
        headers = {"content-type": "application/json"}
        response = client.request(step.method, step.path, content=content, headers=headers)
        where = f"step {number}, {step.method} {step.path} {str(step.body)[:200]}: {response.text[:300]}"
        assert response.status_code == step.status, where
        got = response.text if isinstance(step.answer, str) else response.json()
        assert contains(got, step.answer), where


def contains(got: Any, want: Any) -> bool:
    """Whether `want` is part of `got`: dicts by the wanted keys, lists item by item, numbers by kind."""
    if isinstance(want, dict) and isinstance(got, dict):
        return all(key in got and contains(got[key], value) for key, value in want.items()) and (want != {} or not got)
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(map(contains, got, want))
    if isinstance(want, str) and isinstance(got, str) and "<id>" in want:
        return SERVER_MADE.sub("<id>", got) == want
    return type(got) is type(want) and bool(got == want)
