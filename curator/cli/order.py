"""What a reviewer may say about a draft: the options that `draft` and `promote` share."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from curator.model.errors import UsageError

if TYPE_CHECKING:
    from curator.promote import Order

_OPTIONS = (
    click.option("--set", "edits", metavar="PATH=VALUE", multiple=True, help="Set a field; VALUE is JSON or text."),
    click.option("--case", default="1", show_default=True, help="Tells several items of one trace apart."),
    click.option(
        "--keep", metavar="FINDING=REASON", multiple=True, help="Keep a finding as it is; the reason is recorded."
    ),
    click.option(
        "--replace",
        metavar="FINDING=TEXT",
        multiple=True,
        help="Put words of your own in the place of a finding, such as a description of a picture.",
    ),
    click.option("--failure-type", metavar="TYPE", help="What kind of failure this is; one of the rule's."),
    click.option(
        "--despite", type=click.Choice(["CORRECTION_FAILS"]), multiple=True, help="A problem that must not block."
    ),
)


def order_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Gives a command these options; it takes them as keywords and hands them to `order_of`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def order_of(
    *,
    edits: tuple[str, ...],
    case: str,
    keep: tuple[str, ...],
    replace: tuple[str, ...],
    failure_type: str | None,
    despite: tuple[str, ...],
) -> "Order":
    """The options as an order. Raises UsageError for `PATH=VALUE` or `FINDING=REASON` that are none."""
    from curator.draft.edits import parse_assignment
    from curator.promote import Order

    return Order(
        edits=dict(parse_assignment(each) for each in edits),
        case=case,
        keep=dict(_named(each, "--keep", "REASON") for each in keep),
        replace=dict(_named(each, "--replace", "TEXT") for each in replace),
        failure_type=failure_type,
        despite=frozenset(despite),
    )


def _named(text: str, option: str, what: str) -> tuple[str, str]:
    finding, sign, reason = text.partition("=")
    if not sign or not finding or not reason.strip():
        raise UsageError(
            f"{option} needs FINDING={what}.",
            code="KEEP_REASON",
            remedy="`curator draft` lists the findings with their ids.",
        )
    return finding, reason.strip()
