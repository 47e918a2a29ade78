"""Any JSON value arrives as it is and is verified, or is refused before the write; every loss is predicted."""

import itertools
import json
from collections.abc import Iterator
from decimal import Context, Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from curator.gateway import Gateway
from curator.gateway.errors import GatewayError
from curator.journal import Journal
from curator.model import ScrubPolicy
from curator.promote.plan import differences
from curator.promote.rewrites import parsed_kind, rewrites, stored_form
from curator.sandbox.server import SandboxServer
from tests.promote.support import DATASET, QUICK, EmailFinder, connection_of, make_item, promote

LOSS_CODES = {
    "ITEM_NOT_FINITE",
    "ITEM_CONTROL_CHARACTERS",
    "ITEM_NUMBER_CHANGES",
    "ITEM_UNSTORABLE_TEXT",
    "ITEM_KEY_DROPPED",
    "ITEM_STRING_PARSED",
    "ITEM_TOO_DEEP",
}
numbers = st.one_of(
    st.integers(),
    st.integers(min_value=2**53 - 3, max_value=2**70),
    st.floats(),
    st.sampled_from([1.0, -0.0, 1e400, 2**53, 2**53 + 1, 10**17, 1e22, 0.1 + 0.2, 10**400, 5e-324]),
)
odd_text = st.text(st.characters(codec=None, max_codepoint=0x1FFFF), max_size=12)
texts = st.one_of(
    odd_text,
    st.text(st.sampled_from("\x00\x07\t\n\f\x85\ud800\udc00ae\u2028"), max_size=6),
    st.sampled_from(
        ["", "null", "true", "123", "1.50", "-0", "1e999", '{"a":1}', ' "q" ', "007", "NaN", "12345678901234567890"]
    ),
    numbers.map(str),
)
keys = st.one_of(odd_text, st.sampled_from(["__proto__", "constructor", "a\x00", "a\x07", "a"]))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=6,
)
serial = itertools.count()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Journal]]:
    path: Path = tmp_path_factory.mktemp("journal") / "journal.sqlite3"
    with SandboxServer() as server, Gateway(connection_of(server)) as gateway, Journal("test", path) as journal:
        gateway.put_dataset(DATASET)
        yield gateway, journal


def plain(value: Any) -> str:
    """JSON text in which equal values are equal, by another way than the one under test: numbers by their digits."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted(json.dumps(k) + ":" + plain(v) for k, v in value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(plain, value)) + "]"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        number = Decimal(value) if isinstance(value, int) else Decimal(repr(value))
        return "0" if number == 0 else str(number.normalize(Context(prec=2000)))
    return json.dumps(value)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(input_=values, expected=values, note=values)
@example(input_={"n": 1.0, "z": -0.0}, expected=None, note=None)
@example(input_="12345678901234567890", expected="1e999", note="")
def test_verified_as_it_is_or_refused_before_the_write(
    house: tuple[Gateway, Journal], input_: Any, expected: Any, note: Any
) -> None:
    gateway, journal = house
    number = next(serial)
    item = make_item(id=f"item-{number}").model_copy(
        update={"input": input_, "expected_output": expected, "source_trace_id": f"trace-{number}"}
    )
    item = item.model_copy(update={"metadata": {"note": note}})
    before = gateway.requests
    receipt = promote(
        gateway, journal, EmailFinder(), item, policy=ScrubPolicy(), rule="r", reviewer="ada", patience=QUICK
    )
    if receipt.verdict == "refused":
        assert receipt.problem is not None
        assert receipt.problem.code in LOSS_CODES
        assert gateway.requests == before
        return
    assert receipt.verdict == "verified"
    stored = gateway.item(item.id)
    assert stored is not None
    assert plain(stored.input) == plain(item.input)
    assert plain(stored.expected_output) == plain(item.expected_output)
    assert plain(stored.metadata) == plain(item.metadata)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=values)
@example(value='{"n": 1e999, "m": [12345678901234567890, 1.0, "a\\u0007"]}')
@example(value="\x00123")
def test_what_the_server_makes_of_a_loss_is_predicted(house: tuple[Gateway, Journal], value: Any) -> None:
    """Sent past the refusals: what comes back is what `stored_form` says, so `differences` can explain it."""
    gateway, _ = house
    found = rewrites(value, "input")
    item = make_item(id=f"loss-{next(serial)}").model_copy(update={"input": value, "metadata": {}})
    try:
        stored = gateway.put_item(item)
    except GatewayError:
        assert {each.rule for each in found} & {"unstorable", "not-finite", "number"}
        return
    if value is None:
        return
    assert plain(stored.input) == plain(stored_form(value))
    lossy = [each for each in found if each.lossy]
    if not lossy:
        assert differences(item, stored) == []
    elif plain(stored_form(value)) != plain(value):
        assert all(each.explained for each in differences(item, stored))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("123", "number"),
        ("1.50", "number"),
        ("true", "boolean"),
        ("null", "null"),
        ('"q"', "string without its quotes"),
        ('{"a":1}', "object"),
        ("[1]", "list"),
        (' {"a":1} ', "object"),
        ("12345678901234567890", None),
        ("1e999", None),
        ("1e99999999999999999999", None),
        ("007", None),
        ("2026-01-01", None),
        ("NaN", None),
        ("  ", None),
        ("Where is my order?", None),
    ],
)
def test_which_strings_are_parsed(text: str, kind: str | None) -> None:
    """As measured on Langfuse 4.16.0."""
    assert parsed_kind(text) == kind
