"""One session over one WebSocket: typed messages and audio, in both directions."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus, InvalidURI, WebSocketException

from parley_client.errors import DisconnectedError, RefusedError, UnreachableError
from parley_client.unreached import refused_handshake, unreached, untrusted
from parley_contract.native import (
    SERVER_MESSAGE,
    AnyServerMessage,
    AudioFormat,
    ClientMessage,
    ErrorMessage,
    Feature,
    ReplyAudio,
    SessionEnd,
    SessionStart,
    SessionStarted,
)
from parley_contract.versions import SUBPROTOCOL

_ABNORMAL = 1006
_OPEN_S = 10.0
_CLOSE_S = 5.0
_LARGEST_MESSAGE = 1 << 20
_SAMPLE_BYTES = 2


@dataclass(frozen=True, slots=True)
class Audio:
    """Speech of the agent as it arrives."""

    reply: int
    offset_ms: int
    """Where it begins within the reply."""
    pcm: bytes = field(repr=False)
    """s16le mono at the `output_rate` of the session."""


Received = AnyServerMessage | Audio


class Connection:
    """A live session. Iterate over it for what the gateway sends; the iteration ends with the session.

    Not to be made directly: `connect` makes it. One task may iterate while others send.
    """

    def __init__(self, websocket: ClientConnection, started: SessionStarted) -> None:
        self._websocket = websocket
        self.started = started
        """What the gateway said about the session: its id, its limits and the audio format."""
        self._reply = 0
        self._offset_ms = 0
        self._samples = 0

    async def send(self, message: ClientMessage) -> None:
        """Send a message of `parley_contract.native`. Raises DisconnectedError."""
        await self._send(message.model_dump_json(exclude_none=True))

    async def send_audio(self, pcm: bytes) -> None:
        """Send the caller's audio: s16le mono at the session's `input_rate`, not faster than real time.

        Raises DisconnectedError.
        """
        await self._send(pcm)

    async def end(self) -> None:
        """Hang up. What is still to come can be read until the iteration ends."""
        await self.send(SessionEnd())

    async def __aiter__(self) -> AsyncIterator[Received]:
        """Messages and audio in their order.

        Ends after a session that ended as agreed (close code 1000); raises DisconnectedError for any other end.
        Messages of types that this version does not know are left out.
        """
        while True:
            try:
                frame = await self._websocket.recv()
            except ConnectionClosed as closed:
                error = _disconnected(closed)
                if error.code == 1000:
                    return
                raise error from None
            received = self._audio(frame) if isinstance(frame, bytes) else _parsed(frame)
            if isinstance(received, ReplyAudio):
                self._reply, self._offset_ms, self._samples = received.reply, received.offset_ms, 0
            if received is not None:
                yield received

    def _audio(self, pcm: bytes) -> Audio:
        offset_ms = self._offset_ms + self._samples * 1000 // self.started.audio.output_rate
        self._samples += len(pcm) // _SAMPLE_BYTES
        return Audio(reply=self._reply, offset_ms=offset_ms, pcm=pcm)

    async def _send(self, data: str | bytes) -> None:
        try:
            await self._websocket.send(data)
        except ConnectionClosed as closed:
            raise _disconnected(closed) from None


@asynccontextmanager
async def connect(
    url: str,
    *,
    token: str | None = None,
    ssl_context: ssl.SSLContext | None = None,
    address: tuple[str, int] | None = None,
    audio: AudioFormat | None = None,
    features: Sequence[Feature] = (),
) -> AsyncIterator[Connection]:
    """Start a session at a gateway; leaving the context closes it.

    Args:
        url: `ws://` or `wss://`, with the path of the native protocol: `wss://voice.example.com/v1/voice`.
        token: Sent as a bearer token in the handshake.
        ssl_context: For `wss://`, instead of the system's certificate authorities.
        address: Host and port to open the TCP connection to, instead of the URL's; its name is still the one
            that TLS and HTTP are told.
        audio: Sample rates; by default 16 kHz towards the gateway and 24 kHz back.
        features: What this client does beyond the minimum, such as reporting its playback.

    Raises:
        UnreachableError: Nothing there speaks WebSocket, or not to us.
        RefusedError: The gateway refused the session.
    """
    websocket = await _open(url, token=token, ssl_context=ssl_context, address=address)
    try:
        start = SessionStart(audio=audio or AudioFormat(), features=[str(feature) for feature in features])
        yield Connection(websocket, await _start(websocket, start))
    finally:
        await websocket.close()


async def _open(
    url: str, *, token: str | None, ssl_context: ssl.SSLContext | None, address: tuple[str, int] | None
) -> ClientConnection:
    options: dict[str, object] = {}
    if ssl_context is not None and url.startswith("wss:"):
        options["ssl"] = ssl_context
    if address is not None:
        options |= {"host": address[0], "port": address[1], "proxy": None}
    try:
        return await connect_websocket(
            url,
            subprotocols=[SUBPROTOCOL],  # type: ignore[list-item]
            additional_headers={"Authorization": f"Bearer {token}"} if token else None,
            compression=None,
            max_size=_LARGEST_MESSAGE,
            open_timeout=_OPEN_S,
            close_timeout=_CLOSE_S,
            **options,  # type: ignore[arg-type]
        )
    except InvalidStatus as error:
        raise refused_handshake(error) from None
    except InvalidURI:
        raise UnreachableError(f"{url} is no WebSocket URL; it begins with ws:// or wss://") from None
    except ssl.SSLCertVerificationError as error:
        raise untrusted(url, error) from error
    except TimeoutError as error:
        raise UnreachableError(f"{url}: no answer within {_OPEN_S:.0f} s") from error
    except (OSError, WebSocketException) as error:
        raise unreached(url, error, address) from error


async def _start(websocket: ClientConnection, start: SessionStart) -> SessionStarted:
    """Say session.start and wait for the answer, which may be why not."""
    message: str | None = None
    try:
        await websocket.send(start.model_dump_json(exclude_none=True))
        async for frame in websocket:
            received = _parsed(frame) if isinstance(frame, str) else None
            if isinstance(received, SessionStarted):
                return received
            if isinstance(received, ErrorMessage):
                message = received.message
    except ConnectionClosed:
        pass
    code = websocket.close_code or _ABNORMAL
    raise RefusedError(code, message or websocket.close_reason or "the gateway closed the connection")


def _parsed(text: str) -> AnyServerMessage | None:
    """None for what a newer gateway says and this client does not know."""
    try:
        return SERVER_MESSAGE.validate_json(text)
    except ValidationError:
        return None


def _disconnected(closed: ConnectionClosed) -> DisconnectedError:
    received = closed.rcvd
    return DisconnectedError(received.code, received.reason) if received else DisconnectedError(_ABNORMAL, "")
