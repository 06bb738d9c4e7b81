"""The seam between a protocol and a WebSocket, whatever library serves it: what goes out, what comes in."""

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


class Handler(Protocol):
    """What a protocol does with what comes in. No method blocks."""

    def on_text(self, text: str) -> None:
        """A text message."""
        ...

    def on_bytes(self, data: bytes) -> None:
        """A binary message."""
        ...

    def on_too_big(self) -> None:
        """The socket layer has refused a message over its bound, and closed by itself."""
        ...

    def on_slow(self) -> None:
        """The client does not read; nothing more is sent."""
        ...

    def on_mistake(self) -> None:
        """The handler itself raised."""
        ...

    def on_disconnect(self) -> None:
        """The WebSocket is closed."""
        ...
