"""Telephone numbers."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, digits, rule

_EXTENSION = r"(?:\s?(?:x|ext\.?|extension)\s?\d{1,6})?"
_EDGE = r"(?<![\p{L}\p{N}_./#$€£@-]|\d[ ,])"
_STOP = r"(?![\p{L}\p{N}_@]|[-.,/:]\d)"


class PhoneRecognizer(RegexRecognizer):
    """A country code or brackets are strong, national groups medium, bare digits count only after a telling word."""

    ENTITY = "PHONE_NUMBER"
    CONTEXT = (
        "phone",
        "telephone",
        "tel",
        "telefon",
        "telefonnummer",
        "mobile",
        "mobil",
        "handy",
        "handynummer",
        "cell",
        "cellphone",
        "fax",
        "call me",
        "call us",
        "call back",
        "call him",
        "call her",
        "called from",
        "calling from",
        "callback",
        "llamar",
        "llame",
        "rappeler",
        "appeler",
        "anrufen",
        "ligar",
        "bellen",
        "reach",
        "sms",
        "whatsapp",
        "dial",
        "rufnummer",
        "my number",
        "number is",
        "number to",
        "number from",
        "new number",
        "contact number",
        "msisdn",
        "hotline",
        "landline",
        "answering",
        "messages to",
        "desk",
        "direct line",
        "nummer",
        "téléphone",
        "móvil",
    )
    RULES = (
        rule(
            "international",
            rf"(?<![\p{{L}}\p{{N}}_+]) (?:\+|\b00) [ ]? [1-9]\d{{0,2}} [ .\-/]? (?:\(0?\d{{0,4}}\)[ .\-/]?)?"
            rf"\d(?:[ .\-/]?\d){{5,12}} {_EXTENSION} {_STOP}",
            0.8,
        ),
        rule(
            "area code in brackets",
            rf"(?<![\p{{L}}\p{{N}}_(]) (?:(?:\+|00)?1[ .\-]?)? \(0?\d{{2,5}}\)[ .\-/]?\d{{2,4}}"
            rf"(?:[ .\-/]?\d{{2,5}}){{1,3}}"
            rf"{_EXTENSION} {_STOP}",
            0.7,
        ),
        rule(
            "North America",
            rf"{_EDGE} (?:(?:001|1)[ .\-])? [2-9]\d{{2}}(?P<sep>[ .\-])\d{{3}}(?:(?P=sep)|-)\d{{4}} {_EXTENSION} "
            rf"{_STOP}",
            0.55,
        ),
        rule(
            "North America, bare, with extension",
            rf"{_EDGE} (?:001-?|1-?)?\d{{3}}-?\d{{3}}-?\d{{4}}(?:x|[ ]?ext\.?[ ]?)\d{{1,6}} {_STOP}",
            0.6,
        ),
        rule(
            "United Kingdom",
            rf"{_EDGE} 0(?:7\d{{3}}[ ]\d{{6}}|7\d{{3}}[ ]\d{{3}}[ ]\d{{3}}|2\d[ ]\d{{4}}[ ]\d{{4}}"
            rf"|1\d{{2,3}}[ ]\d{{3}}[ ]?\d{{3,4}}|1\d{{3}}[ ]\d{{5,6}}|[38]\d{{2}}[ ]\d{{3}}[ ]?\d{{4}}) {_STOP}",
            0.6,
        ),
        rule(
            "Germany", rf"{_EDGE} 0[1-9]\d{{1,4}}(?:[ ]?[/\-][ ]?|[ ])\d{{3,8}}(?:[ \-]\d{{1,6}}){{0,3}} {_STOP}", 0.5
        ),
        rule("pairs", rf"{_EDGE} 0[1-9](?:[ .]\d{{2}}){{4}} {_STOP}", 0.55),
        rule("India", rf"{_EDGE} [6-9]\d{{4}}[ ]\d{{5}} {_STOP}", 0.5),
        rule("short", rf"{_EDGE} \d{{3}}[\-.]\d{{4}} {_STOP}", 0.15),
        rule("groups", rf"{_EDGE} \d{{2,5}}(?:[ \-./]\d{{2,8}}){{1,4}} {_STOP}", 0.15),
        rule(
            "labelled after",
            rf"{_EDGE} \+?\(?\d{{2,5}}\)?(?:[ \-./]\d{{2,8}}){{1,4}} (?=[ ]{{1,2}}\(?(?i:office"
            rf"|fax|mobile|cell|home|work|desk|phone|tel|direct)\b|-(?i:office|fax|mobile|home"
            rf"|work)\b)",
            0.6,
        ),
        rule("bare digits", rf"{_EDGE} \+?\d{{7,15}} {_STOP}", 0.12),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """Seven to fifteen digits (E.164), not all alike, and no date."""
        number = digits(regex.sub(r"\s?(?:x|ext).*", "", match.group()))
        if not 7 <= len(number) <= 15 or len(set(number)) < 2:
            return 0
        if _DATE.fullmatch(match.group()):
            return 0
        if score < 0.45 and _IDENTIFIER.search(match.string[max(0, match.start() - 30) : match.start()]):
            return 0
        return score


_IDENTIFIER = regex.compile(
    r"(?:order|ticket|invoice|tracking|case|ref(?:erence)?|parcel|booking|reservation"
    r"|claim|transaction|item|sku|isbn|part|serial"
    r"|request|flight|subscription|timestamp|_id|\bids?\b|customer|version|row)[ _]?"
    r"(?:id|no\.?|number|nr\.?|code)?[\"']?[\s:=#(]{0,3}[\"']?$",
    regex.IGNORECASE,
)
_DATE = regex.compile(
    r"(?:19|20)\d\d[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./](?:0?[1-9]|[12]\d|3[01])[-./](?:19|20)\d\d"
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
)
