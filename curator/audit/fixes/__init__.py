"""What an audit finds and curator can mend: proposed first, then written like a promotion, verified, undoable.

`backfill` completes lineage from the source trace, `adopt` takes responsibility for an item that somebody made by hand,
`rescrub` replaces what the scrub of today finds, `duplicates` archives all but the first of equal items.
"""

from curator.audit.fixes.apply import apply
from curator.audit.fixes.propose import propose
from curator.audit.fixes.values import FIXES, FixName, Proposal

__all__ = ["FIXES", "FixName", "Proposal", "apply", "propose"]
