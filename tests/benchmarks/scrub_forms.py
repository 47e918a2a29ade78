"""Labelled texts of other forms: structure, languages, identifiers, encodings; invented values in invented frames.

Values come from Faker (dev extra) under a fixed seed. Every family has its frames; those at odd places are held back
from tuning, so that a rule which only fits a frame shows.
"""

import base64
import quopri
import random
from collections.abc import Callable, Iterator
from urllib.parse import quote

from tests.benchmarks.scrub_texts import Labelled, iban, luhn

Make = Callable[[], tuple[str, str]]
"""A label and a fresh value."""

# `{name}` stands for a value of that kind, as in `_makers`.
FRAMES: dict[str, tuple[str, ...]] = {
    "capitals": (
        "HELLO, MY NAME IS {NAME} AND MY PARCEL IS LATE",
        "PASSENGER: {NAME}  SEAT 14C",
        "PLEASE CALL {NAME} BEFORE NOON",
        "SIGNED BY {NAME} AT THE FRONT DESK",
    ),
    "csv": (
        "id,full_name,phone,plan\n17,{name},{phone},gold\n18,{name},{phone},basic",
        "ticket;Nachname;Vorname;Status\nT-9;{last};{first};offen\nT-10;{last};{first};zu",
        "order\tcustomer\temail\tstate\nORD-1\t{name}\t{email}\topen",
        "nombre,apellido,pedido\n{first},{last},88120\n{first},{last},88121",
    ),
    "xml": (
        "<customer><firstName>{first}</firstName><lastName>{last}</lastName><tier>gold</tier></customer>",
        "<row><passenger>{name}</passenger><seat>14C</seat></row>",
        "<soap:Body><ns:Contact><ns:Surname>{last}</ns:Surname><ns:Mail>{email}</ns:Mail></ns:Contact></soap:Body>",
        "<td class='k'>Customer</td><td>{name}</td><td>delivered</td>",
    ),
    "arguments": (
        "create_ticket(requester='{name}', priority=2, queue='billing')",
        "User(first_name='{first}', last_name='{last}', active=True)",
        "<Passenger name={name} seat=14C>",
        'Order(id=77, recipient="{name}", total=12.5)',
    ),
    "tables": (
        "| Customer | Plan |\n|---|---|\n| {name} | gold |\n| {name} | basic |",
        "| Ticket | Requester | Phone |\n| --- | --- | --- |\n| T-1 | {name} | {phone} |",
        "Name: {name}\nPlan: gold\nSeats: 2",
        "first name = {first}\nlast name = {last}\nstate = open",
    ),
    "query strings": (
        "https://shop.example.com/u?first_name={first}&last_name={last}&page=2",
        "GET /search?customer={Name}&sort=asc HTTP/1.1",
        "https://example.com/profile?email={percent}&tab=orders",
        "POST body: name={Name}&phone={digits}&plan=gold",
    ),
    "dates of birth": (
        "I was born on {date}, can you verify me?",
        "DOB {date} / member since 2019-04-02",
        '{{"birthDate": "{date}", "createdAt": "2024-02-03"}}',
        "geboren am {date}, Vertrag seit 01.02.2020",
        "Date de naissance : {date}",
        "fecha de nacimiento: {date}",
        "Her birthday is {date}.",
        "patient (b. {date}) was seen on 2024-05-06",
    ),
    "streets": (
        "I live at {us} now",
        "Send it to {uk}, please.",
        "Ich wohne in der {de}.",
        "J'habite au {fr}.",
        "Vivo en {es}.",
        "Abito in {it}",
        "Moro na {pt}",
        "Ik woon op {nl}",
    ),
    "user ids": (
        "user id {uid} was locked",
        "login failed for {handle}",
        "ping @{handle} on chat",
        "https://example.com/@{handle}/posts/7",
        '{{"user_id": "{uid}"}}',
        "assigned to {handle} by bot",
    ),
    "national ids": (
        "My NHS number is {nhs}.",
        "Steuer-ID: {steuer}",
        "NIE/DNI {dni}",
        "codice fiscale {cf}",
        "CPF: {cpf}",
        "BSN {bsn}",
        "PESEL {pesel}",
        "numéro de sécurité sociale {nir}",
        "Aadhaar {aadhaar}",
        "my social security number is {ssn}",
    ),
    "accounts": (
        "account number {digits9}, routing number {routing}",
        "Sort code {sort}, account no. {digits8}",
        "my passport number is {passport}",
        "driver's license {licence} expires in 2027",
        "Kontonummer {digits8}, BLZ {digits8}",
        "IBAN {iban}",
        "passport: {passport}, nationality DE",
        "card {card} exp 12/27",
    ),
    "encoded": (
        "payload={base64}",
        "data: {base64}",
        "Subject: {word}",
        "q={percentname}&x=1",
        "body: {qp}",
        "mail me: {spoken}",
    ),
    "languages": (
        "Geachte mevrouw {last}, bedankt voor uw bericht.",
        "Mi chiamo {name} e il mio ordine 8812 non è arrivato.",
        "O meu nome é {name} e o pedido 8812 está atrasado.",
        "Cordiali saluti\n{name}",
        "Mijn naam is {name}, mijn bestelling 8812 is te laat.",
        "Atenciosamente,\n{name}",
        "Prezado Sr. {last}, recebemos o seu pedido.",
        "Gentile Dott. {last}, abbiamo ricevuto la richiesta.",
    ),
}
_LOCALES = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "pt_BR", "nl_NL", "pl_PL", "tr_TR", "en_IN")


def forms(each: int = 6, seed: int = 5) -> list[tuple[str, int, Labelled]] | str:
    """`(family, frame, text)`; `each` texts a frame, or why there are none."""
    try:
        from faker import Faker
    except ImportError:
        return "Faker is not installed (it comes with the dev extra)"
    dice = random.Random(seed)
    fakes = {locale: Faker(locale) for locale in _LOCALES}
    for fake in fakes.values():
        fake.seed_instance(seed)
    makers = _makers(fakes, dice)
    return [
        (family, index, _filled(frame, makers))
        for family, frames in FRAMES.items()
        for index, frame in enumerate(frames)
        for _ in range(each)
    ]


def _makers(fakes: dict, dice: random.Random) -> dict[str, Make]:  # type: ignore[type-arg]
    def any_of(*locales: str):  # type: ignore[no-untyped-def]
        return fakes[dice.choice(locales or _LOCALES)]

    def first() -> str:
        return any_of().first_name()

    def last() -> str:
        return any_of().last_name()

    def name() -> str:
        fake = any_of()
        return f"{fake.first_name()} {fake.last_name()}"

    def ascii_name() -> tuple[str, str]:
        fake = any_of("en_US", "en_GB", "en_IN")
        return fake.first_name().lower(), fake.last_name().lower()

    def handle() -> str:
        a, b = ascii_name()
        return dice.choice([f"{a}.{b}", f"{a}_{b}{dice.randint(10, 99)}", f"{a}{b}{dice.randint(1, 99)}", f"{a}-{b}"])

    def digits(count: int) -> str:
        return str(dice.randint(1, 9)) + "".join(str(dice.randint(0, 9)) for _ in range(count - 1))

    def date() -> str:
        day, month, year = dice.randint(1, 28), dice.randint(1, 12), dice.randint(1940, 2005)
        return dice.choice([f"{year}-{month:02}-{day:02}", f"{day:02}.{month:02}.{year}", f"{month}/{day}/{year}"])

    def spoken() -> str:
        a, b = ascii_name()
        return f"{a} {dice.choice(['dot', '(dot)'])} {b} {dice.choice(['at', '(at)', '[at]'])} gmail dot com"

    def sentence() -> str:
        return f"customer {name()} wrote from {any_of('en_US').email()} about order 8812"

    def street(locale: str) -> Make:
        return lambda: ("ADDRESS", fakes[locale].street_address().replace("\n", " ").strip())

    en = ("en_US", "en_GB")
    return {
        "name": lambda: ("NAME", name()),
        "Name": lambda: ("NAME", name().replace(" ", "+")),
        "NAME": lambda: ("NAME", name().upper()),
        "first": lambda: ("NAME", first()),
        "last": lambda: ("NAME", last()),
        "phone": lambda: ("PHONE", dice.choice(["+1 212 555 " + digits(4), "(415) 555-" + digits(4)])),
        "digits": lambda: ("PHONE", "1212555" + digits(4)),
        "email": lambda: ("EMAIL", any_of(*en).email()),
        "percent": lambda: ("EMAIL", quote(any_of(*en).email())),
        "percentname": lambda: ("NAME", quote(name())),
        "date": lambda: ("BIRTH", date()),
        "us": street("en_US"), "uk": street("en_GB"), "de": street("de_DE"), "fr": street("fr_FR"),
        "es": street("es_ES"), "it": street("it_IT"), "pt": street("pt_BR"), "nl": street("nl_NL"),
        "uid": lambda: ("USER", "_".join(ascii_name()) + "_" + digits(4)),
        "handle": lambda: ("USER", handle()),
        "nhs": lambda: ("NATIONAL", _valid("gb.nhs", 10, dice)),
        "steuer": lambda: ("NATIONAL", _valid("de.idnr", 11, dice)),
        "dni": lambda: ("NATIONAL", (d := digits(8)) + "TRWAGMYFPDXBNJZSQVHLCKE"[int(d) % 23]),
        "cf": lambda: ("NATIONAL", any_of("it_IT").ssn()),
        "cpf": lambda: ("NATIONAL", any_of("pt_BR").cpf()),
        "bsn": lambda: ("NATIONAL", _valid("nl.bsn", 9, dice)),
        "pesel": lambda: ("NATIONAL", any_of("pl_PL").pesel()),
        "nir": lambda: ("NATIONAL", any_of("fr_FR").ssn()),
        "aadhaar": lambda: ("NATIONAL", any_of("en_IN").aadhaar_id()),
        "ssn": lambda: ("NATIONAL", any_of("en_US").ssn()),
        "digits8": lambda: ("ACCOUNT", digits(8)), "digits9": lambda: ("ACCOUNT", digits(9)),
        "routing": lambda: ("ACCOUNT", _valid("us.rtn", 9, dice)),
        "sort": lambda: ("ACCOUNT", "-".join(str(dice.randint(10, 99)) for _ in range(3))),
        "passport": lambda: ("ACCOUNT", dice.choice("CXL") + digits(8)),
        "licence": lambda: ("ACCOUNT", dice.choice("DSB") + digits(7)),
        "iban": lambda: ("ACCOUNT", iban(dice)),
        "card": lambda: ("ACCOUNT", luhn("4", dice)),
        "base64": lambda: ("ENCODED", base64.b64encode(sentence().encode()).decode()),
        "word": lambda: ("ENCODED", f"=?utf-8?B?{base64.b64encode(sentence().encode()).decode()}?="),
        "qp": lambda: ("ENCODED", quopri.encodestring(f"Jos=é {name()} <{any_of(*en).email()}>".encode()).decode()),
        "spoken": lambda: ("EMAIL", spoken()),
    }  # fmt: skip


def _valid(kind: str, length: int, dice: random.Random) -> str:
    """A number that python-stdnum takes for valid, by trial."""
    from importlib import import_module

    check = import_module(f"stdnum.{kind}").is_valid
    while True:
        number = str(dice.randint(1, 9)) + "".join(str(dice.randint(0, 9)) for _ in range(length - 1))
        if check(number):
            return number


def _filled(frame: str, makers: dict[str, Make]) -> Labelled:
    text = ""
    spans = []
    for part, kind in _parts(frame):
        text += part
        if kind:
            label, value = makers[kind]()
            spans.append((label, len(text), len(text) + len(value)))
            text += value
    return Labelled(text, tuple(spans))


def _parts(frame: str) -> Iterator[tuple[str, str]]:
    import string

    for literal, field, _, _ in string.Formatter().parse(frame):
        yield literal, field or ""
