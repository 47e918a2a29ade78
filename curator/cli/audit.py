"""`curator audit [DATASET] [ITEM]…`: where did this dataset come from, and can it be trusted today?"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from curator.cli.audit_look import Look, rule_of
from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from curator.audit.fixes import FixName
    from curator.audit.values import AuditReport, Severity
    from curator.gateway import Gateway

FORMATS = ("text", "json", "md", "html")
SEVERITIES = ("info", "warning", "error")
FIXES = ("backfill", "adopt", "rescrub", "duplicates")


@click.command()
@click.argument("dataset", required=False)
@click.argument("items", metavar="[ITEM]…", nargs=-1)
@click.option("--rules", "rule_name", metavar="RULE", help="The rule to hold it against.  [default: the dataset's own]")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True, help="Of the report.")
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit 1 when a finding is at least that severe.")
@click.option("--version", "--dataset-version", "version", metavar="T",
              help="The dataset as it was then (ISO 8601), or as a lock file or pulled folder holds it.")  # fmt: skip
@click.option("--deep", is_flag=True, help="Look at every run and every recorded output, whatever it costs.")
@click.option("--workers", type=click.IntRange(min=1), help="Scrub processes.  [default: one per core]")
@click.option("--scheduler", metavar="ADDRESS", help="Do the CPU work on this Dask cluster (extra [cluster]).")
@click.option(
    "--ledger",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="A ledger kept in git: what other machines promoted counts too.",
)
@click.option("--fix", type=click.Choice(FIXES), help="Mend what the audit finds, after a preview.")
@click.option("--failure-type", metavar="TYPE", help="With --fix: what failed, where lineage does not say it.")
@click.option("--dry-run", is_flag=True, help="With --fix: only the preview.")
@click.option("--yes", is_flag=True, help="With --fix: do not ask.")
@click.pass_context
def audit(
    ctx: click.Context,
    dataset: str | None,
    items: tuple[str, ...],
    rule_name: str | None,
    form: str,
    as_json: bool,
    output: Path | None,
    fail_on: "Severity | None",
    version: str | None,
    deep: bool,
    workers: int | None,
    scheduler: str | None,
    ledger: Path | None,
    fix: "FixName | None",
    failure_type: str | None,
    dry_run: bool,
    yes: bool,
) -> None:
    """Audit the lineage of DATASET, show the lineage of each ITEM, or mend what was found (--fix).

    Without DATASET: the datasets there are. Only --fix writes to Langfuse. Personal values are masked, but for the JSON
    of an ITEM, which holds it as Langfuse does.
    """
    from curator.dataset import version_of
    from curator.gateway import Gateway
    from curator.journal import Journal

    form = "json" if as_json else form
    if output is not None and not output.absolute().parent.is_dir():
        raise _unwritable(output, "no such folder")
    _check(dataset, items, form, fix, version, dry_run, yes)
    settings = load_settings()
    connection = settings.connection()
    with Gateway(connection) as gateway, Journal.of(connection) as journal:
        if dataset is None:
            _list(gateway, form == "json")
            return
        as_of = (version_of(gateway, version, dataset) or _time(version)) if version else None
        rule = rule_of(dataset, rule_name, settings)
        look = Look(gateway, journal, settings, dataset, rule, deep, workers, scheduler, ledger)
        if items and fix is None:
            _tell(look, items, form == "json")
            return
        if fix is not None:
            from curator.cli.audit_fix import run_fix

            code = run_fix(look, fix, items, failure_type, dry_run=dry_run, yes=yes, as_json=form == "json")
        else:
            code = _report(look, as_of, form, output, fail_on)
    ctx.exit(code)


def _check(
    dataset: str | None,
    items: Sequence[str],
    form: str,
    fix: str | None,
    version: str | None,
    dry_run: bool,
    yes: bool,
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


def _report(look: Look, as_of: datetime | None, form: str, output: Path | None, fail_on: "Severity | None") -> ExitCode:
    from curator.audit.report import RENDERERS
    from curator.audit.run import report_of

    report: AuditReport = report_of(look.evidence(as_of))
    text = RENDERERS[form](report)
    if output is None:
        click.echo(text, nl=False)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise _unwritable(output, str(error.strerror)) from None
        say(f"Report written to {output}.")
    return ExitCode.NO if fail_on is not None and report.fails(fail_on) else ExitCode.YES


def _unwritable(output: Path, why: str) -> UsageError:
    return UsageError(f"{output} cannot be written: {why}.", code="REPORT_WRITE", remedy="Choose another file.")


def _list(gateway: "Gateway", as_json: bool) -> None:
    datasets = sorted(gateway.datasets(), key=lambda each: each.name)
    if as_json:
        print_json({"datasets": [{"name": each.name, "id": each.id} for each in datasets]})
        return
    for each in datasets:
        click.echo(plain(each.name))
    say("`curator audit DATASET` audits one of them.")


def _tell(look: Look, item_ids: Sequence[str], as_json: bool) -> None:
    from curator.audit import story
    from curator.audit.story import chapters, masked, story_of
    from curator.scrub import Scrubber

    at = datetime.now().astimezone()
    stories = [story_of(look.gateway, look.journal, look.dataset, item_id, at=at) for item_id in item_ids]
    if as_json:
        print_json(stories[0] if len(stories) == 1 else {"stories": stories})
        return
    with Scrubber() as scrubber:
        told = [story.render(each, masked(chapters(each), scrubber, look.policy)) for each in stories]
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
