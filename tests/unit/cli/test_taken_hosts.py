"""O12: `parley diff` tells of hosts that an older resource has, wherever that one may be seen."""

from __future__ import annotations

from typing import Any, cast

from parley_cli.cluster import Cluster
from parley_cli.taken_hosts import taken_hosts
from parley_operator.kube.errors import ForbiddenError

HOST, OTHER = "voice.example.com", "other.example.com"


def body(name: str, *hosts: str, namespace: str = "voice", created: str = "2026-11-20") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "uid": name, "creationTimestamp": f"{created}T12:00:00Z"}
    return {"metadata": metadata, "spec": {"endpoint": {"hosts": list(hosts)}}}


class Seen:
    """A cluster with these resources; without `everywhere` only those of the namespace may be listed."""

    def __init__(self, *bodies: dict[str, Any], everywhere: bool = True) -> None:
        self._bodies, self._everywhere = bodies, everywhere

    async def voice_deployments(self, *, everywhere: bool = False) -> list[dict[str, Any]]:
        if everywhere and not self._everywhere:
            raise ForbiddenError(status=403, reason="Forbidden", message="no")
        return [one for one in self._bodies if everywhere or one["metadata"]["namespace"] == "voice"]


async def taken(seen: Seen, live: dict[str, Any] | None, then: dict[str, Any]) -> dict[str, str]:
    return await taken_hosts(cast("Cluster", seen), live, then)


async def test_o12_one_that_is_yet_to_be_made_is_younger_than_all() -> None:
    """Also than one of this very second."""
    first = body("receptionist", HOST, namespace="front")
    assert await taken(Seen(first), None, body("a", HOST, OTHER)) == {HOST: "front/receptionist"}


async def test_o12_the_older_of_two_keeps_its_host() -> None:
    old, young = body("old", HOST), body("young", OTHER, created="2026-11-21")
    seen = Seen(old, young)
    assert await taken(seen, old, body("old", HOST, OTHER)) == {}
    assert await taken(seen, young, body("young", HOST, created="2026-11-21")) == {HOST: "voice/old"}


async def test_o12_who_sees_one_namespace_is_told_of_that_one() -> None:
    seen = Seen(body("near", HOST), body("far", OTHER, namespace="front"), everywhere=False)
    assert await taken(seen, None, body("a", HOST, OTHER)) == {HOST: "voice/near"}
