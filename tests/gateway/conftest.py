"""What tests of the whole gateway share: providers on the wire, and a pod's files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.emulators.emulators import Emulators
from tests.emulators.fixtures import emulators
from tests.gateway.running import Served, Site, served

__all__ = ["emulators"]


@pytest.fixture
def site(emulators: Emulators, tmp_path: Path) -> Site:
    """The files of a pod, its providers emulated; `site.settings` changes the configuration."""
    return Site(tmp_path, emulators.url)


@pytest_asyncio.fixture
async def gateway(site: Site) -> AsyncIterator[Served]:
    """A gateway with the default configuration."""
    async with served(site.config()) as running:
        yield running
