"""A conversation and its recording: the caller left, what the caller heard right (G14)."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from parley_client import FEATURES, Audio, Connection, Conversation, Received, connect
from parley_contract.native import AudioFormat, ReplyInterrupted, TextInput
from parley_gateway.audio import mulaw
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.recogniser import DeepgramScript
from tests.emulators.speech import silence, speech_like
from tests.emulators.twilio_phone import calling as telephoning
from tests.gateway.calling import QUESTION, calling, raw
from tests.gateway.recordings.kept import channels, going_on, over, record, sounds, until_over, until_recorded
from tests.gateway.running import TOKEN, Served, Site, process, served

RATE = 16_000
ONE_RATE = AudioFormat(input_rate=RATE, output_rate=RATE)
SPEECH = speech_like(900, rate=RATE)
LONG = "This is a very long answer that goes on and on. " * 10


class Client:
    """One whose audio is the same both ways, and who keeps what comes of each reply."""

    def __init__(self) -> None:
        self.pcm: dict[int, bytes] = {}
        self.interrupted: list[ReplyInterrupted] = []

    @asynccontextmanager
    async def calling(self, gateway: Served) -> AsyncIterator[tuple[Connection, Conversation]]:
        async with (
            connect(gateway.url, token=TOKEN, features=FEATURES, audio=ONE_RATE) as connection,
            Conversation(connection, on_received=self._on_received) as conversation,
        ):
            yield connection, conversation

    def _on_received(self, one: Received) -> None:
        if isinstance(one, Audio):
            self.pcm[one.reply] = self.pcm.get(one.reply, b"") + one.pcm
        elif isinstance(one, ReplyInterrupted):
            self.interrupted.append(one)


async def test_g14_a_conversation_is_recorded_with_every_sample_of_both(site: Site, emulators: Emulators) -> None:
    folder, client = record(site), Client()
    emulators.deepgram.set_script(DeepgramScript(transcripts=["What time is breakfast?"]))
    emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
    async with served(site.config()) as gateway:
        async with client.calling(gateway) as (connection, conversation):
            assert connection.started.recorded
            await conversation.say(QUESTION)
            await connection.end()
        (said,) = await until_over(folder)
        assert await gateway.metric('voice_recordings_total{end="session"}') == 1
    left, right = channels(said["path"])
    assert sounds(left) == sounds(SPEECH)
    assert sounds(right) == sounds(client.pcm[1])
    assert first_sound(right) > first_sound(left) + 0.9, "the answer follows the question"
    assert (said["session"], said["end"], said["complete"]) == (connection.started.session, "session", True)
    assert said["seconds"] == pytest.approx(len(left) / 2 / RATE, abs=0.001)
    assert said["format"]["sampleRate"] == RATE


def first_sound(pcm: bytes) -> float:
    """Seconds of silence before it."""
    return (len(pcm) - len(pcm.lstrip(b"\0"))) // 2 / RATE


async def test_g14_what_a_barge_in_cut_off_is_not_in_it(site: Site, emulators: Emulators) -> None:
    folder, client = record(site), Client()
    emulators.anthropic.set_script(AnthropicScript(replies=[LONG, "Yes?"]))
    async with served(site.config()) as gateway:
        async with client.calling(gateway) as (connection, conversation):
            await connection.send(TextInput(text="tell me everything"))
            await until_recorded(folder, 3)
            await conversation.say(SPEECH)
            await connection.end()
        (said,) = await until_over(folder)
    left, right = channels(said["path"])
    answer = sounds(client.pcm[2])
    heard = sounds(right).removesuffix(answer)
    (cut,) = client.interrupted
    assert sounds(left) == sounds(SPEECH)
    assert len(heard) == len(sounds(right)) - len(answer), "the answer to the interruption is whole"
    assert sounds(client.pcm[1]).startswith(heard)
    expected = sounds(client.pcm[1][: cut.heard_ms * RATE // 1000 * 2])
    assert len(heard) / 2 / RATE == pytest.approx(len(expected) / 2 / RATE, abs=0.12)


async def test_g14_the_caller_and_the_agent_may_have_other_rates(site: Site) -> None:
    folder = record(site)
    async with served(site.config()) as gateway:
        async with calling(gateway) as (_, conversation):
            turn = await conversation.type("hello")
        (said,) = await until_over(folder)
    _, right = channels(said["path"])
    assert said["format"]["sampleRate"] == RATE
    expected = len(sounds(bytes(turn.pcm))) / 2 / 24_000
    assert len(sounds(right)) / 2 / RATE == pytest.approx(expected, abs=0.2)


async def test_g14_a_muted_microphone_is_silence(site: Site) -> None:
    folder = record(site)
    async with served(site.config()) as gateway, raw(gateway) as client:
        await client.send('{"type":"session.start"}')
        assert (await client.until("session.started"))["recorded"] is True
        await client.send(SPEECH, '{"type":"input.mute"}', SPEECH, '{"type":"session.end"}')
        await client.until_closed()
        (said,) = await until_over(folder)
    left, _ = channels(said["path"])
    assert sounds(left) == sounds(SPEECH)


async def test_g14_a_telephone_call_is_recorded_as_it_was_heard(site: Site, emulators: Emulators) -> None:
    folder = record(site)
    site.settings["protocols"] = [{"name": "Twilio", "paths": ["/v1/twilio"]}]
    emulators.anthropic.set_script(AnthropicScript(replies=[LONG, "Yes?"]))
    question = mulaw.encode(speech_like(900, rate=8_000) + silence(200, rate=8_000))
    async with served(site.config()) as gateway:
        async with telephoning(f"ws://127.0.0.1:{gateway.port}/v1/twilio", token=TOKEN) as call:
            call.speak(question)
            await call.until_heard(2 * 8_000)
            call.speak(question)
            await call.until(lambda: call.clears > 0)
            first = bytes(call.playback.heard)
            await call.until(lambda: len(call.playback.heard) > len(first) and call.playback.empty)
            await call.hang_up()
            await call.until_closed()
        (said,) = await until_over(folder)
    left, right = channels(said["path"])
    assert said["format"]["sampleRate"] == 8_000
    assert sounds(left) == sounds(mulaw.decode(question) * 2)
    assert call.playback.dropped > 0
    assert loud(mulaw.encode(right)).startswith(loud(first)[:8_000])
    heard = loud(bytes(call.playback.heard))
    assert len(loud(mulaw.encode(right))) == pytest.approx(len(heard), abs=0.5 * 8_000)


def loud(words: bytes) -> bytes:
    """µ-law without its silence."""
    return words.replace(b"\xff", b"")


async def test_g14_nothing_is_recorded_unless_that_is_said(site: Site) -> None:
    async with served(site.config()) as gateway:
        async with raw(gateway) as client:
            await client.send('{"type":"session.start"}')
            assert (await client.until("session.started"))["recorded"] is False
        assert "recordings" not in (await gateway.get("/health")).json()["dependencies"]
        assert "voice_recordings" not in (await gateway.get("/metrics")).text
    assert list(site.folder.rglob("*.wav")) == []


async def test_g14_a_session_is_recorded_for_so_long_and_talks_on(site: Site) -> None:
    folder = record(site, longest=1.0)
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        (said,) = await until_over(folder)
        assert (await conversation.type("and now?")).status == "completed"
        assert await gateway.metric('voice_recordings_total{end="duration"}') == 1
    assert (said["end"], said["complete"]) == ("duration", False)
    assert 1.0 <= said["seconds"] < 5.0


async def test_g14_a_drained_session_is_recorded_to_its_end(site: Site) -> None:
    folder = record(site)
    async with process(site.write_config()) as (running, gateway):
        async with calling(gateway) as (connection, conversation):
            await conversation.type("hello")
            running.signal(signal.SIGTERM)
            await running.logged("draining")
            turn = await conversation.say(QUESTION)
            assert turn.status == "completed"
            await connection.end()
        assert await running.exit_status() == 0
    (said,) = over(folder)
    assert said["complete"]
    assert sounds(channels(said["path"])[0]) == sounds(SPEECH)


async def test_g14_a_process_that_is_killed_leaves_a_file_that_can_be_read(site: Site) -> None:
    folder = record(site)
    async with process(site.write_config()) as (running, gateway), calling(gateway) as (_, conversation):
        assert (await conversation.say(QUESTION)).status == "completed"
        path = await until_recorded(folder, 3)
        running.signal(signal.SIGKILL)
        assert await running.exit_status() == -signal.SIGKILL
    left, right = channels(path)
    assert sounds(left) == sounds(SPEECH)
    assert sounds(right)
    assert [said["audio"] for said in going_on(folder)] == [path.name]
    assert over(folder) == []
