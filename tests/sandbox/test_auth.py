"""Who may call what, word for word."""

import base64

import httpx
import pytest

HINT = " Confirm that you've configured the correct host."
PUBLIC, SECRET = "pk-lf-curator-sandbox", "sk-lf-curator-sandbox"
ORGANIZATION = "sk-lf-curator-organization"
ITEMS, PROJECTS, SCORES = "/api/public/dataset-items", "/api/public/projects", "/api/public/scores"
NO_ACCESS = "Access denied - insufficient permissions for this endpoint"
ORGANIZATION_KEY = "Invalid API key. Are you using an organization key?"


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("header", "path", "status", "message"),
    [
        (None, ITEMS, 401, "No authorization header"),
        (basic(f"{PUBLIC}:wrong"), ITEMS, 401, "Invalid credentials." + HINT),
        (basic("pk-lf-wrong:wrong"), ITEMS, 401, "Invalid credentials." + HINT),
        (basic(f"{PUBLIC}:"), ITEMS, 401, "Invalid authorization header." + HINT),
        (basic(f":{SECRET}"), ITEMS, 401, "Invalid authorization header." + HINT),
        (basic("no colon"), ITEMS, 401, "Invalid authorization header." + HINT),
        ("Basic !!!", ITEMS, 401, "Invalid character." + HINT),
        ("Basic abcde", ITEMS, 401, "The string to be decoded is not correctly encoded." + HINT),
        (f"Token {SECRET}", ITEMS, 401, "Invalid authorization header"),
        (basic(f"{PUBLIC}:{SECRET}").replace("Basic", "basic"), ITEMS, 401, "Invalid authorization header"),
        (f"Bearer {SECRET}", ITEMS, 401, "Invalid public key." + HINT),
        (f"Bearer {PUBLIC}", ITEMS, 403, NO_ACCESS),
        (f"Bearer {PUBLIC}", PROJECTS, 403, ORGANIZATION_KEY),
        (basic(f"pk-lf-organization:{ORGANIZATION}"), ITEMS, 403, NO_ACCESS),
        (basic(f"pk-lf-organization:{ORGANIZATION}"), PROJECTS, 403, ORGANIZATION_KEY),
        (basic(f"{PUBLIC}:wrong"), f"{ITEMS}?limit=1000", 401, "Invalid credentials." + HINT),
    ],
)
def test_refusals(http: httpx.Client, header: str | None, path: str, status: int, message: str) -> None:
    headers = {} if header is None else {"authorization": header}
    answer = httpx.get(http.base_url.join(path), headers=headers)
    assert (answer.status_code, answer.json()) == (status, {"message": message})


@pytest.mark.parametrize(
    "header",
    [
        basic(f"{PUBLIC}:{SECRET}"),
        basic(f"pk-lf-wrong:{SECRET}"),
        basic(f"{PUBLIC}:{SECRET}").rstrip("="),
        basic(f"{PUBLIC}:{SECRET}:more"),
    ],
    ids=["right", "wrong public key", "no padding", "a second colon"],
)
def test_what_passes(http: httpx.Client, header: str) -> None:
    assert httpx.get(http.base_url.join(ITEMS), headers={"authorization": header}).status_code == 200


def test_the_public_key_alone_may_write_scores(http: httpx.Client) -> None:
    score = {"traceId": "t" * 32, "name": "thumbs", "value": 1}
    answer = httpx.post(http.base_url.join(SCORES), json=score, headers={"authorization": f"Bearer {PUBLIC}"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/api/public/health", "/api/public/ready"])
def test_health_needs_no_keys(http: httpx.Client, path: str) -> None:
    assert httpx.get(http.base_url.join(path)).json() == {"status": "OK", "version": "4.59.0"}


@pytest.mark.parametrize("path", ["/api/public/nope", "/", "/api/public/dataset-items/a/b"])
def test_an_unknown_path_answers_a_page(http: httpx.Client, path: str) -> None:
    answer = httpx.get(http.base_url.join(path))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text.startswith("<!DOCTYPE html>")


def test_head_is_not_answered(http: httpx.Client) -> None:
    assert http.head(ITEMS).status_code == 405


def test_an_item_called_dot_is_never_fetched(http: httpx.Client) -> None:
    """Clients resolve the dot away, so the list answers."""
    http.post("/api/public/v2/datasets", json={"name": "d"})
    assert http.post(ITEMS, json={"datasetName": "d", "id": ".", "input": 1}).status_code == 200
    assert [row["id"] for row in http.get(f"{ITEMS}/.").json()["data"]] == ["."]


def test_a_trailing_slash_is_redirected(http: httpx.Client) -> None:
    answer = http.get(f"{ITEMS}/")
    assert (answer.status_code, answer.headers["location"]) == (308, ITEMS)
