"""What is made once is made by one, is whole or absent, and survives its maker's death."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from localcluster.cache import make_once
from localcluster.progress import Progress

QUIET = Progress(quiet=True)


def make(final: Path, *, note: Path) -> Path:
    def write(folder: Path) -> Path:
        with note.open("a") as handle:
            handle.write("made\n")
        (folder / "thing").write_text("whole")
        return folder / "thing"

    return make_once(final, what="making a thing", make=write, progress=QUIET)


def make_and_die(final: Path) -> None:
    def write(folder: Path) -> Path:
        (folder / "thing").write_text("half")
        os.kill(os.getpid(), signal.SIGKILL)
        return folder / "thing"

    make_once(final, what="dying", make=write, progress=QUIET)


def test_the_second_time_nothing_is_made(tmp_path: Path) -> None:
    final, note = tmp_path / "thing-1", tmp_path / "note"
    assert make(final, note=note).read_text() == "whole"
    assert make(final, note=note) == final
    assert note.read_text() == "made\n"


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    final, note = tmp_path / "thing-1", tmp_path / "note"
    workers = [
        multiprocessing.get_context("fork").Process(target=make, args=(final,), kwargs={"note": note})
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=30)
    assert [worker.exitcode for worker in workers] == [0, 0, 0, 0]
    assert note.read_text() == "made\n"


def test_a_failed_making_leaves_nothing(tmp_path: Path) -> None:
    final = tmp_path / "thing-1"

    def fail(folder: Path) -> Path:
        (folder / "half").write_text("half")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        make_once(final, what="failing", make=fail, progress=QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["thing-1.lock"]


def test_a_maker_that_was_killed_does_not_block_the_next(tmp_path: Path) -> None:
    final, note = tmp_path / "thing-1", tmp_path / "note"
    victim = multiprocessing.get_context("fork").Process(target=make_and_die, args=(final,))
    victim.start()
    victim.join(timeout=30)
    assert victim.exitcode == -signal.SIGKILL
    assert not final.exists()
    assert make(final, note=note).read_text() == "whole"
