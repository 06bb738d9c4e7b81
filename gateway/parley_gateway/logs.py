"""Structured logs: one JSON object a line in a pod, plain lines on a laptop. Messages are static, fields vary."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from parley_contract.base import LogLevel

logger = logging.getLogger(__name__)

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


def configure(*, level: LogLevel, human: bool) -> None:
    """Send all logs of the process to standard error in one shape."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(HumanFormatter() if human else JsonFormatter())
    logging.basicConfig(handlers=[handler], force=True)
    set_level(level)


def set_level(level: LogLevel) -> None:
    """From now on, nothing less severe is logged.

    `level` is that of our own. Libraries log requests at INFO, with the query strings that may hold a token, and
    at DEBUG what people said: of them only warnings are logged, whatever the level.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(max(number, logging.WARNING))
    logging.getLogger("parley_gateway").setLevel(number)


def on_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The event loop's last resort; its own handler would quote the error's message."""
    error = context.get("exception")
    logger.error(
        "something failed with nobody waiting for it",
        extra={"what": context.get("message"), "error": where(error) if error else None},
    )


def where(error: BaseException) -> str:
    """Type and place of an error, without its message: that might quote what a person said."""
    frames = traceback.extract_tb(error.__traceback__)
    place = " < ".join(f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in reversed(frames[-4:]))
    return f"{type(error).__name__} at {place}" if place else type(error).__name__


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    if record.exc_info and record.exc_info[1]:
        fields["error"] = where(record.exc_info[1])
    return fields


class JsonFormatter(logging.Formatter):
    """What a log collector reads."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, then the fields."""
        content = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        return json.dumps(content, default=str, ensure_ascii=False)


class HumanFormatter(logging.Formatter):
    """What a person at a terminal reads."""

    def format(self, record: logging.LogRecord) -> str:
        """Time of day, level, message, then the fields."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = " ".join(f"{key}={value}" for key, value in _fields(record).items())
        return f"{time} {record.levelname.lower():7} {record.getMessage()}{'  ' + fields if fields else ''}"
