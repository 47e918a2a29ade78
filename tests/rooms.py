"""Branch coverage and size of each room, after `pytest --cov`: `python -m tests.rooms`.

Exits 1 when a core room is below its floor: what promises depend on is tested branch by branch. Only the tests of core
rooms are traced, so only their shares are shown; after `pytest --cov --cover-all`, `--all` shows those of every room.
"""

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
FLOOR = 90.0
CORE = ("model", "gateway", "queue", "draft", "rulebook", "promote", "journal", "scrub")


@dataclass
class Room:
    """What one room adds up to."""

    files: int = 0
    lines: int = 0
    longest: int = 0
    branches: int = 0
    covered: int = 0

    @property
    def share(self) -> float:
        """Covered branches in percent; a room without branches has all of them."""
        return 100 * self.covered / self.branches if self.branches else 100.0


def rooms(report: dict[str, dict[str, dict[str, dict[str, int]]]]) -> dict[str, Room]:
    """The rooms of coverage's JSON report: `curator/queue/find.py` belongs to `queue`."""
    found: dict[str, Room] = defaultdict(Room)
    for name, each in report["files"].items():
        parts = Path(name).parts
        room = found[Path(parts[1]).stem if parts[1] != "__init__.py" else "(package)"]
        size = len((ROOT / name).read_text(encoding="utf-8").splitlines())
        room.files += 1
        room.lines += size
        room.longest = max(room.longest, size)
        room.branches += each["summary"]["num_branches"]
        room.covered += each["summary"]["covered_branches"]
    return dict(sorted(found.items()))


def main() -> None:
    """Prints the table; says which rooms are too low."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, "-m", "coverage", "json", "--quiet", "-o", file.name]
        subprocess.run(command, cwd=ROOT, check=True)
        found = rooms(json.loads(Path(file.name).read_text(encoding="utf-8")))
    print(f"{'room':<12}{'files':>6}{'lines':>8}{'longest':>9}{'branches':>10}{'covered':>10}")
    for name, room in found.items():
        mark = "  core" if name in CORE else ""
        share = f"{room.share:.1f} %" if name in CORE or "--all" in sys.argv else ""
        print(f"{name:<12}{room.files:>6}{room.lines:>8}{room.longest:>9}{room.branches:>10}{share:>11}{mark}")
    low = [name for name in CORE if name not in found or found[name].share < FLOOR]
    if low:
        sys.exit(f"below {FLOOR:.0f} % of branches: {', '.join(low)}")


if __name__ == "__main__":
    main()
