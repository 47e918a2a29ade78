"""The kinds of personal values and secrets: which are looked for, which block, which wins when two overlap."""

from dataclasses import dataclass, replace
from typing import Literal, Self

Kind = Literal["secret", "direct", "name", "suggestion"]


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of finding. A lower `rank` wins an overlap; a suggestion neither blocks nor is replaced by itself."""

    name: str
    kind: Kind
    rank: int
    default: bool = True
    least: float = 0.0
    """Own threshold, for a recognizer that is sure of itself too early; the rule's `thresholds` override it."""
    says: str = ""


ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        Entity("FIELD", "direct", 0, says="a field that the rule replaces as a whole"),
        Entity("MEDIA", "direct", 0, says="pictures, sound and files: found and named, never looked into"),
        Entity("SECRET", "secret", 1, says="API keys, tokens, private keys, passwords, cookies"),
        Entity("DENIED", "direct", 2, says="texts on the rule's deny list"),
        Entity("CUSTOM", "direct", 2, says="what the rule's own patterns find"),
        Entity("EMAIL_ADDRESS", "direct", 3, says="e-mail addresses"),
        Entity("CREDIT_CARD", "direct", 4, says="payment card numbers (Luhn)"),
        Entity("IBAN_CODE", "direct", 4, says="bank account numbers (IBAN)"),
        Entity("CRYPTO", "direct", 4, says="Bitcoin addresses"),
        Entity("US_SSN", "direct", 5, says="US social security numbers"),
        Entity("UK_NINO", "direct", 5, least=0.6, says="UK national insurance numbers"),
        Entity("NATIONAL_ID", "direct", 5, says="identity, tax and insurance numbers, by name or check digits"),
        Entity("ACCOUNT_NUMBER", "direct", 5, says="bank accounts, routing numbers, sort codes after their names"),
        Entity("DOCUMENT_NUMBER", "direct", 5, says="passports, driving licences after their names"),
        Entity("IP_ADDRESS", "direct", 6, says="IPv4 and IPv6 addresses"),
        Entity("MAC_ADDRESS", "direct", 6, says="hardware addresses"),
        Entity("STREET_ADDRESS", "direct", 7, says="street addresses of America and western Europe"),
        Entity("DATE_OF_BIRTH", "direct", 7, says="dates of birth, by the words around them"),
        Entity("PHONE_NUMBER", "direct", 8, says="telephone numbers"),
        Entity("USER_ID", "direct", 9, says="user names made of a person's name, home directories"),
        Entity("PERSON", "name", 10, says="names of people"),
        Entity("POSSIBLE_NAME", "suggestion", 19, says="what one sign alone takes for a name of a person"),
        Entity("LOCATION", "suggestion", 20, says="places"),
        Entity("ORGANIZATION", "suggestion", 21, says="organisations"),
        Entity("NRP", "suggestion", 22, says="nationality, religion, politics"),
        # Off by default: presidio's own recognizers fire on ordinary ids and times. A rule can ask for them.
        Entity("DATE_TIME", "suggestion", 30, default=False, says="dates and times"),
        Entity("URL", "suggestion", 31, default=False, says="web addresses"),
        Entity("UK_NHS", "direct", 12, default=False, says="UK NHS numbers"),
        Entity("US_BANK_NUMBER", "direct", 12, default=False, says="US bank account numbers"),
        Entity("US_DRIVER_LICENSE", "direct", 12, default=False, says="US driver licences"),
        Entity("US_PASSPORT", "direct", 12, default=False, says="US passports"),
        Entity("US_ITIN", "direct", 12, default=False, says="US taxpayer numbers"),
        Entity("MEDICAL_LICENSE", "direct", 12, default=False, says="US medical licences (DEA numbers)"),
    )
}

DEFAULT_ENTITIES = frozenset(e.name for e in ENTITIES.values() if e.default)
SUGGESTIONS = frozenset(e.name for e in ENTITIES.values() if e.kind == "suggestion")
NEEDS_NER = frozenset({"LOCATION", "ORGANIZATION", "NRP", "DATE_TIME"})
"""Entities that only the NER model finds; names are found by cues and lists too."""


@dataclass(frozen=True, slots=True)
class Span:
    """A raw finding in one text, before any policy."""

    start: int
    end: int
    entity: str
    score: float
    recognizer: str

    def moved(self, by: int) -> Self:
        """The same finding, further on."""
        return replace(self, start=self.start + by, end=self.end + by)
