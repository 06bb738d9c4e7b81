"""What can go wrong, in words a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TAIL_LINES = 15
LINE_WIDTH = 240


@dataclass
class ClusterError(Exception):
    """A part failed: which one, why, and what to do about it.

    `log` names the file whose last lines explain the failure, where there is one.
    """

    part: str
    reason: str
    remedy: str
    log: Path | None = None

    def __str__(self) -> str:
        return f"{self.part}: {self.reason}"

    def report(self) -> str:
        """The failure as several lines for a terminal: part, reason, log tail, remedy."""
        lines = [f"error in {self.part}: {self.reason}"]
        tail = log_tail(self.log) if self.log else []
        if tail:
            lines += [f"last lines of {self.log}:", *(f"  | {line}" for line in tail)]
        return "\n".join([*lines, f"what to do: {self.remedy}"])


def log_tail(log: Path, *, lines: int = TAIL_LINES) -> list[str]:
    """The last lines of a log file; empty when it does not exist or says nothing."""
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return []
    return [line[:LINE_WIDTH] for line in text.splitlines() if line.strip()][-lines:]
