"""The child's end of the pipe: frames in on the standard input, frames out on what was the standard output."""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import NoReturn

from parley_gateway.providers.embedded.frames import HEADER, Frame, Kind, decode_header

STDIN, STDOUT, STDERR = 0, 1, 2


class Pipe:
    """Blocking frames to and from the gateway. A pipe whose other end is gone ends the process, quietly."""

    def __init__(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # A C library that prints must not write into the frames.
        self._out = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
        self._cancelled = 0

    def receive(self) -> Frame:
        """The next request. A request that was cancelled before it was begun is passed over."""
        while True:
            frame = self._read()
            if frame.kind is Kind.REQUEST:
                return frame

    def is_cancelled(self, request: int) -> bool:
        """Whether the gateway has lost interest in the request that is being served; does not wait."""
        while self._cancelled != request and select.select([STDIN], [], [], 0)[0]:
            # The gateway sends nothing but a cancellation before a request is answered.
            frame = self._read()
            if frame.kind is Kind.CANCEL:
                self._cancelled = frame.request
        return self._cancelled == request

    def send(self, frame: Frame) -> None:
        """Write all of a frame."""
        rest = memoryview(frame.encode())
        try:
            while rest:
                rest = rest[os.write(self._out, rest) :]
        except BrokenPipeError:
            leave()

    def _read(self) -> Frame:
        kind, request, length = decode_header(_read_exactly(HEADER.size))
        return Frame(kind, request, _read_exactly(length))


def _read_exactly(size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        more = os.read(STDIN, size - len(data))
        if not more:
            leave()
        data += more
    return bytes(data)


def leave() -> NoReturn:
    """End the process without a word: nobody listens."""
    sys.stdout = sys.stderr = None
    os._exit(0)
