"""The unmodified Langfuse SDK 5 on datasets and items, end to end over HTTP, nothing patched."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from langfuse import Langfuse
from langfuse.api import LangfuseAPI
from langfuse.api.commons.errors.not_found_error import NotFoundError
from langfuse.api.core.api_error import ApiError

from curator.sandbox.server import SandboxServer


@pytest.fixture
def langfuse(sandbox: SandboxServer) -> Iterator[Langfuse]:
    """The SDK keeps one client per public key, and any public key passes with the right secret."""
    client = Langfuse(
        public_key=f"pk-lf-{uuid.uuid4()}",
        secret_key=sandbox.secret_key,
        base_url=sandbox.base_url,
        tracing_enabled=False,
    )
    yield client
    client.shutdown()


@pytest.fixture
def api(sandbox: SandboxServer) -> LangfuseAPI:
    return LangfuseAPI(base_url=sandbox.base_url, username=sandbox.public_key, password=sandbox.secret_key)


def test_auth_check(langfuse: Langfuse) -> None:
    assert langfuse.auth_check()


@pytest.mark.parametrize("name", ["plain", "folder/sub folder/日本 & more?"])
def test_a_dataset_with_items(langfuse: Langfuse, name: str) -> None:
    langfuse.create_dataset(name=name, description="d", metadata={"owner": "me"}, input_schema={"type": "object"})
    for number in range(120):
        langfuse.create_dataset_item(
            dataset_name=name, id=f"i{number}", input={"n": number}, expected_output={"ok": True}, source_trace_id="t"
        )
    dataset = langfuse.get_dataset(name)
    assert (dataset.name, dataset.description, dataset.metadata) == (name, "d", {"owner": "me"})
    assert [item.id for item in dataset.items] == [f"i{number}" for number in range(119, -1, -1)]
    first = dataset.items[-1]
    assert (first.input, first.expected_output, first.source_trace_id) == ({"n": 0}, {"ok": True}, "t")
    assert first.dataset_name == name


def test_a_version(langfuse: Langfuse) -> None:
    langfuse.create_dataset(name="d")
    langfuse.create_dataset_item(dataset_name="d", id="i", input="before")
    between = datetime.now(UTC) + timedelta(milliseconds=1)
    while datetime.now(UTC) <= between + timedelta(milliseconds=1):  # the server knows whole milliseconds
        pass
    langfuse.create_dataset_item(dataset_name="d", id="i", input="after")
    assert [item.input for item in langfuse.get_dataset("d", version=between).items] == ["before"]
    assert [item.input for item in langfuse.get_dataset("d").items] == ["after"]


def test_one_request_when_retries_are_off(api: LangfuseAPI, sandbox: SandboxServer) -> None:
    api.datasets.create(name="one")
    api.datasets.create(name="two")
    api.dataset_items.create(dataset_name="one", id="i", input=1)
    httpx.delete(f"{sandbox.base_url}/__sandbox__/requests")
    with pytest.raises(ApiError) as refused:
        api.dataset_items.create(dataset_name="two", id="i", input=1, request_options={"max_retries": 0})
    assert refused.value.status_code == 409
    assert "already exists in another dataset" in str(refused.value.body)
    counted = httpx.get(f"{sandbox.base_url}/__sandbox__/requests").json()
    assert counted["routes"] == {"POST /api/public/dataset-items": 1}


def test_a_permanent_collision_costs_three_requests_otherwise(langfuse: Langfuse, sandbox: SandboxServer) -> None:
    langfuse.create_dataset(name="one")
    langfuse.create_dataset(name="two")
    langfuse.create_dataset_item(dataset_name="one", id="i", input=1)
    httpx.delete(f"{sandbox.base_url}/__sandbox__/requests")
    with pytest.raises(ApiError):
        langfuse.create_dataset_item(dataset_name="two", id="i", input=1)
    counted = httpx.get(f"{sandbox.base_url}/__sandbox__/requests").json()
    assert counted["routes"] == {"POST /api/public/dataset-items": 3}


def test_the_sdk_waits_as_long_as_it_is_told(api: LangfuseAPI, sandbox: SandboxServer) -> None:
    api.datasets.create(name="d")
    sandbox.fault("http-429", "every:2")
    assert api.datasets.get("d").name == "d"
    assert api.datasets.get("d").name == "d", "refused once, waited a second, answered"


def test_a_percent_sign_in_a_name(api: LangfuseAPI) -> None:
    """The server decodes once more than the SDK encodes."""
    api.datasets.create(name="100%")
    with pytest.raises(ApiError) as refused:
        api.datasets.get("100%25", request_options={"max_retries": 0})
    assert refused.value.body == {"message": "Internal Server Error", "error": "URI malformed"}
    assert api.dataset_items.list(dataset_name="100%").data == []


def test_get_and_delete(api: LangfuseAPI) -> None:
    api.datasets.create(name="d")
    api.dataset_items.create(dataset_name="d", id="i", input=1)
    assert api.dataset_items.get("i").input == 1
    assert api.dataset_items.delete("i").message == "Dataset item successfully deleted"
    with pytest.raises(NotFoundError):
        api.dataset_items.get("i")
    assert api.datasets.list(page=1, limit=10).meta.total_items == 1
