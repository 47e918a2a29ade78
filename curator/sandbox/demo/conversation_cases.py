"""Chats of several turns with the support assistant: some solved, some handed over to a person."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Turn:
    """One message of the customer and the assistant's reply: one trace."""

    says: str
    replies: str
    outcome: Literal["answer", "clarify", "escalate"] = "answer"
    thumbs: bool | None = None


@dataclass(frozen=True)
class Conversation:
    """One chat: a session of Langfuse whose traces are its turns."""

    who: str
    channel: Literal["web", "whatsapp", "email"]
    topic: str
    turns: tuple[Turn, ...]
    resolution: Literal["resolved", "escalated", "abandoned"]
    """The session's score."""
    csat: int | None = None
    """The customer's rating of the session, 1 to 5."""
    summary: str | None = None
    """What the handover told the colleague."""
    must: tuple[str, ...] = ()
    """What a reviewer says that the last reply must mention; a correction on the last turn when given."""
    must_not: tuple[str, ...] = ()
    note: str | None = None
    """A reviewer's comment on the session."""


CONVERSATIONS: tuple[Conversation, ...] = (
    Conversation(
        "hanna",
        "whatsapp",
        "exchange",
        (
            Turn(
                "Hi, the boots I got (order {ref}) are too small. Can I swap them for 41?",
                "Of course! Please send them back with the label from your account and order size 41 again.",
            ),
            Turn(
                "But then I pay twice. Your shop in Hamburg told me that you reserve the size for me.",
                "You pay for the new pair first and get the money for the old one back after inspection.",
                thumbs=False,
            ),
            Turn(
                "No. I asked for an EXCHANGE. I don't have 219 euros lying around.",
                "I understand. Please send them back with the label from your account and order size 41 again.",
                thumbs=False,
            ),
            Turn(
                "You're going round in circles. {name}, {phone}. Someone should call me.",
                "I'm sorry about this. I have put your chat into the queue of our team.",
                "escalate",
            ),
        ),
        "escalated",
        1,
        "Customer wants to exchange boots for size 41 without paying twice. Please call {phone}.",
        must=("exchange", "reserve"),
        must_not=("order size 41 again",),
        note="Exchanges without a second payment exist since spring: form X-12. The assistant does not know it.",
    ),
    Conversation(
        "nathan",
        "web",
        "warranty",
        (
            Turn(
                "Hello, a pole of my tent snapped in normal wind. Bought in 2023, {ref}.",
                "Sorry to hear that! Tents carry a 5-year warranty on seams and poles. Do you have a photo?",
                "clarify",
            ),
            Turn(
                "I uploaded three. Also sent them from {email}.",
                "Thanks. To open a case I need your proof of purchase.",
                "clarify",
            ),
            Turn(
                "I gave you the order number in the very first message?!",
                "To open a case I need your proof of purchase. A colleague will take over from here.",
                "escalate",
                False,
            ),
        ),
        "escalated",
        2,
        "Warranty case, tent pole, photos uploaded, order number given twice.",
        must=("order number", "warranty case"),
        must_not=("need your proof of purchase",),
    ),
    Conversation(
        "miguel",
        "email",
        "invoice",
        (
            Turn(
                "I need an invoice with my company on it: Santos Outdoor Guides LLC, {address}.",
                "You can download your invoice under My orders.",
            ),
            Turn(
                "That one has my private name. I need the company for taxes. Deadline is Friday.",
                "Invoices cannot be changed after the purchase.",
                thumbs=False,
            ),
            Turn(
                "Then connect me to accounting please.",
                "I have forwarded your request. Accounting answers within five working days.",
                "escalate",
            ),
        ),
        "escalated",
        None,
        "Wants an invoice made out to a company before Friday.",
    ),
    Conversation(
        "andre",
        "web",
        "loyalty",
        (
            Turn("Where are my Summit points for the last two orders?", "Points appear 14 days after delivery."),
            Turn(
                "It has been six weeks. My account is {email}.", "Points appear 14 days after delivery.", thumbs=False
            ),
        ),
        "abandoned",
        1,
        None,
    ),
    Conversation(
        "greta",
        "whatsapp",
        "repair",
        (
            Turn(
                "Hallo! Do you repair the zip of a Ridgeline pack?",
                "Yes, zips of backpacks are repaired free of charge for the first owner.",
            ),
            Turn("Great, how do I send it?", "Here is your label. Please send the pack clean and dry.", thumbs=True),
        ),
        "resolved",
        5,
    ),
    Conversation(
        "priya",
        "web",
        "gift card",
        (
            Turn(
                "I bought a gift card for my brother and mistyped his e-mail.",
                "No problem. What is the right address?",
                "clarify",
            ),
            Turn("ravi.raman@example.net", "Done: the card was sent again and the first one is void."),
            Turn("Perfect, thank you!", "You're welcome. Have a good day, {first}!", thumbs=True),
        ),
        "resolved",
        5,
    ),
    Conversation(
        "oskar",
        "web",
        "pickup",
        (
            Turn("Is my rental tent ready for pickup today?", "Yes, from noon in the Frankfurt shop."),
            Turn("And the deposit?", "100 EUR are blocked on your card and released within 3 days after the return."),
        ),
        "resolved",
        4,
    ),
)
