"""Promotion: a reviewed case becomes a dataset item, provably. After `verified` it is there, once, as meant."""

from curator.promote.job import Finder, Patience
from curator.promote.one import promote

__all__ = ["Finder", "Patience", "promote"]
