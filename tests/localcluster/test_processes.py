"""Processes are known by identity, ended whole, and found even where no record is left."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from localcluster.errors import ClusterError
from localcluster.paths import StatePaths
from localcluster.processes import Identity, Processes, Program, marked, read_stat, wait_for_end
from localcluster.waiting import wait_for_part

SLEEPER = Program("sleeper", (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"))
STUBBORN = Program("stubborn", ("/bin/sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done"))
FAMILY = Program("family", ("/bin/sh", "-c", "sleep 600 & echo up; wait"))
BROKEN = Program("broken", ("/bin/sh", "-c", "echo this is why >&2; exit 3"))


@pytest.fixture
def paths(tmp_path: Path) -> StatePaths:
    paths = StatePaths(tmp_path / "node")
    paths.make()
    return paths


@pytest.fixture
def processes(paths: StatePaths) -> Iterator[Processes]:
    processes = Processes(paths)
    yield processes
    processes.kill_marked()


def started(processes: Processes, program: Program) -> Identity:
    """Start a program and wait until it says that it is up."""
    identity = processes.start(program)
    log = processes.log(program.name)
    wait_for_part(program.name, processes=processes, ready=lambda: "up" in log.read_text(), seconds=30)
    return identity


def test_a_started_program_runs_and_logs(processes: Processes) -> None:
    identity = started(processes, SLEEPER)
    assert processes.find("sleeper") == identity


def test_stop_ends_the_program_and_forgets_it(processes: Processes) -> None:
    identity = started(processes, SLEEPER)
    processes.stop("sleeper")
    assert not identity.is_alive()
    assert processes.find("sleeper") is None


def test_stop_insists(processes: Processes) -> None:
    identity = started(processes, STUBBORN)
    processes.stop("stubborn", grace=0.2)
    assert not identity.is_alive()


def test_stop_ends_a_paused_program(processes: Processes) -> None:
    identity = started(processes, SLEEPER)
    processes.signal("sleeper", signal.SIGSTOP)
    processes.stop("sleeper")
    assert not identity.is_alive()


def test_kill_ends_the_children_too(processes: Processes, paths: StatePaths) -> None:
    started(processes, FAMILY)
    family = marked(paths.root)
    assert len(family) == 2
    processes.kill("family")
    assert all(wait_for_end(member, seconds=10) for member in family)


def test_another_process_sees_what_runs(processes: Processes, paths: StatePaths) -> None:
    identity = started(processes, SLEEPER)
    assert Processes(paths).find("sleeper") == identity


def test_a_reused_pid_is_not_mistaken_for_the_program(processes: Processes) -> None:
    identity = started(processes, SLEEPER)
    assert not replace(identity, started=identity.started + 1).is_alive()


def test_what_a_crash_left_unrecorded_is_found_and_ended(processes: Processes, paths: StatePaths) -> None:
    identity = started(processes, SLEEPER)
    for record in paths.pids.iterdir():
        record.unlink()
    crashed_and_back = Processes(paths)
    assert crashed_and_back.find("sleeper") is None
    crashed_and_back.kill_marked()
    assert wait_for_end(identity, seconds=10)


def test_programs_of_another_state_are_left_alone(processes: Processes, tmp_path: Path) -> None:
    identity = started(processes, SLEEPER)
    Processes(StatePaths(tmp_path / "nod")).kill_marked()
    assert identity.is_alive()


def test_a_half_written_record_counts_as_none(processes: Processes, paths: StatePaths) -> None:
    (paths.pids / "sleeper.json").write_text('{"pid": 1')
    assert processes.find("sleeper") is None


def test_the_environment_of_the_user_stays_out(processes: Processes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "secret")
    identity = started(processes, SLEEPER)
    environment = Path(f"/proc/{identity.pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"SOME_API_KEY" not in environment


def test_a_program_that_ends_early_is_reported_with_its_log(processes: Processes) -> None:
    processes.start(BROKEN)
    with pytest.raises(ClusterError) as caught:
        wait_for_part("broken", processes=processes, ready=lambda: False, seconds=30)
    report = caught.value.report()
    assert "error in broken: it ended while it was starting" in report
    assert "| this is why" in report
    assert "what to do:" in report


def test_a_program_that_is_never_ready_is_reported(processes: Processes) -> None:
    started(processes, SLEEPER)
    with pytest.raises(ClusterError, match="was not ready within 0 s"):
        wait_for_part("sleeper", processes=processes, ready=lambda: False, seconds=0)


def test_a_name_with_spaces_and_brackets_does_not_confuse_the_kernels_record() -> None:
    stat = read_stat(1)
    assert stat is not None
    assert stat.started >= 0
