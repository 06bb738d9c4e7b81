"""Locks: one alone, or any number together; freed by death."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from pathlib import Path

from localcluster.locks import locked


def hold_and_die(path: Path) -> None:
    with locked(path):
        os.kill(os.getpid(), signal.SIGKILL)


def test_many_may_share(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", shared=True), locked(tmp_path / "lock", shared=True):
        pass


def test_whoever_wants_it_alone_waits_and_says_so(tmp_path: Path) -> None:
    path, waiting, done = tmp_path / "lock", threading.Event(), threading.Event()

    def want() -> None:
        with locked(path, on_wait=waiting.set):
            done.set()

    thread = threading.Thread(target=want)
    with locked(path, shared=True):
        thread.start()
        assert waiting.wait(timeout=30)
        assert not done.is_set()
    assert done.wait(timeout=30)
    thread.join(timeout=30)


def test_a_dead_holder_blocks_nobody(tmp_path: Path) -> None:
    victim = multiprocessing.get_context("fork").Process(target=hold_and_die, args=(tmp_path / "lock",))
    victim.start()
    victim.join(timeout=30)
    assert victim.exitcode == -signal.SIGKILL
    with locked(tmp_path / "lock"):
        pass
