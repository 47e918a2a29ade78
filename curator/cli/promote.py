"""`curator promote` and `seed`: traces become dataset items, and a dataset begins."""

import signal
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, cast

import click

from curator.cli.draft import order_of, order_options
from curator.cli.experiment_options import rules_option
from curator.cli.output import FILE, count, json_option, plain, print_form, print_json, say
from curator.config import Settings, load_settings
from curator.help.outcomes import REMEDIES, exit_code
from curator.model import Receipt, split_key
from curator.model.errors import ExitCode

if TYPE_CHECKING:
    from curator.promote import Promoter, Resumed, Via
    from curator.scrub import Scrubber

WORDS = {
    "verified": "it is there, and verified",
    "failed": "it is not there as meant",
    "draft": "nothing was written; the draft is kept",
    "shared": "its decision is shared now",
    "undone": "it is taken back now",
}
SIGNS = {"verified": "✓", "unchanged": "=", "refused": "✗", "failed": "!"}


@click.command()
@click.argument("traces", metavar="TRACE…", nargs=-1)
@click.option("--rules", "rule", metavar="RULE", help="The rule to promote by (a name or a file).")
@order_options
@click.option(
    "--remedy",
    "remedies",
    type=click.Choice(list(REMEDIES)),
    multiple=True,
    help="What curator may do about a failure.",
)
@click.option("--complete-queue", is_flag=True, help="Also complete the traces' open annotation-queue entries.")
@click.option("--covers-group", is_flag=True, help="Dismiss the other open failures of TRACE's group as covered by it.")
@click.option("--since", metavar="7d|DATE", help="With --covers-group: the window of the group.  [default: 7d]")
@click.option("--dry-run", is_flag=True, help="Look at everything, write nothing.")
@click.option("--resume", "only_resume", is_flag=True, help="Only finish what an interruption left behind.")
@json_option
def promote(
    traces: tuple[str, ...],
    rule: str | None,
    remedies: tuple[str, ...],
    complete_queue: bool,
    covers_group: bool,
    since: str | None,
    dry_run: bool,
    only_resume: bool,
    as_json: bool,
    **said: Any,
) -> ExitCode:
    """Scrub traces, write them as dataset items, read them back.

    TRACE/OBSERVATION is one reviewed observation; a bare TRACE is everything in it that needs a decision.
    Every finding is replaced unless it is kept with a reason. A case that protects nothing is written with a warning;
    one that the reviewer's own correction fails is not. Ctrl-C finishes what was sent and reports the rest.
    """
    from curator.promote import Choices, Promoter
    from curator.rulebook import find_rule

    settings = load_settings()
    if only_resume:
        _only_resume(settings, as_json)
        return ExitCode.YES
    if not traces or rule is None:
        raise click.UsageError("Name the traces and the rule: curator promote TRACE… --rules RULE")
    if covers_group and len(traces) != 1:
        raise click.UsageError("--covers-group goes with one TRACE: its item stands for the group.")
    loaded = find_rule(rule, settings)
    order = order_of(**said)
    wanted, receipts = list(dict.fromkeys(traces)), list[Receipt]()
    covered: list[str] = []
    choices = Choices(
        remedies=frozenset(remedies),
        complete_queue=complete_queue,
        batch=uuid.uuid4().hex if len(wanted) > 1 or covers_group else "",
    )
    via: Via = "terminal" if sys.stdin is not None and sys.stdin.isatty() else "script"
    with Promoter.opened(settings, via) as promoter, stoppable() as stop:
        if not dry_run:
            finish_interrupted(promoter)
        progress = _progress(len(wanted))
        others = _others(promoter, settings, rule, since, traces[0]) if covers_group else []
        for receipt in promoter.promote_traces(
            wanted, loaded, order, choices, dry_run=dry_run, stop=stop, progress=progress
        ):
            receipts.append(receipt)
            if not as_json:
                print_receipt(receipt, promoter.remedies(receipt))
        if others and not dry_run and receipts and all(each.ok for each in receipts):
            covered = [each.key for each in promoter.cover(receipts[0], others, loaded, batch=choices.batch)]
            if not as_json:
                say(f"{count(len(covered), 'failure')} covered by it; `curator undo --batch` takes all of it back")
        elif others:
            then = "would be covered" if dry_run else "stay open"
            say(f"{count(len(others), 'other failure')} of the group {then}")
        requests, interrupted = promoter.gateway.requests, stop.is_set()
    if as_json:
        print_json({"receipts": receipts, "requests": requests, "dry_run": dry_run, "covered": covered})
    elif len(wanted) > 1:
        say(f"{_summary(receipts)}; {count(requests, 'request')}")
    return ExitCode.INTERRUPTED if interrupted else _exit_code(receipts)


def _others(promoter: "Promoter", settings: Settings, rule: str, since: str | None, trace: str) -> list[str]:
    """Keys of the other open failures of a failure's group. Raises UsageError when it is in none."""
    from curator.cli.week import group_of

    scrubber = cast("Scrubber", promoter.scrubber)  # the whole scrub, as `Promoter.opened` made it
    group = group_of(promoter.gateway, scrubber, settings, rule, since, trace)
    others = [key for key in group.keys if trace not in (key, split_key(key)[0])]
    say(f"{trace} stands for {count(len(others), 'other failure')} of {group.id} ({group.name}).")
    return others


@contextmanager
def stoppable() -> Iterator[threading.Event]:
    """An event that Ctrl-C sets; a second Ctrl-C leaves at once."""
    stop = threading.Event()

    def interrupted(_: int, __: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        say("finishing what was sent; press Ctrl-C again to leave at once")

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def finish_interrupted(promoter: "Promoter") -> list["Resumed"]:
    """Finishes what a crash or an interrupt left behind, and says so. Raises CuratorError."""
    done = []
    for resumed in promoter.resume():
        done.append(resumed)
        say(f"from an interrupted promotion: {resumed.item_id}: {WORDS[resumed.outcome]}")
    return done


def _only_resume(settings: Settings, as_json: bool) -> None:
    from curator.promote import Promoter

    with Promoter.opened(settings) as promoter:
        done = finish_interrupted(promoter)
        if as_json:
            print_json({"resumed": done, "requests": promoter.gateway.requests})
        elif not done:
            say("nothing was interrupted")


def print_receipt(receipt: Receipt, remedies: Sequence[tuple[str, str]] = ()) -> None:
    """What became of one item, with what curator may do about it (name and words)."""
    print_form("receipt", receipt=receipt, remedies=remedies, signs=SIGNS)


def _summary(receipts: Sequence[Receipt]) -> str:
    """`8 verified, 1 refused, 16 not begun`."""

    def word(receipt: Receipt) -> str:
        return "not begun" if receipt.problem and receipt.problem.code == "INTERRUPTED" else receipt.verdict

    counts = Counter(map(word, receipts))
    return ", ".join(f"{counts[each]} {each}" for each in (*SIGNS, "not begun") if counts[each])


def _progress(total: int) -> Callable[[int], None] | None:
    if total < 2 or not sys.stderr.isatty():
        return None
    return lambda done: click.echo(f"\r{done}/{total} written ", nl=False, err=True)


def _exit_code(receipts: Sequence[Receipt]) -> ExitCode:
    if not all(receipt.stored for receipt in receipts):
        return ExitCode.CONFIG
    bad = [r.problem for r in receipts if not r.ok and r.problem is not None and r.problem.code != "DRY_RUN"]
    if not bad:
        return ExitCode.YES
    # When the same thing stopped everything, it is not the traces' fault.
    return exit_code(problem.code for problem in bad) if len(bad) == len(receipts) else ExitCode.NO


@click.command()
@rules_option
@click.option("--items", "file", type=FILE, metavar="FILE",
              help="Seed these items instead of the rule's: JSON (a list) or JSON Lines.")  # fmt: skip
@click.option("--own-ids", is_flag=True, help="Put the dataset's name in front of each id: ids are unique per project.")
@click.option("--overwrite", is_flag=True, help="Write items anew that somebody changed or archived in Langfuse.")
@json_option
def seed(rule: str, file: Path | None, own_ids: bool, overwrite: bool, as_json: bool) -> ExitCode:
    """Create the rule's dataset with its schemas and seed items. Running it again changes nothing."""
    from curator.promote import Promoter, read_items, seed_dataset
    from curator.rulebook import find_rule

    settings = load_settings()
    loaded = find_rule(rule, settings)
    items = read_items(file, loaded.rule.dataset.name) if file else None
    with Promoter.opened(settings) as promoter:
        done = seed_dataset(promoter, loaded, items=items, own_ids=own_ids, overwrite=overwrite)
    if as_json:
        print_json(done.model_dump(mode="json"))
    else:
        click.echo(f"dataset ready: {plain(done.dataset)}")
        for item in done.items:
            state = "ready" if item.ok else "missing"
            click.echo(f"dataset item {state}: {plain(item.item_id)}")
    for item in done.items:
        if item.problem is not None:
            say(f"{item.problem.code}: {item.problem.message} {item.problem.remedy}")
    return ExitCode.YES if done.ok else ExitCode.NO
