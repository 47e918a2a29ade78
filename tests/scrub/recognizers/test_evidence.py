"""Names by lists and models: what counts alone, what needs a second sign, and what is taken back."""

import pytest

from curator.scrub.engine import Engine
from curator.scrub.entities import Span
from curator.scrub.nlp import MODEL
from curator.scrub.pipeline import Pipeline
from curator.scrub.recognizers.evidence import person, weighed
from curator.scrub.second import Marked, SecondModel
from tests.scrub.recognizers.examples import check, found

HITS = (
    "Contact: ⟦Morrison, Emily⟧",
    "between ⟦Andrew⟧ and ⟦Emily⟧",
    "is ⟦Bradley Morris⟧ there?",
    "⟦Crystal Morrison⟧ paid",
    "ask ⟦Jean-Luc⟧ first",
    "then ⟦Ivan Muller⟧ left",
    "can you ask ⟦austin lowery⟧ about it",
    "signed by ⟦VICTORIA HENDERSON⟧ AT NOON",
    "PAID BY ⟦MARGARET ANNE HENDERSON⟧ TODAY",
    "'⟦Fiona Page⟧' and 3 more",
    "closed by ⟦Kwabena Asante⟧ today",
    "звонила ⟦Ольга Лебедева⟧ утром",
    "ο ⟦Γιώργος Δημητρίου⟧ ήρθε",
    "עם ⟦דוד כהן⟧ היום",
    "for ⟦Chidinma Umeokafor⟧ on Monday",
    "⟦Omar al-Dosari⟧'s visa",
    "ask ⟦Marijke van 't Spijker⟧ now",
    "⟦Ahmed ibn Khalid al-Otaibi⟧ came",
)
MISSES = (
    "Kallax, Billy and Ivar are shelves",
    "the Massey Ferguson starts",
    "The Harrington Sideboard, Walnut",
    'seats left for "Billy Elliot" today',
    '"The Talented Mr. Ripley" is out',
    "Now showing: Donnie Darko, Annie Hall",
    "Oscar stool in oak, Nora teapot in mint",
    "then Pont Alexandre III",
    "the Victor Hugo metro station",
    "Hodgkin lymphoma, Schubert's Trout Quintet",
    "Von: Buchhaltung",
    "I read Emma, then Rebecca.",
    "Von Köln nach Essen, Aeroporto Santos Dumont",
    "Le frigo Brandt, die Waschmaschine von Anna",
    "Harley Davidson and Fourier transform",
    "Jasmine test runner, Travis CI, Ruby on Rails",
    "Grace period until May",
    "East Daniel and Port Susan",
    "Mercy Hospital on Madison Avenue",
    "Claude Sonnet",
    "San Francisco",
    "Will you mark it?",
    "Austin, Dallas and Houston",
    "Amber Alert",
    "Jordan is a country",
    "Mia sorella arriva",
    "the Ada Weber shoes",
    "il prodotto Anna Rossi",
    "Nash equilibrium, Queen Anna II, la gare Anna Weber, l'hôtel Georges",
    "die Lampe flackert, Hong Kong",
    "jag vill säga upp avtalet, ring här från stan",
    "class Dante(Model): pass",
    "Rotterdam, Esbjerg and Braga",
    "am 3. Mai, le 1er Mai",
    "the Davis Cup, the Turner Prize, the Ruy Lopez",
    "Rosa-Luxemburg-Platz",
    'We watched "Amy Winehouse" at school',
    "Meeting rooms: Anna, Emil and Oscar are free",
    "the Thompson & Hall report",
    'both "Carrie" and "Amelie" are on loan',
    "the servers Freya, Odin and Thor are down",
    "const Oscar = new Reader()",
    "Paul Ehrlich Institut",
    "an English Setter",
)


def test_names_of_the_lists(patterns: Engine) -> None:
    check(patterns, "PERSON", HITS, MISSES)


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
        ("verder dan Leiden", "dan Leiden", None),
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


@pytest.mark.parametrize(
    ("text", "small", "second", "cue", "entity"),
    [
        ("ask Zebulon Quux now", "Zebulon Quux", "Zebulon Quux", None, "PERSON"),
        ("see Vacuum Cleaner here", "Vacuum Cleaner", "Vacuum Cleaner", None, "POSSIBLE_NAME"),
        ("see Vacuum Cleaner here", "Vacuum Cleaner", None, None, "POSSIBLE_NAME"),
        ("ask Kwabena now", "Kwabena", None, None, "PERSON"),
        ("ask Xyzzyk now", "Xyzzyk", None, None, "POSSIBLE_NAME"),
        ("hey Xyzzyk now", "Xyzzyk", None, "Xyzzyk", "PERSON"),
        ("ask sipho about it", None, "sipho", None, "PERSON"),
        ("the lamp is here", None, "lamp", None, "POSSIBLE_NAME"),
        ("steht im Halteverbot hier", "Halteverbot", "Halteverbot", None, "POSSIBLE_NAME"),
        ("kam Dachgeschoss dran", "Dachgeschoss", None, None, "POSSIBLE_NAME"),
        ("paid at Quuxley twice", "Quuxley", None, None, "POSSIBLE_NAME"),
    ],
)
def test_one_sign_suggests_two_find(
    text: str, small: str | None, second: str | None, cue: str | None, entity: str
) -> None:
    def at(value: str) -> tuple[int, int]:
        return text.index(value), text.index(value) + len(value)

    spans = [Span(*at(small), "PERSON", 0.85, MODEL)] if small else []
    spans += [Span(*at(cue), "PERSON", 0.3, "weak: greeting")] if cue else []
    marks = [Marked(*at(second), True, True, 0.8)] if second else []
    assert {s.entity for s in weighed(text, spans, marks) if s.score >= 0.45} == {entity}


def test_the_second_model_finds_whole_names_in_small_letters_and_far_into_a_text() -> None:
    model = SecondModel.installed()
    if model is None:
        pytest.skip("the second model is not installed (pip install 'langfuse-curator[names]')")
    text = "hey its benjamin green again. " + "The parcel is late. " * 60 + "Ask Lakshmi van der Berg-Meier, please."
    (names,) = model.names([text])
    assert [text[n.start : n.end] for n in names] == ["benjamin green", "Lakshmi van der Berg-Meier"]
    assert model.names(["", "4711", "x" * 5000]) == [[], [], []]
