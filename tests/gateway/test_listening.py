"""How a session hears its caller: detectors of speech, turns that end by silence, and one model for all."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from parley_client import FEATURES, Audio, Conversation, Received, connect
from parley_client.conversation import Turn
from parley_client.microphone import Microphone
from parley_contract.native import ReplyPaused, SpeechStoppedMessage, TextInput
from parley_gateway.audio.formats import bytes_to_ms
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.openai_transcription import TranscriptionScript
from tests.emulators.recogniser import DeepgramScript
from tests.gateway.calling import calling
from tests.gateway.running import TOKEN, Site, served
from tests.recordings import RATE, recording

DETECTORS = ["Energy", "Silero"]
PERSON = recording("ten-of-clubs")
ROOM = np.random.default_rng(1).normal(0, 30, RATE // 2).astype("<i2").tobytes()


def hum(seconds: float) -> bytes:
    """Loud, and not a person: an engine, or a hair dryer."""
    time = np.arange(int(seconds * RATE)) / RATE
    return (6_000 * np.sin(2 * np.pi * 300 * time)).astype("<i2").tobytes()


def of_utterances(site: Site, emulators: Emulators, **turn_taking: object) -> None:
    """Recognition by a Whisper server, which knows neither when speech begins nor when a turn is over."""
    pipeline = site.content()["pipeline"]
    address = f"{emulators.url}/compatible/v1"
    pipeline["stt"] = {"provider": "OpenAICompatible", "model": "whisper", "base_url": address}
    site.settings |= {"pipeline": pipeline, "turn_taking": turn_taking}


async def said(site: Site, *recordings: bytes) -> list[Turn]:
    """The turns of one call."""
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        return [await conversation.say(ROOM + pcm) for pcm in recordings]


@pytest.mark.parametrize("detector", ["Provider", "Silero"])
async def test_g04_silence_ends_a_turn_where_the_recogniser_cannot(
    site: Site, emulators: Emulators, detector: str
) -> None:
    of_utterances(site, emulators, voice_activity=detector)
    emulators.compatible_transcription.set_script(
        TranscriptionScript(transcripts=["The ten of clubs.", "Seven of clubs."])
    )
    emulators.anthropic.set_script(AnthropicScript(replies=["Good.", "Fine."]))
    first, second = await said(site, PERSON, recording("seven-of-clubs"))
    assert (first.transcript, first.answer) == ("The ten of clubs.", "Good.")
    assert (second.transcript, second.answer) == ("Seven of clubs.", "Fine.")
    assert first.pcm
    assert second.pcm
    asked = emulators.journal.of("/compatible/v1/audio/transcriptions")
    assert len(emulators.journal.of("/v1/messages")) == 2
    assert len(asked) == 2
    for entry, pcm in zip(asked, (PERSON, recording("seven-of-clubs")), strict=True):
        assert len(pcm) / 32 - 400 <= entry.body["audio"]["ms"] <= len(pcm) / 32 + 900


async def test_g04_a_sentence_that_is_not_complete_is_waited_for(site: Site, emulators: Emulators) -> None:
    of_utterances(site, emulators, voice_activity="Silero", end_of_turn="Semantic", incomplete_silence=20)
    emulators.compatible_transcription.set_script(
        TranscriptionScript(transcripts=["I would like to book a table for", "two people, please."])
    )
    pause = np.random.default_rng(2).normal(0, 30, RATE).astype("<i2").tobytes()
    (turn,) = await said(site, PERSON + pause + recording("seven-of-clubs"))
    assert turn.transcript == "I would like to book a table for two people, please."


@pytest.mark.parametrize("detector", DETECTORS)
async def test_g04_silence_ends_turns_although_the_recogniser_would(
    site: Site, emulators: Emulators, detector: str
) -> None:
    """A recogniser that never says that a turn is over, as in noise."""
    site.settings |= {"turn_taking": {"voice_activity": detector, "end_of_turn": "Silence"}}
    emulators.deepgram.set_script(
        DeepgramScript(transcripts=["ten of clubs"], speech_final=False, utterance_end=False)
    )
    emulators.anthropic.set_script(AnthropicScript(replies=["Good."]))
    (turn,) = await said(site, PERSON)
    assert (turn.transcript, turn.answer) == ("ten of clubs", "Good.")


@pytest.mark.parametrize(("detector", "heard"), [("Energy", ["hum", "person"]), ("Silero", ["person"])])
async def test_g04_the_agent_pauses_for_whom_the_detector_hears(
    site: Site, emulators: Emulators, detector: str, heard: list[str]
) -> None:
    """The recogniser notices nothing: who interrupts is heard by the detector alone."""
    site.settings |= {"turn_taking": {"voice_activity": detector}}
    emulators.deepgram.set_script(DeepgramScript(loudness=32_000))
    emulators.anthropic.set_script(AnthropicScript(replies=["This is a very long answer. " * 40]))
    before = ROOM + hum(1.0) + ROOM
    person_at_ms = bytes_to_ms(len(before), RATE)
    received: list[Received] = []
    talking, noticed = asyncio.Event(), asyncio.Event()

    def on_received(one: Received) -> None:
        received.append(one)
        if isinstance(one, Audio):
            talking.set()
        if isinstance(one, SpeechStoppedMessage) and one.audio_ms > person_at_ms:
            noticed.set()

    async with (
        asyncio.timeout(60),
        served(site.config()) as gateway,
        connect(gateway.url, token=TOKEN, features=FEATURES) as connection,
        Conversation(connection, on_received=on_received, microphone=False),
    ):
        await connection.send(TextInput(text="tell me everything"))
        await talking.wait()
        microphone = Microphone(connection.send_audio, rate=RATE)
        microphone.play(before + PERSON)
        speaking = asyncio.create_task(microphone.run())
        await noticed.wait()
        speaking.cancel()
    stopped = [one.audio_ms for one in received if isinstance(one, SpeechStoppedMessage)]
    assert ["hum" if at < person_at_ms else "person" for at in stopped] == heard
    assert any(isinstance(one, ReplyPaused) for one in received)


async def test_g04_all_callers_share_one_model(site: Site, emulators: Emulators) -> None:
    of_utterances(site, emulators, voice_activity="Silero")
    emulators.compatible_transcription.set_script(TranscriptionScript(transcripts=["The ten of clubs."]))

    async def call() -> str:
        async with calling(gateway) as (_, conversation):
            return (await conversation.say(ROOM + PERSON)).transcript

    async with served(site.config()) as gateway:
        assert await asyncio.gather(*(call() for _ in range(3))) == ["The ten of clubs."] * 3
        assert [thread.name for thread in threading.enumerate()].count("silero") == 1
    assert "silero" not in [thread.name for thread in threading.enumerate()]
