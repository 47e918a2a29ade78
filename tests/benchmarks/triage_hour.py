"""The weekly hour, scripted: 50 failures of the demo data triaged on a real terminal, with keys alone.

`python -m tests.benchmarks.triage_hour [--count 50] [--tmux]` prints every decision with its keys, then keystrokes per
kind of decision and the time that curator itself took (a person's reading comes on top). With `--tmux` the terminal is
a window of tmux, which can be watched.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from datetime import UTC, datetime

from curator.rulebook import shipped_rules
from curator.sandbox.demo import seed
from curator.sandbox.server import SandboxServer
from tests.tui.terminal import Terminal
from tests.tui.tmux import Tmux

MOST_KEYS = {"promoted": 4, "dismissed": 3, "dismissed from the workbench": 3}
"""What a decision may cost; more fails."""
WRITTEN, SAME, REMEDIES = "verified: it is there", "unchanged: the stored item", "What curator can do"
DOUBT = "Write this case?"
READY, MEND, GONE = "p writes it", "to mend", "The trace is gone"


class Reviewer:
    """Presses keys, and counts them."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.keys: list[str] = []

    def press(self, key: str, *wanted: str) -> str:
        """One key, and what it must lead to."""
        self.keys.append({"\r": "enter", "\x1b": "esc"}.get(key, key))
        self.terminal.send(key)
        return self.terminal.wait_for(*wanted)

    def decide(self) -> str:
        """One failure: promoted when its draft is complete, dismissed when not; what was decided."""
        self.keys = []
        seen = self.press("p", READY, MEND, GONE)
        if seen == READY:
            outcome = self.press("p", WRITTEN, SAME, REMEDIES, DOUBT)
            if outcome == DOUBT:
                # The expectation protects nothing, or the dataset holds the same: the workbench asks first.
                outcome = self.press("2", WRITTEN, SAME, REMEDIES)
            if outcome == REMEDIES:
                # The first one of a dataset: the dataset is missing, and the first remedy creates it.
                self.press("1", WRITTEN)
            self.press("\r", "decided")
            return "promoted"
        self.press("d", "why?")
        self.press("2", "decided")
        return "dismissed from the workbench" if seen == MEND else "dismissed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tmux", action="store_true", help="in tmux instead of a bare pseudo-terminal")
    arguments = parser.parse_args()
    counts: dict[str, list[int]] = defaultdict(list)
    log = []
    with SandboxServer() as server, tempfile.TemporaryDirectory() as state:
        seed(server.store, datetime.now(UTC))
        environment = server.environment() | {
            "CURATOR_STATE_DIR": state,
            "CURATOR_CONFIG": os.devnull,
            "CURATOR_RULES": str(shipped_rules()),
            "CURATOR_REVIEWER": "maya",
        }
        kind = Tmux if arguments.tmux else Terminal
        if arguments.tmux:
            print(f"watch it with: tmux -L {Tmux.name} attach -r", file=sys.stderr)
        with kind([sys.executable, "-m", "curator"], environment, (140, 40)) as terminal:
            reviewer = Reviewer(terminal)
            terminal.wait_for("decided")
            reviewer.press("t", "How far back")
            reviewer.press("3", "last 14 days")
            terminal.wait_for("decided")
            begin = time.perf_counter()
            for number in range(arguments.count):
                start = time.perf_counter()
                decision = reviewer.decide()
                took = time.perf_counter() - start
                counts[decision].append(len(reviewer.keys))
                log.append(
                    {"number": number + 1, "decision": decision, "keys": reviewer.keys, "seconds": round(took, 2)}
                )
                if not arguments.json:
                    print(f"{number + 1:>3}  {decision:<28}  {' '.join(reviewer.keys):<16} {took:5.2f} s", flush=True)
            whole = time.perf_counter() - begin
            terminal.send("q")
            terminal.wait_end()
    summary = {
        "decisions": len(log),
        "seconds": round(whole, 1),
        "keystrokes": sum(len(entry["keys"]) for entry in log),  # type: ignore[arg-type]
        "keystrokes_per_decision": {name: statistics.mean(each) for name, each in sorted(counts.items())},
        "most_keystrokes": {name: max(each) for name, each in sorted(counts.items())},
    }
    print(json.dumps({**summary, "log": log} if arguments.json else summary, indent=2))
    if too_many := [name for name, each in counts.items() if max(each) > MOST_KEYS[name]]:
        sys.exit(f"more keys than allowed: {', '.join(too_many)}")


if __name__ == "__main__":
    main()
