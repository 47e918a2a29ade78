"""A run as JUnit XML, which every CI shows: one suite per repeat, one test case per item, named by its id."""

from collections.abc import Mapping, Sequence
from xml.etree import ElementTree

from curator.experiments.checks.base import verdict
from curator.experiments.results import ItemRun, Run
from curator.model.draft import Problem
from curator.model.rule import Rule
from curator.model.safe import visible


def junit_xml(
    rule: Rule, run: Run, reasons: Sequence[Problem] | None = None, excused: Mapping[str, str] | None = None
) -> str:
    """The document. An item fails by what its scores say, and errs when it errored or a check said nothing.

    `reasons` are why a gate blocks: they stand in a suite of their own, which passes when there are none. `excused`:
    item id → why its failure does not count (`known`, `quarantined`); it is shown as skipped.
    """
    excused = excused or {}
    root = ElementTree.Element("testsuites", name=visible(f"curator {run.label}"))
    for number, repeat in enumerate(run.repeats, 1):
        name = run.dataset if len(run.repeats) == 1 else f"{run.dataset} ({number} of {len(run.repeats)})"
        suite = ElementTree.SubElement(root, "testsuite", name=visible(name))
        suite.set("timestamp", repeat.started_at.isoformat())
        for item in repeat.items:
            case = ElementTree.SubElement(suite, "testcase", classname=visible(name), name=visible(item.item_id))
            case.set("time", f"{item.latency or 0.0:.3f}")
            if repeat.url:
                links = ElementTree.SubElement(case, "properties")
                ElementTree.SubElement(links, "property", name="run_url", value=visible(repeat.url))
            _outcome(case, rule, item, excused.get(item.item_id))
        _count(suite)
    if reasons is not None:
        suite = ElementTree.SubElement(root, "testsuite", name="gate")
        for reason in reasons or (None,):
            case = ElementTree.SubElement(suite, "testcase", classname="gate", name=reason.code if reason else "passed")
            if reason is not None:
                _add(case, "failure", [reason.message], reason.remedy)
        _count(suite)
    if not run.complete:
        suite = ElementTree.SubElement(root, "testsuite", name="run")
        _add(ElementTree.SubElement(suite, "testcase", classname="run", name="complete"), "error", ["interrupted"])
        _count(suite)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _outcome(case: ElementTree.Element, rule: Rule, item: ItemRun, excused: str | None) -> None:
    kind, said = _said(rule, item)
    if said:
        _add(case, "skipped" if excused else kind, [f"{excused}: {said[0]}", *said[1:]] if excused else said)


def _said(rule: Rule, item: ItemRun) -> tuple[str, list[str]]:
    if item.error:
        return "error", [item.error]
    missing = [f"{spec.name}: no score" for spec in rule.checks if spec.name not in item.scores]
    mute = [f"{name}: {score.error}" for name, score in item.scores.items() if score.error]
    # A score is held against the rule's bound, so a graded one that nothing bounds neither passes nor fails.
    failed = [
        f"{name}={score.value}: {score.comment}"
        for name, score in item.scores.items()
        if verdict(rule, name, score.value) is False
    ]
    return ("failure", failed + mute) if failed else ("error", mute + missing)


def _add(case: ElementTree.Element, kind: str, said: Sequence[str], more: str = "") -> None:
    element = ElementTree.SubElement(case, kind, message=visible(said[0], limit=300))
    element.text = "\n".join(visible(each) for each in (*said, *([more] if more else [])))


def _count(suite: ElementTree.Element) -> None:
    counts = {
        "tests": "testcase",
        "failures": "testcase/failure",
        "errors": "testcase/error",
        "skipped": "testcase/skipped",
    }
    for name, path in counts.items():
        suite.set(name, str(len(suite.findall(path))))
