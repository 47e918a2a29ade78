"""The errors of curator: one sentence, one remedy, one documented exit code each.

Every error that a user can cause, or that the outside can cause, is a `CuratorError`. Its message is safe to print: it
holds no trace text, no personal value and no key.
"""

from enum import IntEnum
from functools import cache
from pathlib import Path


class ExitCode(IntEnum):
    """Exit codes of every command."""

    YES = 0
    NO = 1
    USAGE = 2
    CONFIG = 3
    SERVER = 4
    INTERRUPTED = 130


class CuratorError(Exception):
    """A failure with a name.

    `code` is stable and has a help page (`curator explain CODE`); `message` says in one sentence what is wrong;
    `remedy` says what to do next, by `remedies.toml` where it is not given.
    """

    exit_code: ExitCode = ExitCode.NO

    def __init__(self, message: str, *, code: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.remedy = remedy or remedies().get(code, "")

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


@cache
def remedies() -> dict[str, str]:
    """Code → what to do next, where one sentence fits every error of the code."""
    import tomllib  # only who fails needs it

    return tomllib.loads(Path(__file__).with_name("remedies.toml").read_text(encoding="utf-8"))


class UsageError(CuratorError):
    """Wrong arguments, or a malformed rule: exit 2."""

    exit_code = ExitCode.USAGE


class ConfigError(CuratorError):
    """Missing or refused keys, a server that is too old: exit 3."""

    exit_code = ExitCode.CONFIG


class ServerError(CuratorError):
    """The server or the network failed: exit 4."""

    exit_code = ExitCode.SERVER


def unexpected(error: BaseException) -> CuratorError:
    """A failure that nobody foresaw, by its kind and its place: its own message may quote the text of a trace."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
    return CuratorError(f"Something unexpected happened ({type(error).__name__}{place}).", code="UNEXPECTED")
