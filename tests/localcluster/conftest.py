"""State and cache of these tests: state apart from the user's, the cache shared with it."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = {"test_control_plane": 40, "test_commands": 12, "test_processes": 5, "test_builds": 5}
"""Of all tests of a module."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.takes(seconds=SECONDS.get(item.path.stem, 1)))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("PARLEY_STATE", str(tmp_path / "state"))
    return tmp_path / "state"
