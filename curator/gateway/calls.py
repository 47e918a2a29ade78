"""One call to Langfuse: through the SDK, with its answer read from the wire and its failure named.

The SDK builds the request. Its response models are stricter than curator needs and take a whole page down with one odd
row, so the rows are read from the wire (`curator.gateway.rows`), one by one.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote

import httpx
import tenacity
from pydantic import ValidationError

from curator.config import Connection
from curator.gateway import errors, translate
from curator.gateway.rows import what_is_wrong
from curator.gateway.wire import Answered, OddCoding, TooMuch, Wire

if TYPE_CHECKING:
    from langfuse.api import LangfuseAPI
    from langfuse.api.core.request_options import RequestOptions

T = TypeVar("T")
Method = Callable[["LangfuseAPI"], Callable[..., object]]
"""Which method of the SDK is called: `lambda api: api.datasets.list`."""
Row = Mapping[str, Any]

ATTEMPTS = 4
PATIENCE_SECONDS = 75.0
"""Longest sum of waits before a read gives up: a limit per minute frees itself within one minute."""
URL_BUDGET = 12_000
"""Bytes of ids in one URL; Langfuse refuses a URL of about 33 kB, proxies refuse from 16 kB."""
# By itself the SDK repeats 408, 409, 429 and 5xx twice: a taken id (409, for good) would cost three POSTs and seconds.
_ONCE: "RequestOptions" = {"max_retries": 0}


class TooManyPages(Exception):
    """A list is longer than its reader wants to go through."""


class Calls:
    """The base of the gateway: connection, counting, retries, errors. Thread-safe."""

    def __init__(
        self,
        connection: Connection,
        *,
        on_request: Callable[[str], None] | None = None,
        on_wait: Callable[[float, str], None] | None = None,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Nothing is sent and the SDK is not imported until the first call.

        `on_request` hears of every request really sent (`GET /api/public/…`), on the thread that sends it;
        `on_wait` hears the seconds and the reason when a read waits to be tried again.
        """
        self.base_url = connection.base_url
        self.unreadable = 0
        """Rows that the server sent and that could not be read; they are left out of every list."""
        self.unreadable_example: str | None = None
        """What is wrong with the last of them: the name of the field and its fault, never its value."""
        self.unreadable_traces: set[str] = set()
        """Traces that the server named in such a row: what is known of them is not all there is."""
        self._connection = connection
        self._wire = Wire(connection, on_request)
        self._on_wait = on_wait
        self._patience = patience
        self._lock = threading.Lock()
        self._sdk: LangfuseAPI | None = None

    @property
    def requests(self) -> int:
        """HTTP requests really sent so far."""
        return self._wire.requests

    def close(self) -> None:
        """Closes the connections."""
        self._wire.client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _api(self) -> "LangfuseAPI":
        with self._lock:
            if self._sdk is None:
                from langfuse.api import LangfuseAPI

                self._sdk = LangfuseAPI(
                    base_url=self._connection.base_url,
                    x_langfuse_public_key=self._connection.public_key,
                    timeout=self._connection.timeout,
                    httpx_client=self._wire.client,
                )
            return self._sdk

    def _read(self, method: Method, *args: Any, needs_v2: bool = False, **parameters: Any) -> Any:
        """The JSON that a read answers. Transient failures are tried again, within the gateway's patience."""
        patience = max(0.0, min(self._patience, self._wire.seconds_left))
        waiting = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_transient),
            wait=_wait,
            stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_before_delay(patience),
            before_sleep=self._report_wait,
            reraise=True,
        )
        return waiting(self._once, method, args, parameters, needs_v2=needs_v2)

    def _write(self, method: Method, *args: Any, **parameters: Any) -> Any:
        """The JSON that a write answers. Sent once: whether to send again is the caller's decision."""
        return self._once(method, args, parameters, needs_v2=False)

    def _once(self, method: Method, args: Sequence[Any], parameters: Mapping[str, Any], *, needs_v2: bool) -> Any:
        api, wire = self._api(), self._wire
        if wire.seconds_left <= 0:
            raise translate.command_over(wire.host)
        with wire.exchange() as exchange:
            try:
                method(api)(*args, request_options=_ONCE, **parameters)
            except Answered:
                pass
            except TooMuch:
                most = self._connection.limits.answer_megabytes
                words = f"An answer of {wire.host} is larger than {most:g} MB."
                raise errors.OverLimit(words, code="LIMIT_ANSWER") from None
            except OddCoding:
                raise translate.bad_answer(wire.host, "it is packed in a way that was not asked for") from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if wire.seconds_left <= 0 and exchange.method in ("", "GET"):
                    raise translate.command_over(wire.host) from None
                raise translate.from_transport(error, exchange, wire.host, self._connection.timeout) from None
            except Exception as error:
                raise _unsendable(error) from error
            if exchange.response is None:
                raise translate.bad_answer(wire.host, "there is none")
            if not exchange.response.is_success:
                raise translate.from_status(exchange.response, wire.host, needs_v2=needs_v2)
            if not exchange.response.content:
                return None
            try:
                return exchange.response.json(parse_constant=_no_json)
            except (ValueError, RecursionError):
                raise translate.bad_answer(wire.host, "it is not the JSON that Langfuse sends") from None

    def _note_unreadable(self, row: Row, example: str) -> None:
        with self._lock:
            self.unreadable += 1
            self.unreadable_example = example
            if isinstance(trace_id := row.get("traceId"), str):
                self.unreadable_traces.add(trace_id)

    def _report_wait(self, state: tenacity.RetryCallState) -> None:
        if self._on_wait is not None and state.next_action is not None and state.outcome is not None:
            self._on_wait(float(state.next_action.sleep), str(state.outcome.exception()))

    # ── reading answers ─────────────────────────────────────────────────────────────────────────────────────────────

    def _one(self, body: object, convert: Callable[[Row], T]) -> T:
        """One value from an answer that is one object. Raises BadAnswer."""
        try:
            if isinstance(body, Mapping):
                return convert(body)
        except (KeyError, TypeError, ValueError, OverflowError):
            pass
        raise translate.bad_answer(self._wire.host, "something that Langfuse always sends is missing")

    def _rows(self, body: object) -> tuple[list[Row], Mapping[str, Any]]:
        """Rows and meta of a page. Raises BadAnswer."""
        if isinstance(body, Mapping):
            data, meta = body.get("data"), body.get("meta") or {}
            if isinstance(data, list) and isinstance(meta, Mapping):
                return [row if isinstance(row, Mapping) else {} for row in data], meta
        raise translate.bad_answer(self._wire.host, "it is not a page of a list")

    def _named(self, method: Method, name: str, convert: Callable[[Row], T]) -> T | None:
        """The value of that name or id; None when there is none. Raises GatewayError."""
        try:
            return self._one(self._read(method, in_path(name)), convert)
        except errors.NotFound:
            return None

    def _cursors(self, method: Method, **parameters: Any) -> Callable[[str | None], Any]:
        """What fetches the page at a cursor of a list with these parameters."""
        return lambda cursor: self._read(method, cursor=cursor, needs_v2=True, **parameters)

    def _pages(self, method: Method, *args: Any, limit: int = 100, **parameters: Any) -> Callable[[int], Any]:
        """What fetches the page of a number of a list with these parameters."""
        return lambda number: self._read(method, *args, page=number, limit=limit, **parameters)

    def _by_cursor(
        self, page: Callable[[str | None], Any], convert: Callable[[Row], T], tally: "Tally | None" = None
    ) -> Iterator[T]:
        """All rows of a list with cursors; `page` fetches the page at a cursor. A `tally` is finished by its owner."""
        counted = tally or Tally(self)
        cursor: object = None
        seen: set[str] = set()
        while True:
            rows, meta = self._rows(page(cursor if isinstance(cursor, str) else None))
            yield from counted.converted(rows, convert)
            cursor = meta.get("cursor")
            if not cursor:
                break
            if not isinstance(cursor, str):
                raise translate.bad_answer(self._wire.host, "its cursor is no text")
            if cursor in seen:
                raise translate.bad_answer(self._wire.host, "its pages run in a circle")
            seen.add(cursor)
            self._refuse_endless(rows, len(seen))
        if tally is None:
            counted.finish()

    def _by_page(
        self,
        page: Callable[[int], Any],
        convert: Callable[[Row], T],
        tally: "Tally | None" = None,
        most: int | None = None,
    ) -> Iterator[T]:
        """All rows of a list with page numbers. A `tally` is finished by its owner.

        Raises TooManyPages after the first one when the list has more pages than `most`.
        """
        counted = tally or Tally(self)
        number, before = 1, None
        while True:
            rows, meta = self._rows(page(number))
            total = meta.get("totalPages")
            if not isinstance(total, int) or isinstance(total, bool) or total < 0:
                raise translate.bad_answer(self._wire.host, "it does not say how many pages there are")
            if most is not None and total > most:
                raise TooManyPages
            yield from counted.converted(rows, convert)
            if number >= total:
                break
            if rows == before:
                raise translate.bad_answer(self._wire.host, "its pages repeat themselves")
            before = rows
            self._refuse_endless(rows, number)
            number += 1
        if tally is None:
            counted.finish()

    def _refuse_endless(self, rows: Sequence[Row], pages: int) -> None:
        if not rows:
            raise translate.bad_answer(self._wire.host, "a page is empty although more are said to follow")
        if pages >= self._connection.limits.pages:
            words = f"A list of {self._wire.host} goes on after {pages} pages."
            raise errors.OverLimit(words, code="LIMIT_PAGES")


class Tally:
    """What of one list could be read; what could not is counted, and an example of what is wrong is kept."""

    def __init__(self, calls: Calls, *, whole: bool = True) -> None:
        """`whole`: a list of which no row can be read is an error, not an empty list."""
        self._calls = calls
        self._whole = whole
        self._read = self._unread = 0
        self._example = ""

    def converted(self, rows: Sequence[Row], convert: Callable[[Row], T]) -> Iterator[T]:
        """The rows that can be read."""
        for row in rows:
            try:
                value = convert(row)
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                self._example = what_is_wrong(error)
                self._unread += 1
                self._calls._note_unreadable(row, self._example)
                continue
            self._read += 1
            yield value

    def finish(self) -> None:
        """Raises BadAnswer when there were rows and none of them could be read."""
        if self._whole and self._unread and not self._read:
            raise translate.nothing_readable(self._calls._wire.host, self._unread, self._example)


def batches(ids: Sequence[str], *, overhead: int) -> Iterator[list[str]]:
    """The distinct ids in lists that fit into one URL; `overhead` is what each id costs beside its own quoted text."""
    batch: list[str] = []
    size = 0
    for one in dict.fromkeys(ids):
        cost = len(quote(one, safe="")) + overhead
        if batch and size + cost > URL_BUDGET:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += cost
    if batch:
        yield batch


def in_path(name: str) -> str:
    """An id or name quoted for a URL path (the SDK puts it there as it is). Raises Refused for what cannot be there."""
    if name in ("", ".", ".."):
        raise errors.Refused(
            "This name cannot be part of an address, so Langfuse cannot look it up.",
            code="REFUSED",
            remedy="Use letters, digits, `.`, `_` and `-`.",
        )
    try:
        return quote(name, safe="")
    except UnicodeEncodeError as error:
        raise _unsendable(error) from None


def _unsendable(error: Exception) -> Exception:
    """The SDK raised before anything was sent: the value cannot be JSON; anything else is a mistake of ours."""
    if isinstance(error, ValidationError) or not isinstance(error, ValueError | RecursionError):
        return error
    return errors.Refused(
        "The value cannot be sent as JSON (NaN, infinity, a broken character or too deep nesting).",
        code="REFUSED",
        remedy="Replace that value.",
    )


def _no_json(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _transient(error: BaseException) -> bool:
    if isinstance(error, errors.Unreachable):
        return error.dropped
    return isinstance(error, errors.RateLimited | errors.ServerFailed)


_backoff = tenacity.wait_exponential(multiplier=0.4, max=8) + tenacity.wait_random(0, 0.3)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, errors.RateLimited | errors.ServerFailed) else None
    return _backoff(state) if asked is None else asked + 0.05
