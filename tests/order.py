"""In which order tests begin, and which of them one process runs, where several share the work (pytest-xdist)."""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

OWN_NODES = ("tests/localcluster/test_node.py", "tests/localcluster/test_node_crashes.py")
"""Files that make nodes of their own, all of the same name, for minutes."""
TOGETHER = (
    "tests/localcluster/",
    *(f"tests/cluster/test_{name}.py" for name in ("chart", "network_policy", "scaling")),
)
"""Files whose tests share what they start, or what there is one of: a release, an address, an API of metrics."""


class Streams(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each process the next test, with those that belong to it."""

    def _split_scope(self, nodeid: str) -> str:
        return stream_of(nodeid)


def stream_of(nodeid: str) -> str:
    """Tests of the same one run in one process, one after the other."""
    file = nodeid.partition("::")[0]
    if file in OWN_NODES:
        return OWN_NODES[0]
    return file if file.startswith(TOGETHER) else nodeid


def longest_first(items: list[pytest.Item]) -> None:
    """So that the processes end at about the same time.

    Before all others those that need not wait until the common node is up, then what has that node alone: one of
    these right after the other, since the rest has to wait meanwhile.
    """
    items.sort(key=lambda item: (stream_of(item.nodeid) != OWN_NODES[0], not _is_alone(item), -_seconds(item)))


def waiting_between_computing(items: list[pytest.Item]) -> None:
    """Put the files of the gateway's tests, which mostly wait, between the operator's, which mostly compute.

    One after the other, the first have the machine busy, and the others leave more than half of it idle. Files of
    neither come last.
    """
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    places: dict[str, float] = {}
    for layer in ("tests/operator/", "tests/gateway/"):
        own = [file for file in files if file.startswith(layer)]
        places |= {file: (number + 0.5) / len(own) for number, file in enumerate(own)}
    ordered = sorted(files, key=lambda file: places.get(file, 1.0))
    items[:] = [item for file in ordered for item in files[file]]


def _is_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("alone") is not None


def _seconds(item: pytest.Item) -> float:
    """How long it takes, or its stream, where that is said."""
    marker = item.get_closest_marker("takes")
    return 0.0 if marker is None else float(marker.kwargs["seconds"])
