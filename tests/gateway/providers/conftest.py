"""What every test of a provider has, and is held to: nothing stays behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.emulators.emulators import Emulators
from tests.emulators.faults import Fault
from tests.emulators.fixtures import emulators, key_file
from tests.gateway.providers.network import IMPATIENT, PATIENT, WARY, Network, none_but

__all__ = ["emulators", "key_file"]


@pytest.fixture
def network(emulators: Emulators, key_file: Path) -> Network:
    """The emulators, with deadlines that everything keeps."""
    return Network(emulators.url, key_file, PATIENT)


@pytest.fixture
def impatient(emulators: Emulators, key_file: Path) -> Network:
    """The emulators, with short deadlines."""
    return Network(emulators.url, key_file, IMPATIENT)


@pytest.fixture
def wary(emulators: Emulators, key_file: Path) -> Network:
    """The emulators, with deadlines short enough to wait for, and long enough to keep."""
    return Network(emulators.url, key_file, WARY)


@pytest.fixture
def fault() -> Fault | None:
    """That of a test with one; others are answered in time."""
    return None


@pytest.fixture
def beset(network: Network, impatient: Network, fault: Fault | None) -> Network:
    """The emulators for a test of this fault, with short deadlines where it is noticed by them alone."""
    return impatient if fault is not None and fault.kind == "stall" else network


@pytest_asyncio.fixture(autouse=True)
async def nothing_stays_behind(emulators: Emulators) -> AsyncIterator[None]:
    """After the test, with its providers closed, there is no task and no connection of theirs."""
    before = asyncio.all_tasks()
    yield
    await emulators.journal.until(lambda _: emulators.open_connections == 0)
    await none_but(before)
