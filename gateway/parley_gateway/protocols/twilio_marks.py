"""Marks between the media of a stream: when one comes back, the caller has heard what was sent before it.

A mark's name says what it means, so that nothing has to be remembered for those that never return. Twilio also
returns, at once, the marks of what was cleared: they carry an epoch that is over, and mean nothing.
"""

from __future__ import annotations

import re

from parley_gateway.conversation.events import PlayoutReported, Quality

EVERY_MS = 400
"""Of audio between two marks: every 100 ms would cost a third of all messages, and half a second be too coarse."""
_NAME = re.compile(r"([0-9]{1,9})\.([0-9]{1,9})\.([0-9]{1,9})")
"""reply . epoch . ms; ASCII digits only."""


class Marks:
    """Where to set them, and what they mean when they are back."""

    def __init__(self) -> None:
        self._epoch = 0
        self._reply = 0
        self._sent_ms = 0
        self._marked_ms = -EVERY_MS
        self._finished = False

    def wrote(self, reply: int, offset_ms: int, ms: int) -> str | None:
        """So much of a reply has been sent from `offset_ms` on; the mark to send after it, if one is due.

        The first audio of a reply has one: that tells when the caller really began to hear it.
        """
        if reply != self._reply:
            self._reply, self._marked_ms, self._finished = reply, -EVERY_MS, False
        self._sent_ms = offset_ms + ms
        return self._mark() if self._sent_ms - self._marked_ms >= EVERY_MS else None

    def finished(self, reply: int) -> str | None:
        """No more of the reply will be sent: the mark for its end, unless its last audio had one."""
        if reply != self._reply:
            return None
        self._finished = True
        return self._mark() if self._sent_ms != self._marked_ms else None

    def dropped(self) -> None:
        """All that has been sent is forgotten, and its marks with it."""
        self._epoch += 1
        self._marked_ms, self._finished = -EVERY_MS, False

    def returned(self, name: str) -> PlayoutReported | None:
        """What is known now, if anything is."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        reply, epoch, ms = map(int, match.groups())
        if reply != self._reply or epoch != self._epoch or ms > self._sent_ms:
            return None
        return PlayoutReported(reply, ms, Quality.MARK, finished=self._finished and ms == self._sent_ms)

    def _mark(self) -> str:
        self._marked_ms = self._sent_ms
        return f"{self._reply}.{self._epoch}.{self._sent_ms}"
