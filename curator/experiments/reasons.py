"""Why somebody else's code failed, in one line that is safe to show and to store."""

import os
import re

LONGEST = 200
_SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASSW|CREDENTIAL|AUTH", re.IGNORECASE)


def reason(error: BaseException) -> str:
    """`KeyError: 'order_reference'`: the kind of error and the first line of its message, without known secrets."""
    message = str(error).strip()
    return redact(f"{type(error).__name__}: {message}" if message else type(error).__name__)


def redact(text: str) -> str:
    """The first line, at most 200 characters, with the values of secret-looking environment variables blanked."""
    secrets = (value for name, value in os.environ.items() if len(value) >= 8 and _SECRET_NAME.search(name))
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    line = text.strip().split("\n", 1)[0]
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
