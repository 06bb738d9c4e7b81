"""One recording's file, written by a thread: batches become samples in two channels, beside them what they are."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from parley_gateway.recordings.about import End
from parley_gateway.recordings.arrivals import Piece
from parley_gateway.recordings.folder import Entry, Folder
from parley_gateway.recordings.recording import Batch, Recording
from parley_gateway.recordings.stereo_wave import LEFT, RIGHT, StereoWave
from parley_gateway.recordings.track import Placed, Track


class Writer:
    """Begins with the first batch, and is over with the first that has an end, or with `abandon`."""

    def __init__(self, recording: Recording, folder: Folder) -> None:
        self._about = recording.about
        self._began_at = recording.began_at
        self._folder = folder
        self._tracks = {
            LEFT: Track(rate=recording.about.rate, file_rate=recording.about.rate),
            RIGHT: Track(rate=recording.agent_rate, file_rate=recording.about.rate),
        }
        self._open: tuple[Entry, StereoWave] | None = None

    def write(self, batch: Batch) -> None:
        """Raises OSError; then `abandon` it."""
        if self._open is None:
            self._open = self._begin(batch)
        entry, wave = self._open
        for channel, pieces in ((LEFT, batch.caller), (RIGHT, batch.agent)):
            for piece in pieces:
                self._put(wave, channel, self._placed(channel, piece))
        if batch.end is not None:
            for channel, track in self._tracks.items():
                self._put(wave, channel, track.end())
            wave.extend(round((batch.until - self._began_at) * self._about.rate))
        wave.flush()
        self._folder.wrote(entry, wave.frames)
        if batch.end is not None:
            self._finish(entry, wave, batch.end)

    def abandon(self, end: End) -> None:
        """What was written stays; nothing follows. Never raises."""
        if self._open is None:
            return
        entry, wave = self._open
        # A header that cannot be written says what it said; the next sweep finds what has no JSON.
        with suppress(OSError):
            wave.flush()
        with suppress(OSError):
            self._finish(entry, wave, end)

    def _begin(self, batch: Batch) -> tuple[Entry, StereoWave]:
        """What came while the session was being made was spoken before it began."""
        earlier_s = max(0.0, self._began_at - batch.caller[0].at) if batch.caller else 0.0
        self._began_at -= earlier_s
        self._about = replace(self._about, started_at=self._about.started_at - timedelta(seconds=earlier_s))
        entry = self._folder.begin(self._about)
        return entry, StereoWave(entry.audio, rate=self._about.rate)

    def _placed(self, channel: int, piece: Piece) -> list[Placed]:
        return self._tracks[channel].place(piece.at - self._began_at, piece.pcm)

    @staticmethod
    def _put(wave: StereoWave, channel: int, placed: list[Placed]) -> None:
        for at, pcm in placed:
            wave.put(channel, at, pcm)

    def _finish(self, entry: Entry, wave: StereoWave, end: End) -> None:
        self._open = None
        try:
            self._folder.finish(entry, seconds=wave.frames / self._about.rate, end=end)
        finally:
            wave.close()
