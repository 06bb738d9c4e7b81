"""What holds for all tests."""

import gc
import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from tests.order import Streams, longest_first, waiting_between_computing

# How long an example takes is the machine's business: speed is measured in `make bench`. The same examples each
# time, so that a change is what makes a test fail; to look for new ones:
# HYPOTHESIS_PROFILE=search pytest --timeout 0 FILE
settings.register_profile("same", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True, max_examples=2500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

SHARING = {
    "tests/operator/api/test_crd.py": "crd_server",
    "tests/operator/api/test_monitoring_objects.py": "crd_server",
    "tests/operator/api/test_rendered.py": "crd_server",
    "tests/operator/api/test_worker_pools.py": "crd_server",
    "tests/operator/test_cert_manager.py": "changing_plane",
    "tests/operator/test_crashes_of_everything.py": "changing_plane",
    "tests/operator/test_optional_apis.py": "changing_plane",
    "tests/operator/test_own_definition.py": "changing_plane",
}
"""Files whose tests share a server that takes long to start and to furnish, and the name of what they share."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nothing is won by looking for garbage among modules and six thousand tests: they stay to the end.

    Each look takes half a second, also later.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one process alone would only leave a folder's fixtures and come back
        waiting_between_computing(items)
    longest_first(items)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist loadfile`, but that files which share something go to one process; `loadgroup` by streams.

    xdist's own groups need marks that it cannot pass on with pytest 9.2.
    """
    scheduler = {"loadfile": _Together, "loadgroup": Streams}.get(config.getvalue("dist"))
    return scheduler(config, log) if scheduler else None


class _Together(LoadFileScheduling):  # type: ignore[misc]
    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return SHARING.get(file, file)
