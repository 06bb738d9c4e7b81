"""Pod networking: the CNI plugins bridge, host-local and portmap."""

from __future__ import annotations

import json

CNI_VERSION = "1.0.0"


def network_list(*, bridge: str, pod_range: str) -> str:
    """The conflist: every pod on the bridge, able to reach itself through its Service (hairpin)."""
    addresses = {
        "type": "host-local",
        "ranges": [[{"subnet": pod_range}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [
        {"type": "bridge", "bridge": bridge, "isGateway": True, "hairpinMode": True, "ipam": addresses},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    return json.dumps({"cniVersion": CNI_VERSION, "name": "pods", "plugins": plugins}, indent=2)
