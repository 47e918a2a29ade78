"""What people asked the help centre's RAG workflow, what it retrieved, what it said, and how it was judged."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class RagCase:
    """One question. `judged` is (faithfulness 1–5, relevance 1–5, precision 0 or 1), as LLM judges gave them."""

    question: str
    found: tuple[str, ...]
    """Ids of the retrieved passages (without `kb/`); empty when nothing passed the score threshold."""
    answer: str
    judged: tuple[int, int, int]
    who: str | None = None
    gold: str | None = None
    """A reviewer's reference answer."""
    must: tuple[str, ...] = ()
    """What the reviewer says that an answer must mention."""
    source: str | None = None
    """The passage that holds the answer, when the reviewer named it (score `right_source`)."""
    as_json: bool = True
    """False: the correction is only a sentence."""
    thumbs: bool | None = None
    says: str | None = None
    queued: Literal["PENDING", "COMPLETED"] | None = None


CASES: tuple[RagCase, ...] = (
    # The passage was found, the answer is not faithful to it.
    RagCase(
        "How long do I have to return a sale item?",
        ("returns-window", "refund-time", "price-match"),
        "You can return anything within 60 days of delivery, sale items included.",
        (2, 4, 1),
        gold="Sale items can be returned within 30 days of delivery.",
        must=("30 days",),
        source="returns-window",
        thumbs=False,
    ),
    RagCase(
        "Is UV damage of a tent under warranty? It stood in our garden all summer.",
        ("warranty-tents", "repairs"),
        "Yes, tents carry a 5-year warranty, so send it in with your order number and we will repair it free of "
        "charge.",
        (1, 4, 1),
        gold="No: UV damage after more than 12 weeks of continuous pitching is not covered by the 5-year warranty.",
        must=("not covered", "12 weeks"),
        source="warranty-tents",
    ),
    RagCase(
        "Do points from Summit expire?",
        ("loyalty", "gift-cards"),
        "No, Summit points never expire as long as your account is active.",
        (1, 5, 1),
        gold="Yes. Points expire 24 months after they were collected.",
        must=("24 months",),
        source="loyalty",
        who="tessa",
        thumbs=False,
        says="Lost 1,140 points after your assistant told me this. {email}",
    ),
    RagCase(
        "Can I combine a gift card with two vouchers?",
        ("gift-cards", "loyalty"),
        "Gift cards can be combined with vouchers at checkout. Enter all codes in the field 'Discount'.",
        (2, 4, 1),
        gold="No, a gift card can be combined with at most one voucher.",
        must=("one voucher",),
        source="gift-cards",
    ),
    RagCase(
        "Can you send gas cartridges by express to Mallorca? We fly on Sunday.",
        ("shipping-eu", "gas-cartridges"),
        "Express delivery takes 1-2 working days and costs 12.90 EUR; islands add 2 days, so order by Wednesday.",
        (2, 3, 1),
        gold="No. Gas cartridges go by ground transport only and cannot be sent to islands.",
        must=("ground", "islands"),
        source="gas-cartridges",
        who="luca",
        thumbs=False,
        says="Order was cancelled by the warehouse two days later. I rely on this! {phone}",
    ),
    RagCase(
        "How do I dry a washed down jacket?",
        ("down-care", "waterproofing"),
        "Hang it up in the sun for a day and shake it now and then.",
        (1, 3, 1),
        gold="In a tumble dryer at low heat with two tennis balls, about three hours, until no clumps are left.",
        must=("tumble dryer", "low heat"),
        source="down-care",
        queued="PENDING",
    ),
    RagCase(
        "When is my refund paid after the return?",
        ("refund-time", "returns-cost"),
        "Refunds are instant: the money is on your account on the day on which you hand in the parcel.",
        (1, 5, 1),
        gold="Within 5 working days after the return has been inspected, to the original payment method.",
        must=("5 working days", "inspected"),
        as_json=False,
    ),
    # Faithful to the wrong passage: retrieval missed.
    RagCase(
        "What does it cost to send something back from Chicago?",
        ("shipping-us", "refund-time"),
        "Ground shipping is free from $90; below that, shipping is charged at checkout.",
        (4, 1, 0),
        gold="A US return label costs $7.50, which is taken off the refund.",
        must=("$7.50",),
        source="returns-cost",
        who="caleb",
        thumbs=False,
        says="I asked about RETURNS. - {name}",
    ),
    RagCase(
        "The buckle of my nine-year-old pack broke. Do you still fix that?",
        ("repairs", "warranty-tents"),
        "Repairs take 2 to 3 weeks after arrival. Tents carry a 5-year warranty.",
        (4, 2, 0),
        gold="Yes: backpacks carry a lifetime repair promise, and buckles are repaired free of charge for the first "
        "owner.",
        must=("lifetime", "free of charge"),
        source="warranty-packs",
    ),
    RagCase(
        "Will I be charged VAT at the door in Edinburgh for a 210 pound order?",
        ("shipping-eu", "price-match"),
        "EU shipping is free from 75 EUR, and there is nothing else to pay.",
        (3, 1, 0),
        gold="Yes. Above 135 GBP the carrier collects the import VAT on delivery.",
        must=("135", "carrier"),
        source="shipping-uk",
        who="rory",
        queued="PENDING",
    ),
    RagCase(
        "Can I cook with the Ember at 4,000 metres?",
        ("gas-cartridges", "down-care"),
        "The passages do not say how the stove behaves at altitude.",
        (5, 2, 0),
        gold="It is tested up to 3,500 m; above that use winter gas and the preheating loop.",
        must=("3,500", "winter gas"),
        source="stove-altitude",
    ),
    RagCase(
        "my shell jacket wets out, what can i do",
        (),
        "I'm sorry, I could not find anything about that.",
        (5, 1, 0),
        source="waterproofing",
        thumbs=False,
    ),
    RagCase(
        "Do I get points for buying gift cards for the whole team?",
        ("gift-cards", "refund-time"),
        "Gift cards are valid for 3 years and cannot be exchanged for cash.",
        (5, 2, 0),
        gold="No, points are not given for gift cards.",
        must=("not given",),
        source="loyalty",
    ),
    RagCase(
        "Is the deposit for a rental tent taken from my card? It's a debit card, {name}.",
        ("gift-cards", "warranty-tents"),
        "Gift-card payments are refunded as gift card.",
        (3, 1, 0),
        source="rental",
        who="beatrice",
    ),
    RagCase(
        "half sizes in boots?",
        (),
        "I'm sorry, I could not find anything about that.",
        (5, 1, 0),
        source="sizing-boots",
        queued="PENDING",
    ),
    RagCase(
        "How much faster is express inside Germany?",
        ("gas-cartridges", "repairs"),
        "Gas cartridges are never sent by express.",
        (4, 1, 0),
        who="hanna",
    ),
    # Fine.
    RagCase(
        "How long are gift cards valid?",
        ("gift-cards", "loyalty"),
        "Gift cards are valid for 3 years from the date of purchase.",
        (5, 5, 1),
        thumbs=True,
    ),
    RagCase(
        "Do you match Amazon prices?",
        ("price-match", "loyalty"),
        "No: we match authorised EU dealers within 14 days of the purchase, marketplaces are excluded.",
        (5, 5, 1),
    ),
    RagCase(
        "How long does a zip repair take?",
        ("repairs", "warranty-packs"),
        "Repairs take 2 to 3 weeks after your item has reached our workshop; zips of backpacks are free of charge.",
        (5, 4, 1),
        thumbs=True,
    ),
    RagCase(
        "free shipping limit germany",
        ("shipping-eu", "shipping-us"),
        "Standard shipping in the EU is free from 75 EUR.",
        (5, 5, 1),
    ),
    RagCase(
        "Can I return an opened water filter?",
        ("returns-window", "returns-cost"),
        "No, hygiene items such as water filters cannot be returned once opened.",
        (5, 5, 1),
        thumbs=True,
    ),
    RagCase(
        "How should I measure my feet for B/C boots?",
        ("sizing-boots",),
        "In the evening with your hiking socks on: measure the longer foot and add 1 cm. Between sizes take the "
        "larger.",
        (5, 5, 1),
    ),
    RagCase(
        "What temperature for washing down?",
        ("down-care", "waterproofing"),
        "30 degrees, with down detergent and without softener.",
        (5, 5, 1),
    ),
    RagCase(
        "Is your waterproofing spray PFAS-free?",
        ("waterproofing", "down-care"),
        "Yes, it has been fluorocarbon-free since 2024.",
        (5, 4, 1),
        thumbs=True,
    ),
    RagCase(
        "Does the tent warranty need a receipt?",
        ("warranty-tents", "warranty-packs"),
        "The order number is enough as proof of purchase.",
        (5, 5, 1),
    ),
    RagCase(
        "who pays the return label in Ireland",
        ("returns-cost", "returns-window"),
        "Return labels are free in the EU, so also in Ireland.",
        (5, 4, 1),
    ),
    RagCase(
        "Can you send a knife to a PO box in Texas?",
        ("shipping-us", "gas-cartridges"),
        "No, orders that hold knives are not delivered to PO boxes.",
        (5, 5, 1),
        who="miguel",
    ),
    RagCase(
        "How many points do I need for a voucher?",
        ("loyalty", "gift-cards"),
        "500 points are a 10 EUR voucher.",
        (5, 5, 1),
        thumbs=True,
    ),
    RagCase(
        "Can I rent snowshoes online?",
        ("rental", "shipping-eu"),
        "The passages only cover rental tents and sleeping bags, which are picked up in the shops.",
        (5, 3, 1),
    ),
    RagCase(
        "Do you wash my jacket before you repair it?",
        ("repairs", "down-care"),
        "Please send it clean and dry; dirty goods are washed for 15 EUR.",
        (5, 5, 1),
    ),
)
