"""The customers of the demo: invented people whose contact data cannot reach anybody.

E-mail addresses use domains reserved by RFC 2606; phone numbers come from ranges that regulators keep for fiction
(US 555-01xx; Ofcom 07700 900xxx and 020 7946 0xxx; Bundesnetzagentur 0171 39200xx, 030 23125xxx and 089 99998xxx; ARCEP
06 39 98 xx xx and 01 99 00 xx xx); card numbers are the payment providers' published test numbers.
"""

from typing import NamedTuple


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


PEOPLE: tuple[Person, ...] = (
    Person("Amelia Hartley", "amelia.hartley@example.com", "07700 900142", "17 Larch Row, Leeds LS6 2QX", "uk"),
    Person("Jonas Weidner", "j.weidner@example.org", "+49 171 3920047", "Lindenstraße 48, 10969 Berlin", "eu"),
    Person("Priya Raman", "priya.raman@example.net", "(206) 555-0147", "4418 Alder Street, Seattle, WA 98118", "us"),
    Person("Luca Ferrante", "luca.ferrante@example.com", "+33 6 39 98 41 07", "12 rue des Tilleuls, 69003 Lyon", "eu"),
    Person("Dorothy Okafor", "d.okafor@example.org", "07700 900618", "3 Quarry Close, Bristol BS7 8TR", "uk"),
    Person("Miguel Santos", "msantos@example.com", "(512) 555-0119", "902 Pecan Grove Drive, Austin, TX 78704", "us"),
    Person("Hanna Lindqvist", "hanna.lindqvist@example.net", "+49 30 23125884", "Ahornweg 5, 20253 Hamburg", "eu"),
    Person("Rory Macallan", "rory.m@example.com", "020 7946 0381", "29 Tanner's Yard, Edinburgh EH6 6BD", "uk"),
    Person("Tessa Brandt", "tessa.brandt@example.org", "+49 89 99998213", "Isarring 91, 80805 München", "eu"),
    Person("Wei Zhang", "wei.zhang@example.com", "(415) 555-0173", "611 Fulton Avenue, Oakland, CA 94601", "us"),
    Person(
        "Camille Deschamps", "camille.deschamps@example.net", "+33 1 99 00 52 18", "7 quai Voltaire, 44000 Nantes", "eu"
    ),
    Person("Nathan Osei", "nathan.osei@example.com", "07700 900277", "84 Mill Lane, Norwich NR3 1QP", "uk"),
    Person("Greta Vollmer", "greta@example.org", "+49 171 3920081", "Gartenstraße 14, 50677 Köln", "eu"),
    Person("Sofia Marchetti", "sofia.marchetti@example.com", "+33 6 39 98 70 66", "31 avenue Foch, 06000 Nice", "eu"),
    Person(
        "Caleb Whitmore", "caleb.whitmore@example.net", "(312) 555-0188", "2207 Maple Avenue, Chicago, IL 60614", "us"
    ),
    Person(
        "Ingrid Halvorsen", "ingrid.halvorsen@example.org", "020 7946 0925", "6 Harbour Street, Cardiff CF10 5AL", "uk"
    ),
    Person("Daniel Petrov", "d.petrov@example.com", "+49 30 23125417", "Rosenweg 22, 01097 Dresden", "eu"),
    Person(
        "Keisha Barnes",
        "keisha.barnes@example.com",
        "(404) 555-0132",
        "1530 Peach Hollow Road, Atlanta, GA 30316",
        "us",
    ),
    Person("Oskar Nyman", "oskar.nyman@example.net", "+49 89 99998740", "Birkenallee 3, 60323 Frankfurt", "eu"),
    Person("Beatrice Langford", "bea.langford@example.org", "07700 900853", "11 Station Road, Exeter EX4 3RT", "uk"),
    Person(
        "Andre Fontaine", "andre.fontaine@example.com", "+33 1 99 00 38 90", "55 cours Gambetta, 33000 Bordeaux", "eu"
    ),
    Person(
        "Maya Goldstein", "maya.goldstein@example.net", "(718) 555-0104", "345 Willow Street, Brooklyn, NY 11201", "us"
    ),
)

BY_FIRST_NAME = {person.first.lower(): person for person in PEOPLE}

# Whom customers mention.
OTHERS = (("PERSON", "Thomas Bauer"), ("EMAIL_ADDRESS", "ravi.raman@example.net"))

CARDS = ("5200 8282 8282 8210", "4000 0566 5566 5556")


def person(first_name: str) -> Person:
    """The customer with this given name, in lower case. Raises KeyError."""
    return BY_FIRST_NAME[first_name]
