"""A gateway whose policy is tested: its name, the ports that matter, and how its policy is changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from quickstart import release
from tests.cluster.conftest import Cluster
from tests.cluster.enforcer.enforcing import Enforcer
from tests.cluster.kubernetes import Namespace

NAME = "guarded"
GATEWAY, WORKER, API_SERVER, KUBELET, HTTPS, DNS = 8080, 8000, 6443, 10250, 443, 53
UNHEARD = 9
"""A port that nobody listens on."""


async def declare(namespace: Namespace, enforcer: Enforcer, **policy: Any) -> None:
    """Change the resource's policy, and enforce it as soon as it is there."""
    before = namespace.get("NetworkPolicy", NAME)["metadata"]["generation"]
    patch = {"spec": {"networkPolicy": policy}}
    namespace.kubectl("patch", "vd", NAME, "--type=merge", f"--patch={json.dumps(patch)}")
    await namespace.until("NetworkPolicy", lambda found: found[NAME]["metadata"]["generation"] > before)
    enforcer.sync()


@contextmanager
def another(cluster: Cluster, name: str) -> Iterator[Namespace]:
    """A further namespace for as long as the block lasts."""
    release.make_namespace(cluster.commands, name)
    try:
        yield Namespace(name, cluster.commands)
    finally:
        cluster.commands.read("kubectl", "delete", "namespace", name, "--wait=false")
