"""The caller's telephone: Twilio's side of a media stream, at the cost of a socket and a clock."""

from __future__ import annotations

import asyncio
import base64
import wave
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import orjson
import soxr
from picows import WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

from parley_gateway.audio import mulaw
from tests.bench.processes import ROOT

FRAME_S = 0.02
_FRAME_BYTES = 160
_RECORDING = ROOT / "gateway/parley_client/samples/go-forward-ten-meters.wav"
_FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
_BYTES_PER_BASE64 = 0.75


@cache
def speech() -> list[bytes]:
    """The frames of somebody who says something, as base64."""
    with wave.open(str(_RECORDING), "rb") as recording:
        pcm = np.frombuffer(recording.readframes(recording.getnframes()), "<i2").astype(np.float32)
        rate = recording.getframerate()
    spoken = soxr.resample(pcm, rate, mulaw.RATE).clip(-32_768, 32_767).astype("<i2")
    loud = np.flatnonzero(np.abs(spoken) > 500)
    words = mulaw.encode(spoken[loud[0] : loud[-1]].tobytes())
    whole = range(0, len(words) - _FRAME_BYTES, _FRAME_BYTES)
    return [base64.b64encode(words[at : at + _FRAME_BYTES]) for at in whole]


SILENCE = base64.b64encode(b"\xff" * _FRAME_BYTES)


class Phone(WSListener):
    """One call."""

    def __init__(self, number: int, *, on_media: Callable[[float], None], on_clear: Callable[[], None]) -> None:
        """`on_media` is told how many seconds of the agent's voice have come."""
        sid = f"MZ{number:032d}"
        self._number = number
        self._head = (
            f'{{"event":"media","sequenceNumber":"2","streamSid":"{sid}",'
            '"media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"'
        ).encode()
        self._mark = f'{{"event":"mark","sequenceNumber":"3","streamSid":"{sid}","mark":{{"name":"'.encode()
        self._sid = sid
        self._on_media = on_media
        self._on_clear = on_clear
        self._loop = asyncio.get_running_loop()
        self._marks: dict[str, asyncio.TimerHandle] = {}
        self.plays_until = 0.0
        """Loop time at which all that has come will have been played."""
        self.closed: int | None = None
        """The code with which the server closed."""

    async def dial(self, url: str) -> None:
        """Connect, and begin the stream."""
        await ws_connect(lambda: self, url, websocket_handshake_timeout=30, enable_auto_pong=True)
        self._say({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "streamSid": self._sid,
            "accountSid": "AC0",
            "callSid": f"CA{self._number:032d}",
            "tracks": ["inbound"],
            "customParameters": {},
            "mediaFormat": _FORMAT,
        }
        self._say({"event": "start", "sequenceNumber": "1", "streamSid": self._sid, "start": start})

    def send(self, payload: bytes) -> None:
        """20 ms of the caller."""
        if self.closed is None:
            self.transport.send(WSMsgType.TEXT, self._head + payload + b'"}}')

    def hang_up(self) -> None:
        """The end."""
        for timer in self._marks.values():
            timer.cancel()
        self._marks.clear()
        if self.closed is None:
            self._say({"event": "stop", "sequenceNumber": "9", "streamSid": self._sid, "stop": {}})
            self.transport.disconnect()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """The handshake is over."""
        self.transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """What the server sends."""
        if frame.msg_type == WSMsgType.TEXT:
            self._on_message(orjson.loads(frame.get_payload_as_bytes()))
        elif frame.msg_type == WSMsgType.CLOSE:
            self.closed = int(frame.get_close_code().value)
            transport.send_close(frame.get_close_code())
            transport.disconnect()

    def on_ws_disconnected(self, _: WSTransport) -> None:
        """The connection is gone."""
        self.closed = self.closed or 1006

    def _on_message(self, message: dict[str, Any]) -> None:
        match message["event"]:
            case "media":
                seconds = len(message["media"]["payload"]) * _BYTES_PER_BASE64 / mulaw.RATE
                self._on_media(seconds)
                self.plays_until = max(self.plays_until, self._loop.time()) + seconds
            case "mark":
                name = message["mark"]["name"]
                self._marks[name] = self._loop.call_at(self.plays_until, self._return, name)
            case "clear":
                self.plays_until = self._loop.time()
                for name in [*self._marks]:
                    self._marks[name].cancel()
                    self._return(name)
                self._on_clear()
            case other:
                raise ValueError(f"Twilio knows no {other!r}")

    def _return(self, name: str) -> None:
        del self._marks[name]
        if self.closed is None:
            self.transport.send(WSMsgType.TEXT, self._mark + name.encode() + b'"}}')

    def _say(self, message: object) -> None:
        self.transport.send(WSMsgType.TEXT, orjson.dumps(message))
