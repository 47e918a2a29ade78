"""Any JSON value is walked; what is not JSON is refused."""

import pytest

from curator.scrub.items import NotScrubbed, path_of, walk
from curator.scrub.locate import lead_in, words


def test_leaves_in_reading_order_keys_before_values() -> None:
    value = {"a": ["x", {"b c": "y"}], "n": 4915112345678, "f": 4915112345678.0, "s": 12, "t": True, "z": None, "e": ""}
    found = [(path_of(leaf.steps), leaf.text, leaf.in_key) for leaf in walk(value)]
    assert found == [
        ("a", "a", True),
        ("a[0]", "x", False),
        ('a[1]["b c"]', "b c", True),
        ('a[1]["b c"]', "y", False),
        ("n", "n", True),
        ("n", "4915112345678", False),
        ("f", "f", True),
        ("f", "4915112345678", False),
        ("s", "s", True),
        ("t", "t", True),
        ("z", "z", True),
        ("e", "e", True),
    ]


def test_a_bare_string_is_a_leaf() -> None:
    assert [leaf.text for leaf in walk("x")] == ["x"]


@pytest.mark.parametrize("value", [{"a": object()}, {1: "x"}, [b"x"], {"n": 10**1001}])
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(NotScrubbed):
        list(walk(value))


def test_endless_nesting_is_refused() -> None:
    value: object = "x"
    for _ in range(300):
        value = [value]
    with pytest.raises(NotScrubbed, match="nested"):
        list(walk(value))


@pytest.mark.parametrize(
    ("keys", "text", "lead"),
    [
        (("customer", "name"), "Jane", "customer name: "),
        (("firstName",), "Jane", "first name: "),
        (("a", "dob"), "1990-01-02", "dob: "),
        (("phone", "number"), "4915112345678", "phone number: "),
        (("user", "id"), "12345678", "user id: "),
        (("user", "plan"), "Pro", ""),
        (("customer", "message"), "hello", ""),
        (("x", "content"), "hello", ""),
        (("total",), "12", ""),
        (("Emp#",), "11842", "emp number: "),
        (("docNo",), "K0815-9928", "passport number: "),
        (("Desk Lamp",), "6817146515", ""),
        (("name",), "long " * 60, ""),
        ((), "x", ""),
        (("name", "first"), "Aroha", "first name: "),
        (("customer_name", "last"), "Ngata", "last name: "),
        (("queue", "full"), "Aroha", ""),
    ],
)
def test_lead_in(keys: tuple[str, ...], text: str, lead: str) -> None:
    assert lead_in(keys, text) == lead


def test_words() -> None:
    assert words("firstName-of_HTTPServer2") == ["first", "name", "of", "http", "server", "2"]
