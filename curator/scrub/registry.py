"""The explicit list of recognizers: curator's own, and those of presidio that need no change."""

from typing import Any


def recognizers() -> list[Any]:
    """Every recognizer, also those of entities that are off by default: the policy picks among the findings."""
    from presidio_analyzer.predefined_recognizers import (
        CryptoRecognizer,
        MacAddressRecognizer,
        MedicalLicenseRecognizer,
        NhsRecognizer,
        UkNinoRecognizer,
        UsBankRecognizer,
        UsItinRecognizer,
        UsLicenseRecognizer,
        UsPassportRecognizer,
    )

    from curator.scrub.recognizers.address import AddressRecognizer
    from curator.scrub.recognizers.credentials import CredentialRecognizer
    from curator.scrub.recognizers.evidence import NerRecognizer, PersonListRecognizer
    from curator.scrub.recognizers.identity import (
        AccountRecognizer,
        BirthDateRecognizer,
        DocumentRecognizer,
        NationalIdRecognizer,
        UsSsnRecognizer,
    )
    from curator.scrub.recognizers.network import EmailRecognizer, IpAddressRecognizer
    from curator.scrub.recognizers.payment import CreditCardRecognizer, IbanRecognizer
    from curator.scrub.recognizers.person_cues import PersonCueRecognizer
    from curator.scrub.recognizers.phone import PhoneRecognizer
    from curator.scrub.recognizers.secrets import PrivateKeyRecognizer, SecretRecognizer
    from curator.scrub.recognizers.user_id import UserIdRecognizer

    own = (
        SecretRecognizer,
        PrivateKeyRecognizer,
        CredentialRecognizer,
        EmailRecognizer,
        CreditCardRecognizer,
        IbanRecognizer,
        UsSsnRecognizer,
        NationalIdRecognizer,
        AccountRecognizer,
        DocumentRecognizer,
        IpAddressRecognizer,
        AddressRecognizer,
        BirthDateRecognizer,
        PhoneRecognizer,
        UserIdRecognizer,
        PersonCueRecognizer,
        PersonListRecognizer,
        NerRecognizer,
    )
    presidios = (
        CryptoRecognizer,
        MacAddressRecognizer,
        UkNinoRecognizer,
        NhsRecognizer,
        UsBankRecognizer,
        UsLicenseRecognizer,
        UsPassportRecognizer,
        UsItinRecognizer,
        MedicalLicenseRecognizer,
    )
    return [*(recognizer() for recognizer in own), *(recognizer() for recognizer in presidios)]
