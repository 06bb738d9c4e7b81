"""State and cache of these tests: state apart from the user's, the cache shared with it."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("PARLEY_STATE", str(tmp_path / "state"))
    return tmp_path / "state"
