"""What goes wrong is logged by its kind and place, never with what a person said."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Iterator
from typing import NoReturn

import pytest

from parley_gateway.logs import HumanFormatter, JsonFormatter, configure, on_loop_error


def fail() -> NoReturn:
    raise ValueError("my account number is 4711")


def record(**extra: object) -> logging.LogRecord:
    try:
        fail()
    except ValueError as error:
        made = logging.LogRecord(
            "parley", logging.ERROR, __file__, 1, "it failed", None, (type(error), error, None)
        )
        made.exc_info = (type(error), error, error.__traceback__)
        made.__dict__.update(extra)
        return made


def test_a_line_is_one_json_object_with_its_fields() -> None:
    line = JsonFormatter().format(record(session="s1"))
    entry = json.loads(line)
    assert "\n" not in line
    assert (entry["message"], entry["level"], entry["session"]) == ("it failed", "error", "s1")


@pytest.mark.parametrize("formatter", [JsonFormatter(), HumanFormatter()])
def test_an_error_is_named_with_its_place_and_without_its_message(formatter: logging.Formatter) -> None:
    line = formatter.format(record())
    assert "ValueError at test_logs.py:" in line
    assert "4711" not in line


@pytest.fixture
def restored() -> Iterator[None]:
    """The loggers as pytest wants them."""
    root, ours = logging.getLogger(), logging.getLogger("parley_gateway")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], level, our_level = before
    root.setLevel(level)
    ours.setLevel(our_level)


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize("library", ["httpx2", "httpcore2", "anthropic", "openai", "google_genai", "mcp.client"])
def test_what_libraries_say_of_requests_is_not_logged_at_any_level(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(level="Debug", human=False)
    logging.getLogger(library).info("POST https://provider/?people=4711")
    logging.getLogger(library).debug("Request options: 4711")
    logging.getLogger("parley_gateway.session").debug("ours")
    logging.getLogger(library).warning("a warning")
    logged = [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()]
    assert logged == ["ours", "a warning"]


async def test_a_task_that_nobody_waits_for_quotes_nobody(caplog: pytest.LogCaptureFixture) -> None:
    async def failing() -> None:
        fail()

    asyncio.get_running_loop().set_exception_handler(on_loop_error)
    task = asyncio.create_task(failing())
    await asyncio.wait({task})
    del task
    gc.collect()
    (entry,) = caplog.records
    assert "4711" not in JsonFormatter().format(entry)
    assert "ValueError at test_logs.py:" in JsonFormatter().format(entry)
