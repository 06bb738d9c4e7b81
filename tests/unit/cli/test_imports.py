"""What each command loads: a person waits for it, and a shell that completes a line at every key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from parley_cli.main import main

COMMANDS = sorted(main.list_commands(click.Context(main)))
LIBRARIES = frozenset({"aiohttp", "cryptography", "kubernetes", "numpy", "pydantic", "soxr", "websockets", "yaml"})
"""Each takes longer to load than click and all that is ours without models."""
MODELS = frozenset({"parley_contract.config", "parley_operator.api.spec"})
CLUSTER = frozenset({"aiohttp", "kubernetes"})

_PROGRAM = """
import sys, click
from parley_cli.main import main
try:
    main(sys.argv[1:], prog_name="parley", standalone_mode=False)
except (click.ClickException, SystemExit):
    pass
print("loaded:", *sys.modules)
"""


def loaded(*arguments: str) -> set[str]:
    """The modules that a command line of a new process has loaded by its end."""
    said = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    return set(said.stdout.rpartition("loaded:")[2].split())


@pytest.mark.parametrize("line", ["--help", "version", "completion bash", "nonsense"])
def test_o12_what_asks_nobody_loads_no_library(line: str) -> None:
    found = loaded(*line.split())
    assert not found & (LIBRARIES | MODELS | {"asyncio"})


@pytest.mark.parametrize("command", sorted({*COMMANDS} - {"talk"}))
def test_o12_help_loads_neither_models_nor_a_way_to_a_cluster(command: str) -> None:
    """`talk` offers the recordings that come with the client."""
    assert not loaded(command, "--help") & (CLUSTER | MODELS | {"cryptography", "pydantic"})


def test_o12_what_the_other_tests_look_for_is_what_work_loads(tmp_path: Path) -> None:
    """Were a module renamed, they could not fail."""
    (tmp_path / "none.yaml").write_text("")
    assert loaded("render", str(tmp_path / "none.yaml")) >= MODELS | {"pydantic", "yaml"}
    assert loaded("status", "--kubeconfig", str(tmp_path / "nowhere")) >= CLUSTER
