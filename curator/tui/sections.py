"""What is shown of a failure, an observation, its scores and comments, as sections of a document.

Each builder returns the sections and the value in which personal values are looked for; paths of the one are paths of
the other.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import TYPE_CHECKING

from curator.conversation import Line, conversation_of, lines_of, messages_in
from curator.draft import ago
from curator.model import Comment, Failure, Observation, Score, Signal, StoredItem, Trace, join_path, parse_text
from curator.queue import in_line
from curator.tui.document import Note, Section
from curator.tui.text import Piece
from curator.tui.words import age, clock, duration, said_by, score_value, signal_pieces, signs

if TYPE_CHECKING:
    from curator.audit import AuditReport, Story, StoryRow
    from curator.draft import Trial


Notes = list[tuple[list[Piece], str | None]]
"""Remarks: own words, and a foreign text each."""
LONGEST_SAID = 2_000
"""Characters on the one line of a call: personal values are looked for in them before the screen cuts."""


@dataclass
class Sheet:
    """Sections, and the one value that holds every foreign text in them."""

    sections: list[Section] = field(default_factory=list)
    foreign: dict[str, object] = field(default_factory=dict)

    def add(self, title: str, name: str, value: object, note: str = "") -> None:
        """A section that shows a value; messages also as a conversation."""
        self.foreign[name] = value
        path, messages = join_path("", name), messages_in(value)
        if not messages:
            self.sections.append(Section(title, value, path, note))
        else:
            self._talk(Section(title, value, path, note), f"{name}_said", lines_of(messages, short=LONGEST_SAID))

    def add_talk(self, title: str, name: str, lines: Sequence[Line]) -> None:
        """A section of a conversation: messages at length, calls and retrieved texts as lines that open."""
        if lines:
            self._talk(Section(title, None, join_path("", name)), name, lines)

    def _talk(self, section: Section, name: str, lines: Sequence[Line]) -> None:
        self.foreign[name] = [{"label": one.label, "text": one.text, "more": one.more} for one in lines]
        self.sections.append(replace(section, talk=tuple(lines), talk_path=join_path("", name)))

    def add_notes(self, title: str, name: str, notes: Sequence[tuple[Sequence[Piece], str | None]]) -> None:
        """A section of remarks: own words, and a foreign text each."""
        self.foreign[name] = [text or "" for _, text in notes]
        path = join_path("", name)
        made = tuple(Note(tuple(lead), text or "", join_path(path, i)) for i, (lead, text) in enumerate(notes))
        self.sections.append(Section(title, None, path, notes=made))

    def add_facts(self, facts: Mapping[str, str | None]) -> None:
        """A section of names and short values; those without a value are left out."""
        known = {name: value for name, value in facts.items() if value}
        width = max((len(name) for name in known), default=0) + 2
        self.add_notes("Facts", "facts", [([("key", f"{name:<{width}}")], value) for name, value in known.items()])


def of_failure(failure: Failure, trace: Trace | None) -> Sheet:
    """The preview of a failure: why it is one, what was asked, called, retrieved and answered."""
    sheet = Sheet()
    sheet.add_notes("Why", "signals", [(lead, comment) for lead, comment in _signals(failure.signals)])
    if failure.seen is not None:
        lead = [("info", "↻ "), ("text", f"like an item promoted {ago(failure.seen.promoted_at)}  ")]
        runs = f"{failure.seen.runs}  " if failure.seen.runs else ""
        opens: list[Piece] = [("text", runs), ("dim", "i opens it, with its runs and the difference")]
        sheet.add_notes("Seen before", "seen", [(lead, failure.seen.item_id), (opens, None)])
    said: list[tuple[list[Piece], str | None]] = []
    for note in failure.notes:
        said.append(([("accent", "✎ "), ("dim", f"{note.reviewer} {age(note.at)} ago  ")], in_line(note)))
    if failure.approved_by:
        names = ", ".join(failure.approved_by)
        said.append(([("accent", "✍ "), ("text", "approved, and waits for somebody else's approval  ")], names))
    if said:
        sheet.add_notes("Notes", "notes", said)
    if failure.decision is not None and failure.decision.state != "open":
        decision = failure.decision
        lead = [("strong", decision.state), ("dim", f" by {decision.reviewer} {age(decision.at)} ago  ")]
        sheet.add_notes("Decision", "decision", [(lead, decision.reason)])
    if failure.source_gone:
        gone: list[Piece] = [("warn", "▲ "), ("text", "The trace is not there (any more): nothing is left to copy.")]
        sheet.add_notes("Source", "source", [(gone, None), ([("dim", "d dismisses the failure")], None)])
    if trace is not None:
        add_content(sheet, trace, failure.reviewed_id)
    return sheet


def add_content(sheet: Sheet, trace: Trace, observation_id: str | None = None) -> None:
    """What went in and came out of a trace, or of one observation of it.

    As a conversation where it is one; an object of the program's own stands as it is, as its fields count too.
    """
    ids = {one.id for one in trace.observations}
    observation_id = observation_id if observation_id in ids else None
    top = trace.root if observation_id is None else trace.observation(observation_id)
    said, value = conversation_of(trace, observation_id), parse_text(top.input)
    lines = lines_of(said, short=LONGEST_SAID)
    if isinstance(value, (dict, list)) and value and messages_in(value) is None:
        sheet.add("Input", "input", value)
        calls = [one for one in lines if one.kind == "call"]  # they hold their results
        sheet.add_talk("Called", "called", calls or [one for one in lines if one.kind == "result"])
        sheet.add("Output", "output", parse_text(top.output))
    else:
        sheet.add_talk("Conversation", "said", [one for one in lines if one.kind != "retrieved"])
        answer = parse_text(top.output)
        if not lines or (isinstance(answer, (dict, list)) and messages_in(answer) is None):
            sheet.add("Output", "output", answer)
    sheet.add_talk("Retrieved", "retrieved", [one for one in lines if one.kind == "retrieved"])
    if top.status_message:
        sheet.add("Status", "status", top.status_message)


def _signals(signals: Sequence[Signal]) -> list[tuple[list[Piece], str | None]]:
    """Each signal once, however many rules count it."""
    once = {(s.kind, s.name, str(s.value), s.source, s.comment): s for s in signals}
    return [([*signal_pieces(s), ("dim", f"  {said_by(s)}  ")], s.comment) for s in once.values()]


def of_observation(observation: Observation) -> Sheet:
    """One observation: input, output, what it ran on, metadata."""
    sheet = Sheet()
    if observation.status_message:
        sheet.add("Status", "status", observation.status_message, note=observation.level)
    sheet.add("Input", "input", parse_text(observation.input))
    sheet.add("Output", "output", parse_text(observation.output))
    facts: dict[str, str | None] = {
        "model": observation.model,
        "latency": duration(observation.latency) or None,
        "cost": f"${observation.total_cost:.5f}" if observation.total_cost else None,
        "start": clock(observation.start_time),
        "level": observation.level if observation.level != "DEFAULT" else None,
        "environment": observation.environment,
        "version": observation.version,
        "release": observation.release,
        "user": observation.user_id,
        "session": observation.session_id,
        "tags": ", ".join(observation.tags) or None,
        "id": observation.id,
    }
    sheet.add_facts(facts)
    if observation.metadata:
        metadata = {key: parse_text(v) if isinstance(v, str) else v for key, v in observation.metadata.items()}
        sheet.add("Metadata", "metadata", metadata)
    return sheet


def of_scores(scores: Sequence[Score]) -> Sheet:
    """Every score, newest first: with a name given twice, that is its history."""
    sheet = Sheet()
    notes = []
    for score in sorted(scores, key=lambda s: s.timestamp, reverse=True):
        human = score.source == "ANNOTATION"
        lead: list[Piece] = [
            ("accent" if human else "dim", "✎ " if human else "· "),
            ("text", score.name),
            ("strong", f" {score_value(score.value)}" if score.data_type not in ("TEXT", "CORRECTION") else ""),
            ("dim", f"  {score.source.lower()} on the {score.subject}, {age(score.timestamp)} ago  "),
        ]
        text = str(score.value) if score.data_type in ("TEXT", "CORRECTION") else ""
        notes.append((lead, "\n".join(part for part in (text, score.comment or "") if part)))
    sheet.add_notes("Scores", "scores", notes)
    return sheet


def of_comments(comments: Sequence[Comment]) -> Sheet:
    """Every comment, oldest first: a conversation reads downwards."""
    sheet = Sheet()
    notes = [
        ([("accent", "✎ "), ("dim", f"on the {c.object_type.lower()}, {age(c.created_at)} ago  ")], c.content)
        for c in sorted(comments, key=lambda c: c.created_at)
    ]
    sheet.add_notes("Comments", "comments", notes)
    return sheet


def of_stored(item: StoredItem) -> Sheet:
    """A dataset item as the server holds it."""
    sheet = Sheet()
    sheet.add("Input", "input", item.input)
    sheet.add("Expected output", "expected_output", item.expected_output)
    sheet.add("Lineage", "metadata", item.metadata)
    facts = {
        "status": item.status,
        "source trace": item.source_trace_id,
        "source observation": item.source_observation_id,
        "created": clock(item.created_at),
        "updated": clock(item.updated_at),
        "id": item.id,
    }
    sheet.add_facts(facts)
    return sheet


def of_audit(report: "AuditReport") -> Sheet:
    """An audit's findings, the worst first; they hold no text of an item."""
    from curator.audit import TITLES, headline

    sheet = Sheet()
    whole: list[Piece] = [("strong", headline(report))]
    by = f"{len(report.checks)} checks, {report.requests} requests, rule {report.rule or 'none'}"
    sheet.add_notes("Audit", "audit", [(whole, None), ([("dim", by)], None)])
    notes: list[tuple[list[Piece], str | None]] = []
    severities = signs("severity")
    order = list(severities)
    worst_first = sorted(report.findings, key=lambda f: (order.index(f.severity), f.code))
    for code, group in groupby(worst_first, key=lambda f: f.code):
        found = list(group)
        role, sign = severities[found[0].severity]
        notes += [([], None)] if notes else []
        notes.append(([(role, f"{sign} {code} "), ("strong", TITLES[code])], None))
        for finding in found:
            notes.append(([("text", f"  {finding.item_id or 'the dataset'}: {finding.message}")], None))
        notes.append(([("dim", f"  → {found[0].remedy}")], None))
    if notes:
        sheet.add_notes("Findings", "findings", notes)
    else:
        nothing: list[Piece] = [("good", "✓ "), ("text", "nothing was found")]
        sheet.add_notes("Findings", "findings", [(nothing, None)])
    if report.not_looked_at:
        sheet.add_notes("Not looked at", "not", [([("dim", words)], None) for words in report.not_looked_at])
    return sheet


VERDICTS = {"fails": "good", "passes": "warn", "unclear": "warn"}
"""What a check should say of an answer that failed: that it fails."""


def of_trial(tried: "Trial") -> Sheet:
    """What `curator rules try` prints. Examples are text from outside."""
    sheet = Sheet()
    whole: Notes = [([("strong", f"{tried.failures} failures, {tried.complete} of their drafts lack nothing")], None)]
    for code, number in tried.problems.items():
        whole.append(([("warn", f"! {code}"), ("text", f" in {number} of {tried.failures}")], None))
    sheet.add_notes("Tried", "tried", whole)
    fields: list[tuple[tuple[Piece, ...], str]] = []
    for one in tried.fields:
        role = "good" if one.filled == one.of else "warn" if one.filled else "bad"
        lead: tuple[Piece, ...] = (("key", f"{one.path:<32} "), (role, f"{one.filled} of {one.of}  "))
        fields += [(lead, one.example or "–"), *(((("warn", "    never matched  "),), path) for path in one.silent)]
    sheet.foreign["fields"] = [text for _, text in fields]
    notes = tuple(Note(lead, text, join_path("fields", at)) for at, (lead, text) in enumerate(fields))
    sheet.sections.append(Section("Fields", None, "fields", notes=notes))
    checks: Notes = []
    for name, verdicts in tried.checks.items():
        said: list[Piece] = [
            (VERDICTS.get(verdict, "dim"), f"  {verdict} {count}") for verdict, count in verdicts.items()
        ]
        checks.append(([("key", f"{name:<32}"), *(said or [("dim", "  –")])], None))
    sheet.add_notes("What the checks say of the recorded answers", "checks", checks)
    return sheet


NAME = 14
"""Width of the names of facts."""


def of_story(story: "Story") -> Sheet:
    """The same rows that `curator audit DATASET ITEM` prints."""
    from curator.audit import chapters

    sheet = Sheet()
    for number, part in enumerate(chapters(story)):
        name = f"chapter{number}"
        notes = tuple(_notes(part.rows, name))
        sheet.foreign[name] = [note.text for note in notes]
        sheet.sections.append(Section(part.title, None, name, note=part.note, notes=notes))
    return sheet


def _notes(rows: "Sequence[StoryRow]", name: str) -> Iterator[Note]:
    for number, row in enumerate(rows):
        path = join_path(name, number)
        if row.kind in signs("difference"):
            role, sign = signs("difference")[row.kind]
            yield Note((), f"    {sign}{row.text}", path, role)
        else:
            yield Note(tuple(_lead(row)), row.text, path)


def _lead(row: "StoryRow") -> Iterator[Piece]:
    if row.kind == "fact":
        yield "key", f"{row.name:<{NAME}}"
    else:
        yield "dim", f"{row.name}  "
    if row.own:
        yield "text", f"{row.own}{'  ' if row.text else ''}"
