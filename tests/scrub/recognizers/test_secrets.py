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


def test_passwords_and_codes_in_sentences(patterns: Engine) -> None:
    for text, secrets in (
        ("temp password for the new starter is Willow-Otter42, must change", ["Willow-Otter42"]),
        ("Kennwort für das Portal lautet Rosen-Garten_7", ["Rosen-Garten_7"]),
        ("the PDF opens with the password Kite#0291!feb.", ["Kite#0291!feb"]),
        ("mot de passe du wifi : Tableau-Vert-2024", ["Tableau-Vert-2024"]),
        ("mysql -u root -p'Gr33n!Hill' shop", ["Gr33n!Hill"]),
        ("The alarm PIN is 7306# and the safe code is 19-62-08.", ["7306#", "19-62-08"]),
        ("The wifi key on the sticker is 7hQ-mvLr-29tz, no?", ["7hQ-mvLr-29tz"]),
        ("passphrase for the key is brass-otter-lamp-seven, ok", ["brass-otter-lamp-seven"]),
        ("and the temp password?\ncustomer: Marsh-4471-crane", ["Marsh-4471-crane"]),
        ("network Boathouse, key rowing7oarsUp.", ["rowing7oarsUp"]),
        ("mysql -h db2 -u root -pKestrel!Fjord41 shop", ["Kestrel!Fjord41"]),
        ("changed it to Pumpkin$44x but the new password fails", ["Pumpkin$44x"]),
        ("backup codes: 6953-2207, 1946-7730", ["6953-2207", "1946-7730"]),
        ("Access denied for user (using password: YES)", []),
        ("pin: dict[str, str] and error code: 80070005", []),
        ("Password must be at least 12 characters, with 1 digit", []),
    ):
        assert found(patterns, text, "SECRET") == secrets, text
