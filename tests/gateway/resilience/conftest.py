"""Two addresses with providers: the first, in trouble, and one that stands in for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.emulators.emulators import Emulators, running
from tests.gateway.resilience.scene import Scene
from tests.gateway.resilience.trouble import Names, resolving
from tests.gateway.running import Site


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Names]:
    with resolving(monkeypatch) as names:
        yield names


@pytest_asyncio.fixture
async def elsewhere() -> AsyncIterator[Emulators]:
    async with running() as started:
        yield started


@pytest.fixture
def scene(emulators: Emulators, elsewhere: Emulators, names: Names, tmp_path: Path) -> Scene:
    return Scene(Site(tmp_path, emulators.url), emulators, elsewhere, names)
