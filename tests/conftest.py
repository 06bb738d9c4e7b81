"""What holds for all tests."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

# How long an example takes is the machine's business: speed is measured in `make bench`. The same examples each
# time, so that a change is what makes a test fail; to look for new ones:
# HYPOTHESIS_PROFILE=search pytest --timeout 0 FILE
settings.register_profile("same", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("search", deadline=None, print_blob=True, max_examples=2500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

NODES = {"tests/cluster/": "the node", "tests/localcluster/test_node": "nodes that come and go"}
"""Files whose tests take turns, in one process, since they share what there is once: by how their paths begin."""


class TakingTurns(LoadFileScheduling):  # type: ignore[misc]
    """Each file's tests go to one process, and so do all files that share a node."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((scope for start, scope in NODES.items() if file.startswith(start)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> TakingTurns | None:
    return TakingTurns(config, log) if config.getoption("dist") == "loadfile" else None
