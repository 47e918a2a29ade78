"""`curator show`: one trace with its observations, scores and comments."""

from typing import TYPE_CHECKING

import click

from curator.cli.output import cell, duration, json_option, number, plain, print_json, row, say, when, width
from curator.config import load_settings
from curator.model import Note, Trace
from curator.model.trace import OF_THE_TRACE, tree
from curator.queue import in_line, notes_in

if TYPE_CHECKING:
    from curator.conversation import Conversation


@click.command()
@click.argument("trace_id", metavar="TRACE")
@click.option("--io", "with_io", is_flag=True, help="Also print input and output of every observation.")
@json_option
def show(trace_id: str, with_io: bool, as_json: bool) -> None:
    """Show one trace: its observations as a tree, its scores, its comments, and the conversation that a person reads.

    It prints what Langfuse holds, personal values included.
    """
    from curator.conversation import conversation_of
    from curator.gateway import Gateway

    with Gateway(load_settings().connection()) as gateway:
        trace = gateway.trace(trace_id)
        url = gateway.trace_url(trace_id)
        earlier = gateway.earlier_in_session(trace)
        unreadable, requests = gateway.unreadable, gateway.requests
    found = conversation_of(trace, earlier=earlier)
    if as_json:
        print_json(_document(trace, url, found) | {"unreadable": unreadable, "requests": requests})
        return
    _print(trace, url, with_io)
    _print_conversation(found)
    if unreadable:
        say(f"{unreadable} rows of the server could not be read and are left out.")


def _document(trace: Trace, url: str, found: "Conversation") -> dict[str, object]:
    root = trace.root
    return found.document() | {
        "trace": {
            "id": trace.id,
            "name": trace.name,
            "observation_id": root.id,
            "timestamp": root.start_time.isoformat(),
            "latency": root.latency,
            **{name: getattr(root, name) for name in (*OF_THE_TRACE, "tags", "metadata", "input", "output")},
            "url": url,
        },
        "observations": trace.observations,
        "scores": trace.scores,
        "comments": trace.comments,
        "notes": _notes(trace),
    }


def _notes(trace: Trace) -> list[Note]:
    return [one for notes in notes_in(trace.scores).values() for one in notes]


def _print(trace: Trace, url: str, with_io: bool) -> None:
    root = trace.root
    facts = {
        "trace": trace.id,
        "name": trace.name,
        "time": root.start_time.astimezone().isoformat(timespec="seconds"),
        "latency": duration(root.latency),
        "session": root.session_id,
        "user": root.user_id,
        "environment": root.environment,
        "release": root.release,
        "tags": ", ".join(root.tags),
        "link": url,
    }
    for name, fact in facts.items():
        if fact:
            click.echo(f"{name:<12}{plain(fact)}")
    click.echo(f"\nobservations ({len(trace.observations)})")
    for indent, branch, one in tree(trace.observations):
        level = "" if one.level == "DEFAULT" else one.level
        what = f"{indent}{branch}{one.type} {one.name or ''}"
        room = width() - 24
        line = f"{cell(what, min(room, 56))}  {cell(duration(one.latency), 8)}  {cell(level, 8)}"
        click.echo(line.rstrip())
        if one.status_message:
            click.echo(f"{indent}   {plain(one.status_message)}")
        if with_io:
            for label, text in (("input", one.input), ("output", one.output)):
                if text:
                    click.echo(f"{indent}   {label}: {plain(text, keep_newlines=True)}")
    click.echo(f"\nscores ({len(trace.scores)})")
    for score in trace.scores:
        on = f" on {score.observation_id}" if score.observation_id else ""
        click.echo(
            row([(score.name, 24), (score.source, 10), (when(score.timestamp), 11), (number(score.value) + on, 10)])
        )
        if score.comment:
            click.echo(f"   {plain(score.comment)}")
    click.echo(f"\nnotes ({len(_notes(trace))})")
    for note in _notes(trace):
        click.echo(f"{when(note.at)}  {plain(note.reviewer)}  {plain(in_line(note))}")
    click.echo(f"\ncomments ({len(trace.comments)})")
    for one_comment in trace.comments:
        who = one_comment.author_user_id or ""
        click.echo(f"{when(one_comment.created_at)}  {plain(who)}  {plain(one_comment.content, keep_newlines=True)}")


def _print_conversation(found: "Conversation") -> None:
    from curator.conversation import lines_of

    click.echo("\nconversation")
    for line in lines_of(found):
        label = {"call": f"→ {line.label}", "result": f"← {line.label}"}.get(line.kind, line.label)
        head = plain(label) + ("" if line.kind == "call" else ": ")
        click.echo(f"  {head}{plain(line.text, keep_newlines=True)}")
