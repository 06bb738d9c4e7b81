"""The cluster of the other tests with KEDA in it, and with the Prometheus operator's definitions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.conftest import TEST_SECONDS, Cluster, cluster, namespace, pytest_runtest_makereport, run_folder
from tests.scaling import keda, monitoring

__all__ = ["cluster", "namespace", "pytest_runtest_makereport", "run_folder"]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.cluster)
            item.add_marker(pytest.mark.timeout(TEST_SECONDS, func_only=True))


@pytest.fixture(scope="session", autouse=True)
def engines(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """KEDA and what it reads from; gone afterwards, for a node that stays."""
    with monitoring.definitions(cluster), keda.installed(cluster, tmp_path_factory.mktemp("keda")):
        yield
