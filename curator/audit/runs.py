"""The runs of a dataset, as far as an audit may read them."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from curator.audit.values import Run
from curator.gateway import Experiment, Gateway
from curator.model import Dataset

SINCE = timedelta(days=365)
"""How far back runs count; Langfuse's list needs a beginning."""
PAGE = 100
EXPERIMENTS = 100


def runs_of(
    gateway: Gateway,
    dataset: Dataset,
    until: datetime,
    allows: Callable[[int], bool],
    left_out: list[str],
) -> tuple[list[Run], bool]:
    """Runs that started in the year before `until`, latest first, and whether these are all.

    One request per 100 items of a run; a run that `allows` does not grant is left out and said. Raises GatewayError.
    """
    since = until - SINCE
    experiments: list[Experiment] = []
    complete = True
    for experiment in gateway.experiments(from_=since, to=until, dataset_id=dataset.id):
        if len(experiments) == EXPERIMENTS and not allows(1):
            complete = False
            break
        experiments.append(experiment)
    runs = []
    for experiment in experiments:
        if not allows(max(1, math.ceil(experiment.item_count / PAGE))):
            continue
        items = tuple(gateway.experiment_items(from_=since, experiment_id=experiment.id))
        runs.append(Run(experiment=experiment, items=items))
    if len(runs) < len(experiments):
        complete = False
        left_out.append(f"{len(experiments) - len(runs)} of {len(experiments)} runs (--deep looks at all)")
    return runs, complete
