"""HTTP/1.1 for answers that are streamed: as little of it as the providers' SDKs use."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

_END_OF_HEAD = b"\r\n\r\n"
_STREAMED = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ntransfer-encoding: chunked\r\nrequest-id: bench\r\n\r\n"
_EMPTY = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Answer:
    """To one request: chunks, sent when they are due."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    @property
    def gone(self) -> bool:
        """Whether the client has left: nobody needs the rest."""
        return self._transport.is_closing()

    def begin(self, content_type: bytes) -> None:
        """The head."""
        self._send(_STREAMED % content_type)

    def write(self, data: bytes) -> None:
        """A chunk."""
        self._send(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        """The proper end."""
        self._send(b"0\r\n\r\n")

    def _send(self, data: bytes) -> None:
        if not self.gone:
            self._transport.write(data)


class Connection(asyncio.Protocol):
    """One client's; a request at a time."""

    def __init__(self, answer: Callable[[bytes, bytes, Answer], None]) -> None:
        """`answer` is given the request's target, its body, and what to answer with."""
        self._answer = answer
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """uvloop's transports are asyncio's in all but their class."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Requests, whole or in parts."""
        self._received += data
        while (end := self._received.find(_END_OF_HEAD)) >= 0:
            head = bytes(self._received[:end])
            length = _content_length(head)
            begin = end + len(_END_OF_HEAD)
            if len(self._received) < begin + length:
                return
            body = bytes(self._received[begin : begin + length])
            del self._received[: begin + length]
            method, target, _ = head.split(b" ", 2)
            if method == b"POST":
                self._answer(target, body, Answer(self._transport))
            else:
                self._transport.write(_EMPTY)


def _content_length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"\r\ncontent-length:")
    return int(lowered[at + 17 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
