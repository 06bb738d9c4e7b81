"""Cartesia's own SDK speaks to the emulator: what the emulator says is what the SDK's models of the API take."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from cartesia import AsyncCartesia
from cartesia.types.websocket_response import Chunk, Done, Error, FlushDone, Timestamps

from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault, Pace
from tests.emulators.fixtures import API_KEY
from tests.gateway.providers import voices
from tests.gateway.providers.conformance_tts import speech
from tests.gateway.providers.network import Network, open_provider

TEXTS = ("Hello there.", "How are you?")


@pytest_asyncio.fixture
async def connection(emulators: Emulators) -> AsyncIterator[Any]:
    """An open WebSocket of the SDK's."""
    websocket_url = emulators.url.replace("http:", "ws:")
    client = AsyncCartesia(api_key=API_KEY, base_url=emulators.url, websocket_base_url=websocket_url)
    async with client, client.tts.websocket_connect() as opened:
        yield opened


def context(connection: Any) -> Any:
    return connection.context(
        model_id="sonic-3",
        voice={"mode": "id", "id": "a0e99841"},
        language="en",
        output_format={"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24_000},
        add_timestamps=True,
        max_buffer_delay_ms=0,
    )


async def test_the_sdk_understands_all_that_is_said(connection: Any, emulators: Emulators) -> None:
    speaking = context(connection)
    for text in TEXTS:
        await speaking.push(f"{text} ")
        await speaking.push("", flush=True)
    await speaking.no_more_inputs()
    heard = [message async for message in speaking.receive()]
    assert {type(message) for message in heard} == {Chunk, Timestamps, FlushDone, Done}
    audio, words = b"", list[str]()
    for message in heard:
        if isinstance(message, Chunk):
            audio += message.audio or b""
        elif isinstance(message, Timestamps) and message.word_timestamps:
            words += message.word_timestamps.words
    assert audio == b"".join(emulators.cartesia.audio_of(text) for text in TEXTS)
    assert words == " ".join(TEXTS).split()


async def test_the_sdk_cancels(connection: Any, emulators: Emulators) -> None:
    emulators.cartesia.set_script(emulators.cartesia.script.model_copy(update={"pace": Pace(between_ms=5)}))
    speaking = context(connection)
    await speaking.push("This takes its time to be said. " * 5)
    async for _ in speaking.receive():
        await speaking.cancel()
        break
    await emulators.journal.until(lambda _: emulators.cartesia.spoken[0].outcome == "client_gone")


async def test_the_sdk_is_told_of_errors(connection: Any, emulators: Emulators) -> None:
    fault = Fault(kind="error_event", status=500, error_type="internal")
    emulators.cartesia.set_script(emulators.cartesia.script.model_copy(update={"faults": [fault]}))
    speaking = context(connection)
    await speaking.push("Hello. ")
    (error,) = [message async for message in speaking.receive()]
    assert isinstance(error, Error)
    assert (error.status_code, error.error_code) == (500, "internal")


@pytest.mark.parametrize("text", TEXTS)
async def test_g02_ours_asks_as_the_sdk_does(
    connection: Any, emulators: Emulators, network: Network, text: str
) -> None:
    speaking = context(connection)
    await speaking.push(f"{text} ")
    await speaking.no_more_inputs()
    assert [message async for message in speaking.receive()]
    async with open_provider(voices.cartesia(network)) as tts:
        await speech(tts, text)
    theirs, ours = (entry.body for entry in emulators.cartesia.spoken)
    assert ours["texts"] == theirs["texts"]
    assert ours["settings"] | {"context_id": ""} == theirs["settings"] | {"context_id": ""}
    assert len({entry.key for entry in emulators.journal.entries}) == 1
