"""What a dict key says about its value.

A value on its own ("Jane Hunter", 4915112345678) says little; `customer name: Jane Hunter` says much. So a short value
is read with its keys as a lead-in, and recognizers need to know only one kind of context: text.
"""

import regex

from curator.scrub.recognizers.names import is_ordinary, word_list

_WORDS = regex.compile(r"\p{Lu}+(?!\p{Ll})|\p{Lu}?\p{Ll}+|\d+")
_LONGEST = 200
"""A longer value is prose and speaks for itself."""

_TELLING = word_list("telling_keys.txt")
_BLANK = frozenset({"id", "no", "number", "value"})
"""Keys that say nothing themselves, but pass on what the key above them says."""
_PARTS = frozenset({"first", "last", "middle", "full", "given", "family"})
"""Keys below `name` that say which part of it: `{"name": {"first": …, "last": …}}`."""
_PARTICLES = frozenset({"de", "del", "do", "di", "da", "van"})
_NEVER = frozenset({"content", "text", "message", "messages", "query", "question", "answer", "output", "input"})


def words(key: str) -> list[str]:
    """`firstName`, `first_name`, `First-Name` → first, name."""
    return [word.lower() for word in _WORDS.findall(key)]


_ALIASES = {
    word: says
    for says, foreign in {
        "last name": "sn nachname familienname apellido apellidos cognome sobrenome achternaam nazwisko",
        "first name": "vorname prénom prenom nombre nome voornaam imię gn",
        "full name": "naam nom namen nombrecompleto nomecompleto nomcomplet",
        "customer name": "kunde kundin kundenname cliente klant klient",
        "date of birth": "geburtsdatum geburtstag fechanacimiento nacimiento naissance datenaissance datanascita "
        "datanascimento geboortedatum",
        "address": "adresse anschrift dirección direccion indirizzo endereço endereco adres straße strasse",
        "phone": "telefon telefono teléfono téléphone telefone telefoon handy móvil cellulare",
    }.items()
    for word in foreign.split()
}
"""Keys in other languages and of directories (LDAP's `sn`) → what they say in English."""
_PEOPLE = frozenset(
    {
        "customer", "passenger", "requester", "recipient", "guest", "patient", "client", "holder", "sender",
        "author", "assignee", "contact", "owner", "employee", "traveler", "traveller", "applicant", "buyer",
        "reporter", "attendee",
    }
)  # fmt: skip
_TWO_NAMES = regex.compile(r"\p{Lu}[\p{L}'’.\-]+(?:[ ]\p{L}[\p{L}'’.\-]*){1,4}")


def lead_in(keys: tuple[str, ...], text: str, *, field: bool = False) -> str:
    """What to read before a value: `customer name: `, or nothing when the keys say nothing or the value is prose.

    `field`: the key is a tag, a column or an argument, under which two capitalised words that are no ordinary ones are
    a person's when it names a role.
    """
    if len(text) > _LONGEST or not keys:
        return ""
    own = words(keys[-1])
    if not own or len(own) > 6 or not _NEVER.isdisjoint(own):
        return ""
    if (says := _ALIASES.get("".join(w for w in own if w not in _PARTICLES))) is not None:
        return f"{says}: "
    if field and own[-1] in _PEOPLE and _TWO_NAMES.fullmatch(text) and not all(map(is_ordinary, text.split())):
        return "customer name: "
    if len(own) == 1 and own[0] in _PARTS and len(keys) > 1 and words(keys[-2])[-1:] == ["name"]:
        return f"{own[0]} name: "
    above = [w for w in words(keys[-2]) if w in _TELLING and w not in own] if len(keys) > 1 else []
    tells = not _TELLING.isdisjoint(own) or (above and (own[0] in _BLANK or own[0].isdigit()))
    return " ".join([*above, *own]) + ": " if tells else ""
