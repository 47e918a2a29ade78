"""Promotion: a reviewed failure becomes a dataset item, provably. After `verified` it is there, once, as meant.

The way, a file a step: `sources` reads the trace, `proposal` makes a draft of it, `approval` an item of the draft.
`content` and `rewrites` say what would be lost of the item, `plan` what is to be done about what stands there already.
`write` sends it, `proof` reads it back, `receipts` says and records what is true. `one` walks that way with one item,
`bulk` with many at few requests. `stops` names the ends of the way, `job` holds what stays the same along it, and
`promoter` is the door to all of it.

Later: `resume` after a crash, `verify`, `undo`. `seed` sends items that came of no failure the same way.
"""

from curator.promote.job import Choices, Job, Patience, PersonalFinder, Via
from curator.promote.promoter import Promoter
from curator.promote.proposal import OVERRIDABLE, Order, Proposal, reviewed_type
from curator.promote.resume import Resumed
from curator.promote.seed import Seeded, SeededItem, read_items, seed
from curator.promote.sources import Source, read_traces
from curator.promote.stops import Stop, stop_of
from curator.promote.undo import Undone
from curator.promote.verify import Verified
