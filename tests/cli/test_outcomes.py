"""Every code of the table of outcomes reaches the command line, in text and as JSON, with its exit code."""

from datetime import UTC, datetime

import click
import pytest

from curator.cli.main import cli
from curator.cli.output import print_json
from curator.cli.promote import _exit_code, print_receipt
from curator.gateway.errors import GatewayError
from curator.help import page
from curator.help.outcomes import OUTCOMES, Outcome
from curator.model import Receipt
from curator.promote.stops import Stop
from tests.command import run

ROWS = list(OUTCOMES.values())


@click.command()
@click.argument("code")
@click.option("--receipt", is_flag=True)
@click.option("--json", "as_json", is_flag=True)
@click.pass_context
def ends(ctx: click.Context, code: str, receipt: bool, as_json: bool) -> None:
    """Ends as a command does that a code stops: by an error of the gateway, or by the receipt of a promotion."""
    if not receipt:
        raise GatewayError("It did not work.", code=code)
    stop = Stop(OUTCOMES[code], "It did not work.")
    shown = Receipt(
        trace_id="t",
        item_id="i",
        dataset="d",
        action="none",
        verdict=stop.outcome.verdict,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        problem=stop.problem,
        remedies=stop.remedies,
    )
    if as_json:
        print_json({"receipts": [shown]})
    else:
        print_receipt(shown, ())
    ctx.exit(_exit_code([shown]))


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line with one command more."""
    known = cli.get_command
    monkeypatch.setattr(cli, "get_command", lambda ctx, name: ends if name == "ends" else known(ctx, name))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_an_error_with_it_says_so_in_both_shapes(row: Outcome) -> None:
    text, as_json = run("ends", row.code), run("ends", row.code, "--json")
    assert (text.returncode, as_json.returncode) == (row.exit, row.exit)
    assert text.stdout == ""
    for words in ("It did not work.", row.remedy, f"curator explain {row.code}"):
        assert words in text.stderr
    assert as_json.document == {"error": {"code": row.code, "message": "It did not work.", "remedy": row.remedy}}


@pytest.mark.parametrize("row", [row for row in ROWS if row.code != "DRY_RUN"], ids=lambda row: row.code)
def test_a_receipt_with_it_says_so_in_both_shapes(row: Outcome) -> None:
    text, as_json = run("ends", row.code, "--receipt"), run("ends", row.code, "--receipt", "--json")
    assert (text.returncode, as_json.returncode) == (row.exit, row.exit)
    assert row.remedy in text.stdout
    assert f"curator explain {row.code}" in text.stdout
    problem = as_json.document["receipts"][0]["problem"]
    assert (problem["code"], problem["remedy"]) == (row.code, row.remedy)


def test_a_dry_run_is_no_failure() -> None:
    assert run("ends", "DRY_RUN", "--receipt").returncode == 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_it_has_a_page(row: Outcome) -> None:
    assert page(row.code)
