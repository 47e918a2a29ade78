"""What became of a promotion or a request, by code: the one table behind receipts, exit codes, remedies and help pages.

A code is stable and has a page (`codes/CODE.md`). The gateway takes its errors' next step and exit code from here,
`curator.promote` its refusals, both front ends what they offer. Codes that only ever end a command (a malformed rule,
a missing key) are not listed: their exception carries the exit code. `outcomes.toml` holds the rows.
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from curator.model.base import Value
from curator.model.errors import ExitCode

Verdict = Literal["refused", "failed"]


class Outcome(Value):
    """One way in which something ends other than well."""

    code: str
    verdict: Verdict = "refused"
    """`refused`: nothing was written; `failed`: a write happened or may have happened. A refusal that comes after a
    write counts as failed, whatever stands here."""
    remedy: str
    """What a person does next, in one sentence."""
    remedies: tuple[str, ...] = ()
    """What curator can do; names of `REMEDIES`."""
    exit: ExitCode = ExitCode.NO
    """How a command ends that this stopped."""
    connection: bool = False
    """The way to Langfuse failed: nothing is said about the item, and later it may work."""


_TABLE = tomllib.loads(Path(__file__).with_name("outcomes.toml").read_text(encoding="utf-8"))
REMEDIES: dict[str, str] = _TABLE.pop("remedies")
"""What curator can do, by one key or `--remedy NAME`; every failure offers `draft`."""
_BY_NAME = {
    name: Outcome.model_validate({"code": name, **row, "exit": ExitCode[row.get("exit", "NO")]})
    for name, row in _TABLE.items()
}
OUTCOMES: dict[str, Outcome] = {each.code: each for each in _BY_NAME.values()}


def __getattr__(name: str) -> Outcome:
    """`outcomes.COLLISION` and the other tables of the file, by their names."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise AttributeError(f"there is no outcome {name}") from None


def outcome(code: str, remedy: str = "") -> Outcome:
    """The row of a code; one with `remedy` and nothing that curator can do for a code that is not in the table."""
    return OUTCOMES.get(code) or Outcome(code=code, remedy=remedy)


def exit_code(codes: Iterable[str]) -> ExitCode:
    """How a command ends that these stopped: as the one of them, NO when they differ, YES when there are none."""
    exits = {outcome(code).exit for code in codes}
    return exits.pop() if len(exits) == 1 else ExitCode.NO if exits else ExitCode.YES


def offered(names: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Remedies by name with their words, in the order of the table."""
    wanted = set(names)
    return tuple((name, words) for name, words in REMEDIES.items() if name in wanted)
