"""The kubelet: one node, able to run as a root that lacks privileges, on cgroup version 1 or 2."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from localcluster.certificates import KeyPair
from localcluster.components import containerd
from localcluster.processes import Program

NAME = "kubelet"
GROUP = "system:nodes"


@dataclass(frozen=True)
class Node:
    """What the kubelet is told about its node."""

    name: str
    address: str
    cgroup: str
    resolv_conf: Path
    volume_plugins: Path


def user(node_name: str) -> str:
    """The user name that Node authorization ties to this node."""
    return f"system:node:{node_name}"


def kubelet(binary: Path, *, node: Node, kubeconfig: Path, config: Path) -> Program:
    """The command line of the kubelet."""
    argv = (
        f"{binary}",
        f"--kubeconfig={kubeconfig}",
        f"--config={config}",
        f"--hostname-override={node.name}",
        f"--node-ip={node.address}",
    )
    return Program(NAME, argv)


def configuration(node: Node, *, authority: Path, serving: KeyPair) -> str:
    """Its KubeletConfiguration.

    No eviction and no image collection: a laptop's full disk must not evict pods, and loaded
    images cannot be pulled again. It looks after each pod every 10 s instead of every minute, so that
    a person who changes a ConfigMap sees the change in the pod soon.
    """
    return json.dumps(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "authentication": {"anonymous": {"enabled": False}, "x509": {"clientCAFile": str(authority)}},
            "tlsCertFile": str(serving.certificate),
            "tlsPrivateKeyFile": str(serving.key),
            "address": node.address,
            "containerRuntimeEndpoint": f"unix://{containerd.SOCKET}",
            "clusterDomain": "cluster.local",
            "clusterDNS": [node.address],
            "resolvConf": str(node.resolv_conf),
            "volumePluginDir": str(node.volume_plugins),
            "serializeImagePulls": False,
            "maxPods": 250,
            "syncFrequency": "10s",
            "evictionHard": {"imagefs.available": "0%", "nodefs.available": "0%", "nodefs.inodesFree": "0%"},
            "imageGCHighThresholdPercent": 100,
            **_with_few_privileges(node),
        },
        indent=2,
    )


def _with_few_privileges(node: Node) -> dict[str, object]:
    """On an ordinary machine most of these change nothing."""
    return {
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{node.cgroup}",
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        "featureGates": {"KubeletInUserNamespace": True},
        "localStorageCapacityIsolation": False,
    }
