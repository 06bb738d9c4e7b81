"""Fixtures for tests that need providers: `pytest_plugins = ["tests.emulators.fixtures"]` in a root conftest, or
import them by name."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.emulators.emulators import Emulators, running

API_KEY = "sk-test-0123456789abcdef"
_ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def emulators() -> AsyncIterator[Emulators]:
    """All providers on a free port, in the test's own event loop: `emulators.anthropic.set_script(...)`."""
    async with running() as started:
        yield started


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    """A file with `API_KEY`, as a Secret is mounted."""
    path = tmp_path / "api-key"
    path.write_text(f"{API_KEY}\n")
    return path


@contextmanager
def emulator_process(
    *, host: str = "127.0.0.1", port: int = 0, scripts: Path | None = None, root: Path = _ROOT
) -> Iterator[str]:
    """The emulators in a process of their own; gives their address. Script them with /control/."""
    command = [sys.executable, "-m", "tests.emulators", "--host", host, "--port", str(port)]
    if scripts is not None:
        command += ["--scripts", str(scripts)]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            if not address:
                raise RuntimeError(f"the emulators ended with {process.wait(10)}: see their standard error")
            yield address
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture
def emulator_url() -> Iterator[str]:
    """The address of emulators in a process of their own."""
    with emulator_process() as address:
        yield address
