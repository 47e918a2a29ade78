"""Examples for e-mail, IP, telephone and street addresses."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "update it to ⟦+49 (0)151 33001305⟧ please",
    "call ⟦+1 525-953-8028⟧",
    "⟦(220) 229-6066⟧ is mine",
    "⟦945-651-0791⟧ or ⟦07712 395184⟧",
    "reach me: ⟦+33 6 52 43 16 15⟧",
    "⟦+91 98286 30765⟧ works",
    "Can you call me back at ⟦46857748006⟧? thanks",
    "my number is ⟦77587476889⟧ and I live here",
    "⟦+44 20 7174 1433⟧ x",
    "Tel: ⟦030/1234567⟧",
    "the US way: ⟦001-581-896-0013x3890⟧",
    "⟦06 12 34 56 78⟧ pour moi",
    "⟦555.867.5309⟧ please",
    "phone: ⟦4915123456789⟧",
    "fax ⟦212 555 0188⟧",
    "ring ⟦021 555 0199⟧",
    "text me at ⟦4155550182⟧ when you land",
    "tlf. ⟦41 22 33 44⟧",
    "拨打⟦137 5555 0123⟧",
    "gsm ⟦0470 11 22 33⟧",
    "on ⟦(0)1632 960 123⟧ until noon",
    "unter ⟦0711 / 45 67 12⟧",
    "son las tres: ⟦612 34 56 78⟧",
    "Emergency contact: ⟦9123 4567⟧",
    "رقم جوالي ⟦0501234567⟧",
    "הנייד שלי ⟦0521234567⟧",
    "我的手机号码是⟦13755550123⟧",
    "it's ⟦oh seven nine four six, two double one, eight oh three⟧ thanks",
    "mi número es ⟦seis uno dos tres cuatro cinco seis siete ocho⟧",
)
MISSES = (
    "order id 4087123456",
    "timestamp 1763823845",
    "2026-11-22 15:04:05 and 22/11/2026",
    "ISBN 978-3-16-148410-0",
    "part no 98-7654321",
    "tracking 1Z999AA10123456784",
    'get_order(order_id="5020642638")',
    "version 10.0.0.1 and 1.2.3",
    "row 1234567 of 9999999",
    "5342.17 EUR, 1,234,567 users",
    "phone order 6598065939",
    "Enter your phone number",
    "took 6312 ms for 8706 tokens",
    "version 012-345",
    "build 0470-11-22",
    "won six four, three six, seven five, six two",
    "one two three four five six seven eight nine ten",
    "three hundred and twenty five thousand six hundred and two",
    "номер заказа 1234567890",
    "订单号码是1234567890",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "PHONE_NUMBER", HITS, MISSES)
