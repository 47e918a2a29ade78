"""Examples for e-mail, IP, telephone and street addresses."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "name=Jane+Doe&email=⟦jane@example.com⟧&x=1",
    "user=⟦jane.doe@example.com⟧ ip=1",
    "write to ⟦jane.doe+news@example.co.uk⟧ today",
    "⟦anne43@corp.internal⟧ logs in",
    "Mail <⟦o'neill_99@sub.mail.example.org⟧>",
    "two: ⟦a@b.io⟧, ⟦c.d@e-f.museum⟧.",
    "⟦jürgen@müller.de⟧ schrieb",
    "my email is ⟦rose66@hull.com⟧. I can't log in",
    "user ⟦root@[192.168.2.1]⟧ is odd",
    "mailto:⟦sam@example.com⟧?subject=hi",
    "⟦r.stone[at]mail[dot]org⟧",
    "⟦kim_lee22 AT posteo DOT net⟧",
    "⟦otto(at)brot-haus.de⟧",
)
MISSES = (
    "git@github.com:org/repo.git",
    "icon@2x.png and logo@3x.webp",
    "pkg@1.2.3 and @scope/name@4.5.6",
    "@jane mentioned you",
    "email field invalid",
    "a @ b. c",
    "user@localhost",
    "@@@@@@@@",
    "look at the dot plot",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "EMAIL_ADDRESS", HITS, MISSES)
