"""What the gateway returns beyond the values of `curator.model`: facts about the server, queues, experiments."""

import re
from datetime import datetime
from typing import Any

from curator.model.base import Value
from curator.model.trace import Score

SCORES_SINCE = (4, 59)
"""The first version of Langfuse that takes lists of scores."""


class ServerInfo(Value):
    """What the server is; it has the v2 observations API, else `Gateway.health` raises."""

    version: str
    """Such as `4.16.0`; Langfuse Cloud reports its own."""
    clock_skew: float | None = None
    """Seconds by which this machine's clock is ahead of the server's `Date` header (exact to about a second)."""

    @property
    def release(self) -> tuple[int, ...]:
        """The version's leading numbers, `(4, 16, 0)`; empty when it does not start with a number."""
        found = re.match(r"v?(\d+(?:\.\d+)*)", self.version)
        return tuple(map(int, found[1].split("."))) if found else ()

    @property
    def refuses_scores(self) -> bool:
        """Whether it answers 400 to the list of scores that SDK 5 posts; a version that cannot be read says nothing."""
        return bool(self.release) and self.release < SCORES_SINCE


class Project(Value):
    """The project that the keys belong to."""

    id: str
    name: str
    retention_days: int | None = None
    """Days after which traces are deleted; None when they are kept or the server does not say."""


class AnnotationQueue(Value):
    """A Langfuse annotation queue."""

    id: str
    name: str
    description: str | None = None


class ScoreConfig(Value):
    """What a project says the values of a score may be."""

    name: str
    data_type: str
    is_archived: bool = False
    min_value: float | None = None
    max_value: float | None = None
    categories: tuple[dict[str, Any], ...] | None = None
    """`{label, value}`; the values may say an order."""


class Experiment(Value):
    """One run of a dataset (Langfuse: experiment)."""

    id: str
    name: str
    description: str | None = None
    start_time: datetime
    end_time: datetime | None = None
    item_count: int
    dataset_id: str | None = None
    metadata: dict[str, Any] = {}
    scores: tuple[Score, ...] = ()


class ExperimentItem(Value):
    """One dataset item in one experiment: which trace it made, how it was scored."""

    id: str
    """Id of the root observation."""
    trace_id: str
    experiment_id: str
    experiment_name: str
    item_id: str
    dataset_id: str | None = None
    item_version: datetime | None = None
    start_time: datetime
    end_time: datetime | None = None
    level: str = "DEFAULT"
    environment: str | None = None
    input: Any = None
    output: Any = None
    expected_output: Any = None
    metadata: dict[str, Any] = {}
    item_metadata: dict[str, Any] = {}
    scores: tuple[Score, ...] = ()
