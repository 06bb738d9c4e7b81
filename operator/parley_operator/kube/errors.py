"""What can go wrong between the operator and the API server, as types that say whether to try again.

Messages come from the API server and are shown to people, but those about Secrets are dropped: an admission
plugin may quote the object it refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class KubeError(Exception):
    """Anything that stops a request or the work that depends on it."""

    retry_after: float | None = None
    """Seconds the server asked to wait, where it did."""
    progressed: bool = False
    """Whether the work that this ended had achieved something before: then it is not stuck."""


class UnreachableError(KubeError):
    """No answer: refused, reset, or no reply within the deadline. Whether a write took effect is not known."""


class LeadershipLostError(KubeError):
    """This process may no longer write: its Lease could not be renewed in time."""


class NameConflictError(KubeError):
    """An object of the name we need belongs to somebody else; it is left as it is."""

    def __init__(self, *, kind: str, name: str, owner: str | None) -> None:
        self.kind, self.name, self.owner = kind, name, owner
        belongs = f"belongs to {owner}" if owner else "was not made by Parley"
        super().__init__(f"{kind} {name} exists and {belongs}; delete or rename it")


class PredecessorError(KubeError):
    """A child of a deleted resource of the same name is still there; the garbage collector will take it."""

    def __init__(self, *, kind: str, name: str) -> None:
        super().__init__(f"waiting until {kind} {name} of the deleted resource of the same name is collected")


class OverlookedError(KubeError):
    """An object is there whose content was about to be made up: what follows from it must be worked out anew."""

    progressed = True

    def __init__(self, *, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name} was there already, and what it holds is kept")


class ApiError(KubeError):
    """An answer that is not a success."""

    def __init__(self, *, status: int, reason: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status} {reason}: {message}" if message else f"{status} {reason}")
        self.status, self.reason, self.message, self.retry_after = status, reason, message, retry_after


class NotFoundError(ApiError):
    """404."""


class ConflictError(ApiError):
    """409: somebody else wrote first, or owns a field that was not forced."""


class AlreadyExistsError(ConflictError):
    """409 on a create."""


class GoneError(ApiError):
    """410: the resource version is too old to continue from; list again."""


class InvalidError(ApiError):
    """400 or 422: the same request can never succeed."""


class ForbiddenError(ApiError):
    """403: RBAC or admission."""


class TerminatingError(ApiError):
    """403: the namespace is being deleted, and nothing can be made there any more."""


class NamespaceGoneError(TerminatingError, NotFoundError):
    """404 of the namespace itself."""


class ThrottledError(ApiError):
    """429."""


class ServerError(ApiError):
    """5xx."""


_BY_STATUS: dict[int, type[ApiError]] = {
    400: InvalidError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: GoneError,
    422: InvalidError,
    429: ThrottledError,
}


def from_status(
    status: int, body: Mapping[str, Any], *, secret: bool = False, retry_after: float | None = None
) -> ApiError:
    """The error for an answer; `body` is its `Status` object, or empty when it was not JSON."""
    reason = str(body.get("reason") or "Unknown")
    kind = _BY_STATUS.get(status, ServerError if status >= 500 else ApiError)
    if reason == "AlreadyExists":
        kind = AlreadyExistsError
    elif reason in {"Expired", "Gone"}:
        kind = GoneError
    elif _is_terminating(body):
        kind = TerminatingError
    elif kind is NotFoundError and _is_of_namespace(body):
        kind = NamespaceGoneError
    message = "" if secret else str(body.get("message") or "")
    return kind(status=status, reason=reason, message=message, retry_after=retry_after)


def _is_terminating(body: Mapping[str, Any]) -> bool:
    causes = (body.get("details") or {}).get("causes") or ()
    return any(cause.get("reason") == "NamespaceTerminating" for cause in causes)


def _is_of_namespace(body: Mapping[str, Any]) -> bool:
    return (body.get("details") or {}).get("kind") == "namespaces"
