"""`curator demo`: everything to try, nothing to configure."""

import contextlib
import signal
import sys
import time

import click

from curator.cli.demo_sandbox import demo_sandbox, state_of_its_own
from curator.cli.output import print_json, say
from curator.model.errors import ExitCode


@click.command()
@click.option("--check", is_flag=True, help="Walk the whole main job without a terminal, and say each step.")
@click.option("--json", "as_json", is_flag=True, help="With --check: one JSON document on stdout.")
@click.pass_context
def demo(ctx: click.Context, check: bool, as_json: bool) -> None:
    """Try curator on a sandbox with demo data; nothing to configure.

    The sandbox runs on this machine and is gone afterwards; so is everything that was done in the demo.
    """
    if as_json and not check:
        raise click.UsageError("--json goes with --check.")
    # A closed window or a polite kill ends it as Ctrl-C does: the sandbox and the state folder go away.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(ExitCode.INTERRUPTED))
    with state_of_its_own():
        if not check:
            from curator.cli.tui import open_tui

            with contextlib.ExitStack() as sandbox:
                open_tui(lambda: sandbox.enter_context(demo_sandbox()))
            return
        _check(ctx, as_json)


def _check(ctx: click.Context, as_json: bool) -> None:
    from curator.cli.demo_steps import Step, walk

    begin = time.monotonic()
    steps: list[Step] = []
    for step in walk():
        steps.append(step)
        if not as_json:
            click.echo(f"{'✓' if step.ok else '✕'} {step.name:<11} {step.detail}")
    seconds = time.monotonic() - begin
    ok = all(step.ok for step in steps)
    if as_json:
        print_json({"ok": ok, "seconds": round(seconds, 1), "steps": [step.model_dump() for step in steps]})
    else:
        say(f"{'All of it works' if ok else 'It does not work here'} ({seconds:.1f} s).")
    if not ok:
        ctx.exit(ExitCode.NO)
