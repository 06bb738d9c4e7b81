"""A host belongs to the oldest VoiceDeployment that names it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from parley_operator.hosts import HostClaims
from tests.unit.operator_runtime.objects import resource

OLD, YOUNG = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"


def test_the_younger_is_told_who_has_its_host() -> None:
    claims = HostClaims()
    claims.update(("a", "old"), resource("old", "v.example.com", created=OLD, namespace="a"))
    claims.update(
        ("b", "young"), resource("young", "v.example.com", "w.example.com", created=YOUNG, namespace="b")
    )
    assert claims.taken(("b", "young")) == {"v.example.com": "a/old"}
    assert claims.taken(("a", "old")) == {}


def test_the_order_of_the_news_does_not_matter() -> None:
    claims = HostClaims()
    claims.update(("b", "young"), resource("young", "v.example.com", created=YOUNG))
    woken = claims.update(("a", "old"), resource("old", "v.example.com", created=OLD))
    assert woken == {("b", "young")}
    assert claims.taken(("b", "young")) == {"v.example.com": "a/old"}


def test_the_next_in_line_is_woken_and_has_the_host_when_the_first_goes() -> None:
    claims = HostClaims()
    claims.update(("a", "old"), resource("old", "v.example.com", created=OLD))
    claims.update(("b", "young"), resource("young", "v.example.com", created=YOUNG))
    assert claims.release(("a", "old")) == {("b", "young")}
    assert claims.taken(("b", "young")) == {}


def test_a_resource_that_drops_a_host_wakes_who_waits_for_it() -> None:
    claims = HostClaims()
    claims.update(("a", "old"), resource("old", "v.example.com", created=OLD))
    claims.update(("b", "young"), resource("young", "v.example.com", created=YOUNG))
    assert claims.update(("a", "old"), resource("old", "x.example.com", created=OLD)) == {("b", "young")}
    assert claims.taken(("b", "young")) == {}


NAMES = st.sampled_from("abcd")
HOSTS = st.frozensets(st.sampled_from(["x.example.com", "y.example.com", "z.example.com"]))


@given(st.lists(st.tuples(NAMES, HOSTS, st.booleans()), max_size=40))
def test_every_host_has_exactly_one_holder_and_it_is_the_oldest(
    news: list[tuple[str, frozenset[str], bool]],
) -> None:
    claims, truth = HostClaims(), dict[str, frozenset[str]]()
    for name, hosts, goes in news:
        if goes:
            claims.release(("ns", name))
            truth.pop(name, None)
        else:
            claims.update(
                ("ns", name), resource(name, *sorted(hosts), created=f"2026-01-01T00:00:0{ord(name) % 3}Z")
            )
            truth[name] = hosts
    for host in ("x.example.com", "y.example.com", "z.example.com"):
        naming = [name for name in truth if host in truth[name]]
        holders = [name for name in naming if host not in claims.taken(("ns", name))]
        assert len(holders) == (1 if naming else 0)
        oldest = sorted(naming, key=lambda name: (ord(name) % 3, f"uid-ns-{name}"))
        assert holders == oldest[:1]
