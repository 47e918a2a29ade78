"""Numbers, times and states as a person reads them, and the tables of signs and sentences (`tables.toml`)."""

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from curator.model import Failure, Signal
from curator.tui.text import Piece, visible


@cache
def tables() -> dict[str, dict[str, dict[str, Any]]]:
    """Everything in `tables.toml`."""
    return tomllib.loads(Path(__file__).with_name("tables.toml").read_text(encoding="utf-8"))


@cache
def signs(about: str) -> dict[str, Piece]:
    """State, kind or verdict → the sign that it is shown by; see `[signs.…]` of the tables."""
    return {name: (role, sign) for name, (role, sign) in tables()["signs"][about].items()}


def sentences(about: str) -> dict[str, str]:
    """Name → sentence; see `[words.…]` of the tables."""
    return tables()["words"][about]


LEVEL_ROLES = {"ERROR": "bad", "WARNING": "warn", "DEBUG": "dim"}


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago: `12m`, `3h`, `5d`; `–` when unknown; `0m` for what lies ahead."""
    if moment is None:
        return "–"
    seconds = max(((now or datetime.now(UTC)) - moment).total_seconds(), 0)
    for limit, unit, sign in ((3600, 60, "m"), (86400, 3600, "h"), (86400 * 60, 86400, "d")):
        if seconds < limit:
            return f"{int(seconds // unit)}{sign}"
    return f"{int(seconds // (86400 * 30))}mo"


def clock(moment: datetime | None) -> str:
    """A moment in the reader's own time zone, to the minute."""
    return "–" if moment is None else moment.astimezone().strftime("%a %d %b %H:%M")


def duration(seconds: float | None) -> str:
    """`340 ms`, `2.4 s`, `3 m 20 s`; empty when unknown."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} m {int(seconds % 60):02d} s"


def score_value(value: float | bool | str | None) -> str:
    """`0.35`, `2`, `false`, a category."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return f"{value:.3g}"
    return "" if value is None else visible(str(value), limit=60)


def signal_pieces(signal: Signal) -> list[Piece]:
    """One signal in a few words: sign, name, value."""
    role, sign = signs("signal")[signal.kind]
    correction = signal.name == "output" and signal.source == "ANNOTATION"
    name = "corrected output" if correction else signal.name
    pieces: list[Piece] = [(role, f"{sign} "), ("text", visible(name, limit=80))]
    if signal.value is not None and not correction:
        pieces.append(("dim" if isinstance(signal.value, str) else "strong", f" {score_value(signal.value)}"))
    return pieces


def said_by(signal: Signal) -> str:
    """Who or what gave a signal."""
    if signal.source == "ANNOTATION":
        return "a reviewer"
    return {"EVAL": "an evaluator", "API": "the application"}.get(signal.source or "", "")


def strongest(failure: Failure) -> Signal:
    """The signal to name first: what a person said, then errors, then the scores of machines."""
    return min(failure.signals, key=weight)


def weight(signal: Signal) -> int:
    """The place of a signal among others, the strongest first."""
    return -1 if signal.source == "ANNOTATION" else list(signs("signal")).index(signal.kind)


def why_pieces(failure: Failure) -> list[Piece]:
    """Why a trace needs a decision, in one line."""
    first = strongest(failure)
    pieces = signal_pieces(first)
    others = list(dict.fromkeys(s.name for s in failure.signals if s.name != first.name))
    if others:
        pieces.append(("dim", f"  +{len(others)} {visible(', '.join(others), limit=80)}"))
    return pieces


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 failure`, `3 failures`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: list[int]) -> str:
    """One column per value; zero is a blank baseline."""
    top = max(values, default=0)
    return "".join("·" if not v else BARS[max(0, round(v / top * 8) - 1)] for v in values) if top else "·" * len(values)


def trend(values: Sequence[float | None]) -> str:
    """One column per value, between the lowest and the highest of them; `·` where there is none."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    step = (high - low) / (len(BARS) - 1) or 1.0
    return "".join("·" if value is None else BARS[round((value - low) / step)] for value in values)


def bar(part: float, width: int) -> tuple[str, str]:
    """A horizontal bar: the full part and the rest, together `width` cells."""
    full = round(max(0.0, min(1.0, part)) * width)
    return "━" * full, "─" * (width - full)
