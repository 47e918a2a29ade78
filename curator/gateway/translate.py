"""Turns what the SDK and httpx raise into the gateway's errors: one sentence each, safe to print."""

import email.utils
import re
import time
from typing import Any

import httpx

from curator.gateway import errors
from curator.gateway.wire import Exchange
from curator.model.safe import visible

# Measured on Langfuse 4.16: 4.4 MiB pass, above 4.5 MB the answer is 413 or a reset.
TOO_LARGE_BYTES = 4_400_000
NOT_JSON = object()
_QUOTED = re.compile(r"\b(received|got|value)\b[ :]+(?!type\b).*", re.IGNORECASE)
# httpx raises one error for a lost connection and for an answer that is no HTTP; h11's words tell them apart.
_DISCONNECTED = re.compile(r"disconnected|peer closed|incomplete", re.IGNORECASE)


def from_transport(
    error: httpx.HTTPError | httpx.InvalidURL, exchange: Exchange, host: str, seconds: float
) -> errors.GatewayError:
    """The error for a request that got no usable answer within `seconds`."""
    write = exchange.method not in ("", "GET")
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return errors.Unreachable(
            "The address of the Langfuse server cannot be read.",
            code="UNREACHABLE",
            remedy="Check LANGFUSE_BASE_URL; it looks like https://cloud.langfuse.com.",
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return errors.Unreachable(
            f"No connection to {host}{_why(error)}.",
            code="UNREACHABLE",
            remedy="Check LANGFUSE_BASE_URL, the network and the proxy; then try again.",
        )
    if isinstance(error, httpx.DecodingError) or (
        isinstance(error, httpx.RemoteProtocolError) and not _DISCONNECTED.search(str(error))
    ):
        return bad_answer(host, "it does not answer in HTTP that can be read")
    if write and exchange.body_bytes > TOO_LARGE_BYTES and not isinstance(error, httpx.TimeoutException):
        return too_large(None)
    slow = isinstance(error, httpx.TimeoutException)
    what = f"did not answer in full within {seconds:g} s" if slow else "dropped the connection"
    if write:
        return errors.NoAnswer(
            f"{host} {what} after a write was sent: it may or may not have happened.", code="NO_ANSWER"
        )
    unreachable = errors.Unreachable(
        f"{host} {what}.",
        code="UNREACHABLE",
        remedy="Try again, or raise `timeout` in the config." if slow else "Try again; check the server when it stays.",
    )
    unreachable.dropped = not slow
    return unreachable


def from_status(response: httpx.Response, host: str, *, needs_v2: bool) -> errors.GatewayError:
    """The error for an answer with a status other than 2xx, or a 2xx body that is no JSON.

    `needs_v2`: the call lists by the APIs of Langfuse 4, where a 404 can only mean that the server lacks them.
    """
    status, words, is_json = response.status_code, _words(response), _body(response) is not NOT_JSON
    facts: dict[str, Any] = {"status": status, "server_message": words}
    match status:
        case 401:
            return errors.Unauthorised(f"{host} does not accept these keys.", code="UNAUTHORISED", **facts)
        case 403:
            return errors.Forbidden(f"The keys are not allowed to do this on {host}.", code="FORBIDDEN", **facts)
        case 404 | 501 if needs_v2:
            return too_old(host, **facts)
        case 404 if is_json:
            return errors.NotFound("Langfuse has nothing under this name or id.", code="NOT_FOUND", **facts)
        case 409:
            return errors.Conflict("Langfuse reports a conflict for this id.", code="CONFLICT", **facts)
        case 413 if response.request.method == "GET":  # Langfuse Cloud sends no answer over 5 MB
            return errors.TooLarge(
                f"The answer of {host} would be larger than it sends.",
                code="LIMIT_ANSWER",
                remedy="Look at a shorter window (--since).",
                **facts,
            )
        case 413:
            return too_large(status, words)
        case 400 | 402 | 405 | 406 | 410 | 414 | 415 | 422 | 431 | 451:
            said = _sentence(response)
            return errors.Refused(
                f"Langfuse refuses the request (status {status}){f': {said}' if said else ''}.", code="REFUSED", **facts
            )
        case 429:
            limited = errors.RateLimited(f"{host} limits the rate of requests.", code="RATE_LIMITED", **facts)
            limited.retry_after = retry_after(response)
            return limited
        case _ if status >= 500 or status == 408:
            failed = errors.ServerFailed(f"{host} failed (status {status}).", code="SERVER_FAILED", **facts)
            failed.retry_after = retry_after(response)
            return failed
        case _ if 300 <= status < 400:
            return bad_answer(host, "it redirects elsewhere; set LANGFUSE_BASE_URL to the final address", **facts)
        case _ if 200 <= status < 300:
            return bad_answer(host, "it is not the JSON that Langfuse sends", **facts)
    return bad_answer(host, "it is not what Langfuse says", **facts)


def too_old(host: str, *, version: str = "", **facts: Any) -> errors.ServerTooOld:
    """The error for a server without the v2 observations API."""
    which = f" (version {version})" if version else ""
    return errors.ServerTooOld(
        f"The server at {host}{which} has no v2 observations API: it is older than Langfuse 4, or not Langfuse.",
        code="SERVER_TOO_OLD",
        **facts,
    )


def too_large(status: int | None, words: str = "") -> errors.TooLarge:
    """The error for a body that the server does not take."""
    return errors.TooLarge(
        "The item is larger than Langfuse takes (about 4.4 MB).", code="TOO_LARGE", status=status, server_message=words
    )


def command_over(host: str) -> errors.OverLimit:
    """The error for a command that has used up its time."""
    return errors.OverLimit(
        f"The time for this command is over; {host} was not asked any further.", code="LIMIT_COMMAND"
    )


def nothing_readable(host: str, rows: int, example: str) -> errors.BadAnswer:
    """The error for a list of which no row can be read: an empty result would look like a good week."""
    which = "The one row" if rows == 1 else f"None of the {rows} rows"
    return errors.BadAnswer(
        f"{which} of a list of {host} can{'not' if rows == 1 else ''} be read: {example}.", code="NOTHING_READABLE"
    )


def bad_answer(host: str, what: str, **facts: Any) -> errors.BadAnswer:
    """The error for an answer that cannot be understood; `what` says in words of our own what is wrong with it."""
    return errors.BadAnswer(f"The answer of {host} cannot be understood: {what}.", code="BAD_ANSWER", **facts)


def retry_after(response: httpx.Response) -> float | None:
    """Seconds to wait by the `Retry-After` header (a number, or a date); None without a readable one."""
    text = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _why(error: Exception) -> str:
    text = str(error).lower()
    if isinstance(error, httpx.TimeoutException):
        return " in time"
    if "certificate" in text or "ssl" in text:
        return ": the TLS certificate or handshake is not accepted"
    if "name or service" in text or "nodename" in text or "getaddrinfo" in text or "name resolution" in text:
        return ": the name is unknown"
    if "refused" in text:
        return ": refused"
    return ""


def _sentence(response: httpx.Response) -> str:
    """What a server says about a request that it refuses, fit to be shown; empty when it says nothing in JSON.

    zod quotes the value that it received: that part may be personal and is left out.
    """
    body = _body(response)
    if not isinstance(body, dict):
        return ""
    said = [str(body.get("message") or "")]
    first = next(iter(body["error"]), None) if isinstance(body.get("error"), list) else None
    if isinstance(first, dict):
        path = first.get("path")
        where = ".".join(map(str, path)) + ": " if isinstance(path, list) and path else ""
        said.append(f"{where}{first.get('message') or ''}")
    words = "; ".join(part for part in said if part)
    return visible(_QUOTED.sub(r"\1 …", words), limit=300).rstrip(". ")


def _body(response: httpx.Response) -> Any:
    """The JSON that a server answers; NOT_JSON for anything else."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return NOT_JSON


def _words(response: httpx.Response) -> str:
    """The server's own sentence, at most 500 characters."""
    body = _body(response)
    if body is NOT_JSON:
        return response.text[:500]
    return str(body.get("message") or body.get("error") or "" if isinstance(body, dict) else body)[:500]
