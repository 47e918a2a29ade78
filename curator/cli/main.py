"""The entry point: finds a command, imports only that command's module, turns every refusal into one sentence."""

import importlib
import sys

import click

from curator import __version__
from curator.cli.output import say_error
from curator.model.errors import CuratorError, ExitCode, unexpected

# name -> ("module:attribute", one-line help). The help stands here so that `--help` imports no command.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("curator.cli.demo:demo", "Try curator on a sandbox with demo data; nothing to configure."),
    "serve": ("curator.cli.serve:serve", "Show the terminal UI in a browser."),
    "sandbox": ("curator.cli.sandbox:sandbox", "Run the embedded Langfuse-compatible server."),
    "queue": ("curator.cli.queue:queue", "List the failures that need a decision."),
    "show": ("curator.cli.show:show", "Show one trace with observations, scores and comments."),
    "draft": ("curator.cli.draft:draft", "Propose the dataset item of a trace; writes nothing."),
    "promote": ("curator.cli.promote:promote", "Scrub, write, read back: traces become dataset items."),
    "verify": ("curator.cli.verify:verify", "Read items back and hold them against their receipts."),
    "dismiss": ("curator.cli.decide:dismiss", "Decide that a failure is not worth a case."),
    "snooze": ("curator.cli.decide:snooze", "Put a failure off until later."),
    "reopen": ("curator.cli.decide:reopen", "Take a decision back."),
    "undo": ("curator.cli.undo:undo", "Take back the last action."),
    "log": ("curator.cli.log:log", "Show the ledger of what was done."),
    "audit": ("curator.cli.audit:audit", "Audit where a dataset came from, or one item's lineage."),
    "erase": ("curator.cli.erase:erase", "Erase what came from a trace, a session or a user."),
    "seed": ("curator.cli.seed:seed", "Create the rule's dataset with its schemas and first items."),
    "run": ("curator.cli.run:run", "Run an experiment over the rule's dataset, and see that it is whole."),
    "runs": ("curator.cli.runs:runs", "List experiment runs, and say of each whether it is whole."),
    "compare": ("curator.cli.compare:compare", "Compare two runs: is the change real?"),
    "gate": ("curator.cli.gate:gate", "Decide a release by the rule's thresholds; fails closed."),
    "prove": ("curator.cli.prove:prove", "Prove that items fail where they should and pass where they should."),
    "init": ("curator.cli.init:init", "Write a config and a first rule from a look at your own traces."),
    "rules": ("curator.cli.rules:rules", "List, check, show and start rule files."),
    "scrub": ("curator.cli.scrub:scrub", "Scrub JSON or text from a file or pipe."),
    "explain": ("curator.cli.explain:explain", "Explain a code or a topic."),
    "doctor": ("curator.cli.doctor:doctor", "Say in words what is wrong with keys, server, model, terminal."),
}


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
        return command

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


def main() -> None:
    """Runs the command line and exits with a documented code; a user's mistake never shows a traceback."""
    try:
        result = cli.main(standalone_mode=False)
        code = int(result) if isinstance(result, int) else ExitCode.YES
    except CuratorError as error:
        say_error(error)
        code = error.exit_code
    except click.exceptions.Abort:
        click.echo("interrupted", err=True)
        code = ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = ExitCode.USAGE
    except KeyboardInterrupt:
        click.echo("interrupted", err=True)
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        code = ExitCode.YES
    except Exception as error:  # a traceback's last line may quote a trace: kind and place are enough to report it
        failure = unexpected(error)
        say_error(failure)
        code = failure.exit_code
    sys.exit(int(code))
