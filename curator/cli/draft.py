"""`curator draft TRACE`: the item that a rule proposes, scrubbed, written nowhere."""

import json
from typing import TYPE_CHECKING, Any

import click

from curator.cli.order import order_of, order_options
from curator.cli.output import plain, print_json, say
from curator.config import load_settings
from curator.model import Finding
from curator.model.errors import ExitCode

if TYPE_CHECKING:
    from curator.draft.likeness import Novelty
    from curator.promote import Proposal


@click.command()
@click.argument("trace")
@click.option("--rules", "rule_name", metavar="RULE", required=True, help="The rule to reshape by (a name or a file).")
@order_options
@click.option("--save", is_flag=True, help="Keep it, when it is complete, for a person to approve.")
@click.option("--prepared-by", metavar="NAME", help="With --save: who or what prepared it.  [default: the reviewer]")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_context
def draft(
    ctx: click.Context,
    /,
    trace: str,
    rule_name: str,
    save: bool,
    prepared_by: str | None,
    as_json: bool,
    **said: Any,
) -> None:
    """Propose the dataset item of TRACE; write nothing to Langfuse. Exit 1 when the draft cannot be written as it is.

    TRACE/OBSERVATION is one reviewed observation. Of a trace with several failures the whole trace comes first, else
    what was reviewed first; the others are named, with --json in full. Says too whether the case protects anything
    (does the recorded failure fail the rule's checks?) and what the dataset holds with the same id or a like input.
    """
    from curator.promote import Promoter
    from curator.rulebook import find_rule

    if prepared_by and not save:
        raise click.UsageError("--prepared-by goes with --save.")
    settings = load_settings()
    loaded = find_rule(rule_name, settings)
    order = order_of(**said)
    with Promoter.opened(settings) as promoter:
        drafts = []
        for found in promoter.read([trace], loaded):
            proposal = promoter.draft(found, loaded, order)
            saved = promoter.save(proposal, prepared_by or "") if save and proposal.complete else None
            kept = {"saved": saved is not None, "prepared_by": saved.prepared_by if saved else None}
            drafts.append((found.key, proposal, promoter.compare(proposal), kept))
    (key, proposal, novelty, kept), *others = drafts
    if as_json:
        more = [_document(each, there) | its | {"key": other} for other, each, there, its in others]
        print_json(_document(proposal, novelty) | kept | {"key": key, "others": more})
    else:
        _print(proposal, novelty)
    if others:
        listed = "\n".join(f"  curator draft {plain(other)}" for other, *_ in others)
        say(f"The trace holds {len(drafts)} failures. This is the draft of {plain(key)}; the others:\n{listed}")
    if save:
        count = sum(bool(its["saved"]) for *_, its in drafts)
        say(f"{count} of {len(drafts)} kept for approval: `curator queue --state prepared` (only what is complete is)")
    if not proposal.complete:
        ctx.exit(ExitCode.NO)


def _document(proposal: "Proposal", novelty: "Novelty") -> dict[str, object]:
    """What would be written; the unscrubbed draft is no part of it."""
    draft, scrubbed = proposal.draft, proposal.scrubbed
    return {
        "item_id": draft.item_id,
        "dataset": draft.dataset,
        "rule": draft.rule,
        "trace_id": draft.trace_id,
        "observation_id": draft.observation_id,
        "case": draft.case,
        "writable": proposal.writable,
        "input": scrubbed.input,
        "expected_output": scrubbed.expected_output,
        "metadata": scrubbed.metadata,
        "origins": draft.origins,
        "findings": scrubbed.findings,
        "problems": scrubbed.problems,
        "scrub": scrubbed.summary,
        "protection": [
            {"answer": each.answer, "verdict": each.verdict, "checks": each.checks} for each in proposal.judged
        ],
        "standing": novelty.standing.state,
        "similar": novelty.similar,
        "dataset_exists": novelty.dataset_exists,
    }


def _print(proposal: "Proposal", novelty: "Novelty") -> None:
    from curator.draft.effectiveness import in_words
    from curator.draft.likeness import STANDING, doubts
    from curator.scrub.nlp import capabilities

    draft, scrubbed = proposal.draft, proposal.scrubbed
    click.echo(f"{plain(draft.item_id)}  → {plain(draft.dataset)}  (rule {draft.rule})")
    for title, value in (("input", scrubbed.input), ("expected output", scrubbed.expected_output)):
        click.echo(f"\n{title}")
        click.echo(plain(json.dumps(value, indent=2, ensure_ascii=False), keep_newlines=True))
    click.echo("\nfindings")
    for finding in scrubbed.findings:
        click.echo(f"  {_sign(finding)} {finding.id}  {plain(finding.path)}  {finding.entity} {finding.score:.2f}")
    if not scrubbed.findings:
        click.echo("  none")
    if scrubbed.summary.model is None:
        say(f"No name model: names are found only in part, places not at all. {capabilities().remedy}.")
    click.echo("\nprotection")
    for each in proposal.judged:
        click.echo(f"  {plain(in_words(each))}")
    click.echo(f"\nin {plain(draft.dataset)}")
    click.echo(f"  {STANDING[novelty.standing.state] if novelty.dataset_exists else 'the dataset does not exist yet'}")
    problems = [*scrubbed.problems, *doubts(novelty.similar)]
    click.echo("\nproblems")
    for problem in problems:
        click.echo(f"  {'✗' if proposal.stops(problem) else '!'} {plain(problem.message)}")
        if problem.remedy:
            click.echo(f"      {plain(problem.remedy)} (curator explain {problem.code})")
    if not problems:
        click.echo("  none: `curator promote` would write it")


def _sign(finding: Finding) -> str:
    if finding.replacement is not None:
        return f"→ {plain(finding.replacement)}"
    return {"keep": "kept", "suggest": "suggested", "drop": "dropped", "undecided": "UNDECIDED"}.get(
        finding.action, finding.action
    )
