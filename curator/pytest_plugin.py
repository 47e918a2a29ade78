"""The pytest plug-in: the items of a dataset as test cases, each named by its id, held against the rule's checks.

```python
@pytest.mark.curator("order-status-regression")  # a rule; items="folder of curator pull, or a lock file" pins them
def test_support(curator_item, curator_check):
    curator_check(my_agent(curator_item.input))
```

The test's code runs in pytest's own process; `curator run` and `curator gate` run it apart. Nothing is written to
Langfuse. Items come from a pulled folder without network, else from the server, once per test function.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from curator.experiments import Checker
    from curator.model.item import Item

MARK = "curator"
_HOW = 'Mark the test: @pytest.mark.curator("RULE"), and items="FOLDER or LOCK" if it should not ask the server.'


def pytest_configure(config: pytest.Config) -> None:
    """Declares the mark."""
    config.addinivalue_line(
        "markers", f"{MARK}(rule, items=None): one test case for each item of the rule's dataset (fixture curator_item)"
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test case for each item, in the order of ids, so that ids and order are the same every time.

    Fails the collection with the message and remedy of whatever keeps the items from being read, and for a dataset
    without items: a suite that tests nothing must not pass.
    """
    if "curator_item" not in metafunc.fixturenames:
        return
    from curator.model.errors import CuratorError

    rule, where = _marked(metafunc.definition)
    try:
        items = sorted(_items(rule, where), key=lambda item: item.id)
    except CuratorError as error:
        pytest.fail(f"{error.code}: {error.message} {error.remedy}", pytrace=False)
    if not items:
        pytest.fail(f"The dataset of {rule} has no active items: nothing would be tested.", pytrace=False)
    metafunc.parametrize("curator_item", items, ids=[item.id for item in items])


@pytest.fixture(scope="session")
def _curator_checkers() -> "Iterator[dict[str, Checker]]":
    checkers: dict[str, Checker] = {}
    yield checkers
    for checker in checkers.values():
        checker.close()


@pytest.fixture
def curator_check(
    request: pytest.FixtureRequest, curator_item: "Item", _curator_checkers: "dict[str, Checker]"
) -> Callable[[Any], None]:
    """Takes the output for the item; fails the test with what the rule's checks say, also when one said nothing."""
    from curator.config import load_settings
    from curator.experiments import Case, Checker
    from curator.rulebook import find_rule

    rule, _ = _marked(request.node)
    if rule not in _curator_checkers:
        settings = load_settings()
        _curator_checkers[rule] = Checker(find_rule(rule, settings).rule, allow_python=settings.allow_python)

    def check(output: Any) -> None:
        __tracebackhide__ = True
        case = Case(
            input=curator_item.input,
            output=output,
            expected_output=curator_item.expected_output,
            metadata=curator_item.metadata,
        )
        found = _curator_checkers[rule].evaluate(case)
        said = [f"{each.name}: {each.error or each.comment}" for each in found if each.error or each.passed is False]
        if not any(each.passed for each in found) and not said:
            said = ["no check of the rule says yes or no: a bound in gate.required, or a built-in check, would"]
        if said:
            pytest.fail("\n".join(said), pytrace=False)

    return check


def _marked(node: pytest.Item) -> tuple[str, str | None]:
    mark = node.get_closest_marker(MARK)
    if mark is None or not mark.args:
        pytest.fail(f"{node.name}: no rule is named. {_HOW}", pytrace=False)
    return str(mark.args[0]), mark.kwargs.get("items")


def _items(name: str, where: str | None) -> "list[Item]":
    """The items of a rule's dataset, from `where` or as the server has them now. Raises CuratorError."""
    from curator.config import load_settings
    from curator.dataset import needs_server, side, snapshot
    from curator.gateway import Gateway
    from curator.model.errors import UsageError
    from curator.rulebook import find_rule

    settings = load_settings()
    dataset = find_rule(name, settings).rule.dataset.name
    if where is not None and not needs_server(where):
        found = side(None, where)
    else:
        with Gateway(settings.connection()) as gateway:
            found = snapshot(gateway, dataset) if where is None else side(gateway, where)
    if found.name != dataset:
        raise UsageError(
            f"{where} holds the dataset {found.name!r}, the rule feeds {dataset!r}.",
            code="LOCK_ELSEWHERE",
            remedy="Name the folder or lock of this rule's dataset.",
        )
    return list(found.items.values())
