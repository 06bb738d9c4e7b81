"""The profiling switch, thrown as an operator throws it: by a signal to the process (G14)."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest

from tests.gateway.calling import QUESTION, calling
from tests.gateway.running import Site, process

LINE = re.compile(r"[^;]+ \([^:]+:\d+\)(;[^;]+ \([^:]+:\d+\))* [1-9]\d*|\(other stacks\) \d+")


@pytest.fixture
def folder(site: Site) -> Path:
    """Mounted, as a pod's is."""
    folder = site.folder / "profiles"
    folder.mkdir()
    site.settings["observability"] = {"profiles": str(folder)}
    return folder


def profiles(folder: Path) -> list[list[str]]:
    """Their lines, the oldest first."""
    return [file.read_text().splitlines() for file in sorted(folder.iterdir())]


def samples(lines: list[str]) -> int:
    return sum(int(line.rpartition(" ")[2]) for line in lines)


async def test_g14_one_signal_begins_a_profile_the_next_one_writes_it_and_the_end_writes_what_has_begun(
    site: Site, folder: Path
) -> None:
    async with process(site.write_config()) as (running, gateway):
        running.signal(signal.SIGUSR1)
        await running.logged("profile begun")
        async with calling(gateway) as (_, conversation):
            assert (await conversation.say(QUESTION)).status == "completed"
        running.signal(signal.SIGUSR1)
        written = await running.logged("profile written")
        (lines,) = profiles(folder)
        running.signal(signal.SIGUSR1)
        running.signal(signal.SIGTERM)
        assert await running.exit_status() == 0
    assert written["samples"] == samples(lines) > 0
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert any("_run (__main__.py:" in line for line in lines), "it is the serving that is seen"
    assert len(profiles(folder)) == 2
