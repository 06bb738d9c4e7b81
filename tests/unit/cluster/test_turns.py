"""Turns at the node: many together or one alone, whoever waits for the latter is not passed, death frees all."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.cluster.turns import Turns, is_held, lock
from tests.localcluster.node import wait_until

SECONDS = 30.0


class Taking:
    """A turn taken in a thread: `begun` once it is there, over when `end` is called."""

    def __init__(self, turn: Callable[[], AbstractContextManager[None]]) -> None:
        self.begun = threading.Event()
        self._end = threading.Event()
        self._turn = turn
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def end(self) -> None:
        self._end.set()
        self._thread.join(timeout=SECONDS)

    def _take(self) -> None:
        with self._turn():
            self.begun.set()
            self._end.wait(timeout=SECONDS)


def test_any_number_are_there_together(tmp_path: Path) -> None:
    with Turns(tmp_path).among_others(), Turns(tmp_path).among_others():
        assert is_held(tmp_path / "node")
        assert not is_held(tmp_path / "gate")
    assert not is_held(tmp_path / "node")


@pytest.mark.parametrize("kind", ["among_others", "alone"])
def test_nobody_is_beside_the_one_alone(tmp_path: Path, kind: str) -> None:
    turns = Turns(tmp_path)
    with turns.alone():
        other = Taking(getattr(turns, kind))
        assert not other.begun.wait(timeout=0.2)
    assert other.begun.wait(timeout=SECONDS)
    other.end()


def test_whoever_comes_after_one_that_waits_to_be_alone_waits_behind_it(tmp_path: Path) -> None:
    turns = Turns(tmp_path)
    first = Taking(turns.among_others)
    assert first.begun.wait(timeout=SECONDS)
    alone = Taking(turns.alone)
    wait_until(lambda: is_held(tmp_path / "gate"), seconds=SECONDS)
    later = Taking(turns.among_others)
    assert not later.begun.wait(timeout=0.2)
    first.end()
    assert alone.begun.wait(timeout=SECONDS)
    assert not later.begun.wait(timeout=0.2)
    alone.end()
    assert later.begun.wait(timeout=SECONDS)
    later.end()


def test_a_dead_holder_keeps_nobody(tmp_path: Path) -> None:
    victim = multiprocessing.get_context("fork").Process(target=_take_and_die, args=(tmp_path,))
    victim.start()
    victim.join(timeout=SECONDS)
    assert victim.exitcode == -signal.SIGKILL
    with Turns(tmp_path).alone():
        pass


def test_waiting_has_an_end(tmp_path: Path) -> None:
    with (
        lock(tmp_path / "door"),
        pytest.raises(AssertionError, match="door was not free"),
        lock(tmp_path / "door", within=0.1),
    ):
        pass


def _take_and_die(folder: Path) -> None:
    with Turns(folder).alone():
        os.kill(os.getpid(), signal.SIGKILL)
