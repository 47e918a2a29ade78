"""The cases of the example: what customers asked the returns desk, and what was done to each case afterwards.

Everything is invented. The texts are as different from one another as real questions are; the planted near-duplicate is
the only pair that is alike.
"""

from typing import NamedTuple


class Case(NamedTuple):
    """One case. `plant` is the audit code that it was planted for; None for a clean one."""

    key: str
    plant: str | None
    question: str
    outcome: str
    terms: tuple[str, ...]
    channel: str = "chat"


CLEAN: tuple[Case, ...] = (
    Case("cracked-shade", None, "The glass shade of my new lamp has a crack. May I return it?", "answer", ("photo",)),
    Case(
        "opened-paint",
        None,
        "I opened two tins of chalk paint; the colour is wrong. Do you take those?",
        "refuse",
        ("opened",),
    ),
    Case(
        "whole-kitchen",
        None,
        "We want to give back the complete kitchen island we ordered in spring.",
        "escalate",
        ("colleague",),
        "phone",
    ),
    Case(
        "no-receipt",
        None,
        "I threw the delivery note away. Is there another way to prove the purchase?",
        "answer",
        ("order number",),
        "email",
    ),
    Case(
        "return-label",
        None,
        "Which e-mail address sends the label? I only see returns@kestrelandpine.example.com here.",
        "answer",
        ("label",),
    ),
    Case("gift-card", None, "This was paid with a gift card: where does the money go?", "answer", ("gift card",)),
    Case(
        "hidden-session",
        None,
        "Your courier took the wrong box along yesterday; mine is still in the hall.",
        "escalate",
        ("courier",),
        "phone",
    ),
    Case(
        "late-by-a-day",
        None,
        "Day thirty-one today. Any chance that you still accept the garden bench?",
        "refuse",
        ("30 days",),
    ),
    Case("window", None, "How many days do I have to send something back?", "answer", ("30 days",)),
)

PLANTED: tuple[Case, ...] = (
    Case(
        "by-hand",
        "LIN001",
        "Somebody typed this one into the web interface after a stand-up meeting.",
        "answer",
        ("policy",),
    ),
    Case(
        "half-recorded",
        "LIN002",
        "Do sale items count as final, or may they come back like the others?",
        "answer",
        ("sale",),
    ),
    Case(
        "expired",
        "LIN003",
        "My rug has shed wool for four months. Is that covered by anything?",
        "escalate",
        ("warranty",),
        "email",
    ),
    Case("vanished", "LIN004", "I would like to swap the oak stool for the walnut one.", "answer", ("exchange",)),
    Case("lost-step", "LIN005", "Where exactly on the parcel does the return sticker belong?", "answer", ("sticker",)),
    Case(
        "other-session",
        "LIN006",
        "Can my neighbour hand the mirror to the driver while I am at work?",
        "answer",
        ("driver",),
        "phone",
    ),
    Case(
        "reworded",
        "CON001",
        "The vase came with a chip at the rim, hardly visible, but it annoys me.",
        "answer",
        ("photo", "discount"),
    ),
    Case(
        "touched",
        "CON002",
        "Please tell me how heavy a return parcel may be at most.",
        "answer",
        ("kilograms",),
        "email",
    ),
    Case(
        "older-rule",
        "CON003",
        "Is collection from the fourth floor without a lift possible?",
        "clarify",
        ("stairs",),
        "phone",
    ),
    Case(
        "older-schema",
        "CON004",
        "Do batteries have to be taken out of the clock before it goes back?",
        "answer",
        ("batteries",),
    ),
    Case("by-fax", "SCH001", "I have sent you all papers; what happens next?", "answer", ("status",)),
    Case(
        "free-text",
        "SCH002",
        "Which documents do business customers need for a return?",
        "answer",
        ("invoice",),
        "email",
    ),
    Case("with-address", "PII001", "Send the label to {email} because my other mailbox is full.", "answer", ("label",)),
    Case(
        "with-key",
        "PII002",
        "Our shop plugin says unauthorised. We use {key} as it was given to us.",
        "escalate",
        ("security",),
        "email",
    ),
    Case("twice", "DUP001", "The glass shade of my new lamp has a crack. May I return it?", "answer", ("photo",)),
    Case(
        "nearly",
        "DUP002",
        "I opened two tins of chalk paint; the colours are wrong. Do you take those?",
        "answer",
        ("unopened",),
    ),
    Case(
        "opposite",
        "DUP003",
        "Day thirty-one today. Any chance that you still accept the garden bench?",
        "answer",
        ("goodwill",),
    ),
    Case(
        "own-name", "IDN001", "Who pays when the second attempt to collect a sofa fails?", "answer", ("fee",), "phone"
    ),
    Case(
        "doubled",
        "IDN002",
        "One curtain of the pair is longer than the other, both from the same pack.",
        "answer",
        ("pair",),
    ),
    Case("archived", "REC001", "Can a monogrammed blanket be returned at all?", "refuse", ("personalised",)),
    Case(
        "deleted",
        "REC002",
        "I never got a confirmation for what I sent back in autumn.",
        "escalate",
        ("tracking",),
        "email",
    ),
    Case("from-elsewhere", "REC003", "Does a return from Norway need a customs form?", "answer", ("customs",)),
    Case("demands-nothing", "EXP001", "Hello? Is anybody there?", "", ()),
    Case("too-weak", "EXP002", "What should I do with the pallet that the wardrobe stood on?", "answer", ("pallet",)),
    Case(
        "never-run",
        "RUN001",
        "The candle holder smells of smoke although it has never been used.",
        "answer",
        ("unused",),
    ),
    Case("never-failed", "RUN002", "Are your boxes recyclable, and may I reuse one?", "answer", ("cardboard",)),
    Case(
        "always-fails",
        "RUN003",
        "Cancel the pick-up on Friday and move it to any morning next week.",
        "escalate",
        ("pick-up",),
        "phone",
    ),
    Case("odd-type", "RUL001", "You charged postage twice for one and the same exchange.", "escalate", ("billing",)),
    Case("old-rubric", "RUL002", "Is there a shop where I can drop off a floor lamp in person?", "answer", ("store",)),
    Case(
        "stranger", "RUL003", "My refund shows a smaller sum than the price tag said.", "clarify", ("amount",), "email"
    ),
)
"""SCH003, RUN004 and RUN005 are planted into the dataset and its runs, not into an item."""

CASES = (*CLEAN, *PLANTED)
