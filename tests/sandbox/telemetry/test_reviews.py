"""Score configs, annotation queues and comments over real HTTP."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from langfuse.api import LangfuseAPI
from langfuse.api.core import ApiError

Row = dict[str, Any]
Load = Callable[[list[Row]], None]


@pytest.fixture
def config_id(web: httpx.Client) -> str:
    return str(web.post("/score-configs", json={"name": "quality", "dataType": "NUMERIC"}).json()["id"])


@pytest.fixture
def queue_id(web: httpx.Client, config_id: str) -> str:
    return str(web.post("/annotation-queues", json={"name": "review", "scoreConfigIds": [config_id]}).json()["id"])


def test_score_configs_are_created_and_listed(web: httpx.Client) -> None:
    created = web.post("/score-configs", json={"name": "q", "dataType": "NUMERIC", "minValue": 0, "maxValue": 1}).json()
    assert (created["minValue"], created["maxValue"], created["categories"]) == (0, 1, None)
    boolean = web.post("/score-configs", json={"name": "ok", "dataType": "BOOLEAN"}).json()
    assert boolean["categories"] == [{"label": "True", "value": 1}, {"label": "False", "value": 0}]
    listed = web.get("/score-configs").json()
    assert [row["name"] for row in listed["data"]] == ["ok", "q"]
    assert listed["meta"] == {"page": 1, "limit": 50, "totalItems": 2, "totalPages": 1}
    assert web.get(f"/score-configs/{created['id']}").json() == created
    missing = web.get("/score-configs/nope")
    assert (missing.status_code, missing.json()["message"]) == (404, "Score config not found within authorized project")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "x", "dataType": "OTHER"}, "Invalid input"),
        ({"name": "x" * 36, "dataType": "TEXT"}, "Too big: expected string to have <=35 characters"),
        ({"name": "a/b", "dataType": "TEXT"}, "Name contains invalid characters"),
        (
            {"name": "x", "dataType": "NUMERIC", "minValue": 2, "maxValue": 1},
            "Maximum value must be greater than Minimum value",
        ),
        (
            {"name": "x", "dataType": "CATEGORICAL"},
            "Category must be an array of objects with label value pairs, where labels and values are unique.",
        ),
        (
            {
                "name": "x",
                "dataType": "CATEGORICAL",
                "categories": [{"label": "a", "value": 1}, {"label": "a", "value": 2}],
            },
            "Duplicate category label: a, category labels must be unique",
        ),
    ],
)
def test_wrong_score_configs(web: httpx.Client, helpers: Any, body: Row, message: str) -> None:
    assert helpers.issues(web.post("/score-configs", json=body))[0]["message"] == message


def test_a_queue_needs_known_configs_and_a_new_name(web: httpx.Client, helpers: Any, config_id: str) -> None:
    def create(**body: Any) -> httpx.Response:
        return web.post("/annotation-queues", json={"name": "review", "scoreConfigIds": [config_id], **body})

    unknown = "At least one of the score config IDs cannot be found for the given project."
    assert helpers.refusal(create(scoreConfigIds=["nope"])) == unknown
    assert helpers.issues(create(scoreConfigIds=[]))[0]["message"] == "Too small: expected array to have >=1 items"
    assert helpers.issues(create(extra=1))[0]["message"] == 'Unrecognized key: "extra"'
    created = create(description="weekly").json()
    assert helpers.refusal(create()) == "A queue with this name already exists."
    assert web.get(f"/annotation-queues/{created['id']}").json() == created
    assert web.get("/annotation-queues").json()["data"] == [created]


def test_items_are_listed_newest_first_by_status(web: httpx.Client, queue_id: str) -> None:
    items = f"/annotation-queues/{queue_id}/items"
    for number, status in enumerate(["PENDING", "COMPLETED", "PENDING"]):
        body = {"objectId": f"t{number}", "objectType": "TRACE", "status": status}
        assert (web.post(items, json=body).json()["completedAt"] is not None) == (status == "COMPLETED")
    # The same object may be in the queue twice, and need not exist.
    web.post(items, json={"objectId": "t0", "objectType": "SESSION"})
    listed = web.get(items, params={"limit": 2}).json()
    assert [row["objectId"] for row in listed["data"]] == ["t0", "t2"]
    assert listed["meta"] == {"page": 1, "limit": 2, "totalItems": 4, "totalPages": 2}
    assert [row["objectId"] for row in web.get(items, params={"status": "COMPLETED"}).json()["data"]] == ["t1"]


def test_completing_reopening_and_removing_an_item(web: httpx.Client, helpers: Any, queue_id: str) -> None:
    items = f"/annotation-queues/{queue_id}/items"
    item = web.post(items, json={"objectId": "t", "objectType": "TRACE"}).json()
    path = f"{items}/{item['id']}"
    done = web.patch(path, json={"status": "COMPLETED"}).json()
    assert done["status"] == "COMPLETED"
    assert done["completedAt"] is not None
    reopened = web.patch(path, json={"status": "PENDING"}).json()
    assert (reopened["status"], reopened["completedAt"]) == ("PENDING", done["completedAt"])
    assert web.patch(path, json={}).json() == reopened
    wrong = helpers.issues(web.patch(path, json={"status": "DONE"}))[0]["message"]
    assert wrong == 'Invalid option: expected one of "PENDING"|"COMPLETED"'
    assert helpers.issues(web.patch(path, json={"x": 1}))[0]["message"] == 'Unrecognized key: "x"'
    assert web.delete(path).json() == {"success": True, "message": "Annotation queue item deleted successfully"}
    assert web.get(path).json()["message"] == "Annotation queue item not found"
    assert web.get("/annotation-queues/nope/items").json()["message"] == "Annotation queue not found"


def test_the_sdk_works_through_a_queue(api: LangfuseAPI, web: httpx.Client, queue_id: str) -> None:
    web.post(f"/annotation-queues/{queue_id}/items", json={"objectId": "t", "objectType": "TRACE"})
    assert [queue.name for queue in api.annotation_queues.list_queues().data] == ["review"]
    (item,) = api.annotation_queues.list_queue_items(queue_id, status="PENDING").data
    api.annotation_queues.update_queue_item(queue_id, item.id, status="COMPLETED")
    assert api.annotation_queues.list_queue_items(queue_id, status="PENDING").data == []
    with pytest.raises(ApiError) as caught:
        api.annotation_queues.get_queue("nope")
    assert caught.value.status_code == 404


def test_comments_need_something_to_be_about(web: httpx.Client, store_rows: Load, helpers: Any) -> None:
    store_rows([helpers.observation(0, traceId="t", sessionId="s")])

    def comment(**body: Any) -> httpx.Response:
        about = {"projectId": "p", "objectType": "TRACE", "objectId": "t", "content": " well "}
        return web.post("/comments", json={**about, **body})

    first = comment().json()["id"]
    assert comment(objectType="SESSION", objectId="s").status_code == 200
    assert comment(objectType="OBSERVATION", objectId="0" * 16).status_code == 200
    missing = comment(objectId="gone")
    sentence = "Reference object, TRACE: gone not found. Skipping comment creation."
    assert (missing.status_code, missing.json()["message"]) == (404, sentence)
    assert helpers.refusal(comment(authorUserId="ann")).startswith("authorUserId must belong to a member")
    assert helpers.issues(comment(content="  "))[0]["message"] == "Too small: expected string to have >=1 characters"
    assert helpers.issues(comment(extra=1))[0]["message"] == 'Unrecognized key: "extra"'
    listed = web.get("/comments", params={"objectType": "TRACE", "objectId": "t"}).json()
    assert [(row["id"], row["content"]) for row in listed["data"]] == [(first, "well")]
    assert web.get("/comments").json()["meta"]["totalItems"] == 3
    assert web.get(f"/comments/{first}").json() == listed["data"][0]
    alone = helpers.issues(web.get("/comments", params={"objectId": "t"}))[0]["message"]
    assert alone == "objectType is required when objectId is provided"


@pytest.mark.parametrize("path", ["/traces", "/traces/x", "/observations", "/sessions/x", "/scores", "/v2/scores/x"])
def test_endpoints_of_version_3_say_that_they_are_gone(web: httpx.Client, path: str) -> None:
    answer = web.get(path)
    assert answer.status_code == 404
    assert answer.json()["message"].startswith(
        "This endpoint is not available on deployments running in Langfuse v4 events_only mode."
    )
