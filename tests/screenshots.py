"""Makes the pictures in `screenshots/` from the running program: `python -m tests.screenshots [NAME…]`.

A sandbox with demo data, the app on it, keys as a reviewer presses them, a picture of what is on screen. With Chromium
on the machine, `--png FOLDER` also renders them there, to look at.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.session import Session
from curator.tui.widgets.reader import FailurePreview, MaskedView
from curator.tui.widgets.rows import Rows
from tests.demo.maker import audit_example
from tests.tui.driver import Driver, driving, go_elsewhere, settings_for

FOLDER = Path(__file__).parent.parent / "screenshots"
PORT = 8318
"""The same address in every picture."""
NARROW, USUAL, WIDE = (80, 24), (120, 36), (180, 48)


async def complete_failure(driver: Driver) -> None:
    """Puts the cursor on an order-status failure with personal values in it whose draft is complete."""
    session = driver.app.session
    for place, failure in enumerate(driver.listed):
        if failure.source_gone or failure.name != "order-status":
            continue
        prepared = session.drafts.prepare(session.drafts.order(failure.trace_id))
        found = {f.entity for f in prepared.scrubbed.findings if f.action == "replace"}
        if prepared.scrubbed.writable and found - {"FIELD"} and prepared.trace.correction is not None:
            session.items.create_dataset(prepared.loaded)
            driver.queue.failures.cursor = place
            await driver.settle()
            await driver.until(lambda: "query" in driver.text(), "the preview")
            return
    raise AssertionError("the demo data holds no such failure")


async def previewed(driver: Driver) -> None:
    """Waits until what stands beside the list is about the failure under the cursor, and masked."""
    preview = driver.queue.query_one(FailurePreview)
    await driver.until(lambda: preview._shown == driver.under_cursor and bool(preview.view._findings), "the preview")


async def queue(driver: Driver) -> None:
    await complete_failure(driver)


async def groups(driver: Driver) -> None:
    """Like failures as one row, the largest group first."""
    while driver.queue._fold != "group":
        await driver.press("x")
    await driver.until(lambda: bool(driver.app.session.groups.of), "the groups")
    rows = driver.queue.failures
    rows.cursor = 1
    known = driver.app.session.traces.excerpts
    await driver.until(lambda: all(f.key in known or f.source_gone for f in rows.in_sight()), "the messages")
    await previewed(driver)


async def prepared(driver: Driver) -> None:
    """Drafts that an assistant prepared, waiting for a person."""
    session, count = driver.app.session, 0
    for failure in session.queue.all():
        if failure.name == "order-status" and not failure.source_gone and count < 3:
            made = session.drafts.prepare(session.drafts.order(failure.key)).proposal
            if made.complete:
                session.rooms.promoter.save(made, "triage-assistant")
                count += 1
    session.drafts.read_inbox()
    await driver.press("s", "s", "s", "s")
    driver.queue.failures.cursor = 1
    await previewed(driver)


async def marked(driver: Driver) -> None:
    await driver.press("slash")
    await driver.type("order-st feedback")
    await driver.press("enter", "space", "space", "space", "d")


async def trace(driver: Driver) -> None:
    await driver.press("slash")
    await driver.type("support-c")
    await driver.press("enter", "enter", "j", "j", "j")


async def workbench(driver: Driver) -> None:
    await complete_failure(driver)
    await driver.press("p")


async def receipt(driver: Driver) -> None:
    await workbench(driver)
    if driver.screen._prepared.type_open:
        await driver.press("1")
    await driver.press("p")


async def bulk(driver: Driver) -> None:
    await driver.press("slash")
    await driver.type("order-st")
    await driver.press("enter", *["space"] * 8, "p", "p")


async def weak(driver: Driver) -> None:
    """A case whose expectation the recorded answer meets: the workbench says so, and asks."""
    await complete_failure(driver)
    await driver.press("p")
    bench = driver.screen
    answer = json.loads(bench._prepared.trace.root.output)
    bench.change(
        edits={
            "expected_output.outcome": answer["outcome"],
            "expected_output.must_mention": ["order"],
            "expected_output.must_not_mention": [],
        },
        failure_type=bench._prepared.loaded.rule.lineage.failure_types[0],
    )
    await driver.settle()
    await driver.press("p")


async def to_items(driver: Driver) -> None:
    """The items of the demo's dataset with a plant for every code of the audit."""
    await driver.press("D")
    rows = driver.screen.query_one("#datasets", Rows)
    rows.cursor = next(place for place, each in enumerate(rows.rows) if each.name == audit_example.DATASET)
    await driver.settle()


async def datasets(driver: Driver) -> None:
    await to_items(driver)
    await driver.press("enter", "j")
    items, asked = driver.screen.query_one("#items", Rows), driver.screen._asked
    await driver.until(lambda: all(items.rows[n].id in asked for _, n in items.rows_in_sight()), "the questions")
    detail = driver.screen.query_one("#detail", MaskedView)
    await driver.until(lambda: detail._findings is not None and "Input" in driver.text(), "the item, looked through")


async def lineage(driver: Driver) -> None:
    await datasets(driver)
    await driver.press("s")


async def audit(driver: Driver) -> None:
    await to_items(driver)
    await driver.press("a")


async def runs(driver: Driver) -> None:
    await driver.press("R")
    await driver.until(lambda: "looking" not in driver.text() and "✕ split" in driver.text(), "the runs")
    await driver.press("space")


async def compare(driver: Driver) -> None:
    await runs(driver)
    await driver.press("c")
    await driver.until(lambda: "baseline" in driver.text(), "the comparison")
    await driver.press("j", "j")


async def log(driver: Driver) -> None:
    await promote_some(driver)
    await driver.press("d", "1", "z", "2", "d", "2", "u", "L")


async def empty(driver: Driver) -> None:
    await driver.press("s")


async def help_(driver: Driver) -> None:
    await driver.press("question_mark")


async def page(driver: Driver) -> None:
    await driver.press("question_mark")
    await driver.type("gate")
    await driver.press("enter")


async def offline(driver: Driver) -> None:
    driver.app.session.rooms.gateway.close()
    session = driver.app.session
    go_elsewhere(session, session.settings.model_copy(update={"base_url": "http://127.0.0.1:9"}))
    await driver.press("ctrl+r")


async def light(driver: Driver) -> None:
    driver.app.theme = "curator-light"
    await workbench(driver)


async def promote_some(driver: Driver) -> None:
    session = driver.app.session
    ready = []
    for failure in session.queue.all():
        if failure.name == "order-status" and not failure.source_gone and len(ready) < 6:
            prepared = session.drafts.prepare(session.drafts.order(failure.trace_id))
            ready += [prepared] if prepared.scrubbed.writable else []
    for prepared in ready:
        if session.items.lately(prepared.draft.dataset) is None:
            session.items.create_dataset(prepared.loaded)
        session.acts.promote(prepared)
    driver.app.queue_changed()


Scene = Callable[[Driver], Awaitable[None]]
BOTH = (NARROW, USUAL)
SCENES: dict[str, tuple[Scene, tuple[tuple[int, int], ...]]] = {
    "queue": (queue, (*BOTH, WIDE)),
    "groups": (groups, BOTH),
    "prepared": (prepared, (USUAL,)),
    "marked": (marked, (USUAL,)),
    "trace": (trace, BOTH),
    "workbench": (workbench, (*BOTH, WIDE)),
    "weak": (weak, BOTH),
    "receipt": (receipt, BOTH),
    "bulk": (bulk, BOTH),
    "datasets": (datasets, BOTH),
    "lineage": (lineage, BOTH),
    "audit": (audit, BOTH),
    "runs": (runs, BOTH),
    "compare": (compare, (*BOTH, WIDE)),
    "log": (log, BOTH),
    "help": (help_, BOTH),
    "page": (page, (USUAL,)),
    "empty": (empty, BOTH),
    "offline": (offline, BOTH),
    "light": (light, (USUAL,)),
}


@asynccontextmanager
async def terminal_of_pictures(size: tuple[int, int], scrubber: Scrubber) -> AsyncIterator[Driver]:
    """The app on a sandbox of its own, when the first preview stands."""
    with tempfile.TemporaryDirectory() as state:
        os.environ["CURATOR_STATE_DIR"] = state
        with SandboxServer(port=PORT) as server:
            seed_demo(server.store, datetime.now(UTC))
            async with driving(Session(settings_for(server), scrubber), size) as driver:
                await driver.until(lambda: "Why" in driver.text(), "the first preview")
                yield driver


async def picture(name: str, scene: Scene, size: tuple[int, int], scrubber: Scrubber) -> Path:
    """One picture."""
    async with terminal_of_pictures(size, scrubber) as driver:
        await scene(driver)
        await driver.settle()
        svg = driver.app.export_screenshot(title=f"curator {name.rstrip('_')}", simplify=True)
    path = FOLDER / f"{name}-{size[0]}x{size[1]}.svg"
    path.write_text(svg, encoding="utf-8")
    return path


def render(svg: Path, folder: Path) -> None:
    """The picture as PNG, by Chromium."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("--png needs Chromium")
    text = svg.read_text(encoding="utf-8")
    size = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    assert size is not None
    page = folder / f"{svg.stem}.html"
    page.write_text(f'<body style="margin:0">{text}</body>', encoding="utf-8")
    window = f"--window-size={int(float(size[1]))},{int(float(size[2]))}"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", window]
    target = f"--screenshot={folder / svg.stem}.png"
    subprocess.run([browser, *flags, target, str(page)], check=True, capture_output=True)
    page.unlink()


def to_start() -> None:
    """The colours of the pictures, and nobody's own settings."""
    os.environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color", "CURATOR_CONFIG": os.devnull}
    os.environ.pop("NO_COLOR", None)
    FOLDER.mkdir(exist_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SCENES])
    parser.add_argument("--png", type=Path, help="also render PNG files into this folder, to look at")
    arguments = parser.parse_args()
    to_start()
    with Scrubber() as scrubber:
        for name in arguments.names or SCENES:
            scene, sizes = SCENES[name]
            for size in sizes:
                path = asyncio.run(picture(name, scene, size, scrubber))
                print(path.relative_to(FOLDER.parent))
                if arguments.png is not None:
                    arguments.png.mkdir(exist_ok=True)
                    render(path, arguments.png)


if __name__ == "__main__":
    main()
