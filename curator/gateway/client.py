"""The gateway: every read and write that curator does on Langfuse."""

from urllib.parse import quote

from curator.gateway import translate
from curator.gateway.datasets import Datasets, Experiments
from curator.gateway.review import Review
from curator.gateway.rows import project
from curator.gateway.traces import Traces
from curator.gateway.values import Project, ServerInfo


class Gateway(Traces, Review, Datasets, Experiments):
    """One connection to one Langfuse project, for all threads; a context manager."""

    _project: Project | None = None

    def health(self, known: ServerInfo | None = None) -> ServerInfo:
        """The server's version and clock, after proof that the keys work and that the v2 observations API is there.

        Two requests; one when `version` has just said what is `known`. Raises ServerTooOld, Unauthorised, Unreachable,
        GatewayError.
        """
        info = known or self.version()
        if info.release and info.release[0] < 4:
            raise translate.too_old(self._wire.host, version=info.version)
        # Health answers without keys; only a read proves them, and that the server has the APIs of Langfuse 4.
        self._read(lambda api: api.observations.get_many, fields="core", limit=1, needs_v2=True)
        return info

    def version(self) -> ServerInfo:
        """The server's version and clock; needs no keys. Raises GatewayError."""
        body = self._read(lambda api: api.health.health)
        return self._one(body, lambda row: ServerInfo(version=str(row["version"]), clock_skew=self._wire.clock_skew))

    def project(self) -> Project:
        """The project that the keys belong to; asked for once. Raises GatewayError."""
        if self._project is None:
            rows, _ = self._rows(self._read(lambda api: api.projects.get))
            if not rows:
                raise translate.bad_answer(self._wire.host, "it names no project")
            self._project = self._one(rows[0], project)
        return self._project

    def trace_url(self, trace_id: str) -> str:
        """Address of a trace in the web app. Raises GatewayError."""
        return f"{self.base_url}/project/{self.project().id}/traces/{quote(trace_id, safe='')}"

    def item_url(self, dataset_id: str, item_id: str) -> str:
        """Address of a dataset item in the web app. Raises GatewayError."""
        return f"{self.base_url}/project/{self.project().id}/datasets/{dataset_id}/items/{quote(item_id, safe='')}"
