"""Where the processor's time goes, seen from time to time while the process serves.

A sample is taken every few milliseconds of processor time (SIGPROF), so that a profile of a busy gateway costs
it a per cent or two, and an idle one nothing. It holds names of functions and nothing else: no argument, no word.
"""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL_S = 0.005
_DEEPEST = 64
_MOST_STACKS = 5_000
"""Different ones; what is beyond is counted together."""
_REST = "(other stacks)"


class Profiler:
    """Samples the main thread, and knows where it was; in the main thread alone."""

    def __init__(self) -> None:
        self._stacks: Counter[str] = Counter()
        self.running = False

    @property
    def samples(self) -> int:
        """Taken so far."""
        return self._stacks.total()

    def start(self) -> None:
        """Begin a new profile."""
        self._stacks.clear()
        self.running = True
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_S, INTERVAL_S)

    def stop(self) -> str:
        """The profile: a stack a line, the outermost function first, and how often it was seen.

        The form is known as folded or collapsed stacks: speedscope and flamegraph.pl draw it.
        """
        signal.setitimer(signal.ITIMER_PROF, 0)
        # One that is under way must not end the process.
        signal.signal(signal.SIGPROF, signal.SIG_IGN)
        self.running = False
        return "".join(f"{stack} {count}\n" for stack, count in sorted(self._stacks.items()))

    def _sample(self, _: int, frame: FrameType | None) -> None:
        stack = _folded(frame)
        self._stacks[stack if stack in self._stacks or len(self._stacks) < _MOST_STACKS else _REST] += 1


def _folded(frame: FrameType | None) -> str:
    names: list[str] = []
    while frame is not None and len(names) < _DEEPEST:
        code = frame.f_code
        names.append(f"{code.co_qualname} ({Path(code.co_filename).name}:{code.co_firstlineno})".replace(";", ","))
        frame = frame.f_back
    return ";".join(reversed(names))
