"""Several parts are built at a time, and the first that fails ends the rest."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from localcluster import builds
from localcluster.builds import BuildCache
from localcluster.errors import ClusterError
from localcluster.progress import Progress
from localcluster.versions import FULL, PROMETHEUS_OPERATOR, GoBuild


class Scripted(BuildCache):
    """Builds nothing, but says what it was asked for."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, progress=Progress(quiet=True))
        self.begun: list[str] = []
        self.together = threading.Barrier(2)

    def _ensure(self, build: GoBuild) -> None:
        self.begun.append(build.name)


def test_all_are_begun_in_the_order_given_where_one_is_built_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "MEMORY_FOR_TWO", 2**60)
    cache = Scripted(tmp_path)
    cache.ensure(FULL)
    assert cache.begun == [build.name for build in FULL]


def test_two_are_built_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builds, "MEMORY_FOR_TWO", 0)

    class Meeting(Scripted):
        def _ensure(self, build: GoBuild) -> None:
            self.together.wait(timeout=30)  # passes only when both are in here

    Meeting(tmp_path).ensure(FULL[:2])


def test_the_first_that_fails_is_told_and_what_has_not_begun_never_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(builds, "MEMORY_FOR_TWO", 2**60)

    class Failing(Scripted):
        def _ensure(self, build: GoBuild) -> None:
            super()._ensure(build)
            if build is FULL[1]:
                raise ClusterError(build.name, "no disk", "free some")

    cache = Failing(tmp_path)
    with pytest.raises(ClusterError, match="no disk"):
        cache.ensure(FULL)
    assert cache.begun == [build.name for build in FULL[:2]]


def test_files_of_a_module_are_fetched_without_compiling(tmp_path: Path) -> None:
    cache = BuildCache(tmp_path, progress=Progress(quiet=True))
    cache.ensure((PROMETHEUS_OPERATOR,))
    text = cache.binary(PROMETHEUS_OPERATOR, "monitoring.coreos.com_podmonitors.yaml").read_text()
    assert "kind: CustomResourceDefinition" in text


def test_files_of_another_checksum_are_refused(tmp_path: Path) -> None:
    (module,) = PROMETHEUS_OPERATOR.modules
    forged = replace(PROMETHEUS_OPERATOR, modules=(replace(module, checksum=f"h1:{'A' * 43}="),))
    cache = BuildCache(tmp_path, progress=Progress(quiet=True))
    with pytest.raises(ClusterError):
        cache.ensure((forged,))
    assert not cache.folder(forged).exists()
