"""promtool, which judges rules as Prometheus does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from localcluster.debian import command_path, require_commands
from localcluster.paths import cache_dir
from localcluster.progress import Progress

Promtool = Callable[..., str]


@pytest.fixture(scope="session")
def promtool() -> Promtool:
    """Runs it, and gives what it says; a refusal is a failure with its words."""
    require_commands({"promtool": "prometheus"}, cache=cache_dir(), progress=Progress())
    command = command_path("promtool")

    def run(*arguments: str) -> str:
        result = subprocess.run([command, *arguments], capture_output=True, text=True, check=False, timeout=60)
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    return run


@pytest.fixture
def write_yaml(tmp_path: Path) -> Callable[[str, Any], str]:
    """Writes a file for it, and gives its path."""

    def write(name: str, content: Any) -> str:
        path = tmp_path / name
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return str(path)

    return write
