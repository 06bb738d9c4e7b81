"""Progress lines with elapsed times, for a person who waits."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

HEARTBEAT_SECONDS = 30.0


class Progress:
    """Writes what happens and how long it took to standard error.

    Standard output stays free for what commands answer, such as a kubeconfig's path.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._began = time.monotonic()
        self._quiet = quiet

    def say(self, text: str) -> None:
        """One line, with the seconds since the start."""
        if not self._quiet:
            elapsed = time.monotonic() - self._began
            sys.stderr.write(f"[{elapsed:6.1f}s] {text}\n")  # at once: several threads may speak
            sys.stderr.flush()

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """A step that takes a while: a line at its start, a heartbeat, a line at its end."""
        began = time.monotonic()
        self.say(f"{text} ...")
        ended = threading.Event()
        beat = threading.Thread(target=self._beat, args=(text, began, ended), daemon=True)
        beat.start()
        try:
            yield
        finally:
            ended.set()
            beat.join()
        self.say(f"{text}: done in {time.monotonic() - began:.1f} s")

    def _beat(self, text: str, began: float, ended: threading.Event) -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            self.say(f"{text}: still at it after {time.monotonic() - began:.0f} s")
