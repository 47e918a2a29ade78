"""Examples for `secrets`, `credentials` and `private_key`: every kind, and nothing that only looks like one."""

from curator.scrub.engine import Engine
from tests.scrub.recognizers.examples import found
from tests.scrub.secret_samples import NO_SECRETS, samples


def test_every_kind_is_found(patterns: Engine) -> None:
    missed = [
        kind
        for kind, text, secret in samples()
        if not any(secret in value for value in found(patterns, text, "SECRET"))
    ]
    assert missed == []


def test_ids_hashes_and_manuals_hold_no_secret(patterns: Engine) -> None:
    assert {text: seen for text in NO_SECRETS if (seen := found(patterns, text, "SECRET"))} == {}


def test_a_key_cut_off_before_its_end_is_taken_to_the_end(patterns: Engine) -> None:
    (_, text, _) = next(s for s in samples() if s[0] == "rsa private key")
    cut = text[: len(text) // 2]
    assert found(patterns, cut, "SECRET") == [cut]


def test_only_the_credential_of_a_url_goes(patterns: Engine) -> None:
    assert found(patterns, "my PIN is 8841, PWD=/srv/app, pin 12", "SECRET") == ["8841"]
    assert found(patterns, "see https://jane:s3cr3tPa55@db.example.com/x", "SECRET") == ["jane:s3cr3tPa55"]


def test_pins_and_lower_case_passwords(patterns: Engine) -> None:
    assert found(patterns, "my pin is 4821, cvv 123", "SECRET") == ["4821", "123"]
    assert found(patterns, "set PASSWORD=correcthorsebatterystaple", "SECRET") == ["correcthorsebatterystaple"]
    assert found(patterns, "password: incorrect, pin code required", "SECRET") == []
