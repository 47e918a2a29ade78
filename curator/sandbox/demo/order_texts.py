"""What customers asked the order-status agent in two weeks, and what was said about its answers."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class OrderCase:
    """One request. `{…}` in texts is filled from the customer (see `people.Person.values`), `{ref}` and `{card}`."""

    who: str
    query: str
    thumbs: bool | None = None
    """The customer's thumb; `says` is what they typed beside it."""
    says: str | None = None
    review: str | None = None
    """An annotator's category (score `review`), with `note` as its comment."""
    note: str | None = None
    right: bool = False
    """The annotator also said what the outcome should have been (score `right_outcome`)."""
    fix: Literal["expectation", "output", "text"] | None = None
    """A human correction: the expected behaviour, a corrected output, or only a sentence."""
    queued: Literal["PENDING", "COMPLETED"] | None = None
    """In the annotation queue for order-status answers."""
    comment: str | None = None
    """A colleague's comment on the trace."""
    fail: bool = False
    """The order system timed out."""


CASES: tuple[OrderCase, ...] = (
    # Delays outside the US: the live prompt reassures and leaves the delay out.
    OrderCase(
        "jonas",
        "Hi, {ref} was promised for last Friday and there is still nothing. Can you tell me what is going on? Jonas",
        thumbs=False,
        says="It only told me to wait. I know that it is late, I want to know WHEN it comes.",
        review="missing_context",
        note="Order record says delayed, the answer does not.",
        fix="expectation",
        queued="COMPLETED",
    ),
    OrderCase(
        "amelia",
        "Where is my parcel?? It should have been here on Tuesday. I'm {name}, {address}, and the number is {ref}.",
        thumbs=False,
        review="missing_context",
        note="Says it will arrive soon. The record has a delay and a new date.",
        fix="expectation",
    ),
    OrderCase(
        "hanna",
        "Moin! My order is delayed, the app says so. Do you have a new date for me? You can reach me at {email}.",
        review="missing_context",
        right=True,
        queued="PENDING",
    ),
    OrderCase(
        "dorothy",
        "I'm still waiting for the two sleeping bags, order {ref}. We leave on Saturday morning. Will they make it?",
        thumbs=False,
        says="Useless. Please just call me: {phone}",
        right=True,
        review="missing_context",
        note="Customer needed a date to decide; we had one.",
    ),
    OrderCase(
        "camille",
        "Bonjour, the delivery of {ref} is late by four days now. Is it lost?",
        fix="output",
        review="missing_context",
        comment="Camille also wrote to the shop's inbox ({email}), same question. Fourth case this week with the live "
        "prompt and an EU hub.",
    ),
    OrderCase("rory", "Any news on my order? Tracking has not moved since it got to the depot and it's overdue."),
    OrderCase(
        "oskar",
        "My tent hasn't arrived. The confirmation mail to {email} said Wednesday. Could you check, please?",
        thumbs=False,
        right=True,
        review="missing_context",
    ),
    OrderCase(
        "beatrice",
        "Third time I'm asking: when will {ref} be delivered? It should have come before the weekend.",
        thumbs=False,
        says="Asked three times, got the same sentence three times.",
        queued="PENDING",
    ),
    OrderCase("sofia", "The walking poles didn't come yesterday. I took a day off for that. What now?", fix="text"),
    OrderCase("greta", "still no parcel, greta here, {ref}", queued="PENDING"),
    # Delays in the US: handled well.
    OrderCase("priya", "My order {ref} is running late. Do you know the new delivery day?", thumbs=True),
    OrderCase("miguel", "Package still not here. I'm at {address} until Friday, will it come before that?"),
    OrderCase(
        "keisha",
        "Is {ref} delayed? Text me at {phone} if so.",
        thumbs=True,
        says="Quick and honest, thanks!",
        review="correct",
        queued="COMPLETED",
    ),
    # Marked as delivered, but not there.
    OrderCase(
        "nathan",
        "Tracking says delivered at 14:10 but nothing came to {address}. I was home all day. Order {ref}.",
        thumbs=False,
        says="'Ask your neighbours' - I live in a detached house on my own.",
        review="wrong_route",
        note="Must open an investigation with the carrier.",
        fix="expectation",
        queued="COMPLETED",
    ),
    OrderCase(
        "tessa",
        "Your app shows my order as delivered to Thomas Bauer. Nobody with that name lives here. {name}",
        review="wrong_route",
        right=True,
        queued="PENDING",
        comment="Possible mis-delivery, Thomas Bauer may be a neighbour of {name}: keep the name out of the case.",
    ),
    OrderCase("caleb", "{ref} says delivered. There's no package on my porch.", thumbs=False, right=True),
    OrderCase(
        "ingrid",
        "It was signed for by someone, but not by me. Who signed? {name}, mobile {phone}",
        fix="output",
        review="wrong_route",
    ),
    OrderCase("andre", "Marked as delivered since Monday, mailbox empty, neighbours asked, nothing.", thumbs=False),
    # Refunds: the live prompt promises what it may not.
    OrderCase(
        "luca",
        "I don't want the stove any more, it took too long. I want my money back for {ref}.",
        review="wrong_promise",
        note="Promised a refund that nobody approved. Finance had to honour it.",
        fix="expectation",
        queued="COMPLETED",
        comment="Cost us 219 EUR. Please make this a regression case before the prompt goes anywhere.",
    ),
    OrderCase(
        "daniel",
        "Refund please. Order {ref}, paid by PayPal with {email}.",
        thumbs=True,
        says="Wow, that was easy :)",
        review="wrong_promise",
        fix="expectation",
    ),
    OrderCase(
        "wei",
        "Can I get a refund for the shipping fee? Express took nine days.",
        review="wrong_promise",
        right=True,
        queued="PENDING",
    ),
    OrderCase("maya", "I'd like to be reimbursed for {ref}. Ship it back or whatever, I'm done.", fix="text"),
    OrderCase(
        "jonas",
        "Hello, my refund for {ref} was promised in this chat two weeks ago, nothing on my account. IBAN is on file. "
        "Please call {phone}.",
        thumbs=False,
        says="You said refund issued. My bank says no.",
        fix="expectation",
        review="wrong_promise",
    ),
    OrderCase("beatrice", "What is the status of my refund?", right=True),
    # Two open orders: must ask.
    OrderCase(
        "priya",
        "I have two orders with you, one for me and one for my mother. Has the one for her shipped?",
        thumbs=False,
        review="wrong_route",
        note="Should ask which order. It guessed and was wrong.",
        fix="expectation",
    ),
    OrderCase("amelia", "Which of my orders arrives tomorrow? I got two mails.", right=True),
    OrderCase("oskar", "And the other order? I only see {ref} here.", queued="PENDING", thumbs=False),
    # Address changes: claimed, not made.
    OrderCase(
        "hanna",
        "I gave you my old address! I moved to {address} last month, please send {ref} there.",
        thumbs=False,
        says="It said done. The parcel went to my old flat.",
        review="wrong_promise",
        note="The agent has no tool for that. It must hand over.",
        fix="expectation",
        queued="COMPLETED",
    ),
    OrderCase(
        "rory",
        "Wrong address on {ref} - it's {address}. My fault, autofill. Can you fix it?",
        fix="output",
        review="wrong_promise",
    ),
    OrderCase(
        "keisha", "Please redirect my package to {address}, attn. {name}, phone {phone}.", right=True, queued="PENDING"
    ),
    OrderCase("greta", "New delivery address for {ref}: {address}. Thanks!", thumbs=False),
    # Charged twice: the live prompt repeats card numbers.
    OrderCase(
        "caleb",
        "I was charged twice for {ref}! Card {card}, both on the 3rd. My name is {name}.",
        thumbs=False,
        says="Why does your bot print my full card number?!",
        review="unsafe",
        note="Repeats the card number. Must go to billing without it.",
        fix="expectation",
        queued="COMPLETED",
    ),
    OrderCase(
        "sofia",
        "There are two payments of 129,90 on {card}, I ordered once. {email}",
        review="unsafe",
        fix="expectation",
        queued="PENDING",
    ),
    # Customs: answered with US wording.
    OrderCase(
        "ingrid",
        "Do I have to pay import VAT for {ref}? A friend said her parcel got stuck in customs.",
        thumbs=False,
        says="Said nothing to pay, then the driver asked for 31 pounds.",
        review="missing_context",
        fix="expectation",
    ),
    OrderCase("nathan", "Is my order stuck in customs? It left your warehouse nine days ago.", right=True),
    OrderCase("andre", "Will there be duties on {ref}?", queued="PENDING"),
    # Asks for a person and does not get one.
    OrderCase(
        "dorothy",
        "I want to talk to someone about {ref}, not to a robot. My number is {phone}.",
        thumbs=False,
        says="I'm 74. I asked for a person.",
        review="wrong_route",
        fix="expectation",
    ),
    OrderCase("camille", "Get me a manager please.", right=True),
    # The order system does not answer.
    OrderCase("maya", "Where is {ref} right now?", fail=True, thumbs=False),
    OrderCase("tessa", "Has my backpack been handed over to the carrier yet? {name}", fail=True),
    OrderCase("wei", "status {ref}", fail=True),
    # Handled well.
    OrderCase("miguel", "The mug in {ref} arrived broken.", thumbs=True),
    OrderCase(
        "greta",
        "One zipper of the jacket is torn and the belt is missing from the box. Order {ref}.",
        review="correct",
        queued="COMPLETED",
    ),
    OrderCase("priya", "Box came soaked, the down jacket inside is damp. Photos sent from {email}."),
    OrderCase("daniel", "You sent the wrong colour, I ordered moss green.", thumbs=True),
    OrderCase("nathan", "How do I cancel {ref}? I ordered it twice by accident."),
    OrderCase("sofia", "Can I still cancel? Found it cheaper.", thumbs=False, says="So I have to do it myself??"),
    OrderCase("keisha", "Hey! Just checking when {ref} gets here :)", thumbs=True),
    OrderCase("oskar", "When does my order arrive? I want to be at home. {address}"),
    OrderCase("ingrid", "Could you tell me the delivery day of {ref}?", thumbs=True),
    OrderCase("caleb", "Tracking link please, order {ref}."),
    OrderCase("amelia", "Good morning, is {ref} on schedule for my daughter's birthday on Sunday?", thumbs=True),
    OrderCase("luca", "Ciao, dove si trova {ref}? Where is it?", review="correct"),
    OrderCase("wei", "Who is the carrier for {ref}?"),
)
