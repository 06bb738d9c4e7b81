"""O10: logs are JSON, a line each, and tell of an error what cannot be a secret."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from parley_operator.runtime.logging import JsonFormatter

SECRET = "sk-live-0123456789"


def logged(error: BaseException, **fields: object) -> dict[str, Any]:
    info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("parley_operator", logging.ERROR, __file__, 1, "it failed", (), info)
    vars(record).update(fields)
    text = JsonFormatter().format(record)
    assert "\n" not in text
    line: dict[str, Any] = json.loads(text)
    return line


def choke() -> None:
    try:
        int(SECRET)
    except ValueError as error:
        raise RuntimeError(f"cannot use {SECRET}") from error


def caught() -> RuntimeError:
    with pytest.raises(RuntimeError) as found:
        choke()
    return found.value


def test_o10_a_line_has_a_time_a_level_and_its_fields() -> None:
    line = logged(caught(), resource="receptionist")
    assert line["level"] == "error"
    assert line["message"] == "it failed"
    assert line["resource"] == "receptionist"
    assert line["time"].endswith("+00:00")


def test_o10_of_an_error_that_nobody_foresaw_the_place_is_told_and_not_what_it_choked_on() -> None:
    trace = logged(caught())["exception"]
    assert SECRET not in trace
    assert "in choke" in trace
    assert trace.index("builtins.ValueError") < trace.index("builtins.RuntimeError")


def test_o10_of_a_group_every_member_is_told() -> None:
    trace = logged(ExceptionGroup(SECRET, [caught(), KeyError(SECRET)]))["exception"]
    assert SECRET not in trace
    for name in ("ValueError", "RuntimeError", "KeyError", "ExceptionGroup"):
        assert f"builtins.{name}\n" in trace
