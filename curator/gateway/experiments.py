"""Reading experiments (runs of a dataset)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from curator.gateway import rows
from curator.gateway.calls import Calls
from curator.gateway.values import Experiment, ExperimentItem

PAGE = 100


class Experiments(Calls):
    """Reads of experiments and their items. Both need a start time."""

    def experiments(
        self,
        *,
        from_: datetime,
        to: datetime | None = None,
        dataset_id: str | None = None,
        ids: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        fields: Sequence[str] = ("metadata",),
    ) -> Iterator[Experiment]:
        """Experiments with events at or after `from_`, latest activity first; `fields`: metadata, scores.

        Raises GatewayError.
        """

        def page(cursor: str | None) -> Any:
            return self._read(
                lambda api, options: api.experiments.list(
                    from_start_time=from_,
                    to_start_time=to,
                    dataset_id=dataset_id,
                    id=",".join(ids) if ids else None,
                    name=",".join(names) if names else None,
                    fields=",".join(("core", *fields)),
                    limit=PAGE,
                    cursor=cursor,
                    request_options=options,
                ),
                needs_v2=True,
            )

        return self._by_cursor(page, rows.experiment)

    def experiment_items(
        self,
        *,
        from_: datetime,
        to: datetime | None = None,
        experiment_id: str | None = None,
        experiment_name: str | None = None,
        item_id: str | None = None,
        dataset_id: str | None = None,
        fields: Sequence[str] = ("dataset", "scores"),
    ) -> Iterator[ExperimentItem]:
        """Items of experiments started at or after `from_`.

        `fields`: io, metadata, itemMetadata, experimentMetadata, dataset, scores. Raises GatewayError.
        """

        def page(cursor: str | None) -> Any:
            return self._read(
                lambda api, options: api.experiments.list_items(
                    from_start_time=from_,
                    to_start_time=to,
                    experiment_id=experiment_id,
                    experiment_name=experiment_name,
                    experiment_item_id=item_id,
                    dataset_id=dataset_id,
                    fields=",".join(("core", *fields)),
                    limit=PAGE,
                    cursor=cursor,
                    request_options=options,
                ),
                needs_v2=True,
            )

        return self._by_cursor(page, rows.experiment_item)
