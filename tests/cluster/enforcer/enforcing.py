"""Policies in force on the node: the cluster's objects as they are now, as rules in the node's own network."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.cluster.conftest import Cluster
from tests.cluster.enforcer.chains import Chains, chains
from tests.cluster.enforcer.permits import isolations
from tests.cluster.enforcer.world import World, world

LISTS = {
    "pods": "/api/v1/pods",
    "namespaces": "/api/v1/namespaces",
    "policies": "/apis/networking.k8s.io/v1/networkpolicies",
}
SECONDS = 30.0


class Enforcer:
    """Enforces policies upon the pods of some namespaces, and upon nobody else's."""

    def __init__(self, cluster: Cluster, namespaces: frozenset[str]) -> None:
        self._cluster, self._namespaces = cluster, namespaces
        self._name = f"NP-{secrets.token_hex(4)}"
        self._installed: Chains | None = None

    def sync(self) -> None:
        """Enforce what the cluster's policies say of its pods now; connections that are open stay so."""
        wanted = chains(self._name, isolations(self._world(), namespaces=self._namespaces))
        self._restore(wanted.as_text(before=self._installed))
        self._installed = wanted

    def remove(self) -> None:
        """Take back all that was installed."""
        if self._installed is not None:
            self._restore(self._installed.as_removal())
            self._installed = None

    def _world(self) -> World:
        return world(**{what: self._list(path) for what, path in LISTS.items()})

    def _list(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self._cluster.commands.read("kubectl", "get", "--raw", path))[
            "items"
        ]
        return items

    def _restore(self, batch: str) -> None:
        command = (*self._cluster.node.target.cluster.node.enter(), "iptables-restore", "--noflush", "--wait")
        answer = subprocess.run(command, input=batch, capture_output=True, text=True, check=False, timeout=SECONDS)
        assert answer.returncode == 0, f"{answer.stderr}\n{batch}"


@contextmanager
def enforcing(cluster: Cluster, *namespaces: str) -> Iterator[Enforcer]:
    """The policies of these namespaces are in force for as long as the block lasts.

    Pods and policies that change meanwhile do so with the next `sync`.
    """
    enforcer = Enforcer(cluster, frozenset(namespaces))
    enforcer.sync()
    try:
        yield enforcer
    finally:
        enforcer.remove()
