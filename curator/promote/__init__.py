"""Promotion: a reviewed failure becomes a dataset item, provably. After `verified` it is there, once, as meant."""

from curator.promote.job import Choices, Finder, Job, Patience, Via
from curator.promote.promoter import Promoter
from curator.promote.proposal import OVERRIDABLE, Order, Proposal, reviewed_type
from curator.promote.reading import Found
from curator.promote.resume import Resumed
from curator.promote.seed import Seeded, SeededItem, read_items, seed
from curator.promote.undo import Undone
from curator.promote.verify import Verified
