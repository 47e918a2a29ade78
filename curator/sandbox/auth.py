"""Who may call what: Langfuse's API keys and its exact refusals. Source: 4.16.0, measured and read (`apiAuth.ts`)."""

import base64
import re
from dataclasses import dataclass

from curator.sandbox.errors import ApiError, forbidden, unauthorized

HOST_HINT = "Confirm that you've configured the correct host."
NO_ACCESS = "Access denied - insufficient permissions for this endpoint"
PROJECTS_PATH = "/api/public/projects"
# What the public key alone, as browsers send it, may do.
SCORE_WRITES = ("POST", "/api/public/scores")


@dataclass(frozen=True)
class Keys:
    """The keys that this sandbox knows. Nothing here is secret: the sandbox listens on the loopback only.

    `organization` is the secret key of an organization, which may not touch a project's data.
    """

    public: str = "pk-lf-curator-sandbox"
    secret: str = "sk-lf-curator-sandbox"
    organization: str = "sk-lf-curator-organization"


def authorize(header: str | None, method: str, path: str, keys: Keys) -> None:
    """Let the request pass or raise 401 or 403 as Langfuse does.

    A wrong *public* key with the right secret passes: Langfuse looks the key up by the secret alone.
    """
    if not header:
        raise unauthorized("No authorization header")
    scheme, _, value = header.partition(" ")
    if scheme == "Basic":
        if _secret(value) == keys.organization:
            raise _no_access(path)
        if _secret(value) != keys.secret:
            raise unauthorized(f"Invalid credentials. {HOST_HINT}")
    elif scheme == "Bearer":
        if value != keys.public:
            raise unauthorized(f"Invalid public key. {HOST_HINT}")
        if (method, path) != SCORE_WRITES:
            raise _no_access(path)
    else:
        raise unauthorized("Invalid authorization header")


def _no_access(path: str) -> ApiError:
    return forbidden("Invalid API key. Are you using an organization key?" if path == PROJECTS_PATH else NO_ACCESS)


def _secret(value: str) -> str:
    public, _, rest = _atob(value.split(" ")[0]).partition(":")
    secret = rest.partition(":")[0]
    if not public or not secret:
        raise unauthorized(f"Invalid authorization header. {HOST_HINT}")
    return secret


def _atob(text: str) -> str:
    """JavaScript's `atob`: padding may be missing."""
    bare = text.removesuffix("=").removesuffix("=") if len(text) % 4 == 0 else text
    if not re.fullmatch("[A-Za-z0-9+/]*", bare):
        raise unauthorized(f"Invalid character. {HOST_HINT}")
    if len(bare) % 4 == 1:
        raise unauthorized(f"The string to be decoded is not correctly encoded. {HOST_HINT}")
    return base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("latin-1")
