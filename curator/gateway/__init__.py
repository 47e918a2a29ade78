"""The only way to Langfuse, and the only room that imports its SDK (on the first call, not on import)."""

from curator.gateway.client import Gateway
from curator.gateway.datasets import ItemPages
from curator.gateway.errors import (
    BadAnswer,
    Conflict,
    Forbidden,
    GatewayError,
    NoAnswer,
    NotFound,
    OverLimit,
    RateLimited,
    Refused,
    ServerFailed,
    ServerTooOld,
    TooLarge,
    Unauthorised,
    Unreachable,
)
from curator.gateway.values import AnnotationQueue, Experiment, ExperimentItem, Project, ScoreConfig, ServerInfo
