"""`curator audit DATASET [ITEM]`: where did this dataset come from, and can it be trusted today?"""

import sys
from datetime import datetime
from pathlib import Path

import click

from curator.cli.output import plain, print_json, say
from curator.config import Settings, load_settings
from curator.errors import ExitCode, UsageError
from curator.rulebook import LoadedRule

FORMATS = ("text", "json", "md", "html")
SEVERITIES = ("info", "warning", "error")


@click.command()
@click.argument("dataset")
@click.argument("item", required=False)
@click.option("--rules", "rule_name", metavar="RULE", help="The rule to hold it against.  [default: the dataset's own]")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file.")
@click.option("--fail-on", type=click.Choice(SEVERITIES), help="Exit 1 when a finding is at least that severe.")
@click.option("--version", "version", metavar="TIME", help="The dataset as it was then (ISO 8601 with offset).")
@click.option("--deep", is_flag=True, help="Look at every run and every recorded output, whatever it costs.")
@click.option("--workers", type=click.IntRange(min=1), help="Worker processes.  [default: all cores]")
@click.option("--scheduler", metavar="ADDRESS", help="Do the CPU work on this Dask cluster (extra [cluster]).")
@click.pass_context
def audit(
    ctx: click.Context,
    dataset: str,
    item: str | None,
    rule_name: str | None,
    form: str,
    as_json: bool,
    output: Path | None,
    fail_on: str | None,
    version: str | None,
    deep: bool,
    workers: int | None,
    scheduler: str | None,
) -> None:
    """Audit the lineage of DATASET, or tell the story of one ITEM; writes nothing to Langfuse."""
    from curator.audit.report import RENDERERS
    from curator.audit.run import audit as run_audit
    from curator.audit.workers import Cluster, Processes
    from curator.gateway import Gateway
    from curator.journal import Journal
    from curator.scrub import Scrubber

    settings = load_settings()
    connection = settings.connection()
    at = datetime.now().astimezone()
    with Gateway(connection) as gateway, Journal.of(connection) as journal:
        if item is not None:
            _story(gateway, journal, dataset, item, at, as_json or form == "json")
            return
        report = run_audit(
            gateway,
            journal,
            dataset,
            rule_of(dataset, rule_name, settings),
            at=at,
            workers=Cluster(scheduler) if scheduler else Processes(workers),
            scrub=Scrubber,
            version=_time(version) if version else None,
            deep=deep,
            progress=_progress if sys.stderr.isatty() else (lambda what, done, total: None),
        )
    text = RENDERERS["json" if as_json else form](report)
    if output is not None:
        output.write_text(text, encoding="utf-8")
        say(f"Report written to {output}.")
    else:
        click.echo(text, nl=False)
    if fail_on is not None and report.fails(fail_on):  # type: ignore[arg-type]  # click.Choice has checked it
        ctx.exit(ExitCode.NO)


def rule_of(dataset: str, name: str | None, settings: Settings) -> LoadedRule | None:
    """The named rule; without a name the one rule that feeds the dataset, else None."""
    from curator.rulebook import find_rule, load_rules

    if name is not None:
        return find_rule(name, settings)
    feeding = [rule for rule in load_rules(settings) if rule.rule.dataset.name == dataset]
    if len(feeding) > 1:
        say(f"{len(feeding)} rules feed this dataset: name one with --rules to check schemas and vocabulary.")
    return feeding[0] if len(feeding) == 1 else None


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is not a time.", code="TIME", remedy="Write it as 2026-11-20T12:00:00+00:00."
        ) from None
    return time if time.tzinfo is not None else time.astimezone()


def _progress(what: str, done: int, total: int) -> None:
    click.echo(f"\r\x1b[K{what}: {done} of {total}" if done < total else "\r\x1b[K", nl=False, err=True)


def _story(gateway: object, journal: object, dataset: str, item_id: str, at: datetime, as_json: bool) -> None:
    from curator.audit.story import story_of

    story = story_of(gateway, journal, dataset, item_id, at=at)  # type: ignore[arg-type]
    if as_json:
        print_json(story)
        return
    for line in _lines(story):
        click.echo(plain(line))


def _lines(story: object) -> list[str]:
    from curator.audit.story import Story

    assert isinstance(story, Story)
    item, lineage, source = story.item, story.lineage, story.source
    lines = [f"{item.id}  {item.status}  in {item.dataset}", "", "source"]
    if source is None:
        lines.append(f"  trace {item.source_trace_id or lineage.get('source_trace_id') or '(none named)'}: gone")
    else:
        lines.append(f"  trace {source.trace_id}  {source.trace_name or source.name}  {_when(source.start_time)}")
        lines.append(f"  session {source.session_id or '–'}  environment {source.environment or '–'}")
    lines += ["", "why it is here"]
    signals = lineage.get("signals")
    for signal in signals if isinstance(signals, list) else []:
        if isinstance(signal, dict):
            value = f" = {signal['value']}" if "value" in signal else ""
            lines.append(f"  {signal.get('name')}{value}  ({signal.get('source', signal.get('kind'))})")
    lines.append(f"  failure type {lineage.get('failure_type', '–')}, rubric {lineage.get('rubric', '–')}")
    lines.append(
        f"  approved by {lineage.get('reviewer', '–')} at {lineage.get('approved_at', '–')}"
        f" under {lineage.get('rule', '–')} v{lineage.get('rule_version', '–')}"
    )
    lines += ["", f"decisions ({len(story.ledger)} in this machine's ledger)"]
    lines += [f"  {_when(e.at)}  {e.action}  {e.verdict or ''}  by {e.reviewer or '–'}" for e in story.ledger]
    lines += ["", f"versions ({len(story.versions)})"]
    for each in story.versions:
        lines.append(f"  {_when(each.at)}")
        lines += [f"      {line}" for line in each.diff]
    lines += ["", f"runs ({len(story.runs)})"]
    for run in story.runs:
        scores = ", ".join(f"{s.name} {s.value}" for s in sorted(run.scores, key=lambda s: s.name))
        lines.append(f"  {_when(run.start_time)}  {run.experiment_name}  {run.level}  {scores or 'no scores'}")
    return lines


def _when(time: datetime) -> str:
    return f"{time.astimezone():%Y-%m-%d %H:%M}"
