"""Promotion: a reviewed failure becomes a dataset item, provably. After `verified` it is there, once, as meant.

The way, a file a step: `sources` reads the trace, `proposal` makes a draft of it, `approval` an item of the draft.
`content` and `rewrites` say what would be lost of the item, `plan` what is to be done about what stands there already.
`write` sends it, `proof` reads it back, `receipts` says and records what is true. `one` walks that way with one item,
`bulk` with many at few requests. `stops` names the ends of the way, `job` holds what stays the same along it, and
`promoter` is the door to all of it.

Later: `resume` after a crash, `verify`, `undo`. `seed` sends items that came of no failure the same way.
"""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use
from curator.promote.job import Choices, Job, Patience, PersonalFinder, Via
from curator.promote.promoter import Promoter
from curator.promote.proposal import OVERRIDABLE, Order, Proposal, reviewed_type
from curator.promote.resume import Resumed
from curator.promote.seed import Seeded, SeededItem, read_items, seed_dataset
from curator.promote.sources import Source, read_traces
from curator.promote.stops import Stop, stop_of
from curator.promote.undo import Undone
from curator.promote.verify import Verified

if TYPE_CHECKING:
    from curator.promote.content import OWN_LINEAGE, leftovers, looked_at
    from curator.promote.one import promote_one
    from curator.promote.plan import Plan
    from curator.promote.receipts import ended, receipt_of
    from curator.promote.undo import archive_item, delete_item, require_unchanged
    from curator.promote.verify import Approved, approved_items, tampered
    from curator.promote.write import Changed, write_item

__getattr__ = at_first_use(__name__)
