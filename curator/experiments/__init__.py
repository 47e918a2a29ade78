"""Experiments: run a task over a dataset, see that the run is whole, compare two runs, decide a release.

What others need of deciding is imported at its first use: `checks` must stay usable without scipy and the SDK.
"""

from typing import TYPE_CHECKING

from curator.model.lazy import at_first_use

if TYPE_CHECKING:
    from curator.experiments.baseline import approve_baseline, write_baseline
    from curator.experiments.checks import Checker, evaluate
    from curator.experiments.checks.base import Case
    from curator.experiments.compare import Comparison, ItemChange, Metric, Resource, compare_runs, foreseen, p_words
    from curator.experiments.gate import Decision, decide
    from curator.experiments.gate_report import append_job_summary, gate_annotations, gate_markdown
    from curator.experiments.integrity import flaws_in_words
    from curator.experiments.judges import Judge, measure, proven
    from curator.experiments.junit import junit_xml
    from curator.experiments.perform import perform_experiment, variables_of
    from curator.experiments.prove import Proof, ProofPlan, Side, prove_items
    from curator.experiments.remote import Listed, find_run, find_runs, runs, verify_again, with_integrity
    from curator.experiments.results import (
        DatasetItem,
        ItemRun,
        Run,
        history,
        read_run,
        run_files,
        runs_folder,
        write_run,
    )
    from curator.experiments.run import Plan
    from curator.experiments.versions import Pinned, drift, no_dataset, pin, present

__getattr__ = at_first_use(__name__)
