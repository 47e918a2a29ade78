"""Rules from a project's own failures: plain defaults, a first rule for a workflow, a rule tried on recent ones."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from pydantic import JsonValue

from curator.config import Settings
from curator.draft import (
    Case,
    Kind,
    Option,
    Shapes,
    Trial,
    by_workflow,
    loaded_text,
    reads_session,
    reshape,
    rule_text,
    sample_traces,
    seen_scores,
    trial,
)
from curator.gateway import Gateway
from curator.model import Queue, Trace, Value
from curator.model.errors import CuratorError
from curator.model.lineage import slug
from curator.model.rule import Rule
from curator.queue.find import find_failures
from curator.queue.gather import Hears
from curator.queue.signals import counts, signal_of
from curator.queue.window import Window, parse_window
from curator.rulebook import LoadedRule
from curator.scrub import Outgoing, Scrubber, refuse_personal

SCORES = 2_000
"""Scores that the directions are learned from."""
NAME = "defaults"
WINDOW = "14d"
TRIED = 50
"""Failures that a rule is tried on."""


def without_rules(settings: Settings) -> bool:
    """Whether only the rules that ship with curator are there: they look for the demo's traces."""
    from curator.rulebook import rules_folder, shipped_rules

    return rules_folder(settings) == shipped_rules()


def default_rule(gateway: Gateway, window: Window) -> Rule:
    """Errors, annotations and corrections, every annotation queue, and each score whose bad end its name says.

    Requests: some pages of scores, one of annotation queues. Raises GatewayError.
    """
    from ruamel.yaml import YAML

    scores = list(islice(gateway.scores(from_=window.since, to=window.until), SCORES))
    signals: list[dict[str, Any]] = [{"annotation": True}, {"level": "ERROR"}]
    signals += [{"annotation_queue": queue.name} for queue in gateway.annotation_queues()]
    for name, seen in seen_scores(scores).items():
        if seen.bad is not None and (condition := seen.condition()):
            on = {"on": "session"} if seen.on_session else {}
            signals.append({"score": name} | on | YAML(typ="safe", pure=True).load(condition))
    shape = {"schema": {"type": "object"}}
    return Rule.model_validate(
        {
            "rule": NAME,
            "dataset": {"name": NAME},
            "queue": {"signals": signals},
            "input": shape,
            "expected_output": shape,
            "lineage": {"failure_types": ["other"], "rubric": NAME},
        }
    )


def found_by(
    gateway: Gateway,
    settings: Settings,
    window: Window,
    rules: Sequence[Rule],
    find: Callable[[Sequence[Rule], Hears], Queue],
    hears: Hears,
) -> tuple[Queue, Sequence[Rule]]:
    """What `find` finds by the rules, with them; where a project has none, and the shipped ones find nothing, what it
    finds by the plain defaults, with their rule. Raises GatewayError."""
    notes: list[str] = []
    found = find(rules, replace(hears, note=notes.append))
    if found.matched or not without_rules(settings):
        for note in notes:
            hears.note(note)
        return found, rules
    plain = [default_rule(gateway, window)]
    return find(plain, hears), plain  # what the shipped rules miss in somebody's project is no news


def in_words(rule: Rule) -> str:
    """What the defaults count, and how to make them a rule."""
    scores = ", ".join(dict.fromkeys(one.score for one in rule.queue.signals if one.score is not None))
    bad = f", bad values of {scores}" if scores else ""
    return (
        "There are no rules for this project, so these plain defaults count as failures: errors, annotations and "
        f"corrections, entries of annotation queues{bad}. `curator init` makes a rule of them; promoting needs one."
    )


class Workflow(Value):
    """Traces of one name that hold failures."""

    name: str
    failures: int
    """Open ones of the last two weeks, by the plain defaults."""


def workflows(gateway: Gateway, now: datetime, hears: Hears | None = None) -> tuple[Workflow, ...]:
    """The project's trace names that have failures without a rule of their own, most failures first.

    Costs as much as a queue by the plain defaults. Raises GatewayError.
    """
    window = parse_window(WINDOW, None, now)
    found = find_failures(gateway, [default_rule(gateway, window)], window, hears=hears or Hears())
    named = by_workflow(Counter(failure.name for failure in found.failures if failure.name))
    return tuple(Workflow(name=name, failures=number) for name, number in named.most_common())


class Sample(Value):
    """What a rule makes of one trace, scrubbed like everything that leaves a trace."""

    trace_id: str
    failure: bool = False
    """Whether it is a failure by the rule; else the newest trace there is."""
    input: JsonValue = None
    expected_output: JsonValue = None
    problems: tuple[str, ...] = ()


class FirstRule(Value):
    """A rule that is proposed, before there is a file."""

    rule: str
    """Its name."""
    text: str
    """Its YAML; it loads as it is."""
    chosen: Option
    seen: Shapes
    tried: Trial
    draft: Sample | None


def first_rule(
    gateway: Gateway,
    scrubber: Scrubber,
    settings: Settings,
    now: datetime,
    *,
    trace_name: str | None = None,
    name: str | None = None,
    shape: Kind | None = None,
) -> FirstRule:
    """Proposes a rule for traces of one name, the most frequent one unless given; writes nothing.

    `shape` is one of those that fit, else the first. Raises GatewayError, CuratorError (INIT_NO_TRACES, PII_IN_NAME).
    """
    seen, traces = sample_traces(gateway, now=now, name=trace_name)
    others: Any = scrubber.scrub_value([seen.name or "", *seen.names], settings.scrub).value
    if (pattern := re.sub(r"<[A-Z_]+_\d+>", "*", others[0])) != (seen.name or "") and pattern.strip("* "):
        seen, traces = sample_traces(gateway, now=now, name=pattern)  # a filter names nobody
    plain = {each: count for each, count in seen.names.items() if each in others[1:]}
    seen = seen.model_copy(update={"names": plain})
    name = name or slug(seen.name or "first-rule")
    text = rule_text(seen, name, shape)
    refuse_personal(scrubber, {"The proposed rule": text}, settings.scrub)
    loaded = loaded_text(text)
    cases = _cases(gateway, traces, loaded)
    return FirstRule(
        rule=name,
        text=text,
        chosen=next((each for each in seen.options if each.kind == shape), seen.options[0]),
        seen=seen,
        tried=trial(cases, loaded, Outgoing(settings.policy(loaded.rule), scrubber)),
        draft=_sample(cases[0], loaded, scrubber, settings) if cases else None,
    )


def _cases(gateway: Gateway, traces: Sequence[Trace], loaded: LoadedRule) -> list[Case]:
    """The sample as cases, failures by the proposed rule first."""
    cases = []
    for trace in traces:
        signals = tuple(
            signal_of(condition, score, loaded.rule.rule)
            for condition in loaded.rule.queue.signals
            for score in trace.scores
            if counts(condition, score)
        )
        cases.append(Case(trace=trace, signals=signals))
    cases.sort(key=lambda case: not case.signals)
    if cases and reads_session(loaded.rule):
        cases[0] = cases[0].model_copy(update={"earlier": tuple(gateway.earlier_in_session(cases[0].trace))})
    return cases


def _sample(case: Case, loaded: LoadedRule, scrubber: Scrubber, settings: Settings) -> Sample:
    try:
        draft = reshape(case.trace, loaded, signals=case.signals, earlier=case.earlier)
        scrubbed = scrubber.scrub(draft, settings.policy(loaded.rule))
    except CuratorError as error:
        return Sample(trace_id=case.trace.id, failure=bool(case.signals), problems=(error.message,))
    return Sample(
        trace_id=case.trace.id,
        failure=bool(case.signals),
        input=scrubbed.input,
        expected_output=scrubbed.expected_output,
        problems=tuple(f"{problem.code}: {problem.message}" for problem in scrubbed.problems),
    )


def try_rule(gateway: Gateway, scrubber: Scrubber, settings: Settings, loaded: LoadedRule, window: Window) -> Trial:
    """Tries a rule on its recent failures; writes nothing. Raises GatewayError."""
    found = find_failures(gateway, [loaded.rule], window, state=None, limit=TRIED).failures
    there = [failure for failure in found if not failure.source_gone]
    traces = gateway.traces(list(dict.fromkeys(failure.trace_id for failure in there)))
    earlier: Callable[[Trace], Any] = gateway.earlier_in_session if reads_session(loaded.rule) else lambda trace: ()
    cases = [
        Case(
            trace=traces[failure.trace_id],
            observation_id=failure.reviewed_id,
            signals=failure.signals,
            earlier=tuple(earlier(traces[failure.trace_id])),
        )
        for failure in there
        if failure.trace_id in traces
    ]
    outgoing = Outgoing(settings.policy(loaded.rule), scrubber)
    return trial(cases, loaded, outgoing, allow_python=settings.allow_python)
