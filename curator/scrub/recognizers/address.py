"""Street addresses: United States, United Kingdom, Germany."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, rule

# USPS Publication 28, appendix C1: street suffixes.
_STREET = (
    "alley|avenue|ave|boulevard|blvd|circle|cir|close|courts?|ct|crescent|drive|dr|expressway"
    "|freeway|gardens?|grove|heights|highway|hwy"
    "|lane|ln|mews|parkway|pkwy|place|pl|plaza|quay|roads?|rd|route|rte|square|sq|streets?"
    "|st|terrace|trail|trl|turnpike|walk|way"
)
_ODD = (
    "annex|arcade|bayou|beach|bend|bluffs?|bottom|branch|bridge|brooks?|burgs?|bypass"
    "|camp|canyon|cape|causeway|centers?|centres?|circles"
    "|cliffs?|club|common|commons|corners?|course|coves?|creek|crest|crossing|crossroads?"
    "|curve|dale|dam|divide|drives|end|estates?|extensions?"
    "|falls?|ferry|fields?|flats?|fords?|forest|forges?|forks?|fort|gateway|glens?|greens?"
    "|groves|harbors?|haven|hills?|hollow|inlet|islands?"
    "|isle|junctions?|keys?|knolls?|lakes?|land|landing|lights?|loaf|locks?|lodge|loop"
    "|mall|manors?|meadows?|mills?|mission|motorway|mount"
    "|mountains?|neck|orchard|oval|overpass|parade|parks?|parkways|pass|passage|path"
    "|pike|pines?|plains?|points?|ports?|prairie|radial|ramp|ranch"
    "|rapids?|rest|ridges?|rise|river|row|run|shoals?|shores?|skyway|springs?|spurs?"
    "|squares|station|stravenue|stream|summit|throughway|trace"
    "|track|trafficway|tunnel|underpass|unions?|valleys?|viaduct|views?|villages?|ville"
    "|vista|walks|wall|ways|wells?|wynd|yard"
)
_STATE = (
    "A[LKZRASEP]|C[AOT]|D[EC]|F[LM]|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]|N[CDEHJMVY]"
    "|O[HKR]|P[ARW]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]"
)
_NAME = r"(?:(?:\p{Lu}|\d{1,3}(?:st|nd|rd|th)\b)[\p{L}\p{N}'.\-]{0,40})"
_UNIT = (
    r"(?:,?[ \n]{1,2}(?:apt|apartment|suite|ste|unit|floor|fl|room|rm|bldg|building|\#"
    r"|no)\b\.?[ ]?\#?[\p{L}\p{N}\-]{1,6})"
)
_CITY = r"(?:[\p{Lu}][\p{L}'.\-]{1,40}(?:[ ](?:[\p{Lu}][\p{L}'.\-]{1,40}|of|upon|on|the|in|am|an|der|im|ob)){0,4})"
_ZIP = r"\d{5}(?:-\d{4})?"
_ZIP_ANY = r"(?:\d{5}-\d{4}|\d{4,5}-\d{3}|\d{3}[ ]\d{2}|\d{4}[ ][A-Z]{2}|\d{4,6})\b"
_POSTCODE = r"(?:GIR[ ]?0AA|[A-Z]{1,2}\d[A-Z\d]?[ ]?\d[A-Z]{2})"
_SEP = r"(?:,?[ \t]*\n[ \t]*|,[ \t]*|[ \t]+)"
_TAIL_US = (
    rf"(?:{_SEP}{_CITY}(?:{_SEP}(?:[A-Z]{{2,3}}|[\p{{Lu}}][\p{{L}}]+(?:[ ][\p{{Lu}}][\p{{L}}]+)?)[ ,]{{1,"
    rf"2}}{_ZIP_ANY})(?:,?[ ](?:USA|US|United[ ]States)\b)?)"
)
_TAIL_STATE = rf"(?:{_SEP}{_CITY}{_SEP}(?:{_STATE})[ ,]{{1,2}}{_ZIP}\b(?:,?[ ](?:USA|US|United[ ]States)\b)?)"
_TAIL_UK = rf"(?:(?:{_SEP}{_CITY}){{0,3}}{_SEP}{_POSTCODE}\b)"
_LAND = r"(?:,?[ ](?:UK|United[ ]Kingdom|England|Germany|Deutschland)\b)?"
_STREET_DE = (
    r"(?:(?:[\p{Lu}][\p{L}.\-]{0,40}[ -])?[\p{Lu}][\p{L}\-.]{0,40}(?:stra(?:ß|ss)e|str\.?|weg|platz"
    r"|allee|gasse|ring|damm|ufer|gässchen|steig|pfad|chaussee|markt|graben|wall|hof"
    r"|berg|tor|kai|promenade|winkel|stieg)"
    r"|(?:Am|An|Auf|Im|In|Zum|Zur|Unter|Hinter|Vor)[ ](?:d(?:er|en|em)[ ])?[\p{Lu}][\p{L}\-]{1,40}"
    r"(?:[ ][\p{Lu}][\p{L}\-]{1,40})?"
    r"|[\p{Lu}][\p{L}\-]{1,40}[ -](?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Gasse|Ring|Damm|Ufer|Chaussee)"
    r"|Stra(?:ß|ss)e[ ](?:des|der)[ ][\p{L}\d. ]{3,30})"
)
_NUMBER_DE = r"\d{1,4}[ ]?[a-z]?(?:[ ]?[/\-][ ]?\d{1,4}[a-z]?)?"
_PLZ = (
    r"(?:D[- ])?\d{5}[ ][\p{Lu}][\p{L}\-./]{1,40}(?:(?<=[ ](?:Bad|Sankt|St\.|Markt))[ ][\p{Lu}][\p{L}\-]{1,40})?"
    r"(?:[ ](?:an|am|im|in|ob|bei|vor)(?:[ ]d(?:er|em|en))?[ ][\p{Lu}][\p{L}\-]{1,40})?(?:[ ]\([\p{L}. ]{2,20"
    r"}\))?"
)
_EDGE = r"(?<![\p{L}\p{N}_#$€£.\-/])"
_BEFORE = r"(?:(?:Flat|Studio|Apartment|Apt\.?|Unit|Suite|Room)[ ][\p{L}\p{N}]{1,5}(?:,?[ \t]*\n|,)?[ ]{0,2})"

_ROMANCE = (
    r"calle|callejón|callejuela|c/|c\.|avenida|avda\.?|av\.|plaza|pza\.?|paseo|pasaje|pasadizo|glorieta|ronda|camino"
    r"|cuesta"
    r"|rambla|carrer|carretera|travesía|urbanización|acceso|alameda|cañada|vial|vía"
    r"|via|viale|vicolo|piazza|piazzale|corso|largo|borgo|contrada|strada|stretto|canale|rotonda|incrocio|lungomare"
    r"|rua|r\.|travessa|tv\.|praça|largo|estrada|rodovia|viela|ladeira|beco|parque|jardim|vila|quadra|setor"
    r"|residencial"
    r"|condomínio|conjunto|loteamento|recanto|sítio|fazenda|favela|morro|vale|vereda|viaduto|passarela|pátio|trecho"
    r"|trevo"
    r"|esplanada|estação|distrito|colônia|núcleo|lagoa|lago|aeroporto|área|campo|chácara|feira"
)
_GERMANIC = (
    r"stra(?:ß|ss)e|str\.?|weg|platz|allee|gasse|ring|damm|ufer|chaussee|steig|stieg|pfad|promenade|markt|straat"
    r"|laan|plein"
    r"|gracht|kade|singel|dijk|steeg|dreef|baan|boulevard"
)
_GLUED = (
    r"stra(?:ß|ss)e|str\.|weg|platz|allee|gasse|damm|ufer|straat|laan|plein|gracht|kade|singel|dijk|steeg|dreef|pad"
    r"|hof"
)
_DOOR = (
    r"(?:,?[ ](?i:apt\.?|apto\.?|puerta|piso|interno|appartamento|piano|scala|esc\.?|bloco|bl\.?|casa|lote|app\.?"
    r"|bus)"
    r"[ ]?[\p{L}\p{N}]{1,5}){0,3}"
)
_LIVING = (
    r"(?<![\p{L}])(?i:(?:live|living|lives|reside|resides|residing|moved|located)[ ](?:at|to|on|in)"
    r"|(?:send|deliver|ship|mail|forward|sent|delivered|shipped)(?:[ ](?:it|them|this|that|everything|my[ ]\p{L}+"
    r"|the[ ]\p{L}+))?[ ]to"
    r"|(?:my|our|his|her|their|new|home|billing|shipping|delivery|postal)[ ]address(?:[ ]is|[ ]?:)"
    r"|wohn(?:e|en|t|haft)(?:[ ](?:in|an|am|im)(?:[ ]de[rmn])?)?|adresse(?:[ ](?:ist|est|lautet)|[ ]?:)"
    r"|habit(?:e|ons|o)(?:[ ](?:au|à|en))?|viv(?:o|e|imos)[ ]en|mi[ ]dirección(?:[ ]es|[ ]?:)"
    r"|abito[ ](?:in|a)|resid(?:ente|o)[ ](?:in|em|en)|mor(?:o|amos)[ ](?:na|no|em)|woon[ ](?:op|in|aan)(?:[ ]de)?"
    r"|mieszkam[ ]przy)[ ]"
)
_YEAR = regex.compile(r"(?:19|20)\d\d ")
_IN_YEAR = regex.compile(r"\b(?:in|since|of|by|during|until|from|the|for) $", regex.IGNORECASE)
"""`in 2024 Google Drive` is no house number."""


class AddressRecognizer(RegexRecognizer):
    """A house number with a street; with town and postcode when they follow."""

    ENTITY = "STREET_ADDRESS"
    CONTEXT = (
        "address",
        "live",
        "living",
        "postcode",
        "zip",
        "deliver",
        "delivery",
        "ship",
        "shipping",
        "adresse",
        "wohnhaft",
        "moved",
        "reside",
    )
    RULES = (
        rule(
            "US and UK street",
            rf"{_EDGE} {_BEFORE}? (?:\d{{1,6}}[a-zA-Z]?(?:[-/]\d{{1,4}})?[ ]) (?:(?:N|S|E|W|NE"
            rf"|NW|SE|SW|North|South|East|West)\.?[ ])?"
            rf"(?:{_NAME}[ ]){{1,4}}? (?i:{_STREET})\b\.? (?:[ ](?:N|S|E|W|NE|NW|SE|SW)\b\.?)? "
            rf"(?i:{_UNIT})? (?:{_TAIL_US}|{_TAIL_UK})? {_LAND}",
            0.65,
        ),
        rule(
            "rare kind of street, with unit or town",
            rf"{_EDGE} {_BEFORE}? (?:\d{{1,6}}[a-zA-Z]?(?:[-/]\d{{1,4}})?[ ]) (?:{_NAME}[ ]){{1,4}}? "
            rf"(?i:{_ODD})\b\.? (?:(?i:{_UNIT})? (?:{_TAIL_US}|{_TAIL_UK})|(?i:{_UNIT})) {_LAND}",
            0.65,
        ),
        rule(
            "US street without suffix, with state and ZIP",
            rf"{_EDGE} \d{{1,6}}[a-zA-Z]?[ ] (?:{_NAME}[ ]?){{1,4}} (?i:{_UNIT})? {_TAIL_STATE}",
            0.6,
        ),
        rule(
            "UK flat",
            rf"{_EDGE} {_BEFORE} (?:\d{{1,5}}[a-zA-Z]?[ ])? (?:{_NAME}[ ]){{0,3}} {_NAME} (?:{_TAIL_UK}) {_LAND}",
            0.7,
        ),
        rule(
            "UK with postcode",
            rf"{_EDGE} \d{{1,5}}[a-zA-Z]?,?[ ] (?:{_NAME}[ ]){{0,4}} {_NAME} (?:{_TAIL_UK}) {_LAND}",
            0.7,
        ),
        rule("UK postcode", rf"(?<![\p{{L}}\p{{N}}_\-/]) {_POSTCODE} (?![\p{{L}}\p{{N}}_\-])", 0.15),
        rule(
            "German street and town", rf"(?<![\p{{L}}\p{{N}}]) {_STREET_DE}[ ]{_NUMBER_DE} {_SEP}{_PLZ} {_LAND}", 0.75
        ),
        rule(
            "German street",
            rf"(?<![\p{{L}}\p{{N}}]) [\p{{Lu}}][\p{{L}}\-]{{1,40}}(?:stra(?:ß|ss)e|str\.|allee|gasse)[ ]{_NUMBER_DE} "
            rf"(?![\p{{L}}\p{{N}}])",
            0.6,
        ),
        rule(
            "German street or town by its postcode",
            rf"(?<![\p{{L}}\p{{N}}]) (?:[\p{{Lu}}][\p{{L}}.\-]{{1,40}}[ ]){{1,3}}{_NUMBER_DE},[ ]?{_PLZ} {_LAND}",
            0.6,
        ),
        rule(
            "number, street, town, region and postcode",
            rf"{_EDGE} \d{{1,5}}[a-zA-Z]?,?[ ] (?:[\p{{L}}\p{{N}}'.\-]{{1,40}}[ ]){{0,5}} [\p{{L}}'.\-]{{1,40}},["
            rf" ] {_CITY},[ ]"
            rf"(?:[A-Z0-9]{{1,3}}[ ])?{_ZIP_ANY} {_LAND}",
            0.6,
        ),
        rule(
            "street, number, town, region and postcode",
            rf"(?<![\p{{L}}\p{{N}}]) (?:\p{{Lu}}[\p{{L}}'.\-]{{0,40}}[ ]) (?:[\p{{L}}'.\-]{{1,40}}[ ]){{0,5}} \d{{"
            rf"1,5}}[a-zA-Z]"
            rf"?\.?,[ ] {_CITY},[ ](?:[A-Z0-9]{{1,3}}[ ])?{_ZIP_ANY} {_LAND}",
            0.6,
        ),
        rule(
            "French street and town",
            rf"{_EDGE} \d{{1,4}}(?:[ ]?(?:bis|ter))?,?[ ](?i:rue|avenue|av\.|boulevard|bd|place"
            rf"|chemin|allée|quai|impasse|route|cours|passage|square)[ ] [\p{{L}}'’.\- ]{{2,50}} "
            rf"(?:,?[ ]\d{{5}}[ ]{_CITY})? {_LAND}",
            0.55,
        ),
        rule(
            "street kind, name and number",
            rf"(?<![\p{{L}}\p{{N}}]) (?:Rue|Avenida|Avda\.|Av\.|Calle|C/|Carrer|Plaza|Paseo|Via"
            rf"|Viale|Piazza|Corso|Rua|Praça|Travessa|Ulica|ul\.|Strada)[ ] [\p{{L}}'’.\- ]{{2,50}}?,?[ ]\d{{1,4}}"
            rf"[a-z]? (?![\p{{L}}\p{{N}}]) (?:,[ ](?:{_ZIP_ANY}[ ]{_CITY}|{_CITY}))?",
            0.55,
        ),
        rule(
            "street kind before name and number, southern Europe and Brazil",
            rf"(?<![\p{{L}}\p{{N}}]) (?i:{_ROMANCE})[ ](?:(?i:de|del|della|da|do|dos|das|di|la|las|los|el"
            rf"|l')[ ]?){{0,3}}"
            rf"[\p{{Lu}}\p{{N}}][\p{{L}}\p{{N}}'’.\-]{{0,40}}(?:[ ][\p{{L}}'’.\-]{{1,40}}){{0,5}}?,?[ ]"
            rf"(?:(?i:n[º°.]?|nº|núm\.?|no\.)[ ]?)?"
            rf"\d{{1,5}}[a-zA-Z]?(?![\p{{L}}\p{{N}}]) {_DOOR}",
            0.6,
        ),
        rule(
            "street and number, Germany and the Netherlands",
            rf"(?<![\p{{L}}\p{{N}}\-]) (?:[\p{{Lu}}][\p{{L}}.'’\-]{{1,40}}[ ]){{0,2}}"
            rf"(?:[\p{{Lu}}][\p{{L}}.'’\-]{{1,50}}[ \-]?(?i:{_GERMANIC})|[\p{{Lu}}][\p{{L}}\-]{{3,40}}(?i:{_GLUED}))"
            rf"[ ]\d{{1,4}}[ ]?[a-zA-Z]?(?:[ ]?[/\-][ ]?\d{{1,4}}[a-z]?)?(?![\p{{L}}\p{{N}}])",
            0.6,
        ),
        rule(
            "after a word about living or sending",
            rf"{_LIVING} (?P<value>(?:(?:Flat|Studio|Apartment|Apt\.?|Unit|Suite|Room)[ ]\w{{1,5}},?[ ])?"
            rf"\d{{1,6}}[a-zA-Z]?(?:[/\-]\d{{1,4}})?,?[ ](?:[\p{{L}}'’.\-]{{1,40}}[ ]){{0,5}}?[\p{{L}}'’.\-]{{2,40}}"
            rf"(?i:{_UNIT})?) (?=[.,;!?\n]|[ ]*$|[ ](?i:and|but|now|since|please|und|et|y|e|en|mais|aber|pero|ma"
            rf"|maar)\b)",
            0.5,
        ),
        rule(
            "number last, after a word about living or sending",
            rf"{_LIVING} (?P<value>(?:[\p{{L}}'’.\-]{{1,40}}[ ]){{0,5}}?[\p{{L}}'’.\-]{{2,40}},?[ ]"
            rf"\d{{1,5}}[ ]?[a-zA-Z]?(?:[/\-]\d{{1,4}})?(?![\p{{L}}\p{{N}}]) {_DOOR})",
            0.5,
        ),
        rule(
            "French street without a number",
            r"(?i:habite|habitons|demeurant|domicilié[e]?|adresse)\b[ ]?:?[ ](?:(?i:au|à|la|le|l'|dans|sur"
            r"|est)[ ]?){0,2}"
            r"(?P<value>(?i:rue|avenue|boulevard|place|chemin|allée|quai|impasse|route|cours|passage|square)"
            r"(?:[ ](?i:de|du|des|la|le|les|l'))*(?:[ ][\p{Lu}][\p{L}'’\-]{1,40}){1,4})",
            0.6,
        ),
        rule(
            "military",
            rf"{_EDGE} (?:(?:PSC|Unit|CMR)[ ]\d{{1,5}}(?:,?[ ]|,?\n)Box[ ]\d{{1,5}}|(?:USNS|USNV"
            rf"|USS|USCGC)[ ][\p{{Lu}}][\p{{L}}]+) {_SEP} [AF]PO,?[ ]A[AEP][ ]\d{{5}}(?:-\d{{4}})?",
            0.8,
        ),
        rule(
            "post box",
            rf"{_EDGE} (?i:p\.?[ ]?o\.?[ ]?box|postfach)[ ]\d[\d ]{{0,7}}\d (?:{_TAIL_US}|{_TAIL_UK}"
            rf"|{_SEP}{_PLZ})?",
            0.6,
        ),
        rule(
            "labelled line",
            r"(?i:\b(?:street|address|mailing|shipping|billing|home|delivery)[ _]?(?:address)?[ _]?"
            r"(?:line)?[ _]?[12]?[\"']?[ ]?[:=][ ]?[\"']?)"
            r"(?P<value>(?=[^\"'\n,;{}\[\]]{0,60}\d)[\p{L}\p{N}\#][\p{L}\p{N} .'\-/\#]{3,60}[\p{L}\p{N}])",
            0.6,
        ),
        rule(
            "labelled postcode",
            r"(?i:\b(?:zip(?:[ _]?code)?|post(?:al)?[ _]?code|plz)[\"']?[ ]?[:=][ ]?[\"']?)(?P<value>[A-Z0-9][A-"
            r"Z0-9 \-]{3,9}[A-Z0-9])\b",
            0.6,
        ),
        rule(
            "postcode in a sentence",
            r"(?i:\b(?:zip|zip[ ]?code|post(?:al)?[ ]?code|postcode|postleitzahl|plz|code[ ]postal|código[ ]postal)"
            r"(?:[ ](?:is|was|ist|lautet|est|es|é|è|of))?[ ])(?P<value>\d{4,5}(?:-\d{3,4})?)(?![\p{L}\p{N}]|[.,]\d)",
            0.6,
        ),
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """A labelled address that is an e-mail, an IP or a web address belongs to others."""
        value = match["value"] if "value" in match.re.groupindex else match.group()
        if (
            _YEAR.match(value)
            and "," not in value
            and _IN_YEAR.search(match.string[max(0, match.start() - 8) : match.start()])
        ):
            return 0
        following = match.string[match.end() : match.end() + 1]
        if "value" in match.re.groupindex and (following in ("@", ":") or value.count(".") > 2):
            return 0
        return score
