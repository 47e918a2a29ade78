"""Which languages are named as unread, and what the rule makes of it."""

import pytest
import regex

from curator.model import ScrubPolicy
from curator.scrub.engine import Engine
from curator.scrub.languages import unread
from curator.scrub.pipeline import Pipeline
from tests.scrub.conftest import DATA
from tests.scrub.test_gate import draft, scrub

READ = (
    "Where is my order? I have been waiting for two weeks now.",
    "Wo ist meine Bestellung? Ich warte seit zwei Wochen darauf.",
    "Où est ma commande ? J'attends depuis deux semaines déjà.",
    "¿Dónde está mi pedido? Llevo dos semanas esperando.",
    "Dov'è il mio ordine? Aspetto da due settimane ormai.",
    "Onde está o meu pedido? Estou à espera há duas semanas.",
    "Waar is mijn bestelling? Ik wacht al twee weken.",
    '{"tool": "lookup_order", "args": {"order_id": "ORDER-924", "region": "eu"}}',
    "SELECT id, total FROM orders WHERE region = 'eu' ORDER BY created_at",
    "def answer(case): return client.chat(messages=case['messages'], model=name)",
    "ok dzięki",
)
UNREAD = {
    "Gdzie jest moje zamówienie? Czekam już od dwóch tygodni.": "Polish",
    "Var är min beställning? Jag har väntat i två veckor.": "Swedish",
    "Siparişim nerede? İki haftadır bekliyorum, lütfen yardım edin.": "Turkish",
    "Где мой заказ? Я жду уже две недели.": "Russian",
    "我的订单在哪里？我已经等了两周了，请帮我查一下。": "Chinese",
    "注文した商品がまだ届きません。いつ届きますか。": "Japanese",
}


def test_what_is_read_is_not_named() -> None:
    assert unread(READ) == ()


@pytest.mark.parametrize(("text", "language"), UNREAD.items())
def test_what_is_not_read_is_named(text: str, language: str) -> None:
    assert unread([text]) == (language,)


def test_the_rule_decides(pipeline: Pipeline) -> None:
    polish = draft(input={"query": next(iter(UNREAD))})
    warned = scrub(pipeline, polish)
    [problem] = [p for p in warned.problems if p.code == "PII_LANGUAGE"]
    assert problem.message == "Polish: names are not looked for."
    assert not problem.blocking
    blocked = scrub(pipeline, polish, ScrubPolicy(unread_language="block"))
    assert [p.blocking for p in blocked.problems if p.code == "PII_LANGUAGE"] == [True]
    assert not blocked.writable


def test_cues_titles_and_lists_of_six_languages(patterns: Engine) -> None:
    """Every line as it should be after the scrub, placeholders as `<>`, without any model."""
    lines = [t.replace("\\n", "\n") for t in (DATA / "languages.txt").read_text("utf-8").splitlines() if t[:1] != "#"]
    wanted = [regex.sub(r"\[\[\w+\|.*?\]\]", "<>", line) for line in lines]
    given = [regex.sub(r"\[\[\w+\|(.*?)\]\]", r"\1", line) for line in lines]
    # A title may belong to the name or stay.
    after = [str(Pipeline(patterns).scrub(text, ScrubPolicy()).value) for text in given]
    title = r"(?i:(?:Frau|Madame|Sra?\.|sig\.(?: ?ra)?|signor[ae]?|dott\.(?:ssa)?|(?:de )?heer|mevrouw) )?"
    assert [regex.sub(rf"{title}<PERSON_1>", "<>", text) for text in after] == [
        regex.sub(rf"{title}<>", "<>", text) for text in wanted
    ]
