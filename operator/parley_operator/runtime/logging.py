"""Structured logs: one JSON object a line, static messages with fields, nothing that is secret.

kopf's messages carry URLs and object names, and at debug level whole objects: it is kept at warnings and above.
Of an exception the type and the place are told: the message of one that nobody foresaw may quote a secret.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_KOPF_FIELDS = frozenset({"k8s_ref", "k8s_skip", "settings"})
_UNTOLD = _STANDARD | _KOPF_FIELDS


class JsonFormatter(logging.Formatter):
    """A record as JSON: time, level, logger, message, and whatever fields were passed as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, without a line break."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name not in _UNTOLD}
        if record.exc_info:
            line["exception"] = _traced(record.exc_info[1])
        return json.dumps(line, default=str)


def _traced(error: BaseException | None) -> str:
    """Where it was raised and by what, the deepest cause first; for a group, each of its members."""
    if error is None:
        return ""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    members = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    parts = [_traced(before), *map(_traced, members), *traceback.format_tb(error.__traceback__)]
    return "".join([*parts, f"{type(error).__module__}.{type(error).__qualname__}\n"])


def configure_logging(level: str) -> None:
    """Send everything to standard error; `level` is Debug, Info, Warning or Error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("kopf", "aiohttp.access", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
