"""`curator audit [DATASET] [ITEM]…`: where did this dataset come from, and can it be trusted today?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from curator.cli.output import FILE, count, plain, print_form, print_json, progress, say
from curator.config import Settings, load_settings
from curator.model import Receipt, ScrubPolicy
from curator.model.errors import ExitCode, UsageError
from curator.model.files import write_text

if TYPE_CHECKING:
    from curator.audit import AuditReport, Evidence, FixName, Severity
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.rulebook import LoadedRule
    from curator.scrub import Scrubber

FORMATS = ("text", "json", "md", "html")
SEVERITIES = ("info", "warning", "error")
FIXES = ("backfill", "adopt", "rescrub", "duplicates")


@dataclass(frozen=True)
class Target:
    """What is audited, against which rule, and how thoroughly."""

    gateway: "Gateway"
    journal: "Journal"
    settings: Settings
    dataset: str
    rule: "LoadedRule | None"
    deep: bool = False
    workers: int | None = None
    scheduler: str | None = None
    ledger: Path | None = None

    @property
    def policy(self) -> ScrubPolicy:
        """The rule's scrub policy on top of the team's."""
        return self.settings.policy(self.rule.rule if self.rule is not None else None)

    def evidence(self, version: datetime | None = None, *, scrubber: "Scrubber | None" = None) -> "Evidence":
        """The evidence as of now, or of that version; `scrubber` is one that is open already. Raises CuratorError."""
        from curator.audit import Cluster, Processes, collect_evidence
        from curator.scrub import Scrubber

        return collect_evidence(
            self.gateway,
            self.journal,
            self.dataset,
            self.rule,
            at=datetime.now().astimezone(),
            workers=Cluster(self.scheduler) if self.scheduler else Processes(self.workers, first=scrubber),
            scrub=Scrubber,
            policy=self.policy,
            version=version,
            deep=self.deep,
            ledger=self.ledger,
            progress=show_progress,
        )


@click.command()
@click.argument("dataset", required=False)
@click.argument("items", metavar="[ITEM]…", nargs=-1)
@click.option("--rules", "rule_name", metavar="RULE", help="The rule to hold it against.  [default: the dataset's own]")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Of the report.")
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--output", type=FILE, help="Write the report to this file.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit 1 when a finding is at least that severe.")
@click.option("--version", "--dataset-version", "version", metavar="T",
              help="The dataset as it was then (ISO 8601), or as a lock file or pulled folder holds it.")  # fmt: skip
@click.option("--deep", is_flag=True, help="Look at every run and every recorded output, whatever it costs.")
@click.option("--workers", type=click.IntRange(min=1), help="Scrub processes.  [default: one per core]")
@click.option("--scheduler", metavar="ADDRESS", help="Do the CPU work on this Dask cluster (extra [cluster]).")
@click.option("--ledger", type=FILE, metavar="FILE", help="A ledger kept in git: what other machines promoted counts.")
@click.option("--coverage", metavar="28d|DATE",
              help="Also name failures since then that no item protects against, and items gone quiet.")  # fmt: skip
@click.option("--fix", type=click.Choice(FIXES), help="Mend what the audit finds, after a preview.")
@click.option("--failure-type", metavar="TYPE", help="With --fix: what failed, where lineage does not say it.")
@click.option("--dry-run", is_flag=True, help="With --fix: only the preview.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
def audit(
    dataset: str | None,
    items: tuple[str, ...],
    rule_name: str | None,
    form: str,
    as_json: bool,
    output: Path | None,
    fail_on: "Severity | None",
    version: str | None,
    coverage: str | None,
    fix: "FixName | None",
    failure_type: str | None,
    dry_run: bool,
    yes: bool,
    **how: Any,
) -> ExitCode:
    """Audit the lineage of DATASET, show the lineage of each ITEM, or mend what was found (--fix).

    Without DATASET: the datasets there are. Only --fix writes to Langfuse. Personal values are masked, but for the JSON
    of an ITEM, which holds it as Langfuse does.
    """
    from curator.dataset import version_of
    from curator.gateway import Gateway
    from curator.journal import Journal

    form = "json" if as_json else form
    if output is not None and not output.absolute().parent.is_dir():
        raise UsageError(f"{output} cannot be written: no such folder.", code="REPORT_WRITE")
    _refuse_odd_options(dataset, items, form, fix, version, dry_run, yes)
    settings = load_settings()
    connection = settings.connection()
    with Gateway(connection) as gateway, Journal.of(connection) as journal:
        if dataset is None:
            _list(gateway, form == "json")
            return ExitCode.YES
        as_of = (version_of(gateway, version, dataset) or _time(version)) if version else None
        rule = rule_of(dataset, rule_name, settings)
        target = Target(gateway, journal, settings, dataset, rule, **how)
        if fix is not None:
            return run_fix(target, fix, items, failure_type, dry_run=dry_run, yes=yes, as_json=form == "json")
        if items:
            _tell(target, items, form == "json")
            return ExitCode.YES
        return _report(target, as_of, form, output, fail_on, coverage)


def _refuse_odd_options(
    dataset: str | None, items: Sequence[str], form: str, fix: str | None, version: str | None, dry_run: bool, yes: bool
) -> None:
    """Refuses options that do not go together. Raises click.UsageError."""
    if fix is None and (dry_run or yes):
        raise click.UsageError("--dry-run and --yes go with --fix.")
    if fix is not None and (dataset is None or version or form not in ("text", "json")):
        raise click.UsageError("--fix needs a DATASET as it is now, and prints text or JSON.")
    if fix is not None and form == "json" and not (dry_run or yes):
        raise click.UsageError("--fix with --json needs --yes or --dry-run.")
    if items and fix is None and (version or form not in ("text", "json")):
        raise click.UsageError("The lineage of an item is shown as of now, as text or JSON.")


def _report(
    target: Target,
    as_of: datetime | None,
    form: str,
    output: Path | None,
    fail_on: "Severity | None",
    coverage: str | None,
) -> ExitCode:
    from curator.audit import RENDERERS, report_of

    report: AuditReport = report_of(target.evidence(as_of))
    if coverage is not None:
        report = report.model_copy(update={"coverage": tuple(_covered(target, coverage))})
    text = RENDERERS[form](report)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text, code="REPORT_WRITE")
        say(f"Report written to {output}.")
    return ExitCode.NO if fail_on is not None and report.fails(fail_on) else ExitCode.YES


def _covered(target: Target, since: str) -> "Iterator[str]":
    from curator.cli.week import read_week
    from curator.queue import coverage, in_lines, parse_window
    from curator.scrub import Scrubber

    if target.rule is None:
        raise click.UsageError("--coverage needs the rule that says what a failure is: name it with --rules.")
    window = parse_window(since, None, datetime.now().astimezone())
    with Scrubber() as scrubber:
        week = read_week(target.gateway, scrubber, [target.rule.rule], window, target.settings)
    yield from in_lines(coverage(week, 4))


def _list(gateway: "Gateway", as_json: bool) -> None:
    datasets = sorted(gateway.datasets(), key=lambda each: each.name)
    if as_json:
        print_json({"datasets": [{"name": each.name, "id": each.id} for each in datasets]})
        return
    for each in datasets:
        click.echo(plain(each.name))
    say("`curator audit DATASET` audits one of them.")


def _tell(target: Target, item_ids: Sequence[str], as_json: bool) -> None:
    from curator.audit import chapters, masked_chapters, render_story, story_of
    from curator.scrub import Scrubber

    at = datetime.now().astimezone()
    stories = [story_of(target.gateway, target.journal, target.dataset, item_id, at=at) for item_id in item_ids]
    if as_json:
        print_json(stories[0] if len(stories) == 1 else {"stories": stories})
        return
    with Scrubber() as scrubber:
        told = [render_story(each, masked_chapters(chapters(each), scrubber, target.policy)) for each in stories]
    click.echo("\n".join(told), nl=False)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a time.", code="TIME", remedy="Write it as 2026-11-20T12:00:00+00:00."
        ) from None
    time = time if time.tzinfo is not None else time.astimezone()
    if time > datetime.now().astimezone():
        raise UsageError(f"{text} lies ahead.", code="TIME", remedy="Name a time that has passed, or leave it out.")
    return time


def rule_of(dataset: str, name: str | None, settings: Settings) -> "LoadedRule | None":
    """The named rule; without a name the one rule that feeds the dataset, else None. Raises UsageError."""
    from curator.rulebook import find_rule, load_rules

    if name is not None:
        return find_rule(name, settings)
    feeding = [rule for rule in load_rules(settings) if rule.rule.dataset.name == dataset]
    if len(feeding) > 1:
        say(f"{len(feeding)} rules feed this dataset: name one with --rules to check schemas and vocabulary.")
    return feeding[0] if len(feeding) == 1 else None


def show_progress(what: str, done: int, total: int) -> None:
    """How far an audit or an erasure is, where somebody watches; the line vanishes at the end."""
    progress(f"{what}: {done} of {total}" if done < total else "")


def run_fix(
    target: Target,
    fix: "FixName",
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
    from curator.audit import Desk, apply_fixes, propose_fixes
    from curator.cli.promote import print_receipt
    from curator.scrub import Scrubber

    with Scrubber() as scrubber:
        evidence = target.evidence(scrubber=scrubber)
        desk = Desk(
            gateway=target.gateway,
            scrubber=scrubber,
            policy=target.policy,
            rule=target.rule,
            reviewer=target.settings.reviewer_name(),
            at=datetime.now().astimezone(),
            failure_type=failure_type,
        )
        proposals = propose_fixes(fix, evidence, desk, item_ids)
        possible = [each for each in proposals if each.item is not None]
        if not as_json:
            print_form("fixes", proposals=proposals)
        if not (as_json or proposals):
            say(f"There is nothing to mend ({fix}).")
        receipts: list[Receipt] = []
        if possible and not dry_run:
            if not yes:
                click.confirm(f"Mend {count(len(possible), 'item')}?", abort=True, err=True)
            for receipt in apply_fixes(possible, desk, target.journal):
                receipts.append(receipt)
                if not as_json:
                    print_receipt(receipt)
    if as_json:
        shown = [
            {"item_id": each.item_id, "changes": each.changes, "problem": each.problem, "possible": bool(each.item)}
            for each in proposals
        ]
        requests = target.gateway.requests
        print_json({"fix": fix, "proposals": shown, "receipts": receipts, "dry_run": dry_run, "requests": requests})
    elif any(receipt.action != "none" for receipt in receipts):
        say("`curator undo --batch` takes all of it back.")
    if dry_run:
        return ExitCode.YES
    return ExitCode.YES if len(possible) == len(proposals) and all(each.ok for each in receipts) else ExitCode.NO
