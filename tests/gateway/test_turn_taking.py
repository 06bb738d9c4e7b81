"""What a caller does while the agent speaks, or when nobody does, through the real server (G4, G6)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from parley_client import FEATURES, Audio, Conversation, Received, connect
from parley_contract.agent import Phrases
from parley_contract.native import (
    ReplyEnded,
    ReplyInterrupted,
    ReplyPaused,
    ReplyResumed,
    TextInput,
    Transcript,
)
from parley_gateway.audio import mulaw
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.recogniser import DeepgramScript
from tests.emulators.speech import silence, speech_like
from tests.emulators.twilio_phone import calling as telephone
from tests.gateway.calling import raw
from tests.gateway.running import TOKEN, Served, Site, served

OFFER = ["I can offer you a table on Tuesday at seven.", "There is also one by the window on Friday."]
ON_THE_WAY_MS = 1500
"""The agent is in the middle of its first sentence, at "a table"."""
PHONE_RATE = 8_000


@dataclass
class Listener:
    """Everything that comes, until the agent's first reply is over."""

    received: list[Received] = field(default_factory=list)
    speaking: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    understood: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, one: Received) -> None:
        self.received.append(one)
        if isinstance(one, Audio) and one.offset_ms >= ON_THE_WAY_MS:
            self.speaking.set()
        elif isinstance(one, ReplyEnded):
            self.over.set()
        elif isinstance(one, Transcript) and one.final:
            self.understood.set()

    def count(self, kind: type) -> int:
        return sum(isinstance(one, kind) for one in self.received)


@pytest.fixture
def offering(emulators: Emulators) -> Emulators:
    """The model answers what it is asked at first with an offer."""
    emulators.anthropic.set_script(AnthropicScript(replies=[" ".join(OFFER), "Yes?"]))
    return emulators


def offer(emulators: Emulators) -> bytes:
    """Its speech."""
    return b"".join(emulators.openai_speech.audio_of(sentence) for sentence in OFFER)


async def hears_a_sound(gateway: Served, listener: Listener, *, as_a_turn: bool) -> None:
    """The agent offers; the caller makes a sound meanwhile, and listens to the end."""
    async with (
        asyncio.timeout(40),
        connect(gateway.url, token=TOKEN, features=FEATURES) as connection,
        Conversation(connection, on_received=listener.take) as conversation,
    ):
        await connection.send(TextInput(text="what do you have?"))
        await listener.speaking.wait()
        sounding = asyncio.create_task(conversation.say(speech_like(600, rate=16_000)))
        await listener.over.wait()
        if as_a_turn:
            await listener.understood.wait()
        sounding.cancel()
        await asyncio.wait({sounding})


@pytest.mark.parametrize(
    ("heard", "as_a_turn"),
    [("mhm", True), ("", False), ("you a table on", False)],
    ids=["a backchannel", "a noise", "its own echo"],
)
async def test_g04_what_is_no_interruption_holds_the_agent_and_costs_the_caller_no_sample(
    gateway: Served, offering: Emulators, heard: str, as_a_turn: bool
) -> None:
    offering.deepgram.set_script(DeepgramScript(transcripts=[heard]))
    listener = Listener()
    await hears_a_sound(gateway, listener, as_a_turn=as_a_turn)
    assert listener.count(ReplyPaused) == listener.count(ReplyResumed) >= 1
    assert listener.count(ReplyInterrupted) == 0
    assert [one.status for one in listener.received if isinstance(one, ReplyEnded)] == ["completed"]
    assert b"".join(one.pcm for one in listener.received if isinstance(one, Audio)) == offer(offering)
    assert len(offering.journal.of("/v1/messages")) == 1, "nobody is answered"


async def test_g04_g11_a_noise_on_the_line_makes_twilio_drop_what_it_is_sent_again(
    site: Site, offering: Emulators
) -> None:
    site.settings["protocols"] = [{"name": "Native"}, {"name": "Twilio", "paths": ["/v1/twilio"]}]
    offering.deepgram.set_script(DeepgramScript(transcripts=["what do you have?", ""]))
    question = mulaw.encode(speech_like(900, rate=PHONE_RATE) + silence(200, rate=PHONE_RATE))
    async with (
        served(site.config()) as gateway,
        telephone(f"ws://127.0.0.1:{gateway.port}/v1/twilio", token=TOKEN) as call,
    ):
        call.speak(question)
        await call.until_heard(ON_THE_WAY_MS * PHONE_RATE // 1000)
        call.speak(mulaw.encode(speech_like(600, rate=PHONE_RATE)))
        await gateway.until_metric('voice_replies_total{status="completed"}', 1)
        await call.until(lambda: call.playback.empty)
        assert call.clears >= 1
        assert call.playback.dropped > 0
        spoken_s = len(offer(offering)) / 2 / 24_000
        assert len(call.playback.heard) / PHONE_RATE == pytest.approx(spoken_s, rel=0.05)
        assert len(offering.journal.of("/v1/messages")) == 1


async def test_g06_a_caller_who_says_nothing_is_asked_once_and_then_the_session_ends(site: Site) -> None:
    site.settings["limits"] = {"idle_timeout": 4}
    async with served(site.config()) as gateway, raw(gateway, start=True) as client, asyncio.timeout(30):
        code, _ = await client.until_closed()
    said = "".join(message["delta"] for message in client.messages if message["type"] == "reply.text")
    assert said == Phrases().still_there
    assert (code, client.messages[-1]["reason"]) == (4420, "idle")
