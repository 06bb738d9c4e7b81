"""Disks that are full, broken, slow or not there: recordings suffer, conversations do not (G14)."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from typing import Any

import pytest

from parley_gateway.recordings import recording
from parley_gateway.recordings.folder import Folder
from tests.gateway.calling import QUESTION, calling
from tests.gateway.recordings.kept import channels, record, until_over
from tests.gateway.running import Served, Site, served


async def health(gateway: Served) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.get("/health")).json()["dependencies"]["recordings"]
    return found


async def until(gateway: Served, status: str) -> dict[str, Any]:
    """What /health says of recordings, once it says this."""
    async with asyncio.timeout(30):
        while True:
            if (found := await health(gateway))["status"] == status:
                return found
            await asyncio.sleep(0.05)


async def test_g14_without_free_space_nothing_is_recorded_and_everybody_is_answered(site: Site) -> None:
    folder = record(site, min_free=2**62)
    async with served(site.config()) as gateway:
        assert "are free" in (await until(gateway, "failing"))["problem"]
        async with calling(gateway) as (connection, conversation):
            assert not connection.started.recorded
            assert (await conversation.say(QUESTION)).status == "completed"
        assert await gateway.metric('voice_recordings_total{end="not_begun"}') == 1
        assert (await gateway.get("/readiness")).status_code == 200
    assert list(folder.rglob("*.wav")) == []


async def test_g14_a_folder_that_is_full_ends_the_recording_and_not_the_conversation(site: Site) -> None:
    folder = record(site, most=100_000)
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        (said,) = await until_over(folder)
        assert (said["end"], said["complete"]) == ("no_room", False)
        assert (await conversation.say(QUESTION)).status == "completed"
        assert "nearly as large" in (await health(gateway))["problem"]
        assert await gateway.metric('voice_recordings_total{end="no_room"}') == 1
    assert len(channels(said["path"])[0]) / 2 / 16_000 == pytest.approx(said["seconds"], abs=0.001)


@pytest.mark.parametrize(("code", "end"), [(errno.ENOSPC, "no_room"), (errno.EIO, "disk")])
async def test_g14_a_disk_that_refuses_ends_the_recording_and_not_the_conversation(
    site: Site, monkeypatch: pytest.MonkeyPatch, code: int, end: str
) -> None:
    """As a file system refuses, at the one place where samples are written."""
    folder = record(site)
    real, left = os.pwrite, [40_000]

    def pwrite(file: int, data: bytes | memoryview, place: int) -> int:
        if place > 0:
            left[0] -= len(data)
        if left[0] < 0:
            raise OSError(code, os.strerror(code))
        return real(file, data, place)

    monkeypatch.setattr(os, "pwrite", pwrite)
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        (said,) = await until_over(folder)
        assert said["end"] == end
        assert (await conversation.say(QUESTION)).status == "completed"
        assert await gateway.metric(f'voice_recordings_total{{end="{end}"}}') == 1
        assert await gateway.metric("voice_recordings_active") == 0
    assert len(channels(said["path"])[0]) / 2 / 16_000 == pytest.approx(said["seconds"], abs=0.001)


async def test_g14_a_disk_that_hangs_costs_bounded_memory_and_nobody_waits_for_it(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = record(site)
    monkeypatch.setattr(recording, "MOST_WAITING_S", 1.0)
    hanging, begin = threading.Event(), Folder.begin

    def slow(self: Folder, about: Any) -> Any:
        assert hanging.wait(60)
        return begin(self, about)

    monkeypatch.setattr(Folder, "begin", slow)
    async with served(site.config()) as gateway:
        try:
            async with calling(gateway) as (_, conversation):
                assert (await conversation.say(QUESTION)).status == "completed"
                assert (await conversation.say(QUESTION)).status == "completed"
        finally:
            hanging.set()
        (said,) = await until_over(folder)
        assert await gateway.metric('voice_recordings_total{end="slow"}') == 1
    assert said["end"] == "slow"


async def test_g14_a_folder_that_is_not_there_is_no_reason_not_to_answer(site: Site) -> None:
    folder = record(site)
    folder.rmdir()
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        assert (await until(gateway, "failing"))["problem"] == os.strerror(errno.ENOENT)
        assert (await conversation.say(QUESTION)).status == "completed"
        folder.mkdir()
        await until(gateway, "ok")
        async with calling(gateway) as (connection, _):
            assert connection.started.recorded
        assert (await until_over(folder))[0]["complete"]
