"""How the gateway and a child process speak over a pipe: length-prefixed frames that name their request."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct(">BII")
"""Kind, request, length of the payload; big-endian."""

LARGEST_PAYLOAD = 4 * 1024 * 1024
"""Bytes. Two minutes of speech at 16 kHz: whoever announces more has lost the frame boundary."""


class Kind(IntEnum):
    """What a frame is."""

    REQUEST = 1
    """To the child: do this."""
    CANCEL = 2
    """To the child: nobody waits for this request any more."""
    READY = 3
    """From the child: its model is loaded; the payload describes it in JSON."""
    DATA = 4
    """From the child: audio."""
    INFO = 5
    """From the child: JSON."""
    DONE = 6
    """From the child: the request is finished."""
    FAILED = 7
    """From the child: the request, or the start, cannot be served; the payload says why, for an operator."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `request` is 0 where it belongs to none."""

    kind: Kind
    request: int = 0
    payload: bytes = field(default=b"", repr=False)

    def encode(self) -> bytes:
        """The frame's bytes on the pipe."""
        return HEADER.pack(self.kind, self.request, len(self.payload)) + self.payload


class FrameError(ValueError):
    """The bytes on the pipe are no frames."""


def decode_header(header: bytes) -> tuple[Kind, int, int]:
    """Kind, request and payload length. Raises FrameError."""
    kind, request, length = HEADER.unpack(header)
    if length > LARGEST_PAYLOAD:
        raise FrameError(f"a frame of {length} bytes is larger than {LARGEST_PAYLOAD}")
    try:
        return Kind(kind), request, length
    except ValueError:
        raise FrameError(f"there is no frame of kind {kind}") from None
