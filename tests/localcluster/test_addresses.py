"""Nodes take blocks of addresses that nobody else uses."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from pathlib import Path

import pytest

from localcluster import network
from localcluster.addresses import SLOTS, Addresses
from localcluster.network import choose_addresses, parse_routes
from localcluster.paths import StatePaths
from localcluster.record import Record, other_nodes

ROUTES = """\
default via 192.0.2.1 dev eth0
10.88.0.0/16 via 10.89.0.2 dev parley0
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2
198.51.100.7 dev eth1 scope link
blackhole 203.0.113.0/24
"""


def ranges(addresses: Addresses) -> list[IPv4Network]:
    return [IPv4Network(text) for text in (addresses.pod_range, addresses.link_range, addresses.service_range)]


def test_no_two_blocks_overlap() -> None:
    everything = [network for slot in range(SLOTS) for network in ranges(Addresses(slot))]
    assert not [pair for pair in combinations(everything, 2) if pair[0].overlaps(pair[1])]


def test_each_address_lies_in_its_range() -> None:
    for slot in range(SLOTS):
        block = Addresses(slot)
        pods, link, services = ranges(block)
        assert IPv4Address(block.node) == pods[1]
        assert {IPv4Address(block.outside), IPv4Address(block.inside)} == set(link.hosts())
        assert IPv4Address(block.kubernetes_service) == services[1]


def test_routes_are_read_from_ip() -> None:
    assert parse_routes(ROUTES) == [
        IPv4Network("10.88.0.0/16"),
        IPv4Network("192.0.2.0/24"),
        IPv4Network("198.51.100.7/32"),
    ]


def test_a_block_with_a_route_is_in_use() -> None:
    routes = parse_routes(ROUTES)
    assert Addresses(0).overlaps(routes)
    assert not Addresses(1).overlaps(routes)


def test_an_organisations_wide_route_blocks_nothing() -> None:
    assert not Addresses(0).overlaps([IPv4Network("10.0.0.0/8")])


def test_a_block_that_a_record_names_is_taken_before_and_after_it_can_be_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(network, "_ip", lambda *_: "")
    monkeypatch.setattr(network, "_exists", lambda interface: interface == Addresses(1).interface)
    assert choose_addresses(taken=frozenset()) == Addresses(0)
    assert choose_addresses(taken=frozenset({0})) == Addresses(2)


def test_what_a_node_gave_back_its_record_names_no_more(tmp_path: Path) -> None:
    record = Record("full", 1, 2, 3, web_port=8080, websecure_port=8443, slot=0, complete=True)
    record.save(paths_of(tmp_path, "one"))
    Record("control-plane", 4, 5, 6).save(paths_of(tmp_path, "plane"))
    mine = paths_of(tmp_path, "mine")
    assert other_nodes(mine) == [record]
    assert record.ports == {8080, 8443}
    record.released().save(paths_of(tmp_path, "one"))
    [other] = other_nodes(mine)
    assert (other.slot, other.ports, other.complete) == (None, frozenset(), False)


def paths_of(folder: Path, name: str) -> StatePaths:
    paths = StatePaths(folder / name)
    paths.make()
    return paths
