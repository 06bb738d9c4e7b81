"""What a protocol needs of a WebSocket, whatever library serves it."""

from __future__ import annotations

from typing import Protocol


class Socket(Protocol):
    """The outgoing half of a WebSocket: ordered, bounded, and never blocking or raising."""

    def send_text(self, text: str) -> None:
        """Queue a text message."""
        ...

    def send_bytes(self, data: bytes) -> None:
        """Queue a binary message."""
        ...

    def discard_bytes(self) -> None:
        """Forget the binary messages that are still queued; what the network has cannot be called back."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued has been sent; `reason` is at most 123 bytes of UTF-8."""
        ...
