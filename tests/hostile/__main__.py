"""Runs the whole corpus, or what is named, and prints the table; exit code 1 when anything went wrong."""

import sys
from collections import defaultdict

from tests.hostile.corpus import Outcome, corpus, play


def main() -> int:
    """`python -m tests.hostile [WORD…]`: cases whose mode or name holds a word; all without one."""
    words = sys.argv[1:]
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for case in corpus():
        if not words or any(word in f"{case.mode} {case.name}" for word in words):
            outcome = play(case)
            outcomes[case.mode].append(outcome)
            if outcome.wrong:
                print(f"{outcome.wrong}: {case.mode}: {case.name} ({outcome.code})", flush=True)
    columns = ("mode", "runs", "hangs", "unforeseen", "false claims", "silent", "slowest s")
    print("".join(f"{column:>14}" for column in columns))
    for mode, found in outcomes.items():
        sums = (sum(getattr(each, kind) for each in found) for kind in ("hang", "unforeseen", "false_claim", "silent"))
        cells = (mode, len(found), *sums, f"{max(each.seconds for each in found):.1f}")
        print("".join(f"{cell:>14}" for cell in cells))
    return int(any(outcome.wrong for found in outcomes.values() for outcome in found))


if __name__ == "__main__":
    sys.exit(main())
