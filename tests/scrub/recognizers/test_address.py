"""Examples for e-mail, IP, telephone and street addresses."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "my zip code is ⟦98193⟧, thanks",
    "Name and zip ⟦19122⟧.",
    "PLZ ⟦10115⟧ Berlin",
    "ship to ⟦701 Louis Avenue Apt. 499, Changville, NJ 42957⟧ now",
    "⟦28720 Sara Squares, Hendersonchester, MA 12806⟧",
    "⟦6 Stewart Coves, CH93 4AX⟧",
    "⟦Flat 64H, Hartley Lock, S2 6WY⟧",
    "lives at ⟦Friedhold-Seidel-Gasse 9, 90072 Badalzungen⟧ and",
    "⟦Kästerplatz 62/83, 71630 Chemnitz⟧",
    "⟦Roggegasse 15/76, 35571 Neustadt am Rübenberge⟧.",
    "at ⟦975 Sunset Drive⟧ tomorrow",
    "⟦10 Downing Street, London SW1A 2AA⟧",
    "⟦Hauptstraße 12⟧ in Köln",
    "⟦1600 Pennsylvania Ave NW, Washington, DC 20500⟧",
    "⟦P.O. Box 1234⟧ is fine",
    "address1: ⟦975 Sunset Drive⟧",
    "zip: ⟦78750⟧",
    "a leak at ⟦14 maple crescent⟧",
    "she moved from ⟦8a The Maltings⟧ last May",
    "⟦12 rue de la Paix, 75002 Paris⟧",
    "⟦PSC 1234, Box 5678, APO AE 12345⟧",
    "⟦742 Evergreen Terrace\nSpringfield, OR 97403⟧",
    "⟦Storgatan 12⟧, Umeå",
    "bor på ⟦Aleksanterinkatu 7 A 4⟧",
    "⟦Bağdat Cad. No: 211⟧, Kadıköy",
    "⟦Flat 9, Palm Court, Link Road⟧, Mumbai",
    "⟦Blk 77 Bedok North Avenue 4 #02-118⟧",
    "⟦Calle 93 # 11-27⟧, Bogotá",
    "⟦The Old Mill, Station Road⟧, Ludlow",
    "⟦4417 County Road 12⟧",
    "⟦大阪府大阪市北区梅田3-1-1⟧",
    "⟦上海市南京西路1266号⟧",
    "⟦ул. Ленина, д. 14, кв. 9⟧",
    "⟦77 w oak ave⟧ please",
    "⟦Via Dante 8/B, Torino⟧",
    "⟦RR 4 Box 22, Salem WV⟧",
    "⟦No. 8 Jalan Merdeka⟧, Ipoh",
)
MISSES = (
    "all 3 The Hague offices",
    "the zip file has 3 entries and zip 3 is out",
    "the cap is 5000 a day",
    "5 days, 24 hour support, 3 Month Plan",
    "10 Golden Keys and 7 Day Pass",
    "capital of France",
    "iPhone 15 Pro Max",
    "size 42 EU",
    "Basic plan vs Enterprise",
    "Order 66 was on Monday",
    "refund of 49.99 EUR",
    "error 404 Page Not Found",
    "Flight HAT136 & HAT039",
    "in 2024 Google Drive was slow",
    "2 miles down the road",
    "we are 5 on the street",
    "flat 20 percent off on Main Street styles",
    "room 12 is free",
    "block 4 of 12 failed",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "STREET_ADDRESS", HITS, MISSES)
