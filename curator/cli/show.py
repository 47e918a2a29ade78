"""`curator show`: one trace with its observations, scores and comments."""

from typing import TYPE_CHECKING

import click

from curator.cli.output import json_option, print_form, print_json, say, width
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
    _print(trace, url, with_io, found)
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


def _print(trace: Trace, url: str, with_io: bool, found: "Conversation") -> None:
    from curator.conversation import lines_of

    print_form(
        "show",
        trace=trace,
        url=url,
        with_io=with_io,
        notes=_notes(trace),
        conversation=lines_of(found),
        tree=tree,
        in_line=in_line,
        room=min(width() - 24, 56),
    )
