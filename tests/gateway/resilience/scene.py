"""A gateway with a provider in trouble, with or without another to stand in for it, and a caller who listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from parley_client import FEATURES, Audio, Conversation, Received, Turn, connect
from parley_contract.agent import Phrases
from parley_contract.native import ErrorMessage, ReplyEnded, ReplyStarted, ReplyTextMessage, TextInput
from tests.emulators.emulators import Emulators
from tests.emulators.openai_speech import OpenAISpeechScript
from tests.gateway.resilience.trouble import HOST, Names, Trouble
from tests.gateway.running import TOKEN, Served, Site, served

APOLOGY = Phrases().apology
GOODBYE = Phrases().goodbye
PATIENT = {"connect": 15.0, "first_byte": 15.0, "between_bytes": 15.0}
"""Of whatever answers, or fails by itself: a loaded machine may be slow."""
FAST = OpenAISpeechScript(ms_per_character=20)
"""Three times as fast as people speak: callers listen in real time."""
NATURAL = OpenAISpeechScript()
"""Where it matters how much of a text so much speech is."""


@dataclass
class Heard:
    """All that a caller got, by replies."""

    texts: dict[int, str] = field(default_factory=dict)
    audio: dict[int, bytes] = field(default_factory=dict)
    status: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, received: Received) -> None:
        match received:
            case ReplyStarted(reply=reply):
                self.texts[reply], self.audio[reply] = "", b""
            case ReplyTextMessage(reply=reply, delta=delta):
                self.texts[reply] += delta
            case Audio():
                self.audio[received.reply] += received.pcm
            case ErrorMessage(code=code):
                self.problems.append(code)
            case ReplyEnded(reply=reply, status=status):
                self.status[reply] = status
        self.changed.set()

    @property
    def said(self) -> list[str]:
        """The texts of the replies that the caller heard anything of."""
        return [text.strip() for reply, text in self.texts.items() if self.audio[reply]]

    async def replies(self, number: int) -> None:
        """Wait until so many replies that could be heard are over."""
        async with asyncio.timeout(40):
            while len([reply for reply in self.status if self.audio[reply]]) < number:
                self.changed.clear()
                await self.changed.wait()


class Caller:
    """Somebody who types or speaks, and listens."""

    def __init__(self, conversation: Conversation, connection: Any, heard: Heard) -> None:
        self.conversation = conversation
        self.heard = heard
        self._connection = connection

    async def types(self, text: str, *, replies: int = 1) -> list[str]:
        """Type a turn; what is heard until so many more replies are over."""
        before = len(self.heard.said)
        await self._connection.send(TextInput(text=text))
        await self.heard.replies(before + replies)
        return self.heard.said[before:]

    async def says(self, pcm: bytes) -> Turn:
        """Speak a turn, and hear the answer to it; that recognition is interrupted meanwhile does not matter."""
        before = len(self.heard.said)
        turn = await self.conversation.say(pcm)
        await self.heard.replies(before + 1)
        return turn


@dataclass
class Scene:
    """`emulators` are the first provider of every stage, `elsewhere` those that stand in."""

    site: Site
    emulators: Emulators
    elsewhere: Emulators
    names: Names

    stage: str = ""
    """That of the provider in trouble, which is known by a name."""
    provider: str = ""
    """Its emulator."""
    another: dict[str, Any] | None = None
    """The provider that stands in for it."""
    pipeline: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Further settings."""
    given_up_after: dict[str, float] | None = None
    """Deadlines of the stage in trouble, instead of the shortest that will do."""

    def __post_init__(self) -> None:
        self.speech(FAST)

    def speech(self, script: OpenAISpeechScript) -> None:
        """How all voices speak."""
        for emulators in (self.emulators, self.elsewhere):
            emulators.openai_speech.set_script(script)

    def begin(self, trouble: Trouble, *, after: int = 0) -> None:
        """From now on."""
        trouble.begin(self.emulators, self.provider, self.names, after=after)

    def end(self, trouble: Trouble) -> None:
        """All is well again."""
        trouble.end(self.emulators, self.provider, self.names)

    @property
    def keyed(self) -> dict[str, Any]:
        """Where a provider that stands in is, and its key."""
        return {"api_key_files": [str(self.site.key)], "base_url": self.elsewhere.url}

    def deadlines(self, expected: Trouble | None) -> dict[str, Any]:
        """Short at the stage in trouble, where it is by a deadline alone that the trouble is noticed."""
        if expected is None or not expected.is_silence:
            return PATIENT
        return PATIENT | {self.stage: self._short(expected)}

    def _short(self, expected: Trouble) -> dict[str, float]:
        if self.given_up_after is not None:
            return self.given_up_after
        if self.provider == "openai_transcription":
            # Both are for its whole answer.
            return {"connect": 1.5, "first_byte": 2}
        if self.stage == "stt":
            # One that is connected says something of silence every three seconds.
            return {"first_byte": 5} if expected.in_the_middle else {"connect": 1.5}
        return {"between_bytes": 1.5} if expected.in_the_middle else {"first_byte": 2}

    def config(self, expected: Trouble | None = None) -> dict[str, Any]:
        """For a gateway whose provider will be in this trouble."""
        content = self.site.content()
        first = content["pipeline"][self.stage]
        first["base_url"] = first["base_url"].replace("127.0.0.1", HOST)
        for name, settings in self.pipeline.items():
            content["pipeline"][name] = content["pipeline"].get(name, {}) | settings
        if self.another is not None:
            content["pipeline"][f"{self.stage}_fallbacks"] = [self.another]
        return content | {"deadlines": self.deadlines(expected)}

    @asynccontextmanager
    async def gateway(self, expected: Trouble | None = None) -> AsyncIterator[Served]:
        """Ready, and with the agent's phrases spoken."""
        config = self.config(expected)
        self.site.settings = {key: config[key] for key in ("pipeline", "deadlines")}
        async with served(self.site.config()) as gateway:
            yield gateway

    @asynccontextmanager
    async def call(self, gateway: Served) -> AsyncIterator[Caller]:
        heard = Heard()
        async with (
            connect(gateway.url, token=TOKEN, features=FEATURES) as connection,
            Conversation(connection, on_received=heard.take, microphone=self.stage == "stt") as conversation,
        ):
            yield Caller(conversation, connection, heard)

    @asynccontextmanager
    async def calling(self, expected: Trouble | None = None) -> AsyncIterator[Caller]:
        """A caller of a gateway that is ready."""
        async with self.gateway(expected) as gateway, self.call(gateway) as caller:
            yield caller
