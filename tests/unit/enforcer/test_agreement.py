"""O8: whatever the policies, the enforcer's chains let a packet pass when the API's own words permit it."""

from __future__ import annotations

from itertools import product
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cluster.enforcer.chains import chains
from tests.cluster.enforcer.permits import isolations
from tests.cluster.enforcer.world import NamedPort, Pod, World
from tests.unit.enforcer.filter_table import FilterTable, Packet
from tests.unit.enforcer.judge import Connection, End, may_connect

KEYS, VALUES, NAMES = ["a", "b"], ["1", "2"], ["x", "y"]
NUMBERS = st.integers(1, 4)
PROTOCOLS = st.sampled_from(["TCP", "UDP"])
LABELS = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))
NETWORKS = st.builds(
    lambda last, length: f"10.0.0.{last >> (32 - length) << (32 - length)}/{length}",
    st.integers(0, 15),
    st.integers(28, 32),
)
"""Within the sixteen addresses that the ends of connections have."""
OUTSIDE = ("10.0.0.8", "10.0.0.13")
"""Addresses that no pod has."""


def fields(required: dict[str, Any], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(required, optional=optional)


EXPRESSIONS = st.one_of(
    fields(
        {
            "key": st.sampled_from(KEYS),
            "operator": st.sampled_from(["In", "NotIn"]),
            "values": st.lists(st.sampled_from(VALUES), min_size=1),
        }
    ),
    fields({"key": st.sampled_from(KEYS), "operator": st.sampled_from(["Exists", "DoesNotExist"])}),
)
SELECTORS = fields({}, matchLabels=LABELS, matchExpressions=st.lists(EXPRESSIONS, max_size=2))
SUBJECTS = st.one_of(st.just({}), SELECTORS)
BLOCKS = st.one_of(
    fields({"cidr": st.one_of(NETWORKS, st.just("0.0.0.0/0"))}, **{"except": st.lists(NETWORKS, max_size=3)}),
    fields({"cidr": st.just("::/0")}),
)
PEERS = st.one_of(
    fields({"podSelector": SELECTORS}, namespaceSelector=SELECTORS),
    fields({"namespaceSelector": SELECTORS}),
    fields({"ipBlock": BLOCKS}),
)
PORTS = st.one_of(
    fields({}, protocol=PROTOCOLS, port=st.one_of(NUMBERS, st.sampled_from(NAMES))),
    fields({"port": NUMBERS, "endPort": st.integers(4, 5)}, protocol=PROTOCOLS),
)
LISTS_OF_PORTS = st.lists(PORTS, max_size=2)
TYPES = st.lists(st.sampled_from(["Ingress", "Egress"]), unique=True)
INGRESS = st.lists(fields({"from": st.lists(PEERS, max_size=2)}, ports=LISTS_OF_PORTS), max_size=2)
EGRESS = st.lists(fields({"to": st.lists(PEERS, max_size=2)}, ports=LISTS_OF_PORTS), max_size=2)
POLICIES = fields(
    {
        "metadata": fields({"namespace": st.sampled_from(NAMES)}),
        "spec": fields({"podSelector": SUBJECTS, "ingress": INGRESS, "egress": EGRESS}, policyTypes=TYPES),
    }
)
NAMED_PORTS = st.builds(NamedPort, st.sampled_from(NAMES), PROTOCOLS, NUMBERS)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    addresses = draw(st.lists(st.integers(0, 7), min_size=2, max_size=3, unique=True))
    pods = [
        Pod(
            draw(st.sampled_from(NAMES)),
            f"10.0.0.{last}",
            draw(LABELS),
            tuple(draw(st.lists(NAMED_PORTS, min_size=1, max_size=2))),
        )
        for last in addresses
    ]
    return World(
        tuple(pods),
        {name: draw(LABELS) for name in NAMES},
        tuple(draw(st.lists(POLICIES, min_size=1, max_size=3))),
    )


def end(world: World, address: str) -> End:
    for pod in world.pods:
        if pod.address == address:
            ports = frozenset((port.name, port.protocol, port.number) for port in pod.ports)
            return End(address, pod.namespace, pod.labels, world.namespaces[pod.namespace], ports)
    return End(address)


@settings(max_examples=300)
@given(world=worlds())
def test_the_chains_agree_with_a_direct_reading(world: World) -> None:
    """Of every connection between two pods, or between a pod and somebody else."""
    table = FilterTable()
    table.restore(chains("NP-test", isolations(world, namespaces=frozenset(NAMES))).as_text(before=None))
    pods = [end(world, pod.address) for pod in world.pods]
    others = [*pods, *(end(world, address) for address in OUTSIDE)]
    pairs = [pair for pair in product(others, others) if pair[0] in pods or pair[1] in pods]
    for (source, target), protocol, port in product(pairs, ("TCP", "UDP"), range(1, 6)):
        connection, packet = (
            Connection(source, target, port, protocol),
            Packet(source.address, target.address, protocol, port),
        )
        assert table.passes(packet) == may_connect(world.policies, connection), connection
