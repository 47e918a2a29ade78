"""Run as a program: sends one generation per kind of value with the real SDK and prints where each one is.

Its own process, because the SDK keeps one tracer per public key for the life of a process.
"""

import json
import sys

from langfuse import Langfuse

VALUES = {
    "str": "hello",
    "json_obj_string": '{"a":1}',
    "dict": {"a": 1},
    "list": [1, "x"],
    "num": 5,
    "num_string": "5",
    "none": None,
    "empty": "",
    "true_string": "true",
    "quoted": '"q"',
    "nested_json_string": {"s": '{"a": 1}'},
    "long5k": "x" * 5000,
    "unicode": "日本 🙂 é",
    "nul": "a\x00b",
    "ctrl": "a\x01\x1bb",
    "surrogate": "a\ud800b",
    "big1M": "x" * 1024 * 1024,
    "big3M": "x" * 3 * 1024 * 1024,
    "chat": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}],
    "messages_dict": {"messages": [{"role": "user", "content": "hi"}]},
    "bigint": 12345678901234567890,
    "float": 1.0,
    "html": "<b>&</b>",
    "crlf": "a\r\nb",
    "dup": {"z": 1, "a": 2},
}


def main() -> None:
    """Arguments: base URL, public key, secret key."""
    base_url, public, secret = sys.argv[1:]
    client = Langfuse(base_url=base_url, public_key=public, secret_key=secret)
    sent = {}
    for label, value in VALUES.items():
        generation = client.start_observation(
            as_type="generation", name=f"io-{label}", input=value, output=value, metadata={"m": value}
        )
        generation.end(end_time=generation._otel_span.start_time)  # as fast as it was recorded: latency 0
        sent[label] = {"trace": generation.trace_id, "observation": generation.id}
        client.flush()
    client.shutdown()
    print(json.dumps(sent))


if __name__ == "__main__":
    main()
