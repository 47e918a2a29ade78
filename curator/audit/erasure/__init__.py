"""Erasure: everything in datasets and on this machine that came from a trace, a session or a user, found and removed.

Works when the traces themselves are gone already: items say in their lineage where they came from, receipts and drafts
know it too.
"""

from curator.audit.erasure.erase import Erased, ErasureMode, Outcome, erase_trail
from curator.audit.erasure.record import ErasureRecord, earlier_traces
from curator.audit.erasure.results import Emptied, empty_results
from curator.audit.erasure.trail import DraftKey, Kept, Subject, Terminal, Trail, find_trail
