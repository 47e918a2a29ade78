"""Promotion: a reviewed case becomes a dataset item, provably. After `verified` it is there, once, as meant."""

from curator.help.outcomes import REMEDIES
from curator.promote.bulk import promote_many
from curator.promote.job import Finder, Patience
from curator.promote.one import promote
from curator.promote.resume import Resumed, resume
from curator.promote.undo import Undone, undo
from curator.promote.verify import Verified, verify

__all__ = [
    "REMEDIES",
    "Finder",
    "Patience",
    "Resumed",
    "Undone",
    "Verified",
    "promote",
    "promote_many",
    "resume",
    "undo",
    "verify",
]
