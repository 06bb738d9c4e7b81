"""Text frames of the native protocol as messages, or as errors that say what is wrong with them."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from parley_contract.codes import ErrorCode
from parley_contract.native import CLIENT_MESSAGE, LATER_CLIENT_MESSAGES, ClientMessage

_KNOWN = frozenset(CLIENT_MESSAGE.json_schema()["discriminator"]["mapping"])
_SHOWN_PROBLEMS = 3
_SHOWN_CHARACTERS = 64


class BadMessageError(Exception):
    """A text frame that is not a message of the protocol. Nothing of its content is in here but its type or id."""

    def __init__(self, code: ErrorCode, message: str, *, ref: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.ref = ref


def parse(text: str) -> ClientMessage:
    """The message in a text frame. Raises BadMessageError."""
    content = _object(text)
    kind = content.get("type")
    if not isinstance(kind, str):
        raise BadMessageError(ErrorCode.INVALID, 'every message needs a "type" that is a string')
    if kind in LATER_CLIENT_MESSAGES:
        raise BadMessageError(ErrorCode.UNSUPPORTED, f"{kind} is not served by this release", ref=kind)
    if kind not in _KNOWN:
        shown = kind[:_SHOWN_CHARACTERS]
        raise BadMessageError(ErrorCode.UNKNOWN_TYPE, f"there is no message of the type {shown!r}", ref=shown)
    return _validated(content, kind)


def _object(text: str) -> dict[str, Any]:
    try:
        content = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise BadMessageError(
            ErrorCode.NOT_JSON, "text frames carry JSON messages; send audio as binary frames"
        ) from None
    if not isinstance(content, dict):
        raise BadMessageError(ErrorCode.NOT_JSON, 'a message is a JSON object with a "type"')
    return content


def _validated(content: dict[str, Any], kind: str) -> ClientMessage:
    try:
        return CLIENT_MESSAGE.validate_python(content)
    except ValidationError as error:
        identifier = content.get("id")
        ref = identifier[:_SHOWN_CHARACTERS] if isinstance(identifier, str) else kind
        raise BadMessageError(ErrorCode.INVALID, f"{kind}: {_explained(error)}", ref=ref) from None


def _explained(error: ValidationError) -> str:
    """Where and what, without the values: they may be what a person said, or a token."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(_said(problem) for problem in problems[:_SHOWN_PROBLEMS])


def _said(problem: ErrorDetails) -> str:
    field = ".".join(str(part) for part in problem["loc"][1:])
    return f'"{field}" is missing' if problem["type"] == "missing" else f'"{field}": {problem["msg"]}'
