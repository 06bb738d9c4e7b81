"""Where recordings are, how long they stay, and what becomes of those whose process died (G14)."""

from __future__ import annotations

import json
import os
import stat
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from parley_gateway.recordings import folder as module
from parley_gateway.recordings.about import About, End
from parley_gateway.recordings.folder import Entry, Folder
from parley_gateway.recordings.stereo_wave import LEFT, StereoWave

TODAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RATE = 8_000


def folder_in(root: Path, *, most: int | None = None, min_free: int = 0, days: int = 30) -> Folder:
    return Folder(
        root, deployment="receptionist", retention_days=days, min_free=min_free, most=most, now=lambda: TODAY
    )


def about(session: str, *, days_ago: int = 0) -> About:
    return About(
        session=session,
        namespace="voice",
        deployment="receptionist",
        tenant="acme",
        user="anna",
        started_at=TODAY - timedelta(days=days_ago),
        rate=RATE,
    )


def recorded(folder: Folder, session: str, *, days_ago: int = 0, seconds: int = 1) -> Entry:
    """One that is over."""
    entry = going_on(folder, session, days_ago=days_ago, seconds=seconds)
    folder.finish(entry, seconds=seconds, end=End.SESSION)
    return entry


def going_on(folder: Folder, session: str, *, days_ago: int = 0, seconds: int = 1) -> Entry:
    entry = folder.begin(about(session, days_ago=days_ago))
    file = StereoWave(entry.audio, rate=RATE)
    file.put(LEFT, 0, b"\x01\x00" * RATE * seconds)
    file.flush()
    folder.wrote(entry, file.frames)
    file.close()
    return entry


def left_alone(entry: Entry) -> None:
    """By a process that is dead since a while."""
    then = time.time() - module.DEAD_AFTER_S - 1
    for path in (entry.audio, entry.recording):
        os.utime(path, (then, then))


def names(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_a_session_has_its_audio_and_a_json_beside_it_by_deployment_and_day(tmp_path: Path) -> None:
    recorded(folder_in(tmp_path), "s1")
    day = "receptionist/2026-11-22"
    assert names(tmp_path) == [f"{day}/s1.json", f"{day}/s1.wav"]
    assert json.loads((tmp_path / day / "s1.json").read_text()) == {
        "session": "s1",
        "namespace": "voice",
        "deployment": "receptionist",
        "tenant": "acme",
        "user": "anna",
        "startedAt": "2026-11-22T12:00:00.000+00:00",
        "audio": "s1.wav",
        "format": {"encoding": "pcm_s16le", "sampleRate": RATE, "channels": ["caller", "agent"]},
        "seconds": 1,
        "end": "session",
        "complete": True,
    }


def test_who_ships_files_away_is_in_the_group_and_sees_by_the_name_what_is_over(tmp_path: Path) -> None:
    entry = going_on(folder_in(tmp_path), "s1")
    assert names(tmp_path)[0].endswith("/s1.recording.json")
    assert stat.S_IMODE(entry.folder.stat().st_mode) & 0o077 == 0o070
    assert stat.S_IMODE(entry.audio.stat().st_mode) & 0o077 == 0o040


def test_g14_files_go_when_they_are_old_a_bounded_number_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_REMOVED", 3)
    folder = folder_in(tmp_path, days=2)
    for n in range(4):
        recorded(folder, f"old-{n}", days_ago=3)
    recorded(folder, "kept", days_ago=2)
    left = []
    for _ in range(3):
        folder.sweep()
        left.append(len([name for name in names(tmp_path) if "old" in name]))
    assert left == [5, 2, 0]
    assert names(tmp_path) == ["receptionist/2026-11-20/kept.json", "receptionist/2026-11-20/kept.wav"]
    assert not (tmp_path / "receptionist" / "2026-11-19").exists()


def test_what_somebody_else_keeps_there_stays(tmp_path: Path) -> None:
    folder = folder_in(tmp_path, days=1)
    recorded(folder, "old", days_ago=5)
    for path in ("receptionist/2026-11-17/notes.txt", "receptionist/lost+found/x.wav", "another/2020-01-01/s.wav"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("mine")
    folder.sweep()
    assert names(tmp_path) == [
        "another/2020-01-01/s.wav",
        "receptionist/2026-11-17/notes.txt",
        "receptionist/lost+found/x.wav",
    ]


def test_g14_what_a_dead_process_left_is_said_to_be_interrupted_and_what_lives_is_left_alone(
    tmp_path: Path,
) -> None:
    folder = folder_in(tmp_path)
    left_alone(going_on(folder, "dead", days_ago=9, seconds=2))
    going_on(folder, "alive")
    assert folder.sweep() == 1
    said = json.loads((tmp_path / "receptionist/2026-11-13/dead.json").read_text())
    assert (said["end"], said["complete"], said["seconds"]) == ("interrupted", False, 2.0)
    assert "receptionist/2026-11-22/alive.recording.json" in names(tmp_path)
    assert "receptionist/2026-11-13/dead.recording.json" not in names(tmp_path)


def test_a_process_that_died_before_it_wrote_any_audio_leaves_that_too(tmp_path: Path) -> None:
    folder = folder_in(tmp_path)
    entry = folder.begin(about("dead"))
    then = time.time() - module.DEAD_AFTER_S - 1
    os.utime(entry.recording, (then, then))
    folder.sweep()
    assert json.loads(entry.over.read_text())["seconds"] == 0.0


def test_g14_a_folder_ends_at_nine_tenths_of_its_size_and_has_room_again_once_files_went(tmp_path: Path) -> None:
    folder = folder_in(tmp_path, most=100_000)
    folder.sweep()
    entry = recorded(folder, "s1", seconds=2)
    assert folder.room() is None
    again = recorded(folder, "s2", seconds=1)
    assert "nearly as large as it may be" in str(folder.room())
    folder.sweep()
    assert folder.room() is not None
    for one in (entry, again):
        one.audio.unlink()
    folder.sweep()
    assert folder.room() is None


def test_g14_some_of_the_disk_stays_free(tmp_path: Path) -> None:
    assert "are free" in str(folder_in(tmp_path, min_free=2**62).room())


def test_a_folder_that_is_not_there_is_an_error_and_nothing_to_sweep(tmp_path: Path) -> None:
    folder = folder_in(tmp_path / "away")
    folder.sweep()
    with pytest.raises(FileNotFoundError):
        folder.room()
