"""What a sandbox is started with."""

from dataclasses import dataclass, field

from curator.sandbox.auth import Keys
from curator.sandbox.faults import Faults
from curator.sandbox.ratelimit import RateLimit


@dataclass(frozen=True)
class Lag:
    """How long what was sent stays invisible, in seconds. Dataset items are read-your-writes and never lag."""

    scores: float = 0
    observations: float = 0


NO_LAG = Lag()
MEASURED_LAG = Lag(scores=6, observations=2)


@dataclass
class Settings:
    """In handlers: `request.app.state.settings`."""

    keys: Keys = field(default_factory=Keys)
    lag: Lag = NO_LAG
    faults: Faults = field(default_factory=Faults)
    rate_limit: RateLimit | None = None
