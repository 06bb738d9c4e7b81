"""Why a connection is refused or closed, in numbers and words: one vocabulary for all client protocols."""

from __future__ import annotations

from enum import IntEnum, StrEnum

START_DEADLINE_S = 5.0
"""How long a client may take between the handshake and its first message."""


class CloseCode(IntEnum):
    """WebSocket close codes; 4400 and up are ours."""

    NORMAL = 1000
    TOO_BIG = 1009
    MALFORMED = 4400
    UNAUTHENTICATED = 4401
    ORIGIN = 4403
    START_DEADLINE = 4408
    RATE = 4413
    TOO_SLOW = 4414
    IDLE = 4420
    DURATION = 4421
    BUDGET = 4422
    USER_CAP = 4423
    POD_CAP = 4424
    INTERNAL = 4500
    PROVIDERS = 4502
    DRAINING = 4503


class ErrorCode(StrEnum):
    """The `code` of an `error`. A client should expect codes that it does not know."""

    NOT_JSON = "not_json"
    INVALID = "invalid"
    UNKNOWN_TYPE = "unknown_type"
    UNSUPPORTED = "unsupported"
    NOT_STARTED = "not_started"
    ALREADY_STARTED = "already_started"
    START_DEADLINE = "start_deadline"
    TOO_BIG = "too_big"
    RATE = "rate"
    UNAUTHENTICATED = "unauthenticated"
    ORIGIN = "origin"
    USER_CAP = "user_cap"
    BUDGET = "budget"
    POD_CAP = "pod_cap"
    DRAINING = "draining"
    INTERNAL = "internal"
