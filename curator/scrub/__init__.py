"""The scrub: finds personal values and secrets, replaces them consistently, and lets nothing undecided through.

`Scrubber` is the way in: it owns a worker process, so that importing this package loads neither presidio nor spaCy.
"""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use
from curator.scrub.drafts import values_of
from curator.scrub.gate import Choice, Outgoing, refuse_personal
from curator.scrub.items import Limits, NotScrubbed, walk
from curator.scrub.nlp import capabilities, installed_model
from curator.scrub.policy import compiled, merged, patterns_of
from curator.scrub.scrubber import Scrubber

if TYPE_CHECKING:
    from curator.scrub.pipeline import Scrubbed

__getattr__ = at_first_use(__name__)
