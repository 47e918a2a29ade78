"""Names that the words around them give away: salutations, titles, introductions, form fields, relations."""

from collections.abc import Iterable

import regex
from presidio_analyzer.nlp_engine import NlpArtifacts

from curator.scrub.recognizers.base import RegexRecognizer, rule
from curator.scrub.recognizers.names import (
    NAME,
    PARTICLE,
    POSTNOMINAL,
    TAIL,
    TITLE,
    TITLES,
    WORD,
    is_family,
    is_given,
    is_ordinary,
    is_place,
    is_place_prefix,
    is_plain_given,
    is_product,
    is_stop,
    is_thing_suffix,
)

HINT = 0.3
"""Score of a cue that needs another sign."""
_V = rf"(?P<value>{NAME})"
_LOWER = r"(?P<value>\p{L}[\p{L}\p{M}'’\-]+(?:[ ]\p{L}[\p{L}\p{M}'’.\-]*){0,4})"
_ROLE = (
    r"(?:customer|client|passenger|guest|patient|user|contact|account[ ]?(?:holder|owner"
    r"|manager)|card[ ]?holder|holder|beneficiary|recipient|sender"
    r"|employee|manager|agent|author|assignee|owner|reporter|attendee|spouse|driver|travell?er"
    r"|member|buyer|seller|student|teacher|doctor|applicant"
    r"|candidate|nominee|insured|tenant|landlord|emergency[ ]contact|signatory|signed"
    r"|payee|payer|supervisor|instructor|participant)"
)
_OF_NAME = (
    r"(?:first|last|full|given|family|middle|maiden|sur|nick|fore|display|legal|preferred"
    r"|real|birth)[ _\-]?names?|surname|forename|nachname|vorname"
)


class PersonCueRecognizer(RegexRecognizer):
    """Strong cues (a title, `my name is`, a form field) and weak ones (`this is`, `Thanks`), which need a known name.

    A rule whose name begins with `weak` has a weak cue.
    """

    ENTITY = "PERSON"
    RULES = (
        rule(
            "title",
            rf"(?<![\p{{L}}\p{{N}}_.]) (?P<value>(?-i:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Herrn?|Frau|Mme"
            rf"|Mlle|Sir|Dame|Señora?|Sra?)\b\.?[ ]) (?:{PARTICLE}[ ]){{0,2}}{NAME})",
            0.85,
        ),
        rule(
            "title, other languages",
            rf"(?<![\p{{L}}\p{{N}}_.]) (?:(?i:mevrouw|meneer|dhr\.|mevr\.|señor(?:a|ita)?|srta\.|signor(?:a|e|ina)?"
            rf"|sig\.(?:ra)?|dott\.(?:ssa)?|senhora?|monsieur|madame|mademoiselle)|M\.|pan[ia]|г-н|г-жа)[ ] {_V}",
            0.8,
        ),
        rule(
            "name in Chinese, Japanese or Korean",
            r"(?:お名前|氏名|姓名|名前|名字|이름|성함)(?:\s?[：:]\s{0,2}|[は은는이가]\s{0,2})(?P<value>[\p{Han}\p{Hiragana}\p{Katakana}]{2,6}"
            r"|\p{Hangul}{2,4})|(?:我叫|我的名字是|我是|请联系|联系)(?P<value>\p{Han}{2,4})(?!\p{Han})"
            r"|(?<!\p{Han})(?P<value>\p{Han}{1,5})(?=と申します|様|さん|先生|女士|小姐)"
            r"|(?<!\p{Hangul})(?!고객)(?P<value>\p{Hangul}{2,4})(?=[ ]?(?:고객님|님|씨)|입니다)"
            r"|(?i:\b(?:by|from|with|name[ ]is|customer|contact|dear|call)[ :]{1,2})(?P<value>\p{Han}{2,4}"
            r"|\p{Hangul}{2,4})(?![\p{Han}\p{Hangul}])",
            0.7,
        ),
        rule(
            "East Slavic family name",
            r"(?<!\p{L})(?P<value>[А-ЯЁІЇЄ][а-яёіїє]+[ ][А-ЯЁІЇЄ][а-яёіїє]+(?:[оеё]ва?|ина?|[сц]к(?:ий|ая|а)|енко|чук"
            r"|юк|ян|дзе|швили))(?!\p{L})",
            0.6,
        ),
        rule("title in small letters", rf"(?<![\p{{L}}\p{{N}}_.]) (?:mr|mrs|ms|miss|dr|prof)\.?[ ] {_V}", 0.8),
        rule(
            "introduction in small letters",
            r"(?i:\bmy[ ](?:full[ ])?name(?:'s|[ ]is)[ ])(?P<value>\p{Ll}{2,20}(?:[ ]\p{Ll}{2,20})?)(?![\p{L}\p{N}])",
            0.7,
        ),
        rule(
            "speaker or signature in small letters",
            r"(?i:\b(?:this[ ]is|i[ ]am|i['’]m|im|it['’]s|it[ ]is|here[ ]is)[ ]"
            r"|\b(?:sincerely|regards|thanks|thank[ ]you|cheers)[,!.]?\s{1,3})"
            r"(?P<value>\p{Ll}{2,20}(?:[ ]\p{Ll}{2,20})?)(?![\p{L}\p{N}])",
            0.7,
        ),
        rule(
            "form line",
            rf"(?:^|\n)[ \t>*\-]{{0,6}}(?:Full[ ])?[Nn]ame[ ]?:[ \t]{{1,8}} (?P<value>{WORD}{TAIL}{{1,3}}) [ \t]*"
            rf"\n",
            0.6,
        ),
        rule(
            "introduction",
            rf"(?i:\bname(?:'s|[ ]is|[ ]was|[ ]on[ ]the[ ](?:account|booking|card|reservation)[ ]is)[ :]{{1,2}}"
            rf"|\b(?:ich[ ]heiße|mein[ ]name[ ]ist|je[ ]m'appelle|me[ ]llamo|mi[ ]chiamo|meu[ ]nome[ ][ée]"
            rf"|me[ ]chamo|mijn[ ]naam[ ]is|ik[ ]heet|nazywam[ ]się|меня[ ]зовут|calls?[ ]me|named|known[ ]as)[ ]"
            rf"|\b(?:first|last|full)[ ]name\?[ ]"
            rf"|\b(?:in|under)[ ](?:my|his|her|our|their)[ ]\p{{L}}+['’]s[ ]name[ ]){_V}",
            0.8,
        ),
        rule("speaker with two names", rf"(?i:\b(?:i[ ]am|i['’]m)[ ]){_V}", 0.6),
        rule(
            "field of a name",
            rf"(?i:\b(?:{_OF_NAME})[\"']?[ ]?[:=][ \t]{{0,8}}[\"']?)(?:{_V}|{_LOWER})(?=[\"',;.)\]}}\n"
            rf"|&<]|[ ]*$|[ ]{{2}}|[ ](?:and|email|phone|dob)\b)",
            0.85,
        ),
        rule(
            "field of a role", rf"(?i:\b{_ROLE}s?(?:[ _]?(?:full[ _]?)?name)?[\"']?[ ]?[:=][ \t]{{0,8}}[\"']?){_V}", 0.6
        ),
        rule(
            "field `name` of a role",
            rf"(?i:\b{_ROLE}s?[ _]name[\"']?[ ]?[:=][ \t]{{0,8}}[\"']?)(?:{_V}|{_LOWER})(?=[\"',;.)\]}}\n]"
            rf"|[ ]*$)",
            0.8,
        ),
        rule("weak: field `name`", rf"(?i:\bnames?\b[\"']?[ ]?[:=][ \t]{{0,8}}[\"']?){_V}", 0.6),
        rule(
            "letter",
            rf"(?i:\b(?:dear|sincerely|yours(?:[ ](?:truly|faithfully|sincerely))?|(?:kind|best"
            rf"|warm)?[ ]?regards|sehr[ ]geehrte[r]?|liebe[r]?|lieben?[ ]grüße|mit[ ]freundlichen[ ]grüßen"
            rf"|cordialement|cordiali[ ]saluti|atenciosamente|atentamente|saludos(?:[ ]cordiales)?"
            rf"|met[ ]vriendelijke[ ]groet(?:en)?|pozdrawiam|с[ ]уважением)[,!]?\s{{1,3}}){_V}",
            0.7,
        ),
        rule(
            "weak: greeting",
            rf"(?i:\b(?:hi|hello|hey|thanks|thank[ ]you|thx|cheers|morning|afternoon|evening|welcome"
            rf"(?:[ ]back)?|bye|goodbye|best|love|hallo|danke|bonjour|merci|hola|gracias)[,!.]?\s{{1,3}}"
            rf"(?:again[ ])?){_V}(?=[\s]*(?:[,.!?:;\"')\n]|$|-|here|for))",
            0.55,
        ),
        rule(
            "weak: speaker",
            rf"(?i:\b(?:this[ ]is|i[ ]am|i'm|im|it's|it[ ]is|here[ ]is|ich[ ]bin|je[ ]suis|soy"
            rf"|signed(?:[ ]by)?|she's|he's|she[ ]is|he[ ]is|who[ ]is|by)[ ]){_V}",
            0.6,
        ),
        rule(
            "relation",
            rf"(?i:\b(?:my|his|her|our|their|your)[ ](?:late[ ]|ex-?|older[ ]|younger[ ]|step)?"
            rf"(?:mother|father|mom|mum|dad|wife|husband|son|daughter|brother|sister|partner|spouse"
            rf"|boss|colleague|coworker|friend|manager|assistant|uncle|aunt|cousin|grandmother"
            rf"|grandfather|neighbou?r|fianc[ée]e?|boyfriend|girlfriend|roommate|doctor|lawyer"
            rf"|child|kid|baby|nephew|niece),?[ ]){_V}",
            0.75,
        ),
        rule(
            "weak: dealing with",
            rf"(?i:\b(?:met|meet(?:ing)?|ask(?:ed)?(?:[ ]for)?|contact(?:ed)?|called|told|from"
            rf"|to|with|for|between|and|by|sold[ ]to|deliver[ ]to)\b:?[ ]){_V}",
            0.55,
        ),
        rule(
            "dealing with",
            rf"(?i:\b(?:work(?:s|ed|ing)?[ ]with|sp(?:eak|oke)(?:[ ](?:to|with))|talk(?:ed|ing)?[ ]"
            rf"(?:to|with)|met[ ]with|meeting[ ]with|loop(?:ed)?[ ]in|escalated?[ ]to|assign(?:ed)?[ ]to"
            rf"|emailed|behalf[ ]of|attn|c/o|ship[ ]to|bill[ ]to|reports[ ]to|managed[ ]by|account[ ]holder"
            rf"|cardholder)\b:?[ ]){_V}",
            0.55,
        ),
        rule(
            "weak: pair",
            rf"(?i:\b(?:call|conversation|chat|meeting|thread|discussion|email|e-mail|deal|agreement"
            rf"|between)s?[ ](?:between|with)?[ ]?|(?<=\b(?:between|with)[ ]{WORD}[ ]and)[ ]){_V}",
            0.55,
        ),
        rule(
            "before an address",
            rf"(?<![\p{{L}}\p{{N}}_]){_V}(?=[ ]{{0,2}}(?:<|\[|\(|&lt;)[^\s<>()\[\]@]{{1,100}}@)",
            0.75,
        ),
        rule(
            "before a date of birth",
            rf"(?<![\p{{L}}\p{{N}}_]){_V}(?=[ ]?[,(\-][ ]?(?i:dob|d\.o\.b|date[ ]of[ ]birth|born)\b)",
            0.75,
        ),
        rule(
            "at home",
            rf"(?<![\p{{L}}\p{{N}}_]){_V}(?=[ ](?i:lives|resides|is[ ]living)[ ](?i:at|on|in)\b)",
            0.6,
        ),
        rule(
            "in a role",
            rf"(?i:\badd(?:ed|ing)?[ ]){_V}"
            rf"(?=[ ](?i:as[ ](?:an?[ ]|the[ ]|my[ ]|our[ ])?(?:guardian|co-?owner|{_ROLE})\b))",
            0.6,
        ),
        rule(
            "announced possessor",
            rf"(?i:\bhere(?:['’]s|[ ]is)[ ]){_V}"
            rf"(?=['’]s[ ](?i:address|phone|number|email|birthday|date[ ]of[ ]birth|dob)\b)",
            0.7,
        ),
        rule("weak: signature", rf"(?:^|\n)[ ]*[-–—~]{{1,2}}[ ]?{_V}[ ]*(?:$|\n)", 0.6),
        rule(
            "possessor",
            rf"(?<![\p{{L}}\p{{N}}_.]){_V}(?='s[ ](?i:account|order|booking|reservation|email"
            rf"|phone|address|birthday|profile|card|passport|date[ ]of[ ]birth|dob|ticket|flight)\b)",
            0.5,
        ),
    )

    def find(self, text: str, nlp: NlpArtifacts | None) -> Iterable[tuple[int, int, float, str]]:
        """Trims each match to what can be a name; drops weak ones without a known name."""
        if _SHOUTED.search(text) and len(calm := text.title()) == len(text):
            for start, end, score, name in super().find(calm, nlp):
                span = trimmed(calm, start, end) if name in _STRONG and text[start:end].isupper() else None
                if span is not None and not all(map(is_ordinary, calm[slice(*span)].split())):
                    yield *span, score, name
        for start, end, score, name in super().find(text, nlp):
            if name.endswith("small letters"):
                span = _small(text, start, end, sure=name.startswith("introduction"))
            else:
                span = trimmed(text, start, end)
            if span is None:
                continue
            if self._believable(text[slice(*span)], name):
                yield *span, score, name
            elif not is_product(text[slice(*span)]):
                # Not enough alone; with a model or a list it is.
                yield *span, HINT, name

    @staticmethod
    def _believable(value: str, cue: str) -> bool:
        if cue == "weak: dealing with":
            return _known(value) and not is_place(value)
        if cue.startswith("weak") or cue in ("field of a role", "possessor"):
            return _known(value)
        if cue in ("dealing with", "at home", "in a role", "speaker with two names"):
            return _known(value) or _two_words(value)
        return TITLES.match(value) is not None or not is_product(value)


def _small(text: str, start: int, end: int, *, sure: bool) -> tuple[int, int] | None:
    """`jane doe and …` → jane doe: a given name, and a second word that is not ordinary (`sure`) or a family name."""
    first, _, second = text[start:end].partition(" ")
    if not text[start].islower():
        return trimmed(text, start, end)
    if not is_plain_given(first):
        return None
    both = second and (not is_stop(second) if sure else is_family(second))
    return start, end if both else start + len(first)


def _two_words(value: str) -> bool:
    words = value.split()
    return len(words) > 1 and not any(is_product(w) for w in words)


def trimmed(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Cuts words off both ends that are no part of a name; None when nothing is left or it is a thing or a place."""
    words = [(start + m.start(), start + m.end()) for m in _WORDS.finditer(text[start:end])]
    while words and is_stop(text[slice(*words[-1])].strip("'’")) and not _TITLE_WORD.fullmatch(text[slice(*words[-1])]):
        words.pop()
    while words and is_stop(text[slice(*words[0])].strip("'’")) and not _begins_name(text, words):
        words.pop(0)
    for i, (a, b) in enumerate(words):
        ended = i and text[slice(*words[i - 1])][-1] in ",;:" and not _DEGREE.fullmatch(text[a:b])
        if ended or (
            i and is_stop(text[a:b]) and not _begins_name(text, words[i:]) and not _PARTICLE.fullmatch(text[a:b])
        ):
            words = words[:i]
            break
    if all(_TITLE_WORD.fullmatch(text[a:b]) for a, b in words):
        return None
    last = text[slice(*words[-1])]
    following = _NEXT.match(text, words[-1][1])
    if (len(words) > 1 and is_thing_suffix(last)) or (following and is_thing_suffix(following[1])):
        return None
    a, b = words[0][0], words[-1][1]
    while (b > a and text[b - 1] in "'’-,;:") or text[a:b].endswith(("'s", "’s")):
        b -= 2 if text[a:b].endswith(("'s", "’s")) else 1
    return (a, b) if b > a else None


def _begins_name(text: str, words: list[tuple[int, int]]) -> bool:
    """`April Martinez`, `May Jones`: a month that is a given name, before a family name."""
    return len(words) > 1 and is_given(text[slice(*words[0])]) and is_family(text[slice(*words[1])].rstrip(".,;:"))


def _known(value: str) -> bool:
    """Whether a name has a title, or its first word is a given name that the rest does not contradict."""
    if TITLES.match(value):
        return True
    words = value.split()
    if is_product(value) or is_place_prefix(words[0]) or (len(words) > 1 and is_product(words[0])):
        return False
    return is_given(words[0]) or (len(words) > 1 and is_family(words[-1]))


_SHOUTED = regex.compile(r"(?:\b\p{Lu}{2,}\b[^\p{L}\n]{1,3}){3}")
"""Three words in capitals: read in title case, where strong cues show the names."""
_STRONG = frozenset({"title", "introduction", "field of a name", "field `name` of a role", "letter", "relation"})
_PARTICLE = regex.compile(PARTICLE)
_WORDS = regex.compile(r"[^\s]+")
_NEXT = regex.compile(r"[ ]([\p{L}]+\.?)")
_TITLE_WORD = regex.compile(TITLE)
_DEGREE = regex.compile(POSTNOMINAL.replace(",?[ ]", "", 1) + r"[.,;:]?")
