"""What `parley talk` shows of a conversation: for people as it goes, for programs at its end."""

from __future__ import annotations

import json
from typing import Any, Protocol

import click

from parley_client import Turn
from parley_contract.native import AudioFormat, SessionStarted


class Report(Protocol):
    """Hears of a conversation."""

    def started(self, url: str, session: SessionStarted) -> None:
        """The session is live."""
        ...

    def turn(self, turn: Turn) -> None:
        """A turn is over; one without a caller's part is the agent's own."""
        ...

    def ended(self) -> None:
        """Nothing more follows."""
        ...


class TextReport:
    """Lines for a person; colours on a terminal only."""

    def started(self, url: str, session: SessionStarted) -> None:
        """Where and who."""
        recorded = ", which is recorded" if session.recorded else ""
        click.echo(click.style(f"connected to {url}, session {session.session}{recorded}", dim=True))

    def turn(self, turn: Turn) -> None:
        """Who said what, and how long it took."""
        if turn.heard:
            click.echo(f"{click.style('you  ', fg='cyan')}  {turn.transcript or '(nothing was understood)'}")
        if turn.answer:
            latency = click.style(_latency(turn), dim=True)
            click.echo(f"{click.style('agent', fg='green')}  {turn.answer.strip()}{latency}")
        if turn.problem:
            click.echo(f"{click.style('note ', fg='yellow')}  {turn.problem}")

    def ended(self) -> None:
        """All was shown as it happened."""


class JsonReport:
    """One JSON object at the end."""

    def __init__(self) -> None:
        self._content: dict[str, Any] = {"url": None, "session": None, "turns": []}
        self._rate: int = AudioFormat().output_rate

    def started(self, url: str, session: SessionStarted) -> None:
        """Where and who."""
        self._rate = session.audio.output_rate
        self._content |= {"url": url, "session": session.session}

    def turn(self, turn: Turn) -> None:
        """Everything measured."""
        self._content["turns"].append(
            {
                "said": turn.transcript,
                "answered": turn.answer.strip(),
                "status": turn.status,
                "problem": turn.problem,
                "firstTextSeconds": _rounded(turn.first_text_s) if turn.heard else None,
                "firstAudioSeconds": _rounded(turn.first_audio_s) if turn.heard else None,
                "audioSeconds": _rounded(len(turn.pcm) / (2 * self._rate)),
            }
        )

    def ended(self) -> None:
        """Print it."""
        click.echo(json.dumps(self._content, ensure_ascii=False))


def _latency(turn: Turn) -> str:
    """From when is said, too: what was spoken is answered after the pause that ends it, what was typed at once."""
    if turn.first_audio_s is None or not turn.heard:
        return ""
    since = "sending" if turn.typed else "last word"
    return f"  [{turn.first_audio_s * 1000:.0f} ms from {since} to first audio]"


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 4)
