"""The audit: where a dataset came from, and whether it can be trusted today.

`gather` reads the evidence in few requests, `examine` does the CPU work on any worker, every check is a pure function
of the evidence (`checks/`), `report/` writes it down. `story` tells one item's lineage, `fixes` mends what can be
mended, `erasure` takes away what came from a person.
"""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use

if TYPE_CHECKING:
    from curator.audit.erasure import (
        Emptied,
        Erased,
        ErasureMode,
        ErasureRecord,
        Subject,
        Trail,
        earlier_traces,
        empty_results,
        erase_trail,
        find_trail,
    )
    from curator.audit.fixes import Desk, FixName, ProposedFix, apply_fixes, propose_fixes
    from curator.audit.report import RENDERERS, TITLES, headline
    from curator.audit.run import audit, collect_evidence, report_of
    from curator.audit.story import Story, StoryRow, chapters, masked_chapters, render_story, story_of
    from curator.audit.values import AuditReport, Evidence, Severity
    from curator.audit.workers import Cluster, Processes

__getattr__ = at_first_use(__name__)
