"""A profile that is begun, forgotten, or has nowhere to go (G14)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from parley_gateway.telemetry import profiles as module
from parley_gateway.telemetry.profiler import Profiler
from parley_gateway.telemetry.profiles import Profiles


def written(folder: Path) -> int:
    return len([*folder.iterdir()])


def busy(profiler: Profiler) -> None:
    """Use the processor until it has been seen."""
    while not profiler.samples:
        sum(range(1000))


def test_a_stack_is_a_line_from_the_outside_to_the_inside() -> None:
    profiler = Profiler()
    profiler.start()
    busy(profiler)
    lines = profiler.stop().splitlines()
    assert any("test_a_stack_is_a_line_from_the_outside_to_the_inside" in line for line in lines)
    seen = next(line for line in lines if "busy (test_profiles.py:" in line)
    assert seen.index("test_a_stack_is_a_line") < seen.index("busy (")


def test_a_second_profile_knows_nothing_of_the_first() -> None:
    profiler = Profiler()
    profiler.start()
    busy(profiler)
    profiler.stop()
    profiler.start()
    assert profiler.stop().count("\n") <= 1


def test_stacks_beyond_the_bound_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley_gateway.telemetry.profiler._MOST_STACKS", 0)
    profiler = Profiler()
    profiler.start()
    busy(profiler)
    assert profiler.stop().startswith("(other stacks) ")


async def test_one_that_was_forgotten_ends_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_S", 0.0)
    profiles = Profiles(tmp_path)
    profiles.toggle()
    while profiles.running:  # noqa: ASYNC110 - until the loop's next turn
        await asyncio.sleep(0)
    await profiles.aclose()
    assert written(tmp_path) == 1


async def test_where_profiles_are_not_enabled_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    profiles = Profiles(None)
    profiles.toggle()
    await profiles.aclose()
    assert "not enabled" in caplog.text


async def test_a_folder_that_is_gone_is_said_and_raises_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    profiles = Profiles(tmp_path / "gone")
    profiles.toggle()
    await profiles.aclose()
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.__dict__["problem"] == "No such file or directory"
