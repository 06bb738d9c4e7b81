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
from tests.gateway.resilience.trouble import HOST, Names
from tests.gateway.running import TOKEN, Served, Site, served

APOLOGY = Phrases().apology
IMPATIENT = {"connect": 0.5, "first_byte": 0.8, "between_bytes": 0.5}


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

    async def interrupted(self) -> None:
        """Wait until recognition is known to have been interrupted; it tries again by itself."""
        async with asyncio.timeout(30):
            while "recognition_interrupted" not in self.heard.problems:
                self.heard.changed.clear()
                await self.heard.changed.wait()

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

    _stage: str = ""

    def in_trouble(self, stage: str) -> None:
        """The stage whose first provider is known by a name."""
        self._stage = stage

    def fall_back(self, **stages: dict[str, Any]) -> None:
        """`llm={...}`: the provider that stands in for a stage's first one."""
        self._pipeline = {f"{stage}_fallbacks": [config] for stage, config in stages.items()}

    _pipeline: dict[str, Any] = field(default_factory=dict)
    resilience: dict[str, Any] = field(default_factory=dict)

    @property
    def keyed(self) -> dict[str, Any]:
        """Where a provider that stands in is, and its key."""
        return {"api_key_files": [str(self.site.key)], "base_url": self.elsewhere.url}

    def config(self) -> dict[str, Any]:
        content = self.site.content()
        if self._stage:
            first = content["pipeline"][self._stage]
            first["base_url"] = first["base_url"].replace("127.0.0.1", HOST)
        content["pipeline"] |= self._pipeline | {"resilience": self.resilience}
        content["deadlines"] = IMPATIENT | ({"first_byte": 4} if self._stage == "stt" else {})
        return content

    @asynccontextmanager
    async def gateway(self) -> AsyncIterator[Served]:
        """Ready, and with the agent's phrases spoken."""
        self.site.settings = {key: self.config()[key] for key in ("pipeline", "deadlines")}
        async with served(self.site.config()) as gateway:
            yield gateway

    @asynccontextmanager
    async def call(self, gateway: Served) -> AsyncIterator[Caller]:
        heard = Heard()
        async with (
            connect(gateway.url, token=TOKEN, features=FEATURES) as connection,
            Conversation(connection, on_received=heard.take, microphone=self._stage == "stt") as conversation,
        ):
            yield Caller(conversation, connection, heard)

    @asynccontextmanager
    async def calling(self) -> AsyncIterator[Caller]:
        """A caller of a gateway that is ready."""
        async with self.gateway() as gateway, self.call(gateway) as caller:
            yield caller
