"""Programs that fail say what failed, what they said last, and what to do."""

from __future__ import annotations

import pytest

from quickstart.commands import LAST_LINES, Commands, StepError


def test_a_failure_carries_the_last_lines_and_the_remedy() -> None:
    script = "for n in $(seq 100); do echo line $n >&2; done; exit 3"
    with pytest.raises(StepError, match="ended with 3") as failed:
        Commands().read("sh", "-c", script, remedy="mend it")
    assert failed.value.remedy == "mend it"
    assert len(failed.value.lines) == LAST_LINES
    assert failed.value.lines[-1] == "line 100"


def test_a_missing_program_is_named_with_how_to_get_it() -> None:
    with pytest.raises(StepError, match="no-such-program is not installed") as failed:
        Commands().read("no-such-program")
    assert "PATH" in failed.value.remedy


def test_a_program_that_does_not_end_is_ended() -> None:
    with pytest.raises(StepError, match="took more than"):
        Commands().read("sleep", "60", timeout=0.1)


def test_programs_get_the_clusters_environment() -> None:
    commands = Commands({"KUBECONFIG": "/somewhere"})
    assert commands.read("sh", "-c", "echo $KUBECONFIG").strip() == "/somewhere"
    assert commands.read("cat", given="manifest") == "manifest"
    assert not commands.succeeds("false")
