"""A whole conversation through the real server, the real SDKs and the providers' wire formats."""

from __future__ import annotations

import asyncio

from parley_client import FEATURES, Audio, Conversation, Received, connect
from parley_contract.native import ReplyCancel, ReplyEnded, ReplyInterrupted, ReplyStarted, TextInput
from tests.emulators.anthropic_messages import AnthropicScript
from tests.emulators.emulators import Emulators
from tests.emulators.recogniser import DeepgramScript
from tests.emulators.speech import speech_like
from tests.gateway.calling import QUESTION, calling
from tests.gateway.running import TOKEN, Served, Site, served


async def test_g01_a_caller_is_understood_answered_and_heard(gateway: Served, emulators: Emulators) -> None:
    emulators.deepgram.set_script(DeepgramScript(transcripts=["What time is breakfast?"]))
    emulators.anthropic.set_script(AnthropicScript(replies=["Breakfast is at seven."]))
    async with calling(gateway) as (_, conversation):
        turn = await conversation.say(QUESTION)
    assert turn.transcript == "What time is breakfast?"
    assert turn.answer == "Breakfast is at seven."
    assert bytes(turn.pcm) == emulators.openai_speech.audio_of("Breakfast is at seven.")
    assert turn.first_audio_s is not None


async def test_a_greeting_is_spoken_first(site: Site, emulators: Emulators) -> None:
    site.write_agent(greeting="Hotel Parley, good morning!")
    async with served(site.config()) as gateway, calling(gateway) as (_, conversation):
        greeting = await conversation.greeting(within_s=30)
    assert greeting
    assert greeting.answer == "Hotel Parley, good morning!"
    assert emulators.journal.of("/v1/messages") == []


async def test_a_typed_turn_is_answered_in_speech(gateway: Served) -> None:
    async with calling(gateway) as (_, conversation):
        turn = await conversation.type("good morning")
    assert turn.answer == "You said: good morning"
    assert turn.pcm


async def test_speaking_interrupts_the_agent_and_no_byte_of_its_reply_follows(
    gateway: Served, emulators: Emulators
) -> None:
    emulators.anthropic.set_script(AnthropicScript(replies=["This is a very long answer. " * 10, "Yes?"]))
    received: list[Received] = []
    talking = asyncio.Event()

    def on_received(one: Received) -> None:
        received.append(one)
        if isinstance(one, Audio) and one.offset_ms > 1500:
            talking.set()

    async with (
        asyncio.timeout(30),
        connect(gateway.url, token=TOKEN, features=FEATURES) as connection,
        Conversation(connection, on_received=on_received) as conversation,
    ):
        await connection.send(TextInput(text="tell me everything"))
        await talking.wait()
        turn = await conversation.say(speech_like(900, rate=16_000))
    assert turn.answer == "Yes?"
    cut = next(at for at, one in enumerate(received) if isinstance(one, ReplyInterrupted))
    assert received[cut].heard_ms > 0  # type: ignore[union-attr]
    assert not any(isinstance(one, Audio) and one.reply == 1 for one in received[cut:])
    told = emulators.journal.of("/v1/messages")[1].body["messages"]
    (kept,) = [message["content"] for message in told if message["role"] == "assistant"]
    assert "This is a" in kept
    assert len(kept) < len("This is a very long answer. "), "only what was heard stays in the history"


async def test_a_client_can_cut_the_agent_short(gateway: Served, emulators: Emulators) -> None:
    emulators.anthropic.set_script(AnthropicScript(replies=["This is a very long answer. " * 10]))
    async with connect(gateway.url, token=TOKEN) as connection, asyncio.timeout(30):
        await connection.send(TextInput(text="go"))
        async for received in connection:
            if isinstance(received, ReplyStarted):
                await connection.send(ReplyCancel())
            if isinstance(received, ReplyEnded):
                break
    assert isinstance(received, ReplyEnded)
    assert received.status == "interrupted"


async def test_g14_a_conversation_is_counted(gateway: Served) -> None:
    async with calling(gateway) as (connection, conversation):
        await conversation.say(QUESTION)
        assert await gateway.metric("voice_sessions_active") == 1
        assert await gateway.metric("voice_connections_active") == 1
        await connection.end()
    await gateway.until_metric('voice_sessions_total{status="client_ended",tenant_id="token"}', 1)
    await gateway.until_metric("voice_sessions_active", 0)
    await gateway.until_metric('voice_connection_closes_total{code="1000"}', 1)
    for kind in ("first_token", "first_audio", "synthesis", "partial_asr"):
        assert await gateway.metric(f'voice_latency_seconds_count{{type="{kind}"}}') >= 1, kind
    assert await gateway.metric('voice_replies_total{status="completed"}') == 1


async def test_o05_an_edited_prompt_reaches_the_next_session_and_no_earlier_one(
    site: Site, emulators: Emulators
) -> None:
    site.write_agent(instructions="Be brief.")
    async with served(site.config()) as gateway, calling(gateway) as (_, before):
        await before.type("one")
        site.write_agent(instructions="Be verbose.")
        async with calling(gateway) as (_, after):
            await after.type("two")
        await before.type("three")
    systems = [str(entry.body["system"]) for entry in emulators.journal.of("/v1/messages")]
    assert ["brief" in system for system in systems] == [True, False, True]


async def test_a_broken_edit_of_the_prompt_keeps_the_last_good_one(site: Site, emulators: Emulators) -> None:
    async with served(site.config()) as gateway:
        site.agent.write_text("{")
        async with calling(gateway) as (_, conversation):
            await conversation.type("hello")
    (asked,) = emulators.journal.of("/v1/messages")
    assert "Be brief." in str(asked.body["system"])
