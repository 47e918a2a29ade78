"""What can go wrong on the way to Langfuse, each with a name. Messages hold no key, no trace text, no server text."""

from curator.help.outcomes import outcome
from curator.model.errors import ConfigError, CuratorError, ServerError


class GatewayError(CuratorError):
    """The base of every error that the gateway raises.

    What to do next and the exit code come from the table of outcomes, unless `remedy` says something more exact.
    `status` is the HTTP status, None when there was no answer. `server_message` holds the server's own words, trimmed:
    for telling cases apart, never to be shown raw, because it may quote what was sent.
    """

    def __init__(
        self, message: str, *, code: str, remedy: str = "", status: int | None = None, server_message: str = ""
    ) -> None:
        row = outcome(code)
        super().__init__(message, code=code, remedy=remedy or row.remedy)
        self.exit_code = row.exit
        self.status = status
        self.server_message = server_message


class Unauthorised(GatewayError, ConfigError):
    """The server does not accept the keys (401)."""


class Forbidden(GatewayError, ConfigError):
    """The keys are valid but not for this: an organisation key, a missing permission (403)."""


class ServerTooOld(GatewayError, ConfigError):
    """The server lacks the v2 observations API; curator does not fall back to older ones."""


class NotFound(GatewayError):
    """The server has nothing under this name or id (404)."""


class Conflict(GatewayError):
    """The server refuses because something else is there, or was written at the same time (409)."""


class Refused(GatewayError):
    """The server refuses what was sent (400, 405, 422), or it cannot be sent at all."""


class TooLarge(GatewayError):
    """What was sent is larger than the server takes (413, or a reset after an oversize body)."""


class RateLimited(GatewayError, ServerError):
    """Too many requests (429); `retry_after` says how many seconds the server asked to wait, None if it did not."""

    retry_after: float | None = None


class ServerFailed(GatewayError, ServerError):
    """The server failed (5xx, 408)."""

    retry_after: float | None = None


class Unreachable(GatewayError, ServerError):
    """No connection, or no answer to a read. `dropped` is true when a connection was there and got lost."""

    dropped: bool = False


class NoAnswer(GatewayError, ServerError):
    """A write was sent and the answer got lost: it may have happened. Only a read can tell."""


class BadAnswer(GatewayError, ServerError):
    """The answer cannot be understood: not JSON, not complete, not Langfuse."""


class OverLimit(GatewayError, ServerError):
    """One of the limits on time, pages or size was reached; the message names it and the remedy how to raise it."""
