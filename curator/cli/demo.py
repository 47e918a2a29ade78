"""`curator demo`: everything to try, nothing to configure, on a sandbox that ends with it."""

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from curator.cli.output import print_json, say
from curator.config import Settings, load_settings
from curator.model.errors import ExitCode, ServerError


@click.command()
@click.option("--check", is_flag=True, help="Walk the whole main job without a terminal, and say each step.")
@click.option("--json", "as_json", is_flag=True, help="With --check: one JSON document on stdout.")
def demo(check: bool, as_json: bool) -> ExitCode:
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
            return ExitCode.YES
        return _walk_all(as_json)


def _walk_all(as_json: bool) -> ExitCode:
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
    return ExitCode.YES if ok else ExitCode.NO


ENDING_SECONDS = 5
VARIABLES = {"LANGFUSE_BASE_URL": "base_url", "LANGFUSE_PUBLIC_KEY": "public_key", "LANGFUSE_SECRET_KEY": "secret_key"}


@contextlib.contextmanager
def demo_sandbox() -> Iterator[Settings]:
    """Settings that lead to a fresh sandbox with demo data. Raises ServerError when it does not start.

    Scores and traces are visible at once: a demo should not make people wait for a lag.
    """
    from curator.rulebook import shipped_rules

    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(
            [sys.executable, "-m", "curator", "sandbox", "--seed", "demo", "--lag", "0", "--until-stdin-closes"],
            # Only this process holds the pipe: however it ends, even by SIGKILL, the sandbox sees its end and stops.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            # An interrupt in the terminal is the demo's business, which then ends the sandbox.
            start_new_session=True,
        )
        try:
            flags = _address(process)
            if len(flags) < len(VARIABLES):
                raise ServerError("The sandbox did not start.", code="SANDBOX_START")
            yield load_settings(**flags, rules=str(shipped_rules()))
        finally:
            process.terminate()
            try:
                process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: "subprocess.Popen[str]") -> dict[str, str]:
    """The three variables that the sandbox prints first; fewer when it ended instead."""
    assert process.stdout is not None
    flags: dict[str, str] = {}
    for line in process.stdout:
        name, _, value = line.strip().partition("=")
        if name in VARIABLES:
            flags[VARIABLES[name]] = value
        if len(flags) == len(VARIABLES):
            break
    return flags


@contextlib.contextmanager
def state_of_its_own() -> Iterator[Path]:
    """A state folder for the demo alone, so that its journal and drafts do not mix with real ones."""
    import os

    before = os.environ.get("CURATOR_STATE_DIR")
    with tempfile.TemporaryDirectory(prefix="curator-demo-") as folder:
        os.environ["CURATOR_STATE_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            if before is None:
                del os.environ["CURATOR_STATE_DIR"]
            else:
                os.environ["CURATOR_STATE_DIR"] = before
