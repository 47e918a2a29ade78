"""What identifies one person to an authority or a bank: dates of birth, national numbers, documents, accounts."""

from collections.abc import Iterable

import regex
from presidio_analyzer.nlp_engine import NlpArtifacts
from stdnum.br import cpf
from stdnum.es import dni, nie
from stdnum.fr import nir
from stdnum.it import codicefiscale
from stdnum.mx import curp

from curator.scrub.recognizers.base import TIMEOUT_SECONDS, RegexRecognizer, digits, rule

_MONTH = (
    r"(?:jan(?:uary|uar)?|feb(?:ruary|ruar)?|mar(?:ch)?|märz|apr(?:il)?|may|mai|june?|juni|july?|juli|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|okt(?:ober)?|nov(?:ember)?|dec(?:ember)?|dez(?:ember)?"
    r"|janvier|février|fevrier|mars|avril|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre"
    r"|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre"
    r"|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|novembre|dicembre"
    r"|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|maart|mei|augustus)"
)
_DATE = regex.compile(
    rf"""(?<![\p{{L}}\p{{N}}_.]) (?:
        (?:1[89]|20)\d\d [-./] (?:0?[1-9]|1[0-2]) [-./] (?:[12]\d|3[01]|0?[1-9]) (?:T00:00(?::00(?:\.0+)?)?Z?)?
      | (?:[12]\d|3[01]|0?[1-9]) [ ]?[-./][ ]? (?:[12]\d|3[01]|0?[1-9]) [ ]?[-./][ ]? (?:(?:1[89]|20)\d\d|\d\d)
      | (?:[12]\d|3[01]|0?[1-9]) (?:st|nd|rd|th|\.|er)? (?:[ ](?:of|de))? [ \-./] {_MONTH} \.?,? (?:[ ]de[ ]|[ \-./])
        (?:(?:1[89]|20)\d\d|\d\d)
      | {_MONTH} \.? [ \-] (?:[12]\d|3[01]|0?[1-9]) (?:st|nd|rd|th)? (?:,[ ]?|[ ]|-) (?:1[89]|20)\d\d
      | (?:1[89]|20)\d\d [- ] {_MONTH} [- ] (?:[12]\d|3[01]|0?[1-9])
      | (?:19|20)\d\d (?:0[1-9]|1[0-2]) (?:0[1-9]|[12]\d|3[01])
    ) (?![\p{{L}}\p{{N}}_]|[-/]\d|[ ]\d\d?:\d\d)""",
    regex.VERBOSE | regex.IGNORECASE,
)
_BIRTH = regex.compile(
    r"\b(?:d\.?[ ]?o\.?[ ]?b\b|dobs\b|dates?[ _-]?of[ _-]?births?|birth[ _-]?dates?|birth[ _-]?days?"
    r"|birth|bday|b-day|born"
    r"|\bb\.(?=[ ]\d)|\bdn(?=[ ]?[:=])"
    r"|geb(?:oren|\.)?(?=[ :(]|$)|geburts(?:datum|tag)|geboorte(?:datum|dag)|n[ée]e?[ ](?:le|en)|naissance"
    r"|anniversaire"
    r"|nacid[oa]|nac[ií](?=[ ]el)|nacimiento|cumpleaños|nat[oa][ ]il|nascita|nascid[oa]|nascimento|nasci(?=[ ]em)"
    r"|compleanno|urodz|ur\.(?=[ ]\d))",
    regex.IGNORECASE,
)
_PLURAL = regex.compile(r"^dates|s$", regex.IGNORECASE)
_VERSION = regex.compile(r"\d\.\d\.\d\d")
_REACH = 60
_CHAIN = 120


class BirthDateRecognizer(RegexRecognizer):
    """A date within 60 characters after a word about birth, or right before one ("1990-04-05 (DOB)").

    Further dates follow on: in "born 1990-04-05 and 1957-03-21" each date carries the word to the next one.
    """

    ENTITY = "DATE_OF_BIRTH"

    def find(self, text: str, nlp: NlpArtifacts | None) -> Iterable[tuple[int, int, float, str]]:
        """Reads cues and dates once, then pairs them."""
        cues = [m.span() for m in _BIRTH.finditer(text, timeout=TIMEOUT_SECONDS)]
        if not cues:
            return
        reach = 0
        position = 0
        for match in _DATE.finditer(text, timeout=TIMEOUT_SECONDS):
            start, end = match.span()
            plural = False
            while position < len(cues) and cues[position][0] < start:
                plural = _PLURAL.search(text[slice(*cues[position])]) is not None
                reach = cues[position][1] + (_CHAIN if plural else _REACH)
                position += 1
            leads = (
                position < len(cues) and 0 <= cues[position][0] - end <= 3 and "\n" not in text[end : cues[position][0]]
            )
            if start <= reach and not _VERSION.fullmatch(match.group()):
                yield start, end, 0.8, "after a word about birth"
                reach = end + _CHAIN if plural or _listed(text, end) else 0
            elif leads:
                yield start, end, 0.8, "before a word about birth"


def _listed(text: str, end: int) -> bool:
    """Whether a list goes on after a date: `, `, ` and `, `;`, ` / `, a bracket."""
    return regex.match(r"\s{0,2}(?:,|;|/|and\b|&|\||\)|und\b|et\b)", text[end : end + 8]) is not None


class UsSsnRecognizer(RegexRecognizer):
    """`123-45-6789`; with blanks, dots or bare only after a telling word. Taxpayer numbers (9xx) have the same form."""

    ENTITY = "US_SSN"
    CONTEXT = ("ssn", "ssns", "social", "itin", "tin", "taxpayer", "sozialversicherungsnummer")
    RULES = (
        rule("dashes", r"(?<![\p{L}\p{N}_\-]) \d{3}-\d{2}-\d{4} (?![\p{L}\p{N}_]|-\d)", 0.75),
        rule(
            "blanks",
            r"(?<![\p{L}\p{N}_\-]|\d[ ]) \d{3}(?P<sep>[ .])\d{2}(?P=sep)\d{4} (?![\p{L}\p{N}_]"
            r"|[-. ]\d)",
            0.3,
        ),
        rule("bare", r"(?<![\p{L}\p{N}_\-.#]) \d{9} (?![\p{L}\p{N}_]|[-.]\d)", 0.12),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """No group may be all zeros (SSA)."""
        number = digits(match.group())
        return 0 if number[:3] == "000" or number[3:5] == "00" or number[5:] == "0000" else score


_NUMBER_WORD = (
    r"(?:[ _\-]?(?:numbers?|num|no|nr|nº|n°|id|code|card|\#|nummer|numéro|número|numero|kaart|ausweis)"
    r"(?!\p{L})\.?){0,2}"
)
_LINK = (
    r"[\"']?[ ]?(?:[:=#,|>]|(?i:is|was|are|ist|lautet|est|es|é"
    r"|è))?[ \t]{0,3}[\"']?(?:\([^()\n]{1,20}\)[ ]?[:=]?[ ]?)?"
)
_VALUE = (
    r"(?P<value>[A-Za-z]{0,6}[ .\-/]?\d(?:[ .\-/]?(?:\d|[A-Za-z]{1,3}(?=[ .\-/]?\d))){3,20}"
    r"(?:[A-Za-z]{1,3}|[ \-][A-Z]{1,2})?)(?![\p{L}\p{N}])"
)


def cued(name: str, words: str, value: str = _VALUE, score: float = 0.7):  # type: ignore[no-untyped-def]
    """A rule for a value that only the words right before it give away."""
    return rule(name, rf"(?<![\p{{L}}\p{{N}}]) (?i:(?:{words}){_NUMBER_WORD}){_LINK} {value}", score)


class NationalIdRecognizer(RegexRecognizer):
    """Identity, tax, health and insurance numbers: after their name in the language of their country, or by their form
    where form and check digits leave little doubt (Spain, Italy, France, Mexico, Brazil with dots).
    """

    ENTITY = "NATIONAL_ID"
    RULES = (
        cued(
            "named",
            r"nhs|chi|nino|ni|national[ ]insurance|sin|social[ ]insurance|tfn|tax[ ]file|tax(?:payer)?[ ]?(?:id"
            r"|identification)"
            r"|tin|itin|national[ ]?(?:id(?:entity|entification)?)|id(?:entity)?[ ]card|citizen[ ]?(?:id|card)"
            r"|medicare|nric|fin"
            r"|steuer[ \-]?(?:id(?:entifikationsnummer)?|nummer|nr)|idnr|steuer-?identifikationsnummer"
            r"|sv[ \-]?(?:nummer|nr)"
            r"|svnr|sozialversicherungs(?:nummer|nr)|renten(?:versicherungs)?nummer|(?:personal)?ausweis(?:nummer"
            r"|nr)?|ahv(?:[ -]nr)?"
            r"|nir|insee|(?:n°|numéro)[ ]de[ ]sécurité[ ]sociale|sécurité[ ]sociale|numéro[ ]fiscal"
            r"|carte[ ]d'identité"
            r"|dni|nie|nif|nuss|cif|nie/dni|dni/nie|curp|rfc|cédula|cedula|seguridad[ ]social|codice[ ]fiscale"
            r"|cod\.?[ ]fisc\.?"
            r"|cpf|rg|nis|pis|cartão[ ]de[ ]cidadão|bsn|burgerservice(?:nummer)?|sofi(?:nummer)?"
            r"|rijksregister(?:nummer)?"
            r"|pesel|nip|personnummer|cpr|fødselsnummer|hetu|rodné[ ]číslo|cnp|egn|oib|jmbg|tckn|t\.?c\.?[ ]kimlik"
            r"|aadhaar|aadhar"
            r"|uidai|pan|cnic|mynumber",
        ),
        cued(
            "named, letters first",
            r"codice[ ]fiscale|cod\.?[ ]fisc\.?|curp|rfc|pan|nino|national[ ]insurance",
            r"(?P<value>[A-Z]{1,6}[ ]?[A-Z0-9]{2}(?:[ ]?[A-Z0-9]){5,12})(?![\p{L}\p{N}])",
        ),
        rule(
            "Spain",
            r"(?<![\p{L}\p{N}\-_.]) (?:\d{8}-?[A-HJ-NP-TV-Z]|[XYZ]-?\d{7}-?[A-HJ-NP-TV-Z]) (?![\p{L}\p{N}_\-])",
            0.6,
        ),
        rule(
            "Italy",
            r"(?<![\p{L}\p{N}]) [A-Z]{6}\d{2}[ABCDEHLMPRST]\d{2}[A-Z]\d{3}[A-Z] (?![\p{L}\p{N}])",
            0.8,
            regex.IGNORECASE,
        ),
        rule(
            "France",
            r"(?<![\p{L}\p{N}]) [12][ ]?\d\d[ ]?(?:0[1-9]|1[0-2])[ ]?(?:\d\d"
            r"|2[AB])[ ]?\d{3}[ ]?\d{3}[ ]?\d\d (?![\p{L}\p{N}])",
            0.6,
        ),
        rule("Brazil", r"(?<![\p{L}\p{N}.]) \d{3}\.\d{3}\.\d{3}-\d{2} (?![\p{L}\p{N}])", 0.7),
        rule("Mexico", r"(?<![\p{L}\p{N}]) [A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d (?![\p{L}\p{N}])", 0.8),
    )
    _CHECKS = {"Spain": (dni, nie), "Italy": (codicefiscale,), "France": (nir,), "Brazil": (cpf,), "Mexico": (curp,)}

    def find(self, text: str, nlp: NlpArtifacts | None) -> Iterable[tuple[int, int, float, str]]:
        """As the base does; what has no word before it must pass its country's check digits (python-stdnum)."""
        for start, end, score, name in super().find(text, nlp):
            checks = self._CHECKS.get(name)
            if checks is None or any(check.is_valid(text[start:end]) for check in checks):
                yield start, end, score, name

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """At least five digits, or a whole code of letters and digits; no date."""
        value = match["value"] if "value" in match.re.groupindex else match.group()
        return 0 if len(digits(value)) < 5 or _ISO_DATE.fullmatch(value.strip()) else score


class AccountRecognizer(RegexRecognizer):
    """Bank accounts, routing numbers and sort codes right after their names, in seven languages."""

    ENTITY = "ACCOUNT_NUMBER"
    RULES = (
        cued(
            "account",
            r"(?:bank|checking|savings|current)?[ ]?(?:account|acct|a/c)(?=[ ]?(?:number|num|no|nr|\#))"
            r"|account(?=[ _]number)"
            r"|routing|aba|sort[ ]?code|sortcode|bsb|transit|swift[ ]account|konto(?:nummer|nr)?|blz|bankleitzahl"
            r"|kundenkonto"
            r"|numéro[ ]de[ ]compte|compte[ ]bancaire|code[ ]guichet|rib|cuenta(?:[ ]bancaria|[ ]corriente)?|clabe"
            r"|cbu"
            r"|conto[ ]corrente|c/c|conta(?:[ ]corrente|[ ]bancária)?|agência|rekening(?:nummer)?|bank[ ]account",
            r"(?P<value>\d(?:[ .\-]?\d){4,21})(?![\p{L}\p{N}])",
        ),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """No date with a whole year: `12-34-56` is a sort code."""
        return 0 if _WHOLE_DATE.fullmatch(match["value"]) else score


class DocumentRecognizer(RegexRecognizer):
    """Passports, driving licences, residence permits and insurance policies right after their names."""

    ENTITY = "DOCUMENT_NUMBER"
    RULES = (
        cued(
            "document",
            r"passports?|pass(?:[ ]?(?:no|nr))|reisepass(?:nummer|nr)?|passeport|pasaporte|passaporto|passaporte"
            r"|paspoort"
            r"|driv(?:er|ing)(?:['’]?s)?[ ]?licen[cs]e|licen[cs]e(?=[ ](?:number|no|\#))|dl(?=[ ]?(?:no|number|\#"
            r"|:))|führerschein"
            r"|permis[ ]de[ ]conduire|carn[eé]t?[ ]de[ ]conducir|patente(?:[ ]di[ ]guida)?|carta[ ]de[ ]condução|cnh"
            r"|rijbewijs"
            r"|visa(?=[ ](?:number|no))|residence[ ]permit|green[ ]card|medical[ ]record|mrn|health[ ]insurance"
            r"|insurance[ ]policy"
            r"|member(?:ship)?(?=[ ](?:id|number|no)\b)|krankenversicherten(?:nummer|nr)",
            r"(?P<value>(?=[A-Z0-9 \-]{0,5}\d)[A-Z0-9](?:[ \-]?[A-Z0-9]){4,17})(?![\p{L}\p{N}])",
        ),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """At least four digits, and no date."""
        value = match["value"]
        return 0 if len(digits(value)) < 4 or _ISO_DATE.fullmatch(value) else score


_WHOLE_DATE = regex.compile(r"\d{4}[-./ ]\d\d?[-./ ]\d\d?|\d\d?[-./ ]\d\d?[-./ ](?:19|20)\d\d|(?:19|20)\d\d")
_ISO_DATE = regex.compile(r"\d{4}[-./ ]\d\d?[-./ ]\d\d?|\d\d?[-./ ]\d\d?[-./ ]\d{2,4}|(?:19|20)\d\d")
