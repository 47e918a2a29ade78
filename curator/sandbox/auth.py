"""Who may call what: Langfuse's API keys and its exact refusals."""

import base64
import binascii
from dataclasses import dataclass

from curator.sandbox.errors import forbidden, unauthorized

HOST_HINT = "Confirm that you've configured the correct host."


@dataclass(frozen=True)
class Keys:
    """The keys that this sandbox knows. Nothing here is secret: the sandbox listens on the loopback only."""

    public: str = "pk-lf-curator-sandbox"
    secret: str = "sk-lf-curator-sandbox"


def authorize(header: str | None, method: str, path: str, keys: Keys) -> None:
    """Let the request pass or raise 401 or 403 as Langfuse does.

    A wrong *public* key with the right secret passes: Langfuse looks the key up by the secret alone.
    """
    if not header:
        raise unauthorized("No authorization header")
    scheme, _, value = header.partition(" ")
    if scheme == "Basic":
        _basic(value, keys)
    elif scheme == "Bearer":
        _bearer(value, method, path, keys)
    else:
        raise unauthorized("Invalid authorization header")


def _basic(value: str, keys: Keys) -> None:
    try:
        decoded = base64.b64decode(value, validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        raise unauthorized(f"Invalid character. {HOST_HINT}") from None
    public, _, secret = decoded.partition(":")
    if not public or not secret:
        raise unauthorized(f"Invalid authorization header. {HOST_HINT}")
    if secret != keys.secret:
        raise unauthorized(f"Invalid credentials. {HOST_HINT}")


def _bearer(value: str, method: str, path: str, keys: Keys) -> None:
    """The public key alone, as browsers send it, may only write scores."""
    if value != keys.public:
        raise unauthorized(f"Invalid public key. {HOST_HINT}")
    if (method, path) == ("POST", "/api/public/scores"):
        return
    if path == "/api/public/projects":
        raise forbidden("Invalid API key. Are you using an organization key?")
    raise forbidden("Access denied - insufficient permissions for this endpoint")
