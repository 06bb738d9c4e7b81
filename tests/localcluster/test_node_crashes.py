"""Whatever dies on the way up or later, the next `up` begins anew and `down` leaves no trace."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcluster.cluster import LocalCluster
from localcluster.components import etcd
from localcluster.errors import ClusterError
from localcluster.namespace import NodeNamespace
from localcluster.processes import Identity, Processes, Program, marked, read_stat, wait_for_end
from localcluster.progress import Progress
from tests.localcluster.node import NOTHING, Traces, new_node

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


@pytest.fixture
def cluster() -> Iterator[LocalCluster]:
    """A cluster that is down, before and after."""
    cluster = new_node()
    cluster.down()
    yield cluster
    cluster.down()


@pytest.mark.parametrize("step", ["network", "runtime", "metrics"])
def test_an_up_that_was_killed_is_cleaned_by_the_next(cluster: LocalCluster, step: str) -> None:
    victim = multiprocessing.get_context("fork").Process(target=_die_at, args=(step,))
    victim.start()
    victim.join(timeout=120)
    assert victim.exitcode == -signal.SIGKILL
    left = marked(cluster.paths.root)
    assert left
    cluster.up()
    assert cluster.node_is_ready()
    assert not [process for process in left if process.is_alive()]
    _down_leaves_nothing(cluster)


def test_a_cluster_that_was_killed_on_its_way_up_can_be_taken_down(cluster: LocalCluster) -> None:
    victim = multiprocessing.get_context("fork").Process(target=_die_at, args=("runtime",))
    victim.start()
    victim.join(timeout=120)
    _down_leaves_nothing(cluster)


def test_the_death_of_the_namespace_takes_everything_and_up_begins_anew(cluster: LocalCluster) -> None:
    cluster.up()
    inside = marked(cluster.paths.root)
    first = cluster.node.first_pid
    stat = read_stat(first)
    assert stat is not None
    os.kill(first, signal.SIGKILL)
    assert wait_for_end(Identity(first, stat.started), seconds=30)
    cluster.up()
    assert cluster.node_is_ready()
    assert not [process for process in inside if process.is_alive()]
    _down_leaves_nothing(cluster)


def test_a_part_that_stands_still_does_not_keep_the_namespace_from_ending(cluster: LocalCluster) -> None:
    cluster.up()
    Processes(cluster.paths).signal(etcd.NAME, signal.SIGSTOP)
    _down_leaves_nothing(cluster)


def test_down_does_not_wait_for_what_still_holds_the_network(cluster: LocalCluster) -> None:
    cluster.up()
    with Path(f"/proc/{cluster.node.first_pid}/ns/net").open():
        _down_leaves_nothing(cluster)


def test_egress_is_given_where_asked_for_and_taken_back() -> None:
    forwarding = Path("/proc/sys/net/ipv4/ip_forward")
    before = forwarding.read_text()
    cluster = new_node(egress=True)
    cluster.down()
    try:
        cluster.up()
        assert Traces.of(cluster, cluster.layout.addresses).rules
        assert "default via" in cluster.node.run("ip", "route")
    finally:
        _down_leaves_nothing(cluster)
    assert forwarding.read_text() == before


def test_a_part_that_fails_is_named_with_its_words(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Program(etcd.NAME, ("/bin/sh", "-c", "echo the disk is gone >&2; exit 1"))
    monkeypatch.setattr(etcd, "etcd", lambda *_, **__: broken)
    with pytest.raises(ClusterError) as caught:
        cluster.up()
    assert caught.value.part == etcd.NAME
    assert "| the disk is gone" in caught.value.report()
    assert marked(cluster.paths.root) == []


def test_two_nodes_run_side_by_side(cluster: LocalCluster) -> None:
    other = LocalCluster(name=f"{cluster.name}-2", progress=Progress())
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(LocalCluster.up, (cluster, other)))  # at the same instant, as they may
        assert cluster.layout.addresses != other.layout.addresses
        assert cluster.parts.entrypoints != other.parts.entrypoints
        _down_leaves_nothing(other)
        assert cluster.node_is_ready()
        assert all(cluster.running().values())
    finally:
        other.down()


def _down_leaves_nothing(cluster: LocalCluster) -> None:
    addresses = cluster.layout.addresses
    cluster.down()
    assert Traces.of(cluster, addresses) == NOTHING


def _die_at(step: str) -> None:
    """`up`, killed as by kill -9 when it comes to a step."""

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    if step == "network":
        NodeNamespace.run = die  # type: ignore[method-assign,assignment]
    if step == "runtime":
        LocalCluster._containerd_answers = die  # type: ignore[method-assign,assignment]
    if step == "metrics":
        LocalCluster._metrics_are_served = die  # type: ignore[method-assign,assignment]
    new_node().up()
