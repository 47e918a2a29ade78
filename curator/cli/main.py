"""The entry point: finds a command, imports only that command's module, turns every refusal into one sentence."""

import errno
import importlib
import io
import itertools
import os
import sys
from collections.abc import Callable, Sequence
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

# name -> ("module:attribute", one-line help). The help stands here so that `--help` imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("curator.cli.demo:demo", "Try curator on a sandbox with demo data; nothing to configure."),
    "serve": ("curator.cli.tui:serve", "Show the terminal UI in a browser."),
    "sandbox": ("curator.cli.sandbox:sandbox", "Run the embedded Langfuse-compatible server."),
    "queue": ("curator.cli.queue:queue", "List the failures that need a decision."),
    "show": ("curator.cli.show:show", "Show one trace with observations, scores and comments."),
    "draft": ("curator.cli.draft:draft", "Propose the dataset item of a trace; writes nothing."),
    "promote": ("curator.cli.promote:promote", "Scrub, write, read back: traces become dataset items."),
    "verify": ("curator.cli.log:verify", "Read items back and hold them against their receipts."),
    "dismiss": ("curator.cli.decide:dismiss", "Decide that a failure is not worth a case."),
    "snooze": ("curator.cli.decide:snooze", "Put a failure off until later."),
    "reopen": ("curator.cli.decide:reopen", "Take a decision back."),
    "coverage": ("curator.cli.week:coverage", "Say which groups of failures have an item, and which items went quiet."),
    "digest": ("curator.cli.week:digest", "Sum up the week, and say what waits for a person."),
    "undo": ("curator.cli.log:undo", "Take back the last action."),
    "log": ("curator.cli.log:log", "Show the ledger of what was done."),
    "audit": ("curator.cli.audit:audit", "Audit where a dataset came from, or one item's lineage."),
    "erase": ("curator.cli.erase:erase", "Erase what came from a trace, a session or a user."),
    "seed": ("curator.cli.promote:seed", "Create the rule's dataset with its schemas and first items."),
    "run": ("curator.cli.run:run", "Run an experiment over the rule's dataset, and see that it is whole."),
    "runs": ("curator.cli.compare:runs", "List experiment runs, and say of each whether it is whole."),
    "compare": ("curator.cli.compare:compare", "Compare two runs: is the change real?"),
    "gate": ("curator.cli.gate:gate", "Decide a release by the rule's thresholds; fails closed."),
    "known": ("curator.cli.gate:known", "Excuse an item as a failure that nobody has fixed yet, until a day."),
    "quarantine": ("curator.cli.gate:quarantine", "Excuse an item as flaky, until a day."),
    "require": ("curator.cli.gate:require", "Let an excused item decide again."),
    "baseline": ("curator.cli.gate:baseline", "Approve a run as what the next ones are held against."),
    "judges": ("curator.cli.compare:judges", "Hold judges against people: does the score say what a person says?"),
    "prove": ("curator.cli.run:prove", "Prove that items fail where they should and pass where they should."),
    "pull": ("curator.cli.dataset:pull", "Write a dataset as files to review, with a lock that pins it."),
    "diff": ("curator.cli.dataset:diff", "Show what changed between two states of a dataset."),
    "push": ("curator.cli.dataset:push", "Apply a reviewed folder to its dataset, or copy it into another."),
    "export": ("curator.cli.dataset:export", "Write a dataset in the shape of another runner."),
    "init": ("curator.cli.init:init", "Write a config and a first rule from a look at your own traces."),
    "rules": ("curator.cli.rules:rules", "List, check, show and start rule files."),
    "scrub": ("curator.cli.scrub:scrub", "Scrub JSON or text from a file or pipe."),
    "explain": ("curator.cli.explain:explain", "Explain a code or a topic."),
    "schema": ("curator.cli.explain:schema", "Print the JSON Schema of a command's --json document."),
    "doctor": ("curator.cli.doctor:doctor", "Say in words what is wrong with keys, server, model, terminal."),
}


class _ReaderGone(Exception):
    """Whoever read our output has closed the pipe. Not an OSError, which click would turn into exit code 1."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are used (start-up pays for nothing else)."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
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
        return _with_reader(lambda: super(LazyGroup, self).invoke(ctx))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


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
            raise ConfigError(
                "curator runs on Linux and macOS.", code="PLATFORM", remedy="On Windows, run it in WSL (wsl --install)."
            )
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
            fail(UsageError(error.format_message(), code="USAGE", remedy="See its --help."), as_json=True)
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
    return ConfigError(
        f"What this command has to say cannot be written: {error.strerror}.",
        code="OUTPUT_UNWRITABLE",
        remedy="Free some space or write elsewhere; `curator log` shows what was done.",
    )


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
