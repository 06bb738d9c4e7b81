"""Recordings as others read them: with the standard library's `wave`, and the JSON beside them."""

from __future__ import annotations

import asyncio
import json
import wave
from array import array
from pathlib import Path
from typing import Any

from tests.gateway.running import Site


def record(site: Site, **settings: Any) -> Path:
    """Have a gateway record its sessions; where."""
    folder = site.folder / "recordings"
    folder.mkdir(exist_ok=True)
    site.settings["recordings"] = {"folder": str(folder), **settings}
    return folder


def channels(path: Path) -> tuple[bytes, bytes]:
    """Left and right, s16le."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth()) == (2, 2)
        frames = file.readframes(file.getnframes())
    left, right = (memoryview(frames).cast("h")[channel::2].tobytes() for channel in (0, 1))
    return left, right


def over(folder: Path) -> list[dict[str, Any]]:
    """What is said of those that are over."""
    files = [path for path in folder.glob("*/*/*.json") if not path.name.endswith(".recording.json")]
    return [json.loads(path.read_text()) | {"path": path.with_suffix(".wav")} for path in sorted(files)]


def going_on(folder: Path) -> list[dict[str, Any]]:
    """What is said of those that are not."""
    return [json.loads(path.read_text()) for path in folder.glob("*/*/*.recording.json")]


async def until_over(folder: Path, number: int = 1) -> list[dict[str, Any]]:
    """What is said of those that are over, once there are so many."""
    async with asyncio.timeout(30):
        while True:
            if len(found := over(folder)) >= number:
                return found
            await asyncio.sleep(0.05)


async def until_recorded(folder: Path, seconds: float) -> Path:
    """The file of a session, once it says that it has so much."""
    async with asyncio.timeout(30):
        while True:
            if long_enough := [path for path in _audio(folder) if _seconds(path) >= seconds]:
                return long_enough[0]
            await asyncio.sleep(0.05)


def _audio(folder: Path) -> list[Path]:
    return list(folder.glob("*/*/*.wav"))


def _seconds(path: Path) -> float:
    with wave.open(str(path)) as file:
        return float(file.getnframes() / file.getframerate())


def sounds(pcm: bytes) -> bytes:
    """Without its silence: where a machine is so busy that there is a gap, there is one in the recording, too."""
    return array("h", (sample for sample in array("h", pcm) if sample)).tobytes()
