"""`curator draft TRACE`: the item that a rule proposes, scrubbed, written nowhere; what a reviewer may say of it."""

from typing import TYPE_CHECKING, Any

import click

from curator.cli.output import json_option, plain, print_form, print_json, say, together
from curator.config import load_settings
from curator.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from curator.draft import Novelty
    from curator.promote import Order, Promoter, Proposal
    from curator.rulebook import LoadedRule


order_options = together(
    click.option("--set", "edits", metavar="PATH=VALUE", multiple=True, help="Set a field; VALUE is JSON or text."),
    click.option("--case", default="1", show_default=True, help="Tells several items of one trace apart."),
    click.option(
        "--keep", metavar="FINDING=REASON", multiple=True, help="Keep a finding as it is; the reason is recorded."
    ),
    click.option(
        "--replace",
        metavar="FINDING=TEXT",
        multiple=True,
        help="Put words of your own in the place of a finding, such as a description of a picture.",
    ),
    click.option("--failure-type", metavar="TYPE", help="What kind of failure this is; one of the rule's."),
    click.option(
        "--despite", type=click.Choice(["CORRECTION_FAILS"]), multiple=True, help="A problem that must not block."
    ),
)


"""A command takes these as keywords and hands them to `order_of`."""


def order_of(
    *,
    edits: tuple[str, ...],
    case: str,
    keep: tuple[str, ...],
    replace: tuple[str, ...],
    failure_type: str | None,
    despite: tuple[str, ...],
) -> "Order":
    """The options as an order. Raises UsageError for `PATH=VALUE` or `FINDING=REASON` that are none."""
    from curator.draft import parse_assignment
    from curator.promote import Order

    return Order(
        edits=dict(parse_assignment(each) for each in edits),
        case=case,
        keep=dict(_named(each, "--keep", "REASON") for each in keep),
        replace=dict(_named(each, "--replace", "TEXT") for each in replace),
        failure_type=failure_type,
        despite=frozenset(despite),
    )


def _named(text: str, option: str, what: str) -> tuple[str, str]:
    finding, sign, reason = text.partition("=")
    if not sign or not finding or not reason.strip():
        raise UsageError(f"{option} needs FINDING={what}.", code="KEEP_REASON")
    return finding, reason.strip()


@click.command()
@click.argument("trace")
@click.option("--rules", "rule_name", metavar="RULE", required=True, help="The rule to reshape by (a name or a file).")
@order_options
@click.option("--save", is_flag=True, help="Keep it, when it is complete, for a person to approve.")
@click.option("--prepared-by", metavar="NAME", help="With --save: who or what prepared it.  [default: the reviewer]")
@click.option(
    "--never",
    metavar="FINDING",
    multiple=True,
    help="Never personal in this rule: goes to its list, and the draft is made anew.",
)
@json_option
def draft(
    trace: str,
    rule_name: str,
    save: bool,
    prepared_by: str | None,
    never: tuple[str, ...],
    as_json: bool,
    **said: Any,
) -> ExitCode:
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
        if never:
            loaded = _taught(promoter, trace, loaded, order, never)
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
    return ExitCode.YES if proposal.complete else ExitCode.NO


def _taught(
    promoter: "Promoter", trace: str, loaded: "LoadedRule", order: "Order", never: tuple[str, ...]
) -> "LoadedRule":
    """The rule with the texts of these findings on its list of what is never personal. Raises UsageError."""
    from curator.rulebook import load_rule, teach
    from curator.scrub import values_of

    texts: dict[str, str] = {}
    for found in promoter.read([trace], loaded):
        proposal = promoter.draft(found, loaded, order)
        texts |= values_of(proposal.draft, proposal.scrubbed.findings, promoter.policy(loaded))
    if unknown := [each for each in never if each not in texts]:
        raise UsageError(f"there is no finding {', '.join(unknown)}.", code="PII_UNKNOWN_FINDING")
    say(teach(loaded.path, never=[texts[each] for each in never]))
    return load_rule(loaded.path)


_OF_THE_DRAFT = ("item_id", "dataset", "rule", "trace_id", "observation_id", "case", "origins")
_AFTER_THE_SCRUB = ("input", "expected_output", "metadata", "findings", "problems")


def _document(proposal: "Proposal", novelty: "Novelty") -> dict[str, object]:
    """What would be written; the unscrubbed draft is no part of it."""
    draft, scrubbed = proposal.draft, proposal.scrubbed
    return {
        **{name: getattr(draft, name) for name in _OF_THE_DRAFT},
        **{name: getattr(scrubbed, name) for name in _AFTER_THE_SCRUB},
        "writable": proposal.writable,
        "scrub": scrubbed.summary,
        "protection": [
            {"answer": each.answer, "verdict": each.verdict, "checks": each.checks} for each in proposal.answers
        ],
        "standing": novelty.under_id.state,
        "similar": novelty.similar,
        "dataset_exists": novelty.dataset_exists,
    }


SIGNS = {"keep": "kept", "suggest": "suggested", "drop": "dropped", "undecided": "UNDECIDED"}
"""What becomes of a finding that nothing replaces."""


def _print(proposal: "Proposal", novelty: "Novelty") -> None:
    from curator.draft import NOVELTY_STATES, answer_in_words, doubts_of_likeness
    from curator.scrub import capabilities

    scrubbed = proposal.scrubbed
    problems = [*scrubbed.problems, *doubts_of_likeness(novelty.similar)]
    print_form(
        "draft",
        draft=proposal.draft,
        scrubbed=scrubbed,
        types=proposal.loaded.rule.lineage.failure_types,
        signs=SIGNS,
        answers=[answer_in_words(each) for each in proposal.answers],
        state=NOVELTY_STATES[novelty.under_id.state] if novelty.dataset_exists else "the dataset does not exist yet",
        problems=[("✗" if proposal.stops(each) else "!", each) for each in problems],
    )
    if scrubbed.summary.model is None:
        say(f"No name model: names are found only in part, places not at all. {capabilities().remedy}.")
