"""Langfuse 4.16.0's error bodies, as recorded, as exceptions that any handler may raise."""

from typing import Any

Body = dict[str, Any] | str


class ApiError(Exception):
    """An answer other than 200. `body` is sent as JSON when it is a dict and as plain text when it is a string."""

    def __init__(self, status: int, body: Body, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status = status
        self.body = body
        self.headers = headers or {}


def invalid_request(message: str) -> ApiError:
    """400 with a sentence."""
    return ApiError(400, {"message": message, "error": "InvalidRequestError"})


def invalid_data(issues: list[dict[str, Any]]) -> ApiError:
    """400 with zod's list of issues: the shape of a body or of query parameters is wrong."""
    return ApiError(400, {"message": "Invalid request data", "error": issues})


def not_found(message: str) -> ApiError:
    """404 of a resource (an unknown path answers HTML instead)."""
    return ApiError(404, {"message": message, "error": "LangfuseNotFoundError"})


def conflict(message: str) -> ApiError:
    """409: either a permanent id collision or a transient concurrent change; only the sentence tells which."""
    return ApiError(409, {"message": message, "error": "LangfuseConflictError"})


def internal(detail: str = "An unknown error occurred") -> ApiError:
    """500 as Langfuse words it."""
    return ApiError(500, {"message": "Internal Server Error", "error": detail})


def method_not_allowed() -> ApiError:
    """405 of a known path."""
    return ApiError(405, {"message": "Method not allowed", "error": "MethodNotAllowedError"})


def unauthorized(message: str) -> ApiError:
    """401: the body holds no `error` key."""
    return ApiError(401, {"message": message})


def forbidden(message: str) -> ApiError:
    """403: the body holds no `error` key."""
    return ApiError(403, {"message": message})


INVALID_JSON = "Invalid JSON"


class SandboxProblem(Exception):
    """Why the sandbox cannot do what whoever started it asked for: a sentence, what to do next, a stable code.

    `exit_code` is how the command ends: 2 wrong arguments, 3 the machine (a folder), 4 the server itself.
    """

    def __init__(self, message: str, *, code: str, remedy: str, exit_code: int = 2) -> None:
        super().__init__(f"{message} {remedy}")
        self.message, self.code, self.remedy, self.exit_code = message, code, remedy, exit_code
