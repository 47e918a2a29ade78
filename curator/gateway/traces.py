"""Reading what happened: observations, scores, comments."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypedDict, Unpack

from curator.gateway import errors, rows
from curator.gateway.calls import Calls, Tally, TooManyPages, batches
from curator.model.trace import Comment, Observation, Score, Trace

LIST_FIELDS = "core,basic,time,metrics,trace_context"
COST_FIELDS = f"{LIST_FIELDS},usage"
IO_FIELDS = "core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"
LIST_PAGE = 1000  # the most that the API gives; of scores, comments, items and experiments it is 100
# Langfuse Cloud refuses answers over 5 MB, so inputs and outputs come in small pages.
IO_PAGE = 100
SCORE_FIELDS = "details,subject,annotation"
SCORE_PAGE = 100
# A trace's times are those of the traced program's clock, a comment's that of the server.
CLOCKS = timedelta(days=1)
EARLIER = 20
"""Earlier turns of a session that are read."""
Filter = dict[str, Any]


class ObservationFilter(TypedDict, total=False):
    """Further conditions on observations; `from_` is inclusive, `to` is not."""

    roots_only: bool
    levels: Sequence[str]
    from_: datetime | None
    to: datetime | None
    filters: Sequence[Filter]
    """As the API's parameter `filter` takes them."""


class ScoreFilter(TypedDict, total=False):
    """Further conditions on scores, as the API takes them."""

    source: str
    data_type: str
    value: str
    value_min: float
    value_max: float
    queue_id: str


class Traces(Calls):
    """Reads of observations, scores and comments."""

    def observations(
        self,
        *,
        ids: Sequence[str] | None = None,
        trace_ids: Sequence[str] | None = None,
        session_ids: Sequence[str] | None = None,
        io: bool = False,
        costs: bool = False,
        limit: int | None = None,
        **only: Unpack[ObservationFilter],
    ) -> Iterator[Observation]:
        """Observations, newest first within each batch; conditions are joined by *and*, values of a list by *or*.

        At most one of `ids`, `trace_ids` and `session_ids`; many ids are asked for in batches that fit into a URL, and
        an empty list gives nothing. `io` adds input, output, metadata and costs: only for what is looked at; `costs`
        adds costs alone. Raises GatewayError.
        """
        common = list(only.get("filters", ()))
        if only.get("roots_only"):
            common.append({"type": "boolean", "column": "isRootObservation", "operator": "=", "value": True})
        if "levels" in only:
            common.append(_any_of("level", list(only["levels"])))
        for sign, moment in ((">=", only.get("from_")), ("<", only.get("to"))):
            if moment is not None:
                common.append({"type": "datetime", "column": "startTime", "operator": sign, "value": _iso(moment)})
        # `traceId=` of the API takes exactly one id; the filter takes many.
        column, wanted = _at_most_one({"id": ids, "traceId": trace_ids, "sessionId": session_ids})
        found, tally = 0, Tally(self)
        # `%22…%22%2C` around each id
        for batch in [None] if wanted is None else batches(wanted, overhead=9):
            conditions = common if batch is None else [_any_of(column, batch), *common]
            for one in self._observation_pages(conditions, io=io, costs=costs, limit=limit, tally=tally):
                yield one
                found += 1
                if limit is not None and found >= limit:
                    return
        tally.finish()

    def _observation_pages(
        self, conditions: list[Filter], *, io: bool, costs: bool, limit: int | None, tally: Tally
    ) -> Iterator[Observation]:
        # All conditions go into `filter`: beside it, Langfuse ignores the single query parameters.
        text = json.dumps(conditions, separators=(",", ":"), ensure_ascii=False) if conditions else None
        fields, size = (IO_FIELDS, IO_PAGE) if io else (COST_FIELDS if costs else LIST_FIELDS, LIST_PAGE)
        size = min(size, limit or size)

        def page(cursor: str | None) -> Any:
            nonlocal size
            while True:
                pages = self._cursors(lambda api: api.observations.get_many, fields=fields, limit=size, filter=text)
                try:
                    return pages(cursor)
                except (errors.TooLarge, errors.ServerFailed, errors.OverLimit) as error:
                    if isinstance(error, errors.OverLimit) and error.code != "LIMIT_ANSWER":
                        raise
                    # How a server refuses an answer that is too large differs; a smaller page may pass.
                    if not io or size == 1:
                        raise
                    size = max(1, size // 10)

        yield from self._by_cursor(page, rows.observation, tally)

    def scores(
        self,
        *,
        from_: datetime | None = None,
        to: datetime | None = None,
        trace_ids: Sequence[str] | None = None,
        session_ids: Sequence[str] | None = None,
        names: Sequence[str] | None = None,
        **only: Unpack[ScoreFilter],
    ) -> Iterator[Score]:
        """Scores, newest first within each batch of ids; `from_` and the bounds are inclusive, `to` is exclusive.

        `value`, `value_min` and `value_max` need one `data_type` (the bounds: NUMERIC). An empty list gives nothing.
        Names with a comma cannot be asked for, so then all names are fetched and the others left out here.
        Raises GatewayError.
        """
        column, wanted = _at_most_one({"trace_id": trace_ids, "session_id": session_ids})
        if names is not None and not names:
            return
        # Scores of given objects are an addition to them; a window's scores are the list of failures itself.
        tally = Tally(self, whole=wanted is None)
        by_name = names is not None and not any("," in name for name in names)
        for batch in [None] if wanted is None else batches(wanted, overhead=3):
            pages = self._cursors(
                lambda api: api.scores.get_many,
                limit=SCORE_PAGE,
                fields=SCORE_FIELDS,
                name=",".join(names) if names and by_name else None,
                from_timestamp=from_,
                to_timestamp=to,
                **({} if batch is None else {column: ",".join(batch)}),
                **only,
            )
            for one in self._by_cursor(pages, rows.score, tally):
                if names is None or one.name in names:
                    yield one
        tally.finish()

    def trace(self, trace_id: str) -> Trace:
        """A trace with all its observations (input and output too), scores and comments.

        Raises NotFound (TRACE_NOT_FOUND) when it has no observation: it never existed, is not ingested yet (1–3 s,
        under load up to minutes), or retention deleted it.
        """
        found = self.traces([trace_id])
        if not found:
            raise errors.NotFound(
                "Langfuse has no observation of this trace.",
                code="TRACE_NOT_FOUND",
                remedy="Check the id and the project; a fresh trace takes a moment, an old one may be past retention.",
            )
        return found[trace_id]

    def traces(self, trace_ids: Sequence[str], *, comments: bool = True) -> dict[str, Trace]:
        """Trace id → the whole trace, as `trace` gives it; those without any observation are left out.

        Many traces share their requests: one for about 100 observations, one for 100 scores, and one for 100 of
        the project's comments, which `comments` leaves out. All of them are held in memory. Raises GatewayError.
        """
        observations: dict[str, list[Observation]] = defaultdict(list)
        for one in self.observations(trace_ids=trace_ids, io=True):
            observations[one.trace_id].append(one)
        if not observations:
            return {}
        scores: dict[str, list[Score]] = defaultdict(list)
        for score in self.scores(trace_ids=list(observations)):
            scores[score.trace_id or ""].append(score)
        found = self._comments_on(observations) if comments else defaultdict(list)
        return {
            trace_id: Trace(
                id=trace_id,
                observations=tuple(sorted(observations[trace_id], key=lambda one: (one.start_time, one.id))),
                scores=tuple(sorted(scores[trace_id], key=lambda one: (one.timestamp, one.id))),
                comments=tuple(sorted(found[trace_id], key=lambda one: (one.created_at, one.id))),
            )
            for trace_id in dict.fromkeys(trace_ids)
            if trace_id in observations
        }

    def earlier_in_session(self, trace: Trace, limit: int = EARLIER) -> list[Trace]:
        """The newest traces of the same session that began before this one, oldest first; none without a session.

        Requests: one for the session's roots, then those of `traces`; none without a session. Raises GatewayError.
        """
        session, began = trace.root.session_id, trace.root.start_time
        if session is None:
            return []
        starts: dict[str, datetime] = {}
        for one in self.observations(session_ids=[session], to=began):
            if one.trace_id != trace.id:
                starts[one.trace_id] = min(one.start_time, starts.get(one.trace_id, one.start_time))
        newest = sorted(starts, key=lambda trace_id: (starts[trace_id], trace_id))[-limit:]
        return list(self.traces(newest).values()) if newest else []

    def _comments_on(self, traces: Mapping[str, Sequence[Observation]]) -> Mapping[str, list[Comment]]:
        """Trace id → comments on it and on its observations; a comment is younger than what it is about."""
        since = min(one.start_time for rows in traces.values() for one in rows) - CLOCKS
        alone = next(iter(traces)) if len(traces) == 1 else None
        found: dict[str, list[Comment]] = defaultdict(list)
        for comment in self.comments("TRACE", alone, since=None if alone else since):
            found[comment.object_id].append(comment)
        owner = {one.id: trace_id for trace_id, rows in traces.items() for one in rows}
        try:
            on_steps = self.comments("OBSERVATION", since=since, most_pages=max(2, len(owner)))
        except TooManyPages:  # a project full of comments: asking for each observation costs less
            on_steps = [comment for each in owner for comment in self.comments("OBSERVATION", each)]
        for comment in on_steps:
            if comment.object_id in owner:
                found[owner[comment.object_id]].append(comment)
        return found

    def comments(
        self,
        object_type: str,
        object_id: str | None = None,
        *,
        since: datetime | None = None,
        most_pages: int | None = None,
    ) -> list[Comment]:
        """Comments on a TRACE, OBSERVATION, SESSION or PROMPT, in no order.

        Without `object_id`: on all objects of the type, made at or after `since`. Raises GatewayError, and TooManyPages
        when the list has more than `most_pages`.
        """
        pages = self._pages(lambda api: api.comments.get, object_type=object_type, object_id=object_id)
        found = self._by_page(pages, rows.comment, Tally(self, whole=False), most_pages)
        # Langfuse's source asks its database for no order of comments: every page may hold a young one.
        return [one for one in found if since is None or one.created_at >= since]


def _at_most_one(choices: dict[str, Sequence[str] | None]) -> tuple[str, Sequence[str] | None]:
    given = {column: ids for column, ids in choices.items() if ids is not None}
    if len(given) > 1:
        raise ValueError(f"at most one of {', '.join(choices)}")
    return next(iter(given.items()), ("", None))


def _any_of(column: str, values: list[str]) -> Filter:
    return {"type": "stringOptions", "column": column, "operator": "any of", "value": values}


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
