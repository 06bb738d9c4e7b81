"""Twilio's side of a media stream: a caller who speaks into a telephone, and hears what is played to them.

`Playback` is what Twilio does with media, marks and clear, against a clock that it is given; `Call` runs it on a
real WebSocket. The wire format is that of twilio.com/docs/voice/media-streams/websocket-messages.
"""

from __future__ import annotations

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed

STREAM = "MZ18ad3ab5a668481ce02b83e7395059f0"
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
CALL = "CAc4a4ed5a3ba1af3cf0ee9bfc5aa5d3a8"
FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
FRAME_S = 0.02
FRAME_BYTES = 160
SILENCE = b"\xff" * FRAME_BYTES
_RATE = 8_000


@dataclass
class Playback:
    """The buffer between a stream and the caller's ear, played in real time."""

    heard: bytearray = field(default_factory=bytearray)
    """µ-law that was played, or has begun to be."""
    dropped: int = 0
    """Bytes that `clear` threw away."""
    _until: float = 0.0
    """When all that is buffered will have been played."""
    _waiting: deque[tuple[float, str | bytes]] = field(default_factory=deque)
    """Marks and media with the time at which each is reached or begins."""

    def take(self, message: dict[str, Any], now: float) -> list[str]:
        """A message from the server; returns the marks that come back for it at once."""
        match message["event"]:
            case "media":
                data = base64.b64decode(message["media"]["payload"], validate=True)
                begins = max(now, self._until)
                self._waiting.append((begins, data))
                self._until = begins + len(data) / _RATE
            case "mark":
                self._waiting.append((max(now, self._until), str(message["mark"]["name"])))
            case "clear":
                returned = self.passed(now)
                self._cut(now)
                returned += [item for _, item in self._waiting if isinstance(item, str)]
                self.dropped += sum(len(item) for _, item in self._waiting if isinstance(item, bytes))
                self._waiting.clear()
                self._until = now
                return returned
            case other:
                raise AssertionError(
                    f"Twilio would end the stream with its error 31924: {other!r} is unknown to it"
                )
        return self.passed(now)

    def passed(self, now: float) -> list[str]:
        """The marks that have been reached, in their order."""
        names: list[str] = []
        while self._waiting and self._waiting[0][0] <= now:
            _, item = self._waiting.popleft()
            if isinstance(item, str):
                names.append(item)
            else:
                self.heard += item
        return names

    @property
    def next_at(self) -> float | None:
        """When there is something to do again."""
        return self._waiting[0][0] if self._waiting else None

    @property
    def empty(self) -> bool:
        """Whether the caller has nothing more to hear."""
        return not self._waiting

    def _cut(self, now: float) -> None:
        """What was playing stops where it is."""
        unplayed = min(len(self.heard), max(0, round((self._playing_until - now) * _RATE)))
        self.dropped += unplayed
        del self.heard[len(self.heard) - unplayed :]

    @property
    def _playing_until(self) -> float:
        media = [begins for begins, item in self._waiting if isinstance(item, bytes)]
        return media[0] if media else self._until


class Call:
    """One call whose media go over a WebSocket. The microphone is never off: silence is sent, too."""

    def __init__(self, websocket: ClientConnection) -> None:
        self._websocket = websocket
        self._says: deque[bytes] = deque()
        self._sequence = 0
        self._chunk = 0
        self._happened = asyncio.Condition()
        self.playback = Playback()
        self.messages: list[dict[str, Any]] = []
        """All that the server sent."""
        self.returned: list[str] = []
        """Marks that were sent back."""
        self.closed: tuple[int, str] | None = None

    async def start(self, **parameters: str) -> None:
        """The first two messages, with the parameters of the stream's TwiML."""
        await self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "streamSid": STREAM,
            "accountSid": ACCOUNT,
            "callSid": CALL,
            "tracks": ["inbound"],
            "customParameters": parameters,
            "mediaFormat": FORMAT,
        }
        await self.say("start", start=start)

    async def send(self, message: dict[str, Any]) -> None:
        """Any message."""
        await self._websocket.send(orjson.dumps(message), text=True)

    async def say(self, event: str, **fields: Any) -> None:
        """A message of this stream."""
        self._sequence += 1
        await self.send({"event": event, "sequenceNumber": str(self._sequence), "streamSid": STREAM, **fields})

    def speak(self, words: bytes) -> None:
        """Say µ-law after what is being said."""
        self._says.extend(words[at : at + FRAME_BYTES] for at in range(0, len(words), FRAME_BYTES))

    async def press(self, digits: str) -> None:
        """Keys of the telephone."""
        for digit in digits:
            await self.say("dtmf", dtmf={"track": "inbound_track", "digit": digit})

    async def hang_up(self) -> None:
        """The caller ends the call."""
        await self.say("stop", stop={"accountSid": ACCOUNT, "callSid": CALL})

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that messages bring about."""
        async with asyncio.timeout(30), self._happened:
            await self._happened.wait_for(condition)

    async def until_heard(self, size: int) -> None:
        """Wait until so much has begun to be played."""
        await self.until(lambda: len(self.playback.heard) >= size)

    async def until_closed(self) -> tuple[int, str]:
        """Code and reason of the server's close frame."""
        await self.until(lambda: self.closed is not None)
        assert self.closed
        return self.closed

    @property
    def clears(self) -> int:
        """How often the server had the buffer cleared."""
        return sum(message["event"] == "clear" for message in self.messages)

    # --- what goes on by itself ---

    async def listen(self) -> None:
        """Take what the server sends, until it closes."""
        try:
            async for text in self._websocket:
                message = orjson.loads(text)
                self.messages.append(message)
                await self._return(self.playback.take(message, _now()))
        except ConnectionClosed:
            pass
        async with self._happened:
            received = self._websocket.close_code, self._websocket.close_reason
            self.closed = (received[0] or 1006, received[1] or "")
            self._happened.notify_all()

    async def talk(self) -> None:
        """A frame every 20 ms, as a telephone network does."""
        due = _now()
        while self.closed is None:
            self._chunk += 1
            payload = base64.b64encode(self._says.popleft() if self._says else SILENCE).decode()
            timestamp = str(round(self._chunk * FRAME_S * 1000))
            media = {"track": "inbound", "chunk": str(self._chunk), "timestamp": timestamp, "payload": payload}
            try:
                await self.say("media", media=media)
                await self._return(self.playback.passed(_now()))
            except ConnectionClosed:
                return
            due += FRAME_S
            await asyncio.sleep(max(0.0, due - _now()))

    async def _return(self, marks: list[str]) -> None:
        for name in marks:
            self.returned.append(name)
            await self.say("mark", mark={"name": name})
        async with self._happened:
            self._happened.notify_all()


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def calling(
    url: str, *, headers: dict[str, str] | None = None, started: bool = True, token: str | None = None
) -> AsyncIterator[Call]:
    """A call that is connected to the stream at `url`; with `started` it is under way."""
    websocket = await connect_websocket(url, additional_headers=headers, proxy=None, max_queue=None)
    call = Call(websocket)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(call.listen())]
        if started:
            await call.start(**({"token": token} if token else {}))
            tasks.append(group.create_task(call.talk()))
        try:
            yield call
        finally:
            await websocket.close()
            for task in tasks:
                task.cancel()
