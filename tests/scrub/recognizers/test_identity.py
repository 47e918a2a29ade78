"""Dates of birth, national numbers, documents, accounts: examples in several languages."""

import pytest

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

EXAMPLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "DATE_OF_BIRTH": (
        (
            "DOB ⟦08/02/1952⟧, I'd",
            "dob: ⟦1990-04-05⟧",
            "born ⟦March 21, 1957⟧ in",
            "date of birth is ⟦05 January 1993⟧",
            "Mia (⟦1990-04-05⟧, DOB)",
            "birthdays are ⟦1990-04-05⟧ and ⟦1957-03-21⟧",
            "geboren am ⟦3.8.1966⟧",
            "my birthday is ⟦5th of May 1999⟧",
            "dates of birth: Omar Davis: ⟦1982-10-19⟧\nMia Li: ⟦1992-11-19⟧",
            "dob ⟦05 January 1993⟧ for the loan, Salesforce 3.8.18",
            "fecha de nacimiento: ⟦3 de mayo de 1980⟧",
            "data di nascita ⟦12/03/1975⟧",
            "geboortedatum: ⟦04-11-1988⟧",
            "D0B ⟦02/08/1961⟧",
            "she turned 50 on ⟦4 May 2021⟧",
            "the patient (b. ⟦1961-02-03⟧) was seen",
            "⟦11-Feb-1971⟧ is my birthday",
            "fecha de nacimiento: ⟦14 ago 1982⟧",
            "生年月日 ⟦1990年4月2日⟧",
            "född ⟦3 maj 1975⟧",
        ),
        (
            "2026-11-22 15:04",
            "ordered on 2026-11-20",
            "dob is missing; it was ordered three weeks before that, see the invoice which we sent you on 2026-11-20",
            "born to run",
            "date of birth required",
        ),
    ),
    "US_SSN": (
        (
            "ssn ⟦852-73-7828⟧, dob",
            "⟦143-15-5790⟧",
            "social security number ⟦143 15 5790⟧",
        ),
        (
            "000-12-3456",
            "123-00-4567 and 123-45-0000",
            "part 98-7654321",
            "order 143155790",
            "123-45-67890",
            "1-123-45-6789-0",
        ),
    ),
    "NATIONAL_ID": (
        (
            "My NHS number is ⟦943 476 5919⟧.",
            "Steuer-ID: ⟦86095742719⟧",
            "mi DNI es ⟦12345678Z⟧",
            "the number ⟦12345678Z⟧ alone",
            "codice fiscale ⟦RSSMRA85T10A562S⟧",
            "CPF: ⟦390.533.447-05⟧",
            "BSN ⟦111222333⟧ en naam",
            "PESEL ⟦44051401359⟧",
            "numéro de sécurité sociale ⟦2 95 10 99 126 111 93⟧",
            "Aadhaar ⟦2341 2341 2346⟧",
            "ID number ⟦8001015009087⟧, thanks",
            "henkilötunnus ⟦131052-308T⟧",
            "it says ⟦756.9217.0769.85⟧ and ⟦85.07.30-033.28⟧",
            "RUT ⟦12.531.909-2⟧",
        ),
        (
            "the number 12345678A alone",
            "order 86095742719",
            "national id is required",
            "tax 2026-11-22",
            "nie wieder 12 Tage",
            "PAN 12",
            "756.9217.0769.84 and 85.07.30-033.29",
            "order id number 8001015009087",
            "pan failed after 30000 retries",
        ),
    ),
    "ACCOUNT_NUMBER": (
        (
            "account number ⟦148607972⟧, routing number ⟦507681401⟧",
            "Sort code ⟦12-34-56⟧, account no. ⟦12345678⟧",
            "Kontonummer: ⟦532013000⟧, BLZ ⟦370 400 44⟧",
            "numéro de compte ⟦00020051424⟧",
            "the account number you want is ⟦88213340⟧",
            "acc ⟦20039981⟧",
            "sort-code: ⟦30-90-89⟧, account: ⟦60111228⟧",
            "the account is with Halifax, number ⟦60111228⟧",
        ),
        (
            "your account has 12345 points",
            "the account was opened in 2019",
            "account number is missing",
            "routing is broken",
            "my account shows order number 60111228",
        ),
    ),
    "DOCUMENT_NUMBER": (
        (
            "my passport number is ⟦C01X00T47⟧.",
            "passport: ⟦L8988901C⟧",
            "driver's license ⟦D1234567⟧ expires in 2027",
            "Reisepass ⟦C01X0006H⟧",
            "permis de conduire n° ⟦12AB34567⟧",
            "VIN ⟦WVWZZZ1JZXW000001⟧",
            "alien number ⟦A012345678⟧",
        ),
        ("passport control at gate 22", "driver's license required", "passport expires 2027-01-02"),
    ),
}


@pytest.mark.parametrize("entity", EXAMPLES)
def test_examples(patterns: Engine, entity: str) -> None:
    check(patterns, entity, *EXAMPLES[entity])
