"""Asking for data without blocking: a call runs in a thread, its result comes back as a message to the widget.

A newer call of the same group makes an older one void; a widget that is gone gets nothing.
"""

from collections.abc import Callable
from typing import TypeVar

from textual import on
from textual.message import Message
from textual.widget import Widget
from textual.worker import get_current_worker

from curator.model.errors import CuratorError, unexpected
from curator.tui.session import Report

T = TypeVar("T")


class Fetched(Message, bubble=False):
    """The result of a call, with what to do with it."""

    def __init__(self, group: str, ticket: int, apply: Callable[[], None]) -> None:
        super().__init__()
        self.group = group
        self.ticket = ticket
        self.apply = apply


class Fetching(Widget):
    """A widget or screen that asks for data."""

    _tickets: dict[str, int]

    def fetch(
        self,
        group: str,
        call: Callable[[Report], T],
        then: Callable[[T], None],
        failed: Callable[[CuratorError], None],
        progress: Report | None = None,
    ) -> None:
        """Runs `call` in a thread, then `then(result)` or `failed(error)`; voids older calls of the group."""
        ticket = self._ticket(group)

        def run() -> None:
            worker = get_current_worker()

            def report(what: str, done: int, total: int | None) -> None:
                if worker.is_cancelled:
                    raise _Cancelled
                if progress is not None:
                    self.post_message(Fetched(group, ticket, lambda: progress(what, done, total)))

            def outcome() -> Callable[[], None]:
                try:
                    result = call(report)
                except CuratorError as error:
                    refusal = error
                    return lambda: failed(refusal)
                except _Cancelled:
                    return lambda: None
                except Exception as error:
                    surprise = unexpected(error)
                    return lambda: failed(surprise)
                return lambda: then(result)

            self.post_message(Fetched(group, ticket, outcome()))

        self.run_worker(run, name=group, group=group, thread=True, exclusive=True, exit_on_error=False)

    def drop(self, group: str) -> bool:
        """Cancels the call of a group; its result is not wanted any more. Tells whether one was under way."""
        self._ticket(group)
        return bool(self.workers.cancel_group(self, group))

    def _ticket(self, group: str) -> int:
        if not hasattr(self, "_tickets"):
            self._tickets = {}
        self._tickets[group] = self._tickets.get(group, 0) + 1
        return self._tickets[group]

    @on(Fetched)
    def _apply_fetched(self, message: Fetched) -> None:
        message.stop()
        if self._tickets.get(message.group) == message.ticket and self.is_attached:
            message.apply()


class _Cancelled(Exception):
    """The result is not wanted any more."""
