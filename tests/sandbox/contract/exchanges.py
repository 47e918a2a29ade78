"""Recorded exchanges of a real Langfuse 4.16.0: reading, rebuilding what was cut, sending, comparing."""

import base64
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings"

SERVER_MADE = re.compile(r"^(c[a-z0-9]{24}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$")
# Times, and what only holds on the recording server.
VOLATILE = {
    "createdAt", "updatedAt", "timestamp", "completedAt", "startTime", "endTime", "version", "cursor", "datasetId",
    "projectId", "experimentId",
}  # fmt: skip
MASKS = (
    (re.compile(r"\bc[a-z0-9]{24}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z?"), "<time>"),
    (re.compile(r"for project [\w-]+"), "for project <project>"),
)


@dataclass
class Exchange:
    """One recorded request and what came back. `note` says how the row was rebuilt or seen."""

    file: str
    label: str
    method: str
    path: str
    auth: str | None
    body: bytes | None
    status: int | None
    answer: Any
    failure: str | None

    @property
    def name(self) -> str:
        return f"{self.file} | {self.label}"


def read(file: str) -> list[Exchange]:
    """The exchanges of one file, in order, with the bodies that were too long to keep built again."""
    rows = json.loads((RECORDINGS / f"{file}.json").read_text())
    return [
        Exchange(
            file=file,
            label=row["label"].strip(),
            method=row["request"]["method"],
            path=row["request"]["path"],
            auth=row["request"].get("auth"),
            body=rebuild(row["label"], row["request"].get("body")),
            status=row["response"].get("status"),
            answer=row["response"].get("body"),
            failure=row["response"].get("exception"),
        )
        for row in rows
    ]


def rebuild(label: str, body: Any) -> bytes | None:
    """The bytes that were sent: what the recording cut, or could not write as text, is made again from its label."""
    if body is None:
        return None
    if isinstance(body, str):
        data = body.encode("utf-8", "surrogatepass")
        return data.replace(rb"\xff\xfe", b"\xff\xfe") if label == "raw invalid utf8" else data
    head = body["head"]
    if match := re.fullmatch(r"input of ([\d.]+) MiB", label):
        begin = head[: head.index("xxx")]
        return (begin + "x" * int(float(match[1]) * 1024 * 1024) + '"}}').encode()
    if match := re.fullmatch(r"deep nesting (\d+)", label):
        begin, depth = head[: head.index("[[")], int(match[1])
        return (begin + "[" * depth + "]" * depth + "}").encode()
    if label == "POST long comment":
        begin = head.rstrip("c")
        return (begin + "c" * 20_000 + '"}').encode()
    raise AssertionError(f"{label}: the recording cut the body and nothing says how to build it again")


@dataclass
class Player:
    """Sends exchanges to a server and remembers which id of the recording is which id here."""

    base_url: str
    headers: dict[str, dict[str, str]]
    ids: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.base_url, timeout=60)

    def play(self, exchange: Exchange) -> str | None:
        """Send one exchange. None when the answer is the recorded one, else what is different."""
        headers = dict(self.headers[exchange.auth or "none"])
        content = exchange.body
        if content is not None:
            headers["content-type"] = "application/json"
            content = self._here(content.decode("latin-1")).encode("latin-1")
        path = self._here(exchange.path)
        try:
            response = self.client.request(exchange.method, path, headers=headers, content=content)
        except httpx.HTTPError as error:
            return None if exchange.failure == repr(error) else f"client saw {error!r}"
        if exchange.failure is not None:
            return f"client saw {response.status_code}, not {exchange.failure}"
        if response.status_code != exchange.status:
            return f"status {response.status_code}, not {exchange.status}: {response.text[:200]}"
        answer = _body(response)
        self._learn(exchange.answer, answer)
        return difference(json.loads(self._here(json.dumps(exchange.answer))), answer)

    def post(self, path: str, body: Any) -> None:
        """Send a request of one's own, with valid keys; it must be accepted."""
        self.client.post(path, json=body, headers=self.headers["pk-lf-real"]).raise_for_status()

    def reconnect(self) -> None:
        """Go on with a new client."""
        self.client.close()
        self.client = httpx.Client(base_url=self.base_url, timeout=60)

    def _here(self, text: str) -> str:
        for there, here in self.ids.items():
            text = text.replace(there, here)
        return text

    def _learn(self, want: Any, got: Any) -> None:
        if isinstance(want, dict) and isinstance(got, dict):
            for key in want.keys() & got.keys():
                self._learn(want[key], got[key])
        elif isinstance(want, list) and isinstance(got, list):
            for one, other in zip(want, got, strict=False):
                self._learn(one, other)
        elif isinstance(want, str) and isinstance(got, str) and SERVER_MADE.match(want) and SERVER_MADE.match(got):
            self.ids.setdefault(want, got)


def basic(public: str, secret: str) -> dict[str, str]:
    """The Authorization header of a key pair."""
    return {"authorization": "Basic " + base64.b64encode(f"{public}:{secret}".encode()).decode()}


def _body(response: httpx.Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return response.text


def difference(want: Any, got: Any) -> str | None:
    """What differs between a recorded and an actual body once ids and times are masked."""
    if isinstance(want, dict) and "__elided__" in want:
        return None if _same_beginning(want["head"], got) else "another beginning"
    if isinstance(want, dict) and "__data_len__" in want:
        length, want = want["__data_len__"], {k: v for k, v in want.items() if k != "__data_len__"}
        if not isinstance(got, dict) or len(got["data"]) != length:
            return f"not {length} rows"
        got = {**got, "data": got["data"][: len(want["data"])]}
    return _first_difference(mask(want), mask(got), "$")


def _first_difference(want: Any, got: Any, path: str) -> str | None:
    """The path of the first difference with both values; the order of keys and the kind of number do not matter."""
    if isinstance(want, dict) and isinstance(got, dict) and want.keys() == got.keys():
        parts = [_first_difference(want[key], got[key], f"{path}.{key}") for key in want]
    elif isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        parts = [_first_difference(w, g, f"{path}[{i}]") for i, (w, g) in enumerate(zip(want, got, strict=True))]
    elif want == got and isinstance(want, bool) == isinstance(got, bool):
        return None
    else:
        return f"{path}: want {json.dumps(want)[:300]}\n{'':{len(path) + 7}} got  {json.dumps(got)[:300]}"
    return next((part for part in parts if part), None)


def mask(value: Any) -> Any:
    """The value with everything that no two servers share made equal."""
    if isinstance(value, dict):
        return {k: "<>" if k in VOLATILE and v is not None else mask(v) for k, v in value.items()}
    if isinstance(value, list):
        return [mask(item) for item in value]
    if isinstance(value, str):
        for pattern, text in MASKS:
            value = pattern.sub(text, value)
    return value


def _same_beginning(head: str, got: Any) -> bool:
    """Whether a body of which only the head was kept begins alike: the same keys for JSON, the doctype for HTML."""
    if isinstance(got, str):
        return got[:15] == head[:15]
    keys = re.findall(r'"(\w+)":', head)
    return list(got)[:1] == keys[:1] and set(keys) <= set(re.findall(r'"(\w+)":', json.dumps(got)[:100_000]))
