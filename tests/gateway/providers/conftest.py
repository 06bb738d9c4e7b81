"""What every test of a provider has, and is held to: nothing stays behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.emulators.emulators import Emulators
from tests.emulators.fixtures import emulators, key_file
from tests.gateway.providers.network import IMPATIENT, PATIENT, Network, none_but

__all__ = ["emulators", "key_file"]


@pytest.fixture
def network(emulators: Emulators, key_file: Path) -> Network:
    """The emulators, with the deadlines of production."""
    return Network(emulators.url, key_file, PATIENT)


@pytest.fixture
def impatient(emulators: Emulators, key_file: Path) -> Network:
    """The emulators, with short deadlines."""
    return Network(emulators.url, key_file, IMPATIENT)


@pytest_asyncio.fixture(autouse=True)
async def nothing_stays_behind(emulators: Emulators) -> AsyncIterator[None]:
    """After the test, with its providers closed, there is no task and no connection of theirs."""
    before = asyncio.all_tasks()
    yield
    await emulators.journal.until(lambda _: emulators.open_connections == 0)
    await none_but(before)
