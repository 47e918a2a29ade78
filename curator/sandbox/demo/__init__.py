"""Demo data: two weeks of an invented shop's support agents, with the failures, scores and reviews of a real project.

Everything is synthetic and deterministic: `data.build(now)` is a pure function, `seed(store, now)` puts its rows
into a sandbox. The shop, Kestrel & Pine, its customers and its help centre do not exist. Beside it stand the datasets
`audit-example`, with one planted case for each audit code and traces and runs of its own, and `order-status-golden`,
with two runs worth comparing; nobody calls any of those a failure.
"""

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curator.sandbox.demo.data import DemoData
    from curator.sandbox.store import Store


def seed(store: "Store", now: datetime) -> "DemoData":
    """Writes the demo data as of `now` (with a time zone) into a sandbox's store; returns what was written.

    Doing it again replaces the rows of the first time, so that their times move on to `now`.
    """
    # Late, because the agents of this package are also run on their own, as experiment tasks.
    from curator.sandbox.demo.data import plant, write

    with store.write():
        data = write(store, now)
        observations, scores = plant(store, now)
    return replace(data, observations=(*data.observations, *observations), scores=(*data.scores, *scores))
