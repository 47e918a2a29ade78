"""The entry point: finds a command, imports only that command's module, turns every refusal into one sentence."""

import errno
import importlib
import io
import itertools
import os
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import click

from curator import __version__
from curator.cli.output import begin_output, fail, say
from curator.model.errors import ConfigError, CuratorError, ExitCode, UsageError, unexpected

T = TypeVar("T")
PIPE_CLOSED = 141
"""As shells say that a reader such as `head` has read enough: 128 + SIGPIPE."""
UNTIMED = ("demo", "serve", "sandbox", "explain", "scrub", "rules", "log")
"""Commands without an end of their own: they ask no server, or go on until somebody ends them."""

COMMANDS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("commands.toml").read_text(encoding="utf-8")
)
"""Name → `{module, help}`; the command is what the module holds of that name."""


class _ReaderGone(Exception):
    """Whoever read our output has closed the pipe. Not an OSError, which click would turn into exit code 1."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used (start-up pays for nothing else)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"curator.cli.{COMMANDS[cmd_name]['module']}")
        command = getattr(module, cmd_name)
        assert isinstance(command, click.Command)
        if cmd_name not in UNTIMED and all(one.name != "timeout" for one in command.params):
            command.params.append(
                click.Option(
                    ["--timeout"],
                    type=click.FloatRange(min=0),
                    metavar="SECONDS",
                    expose_value=False,
                    callback=lambda _, __, seconds: _begin(seconds),
                    help="For the whole command; 0 for no limit.  [default: 600, or the config's]",
                )
            )
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return _with_reader(lambda: super(LazyGroup, self).parse_args(ctx, args))

    def invoke(self, ctx: click.Context) -> object:
        """What a command returns is how it ends; all is well when it returns nothing."""
        ctx.exit(_with_reader(lambda: super(LazyGroup, self).invoke(ctx)) or ExitCode.YES)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, row["help"]) for name, row in COMMANDS.items()])


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="curator")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Turn reviewed LLM failures from Langfuse into regression tests.

    Without a command: the terminal UI on the configured Langfuse. `curator demo` needs no Langfuse.
    """
    if ctx.invoked_subcommand is None:
        from curator.cli.tui import open_tui

        open_tui()


def _begin(seconds: float | None) -> None:
    from curator.config import begin_command  # pydantic, which the first paint of the terminal does not wait for

    begin_command(seconds)


def main() -> None:
    """Runs the command line and exits with a documented code; a user's mistake never shows a traceback."""
    begin_output()
    as_json = _wants_json(sys.argv[1:])
    try:
        code = _outcome(as_json)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (_ReaderGone, BrokenPipeError):
        code = PIPE_CLOSED
        _drop_output()
    except OSError as error:  # the last of the output did not fit
        code = _said(_unwritable(error), as_json=False)
        _drop_output()
    finally:
        if (config := sys.modules.get("curator.config")) is not None:  # else no clock was started
            config.end_command()
    sys.exit(code)


def _outcome(as_json: bool) -> int:
    try:
        if sys.platform == "win32":
            raise ConfigError("curator runs on Linux and macOS.", code="PLATFORM")
        result = cli.main(standalone_mode=False)
        return int(result) if isinstance(result, int) else ExitCode.YES
    except CuratorError as error:
        return _said(error, as_json)
    except (click.exceptions.Abort, KeyboardInterrupt):
        interrupted = CuratorError("interrupted", code="INTERRUPTED", remedy="")
        if as_json:
            fail(interrupted, as_json=True)
        else:
            say(interrupted.message)
        return ExitCode.INTERRUPTED
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(file=shown)
        say(shown.getvalue().rstrip())
        if as_json:
            fail(UsageError(error.format_message(), code="USAGE"), as_json=True)
        return ExitCode.USAGE
    except (_ReaderGone, BrokenPipeError):
        raise
    except Exception as error:  # a traceback's last line may quote a trace: kind and place are enough to report it
        if isinstance(error, OSError) and error.filename is None and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        return _said(unexpected(error), as_json)


def _said(error: CuratorError, as_json: bool) -> int:
    fail(error, as_json=as_json)
    return error.exit_code


def _unwritable(error: OSError) -> ConfigError:
    return ConfigError(f"What this command has to say cannot be written: {error.strerror}.", code="OUTPUT_UNWRITABLE")


def _with_reader(work: Callable[[], T]) -> T:
    try:
        return work()
    except BrokenPipeError:
        raise _ReaderGone from None


def _drop_output() -> None:
    """Nobody reads it any more: what is still held must not fail once again when Python ends."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        return


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether the command was asked for JSON, also when its arguments are wrong."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    pairs = itertools.pairwise(options)
    return "--json" in options or "--format=json" in options or ("--format", "json") in pairs
