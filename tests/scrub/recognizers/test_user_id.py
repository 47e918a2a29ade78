"""Examples for `curator.scrub.recognizers.user_id`."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import check

HITS = (
    "my user ID is ⟦mia_li_3668⟧.",
    "user_id: ⟦omar.davis⟧",
    "⟦sophia_silva_7557⟧ booked",
    "cat /home/⟦jane⟧/.bashrc",
    "C:\\Users\\⟦Jane⟧\\Desktop",
    "username: ⟦kevin99⟧",
    "TODO(⟦kfitzgerald⟧): later, Discord: ⟦madebyhan#4471⟧",
    "logon of ACME\\⟦kfitzgerald⟧ refused",
    "seen on ⟦beatrices-work-laptop⟧ again",
    "my handle is ⟦wavecatcher⟧.",
    '10.1.2.3 - ⟦rweasley⟧ [01/Mar/2026:09:00:00 +0000] "GET / HTTP/1.1"',
    "login: ⟦moonlit77⟧",
    "⟦JonathanMeyer⟧.pdf was uploaded",
    "my PSN is ⟦VelvetMoose_91⟧",
    "u/⟦quietlemming88⟧ asked",
    "scp dump.sql ⟦marisa⟧@db-replica:/tmp",
    "pseudo: ⟦BlueTigre33⟧",
    "Login failed for ⟦svdbruggen⟧ from",
    "git@github.com:⟦kasimir-dev⟧/dotfiles",
    "what's your username\ncustomer: ⟦dotty.pembroke⟧",
    "Discord: ⟦moth.minster⟧ is muted",
    "sudo: user ⟦rpatwarden⟧ is not in the sudoers file",
    "Thanks to @⟦ferrousfinch⟧ for the patch",
    "whoami -> ⟦dpellegrini2⟧",
    "The Steam handle ⟦xX_Parsley_Xx⟧ was reported",
    "ORCID ⟦0000-0002-1825-0097⟧",
    "login failed user=⟦hgudmunds⟧ ip=",
)
MISSES = (
    "user_id: cus_N4x8Qe1ab",
    "/home/ubuntu/app and /Users/runner/work",
    "credit_card_4421486",
    "gpt_4o_mini and claude_sonnet_4",
    "search_direct_flight",
    "customer 00012345",
    "user id: 8f3b2c1d9a",
    "HKLM\\Software and todays-laptop",
    '10.1.2.3 - - [01/Mar/2026:09:00:00 +0000] "GET / HTTP/1.1"',
    "login=test01",
    "handle errors_count in the parser",
    "user := last_user(said)",
    "npm ERR! 404 '@harbour/tide-utils@^2.3.0'",
    "git clone git@github.com:pallets/flask.git",
    "curl https://api.acme.example/users/list_all",
    "Login failed for user after 3 attempts",
    "npm install @types/node@20.11.5",
    "my username is not accepted",
    "class PaymentService and MaxRetries",
)


def test_examples(patterns: Engine) -> None:
    check(patterns, "USER_ID", HITS, MISSES)
