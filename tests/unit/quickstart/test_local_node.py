"""The local node as `make run` and the cluster's tests find it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from localcluster.progress import Progress
from localcluster.record import Record
from quickstart.clusters.local import LocalNode


def test_what_was_cut_short_on_its_way_up_or_down_is_no_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever finds it begins anew, and takes away what it began."""
    monkeypatch.setenv("PARLEY_STATE", str(tmp_path))
    node = LocalNode(progress=Progress(quiet=True))
    paths = node.target.cluster.paths
    paths.make()
    paths.kubeconfig.write_text("{}")
    assert not node.is_up
    record = Record("full", api_port=1, etcd_port=2, etcd_peer_port=3)
    record.save(paths)
    assert not node.is_up
    replace(record, complete=True).save(paths)
    assert node.is_up
