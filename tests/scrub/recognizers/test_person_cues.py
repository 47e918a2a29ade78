"""Examples for `curator.scrub.recognizers.person_cues`."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "my name is ⟦jane doe⟧ and my order",
    "my name is ⟦emily⟧ and",
    "hi, i'm ⟦priya patel⟧ and my booking is gone",
    "this is ⟦dwayne johnson⟧ speaking",
    "i am ⟦bob⟧ from sales",
    "regards, ⟦maria garcia⟧",
    "escalated to ⟦Frits van den Heuvel⟧ today",
    "Dear ⟦Garrett⟧, your parcel",
    "Thanks ⟦Nichole⟧! That fixed it.",
    "a reply to ⟦Mr. Gillian Jackson-Shepherd⟧ declining",
    "my name is ⟦Hemang Varty⟧ and",
    "hi, this is ⟦Karen⟧ again",
    "Account holder: ⟦Nicholas Lopez⟧.",
    "first name: ⟦mia⟧",
    "customer name: ⟦Gaurangi Parekh⟧",
    "⟦Tiffany Butler⟧ <tb@example.com> wrote",
    "My mother ⟦Sybilla Langern⟧ lives",
    "please loop in ⟦Dominic Batta⟧ from legal",
    "Regards,\n⟦Mesut Salz-Austermühle⟧",
    "the call between ⟦Sydney⟧ and ⟦Aaron⟧ about",
    "⟦Thomas Holm⟧, DOB 08/02/1952",
    "speak with ⟦Dr. Ansgar Nerger⟧ now",
    "from ⟦April Martinez⟧ at noon",
    "but everyone calls me ⟦Jordanka⟧",
    "What's your last name? ⟦Berggren⟧",
    "it is under my partner's name ⟦Tihomila Crnić⟧",
    "I'm ⟦Borbála Gaál⟧, originally from the coast",
    "⟦Luiza Gomes⟧ lives at the address below",
    "we need to add ⟦Brahim Nurković⟧ as guardian",
    "As promised, here's ⟦Ewan⟧'s address",
)
MISSES = (
    "Dear Customer, Dear Sir or Madam",
    "Thanks Team! Hello World! Hi There",
    "this is Langfuse, it's Grafana",
    "flight from Houston to Denver",
    "Claude said the refund window is 30 days",
    "name: get_user_details",
    "name: Nimbus Pro",
    "my name is on the list",
    "i am sure this is a test, it's happy hour",
    "i'm will be late, thanks again, thanks for nothing, this is grace period",
    "work with Google Cloud",
    "user name",
    "Data lives in the warehouse, She lives in town",
    "please add Premium as an option, add Dark Mode as a setting",
    "I'm Happy with it, I am Premium Member, I'm On My Way",
    "here's Langfuse's number of traces",
    "What's your full name? Please tell me",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "PERSON", HITS, MISSES)
