"""The demo's order-status agent: deterministic, offline, with the live version's bugs and without them.

It takes the fields of the order-status dataset and answers `{answer, outcome, prompt_label}`, so experiments can run
against it: `curator run --task curator.sandbox.demo.agent:production` (or `:candidate`), or as a command that speaks
JSON, `python -m curator.sandbox.demo.agent --label production`.

The order system behind it is simulated: a parcel's state follows from the customer's own words, not from the order
number. So a case whose order number was replaced by a surrogate behaves like the trace that it came from.
"""

import json
import re
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypedDict


class Wording(TypedDict):
    """What the agent does, in one of several sentences."""

    outcome: str
    texts: list[str]


_PHRASES = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))
STATUS: dict[str, str] = _PHRASES["status"]
SITUATIONS: dict[str, str] = _PHRASES["situations"]
"""Situation → what the customer says, as a pattern; the first that matches wins."""
PRODUCTION: dict[str, Wording] = _PHRASES["production"]
CANDIDATE: dict[str, Wording] = _PHRASES["candidate"]

_FIXED_IN_PRODUCTION = {("delayed", "us")}
"""The live prompt handles delays well for the region it was written for."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_CARRIERS = {"eu": ("Nordkurier", "PaketFuchs"), "uk": ("SwiftParcel", "Pennine Post"), "us": ("BlueArrow",)}
_HUBS = {"eu": ("Leipzig", "Venlo", "Lyon"), "uk": ("Daventry", "Swindon"), "us": ("Memphis", "Reno")}
_CARD = re.compile(r"(?:\d{4}[ -]?){3}\d{4}|<CREDIT_CARD_\d+>")


@dataclass(frozen=True)
class Run:
    """What the agent did with one request."""

    output: dict[str, str]
    situation: str
    record: dict[str, Any] | None
    """What the order system said; None when it did not answer."""


def situation(query: str) -> str:
    """What the customer writes about: a key of `STATUS`."""
    text = query.lower().replace("’", "'")
    return next((name for name, pattern in SITUATIONS.items() if re.search(pattern, text)), "on_time")


def answer(case: Mapping[str, Any], label: str, order: Mapping[str, Any] | None = None, *, fail: bool = False) -> Run:
    """Answers one request as the prompt `label` does: `production`, or any other label for the fixed version.

    `order` adds fields to the record of the simulated order system; `fail` makes that system time out.
    Raises KeyError when `query`, `region` or `order_reference` is missing.
    """
    query, region, reference = str(case["query"]), str(case["region"]).lower(), str(case["order_reference"])
    kind = situation(query)
    pick = int(sha256(f"{query}|{reference}".encode()).hexdigest(), 16)
    facts = {
        "ref": reference,
        "carrier": _choose(_CARRIERS.get(region, _CARRIERS["us"]), pick),
        "hub": _choose(_HUBS.get(region, _HUBS["us"]), pick >> 8),
        "eta": _choose(_DAYS, pick >> 16),
        "card": (found.group() if (found := _CARD.search(query)) else "on file"),
    }
    record = {
        "order_reference": reference,
        "status": STATUS[kind],
        "carrier": facts["carrier"],
        "last_seen": facts["hub"],
        "delivery_date": facts["eta"],
        **(order or {}),
    }
    live = label == "production" and (kind, region) not in _FIXED_IN_PRODUCTION
    wording = PRODUCTION if live and kind in PRODUCTION else CANDIDATE
    said: Wording = _PHRASES["lookup_failed"] if fail else wording[kind]
    text = _choose(said["texts"], pick >> 24).format(**facts)
    return Run({"answer": text, "outcome": said["outcome"], "prompt_label": label}, kind, None if fail else record)


def order_status(case: Mapping[str, Any]) -> dict[str, str]:
    """Task: answers with the version that the case's own `prompt_label` names."""
    return answer(case, str(case.get("prompt_label", "production"))).output


def production(case: Mapping[str, Any]) -> dict[str, str]:
    """Task: the live version, with its bugs."""
    return answer(case, "production").output


def candidate(case: Mapping[str, Any]) -> dict[str, str]:
    """Task: the fixed version that waits for release."""
    return answer(case, "staging").output


def _choose(values: Sequence[str], pick: int) -> str:
    return values[pick % len(values)]


def main(arguments: list[str]) -> None:
    """Reads one case as JSON on stdin, writes the output as JSON on stdout; `--label` overrides the case's label."""
    case = json.load(sys.stdin)
    label = arguments[arguments.index("--label") + 1] if "--label" in arguments else case.get("prompt_label")
    json.dump(answer(case, label or "production").output, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])
