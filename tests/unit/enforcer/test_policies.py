"""O8: what the tests' enforcer makes of policies, by the chains that it would install."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster.enforcer.chains import chains
from tests.cluster.enforcer.permits import isolations
from tests.cluster.enforcer.world import NamedPort, Pod, World, world
from tests.unit.enforcer.filter_table import FilterTable, Packet

GATEWAY = Pod("voice", "10.88.0.2", {"app": "gateway"}, (NamedPort("http", "TCP", 8080),))
REDIS = Pod("data", "10.88.0.3", {"app": "redis", "tier": "cache"}, (NamedPort("redis", "TCP", 6379),))
OTHER = Pod("data", "10.88.0.4", {"app": "other"}, (NamedPort("redis", "TCP", 7000),))
NEIGHBOUR = Pod("voice", "10.88.0.5", {"app": "neighbour"})
NAMESPACES = {"voice": {"team": "calls"}, "data": {"team": "storage", "kept": "yes"}}
NODE, OUTSIDE, PUBLIC = "10.88.0.1", "10.89.0.1", "198.51.100.1"


def policy(*, of: str = "voice", pods: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": of, "name": "p"}, "spec": {"podSelector": pods or {}, **spec}}


def table(*policies: dict[str, Any], namespaces: frozenset[str] = frozenset(NAMESPACES)) -> FilterTable:
    made = FilterTable()
    seen = World((GATEWAY, REDIS, OTHER, NEIGHBOUR), NAMESPACES, policies)
    made.restore(chains("NP-test", isolations(seen, namespaces=namespaces)).as_text(before=None))
    return made


def passes(table: FilterTable, source: Pod | str, target: Pod | str, port: int, protocol: str = "TCP") -> bool:
    here, there = (end.address if isinstance(end, Pod) else end for end in (source, target))
    return table.passes(Packet(here, there, protocol, port))


def egress(*rules: dict[str, Any]) -> dict[str, Any]:
    return policy(pods={"matchLabels": {"app": "gateway"}}, policyTypes=["Egress"], egress=list(rules))


def test_without_a_policy_everything_passes() -> None:
    assert passes(table(), GATEWAY, REDIS, 6379)
    assert passes(table(), OUTSIDE, GATEWAY, 8080)


def test_who_is_selected_is_isolated_in_that_direction_alone() -> None:
    closed = table(policy(pods={"matchLabels": {"app": "gateway"}}, policyTypes=["Ingress"]))
    assert not passes(closed, REDIS, GATEWAY, 8080)
    assert not passes(closed, OUTSIDE, GATEWAY, 8080)
    assert passes(closed, GATEWAY, REDIS, 6379)
    assert passes(closed, REDIS, NEIGHBOUR, 8080)
    assert passes(closed, GATEWAY, GATEWAY, 8080), "a pod is never kept from itself"


def test_a_policy_without_types_is_for_what_it_speaks_of_and_for_ingress() -> None:
    assert not passes(table(policy()), REDIS, GATEWAY, 8080)
    assert passes(table(policy()), GATEWAY, REDIS, 6379)
    assert not passes(table(policy(egress=[{"ports": [{"port": 53}]}])), GATEWAY, REDIS, 6379)
    assert not passes(table(policy(policyTypes=["Egress"])), GATEWAY, REDIS, 6379)
    assert passes(table(policy(policyTypes=["Egress"])), REDIS, GATEWAY, 8080)


def test_a_rule_without_peers_or_ports_permits_all_of_them() -> None:
    assert passes(table(egress({})), GATEWAY, REDIS, 1)
    assert passes(table(egress({"to": [], "ports": []})), GATEWAY, PUBLIC, 1, "UDP")
    assert passes(table(egress({"ports": [{"port": 53, "protocol": "UDP"}]})), GATEWAY, NODE, 53, "UDP")
    assert not passes(table(egress({"ports": [{"port": 53, "protocol": "UDP"}]})), GATEWAY, NODE, 53)


def test_policies_add_up_and_both_sides_must_permit() -> None:
    to_redis, to_web = egress({"ports": [{"port": 6379}]}), egress({"ports": [{"port": 443}]})
    both = table(to_redis, to_web)
    assert passes(both, GATEWAY, REDIS, 6379)
    assert passes(both, GATEWAY, REDIS, 443)
    assert not passes(both, GATEWAY, REDIS, 80)
    closed = policy(of="data", policyTypes=["Ingress"])
    assert not passes(table(to_redis, closed), GATEWAY, REDIS, 6379)


@pytest.mark.parametrize(
    ("peer", "reached"),
    [
        ({"podSelector": {}}, {NEIGHBOUR.address}),
        ({"podSelector": {"matchLabels": {"app": "redis"}}}, set()),
        ({"namespaceSelector": {}}, {REDIS.address, OTHER.address, NEIGHBOUR.address}),
        ({"namespaceSelector": {"matchLabels": {"team": "storage"}}}, {REDIS.address, OTHER.address}),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "redis"}}}, {REDIS.address}),
        (
            {"namespaceSelector": {"matchExpressions": [{"key": "kept", "operator": "DoesNotExist"}]}},
            {NEIGHBOUR.address},
        ),
        (
            {
                "namespaceSelector": {"matchExpressions": [{"key": "kept", "operator": "Exists"}]},
                "podSelector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["cache"]}]},
            },
            {OTHER.address},
        ),
        (
            {
                "namespaceSelector": {},
                "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["redis", "x"]}]},
            },
            {REDIS.address},
        ),
        ({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "192.168.0.0/16"]}}, {PUBLIC}),
        ({"ipBlock": {"cidr": "10.88.0.0/16", "except": ["10.88.0.0/29"]}}, set()),
        ({"ipBlock": {"cidr": "10.89.0.1/32"}}, {OUTSIDE}),
        ({"ipBlock": {"cidr": "::/0"}}, set()),
    ],
)
def test_peers_are_pods_by_labels_and_addresses_by_network(peer: dict[str, Any], reached: set[str]) -> None:
    there = table(egress({"to": [peer]}))
    others = [REDIS.address, OTHER.address, NEIGHBOUR.address, NODE, OUTSIDE, PUBLIC]
    assert {address for address in others if passes(there, GATEWAY, address, 6379)} == reached


def test_ports_are_numbers_ranges_and_names() -> None:
    ranged = table(egress({"ports": [{"port": 9000, "endPort": 9002}]}))
    assert [port for port in range(8998, 9005) if passes(ranged, GATEWAY, PUBLIC, port)] == [9000, 9001, 9002]
    any_udp = table(egress({"ports": [{"protocol": "UDP"}]}))
    assert passes(any_udp, GATEWAY, PUBLIC, 4000, "UDP")
    assert not passes(any_udp, GATEWAY, PUBLIC, 4000)
    assert passes(table(egress({"ports": [{"protocol": "SCTP", "port": 5}]})), GATEWAY, PUBLIC, 5, "SCTP")


def test_a_ports_name_is_that_of_the_pod_which_is_connected_to() -> None:
    into = table(policy(policyTypes=["Ingress"], ingress=[{"ports": [{"port": "http"}]}]))
    assert passes(into, REDIS, GATEWAY, 8080)
    assert not passes(into, REDIS, GATEWAY, 6379)
    out = table(egress({"to": [{"namespaceSelector": {}}], "ports": [{"port": "redis"}]}))
    assert passes(out, GATEWAY, REDIS, 6379)
    assert passes(out, GATEWAY, OTHER, 7000)
    assert not passes(out, GATEWAY, REDIS, 7000)
    datagrams = table(egress({"ports": [{"port": "redis", "protocol": "UDP"}]}))
    assert not passes(datagrams, GATEWAY, REDIS, 6379, "UDP"), "the name is that of a TCP port"


def test_nobody_is_touched_outside_the_namespaces_of_a_test() -> None:
    closed = policy(of="data", policyTypes=["Ingress", "Egress"]), policy(policyTypes=["Ingress", "Egress"])
    mine = table(*closed, namespaces=frozenset({"voice"}))
    assert passes(mine, OUTSIDE, REDIS, 6379)
    assert not passes(mine, OUTSIDE, GATEWAY, 8080)


def test_packets_to_the_node_are_judged_as_all_others() -> None:
    closed = table(egress({"ports": [{"port": 53, "protocol": "UDP"}]}))
    assert closed.passes(Packet(GATEWAY.address, NODE, "UDP", 53), hook="INPUT")
    assert not closed.passes(Packet(GATEWAY.address, NODE, "TCP", 10250), hook="INPUT")


def test_what_comes_later_takes_the_place_of_what_was_there_and_all_of_it_goes() -> None:
    made, before = FilterTable(), None
    for policies in ([policy(policyTypes=["Ingress", "Egress"])], [egress()], []):
        seen = World((GATEWAY, NEIGHBOUR), NAMESPACES, tuple(policies))
        now = chains("NP-test", isolations(seen, namespaces=frozenset(NAMESPACES)))
        made.restore(now.as_text(before=before))
        assert made.chains.keys() == {"FORWARD", "INPUT", *now.rules}
        assert len(made.chains["FORWARD"]) == len(made.chains["INPUT"]) == 1
        before = now
    assert before is not None
    made.restore(before.as_removal())
    assert made.chains == FilterTable().chains


def test_pods_are_those_that_have_an_address_of_their_own() -> None:
    def pod(address: str, *, phase: str = "Running", **spec: Any) -> dict[str, Any]:
        container = {"ports": [{"name": "http", "containerPort": 8080}, {"containerPort": 1}]}
        return {
            "metadata": {"namespace": "voice", "labels": {"app": "gateway"}},
            "spec": {"containers": [container], **spec},
            "status": {"phase": phase, "podIP": address},
        }

    listed = [
        *(pod(""), pod("10.88.0.9", phase="Succeeded"), pod(NODE, hostNetwork=True)),
        pod(GATEWAY.address),
    ]
    namespaces: list[dict[str, Any]] = [
        {"metadata": {"name": "voice", "labels": NAMESPACES["voice"]}},
        {"metadata": {"name": "bare"}},
    ]
    assert world(pods=listed, namespaces=namespaces, policies=[]) == World(
        (GATEWAY,), {"voice": NAMESPACES["voice"], "bare": {}}, ()
    )
