"""`curator audit DATASET --fix NAME`: preview, question, write, receipts."""

from collections.abc import Sequence
from datetime import datetime

import click

from curator.audit.fixes import Desk, FixName, Proposal, apply, propose
from curator.cli.audit_look import Look
from curator.cli.output import plain, print_json, say
from curator.model import Receipt
from curator.model.errors import ExitCode

SIGNS = {"verified": "✓", "unchanged": "=", "refused": "✗", "failed": "!"}


def run_fix(
    look: Look,
    fix: FixName,
    item_ids: Sequence[str],
    failure_type: str | None,
    *,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> ExitCode:
    """Previews and, after confirmation, mends. NO when something could not be mended; the preview alone is a YES.

    Raises CuratorError, click.Abort.
    """
    from curator.scrub import Scrubber

    with Scrubber() as scrubber:
        evidence = look.evidence(scrubber=scrubber)
        desk = Desk(
            gateway=look.gateway,
            scrubber=scrubber,
            policy=look.policy,
            rule=look.rule,
            reviewer=look.settings.reviewer_name(),
            at=datetime.now().astimezone(),
            failure_type=failure_type,
        )
        proposals = propose(fix, evidence, desk, item_ids)
        possible = [each for each in proposals if each.item is not None]
        if not as_json:
            _preview(proposals, fix)
        receipts: list[Receipt] = []
        if possible and not dry_run:
            if not yes:
                click.confirm(f"Mend {len(possible)} item{'s' if len(possible) > 1 else ''}?", abort=True, err=True)
            for receipt in apply(possible, desk, look.journal):
                receipts.append(receipt)
                if not as_json:
                    _print(receipt)
    if as_json:
        shown = [
            {"item_id": each.item_id, "changes": each.changes, "problem": each.problem, "possible": bool(each.item)}
            for each in proposals
        ]
        print_json(
            {
                "fix": fix,
                "proposals": shown,
                "receipts": receipts,
                "dry_run": dry_run,
                "requests": look.gateway.requests,
            }
        )
    elif any(receipt.action != "none" for receipt in receipts):
        say("`curator undo --batch` takes all of it back.")
    if dry_run:
        return ExitCode.YES
    return ExitCode.YES if len(possible) == len(proposals) and all(each.ok for each in receipts) else ExitCode.NO


def _preview(proposals: Sequence[Proposal], fix: FixName) -> None:
    if not proposals:
        say(f"There is nothing to mend ({fix}).")
    for each in proposals:
        click.echo(plain(each.item_id))
        for change in each.changes:
            click.echo(f"  {plain(change)}")
        if each.problem is not None:
            click.echo(f"  ✗ {plain(each.problem.message)} {plain(each.problem.remedy)}".rstrip())


def _print(receipt: Receipt) -> None:
    click.echo(f"{SIGNS[receipt.verdict]} {receipt.verdict}  {plain(receipt.item_id)}")
    if receipt.problem is not None:
        click.echo(f"  {plain(receipt.problem.message)} {plain(receipt.problem.remedy)}")
