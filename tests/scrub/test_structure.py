"""Fields of texts that are no JSON are read with their names; encoded texts are opened."""

import base64
import json
from collections.abc import Callable

import pytest

from curator.model import ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.pipeline import Pipeline
from curator.scrub.structure import encoded, fields

PLAIN = ScrubPolicy()


def named(text: str) -> dict[str, str]:
    return {text[a:b]: key for a, b, key in fields(text)}


@pytest.mark.parametrize("wrap", [lambda value: value, json.dumps])
def test_a_slot_says_what_its_value_is(bare: Pipeline, wrap: Callable[[object], object]) -> None:
    filled = wrap([{"field": "last_name", "value": "Zagorac"}, {"name": "colour", "value": "Vermilion"}])
    after = json.dumps(bare.scrub({"slots": filled}, PLAIN).value)
    assert "Zagorac" not in after
    assert "Vermilion" in after


def test_which_fields_there_are() -> None:
    assert named("<c:Who id='1'><ns:Surname>Hoz</ns:Surname></c:Who>") == {"Hoz": "Surname"}
    assert named("User(first_name='Zuri', last_name=\"O.\", n=3)") == {"Zuri": "first_name", "O.": "last_name"}
    assert named('id;Nachname;Ort\n1;Queck;Ulm\n2;"Mejer";Bonn')["Mejer"] == "Nachname"
    assert named("id,first,last\n8,Scott,Tapia")["Tapia"] == "last name"
    assert named("| Customer | Plan |\n|---|---|\n| Ağmur Akçay | gold |")["Ağmur Akçay"] == "Customer"
    assert named("WHERE last_name ILIKE '%o'hara%' OR first_name <> 'Uma'")["Uma"] == "first_name"
    assert named("[('surname', 'Zagorac'), ('total', 3)]") == {"Zagorac": "surname"}
    insert = named("INSERT INTO t (`surname`, n, \"dob\") VALUES ('Hoz', 1, '1990-01-02'), ('O''Hara', 2, NULL);")
    assert insert["Hoz"] == insert["O''Hara"] == "surname"
    assert insert["1990-01-02"] == "dob"
    assert len([*fields("INSERT INTO t (a, dob) VALUES ('x', 'y'), ('x', 'y')")]) == 4
    assert named("INSERT INTO goods (sku, name, price) VALUES ('A', 'Ash', 1)")["Ash"] == "product name"
    assert named("NO   NAME          LOGIN\n01   Zuri Okafor   zokafo")["zokafo"] == "LOGIN"
    assert named("https://x.example/renew?lname=Hoz&dl=H4-1187")["H4-1187"] == "dl"
    assert "surname" in [key for _, _, key in fields('<input type="text" name="surname" value="Hoz">')]
    assert named("customer eq 'Zuri Okafor' and total gt 3") == {"Zuri Okafor": "customer"}
    assert not named("Well, this is, as I said, fine.\nNothing, really, to see, here.".replace(",", ""))


@pytest.fixture(scope="module")
def bare(patterns: Engine) -> Pipeline:
    return Pipeline(patterns)


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("<customer><lastName>Adamów</lastName></customer>", "<customer><lastName><PERSON_1></lastName></customer>"),
        ("| Customer | Plan |\n|---|---|\n| Witold Sus | a |", "| Customer | Plan |\n|---|---|\n| <PERSON_1> | a |"),
        ("create_ticket(requester='Mats Lansink', queue='b')", "create_ticket(requester='<PERSON_1>', queue='b')"),
        ("apellido,pedido\nXuclà,88120", "apellido,pedido\n<PERSON_1>,88120"),
        ("Geachte mevrouw Wielądek, dank u", "Geachte <PERSON_1>, dank u"),
        ("меня зовут Прокл Беспалова, заказ", "меня зовут <PERSON_1>, заказ"),
        ("三浦亮介と申します。", "<PERSON_1>と申します。"),
        ("HELLO, MY NAME IS OLUŞ ERASLAN AND MY PARCEL IS LATE", "HELLO, MY NAME IS <PERSON_1> AND MY PARCEL IS LATE"),
        ("¿Puede llamar al señor Iglesias al 699 570 963?", "¿Puede llamar al <PERSON_1> al <PHONE_NUMBER_1>?"),
        ("Order(id=7, item='Desk Lamp', color='Ocean Blue')", "Order(id=7, item='Desk Lamp', color='Ocean Blue')"),
        ("name,price\nVacuum Cleaner,99\nDesk Lamp,20", "name,price\nVacuum Cleaner,99\nDesk Lamp,20"),
    ],
)
def test_structure_and_languages_without_a_model(bare: Pipeline, text: str, after: str) -> None:
    assert bare.scrub(text, PLAIN).value == after


def test_encoded_texts_are_opened_and_replaced_as_one(bare: Pipeline) -> None:
    mail = base64.b64encode(b"customer wrote from summer52@example.net about order 8812").decode()
    harmless = base64.b64encode(b"the order 8812 is late and nobody knows why it is").decode()
    assert [plain for _, _, plain, _ in encoded(f"x={harmless}")] == [
        "the order 8812 is late and nobody knows why it is"
    ]
    item = {"a": f"payload={mail}", "b": f"Subject: =?utf-8?B?{mail}?=", "c": harmless, "d": "ab" * 16, "e": "a" * 40}
    after = {"a": "payload=<EMAIL_ADDRESS_1>", "b": "Subject: <EMAIL_ADDRESS_2>"}
    assert bare.scrub(item, PLAIN).value == item | after


def test_a_question_tells_what_the_next_message_is(bare: Pipeline) -> None:
    asked = (
        "Sure! Could I have your member number?",
        "And your passport number?",
        "And the order number?",
        "Anything?",
    )
    given = ("70-441-82", "it's C01XM7T48", "88213441", "88213441")
    chat = [{"role": r, "content": t} for qa in zip(asked, given, strict=True) for r, t in zip("au", qa, strict=True)]
    after = [message["content"] for message in bare.scrub(chat, PLAIN).value]  # type: ignore[index, union-attr, call-overload]
    assert after[1::2] == ["<DOCUMENT_NUMBER_1>", "it's <DOCUMENT_NUMBER_2>", "88213441", "88213441"]
    assert after[::2] == list(asked)
