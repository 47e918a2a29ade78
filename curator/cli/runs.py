"""`curator runs`: which experiment runs there are, and whether they are whole."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from curator.cli.experiment_options import json_option, moment, open_gateway
from curator.cli.output import plain, print_json, say
from curator.cli.run import as_document
from curator.config import load_settings

if TYPE_CHECKING:
    from curator.experiments.overview import Listed
    from curator.experiments.results import Run

LOOK_BACK = timedelta(days=90)


@click.command()
@click.argument("dataset", required=False)
@click.option("--since", metavar="DATE", help="How far back to look.  [default: 90 days]")
@json_option
def runs(dataset: str | None, since: str | None, as_json: bool) -> None:
    """List experiment runs, of one dataset or of all, and say of each whether it is whole.

    Runs of other tools are among them; repeats of one run are one row.
    """
    from curator.experiments import overview
    from curator.rulebook import load_rules

    settings = load_settings()
    rules = [loaded.rule for loaded in load_rules(settings)]
    look_back = moment(since, "--since") if since else datetime.now(UTC) - LOOK_BACK
    with open_gateway(settings.connection()) as gateway:
        listed = overview.runs(gateway, since=look_back, dataset=dataset)
        looked = overview.look_at(gateway, listed, rules=rules)
    if as_json:
        print_json({"runs": [_document(each, looked.get(each.reference)) for each in listed]})
        return
    if not listed:
        say("No experiment ran in that time.")
    for each in listed:
        click.echo(_line(each, looked.get(each.reference)))


def _document(listed: "Listed", run: "Run | None") -> dict[str, Any]:
    """The document of `curator run`; `integrity` is null for a run that lies too far back to be looked at at once."""
    known = run.model_copy(update={"run_name": listed.reference}) if run is not None else None
    return {
        **({"run_name": listed.reference, "integrity": None} if known is None else as_document(known, listed.file)),
        "label": listed.label,
        "dataset": listed.dataset.name,
        "started_at": listed.started_at.isoformat(),
        "items": listed.items,
        "repeat": listed.repeats,
    }


def _line(listed: "Listed", run: "Run | None") -> str:
    from curator.experiments.integrity import in_words

    wrong = in_words(run) if run is not None else ["not looked at"]
    sign = "✓" if not wrong else "◷" if wrong == ["scores late"] else "✕"
    times = f" × {listed.repeats}" if listed.repeats > 1 else ""
    items = "1 item" if listed.items == 1 else f"{listed.items} items"
    what = f"{plain(listed.dataset.name)}, {items}{times}"
    return f"{sign} {', '.join(wrong) or 'whole'}: {plain(listed.reference)} ({what})"
