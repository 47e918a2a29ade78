"""The week in groups, from the command line to the score that reviewers share: decided whole, counted, taken back."""

import json
from datetime import timedelta

import pytest

from curator.config import state_folder
from curator.experiments import results
from curator.gateway import Gateway
from curator.model import Item
from curator.queue import decisions
from tests.help.test_schemas import valid
from tests.queue.test_cli import Curator, command  # noqa: F401
from tests.queue.world import NOW, World

pytestmark = pytest.mark.usefixtures("lasting_workers")
RULE = """
rule: desk
dataset: {name: desk}
queue:
  signals:
    - {score: q, below: 0.5}
input:
  schema: {type: object, required: [query], properties: {query: {type: string}}}
  fields: {query: {from: "$.input.query"}}
expected_output:
  schema: {type: object, required: [outcome], properties: {outcome: {type: string}}}
  fields: {outcome: {default: answer}}
lineage: {failure_types: [wrong], default_failure_type: wrong, rubric: r}
"""
PARCEL = (
    "please refund my order, the parcel never arrived at my door",
    "refund the order please, the parcel never arrived",
    "the parcel of my order never arrived, I want a refund please",
    "my order: parcel never arrived. A refund, please!",
)
PRINTER = (
    "the printer shows a paper jam error in the lower tray",
    "paper jam error of the printer, but the lower tray is empty",
    "printer says paper jam error, the lower tray has no paper",
)
LAMP = "which lamp fits the oak table with the marble top"


def key(number: int) -> str:
    return f"{number:032x}"


@pytest.fixture
def desk(world: World, command: Curator, monkeypatch: pytest.MonkeyPatch) -> Curator:  # noqa: F811
    """Four of a kind, three of another, one alone; the first two of the parcels a fortnight ago."""
    for number, text in enumerate((*PARCEL, *PRINTER, LAMP)):
        hours = 24 * 15 if number < 2 else 30 - number
        world.trace(key(number), hours, traceName="desk", input=json.dumps({"query": text}), output="{}")
        world.score(key(number), "q", 0.1, hours=hours - 1)
    world.load()
    with Gateway(load(world)) as gateway:
        gateway.put_dataset("desk")
    command.rule.write_text(RULE)
    curator = command.on(world.sandbox.environment())
    monkeypatch.setenv("CURATOR_RULES", str(command.rule.parent))
    monkeypatch.setenv("COLUMNS", "200")
    return curator


def load(world: World):  # type: ignore[no-untyped-def]
    from tests.gateway.servers import connection_to

    return connection_to(world.sandbox.base_url, public=world.sandbox.public_key, secret=world.sandbox.secret_key)


def groups(curator: Curator, *options: str) -> dict[str, set[str]]:
    """Representative → keys."""
    found = curator.json("queue", "--groups", "--since", "28d", *options)["groups"]
    return {group["id"]: set(group["keys"]) for group in found}


def states(world: World) -> dict[str, tuple[str, str | None]]:
    shared = decisions.decisions_in(world.gateway.scores(names=[decisions.SCORE_NAME]))
    return {each: (decision.state, decision.item_id) for each, decision in shared.items()}


def of(found: dict[str, set[str]], number: int) -> str:
    return next(group for group, keys in found.items() if key(number) in keys)


def test_the_item_of_a_representative_covers_its_group_and_undo_takes_all_of_it_back(
    world: World, desk: Curator
) -> None:
    before = groups(desk)
    assert sorted(map(sorted, before.values())) == [
        [key(n) for n in range(4)],
        [key(n) for n in range(4, 7)],
        [key(7)],
    ]
    (group,) = [each for each in desk.json("queue", "--groups", "--since", "28d")["groups"] if each["count"] == 4]
    options = ["--rules", "desk", "--covers-group", "--since", "28d"]
    looked = desk("promote", group["representative"], *options, "--dry-run")
    assert "3 other failures of the group would be covered" in looked.stderr
    assert states(world) == {}
    done = desk.json("promote", group["representative"], *options)
    (receipt,) = done["receipts"]
    assert receipt["verdict"] == "verified"
    assert set(done["covered"]) == {key(n) for n in range(4)} - {group["representative"]}
    covered = ("dismissed", receipt["item_id"])
    assert states(world) == dict.fromkeys(done["covered"], covered) | {
        group["representative"]: ("promoted", receipt["item_id"])
    }
    assert set(groups(desk)) == {of(before, 4), of(before, 7)}
    (whole,) = [g for g in desk.json("queue", "--groups", "--since", "28d", "--state", "all")["groups"] if g["items"]]
    assert (whole["id"], whole["items"], whole["count"]) == (group["id"], [receipt["item_id"]], 4)
    assert f"covered by {receipt['item_id']}" in desk("queue", "--since", "28d", "--state", "all").stdout
    taken = desk.json("undo", "--batch")["entries"]
    assert len(taken) == 4
    assert all(each["ok"] for each in taken)
    assert groups(desk) == before


def test_texts_rest_scrubbed_until_something_about_them_changes(
    world: World,
    desk: Curator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world.trace(key(8), 30, traceName="desk", input=json.dumps({"query": "write to jo.lind@corp.example"}), output="{}")
    world.score(key(8), "q", 0.1, hours=20)
    world.trace(key(9), 0.5, traceName="desk", input=json.dumps({"query": "still on its way"}), output="{}")
    world.score(key(9), "q", 0.1, hours=0.2)
    world.load()
    first, read = groups(desk), []
    (file,) = (state_folder() / "items").glob("texts-*.json")
    assert oct(file.stat().st_mode)[-3:] == "600"
    assert "write to <EMAIL_ADDRESS_1>" in file.read_text()
    assert "jo.lind" not in file.read_text()
    traces = Gateway.traces
    monkeypatch.setattr(Gateway, "traces", lambda self, ids, **more: read.append(ids) or traces(self, ids, **more))
    assert groups(desk) == first
    assert read == [[key(9)]]  # what is young may still grow
    world.score(key(0), "q", 0.2, hours=10)  # another reason: the text is another one
    world.load()
    assert groups(desk) == first
    assert set(read[1]) == {key(0), key(9)}
    desk.rule.write_text(RULE + "scrub: {deny: [parcel]}\n")
    groups(desk)
    assert len(read[2]) == 10
    assert "the parcel never" in file.read_text()
    assert "<DENIED_1> never" in file.read_text()
    desk("erase", "--trace", key(8), "--yes")
    assert not file.exists()
    file.write_text("no JSON")
    desk.rule.write_text(RULE)
    assert groups(desk) == first
    assert file.read_text().startswith("{")


def test_a_group_is_dismissed_and_snoozed_with_its_count_and_undone(world: World, desk: Curator) -> None:
    before = groups(desk)
    parcel, printer = of(before, 0), of(before, 4)
    done = desk("dismiss", "--group", parcel, "--since", "28d", "--reason", "the carrier's strike")
    assert "4 failures of" in done.stderr
    later = desk.json("snooze", "--group", printer, "--since", "28d", "--until", "3d")
    assert {each["key"] for each in later["decisions"]} == {key(n) for n in range(4, 7)}
    assert set(groups(desk)) == {of(before, 7)}
    desk("dismiss", "--group", parcel, "--since", "28d", "--reason", "again", code=2)  # nothing of it is open
    assert len(desk.json("undo", "--batch")["entries"]) == 3
    assert set(groups(desk)) == {of(before, 7), printer}
    assert len(desk.json("undo", "--batch")["entries"]) == 4
    assert groups(desk) == before
    desk("dismiss", key(7), "--covered-by", "nobody", code=2)


def planted(gateway: Gateway, item_id: str, query: str, weeks: int) -> None:
    """An item that was promoted so many weeks ago."""
    approved = (NOW - timedelta(weeks=weeks)).isoformat(timespec="seconds")
    metadata = {"source": "reviewed-failure", "approved_at": approved}
    gateway.put_item(
        Item(
            id=item_id, dataset="desk", input={"query": query}, expected_output={"outcome": "answer"}, metadata=metadata
        )
    )


def ran(item: str, **labels: bool | None) -> None:
    """Result files of this machine: a run for each label, an errored one for None."""
    for number, (label, passes) in enumerate(labels.items()):
        started = NOW + timedelta(minutes=number + 60 * (label == "broken"))
        scores = {} if passes is None else {"ok": results.Score(value=float(passes)), "tone": results.Score(value=0)}
        one = results.ItemRun(item_id=item, scores=scores, error="it hung" if passes is None else None)
        other = results.ItemRun(item_id="shoes-item")  # nothing scored it
        repeat = results.Repeat(
            run_name=label, experiment_id=None, started_at=started, finished_at=started, items=(one, other)
        )
        run = results.Run(
            label=label,
            run_name=label,
            dataset="desk",
            judges=("tone",),
            pass_fail=("ok", "tone"),
            items={each.item_id: results.DatasetItem(input={}, fingerprint=each.item_id) for each in repeat.items},
            repeats=(repeat,),
        )
        results.write_run(run, results.default_path("desk", label, started))


def test_what_was_seen_before_is_found_and_nothing_else(world: World, desk: Curator) -> None:
    with Gateway(load(world)) as gateway:
        planted(gateway, "parcel-item", "Hello, my parcel never arrived. Please refund the order.", 1)
        planted(gateway, "shoes-item", "can I swap the shoes for a larger size", 6)
    ran("parcel-item", first=False, then=True, last=True)
    shown = desk.json("queue", "--groups", "--since", "28d")
    assert {one["seen"]["runs"] for one in shown["failures"] if one["seen"]} == {"passes since run then"}
    seen = {one["key"]: one["seen"] and one["seen"]["item_id"] for one in shown["failures"]}
    # The two of a fortnight ago were there before the item was.
    assert seen == {key(n): "parcel-item" if n in (2, 3) else None for n in range(8)}
    told = desk("queue", "--groups", "--since", "28d").stdout
    assert "\n            ↻ like parcel-item, promoted 7 days ago, passes since run then\n" in told
    # Asked for without groups: what it resembles stands whole on a line of its own.
    alone = desk("queue", "--filter", "is:seen -group:g-none", "--since", "28d").stdout.splitlines()
    assert {line.split()[0] for line in alone[::2]} == {key(2), key(3)}
    assert set(alone[1::2]) == {"    ↻ like parcel-item, promoted 7 days ago, passes since run then"}
    desk("queue", "--filter", "is:seen", "--limit", "3", code=2)
    draft = desk.json("draft", key(2), "--rules", "desk")
    (like,) = draft["similar"]
    assert (like["item_id"], like["relation"], like["runs"]) == ("parcel-item", "alike", "passes since run then")
    ran("parcel-item", broken=None)
    assert "promoted 7 days ago, fails since run broken" in desk("draft", key(2), "--rules", "desk").stdout
    assert desk.json("draft", key(7), "--rules", "desk")["similar"] == []

    covered = desk.json("coverage", "--since", "28d")
    valid("coverage", covered)
    valid("queue", shown)
    assert [group["like"]["item_id"] for group in covered["covered"]] == ["parcel-item"]
    assert len(covered["uncovered"]) == 2
    assert [(each["item_id"], each["last_seen"]) for each in covered["quiet"]] == [("shoes-item", None)]
    assert "2 groups without an item" in desk("coverage").stdout

    page = desk("audit", "desk", "--coverage", "28d", "--format", "md").stdout
    assert "## Coverage\n\n- 1 of 3 groups of failures have an item\n" in page
    assert "3 failures, no item\n" in page
    assert "- shoes-item: not seen in the window\n" in page

    told = desk.json("digest", code=1)
    valid("digest", told)
    parcel, printer = of(groups(desk), 0), of(groups(desk), 4)
    assert [group["id"] for group in told["recurring"]] == [parcel]
    assert {group["id"] for group in told["new"]} == {printer, of(groups(desk), 7)}
    assert (told["growing"], told["decided"], told["needs_somebody"]) == ([], {"open": 8}, True)
    page = desk("queue", "--markdown", "--since", "28d").stdout
    assert page.startswith("# Failures, ")
    assert "like parcel-item, promoted 7 days ago, fails since run broken" in page
    assert "8 failures: 8 open." in page
    desk("dismiss", *(key(n) for n in range(8)), "--reason", "done with")
    quiet = desk.json("digest")
    assert (quiet["needs_somebody"], quiet["decided"]) == (False, {"dismissed": 8})


def test_a_digest_names_what_waits_elsewhere(world: World, desk: Curator) -> None:
    desk("dismiss", *(key(n) for n in range(8)), "--reason", "done with")
    until = (NOW - timedelta(days=2)).date().isoformat()
    known = {"state": "known", "owner": "ada", "issue": "https://tracker/1", "until": until}
    with Gateway(load(world)) as gateway:
        for item_id, metadata in (("expired", {"gate": known}), ("drifted", {"digest": "0" * 64})):
            gateway.put_item(
                Item(id=item_id, dataset="desk", input={"query": item_id}, expected_output={}, metadata=metadata)
            )
    told = desk.json("digest", code=1)
    assert (told["expired"], told["drift"]) == (["expired"], ["drifted"])
    assert (told["new"], told["growing"], told["recurring"]) == ([], [], [])
    page = desk("digest", code=1).stdout
    assert "## No longer excused\n\n- expired\n" in page
    assert "## Not as approved\n\n- drifted\n" in page


def test_a_digest_names_the_judges_that_have_not_shown_what_the_rule_asks(world: World, desk: Curator) -> None:
    """Of four judges: one agrees with people, one calls all good, one was held against too few, one against nobody."""
    desk("dismiss", *(key(n) for n in range(8)), "--reason", "done with")
    good = [number % 2 == 0 for number in range(40)]
    for number, is_good in enumerate(good):
        trace = f"{0xE000 + number:032x}"
        world.trace(trace, 30, traceName="evaluated", input="{}", output="{}")
        for name, judged in (("sound", is_good), ("lenient", True), *((("rare", is_good),) if number < 12 else ())):
            world.score(trace, name, float(judged), hours=29)
            world.score(trace, name, float(is_good), hours=28, source="ANNOTATION")
    world.load()
    checks = "".join(
        f'  - {{name: {name}, type: numeric_tolerance, path: "$.{name}", value: 1, tolerance: 0, judge: true}}\n'
        for name in ("sound", "lenient", "rare", "alone")
    )
    bounds = "gate: {judges: {min_n: 20, tpr: 0.7, tnr: 0.7}}\n"
    rule = desk.rule.read_text()
    desk.rule.write_text(f"{rule}checks:\n{checks}{bounds}")
    told = desk.json("digest", code=1)
    assert told["judges"] == [
        "alone (rule desk, 0 traces)",
        "lenient (rule desk, 40 traces)",
        "rare (rule desk, 12 traces)",
    ]
    assert told["needs_somebody"] is True
    assert "## Judges that decide nothing yet\n\n- alone (rule desk, 0 traces)\n" in desk("digest", code=1).stdout
    desk.rule.write_text(f"{rule}checks:\n{checks.splitlines()[0]}\n{bounds}")
    assert (desk.json("digest")["judges"], desk.json("digest")["needs_somebody"]) == ([], False)
