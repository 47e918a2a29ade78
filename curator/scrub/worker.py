"""The process that loads the engine and scrubs: it can be killed, and nothing it loads slows down its caller.

One request in, one answer out: a line with the length of a JSON document, then the document. Errors name their kind,
never a text of the item; standard error goes nowhere. The process opens no connection and starts no other process:
an audit hook refuses both.
"""

import json
import sys
from collections.abc import Callable
from typing import IO, Any

from curator.model import Draft, ScrubPolicy
from curator.model.errors import CuratorError
from curator.scrub.drafts import scrub_draft
from curator.scrub.gate import Choice
from curator.scrub.items import Limits, NotScrubbed
from curator.scrub.pipeline import Pipeline

_CALLS = "socket.connect socket.getaddrinfo socket.bind socket.sendto subprocess.Popen os.system os.exec os.posix_spawn"
_FORBIDDEN = frozenset(_CALLS.split())


def answer(pipeline: Pipeline, request: dict[str, Any]) -> object:
    """Carries out one request and returns plain JSON."""
    policy = ScrubPolicy.model_validate(request.get("policy", {}))
    match request["do"]:
        case "ready":
            pipeline.engine.find(["Warm up with Jane Doe."])
            return {"model": pipeline.engine.model}
        case "scrub":
            choices = {key: Choice.model_validate(choice) for key, choice in request["choices"].items()}
            draft = Draft.model_validate(request["draft"])
            result = scrub_draft(pipeline, draft, policy, choices, review=request["review"])
            return result.model_dump(mode="json", exclude={"draft"})
        case "scrub_value":
            scrubbed = pipeline.scrub(request["value"], policy)
            return {"value": scrubbed.value, "findings": [f.model_dump(mode="json") for f in scrubbed.findings]}
        case "find":
            return [f.model_dump(mode="json") for f in pipeline.find(request["value"], policy)]
        case "warm":
            pipeline.warm(request["values"])
            return None
        case other:
            raise ValueError(f"unknown request {other}")


def attempt(work: Callable[[], object]) -> dict[str, Any]:
    """`{"ok": …}`, or an error in words that hold no text of the item."""
    try:
        return {"ok": work()}
    except NotScrubbed as error:
        return {"not_scrubbed": error.why}
    except CuratorError as error:
        names = {"message": error.message, "code": error.code, "remedy": error.remedy}
        return {"error": {**names, "exit": int(error.exit_code)}}
    except (MemoryError, RecursionError) as error:
        return {"not_scrubbed": f"the item is too much for the scrub ({type(error).__name__})"}
    except Exception as error:
        # The message of an unforeseen error may quote the text it stumbled over: only its kind leaves.
        return {"not_scrubbed": f"the scrub crashed ({type(error).__name__})"}


def send(stream: IO[bytes], message: object) -> None:
    """Writes one message. Raises OSError when the other side is gone."""
    body = json.dumps(message, ensure_ascii=True).encode()
    stream.write(b"%d\n" % len(body) + body)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Reads one message; None at the end of the stream."""
    header = stream.readline(32)
    if not header:
        return None
    size = int(header)
    body = stream.read(size)
    return json.loads(body) if len(body) == size else None


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Answers requests until the stream ends. The first message says which limits hold and whether to use a model."""
    first = receive(requests)
    if first is None:
        return
    from curator.scrub.engine import Engine

    pipeline: Pipeline | None = None

    def start() -> object:
        nonlocal pipeline
        engine = Engine(use_model=first["use_model"])
        pipeline = Pipeline(engine, Limits.model_validate(first["limits"]))
        return answer(pipeline, {"do": "ready"})

    send(answers, attempt(start))
    while pipeline is not None and (request := receive(requests)) is not None:
        ready, wanted = pipeline, request
        send(answers, attempt(lambda: answer(ready, wanted)))  # noqa: B023  # called at once


def _refuse(event: str, _: object) -> None:
    if event in _FORBIDDEN:
        raise PermissionError(f"the scrub worker may not use {event}")


def main() -> None:
    """Entry point of the process."""
    import os

    # Nothing that a library prints may end up among the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.addaudithook(_refuse)
    serve(sys.stdin.buffer, answers)
