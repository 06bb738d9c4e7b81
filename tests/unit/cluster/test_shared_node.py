"""One node for a run: made once, taken away by the last, whatever happens to those in between."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from tests.cluster.shared_node import SharedNode

SECONDS = 30.0


class FileNode:
    """A node that is a file, with a line for each thing that was done."""

    def __init__(self, folder: Path) -> None:
        self._up, self._log = folder / "up", folder / "log"

    @property
    def is_up(self) -> bool:
        return self._up.exists()

    @property
    def history(self) -> list[str]:
        return self._log.read_text().split() if self._log.exists() else []

    def up(self) -> None:
        self._up.touch()
        self._note("up")

    def down(self) -> None:
        self._up.unlink(missing_ok=True)
        self._note("down")

    def _note(self, what: str) -> None:
        with self._log.open("a") as log:
            log.write(f"{what}\n")


def test_it_is_made_once_and_taken_away_by_the_last(tmp_path: Path) -> None:
    node = FileNode(tmp_path)
    first, second = SharedNode(node, tmp_path), SharedNode(node, tmp_path)
    with first.used(node.up):
        with second.used(node.up):
            assert node.history == ["up"]
        assert node.is_up
    assert node.history == ["up", "down"]


def test_whoever_comes_when_all_have_left_makes_it_anew(tmp_path: Path) -> None:
    node = FileNode(tmp_path)
    for _ in range(2):
        with SharedNode(node, tmp_path).used(node.up):
            assert node.is_up
    assert node.history == ["up", "down", "up", "down"]


def test_one_that_was_there_before_stays(tmp_path: Path) -> None:
    node = FileNode(tmp_path)
    node.up()
    with SharedNode(node, tmp_path).used(node.up):
        pass
    assert node.is_up


def test_a_failed_test_takes_it_away_as_well(tmp_path: Path) -> None:
    node = FileNode(tmp_path)
    with pytest.raises(ValueError, match="a test"), SharedNode(node, tmp_path).used(node.up):
        raise ValueError("a test")
    assert not node.is_up


def test_what_could_not_be_made_whole_is_taken_away_and_begun_anew(tmp_path: Path) -> None:
    node = FileNode(tmp_path)

    def fail() -> None:
        node.up()
        raise ValueError("no image")

    with pytest.raises(ValueError, match="no image"), SharedNode(node, tmp_path).used(fail):
        pass
    assert not node.is_up
    with SharedNode(node, tmp_path).used(node.up):
        assert node.is_up


@pytest.mark.parametrize("at", ["making", "using"])
def test_of_one_that_died_the_next_takes_it_away(tmp_path: Path, at: str) -> None:
    node = FileNode(tmp_path)
    victim = multiprocessing.get_context("fork").Process(target=_die, args=(tmp_path, at))
    victim.start()
    victim.join(timeout=SECONDS)
    assert victim.exitcode == -signal.SIGKILL
    assert node.is_up
    with SharedNode(node, tmp_path).used(node.up):
        assert node.is_up
    assert not node.is_up


def _die(folder: Path, at: str) -> None:
    node = FileNode(folder)

    def make() -> None:
        node.up()
        if at == "making":
            os.kill(os.getpid(), signal.SIGKILL)

    with SharedNode(node, folder).used(make):
        os.kill(os.getpid(), signal.SIGKILL)
