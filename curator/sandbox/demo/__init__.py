"""Demo data: two weeks of an invented shop's support agents, with the failures, scores and reviews of a real project.

Everything is synthetic and deterministic: `seed_demo(store, now)` puts its rows into a sandbox. The shop, Kestrel &
Pine, its customers and its help centre do not exist. Beside it stand the datasets `audit-example`, with one planted
case for each audit code and traces and runs of its own, and `order-status-golden`, with two runs worth comparing;
nobody calls any of those a failure. The one item of `policy-boundary` was promoted three weeks ago, and a failure of
this week is like it.
"""

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from curator.sandbox.store import Store


def seed_demo(store: "Store", now: datetime) -> None:
    """Writes the demo data as of `now` (with a time zone) into a sandbox's store.

    Doing it again replaces the rows of the first time, so that their times move on to `now`.
    """
    # Late, because the agents of this package are also run on their own, as experiment tasks.
    from curator.sandbox.demo.data import plant, write

    with store.write():
        write(store, now)
        plant(store, now)
