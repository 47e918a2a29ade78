"""The rate limits of Langfuse Cloud.

Source: Langfuse 4.16.0, `RateLimitService`. A window of a minute (a day for deletions) starts with its first request;
a request is refused when it would use the *last* point, so a limit of 30 lets 29 through.
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from curator.sandbox.errors import ApiError
from curator.sandbox.store import TABLES, iso

PLANS: dict[str, dict[str, tuple[int, int]]] = TABLES["plans"]
PREFIXES: dict[str, str] = TABLES["budgets"]
UNLIMITED = ("/api/public/health", "/api/public/ready", "/api/public/projects")


def resource(method: str, path: str) -> str | None:
    """The budget that a request draws on; None when it is never limited."""
    if path in UNLIMITED:
        return None
    if method == "DELETE" and path.startswith("/api/public/scores/"):
        return "score-delete"
    return next((name for prefix, name in PREFIXES.items() if path.startswith(prefix)), "public-api")


@dataclass
class Window:
    """Requests since `start` (seconds of the clock)."""

    start: float
    used: int = 0


class RateLimit:
    """Counts the requests of the one organization under a plan (`hobby`, `core`)."""

    def __init__(self, plan: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._budgets = PLANS[plan]
        self._clock = clock
        self._windows: dict[str, Window] = {}
        self._lock = threading.Lock()

    def take(self, method: str, path: str) -> None:
        """Use one point. Raises 429 with `Retry-After` when none is left."""
        name = resource(method, path)
        if name is None:
            return
        points, duration = self._budgets[name]
        now = self._clock()
        with self._lock:
            window = self._windows.get(name)
            if window is None or now - window.start >= duration:
                window = self._windows[name] = Window(now)
            window.used += 1
            remaining, wait = points - window.used, window.start + duration - now
        if remaining < 1:
            raise too_many_requests(wait, points)


def too_many_requests(wait: float, points: int) -> ApiError:
    """429 as Langfuse Cloud answers it; `wait` is in seconds."""
    seconds = math.ceil(wait)
    reset = datetime.now(UTC) + timedelta(seconds=wait)
    details = {"retryAfterSeconds": seconds, "limit": points, "remaining": 0, "resetAt": iso(reset)}
    headers = {
        "retry-after": str(seconds),
        "x-ratelimit-limit": str(points),
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": reset.strftime("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)"),
    }
    body = {"message": "Rate limit exceeded", "code": "rate_limited", "details": details}
    return ApiError(429, body, headers)
