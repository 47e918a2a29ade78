"""Reading and writing what people do with traces: annotation queues and scores."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from curator.gateway import errors, rows
from curator.gateway.calls import Calls, in_path
from curator.gateway.values import AnnotationQueue, ScoreConfig
from curator.model.trace import QueueEntry


class Review(Calls):
    """Annotation queues, and scores that curator itself gives."""

    _scores_one_by_one = False
    """Servers before 4.59 take one score object where newer ones take a list; found out at the first write."""

    def annotation_queues(self) -> list[AnnotationQueue]:
        """All annotation queues of the project. Raises GatewayError."""
        return list(self._by_page(self._pages(lambda api: api.annotation_queues.list_queues), rows.annotation_queue))

    def score_configs(self) -> list[ScoreConfig]:
        """The ranges and categories of scores, archived ones included. Raises GatewayError."""
        return list(self._by_page(self._pages(lambda api: api.score_configs.get), rows.score_config))

    def queue_entries(self, queue: AnnotationQueue, status: str = "PENDING") -> Iterator[QueueEntry]:
        """Entries of a queue, newest first; one object may be listed twice, and may be gone. Raises GatewayError."""
        method, wanted = lambda api: api.annotation_queues.list_queue_items, _status(status)
        pages = self._pages(method, in_path(queue.id), status=wanted)
        return self._by_page(pages, lambda row: rows.queue_entry(row, queue.name))

    def set_queue_entry(self, queue_id: str, entry_id: str, status: str) -> None:
        """Marks an entry COMPLETED or PENDING; again changes nothing. Raises NotFound, GatewayError."""
        ids = in_path(queue_id), in_path(entry_id)
        self._write(lambda api: api.annotation_queues.update_queue_item, *ids, status=_status(status))

    def put_score(self, **score: Any) -> None:
        """Writes a score of these fields: id, name, value, data_type, trace_id, observation_id, session_id, comment,
        metadata; the same id overwrites. BOOLEAN values are 0 or 1.

        The server answers before it stores (scores lag about 6 s), and drops a score that violates its config without a
        word: only reading back proves it. Raises Refused, NoAnswer, GatewayError.
        """
        self.put_scores([score])

    def put_scores(self, scores: Sequence[Mapping[str, Any]]) -> None:
        """Writes many scores with one request; each holds the fields of `put_score`.

        Refused also when the server takes only some of them; writing them again is harmless. Raises Refused, NoAnswer,
        GatewayError.
        """
        requests = [_request(**score) for score in scores]
        if not self._scores_one_by_one:
            try:
                answer = self._write(lambda api: api.scores.create, request=requests)
            except errors.Refused as error:
                if error.status != 400:
                    raise
            else:
                if isinstance(answer, dict) and answer.get("rejected"):
                    raise errors.Refused(
                        "Langfuse refuses the score.",
                        code="REFUSED",
                        remedy="Check the score's name and value against its config in Langfuse.",
                        server_message=str(answer.get("errors"))[:500],
                    )
                return
        # An older server refuses a list before it stores anything: the same scores as single objects.
        for request in requests:
            self._write(lambda api: self._post_score, request.dict())
        self._scores_one_by_one = True

    # SDK 5 sends lists only, which servers before 4.59 answer with 400; `_` takes what its methods take.
    def _post_score(self, score: dict[str, Any], **_: object) -> None:
        self._wire.client.post(f"{self.base_url}/api/public/scores", json=score)

    def delete_score(self, score_id: str) -> None:
        """Deletes a score; the server does it later (202) and does not say whether there was one."""
        self._write(lambda api: api.scores.delete, in_path(score_id))


def _status(status: str) -> Any:
    from langfuse.api import AnnotationQueueStatus

    return AnnotationQueueStatus(status)


def _request(**fields: Any) -> Any:
    from langfuse.api.scores import CreateScoreRequest

    return CreateScoreRequest(**{key: value for key, value in fields.items() if value is not None})
