"""The demo's people, from `texts/people.toml`: invented customers, and how the team reviews."""

from datetime import timedelta
from typing import Any, NamedTuple

from curator.sandbox.fields import PROJECT_ID
from tests.demo.maker.recorder import Recorded, Recorder
from tests.demo.maker.steps import texts

_TEXTS = texts("people")


class Person(NamedTuple):
    """One invented customer."""

    name: str
    email: str
    phone: str
    address: str
    region: str
    """eu, uk or us."""

    @property
    def first(self) -> str:
        """The given name."""
        return self.name.split()[0]

    def values(self) -> dict[str, str]:
        """What texts of the demo may mention: placeholder → value."""
        return {
            "name": self.name,
            "first": self.first,
            "email": self.email,
            "phone": self.phone,
            "address": self.address,
        }


PEOPLE = tuple(Person(**each) for each in _TEXTS["customers"])
OTHERS: tuple[tuple[str, str], ...] = _TEXTS["mentioned"]["others"]
"""Whom customers mention: type and value."""
CARDS: tuple[str, ...] = _TEXTS["mentioned"]["cards"]
_BY_FIRST_NAME = {person.first.lower(): person for person in PEOPLE}


def person(first_name: str) -> Person:
    """The customer with this given name, in lower case. Raises KeyError."""
    return _BY_FIRST_NAME[first_name]


def fill(value: Any, person: Person, **extra: str) -> Any:
    """Puts the person's values into the `{…}` of every text in a JSON value."""
    if isinstance(value, str):
        return value.format_map(person.values() | extra)
    if isinstance(value, dict):
        return {key: fill(item, person, **extra) for key, item in value.items()}
    return value


# Opaque ids, as Langfuse shows annotators.
REVIEWERS = ("cmf0r3v1w0001demo7q2k4xa", "cmf0r3v1w0002demo9t8m1zc", "cmf0r3v1w0003demo5b6n0ye")
SUPPORT_REVIEW, SAFETY_REVIEW = "support-review", "safety-review"
_CONFIGS: dict[str, dict[str, Any]] = _TEXTS["score_configs"]
_QUEUES: dict[str, dict[str, Any]] = _TEXTS["queues"]


class ReviewDesk:
    """The score configs and annotation queues, with their ids; scores and corrections are written here."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.configs = {name: recorder.uuid("config", name) for name in _CONFIGS}
        self.queues = {name: recorder.uuid("queue", name) for name in _QUEUES}

    def score(self, of: Recorded, name: str, value: Any, source: str, after: timedelta, **more: Any) -> None:
        """A score with its config; `more` as `Recorder.score` takes it."""
        kind = _CONFIGS[name]["kind"]
        self._recorder.score(of, name, value, kind, source, after=after, config=self.configs[name], **more)

    def correct(self, of: Recorded, text: str, after: timedelta, **more: Any) -> None:
        """What a reviewer typed as the corrected output."""
        self._recorder.score(of, "output", text, "CORRECTION", "ANNOTATION", after=after, **more)

    def reviewer(self, of: Recorded) -> str:
        """Who reviews the trace."""
        return self._recorder.random("author", of.trace_id).choice(REVIEWERS)

    def config_rows(self, created: str) -> list[dict[str, Any]]:
        """The score configs as the API shows them."""
        rows = []
        for name, config in _CONFIGS.items():
            kind, values = config["kind"], config.get("values", ())
            row = {
                "id": self.configs[name],
                "projectId": PROJECT_ID,
                "name": name,
                "dataType": kind,
                "description": config["description"],
                "isArchived": False,
                "minValue": None,
                "maxValue": None,
                "categories": None,
                "createdAt": created,
                "updatedAt": created,
            }
            if kind == "NUMERIC":
                row |= {"minValue": values[0], "maxValue": values[1]}
            elif kind == "BOOLEAN":
                row["categories"] = [{"label": "True", "value": 1}, {"label": "False", "value": 0}]
            elif kind == "CATEGORICAL":
                row["categories"] = [{"label": label, "value": i} for i, label in enumerate(values)]
            rows.append(row)
        return rows

    def queue_rows(self, created: str) -> list[dict[str, Any]]:
        """The annotation queues as the API shows them."""
        return [
            {
                "id": self.queues[name],
                "name": name,
                "description": queue["description"],
                "scoreConfigIds": [self.configs[config] for config in queue["configs"]],
                "createdAt": created,
                "updatedAt": created,
            }
            for name, queue in _QUEUES.items()
        ]
