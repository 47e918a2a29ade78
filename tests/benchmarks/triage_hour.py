"""The weekly hour, scripted: the open failures of the demo data decided with keys alone, as a reviewer would.

`python -m tests.benchmarks.triage_hour [--count 48]` prints every decision with its keys, then keystrokes per kind of
decision. Nothing is dismissed because it needs an edit: what the workbench says is open is chosen or typed. Dismissed
are only traces that are gone or hold no question. Typed text is counted by itself.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, datetime

from curator.sandbox.demo import seed_demo
from curator.sandbox.server import SandboxServer
from curator.scrub.scrubber import Scrubber
from curator.tui.screens.ask import AskText, Choose
from curator.tui.screens.receipt import ReceiptScreen
from curator.tui.screens.workbench import WorkbenchScreen
from curator.tui.session import Session
from tests.tui.driver import Driver, driving, settings_for

MOST_KEYS = {"ready": 4, "edited": 8, "dismissed": 3}
"""What a decision may cost, its questions (it protects nothing, the dataset is new) included; more fails."""
MOST_ANSWERS = 12


class Reviewer:
    """Presses keys, and counts them."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.keys: list[str] = []
        self.typed = 0
        """Texts that were typed."""

    async def press(self, key: str) -> None:
        """One key."""
        self.keys.append(key)
        await self.driver.press(key)

    async def decide(self) -> str:
        """The draft that is open, else the failure under the cursor; what was decided."""
        self.keys, self.typed = [], 0
        if self.driver.screen is self.driver.queue:
            await self.press("p")
        bench = self.driver.screen
        if not isinstance(bench, WorkbenchScreen) or any(point.key == "input" for point in bench._points):
            await self.press("d")
            await self.press("2")
            return "dismissed"
        edits = 0
        while bench._points:
            assert len(self.keys) < MOST_ANSWERS, self.driver.text()
            if bench._points[0].kind == "type":
                await self.press("1")
                continue
            edits += 1  # the cursor stands on the first field that is missing, and after an edit on the next
            await self.edit()
        await self.press("p")
        questions = 0
        while not isinstance(self.driver.screen, ReceiptScreen):
            assert questions < MOST_ANSWERS, self.driver.text()
            questions += 1
            await self.press("2" if "Write this case?" in self.driver.text() else "enter")
        receipt = self.driver.screen._receipt
        assert receipt is not None, self.driver.text()
        assert receipt.ok, receipt
        await self.press("n")
        return f"{'edited' if edits else 'ready'}{', asked' * questions}"

    async def edit(self) -> None:
        """What the cursor stands on: chosen, or typed."""
        await self.press("enter")
        if isinstance(self.driver.screen, Choose):
            await self.press("1")
            return
        self.typed += 1
        await self.driver.type("refund")
        await self.press("ctrl+s" if isinstance(self.driver.screen, AskText) else "enter")


async def hour(count: int, *, told: bool) -> tuple[dict[str, list[int]], int]:
    """Kind of decision → keys of each; and how many texts were typed."""
    counts: dict[str, list[int]] = defaultdict(list)
    texts = 0
    with Scrubber() as scrubber, SandboxServer() as server:
        seed_demo(server.store, datetime.now(UTC))
        async with driving(Session(settings_for(server), scrubber), fold="off") as driver:
            await driver.press("g")
            reviewer = Reviewer(driver)
            for number in range(min(count, len(driver.listed))):
                decision = await reviewer.decide()
                counts[decision].append(len(reviewer.keys))
                texts += reviewer.typed
                if told:
                    print(f"{number + 1:>3}  {decision:<22}  {' '.join(reviewer.keys)}", flush=True)
    return counts, texts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as state:
        os.environ |= {"CURATOR_STATE_DIR": state, "CURATOR_CONFIG": os.devnull}
        counts, texts = asyncio.run(hour(arguments.count, told=not arguments.json))
    summary = {
        "decisions": {name: len(each) for name, each in sorted(counts.items())},
        "keystrokes": sum(map(sum, counts.values())),
        "texts_typed": texts,
        "keystrokes_per_decision": {name: round(statistics.mean(each), 2) for name, each in sorted(counts.items())},
        "most_keystrokes": {name: max(each) for name, each in sorted(counts.items())},
    }
    print(json.dumps(summary, indent=2))
    if too_many := [name for name, each in counts.items() if max(each) > MOST_KEYS[name.split(",")[0]]]:
        sys.exit(f"more keys than allowed: {', '.join(too_many)}")


if __name__ == "__main__":
    main()
