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
from curator.gateway.values import AnnotationQueue, Experiment, ExperimentItem, Project, ServerInfo

__all__ = [
    "AnnotationQueue",
    "BadAnswer",
    "Conflict",
    "Experiment",
    "ExperimentItem",
    "Forbidden",
    "Gateway",
    "GatewayError",
    "ItemPages",
    "NoAnswer",
    "NotFound",
    "OverLimit",
    "Project",
    "RateLimited",
    "Refused",
    "ServerFailed",
    "ServerInfo",
    "ServerTooOld",
    "TooLarge",
    "Unauthorised",
    "Unreachable",
]
