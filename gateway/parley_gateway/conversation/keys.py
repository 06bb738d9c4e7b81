"""Keys of the caller's telephone: collected into a turn, as digits are dictated rather than said."""

from __future__ import annotations

from parley_gateway.conversation.effects import Effects
from parley_gateway.conversation.timings import Timings

KEYS = "keys"
_END = "#"
_MOST = 64
"""Keys of one turn: more are no number."""


class Keys:
    """Those that were pressed since the last turn of keys."""

    def __init__(self, effects: Effects, timings: Timings) -> None:
        self._effects = effects
        self._timings = timings
        self._pressed = ""

    def press(self, key: str) -> str:
        """One more; returns the turn if it ends it, else nothing: `#` does, or a pause."""
        if key == _END and self._pressed:
            return self.take()
        self._pressed += key
        if key == _END or len(self._pressed) >= _MOST:
            return self.take()
        self._effects.set_timer(KEYS, self._timings.keys_s)
        return ""

    def take(self) -> str:
        """The turn, as the model is shown it."""
        self._effects.cancel_timer(KEYS)
        pressed, self._pressed = self._pressed, ""
        return f"[keys] {pressed}"
