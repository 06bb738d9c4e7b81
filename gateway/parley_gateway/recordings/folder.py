"""Where recordings are: DEPLOYMENT/DAY/SESSION.wav with SESSION.json beside it, and how they go again.

While a session is being recorded its JSON is called SESSION.recording.json: who ships files away waits for the
other name. All of this blocks, and belongs into a thread.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

from parley_gateway.recordings.about import About, End, as_json, finished
from parley_gateway.recordings.stereo_wave import FRAME_BYTES, HEADER_BYTES, seconds_of

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RECORDING = ".recording.json"
_OURS = (".wav", ".json", ".tmp")
FOLDER_MODE = 0o2770
"""The group of the pod's volumes may ship files away and remove them, whatever its user."""
_FILE_MODE = 0o640
MOST_REMOVED = 500
"""Files in one sweep: the next one goes on."""
DEAD_AFTER_S = 300.0
"""A recording is written to every second: one that was left alone for so long is nobody's."""
_KEPT_FREE = 0.1
"""Of what the folder may hold: a pod that exceeds it is evicted with all its conversations."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One recording's files."""

    folder: Path
    session: str
    content: dict[str, Any]
    """What is said beside the audio."""

    @property
    def audio(self) -> Path:
        """The WAV file."""
        return self.folder / f"{self.session}.wav"

    @property
    def recording(self) -> Path:
        """The JSON of one that goes on."""
        return self.folder / f"{self.session}{_RECORDING}"

    @property
    def over(self) -> Path:
        """The JSON of one that is over."""
        return self.folder / f"{self.session}.json"


class Folder:
    """One deployment's recordings; several processes may share it."""

    def __init__(
        self,
        root: Path,
        *,
        deployment: str,
        retention_days: int,
        min_free: int,
        most: int | None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`min_free` and `most` in bytes, as in `RecordingsConfig`."""
        self._root = root
        self._own = root / deployment
        self._retention_days = retention_days
        self._min_free = min_free
        self._most = most
        self._now = now
        self._held = 0
        """Bytes that the folder held when it was last swept."""
        self._since = 0
        """Bytes written since then."""
        self._sizes: dict[str, int] = {}
        """Of the recordings that go on here."""
        self._counting = Lock()
        """One thread writes while another sweeps."""
        self._swept = False

    # --- one recording ---

    def begin(self, about: About) -> Entry:
        """Make room for one in the folder of its day. Raises OSError."""
        folder = self._own / about.day
        for made in (self._own, folder):
            if not made.is_dir():
                made.mkdir(exist_ok=True)
                made.chmod(FOLDER_MODE)
        entry = Entry(folder, about.session, about.content())
        _write(entry.recording, entry.content)
        return entry

    def wrote(self, entry: Entry, frames: int) -> None:
        """It has so many samples now."""
        size = HEADER_BYTES + frames * FRAME_BYTES
        with self._counting:
            self._since += size - self._sizes.get(entry.session, 0)
            self._sizes[entry.session] = size

    def finish(self, entry: Entry, *, seconds: float, end: End) -> None:
        """It is over. Raises OSError."""
        with self._counting:
            self._sizes.pop(entry.session, None)
        _write(entry.over, finished(entry.content, seconds=seconds, end=end))
        entry.recording.unlink(missing_ok=True)

    # --- room ---

    def room(self) -> str | None:
        """Why nothing more may be written, if so. Raises OSError."""
        if shutil.disk_usage(self._root).free < self._min_free:
            return f"less than {self._min_free} bytes are free"
        if self._most is not None and self._held + self._since > self._most * (1 - _KEPT_FREE):
            return f"the folder is nearly as large as it may be, {self._most} bytes"
        return None

    # --- sweeping ---

    def sweep(self) -> int:
        """Remove what is old, and say of what was left by a dead process what it is: so many. Raises OSError.

        All days are looked through for the latter once, then the newest two: nothing is left in older ones.
        """
        days = sorted((path for path in _entries(self._own) if _DAY.fullmatch(path.name)), reverse=True)
        oldest = (self._now().date() - timedelta(days=self._retention_days)).isoformat()
        room = MOST_REMOVED
        for day in reversed(days):
            if day.name < oldest and _is_date(day.name):
                room -= _remove(day, most=room)
        dead = sum(self._settle_dead(day) for day in days[: 2 if self._swept else None])
        self._swept = True
        if self._most is not None:
            held = sum(_size(path) for day in days for path in _entries(day))
            with self._counting:
                self._held, self._since = held, 0
        return dead

    def _settle_dead(self, day: Path) -> int:
        settled = 0
        for path in _entries(day):
            if not path.name.endswith(_RECORDING):
                continue
            audio = path.with_name(path.name.removesuffix(_RECORDING) + ".wav")
            if time.time() - max(_touched(path), _touched(audio)) <= DEAD_AFTER_S:
                continue
            # What another process has settled meanwhile, or no process of ours has written, is left.
            with suppress(FileNotFoundError, ValueError):
                content = json.loads(path.read_text(encoding="utf-8"))
                seconds = seconds_of(audio) if audio.exists() else 0.0
                self.finish(Entry(day, audio.stem, content), seconds=seconds, end=End.INTERRUPTED)
                settled += 1
        return settled


def _entries(folder: Path) -> Iterator[Path]:
    """What is in it; nothing where it is not there, or no longer."""
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as found:
        for entry in found:
            yield folder / entry.name


def _remove(day: Path, *, most: int) -> int:
    """Remove recordings and then their folder, unless somebody else keeps something there; how many."""
    removed = 0
    for path in list(_entries(day)):
        if removed == most:
            return removed
        if path.suffix in _OURS:
            path.unlink(missing_ok=True)
            removed += 1
    with suppress(OSError):
        day.rmdir()
    return removed


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all."""
    draft = path.with_name(f".{path.name}.tmp")
    draft.write_text(as_json(content), encoding="utf-8")
    draft.chmod(_FILE_MODE)
    draft.replace(path)


def _touched(path: Path) -> float:
    return path.stat().st_mtime if path.exists() else 0.0


def _size(path: Path) -> int:
    """What it takes of the disk."""
    try:
        return path.stat().st_blocks * 512
    except FileNotFoundError:
        return 0


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
