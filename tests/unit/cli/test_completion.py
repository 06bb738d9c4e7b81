"""O12: what shells and kubectl are told to complete."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from parley_cli.main import main


def offered(line: str) -> list[str]:
    """What bash is told for a line, of which the last word is being typed."""
    words = line.split(" ")
    environment = {
        **os.environ,
        "_PARLEY_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
        "KUBECONFIG": "/nowhere",
    }
    program = "from parley_cli.main import main; main(prog_name='parley')"
    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert said.stderr == ""
    return [line.partition(",")[2] for line in said.stdout.splitlines() if line]


def test_o12_commands_and_options_are_completed() -> None:
    assert offered("parley st") == ["status"]
    assert "doctor" in offered("parley ")
    assert "--all-namespaces" in offered("parley status --a")
    assert offered("parley completion z") == ["zsh"]


def test_o12_without_a_cluster_no_name_is_offered_and_nothing_is_said() -> None:
    assert offered("parley status ") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_o12_each_shell_has_its_script(shell: str) -> None:
    said = CliRunner().invoke(main, ["completion", shell])
    assert (said.exit_code, "_PARLEY_COMPLETE" in said.stdout) == (0, True)
    if path := shutil.which(shell):
        checked = subprocess.run([path, "-n"], input=said.stdout, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_o12_kubectl_asks_a_program_of_its_own(tmp_path: Path) -> None:
    """kubectl runs `kubectl_complete-parley` with the words so far, and reads candidates and a directive."""
    run = "from parley_cli.main import main; main(prog_name='parley')"
    scripts = {
        "kubectl_complete-parley": CliRunner().invoke(main, ["completion", "kubectl"]).stdout,
        "parley": f'#!/bin/sh\nexec {sys.executable} -c "{run}"\n',
    }
    for name, text in scripts.items():
        program = tmp_path / name
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    said = subprocess.run(
        [tmp_path / "kubectl_complete-parley", "ro"], env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout == "rollback\n:4\n"
