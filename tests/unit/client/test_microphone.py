"""The microphone sends all the time, and knows when the last sound left."""

from __future__ import annotations

import asyncio

from parley_client.microphone import Microphone
from tests.emulators.speech import silence, speech_like

RATE = 16_000


async def test_a_recording_is_sent_whole_between_silence() -> None:
    sent: list[bytes] = []

    async def send(pcm: bytes) -> None:
        sent.append(pcm)

    microphone = Microphone(send, rate=RATE)
    running = asyncio.create_task(microphone.run())
    recording = speech_like(110, rate=RATE)
    microphone.play(recording)
    await microphone.said()
    running.cancel()
    await asyncio.wait({running})
    assert b"".join(sent).strip(b"\0") == recording.strip(b"\0")
    assert {len(frame) for frame in sent} == {640}


async def test_the_end_of_speech_is_not_the_end_of_the_recording() -> None:
    frames = 0

    async def send(_: bytes) -> None:
        nonlocal frames
        frames += 1

    microphone = Microphone(send, rate=RATE)
    running = asyncio.create_task(microphone.run())
    microphone.play(speech_like(100, rate=RATE) + silence(300, rate=RATE))
    await microphone.said()
    ended = asyncio.get_running_loop().time()
    running.cancel()
    await asyncio.wait({running})
    assert 0 < microphone.speech_ended_at < ended
    assert frames >= 20
