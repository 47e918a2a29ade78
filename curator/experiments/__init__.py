"""Experiments: run a task over a dataset, see that the run is whole, compare two runs, decide a release.

What others need of deciding is imported at its first use: `checks` must stay usable without scipy and the SDK.
"""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use

if TYPE_CHECKING:
    from curator.experiments.gate import Decision, decide
    from curator.experiments.judges import Judge, measure, proven
    from curator.experiments.remote import Listed, find_run, find_runs, runs, verify_again, with_integrity
    from curator.experiments.results import Run, history
    from curator.experiments.versions import drift, present

__getattr__ = at_first_use(__name__)
