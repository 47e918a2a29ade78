"""Ids in the shapes that Langfuse makes."""

import secrets
import string
import uuid
from datetime import datetime

_BASE36 = string.digits + string.ascii_lowercase


def cuid(now: datetime) -> str:
    """A collision-resistant id (`c`, time, randomness: 25 characters), as datasets and annotation queues have."""
    stamp, digits = int(now.timestamp() * 1000), ""
    while stamp:
        stamp, rest = divmod(stamp, 36)
        digits = _BASE36[rest] + digits
    return "c" + digits.rjust(8, "0") + "".join(secrets.choice(_BASE36) for _ in range(16))


def uuid4() -> str:
    """A random UUID, as dataset items and scores have when the client names none."""
    return str(uuid.uuid4())
