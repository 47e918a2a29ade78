"""The report in its four forms: complete, deterministic, harmless, without a personal value."""

import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from curator.audit.examine import Standards, unexamined
from curator.audit.report import RENDERERS, document
from curator.audit.run import audit, report_of
from curator.audit.values import AuditFinding, AuditReport
from curator.audit.workers import Processes
from curator.gateway import Gateway
from curator.journal import Journal
from curator.model import Item, ScrubPolicy
from curator.rulebook import LoadedRule
from curator.sandbox.server import SandboxServer
from curator.scrub import Scrubber
from tests.audit.support import AT, EXAMPLE_RULE, QuickScrub, another, connection_of, make_evidence, make_item
from tests.audit.worlds import numbered, write_items
from tests.demo.maker.audit_example import DATASET, planned

FORMS = sorted(RENDERERS)
HOSTILE = "<script>alert(1)</script> & | `x` \x1b[31m \u202e **bold** [a](http://b) \ud800"


def parsed(page: str) -> ElementTree.Element:
    """The page read as XML: well-formed, or an exception."""
    head, _, rest = page.partition("\n")
    assert head == "<!doctype html>"
    return ElementTree.fromstring(rest)


def hostile_report() -> AuditReport:
    finding = AuditFinding(code="LIN001", severity="error", item_id=HOSTILE, message=HOSTILE, remedy="Do `this`.")
    return AuditReport(
        dataset=HOSTILE,
        version=AT,
        at=AT,
        items=1,
        rule=HOSTILE,
        findings=(finding,),
        checks=("LIN001",),
        not_looked_at=(HOSTILE,),
        failure_types={HOSTILE: 1},
        reviewers={HOSTILE: 1},
        signals={HOSTILE: 1},
        flows={HOSTILE: {HOSTILE: 1}},
        ages={"under a week": 1},
    )


@pytest.mark.parametrize("form", FORMS)
def test_every_finding_is_in_the_report(form: str, report: AuditReport) -> None:
    text = RENDERERS[form](report)
    for finding in report.findings:
        assert finding.code in text
        assert finding.item_id is None or finding.item_id.replace("_", "\\_") in text or finding.item_id in text


@pytest.mark.parametrize("form", FORMS)
def test_no_personal_value_of_the_example_is_in_the_report(form: str, report: AuditReport, now: datetime) -> None:
    text = RENDERERS[form](report)
    known = ["lost.in.returns@example.com", "returns@kestrelandpine", "+44 7700 900142", "sk-proj-"]
    known += [item.case.question[:30] for item in planned(now)]
    assert not [value for value in known if value in text]


def test_the_same_state_gives_the_same_bytes(
    report: AuditReport,
    example_server: SandboxServer,
    example_journal: Journal,
    example_rule: LoadedRule,
    moment: datetime,
    scrubber: Scrubber,
) -> None:
    with Gateway(connection_of(example_server)) as gateway:
        workers = Processes(1, first=scrubber)
        again = audit(gateway, example_journal, DATASET, example_rule, at=moment, workers=workers, scrub=Scrubber)
    assert {name: render(again) for name, render in RENDERERS.items()} == {
        name: render(report) for name, render in RENDERERS.items()
    }


def test_the_json_report_holds_what_others_rely_on(report: AuditReport) -> None:
    read = json.loads(RENDERERS["json"](report))
    assert {"dataset", "version", "items", "findings", "summary", "requests"} <= read.keys()
    assert {"code", "severity", "item_id", "message", "remedy"} == read["findings"][0].keys()
    assert read["summary"] == {"info": 8, "warning": 14, "error": 14}
    assert read == json.loads(json.dumps(document(report)))
    assert RENDERERS["json"](report).isascii()


def test_the_html_report_is_one_file_that_asks_for_nothing(report: AuditReport) -> None:
    page = RENDERERS["html"](report)
    root = parsed(page)
    assert not {each.tag for each in root.iter()} & {"script", "link", "img", "iframe", "object", "form", "a"}
    assert not [name for each in root.iter() for name in each.attrib if name in ("src", "href", "style", "onload")]
    assert "url(" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert "default-src 'none'" in page


def test_the_html_report_shows_graph_and_charts(report: AuditReport) -> None:
    root = parsed(RENDERERS["html"](report))
    pictures = [each.findtext("title") for each in root.iter("svg")]
    assert pictures == [
        "Signals, failure types, dataset",
        "Failure types",
        "Age since approval",
        "Reviewers",
        "Coverage by signal",
    ]
    graph = next(root.iter("svg"))
    said = [each.text for each in graph.iter("text")]
    assert {"customer_rating", "policy_judge", "desk_review", "unapproved_promise", "audit-example"} <= set(said)
    flows = sum(len(targets) for targets in report.flows.values())
    assert len(list(graph.iter("path"))) == flows + len(report.failure_types)
    for title, counts in (("Failure types", report.failure_types), ("Reviewers", report.reviewers)):
        chart = next(each for each in root.iter("svg") if each.findtext("title") == title)
        assert [each.text for each in chart.iter("text")][1::2] == [str(count) for count in counts.values()]


@pytest.mark.parametrize("form", FORMS)
def test_hostile_names_do_not_act(form: str) -> None:
    text = RENDERERS[form](hostile_report())
    assert "\x1b" not in text
    assert "\u202e" not in text
    if form == "html":
        root = parsed(text)
        assert not list(root.iter("script"))
        assert "alert(1)" in "".join(root.itertext())
    if form == "md":
        assert "<script>" not in re.sub(r"\\.", "", text)
        assert all(line.count("|") - line.count("\\|") in (3, 6) for line in text.splitlines() if line.startswith("|"))


@pytest.mark.parametrize("form", FORMS)
def test_an_empty_report_is_a_report(form: str) -> None:
    text = RENDERERS[form](report_of(make_evidence(runs=(), rule=None)))
    assert "audit-example" in text.replace("\\", "")
    if form == "html":
        parsed(text)


def test_a_dataset_without_items_has_no_picture() -> None:
    root = parsed(RENDERERS["html"](report_of(make_evidence())))
    assert "The dataset holds no item." in "".join(root.itertext())
    assert not list(root.iter("svg"))


def test_long_names_are_told_apart_and_whole_names_are_kept() -> None:
    types = [f"a failure type that somebody described at length, number {number}" for number in range(2)]
    wide = "データセットの長い名前、" * 4
    items = [another(f"case {n}", metadata={"failure_type": name}) for n, name in enumerate([*types, wide])]
    root = parsed(RENDERERS["html"](report_of(make_evidence(*items))))
    for picture in list(root.iter("svg"))[:2]:
        shown = {"".join(each.text or "" for each in text.iter("title")): text for text in picture.iter("text")}
        assert {*types, wide} <= shown.keys()
        names = ["".join(shown[name].itertext()).removeprefix(name) for name in types]
        assert names[0] != names[1]
        assert all("…" in name and len(name) <= 25 for name in names)
        assert len("".join(shown[wide].itertext()).removeprefix(wide)) <= 13


def test_a_code_with_many_findings_is_folded() -> None:
    items = [another(f"case {number}", metadata={"rubric": None}) for number in range(13)]
    root = parsed(RENDERERS["html"](report_of(make_evidence(*items))))
    folded = {each.findtext("summary/code"): "open" not in each.attrib for each in root.iter("details")}
    assert folded["LIN002"]


def test_the_distributions_count_items() -> None:
    items = [
        make_item(),
        another("a", metadata={"reviewer": "tobias", "approved_at": (AT - timedelta(days=400)).isoformat()}),
        another("b", metadata={"signals": None, "failure_type": None, "approved_at": "yesterday"}),
        another("c", metadata={"signals": [{"name": "x"}, {"name": "x"}, {"name": "customer_rating"}, "odd"]}),
    ]
    report = report_of(make_evidence(*items))
    assert report.failure_types == {"missing_policy": 3, "unknown": 1}
    assert report.reviewers == {"mara": 3, "tobias": 1}
    assert report.signals == {"customer_rating": 3, "x": 1}
    assert report.flows["unknown"] == {"unknown": 1}
    assert report.ages == {"under a month": 2, "a year or more": 1, "unknown": 1}


def test_ages_are_those_of_the_audited_version() -> None:
    then = AT - timedelta(days=19)
    assert report_of(make_evidence(make_item(), version=then)).ages == {"under a week": 1}


def test_times_may_be_in_any_zone() -> None:
    zone = timezone(timedelta(hours=5, minutes=45))
    report = report_of(
        make_evidence(make_item(metadata={"approved_at": (AT - timedelta(days=3)).astimezone(zone).isoformat()}))
    )
    assert report.ages == {"under a week": 1}


# Names from outside that hold personal values


def test_names_from_outside_are_scrubbed_too(server: SandboxServer, gateway: Gateway) -> None:
    write_items(server, 1)
    stored = numbered(7)
    fields: dict[str, Any] = stored.model_dump(exclude={"dataset_id", "created_at", "updated_at", "media"})
    fields["id"] = "case-ada.lovelace-mail.example.com"
    fields["metadata"] |= {
        "failure_type": "complaint of ada@mail.example.com",
        "signals": [{"kind": "score", "name": "bob@mail.example.com"}],
        "source_trace_id": "trace-of-ada@mail.example.com",
    }
    fields["source_trace_id"] = "trace-of-ada@mail.example.com"
    fields["input"] = {"question": "?", "channel": "chat", "ada@mail.example.com": "extra"}
    with server.store.write() as db:
        db.execute("UPDATE datasets SET input_schema = NULL")
    gateway.put_item(Item(**fields))
    report = audit(
        gateway,
        None,
        DATASET,
        EXAMPLE_RULE,
        at=datetime.now(UTC),
        workers=Processes(1),
        scrub=QuickScrub,
    )
    codes = {finding.code for finding in report.findings}
    assert {"LIN004", "SCH001", "RUL001"} <= codes
    for render in RENDERERS.values():
        assert "@mail" not in render(report)
    assert any(name.startswith("<EMAIL_ADDRESS_1> (sha256 ") for name in report.signals)


def test_names_that_nobody_could_look_at_are_withheld() -> None:
    item = make_item(id="by hand of ada")
    (facts,) = unexamined([item], Standards(rule=None, policy=ScrubPolicy()), "gone")
    evidence = make_evidence(item)
    report = report_of(evidence.model_copy(update={"facts": {item.id: facts}}))
    assert report.findings
    assert not [f for f in report.findings if "ada" in (f.item_id or "") + f.message]
    assert {f.item_id for f in report.findings if f.item_id} == {facts.labels[item.id]}


@pytest.mark.parametrize("form", FORMS)
def test_excused_items_are_listed(form: str) -> None:
    until = (AT - timedelta(days=1)).date()
    known = {"state": "known", "owner": "Ada", "issue": "https://example.org/1", "until": until.isoformat()}
    report = report_of(make_evidence(make_item(metadata={"gate": known}), another("other")))
    assert [(each.state, each.expired) for each in report.excused] == [("known", True)]
    text = RENDERERS[form](report)
    assert "Ada" in text
    assert str(until) in text
