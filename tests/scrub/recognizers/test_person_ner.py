"""What the name model gets wrong is taken back; what it finds in prose is kept."""

import pytest

from curator.scrub.pipeline import Pipeline
from curator.scrub.recognizers.person_ner import person
from tests.scrub.recognizers.examples import found


@pytest.mark.parametrize(
    ("text", "value", "left"),
    [
        ("ask Jane Hunter now", "Jane Hunter", "Jane Hunter"),
        ("Hi Jane Hunter now", "Hi Jane Hunter", "Jane Hunter"),
        ("Pauline Morin, Flat 6", "Pauline Morin, Flat", "Pauline Morin"),
        ("Jane's order", "Jane's", "Jane"),
        ("user_id ok", "user_id", None),
        ("ORDER-924 is late", "ORDER-924", None),
        ("ask Grafana why", "Grafana", None),
        ("jfk is far", "jfk", None),
        ("JFK is far", "JFK", None),
        ("East Daniel is far", "East Daniel", None),
        ("go to Houston", "Houston", None),
        ("says Frits van den Heuvel loudly", "Frits van", "Frits van den Heuvel"),
        ("says Dzhamalay Batukayev loudly", "Batukayev", "Dzhamalay Batukayev"),
        ("ask mr smith", "mr smith", None),
        ("Mercy Hospital bill", "Mercy Hospital", None),
    ],
)
def test_what_can_be_a_person(text: str, value: str, left: str | None) -> None:
    start = text.index(value)
    span = person(text, start, start + len(value))
    assert (text[slice(*span)] if span else None) == left


def test_prose(named: Pipeline) -> None:
    text = "Yesterday Hildegart Zimmer told us that the parcel never came."
    assert found(named.engine, text, "PERSON") == ["Hildegart Zimmer"]
